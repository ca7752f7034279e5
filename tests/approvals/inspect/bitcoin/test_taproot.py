"""Check 7: the tweak is that of the output that is spent, and of nothing else."""

import pytest

from tests.support.bitcoin import Spent, plan, tweak_at
from tests.support.looking import passed, refused, seen, unverified

TREE = bytes.fromhex("5b75adecf53548f3ec6ad7d78383bf84cc57b55a3127c72b9a2481752dd88b21")
CLAIM = "source_addresses.0.taproot_script_tree_hash"
BARE, ALONE = plan("P2TR"), plan("P2TR tweaked")
WITH_TREE = plan(spent=(Spent("P2TR tweaked", tree=TREE),), change=())
PATH = ALONE.spent[0].path


@pytest.mark.parametrize("tweaks", [[], [""], ["0x"], ["0x00"], ["00" * 32], ["", ""], None])
def test_without_a_tweak_the_key_is_used_as_it_is(tweaks):
    passed(BARE.sample().with_detail("tweak_list", tweaks))
    assert refused(ALONE.sample().with_detail("tweak_list", tweaks), 7)


def test_with_the_tweak_of_the_key_alone_nobody_else_can_spend():
    passed(ALONE.sample())
    wrong = BARE.sample().with_detail("tweak_list", [tweak_at(PATH).hex()])
    assert refused(wrong, 7)


def test_with_the_tweak_of_a_script_tree_the_tree_is_claimed():
    passed(WITH_TREE.sample())
    assert unverified(WITH_TREE.sample().with_extra(CLAIM, None), 7, 14)
    assert refused(WITH_TREE.sample().with_extra(CLAIM, "11" * 32), 7)


def test_a_tree_that_is_claimed_is_in_the_tweak():
    assert refused(ALONE.sample().with_extra(CLAIM, TREE.hex()), 7)
    assert refused(BARE.sample().with_extra(CLAIM, TREE.hex()), 7)
    for nothing in ("", "0x", "00" * 32):
        passed(ALONE.sample().with_extra(CLAIM, nothing))


@pytest.mark.parametrize("tree", ["11", "11" * 31, "11" * 33, "no hex"])
def test_a_tree_hash_has_32_bytes(tree):
    assert refused(ALONE.sample().with_extra(CLAIM, tree), 7, cause="malformed")


@pytest.mark.parametrize(
    "tweaks",
    [
        ["01"],
        ["01" * 31],
        ["01" * 33],
        ["01" + tweak_at(PATH).hex()],
        [tweak_at(PATH).hex()] * 2,
        ["", tweak_at(PATH).hex()],
    ],
)
def test_tweaks_of_another_length_are_refused(tweaks):
    assert refused(ALONE.sample().with_detail("tweak_list", tweaks), 7)


@pytest.mark.parametrize("tweak", ["01" * 32, "ff" * 32, tweak_at(PATH, TREE).hex()])
def test_another_tweak_is_refused(tweak):
    assert refused(ALONE.sample().with_detail("tweak_list", [tweak]), 7)


def test_tweaks_have_the_order_of_the_inputs():
    request = plan("P2TR", "P2TR tweaked").sample()
    passed(request)
    tweaks = request.detail["tweak_list"]
    assert refused(request.with_detail("tweak_list", tweaks[::-1]), 7)


def test_the_key_of_another_path_is_refused():
    for request in (BARE, ALONE):
        other = request.sample().with_detail("bip32_path_list", ["m/44/0/1/0/77"])
        integrity = seen(other).integrity
        assert {reason.check for reason in integrity.reasons} == {14}


def test_the_other_form_of_the_output_is_refused():
    """The same key, and the wrong one of its two Taproot addresses."""
    for request, other in ((BARE, ALONE), (ALONE, BARE)):
        tweaks = other.sample().detail["tweak_list"]
        assert refused(request.sample().with_detail("tweak_list", tweaks), 7)
