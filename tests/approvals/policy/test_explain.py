"""`policy explain` shows each rule's and each matcher's yes, no or unknown."""

from dataclasses import replace

import pytest
from hypothesis import given

from approvals.findings import Reason, Refused
from approvals.policy import explain, judge, render_explanation
from tests.approvals.policy.test_unknown_never_loosens import FINDINGS, loaded, policies
from tests.approvals.policy.world import (
    ASK,
    SWEEP,
    THIEF_TEXT,
    keys,
    passed,
    policy,
    rule,
    undecoded,
    usdt,
)

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
    rulebook = policy(SWEEP)
    assert explain(findings, rulebook) == ()
    lines = render_explanation(findings, rulebook, judge(findings, rulebook))
    assert lines == ["checks: refused, contradiction: no", "verdict: reject, contradiction: no"]


def test_the_rendering_tells_checks_rules_and_verdict():
    rulebook = policy(SWEEP, NO_THIEF)
    lines = render_explanation(undecoded(), rulebook, judge(undecoded(), rulebook))
    assert lines[0] == "checks: not verified: not understood"
    assert "rule no-thief (reject): unknown" in lines
    assert "  wallet: unknown (Cobo says)" in lines
    assert lines[-1] == "verdict: ask 1 of treasury, within 30 min"
    approving = render_explanation(passed(usdt(5)), rulebook, judge(passed(usdt(5)), rulebook))
    assert approving[0] == "checks: passed"
    assert approving[-1] == "verdict: approve, by sweep"


def test_several_reasons_read_as_one_sentence():
    reasons = (Reason(2, "a is missing."), Reason(2, "b is missing."))
    findings = replace(passed(usdt(5)), integrity=Refused("malformed", reasons))
    rulebook = policy(SWEEP)
    lines = render_explanation(findings, rulebook, judge(findings, rulebook))
    said = "malformed: a is missing; b is missing."
    assert lines == [f"checks: refused, {said}", f"verdict: reject, {said}"]


@pytest.mark.parametrize(
    ("within", "shown"),
    [("45s", "45 s"), ("90s", "1 min 30 s"), ("2h", "2 h"), ("90m", "1 h 30 min")],
)
def test_times_are_told_as_people_count_them(within, shown):
    rulebook = policy(ask=ASK.replace("30m", within))
    lines = render_explanation(undecoded(), rulebook, judge(undecoded(), rulebook))
    assert lines[-1] == f"verdict: ask 1 of treasury, within {shown}"


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
