"""`policy explain` shows each rule's and each matcher's yes, no or unknown."""

from dataclasses import replace

import pytest
from hypothesis import given

from approvals.findings import Reason, Refused
from approvals.policy import explain, judge, spoken
from approvals.risks import Flag
from tests.approvals.policy.test_unknown_never_loosens import FINDINGS, loaded, policies
from tests.approvals.policy.world import (
    ASK,
    PINS,
    SWEEP,
    THIEF,
    THIEF_TEXT,
    call,
    ceremony,
    keys,
    passed,
    policy,
    rule,
    undecoded,
    usdt,
)
from tests.support.effort import tried

NO_THIEF = rule("no-thief", "reject", f'when.to = ["ETH:{THIEF_TEXT}"]', 'when.wallet = "Cold"')


def answers(findings, *rules: str) -> dict[str, dict[str, str]]:
    return {
        each.id: {"": each.answer.word, **{m.key: m.answer.word for m in each.matchers}}
        for each in explain(findings, policy(*rules))
    }


def test_every_rule_is_explained_matcher_by_matcher():
    said = answers(passed(usdt(60_000)), SWEEP, NO_THIEF)
    assert said["sweep"][""] == "no"
    assert said["sweep"]["amount_at_most"] == "no"
    assert said["sweep"]["to"] == "yes"
    assert said["sweep"]["fee_at_most (the chain's default)"] == "yes"
    assert said["no-thief"] == {"": "no", "to": "no", "wallet": "no"}


def test_what_is_not_known_is_explained_as_unknown():
    said = answers(undecoded(), SWEEP, NO_THIEF)
    assert said["no-thief"] == {"": "unknown", "to": "unknown", "wallet": "unknown"}
    assert said["sweep"]["(every check passed)"] == "no"
    assert said["sweep"][""] == "no"


def test_a_rule_of_another_type_is_explained_as_no():
    said = answers(keys(1), SWEEP)
    assert said["sweep"]["type"] == "no"
    assert said["sweep"][""] == "no"


def test_a_refused_request_has_no_rules_to_explain():
    findings = replace(passed(usdt(5)), integrity=Refused("contradiction", (Reason(1, "no"),)))
    assert explain(findings, policy(SWEEP)) == ()


def deciders(findings, *rules: str) -> dict[str, list[tuple[str, str, str]]]:
    return {
        each.id: [(d.key, d.answer.word, d.of) for d in each.deciders]
        for each in explain(findings, policy(*rules))
    }


def test_the_matcher_that_decided_is_named_for_each_effect():
    said = deciders(passed(usdt(60_000), usdt(1, THIEF)), SWEEP, NO_THIEF)
    assert said["sweep"] == [("amount_at_most", "no", "effect 1"), ("to", "no", "effect 2")]
    assert said["no-thief"] == [("wallet", "no", "")]
    assert deciders(passed(usdt(5)), SWEEP)["sweep"] == []


def test_a_matcher_that_cannot_tell_is_named_with_what_it_cannot_tell_of():
    said = deciders(undecoded(), rule("r", "reject", f'when.to = ["ETH:{THIEF_TEXT}"]'))
    assert said["r"] == [
        ("to", "unknown", "what Cobo claims"),
        ("to", "unknown", "what may be missing"),
    ]
    inner = replace(call(), inner=(usdt(5),))
    big = rule("big", "ask", 'when.token = "ETH_USDC"', 'when.amount_over = "1 USDC"')
    assert deciders(passed(inner), big)["big"] == [
        ("token", "unknown", "effect 1"),
        ("token", "unknown", "effect 1, what else it may do"),
    ]
    assert deciders(passed(inner), SWEEP)["sweep"] == [("(every effect known)", "no", "")]


def test_what_rests_on_a_claim_says_so():
    flagged = replace(passed(usdt(5)), flags=(Flag("replacement", "?", proved=False),))
    by_flag = rule("flag", "ask", 'when.flags_any = ["replacement", "fee_unusual"]')
    (said,) = explain(flagged, policy(by_flag))
    assert [(m.key, m.answer.word, m.proved) for m in said.matchers] == [
        ("flags_any", "yes", False)
    ]


def test_a_pinned_key_is_explained_by_its_pins():
    pinned = rule("pinned", "approve", 'when.type = "key_gen"', *PINS)
    (said,) = explain(ceremony(), policy(pinned))
    assert said.answer.word == "yes"
    assert [m.key for m in said.matchers] == [
        "type",
        "(nothing is missing but pins)",
        "threshold_at_least",
        "nodes",
    ]
    assert deciders(ceremony(threshold=1), pinned)["pinned"] == [("threshold_at_least", "no", "")]
    assert deciders(ceremony(agreed=False), pinned)["pinned"] == [
        ("(nothing is missing but pins)", "no", "")
    ]


@pytest.mark.parametrize(
    ("within", "shown"),
    [("45s", "45 s"), ("90s", "1 min 30 s"), ("2h", "2 h"), ("90m", "1 h 30 min")],
)
def test_times_are_told_as_people_count_them(within, shown):
    rulebook = policy(ask=ASK.replace("30m", within))
    assert spoken(judge(undecoded(), rulebook)) == f"ask 1 of treasury, within {shown}"


@tried(0.5)
@given(policies(), FINDINGS)
def test_an_explanation_never_contradicts_the_verdict(drawn, findings):
    rulebook = loaded(drawn)
    said = judge(findings, rulebook)
    explained = {each.id: each.answer.word for each in explain(findings, rulebook)}
    for each in said.rules:
        assert explained[each.id] == each.answer
    if said.effect == "approve":
        assert all(
            each.answer.word == "no"
            for each in explain(findings, rulebook)
            if each.effect != "approve"
        )


@tried(0.5)
@given(policies(), FINDINGS)
def test_whatever_is_no_or_unknown_says_which_matcher_made_it_so(drawn, findings):
    for each in explain(findings, loaded(drawn)):
        assert (each.deciders == ()) == (each.answer.word == "yes")
        keys = {matcher.key for matcher in each.matchers}
        assert {decider.key for decider in each.deciders} <= keys
        if each.effect != "approve":
            assert {decider.answer for decider in each.deciders} <= {each.answer}
