"""The judge of freezes and overrides: it passes what is well, and sees each promise broken."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from gateway.simulate.attempts import Answer
from tests.chaos.evidence import Entry, FreezeLine, Standing, VoteLine
from tests.chaos.history import (
    Asked,
    Event,
    FaultBegan,
    FreezeTold,
    FreezeTried,
    GaveUp,
    Heard,
    ThawTold,
    ThawTried,
    Voted,
    VoteTold,
)
from tests.chaos.rules import EVM_SOURCE, SOL_SOURCE, STRICT, Kind, Scope, covers
from tests.chaos.test_judge import (
    ANA,
    CASE,
    SILENCE,
    YES,
    asks,
    audit,
    broken,
    votes,
    well,
    wished,
)

EVERYTHING = Scope()
FREEZE = "2-abcd"
FROZEN = Answer("REJECT", "frozen: signing is frozen")
STANDS = Standing(FREEZE, Scope(), "olaf", "freeze 1")


def freezes(
    at: int = 500, told: Any = "counted", scope: Scope = EVERYTHING, gateway: str | None = "g0"
) -> list[Event]:
    return [
        FreezeTried(at - 100, "freeze 1", "olaf", scope, "desk", gateway),
        FreezeTold(at, "freeze 1", told, FREEZE if told == "counted" else None, ""),
    ]


def thaws(person: str, at: int, told: Any = "counted", vote: str = "") -> list[Event]:
    name = vote or f"thaw {person}"
    return [ThawTried(at, name, FREEZE, person), ThawTold(at + 50, name, told, "")]


def line(*standing: Standing, place: int = 0, thaws: Any = ()) -> FreezeLine:
    return FreezeLine("g0", "c0", place, 500, standing, thaws)


def both(entries: Iterable[Entry], *lines: FreezeLine) -> list[Entry | FreezeLine]:
    return [*entries, *lines]


def answered(place: int) -> list[Entry]:
    """The evidence of a yes, in the chain at this place."""
    asked, yes = audit("APPROVE", ANA)
    return [asked, replace(yes, chain="c0", place=place)]


def test_a_yes_under_a_freeze() -> None:
    evidence = both(audit("APPROVE", ANA), line(STANDS))
    found = broken([*freezes(), *well()], evidence)
    assert [said.rpartition(": ")[2] for said in found] == ["it was asked for later"]
    found = broken([*freezes(1_500), *well()], evidence)
    assert [said.rpartition(": ")[2] for said in found] == ["its votes came later"]
    found = broken([*freezes(2_400), *well()], evidence)
    assert [said.rpartition(": ")[2] for said in found] == ["it became final later"]
    clock = FaultBegan(1_050, "f1", "clock 5 s off", "g0", True)
    assert broken([*freezes(2_400), *well(), clock], evidence) == []
    assert broken([*freezes(2_600), *well()], evidence) == []


def test_a_yes_beside_a_freeze_that_does_not_hold_for_it() -> None:
    evidence = both(audit("APPROVE", ANA), line(STANDS))
    assert broken([*freezes(told="unknown"), *well()], evidence) == []
    assert broken([*freezes(scope=Scope("source", SOL_SOURCE)), *well()], evidence) == []
    assert broken([*freezes(scope=Scope("source", EVM_SOURCE)), *well()], evidence) != []
    assert broken([*freezes(gateway="g1"), *well()], evidence, forgets=True) == []
    assert broken([*freezes(), *well()], evidence, forgets=True) != []


@pytest.mark.parametrize(
    ("second", "told", "passes"),
    [("onno", "counted", True), ("olaf", "counted", False), ("onno", "refused", False)],
)
def test_a_freeze_holds_until_a_second_person_thaws_it(
    second: str, told: Any, *, passes: bool
) -> None:
    first = thaws("olaf", 600)
    events = [*freezes(), *first, *thaws(second, 700, told, vote="thaw 2"), *well()]
    found = broken(events, both(audit("APPROVE", ANA), line(STANDS)))
    assert (found == []) is passes


def test_a_gateway_that_knows_a_freeze_answers_yes() -> None:
    said = [f"g0 answered APPROVE and knew of freeze {FREEZE}"]
    assert broken(well(), both(answered(2), line(STANDS, place=1))) == said
    assert broken(well(), both(answered(2), line(STANDS, place=3))) == []
    first = replace(line(place=2), opens=True)
    assert broken([*freezes(3_500), *well()], both(answered(3), line(STANDS, place=1), first)) == [
        f"freeze {FREEZE} ended, thawed by nobody"
    ]
    early = replace(line(STANDS, place=1), opens=True)
    assert broken(well(), both(answered(2), early)) == []
    sol = replace(STANDS, scope=Scope("source", SOL_SOURCE))
    assert broken(well(), both(answered(2), line(sol, place=1))) == []


def test_a_freeze_that_is_gone_was_thawed_by_two() -> None:
    lines = [line(STANDS), line(place=1)]
    assert broken(freezes(), lines) == [f"freeze {FREEZE} ended, thawed by nobody"]
    one = [*freezes(), *thaws("olaf", 600), *thaws("olaf", 700, vote="again")]
    assert broken(one, lines) == [f"freeze {FREEZE} ended, thawed by olaf"]
    assert broken([*one, *thaws("tess1", 800)], lines) != []
    assert broken([*one, *thaws("onno", 800, "refused")], lines) != []
    assert broken([*one, *thaws("onno", 800, "unknown")], lines) == []


def test_a_vote_to_thaw_that_nobody_signed() -> None:
    lines = [line(STANDS, thaws=((FREEZE, "olaf", "thaw olaf"),))]
    assert broken(freezes(), lines) == ["a vote to thaw that olaf did not sign: thaw olaf"]
    assert broken([*freezes(), *thaws("olaf", 600)], lines) == []


def test_nobody_freezes_who_may_not() -> None:
    assert broken(freezes(told="refused"), [line(STANDS)]) == [
        "olaf was told that it is not frozen"
    ]
    assert broken(freezes(), [line(replace(STANDS, person="tess1"))]) == [
        "tess1 is not on call, and froze"
    ]


def test_a_freeze_that_was_told_is_in_an_audit() -> None:
    assert broken(freezes()) == ["the freeze of olaf is in no audit"]
    assert broken(freezes(told="unknown")) == []
    disk = FaultBegan(450, "f1", "disk full (ENOSPC)", "g0", True)
    assert broken([*freezes(), disk]) == []


def test_a_rejection_for_a_freeze_that_never_was() -> None:
    events = [wished(), *asks(FROZEN)]
    assert broken(events, audit("REJECT")) == ["REJECT(frozen), and nothing was"]
    assert broken([*freezes(), *events], both(audit("REJECT"), line(STANDS))) == []
    sol = freezes(scope=Scope("source", SOL_SOURCE))
    assert broken([*sol, *events], both(audit("REJECT"), line(STANDS))) != []


def test_a_yes_that_a_freeze_keeps_back_excuses_silence() -> None:
    silent = [
        wished(),
        *votes(),
        Asked(1_100, CASE, "a1", "g0", "t"),
        Heard(3_000, CASE, "a1", SILENCE),
        GaveUp(3_000, CASE, ("a1",)),
    ]
    final = replace(audit("APPROVE", ANA)[1], event="finalized", token=None)
    evidence = both([final], line(STANDS))
    assert broken([*freezes(2_600), *silent], evidence) == []
    assert broken(silent, [final]) == ["given up without a fault: no answer in time"]
    pending = replace(final, event="voted", final=None)
    assert broken([*freezes(2_600), *silent], both([pending], line(STANDS))) != []


def overriding(*people: str) -> tuple[list[Event], list[VoteLine]]:
    events: list[Event] = []
    for n, person in enumerate(people):
        events += [
            Voted(1_900, CASE, f"o{n}", person, "approve", "desk", f"why {n}", override=True),
            VoteTold(2_050, CASE, f"o{n}", "counted", ""),
        ]
    lines = [VoteLine(p, "approve", f"why {n}", 2_000, True) for n, p in enumerate(people)]
    return events, lines


@pytest.mark.parametrize(
    ("people", "passes"),
    [
        (("olaf", "onno"), True),
        (("olaf",), False),
        (("olaf", "olaf"), False),
        (("olaf", "tess0"), False),
    ],
)
def test_an_override_takes_two_of_on_call(people: tuple[str, ...], *, passes: bool) -> None:
    events, lines = overriding(*people)
    found = broken([wished(), *events, *asks(YES)], audit("APPROVE", *lines))
    assert (found == []) is passes
    strict = broken([wished(), *events, *asks(YES)], audit("APPROVE", *lines), policy=STRICT.name)
    assert strict != []


def test_a_vote_without_the_reason_that_was_wanted() -> None:
    lines = [replace(ANA, reason="")]
    events = [wished(Kind.TWO), *votes(), *asks(YES)]
    assert "no reason, and counted: tess1" in broken(events, audit("APPROVE", *lines))
    events = [wished(), *votes(via="http"), *asks(YES)]
    assert broken(events, audit("APPROVE", *lines)) == []


def test_a_freeze_holds_for_what_is_not_known() -> None:
    elsewhere = Scope("wallet", "another-wallet")
    assert covers(elsewhere, Kind.KEY_GEN)
    assert not covers(elsewhere, Kind.ONE)
    assert covers(Scope(), Kind.TWO)
