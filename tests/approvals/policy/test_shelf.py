"""Rules that are found by what they ask for are the very ones that reading all of them finds."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from approvals.findings import Address
from approvals.policy import Policy, judge
from approvals.policy.answers import NO, YES
from approvals.policy.facts import Facts
from approvals.policy.judge import approves, read_rules, restricts
from approvals.policy.model import Rule, RulesOfType
from approvals.policy.shelf import Shelf, shelved
from approvals.request import RequestType
from tests.approvals.policy.test_unknown_never_loosens import FINDINGS, facts_under, loaded, rules
from tests.approvals.policy.world import (
    COLD,
    COLD_TEXT,
    HOT,
    THIEF,
    THIEF_TEXT,
    passed,
    policy,
    rule,
    usdt,
)
from tests.support.effort import tried


@st.composite
def many(draw: st.DrawFn) -> tuple[list[str], str]:
    count = draw(st.integers(1, 8))
    return [draw(rules(number)) for number in range(count)], "ask"


def plainly_read(facts: Facts, rulebook: Policy) -> set[tuple[str, int]]:
    """Every rule of the file, asked one after the other."""
    found = set()
    for each in rulebook.rules:
        if each.types is not None and facts.type not in each.types:
            continue
        said = restricts(each, facts) if each.effect != "approve" else NO
        if each.effect == "approve" and approves(each, facts):
            said = YES
        if said is not NO:
            found.add((each.id, int(said)))
    return found


def unfiled(rulebook: Policy) -> Policy:
    """The same policy, in which every rule is read for every request."""

    def nothing(_: object) -> tuple[()]:
        return ()

    def flat(rules_of: RulesOfType) -> RulesOfType:
        return RulesOfType(
            shelved(rules_of.approving.things, nothing),
            shelved(rules_of.restricting.things, nothing),
        )

    return replace(rulebook, by_type={kind: flat(each) for kind, each in rulebook.by_type.items()})


@tried(1.5)
@given(many(), FINDINGS)
def test_what_is_found_is_what_reading_every_rule_finds(drawn, findings):
    rulebook = loaded(drawn)
    facts = facts_under(rulebook, findings)
    found = read_rules(facts, rulebook)
    assert len(found) == len({reading.rule.id for reading in found})
    assert {(each.rule.id, int(each.answer)) for each in found} == plainly_read(facts, rulebook)
    assert judge(findings, rulebook) == judge(findings, unfiled(rulebook))


def test_rules_about_other_places_are_not_even_asked():
    signing = ('when.type = "key_sign"', 'when.kind = "transfer"')
    rulebook = policy(
        rule("home", "approve", *signing, f'when.to = ["ETH:{COLD_TEXT}"]'),
        rule("never", "reject", f'when.to = ["ETH:{THIEF_TEXT}"]'),
        rule("careful", "ask", f'when.to = ["ETH:{COLD_TEXT}"]'),
        rule("always", "ask", 'when.amount_over = "1000 USDT"'),
    )
    shelves = rulebook.by_type[RequestType.KEY_SIGN]

    def found(shelf: Shelf[Rule], *places: Address) -> list[str]:
        facts = facts_under(rulebook, passed(*(usdt(1, place) for place in places)))
        wanted = shelf.meeting_all if shelf is shelves.approving else shelf.meeting_any
        return [each.id for each in wanted(facts.rows)]

    assert found(shelves.approving, HOT) == []
    assert found(shelves.approving, COLD) == ["home"]
    assert found(shelves.restricting, HOT) == ["always"]
    assert found(shelves.restricting, COLD) == ["careful", "always"]
    assert found(shelves.restricting, HOT, THIEF) == ["never", "always"]
    unknown = replace(passed(usdt(1)), complete=False)
    rows = facts_under(rulebook, unknown).rows
    assert [each.id for each in shelves.restricting.meeting_any(rows)] == [
        "never",
        "careful",
        "always",
    ]
