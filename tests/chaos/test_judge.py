"""The judge itself: it passes a history in which all is well, and sees each promise broken."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from gateway.simulate.attempts import Answer, BadAnswer, ErrorStatus, HttpError, NoResponse
from tests.chaos.evidence import Entry, FreezeLine, Shown, VoteLine
from tests.chaos.history import (
    Asked,
    Event,
    FaultBegan,
    FaultEnded,
    Fell,
    GaveUp,
    Heard,
    PolicyBegan,
    Voted,
    VoteTold,
    Whispered,
    Wished,
)
from tests.chaos.judge import judged
from tests.chaos.report import story, summary
from tests.chaos.rules import CLOSED, STRICT, USUAL, Kind
from tests.chaos.trial import Trial

CASE, OTHER = "node-1/a:1 one", "node-1/a:1 second_body"
YES, NO = Answer("APPROVE", ""), Answer("REJECT", "person: refused by an approver")
LATE = Answer("REJECT", "timeout: no decision in time")
SILENCE = NoResponse("no answer in time")
ANA = VoteLine("tess1", "approve", "seen 1", 2_000)
SEEN = '["…the node was there at 14:02…"]'
OPEN = '["…0 of 1 · waiting for treasury…"]'


def wished(kind: Kind = Kind.ONE, case: str = CASE, digest: str = "d") -> Wished:
    return Wished(1_000, case, "node-1", kind, "a:1", digest, f"bytes of {digest}")


def asks(what: Any, attempt: str = "a1", case: str = CASE, gateway: str = "g0") -> list[Event]:
    return [
        Asked(1_100, case, attempt, gateway, f"t-{attempt}"),
        Heard(3_000, case, attempt, what),
    ]


def late(attempt: str) -> list[Event]:
    return [Asked(8_000, CASE, attempt, "g0", "t"), Heard(9_500, CASE, attempt, SILENCE)]


def votes(
    told: Any = "counted", choice: Any = "approve", via: Any = "desk", name: str = "v1"
) -> list[Event]:
    reason = "" if via != "desk" else "seen 1"
    return [
        Voted(1_900, CASE, name, "tess1", choice, via, reason),
        VoteTold(2_050, CASE, name, told, ""),
    ]


def final(outcome: str = "APPROVE", at: int = 2_500) -> tuple[Any, ...]:
    return (outcome, ("at", at))


def audit(
    outcome: str | None = "APPROVE",
    *lines: VoteLine,
    digest: str = "d",
    attempt: str = "a1",
    deadline: int = 2_900,
) -> list[Entry]:
    """What a gateway that answered has on disk: the request as asked, and the answer."""
    spoken = None if outcome is None else final(outcome)
    asked = Entry("g0", "asked", digest, f"bytes of {digest}", None, deadline, (), None)
    answered = Entry("g0", "answered", digest, None, f"t-{attempt}", deadline, lines, spoken)
    return [asked] if outcome is None else [asked, answered]


def broken(
    events: Iterable[Event],
    entries: Iterable[Entry | FreezeLine] = (),
    shown: list[Shown] | None = None,
    *,
    policy: str = USUAL.name,
    forgets: bool = False,
    verified: Iterable[str] = (),
) -> list[str]:
    """What the judge says of it, and that it can be told to people."""
    whole = [PolicyBegan(0, "g0", policy), *events]
    trial = Trial.of(whole, entries, shown, audit=verified, redis_forgets=forgets)
    found = judged(trial)
    assert all(line for wrong in found for line in story(wrong, trial))
    assert list(summary(trial))
    return [violation.sentence for violation in found]


def well() -> list[Event]:
    return [wished(), *votes(), *asks(YES)]


def test_a_history_in_which_all_is_well_passes() -> None:
    assert broken(well(), audit("APPROVE", ANA)) == []


def test_one_request_has_one_answer() -> None:
    events = [*well(), *asks(replace(LATE), "a2")]
    entries = [*audit("APPROVE", ANA), *audit("APPROVE", ANA, attempt="a2")]
    assert "it was answered both APPROVE and REJECT" in broken(events, entries)


def test_audits_agree_on_the_outcome_and_on_the_whole_final_fact() -> None:
    mine = audit("APPROVE", ANA)
    theirs = replace(mine[1], gateway="g1", event="finalized", final=final("REJECT"))
    assert broken(well(), [*mine, theirs]) == ["audits hold two outcomes"]
    theirs = replace(theirs, final=final(at=2_501))
    assert broken(well(), [*mine, theirs]) == ["audits hold 2 final facts"]
    assert broken(well(), [*mine, theirs], forgets=True) == []


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        (BadAnswer("the token does not verify"), "an answer that does not hold: the token does"),
        (HttpError(500, "oops"), "HTTP 500 instead of silence"),
        (ErrorStatus(10, "malformed"), "status 10 to what is well formed"),
    ],
)
def test_what_comes_back_is_an_answer_to_this_request_or_nothing(what: Any, sentence: str) -> None:
    found = broken([wished(), *asks(what)], audit(None))
    assert any(said.startswith(sentence) for said in found)


def test_what_is_no_request_is_not_decided() -> None:
    assert "a decision on what is no request" in broken(
        [wished(Kind.OUTER_JUNK), *asks(NO)], audit("REJECT")
    )


def test_a_yes_that_nobody_gave() -> None:
    found = broken([wished(), *asks(YES)], audit("APPROVE"))
    assert found == [
        "APPROVE, approved by nobody",
        "APPROVE by fewer votes in time than any policy wants",
    ]


@pytest.mark.parametrize("policy", [STRICT.name, CLOSED.name])
def test_a_yes_that_no_policy_in_force_supports(policy: str) -> None:
    assert "APPROVE, approved by tess1" in broken(well(), audit("APPROVE", ANA), policy=policy)


def test_a_yes_by_a_click_where_a_signed_vote_is_wanted() -> None:
    events = [wished(Kind.SIGNED), *votes("acknowledged", via="socket"), *asks(YES)]
    assert "APPROVE, approved by nobody" in broken(events, audit("APPROVE", ANA))


def test_a_yes_by_a_vote_after_the_deadline() -> None:
    assert broken(well(), audit("APPROVE", ANA, deadline=2_000)) == [
        "APPROVE by fewer votes in time than any policy wants"
    ]


def test_a_yes_beside_a_refusal() -> None:
    refusal = VoteLine("tess1", "reject", "seen 1", 2_100)
    events = [*well(), *votes(choice="reject", name="v2")]
    found = broken(events, audit("APPROVE", ANA, refusal))
    assert "APPROVE though tess1 refused" in found


def test_a_timeout_though_the_votes_suffice() -> None:
    events = [wished(), *votes(), *asks(LATE)]
    assert broken(events, audit("REJECT", ANA)) == ["timed out with enough approvals"]
    assert broken(events, audit("REJECT", replace(ANA, at=2_950))) == []


def test_a_timeout_before_its_time_unless_a_clock_is_off() -> None:
    events = [wished(), *asks(LATE)]
    assert broken(events, audit("REJECT", deadline=3_400)) == ["timed out 400 ms early"]
    events += [FaultBegan(1_050, "f1", "clock 5 s off", "g0", True), FaultEnded(1_090, "f1", 1)]
    assert broken(events, audit("REJECT", deadline=3_400)) == []


def test_a_vote_that_was_counted_and_is_nowhere() -> None:
    events = [wished(), *votes(), *asks(LATE)]
    assert broken(events, audit("REJECT")) == ["the vote of tess1 is nowhere"]


def test_a_decision_without_a_vote_that_was_counted_before() -> None:
    lone = replace(audit("REJECT", ANA)[1], event="voted", token=None, final=None)
    events = [wished(), *votes(), *asks(LATE)]
    assert broken(events, [*audit("REJECT"), lone]) == ["decided without tess1's vote"]


def test_a_vote_that_was_refused_and_is_stored() -> None:
    events = [wished(), *votes("refused"), *asks(LATE)]
    found = broken(events, audit("REJECT", replace(ANA, at=2_950)))
    assert found == ['stored, though they were told ""']


def test_an_answer_without_its_evidence() -> None:
    assert broken(well(), []) == [
        "the vote of tess1 is nowhere",
        "no answer in the audit of g0",
        "its bytes are not with g0",
    ]
    elsewhere = [replace(entry, gateway="g1") for entry in audit("APPROVE", ANA)]
    assert broken(well(), elsewhere) == [
        "no answer in the audit of g0",
        "its bytes are not with g0",
    ]
    other = replace(audit("APPROVE", ANA)[0], content="other bytes")
    assert broken(well(), [other, audit("APPROVE", ANA)[1]]) == ["its bytes are not with g0"]


def test_an_answer_that_its_evidence_contradicts() -> None:
    found = broken([wished(), *votes("refused"), *asks(NO)], audit("APPROVE"))
    assert found == ["the audit holds another outcome"]


def test_a_request_is_given_up_only_while_something_blocks() -> None:
    events: list[Event] = [wished(), *asks(SILENCE), GaveUp(3_000, CASE, ("a1",))]
    assert broken(events) == ["given up without a fault: no answer in time"]
    for gateway, excused in (("g0", True), (None, True), ("g1", False)):
        fault = [FaultBegan(1_500, "f1", "gateway killed", gateway, True)]
        ended = [FaultEnded(1_600, "f1", 1)]
        assert (broken([*events, *fault, *ended]) == []) is excused
    unseen: list[Event] = [
        FaultBegan(900, "f1", "gateway killed", "g0", True),
        FaultEnded(950, "f1", 1),
    ]
    later = [wished(), *asks(SILENCE), *late("a2"), GaveUp(9_500, CASE, ("a2",))]
    assert broken([*later, *unseen]) == []
    harmless = [FaultBegan(1_500, "f1", "Slack answers 5xx", None, False)]
    assert broken([*events, *harmless]) != []


def test_two_bodies_under_one_id() -> None:
    events = [
        *well(),
        wished(Kind.SECOND_BODY, OTHER, "e"),
        Voted(1_900, OTHER, "v2", "tess1", "approve", "desk", "seen 1"),
        *asks(YES, "a2", OTHER),
    ]
    entries = [*audit("APPROVE", ANA), *audit("APPROVE", ANA, digest="e", attempt="a2")]
    assert broken(events, entries) == ["two bodies under this id were approved"]


def test_audits_that_do_not_verify() -> None:
    assert broken(well(), audit("APPROVE", ANA), verified=["line 3 is gone."]) == [
        "line 3 is gone."
    ]


def test_a_gateway_that_falls() -> None:
    assert broken([Fell(1, "g0", "Traceback")]) == ["Traceback"]


@pytest.mark.parametrize(
    ("outcome", "messages", "sentence"),
    [
        ("APPROVE", ((SEEN, ()),), None),
        ("APPROVE", (), "nobody was ever told of it"),
        ("REJECT", ((SEEN, ()),), "shown APPROVE, stored REJECT"),
        (None, ((SEEN, ()),), "shown APPROVE, stored None"),
        ("APPROVE", ((OPEN, ("Approve",)),), "APPROVE is not shown: "),
        ("APPROVE", ((SEEN, ("Approve",)),), "APPROVE is not shown: "),
        ("APPROVE", ((OPEN, ("Approve",)), (SEEN, ())), None),
    ],
)
def test_messages_show_what_is_stored(
    outcome: str | None, messages: tuple[Any, ...], sentence: str | None
) -> None:
    shown = Shown("node-1/a:1", "d", outcome, people_hear=True, votes=(), messages=messages)
    found = broken([], (), [shown])
    assert [said.split('"')[0].removesuffix("[") for said in found[:1]] == (
        [] if sentence is None else [sentence]
    )


def test_a_message_may_show_what_redis_forgot_and_an_audit_has() -> None:
    forgotten = Shown("node-1/a:1", "d", None, people_hear=True, votes=(), messages=((SEEN, ()),))
    said = ["shown APPROVE, stored None"]
    assert broken(well(), audit("APPROVE", ANA), [forgotten], forgets=True) == []
    assert broken(well(), audit("APPROVE", ANA), [forgotten]) == said
    events = [wished(), *votes(), *asks(NO)]
    assert broken(events, audit("REJECT", ANA), [forgotten], forgets=True) == said


def test_a_click_that_came_to_nothing_without_a_word() -> None:
    events = [wished(), *votes("acknowledged", via="http")]
    assert broken(events) == ["the click of tess1 came to nothing"]
    assert broken([*events, Whispered(2_300, "tess1", "Already decided.")]) == []
    assert broken([*events, Whispered(1_800, "tess1", "of an earlier click")]) != []
    stored = [replace(audit("REJECT", ANA)[1], event="voted", token=None, final=None)]
    assert broken(events, stored) == []
    slack = FaultBegan(2_000, "f1", "Slack answers 5xx", None, False)
    assert broken([*events, slack]) == []
    redis = FaultBegan(2_000, "f1", "Redis slow", "g0", True)
    assert broken([*events, redis]) == ["the click of tess1 came to nothing"]
