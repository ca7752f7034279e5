"""Recorded requests, from their bytes to a verdict, under the full example policy."""

import pytest

from approvals.inspect import inspect
from approvals.model import Cause, Verdict
from approvals.policy import explain, load
from approvals.policy.judge import judge
from tests.approvals.policy.world import POLICIES, seats
from tests.support.requests import FOLDER, Sample, sample

FULL = load((POLICIES / "full.toml").read_text())
CLOSED = load((POLICIES / "closed.toml").read_text())


def judged(asked: Sample, rulebook=FULL) -> Verdict:
    return judge(inspect(asked.request, rulebook.tables), rulebook)


def test_an_ordinary_sweep_is_approved_by_the_rule_that_names_it():
    said = judged(sample("keysign_erc20_usdt"))
    assert (said.effect, [rule.id for rule in said.rules]) == ("approve", ["sweep-home"])
    assert said.barred == ("ana",)
    assert judged(sample("keysign_erc20_usdt"), CLOSED).effect == "approve"


def test_a_field_that_the_protocol_does_not_name_keeps_rules_from_approving():
    asked = sample("keysign_erc20_usdt").with_outer(surplus='{"note":1}')
    assert judged(asked).effect == "ask"
    assert judged(asked, CLOSED).effect == "reject"


def test_a_hash_that_is_not_the_bytes_is_refused_before_any_rule():
    said = judged(sample("bad_hash_mismatch"))
    assert (said.effect, said.cause, said.rules) == ("reject", Cause.CONTRADICTION, ())


@pytest.mark.parametrize("name", ["keysign_eip191", "keysign_raw_message_hash"])
def test_what_nobody_can_see_needs_signed_votes(name):
    said = judged(sample(name))
    assert (said.effect, said.strength) == ("ask", "ssh")
    assert seats(said) == {"treasury": 2, "on_call": 1}
    assert "ana" not in said.needs[1].people
    assert ("blind", "yes") in [(rule.id, rule.answer) for rule in said.rules]


@pytest.mark.parametrize(
    "name",
    ["keysign_eip191", "v1_keysign_eth"],
)
def test_what_cannot_be_decoded_asks_people_and_is_refused_in_a_closed_house(name):
    said = judged(sample(name))
    assert said.effect == "ask"
    assert ("never-there", "unknown") in [(rule.id, rule.answer) for rule in said.rules]
    assert judged(sample(name), CLOSED).effect == "reject"


@pytest.mark.parametrize("name", ["keygen_secp256k1", "keygen_ed25519", "keyreshare_secp256k1"])
def test_keys_are_made_and_moved_by_signed_votes_alone(name):
    said = judged(sample(name))
    assert (said.effect, said.strength, said.initiator_known) == ("ask", "ssh", False)


def test_a_key_share_signs_only_where_a_rule_names_it():
    asked = sample("keysharesign_type5")
    assert judged(asked).effect == "ask"
    text = (POLICIES / "full.toml").read_text()
    naming = 'when.type = ["key_gen", "key_reshare", "key_share_sign"]'
    assert naming in text
    said = judged(asked, load(text.replace(naming, 'when.type = ["key_gen", "key_reshare"]')))
    assert (said.effect, said.sentence) == ("reject", "no rule allows it (default)")


def test_every_sample_can_be_explained():
    for path in sorted(FOLDER.glob("key*.json")):
        findings = inspect(sample(path.stem).request, FULL.tables)
        assert len(explain(findings, FULL)) == len(FULL.rules)
