import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from nacl.bindings import crypto_core_ed25519_add, crypto_scalarmult_ed25519_base_noclamp
from solders.pubkey import Pubkey

from approvals.chains import base58
from approvals.chains.bip32 import CPUB, BadKey, parse_key
from approvals.chains.ed25519 import ORDER, child_key, is_key, is_on_curve

P = 2**255 - 19
NEUTRAL = b"\1" + bytes(31)
OF_ORDER_2 = (P - 1).to_bytes(32, "little")
OF_ORDER_4 = bytes(32)
OF_ORDER_8 = bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")
NOT_ON_THE_CURVE = (2).to_bytes(32, "little")


def times_base(scalar):
    return crypto_scalarmult_ed25519_base_noclamp(scalar.to_bytes(32, "little"))


@pytest.mark.parametrize("scalar", [1, 2, 3, ORDER - 1, 2**251])
def test_multiples_of_the_base_point_are_keys(scalar):
    assert is_key(b"\0" + times_base(scalar))


@pytest.mark.parametrize(
    "point",
    [
        NEUTRAL,
        OF_ORDER_2,
        OF_ORDER_4,
        OF_ORDER_8,
        NOT_ON_THE_CURVE,
        b"\xff" * 32,
        (P + 1).to_bytes(32, "little"),  # the neutral element, not canonical
        (P + 3).to_bytes(32, "little"),  # on the curve, not canonical
        crypto_core_ed25519_add(times_base(7), OF_ORDER_2),  # not in the subgroup
        crypto_core_ed25519_add(times_base(7), OF_ORDER_8),
        times_base(7)[:31],
        times_base(7) + b"\0",
        b"",
    ],
)
def test_every_other_point_is_refused(point):
    assert not is_key(b"\0" + point)
    with pytest.raises(BadKey):
        parse_key(base58.encode_check(CPUB + bytes(41) + b"\0" + point))


def test_a_key_without_its_mark_is_refused():
    assert not is_key(times_base(7))
    assert not is_key(b"\2" + times_base(7))


@given(st.integers(1, ORDER - 1), st.integers(0, 2**256 - 1))
@example(5, ORDER - 1)
@example(5, ORDER + 1)
@example(5, 2**256 - 1)
def test_a_child_is_the_sum_modulo_the_order(parent, tweak):
    total = (parent + tweak) % ORDER
    if tweak % ORDER and total:
        child = child_key(b"\0" + times_base(parent), tweak.to_bytes(32, "big"))
        assert child == b"\0" + times_base(total)


@pytest.mark.parametrize("tweak", [0, ORDER, ORDER - 5])
def test_a_child_that_is_its_parent_or_nothing_does_not_exist(tweak):
    assert child_key(b"\0" + times_base(5), tweak.to_bytes(32, "big")) is None


@given(st.binary(min_size=32, max_size=32))
@example(NEUTRAL)
@example(OF_ORDER_2)
@example(OF_ORDER_8)
@example(NOT_ON_THE_CURVE)
@example((P + 3).to_bytes(32, "little"))
@example(((P - 1) | 1 << 255).to_bytes(32, "little"))
@example((1 | 1 << 255).to_bytes(32, "little"))
@example(b"\xff" * 32)
def test_what_lies_on_the_curve_is_what_solana_says(data):
    assert is_on_curve(data) == Pubkey(data).is_on_curve()
