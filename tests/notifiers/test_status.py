"""Where an approval stands is said from what is stored, with names, times and reasons."""

from dataclasses import replace

import pytest

from approvals.ballots import NotCountedCause
from approvals.decide import decide
from approvals.model import (
    NOTHING_NEW,
    NOTHING_REMEMBERED,
    Approved,
    Cause,
    Choice,
    Damaged,
    Final,
    Outcome,
    Override,
    Rejected,
)
from notifiers.words.status import day_and_clock, status_of
from notifiers.words.uncounted import refusal
from tests.notifiers.cases import FREEZES
from tests.notifiers.examples import NOW, approval, ask, need, pending
from tests.support.records import ELECTORATE, signature, vote

TWO = ask(need("treasury", 2))
MIXED = ask(need("treasury", 1), need("on_call", 1))


def ended(record, outcome=Outcome.REJECT, cause=Cause.TIMEOUT, sentence="no decision in time"):
    final = Final(outcome, cause, sentence, NOW + 192_000, 2, "p")
    return replace(record, final=final)


def test_progress_names_votes_and_what_is_missing() -> None:
    record = approval(TWO, votes=(vote("ana"),))
    status = status_of(record, pending(record))
    assert status.state == "open"
    assert status.line == "1 of 2 · ana 14:13 UTC · waiting for treasury"
    assert status.details == ("May approve: 2 of treasury (ana, bo, chen)",)


def test_every_group_that_is_missing_is_named() -> None:
    record = approval(MIXED)
    assert status_of(record, pending(record)).line == "0 of 2 · waiting for treasury and on_call"
    record = approval(TWO)
    assert status_of(record, pending(record, 2)).line == "0 of 2 · waiting for 2 of treasury"


def test_an_approval_that_the_node_has_not_heard_is_waiting() -> None:
    record = approval(votes=(vote("ana"),))
    status = status_of(record, Approved(("ana",), "approved by people"))
    assert status.state == "closing"
    assert status.lines == ("Approved by ana 14:13 UTC, after 1 s", "Waiting for the node")
    assert status.said == "Approved by ana 14:13 UTC, after 1 s · waiting for the node"
    assert not status.trouble


def test_a_final_approval_says_who_when_and_how_long() -> None:
    record = ended(approval(votes=(vote("ana"), vote("bo"))), Outcome.APPROVE, None, "")
    status = status_of(record, Approved(("ana", "bo"), ""))
    assert status.state == "closed"
    assert status.lines == (
        "Approved by ana 14:13 UTC and bo 14:13 UTC, after 1 s",
        "The node was there at 14:16 UTC",
    )


def test_who_approved_stands_in_the_order_of_the_clock() -> None:
    early, late = replace(vote("bo"), at=NOW + 1_000), replace(vote("ana"), at=NOW + 60_000)
    line = status_of(approval(votes=(early, late)), Approved(("ana", "bo"), "")).line
    assert line == "Approved by bo 14:13 UTC and ana 14:14 UTC, after 1 min"


def test_what_rules_decide_at_once_took_no_time() -> None:
    assert status_of(approval(), Approved((), "approved by rule small")).line == (
        "Approved by the rules"
    )


@pytest.mark.parametrize(
    ("cause", "sentence", "line", "details"),
    [
        (
            Cause.PEOPLE,
            "too few people may approve this (rule big)",
            "Rejected: too few people may approve this (rule big), ",
            (),
        ),
        (
            Cause.CONFLICT,
            "this request id was first asked with other content",
            "Refused: this request id was first asked with other content, ",
            (),
        ),
        (
            Cause.RULE,
            "refused by rule new-payee",
            "Rejected by the rules, ",
            ("refused by rule new-payee",),
        ),
    ],
)
def test_why_it_was_refused_is_said_once(
    cause: Cause, sentence: str, line: str, details: tuple[str, ...]
) -> None:
    status = status_of(ended(approval(), cause=cause), Rejected(cause, sentence))
    assert status.line.startswith(line)
    assert status.details == details


def test_an_approval_that_the_node_did_not_fetch_was_not_left_undecided() -> None:
    record = approval(votes=(vote("ana"),))
    given_up = decide(
        record,
        now=record.answer_until,
        electorate=ELECTORATE,
        remembered=NOTHING_REMEMBERED,
        today=NOTHING_NEW,
    )
    assert isinstance(given_up, Rejected)
    record = ended(record, sentence=given_up.sentence)
    status = status_of(record, given_up)
    assert status.line.startswith("Rejected: approved, but the node did not come for it in time,")
    undecided = status_of(ended(approval()), Rejected(Cause.TIMEOUT, "no decision in time"))
    assert undecided.line.startswith("Rejected: nobody decided in time, ")


def test_a_refusal_says_who_and_why() -> None:
    record = approval(votes=(replace(vote("bo", Choice.REJECT), reason="not ours"),))
    status = status_of(record, Rejected(Cause.PERSON, "refused", "bo"))
    assert status.line == "Rejected by bo 14:13 UTC, after 1 s"
    assert status.details == ("Reason: not ours",)


def test_a_timeout_is_said_only_once_it_is_final() -> None:
    late = Rejected(Cause.TIMEOUT, "no decision in time")
    assert "time" not in status_of(approval(), late).line
    assert status_of(approval(), late).state == "closing"
    status = status_of(ended(approval()), late)
    assert status.line == "Rejected: nobody decided in time, 14:16 UTC, after 3 min 12 s"
    assert status.state == "closed"


@pytest.mark.parametrize("cause", list(Cause))
def test_every_cause_has_its_words(cause: Cause) -> None:
    status = status_of(ended(approval(), cause=cause), Rejected(cause, "the sentence"))
    assert status.state == "closed"
    assert status.line.startswith(("Rejected", "Refused"))


def test_a_damaged_record_says_that_there_is_no_answer() -> None:
    status = status_of(approval(), Damaged("two finals"))
    assert status.state == "closed"
    assert "the node gets no answer: two finals" in status.line


@pytest.mark.parametrize("cause", list(NotCountedCause))
def test_every_ineffective_vote_has_its_sentence(cause: NotCountedCause) -> None:
    assert refusal(cause, None, None).endswith(".")
    assert refusal(cause, approval(), pending(approval()))


def override(person: str, choice: Choice = Choice.APPROVE):
    return replace(vote(person, choice), override=True, reason="asleep", evidence=signature(person))


OVERRIDABLE = replace(TWO, override=Override("on_call", ("ana", "dee", "eli"), 2, 2))


def test_an_override_that_was_asked_for_comes_before_the_seats() -> None:
    record = approval(OVERRIDABLE, votes=(override("dee"),))
    status = status_of(record, pending(record, 2))
    assert status.line == "Override: 1 of 2 · dee 14:13 UTC · another of on_call must sign"
    assert status.details == (
        "Seats: 0 of 2 · waiting for 2 of treasury",
        "May approve: 2 of treasury (ana, bo, chen)",
        "Reason of dee: asleep",
    )


def test_an_override_by_somebody_who_has_a_seat_fills_it_too() -> None:
    record = approval(OVERRIDABLE, votes=(override("ana"),))
    details = status_of(record, pending(record)).details
    assert details[0] == "Seats: 1 of 2 · ana 14:13 UTC · waiting for treasury"


def test_an_override_that_todays_policy_wants_more_people_for_is_not_complete() -> None:
    record = approval(OVERRIDABLE, votes=(override("dee"), override("eli")))
    line = status_of(record, pending(record, 2)).line
    assert line.startswith("Override: 2 of 3 · dee 14:13 UTC · eli 14:13 UTC · another of on_call")
    more = replace(OVERRIDABLE, override=Override("on_call", ("dee", "eli", "ana"), 3, 1))
    line = status_of(approval(more, votes=(override("dee"),)), pending(record, 2)).line
    assert line == "Override: 1 of 3 · dee 14:13 UTC · 2 more of on_call must sign"


def test_a_decision_by_override_names_who_overrode() -> None:
    record = approval(OVERRIDABLE, votes=(vote("bo"), override("dee"), override("eli")))
    status = status_of(record, Approved(("dee", "eli"), "", override=True))
    assert status.line.startswith("Approved by override of dee 14:13 UTC and eli 14:13 UTC, after")
    assert status.details == ("Reason of dee: asleep", "Reason of eli: asleep")
    refused = tuple(override(person, Choice.REJECT) for person in ("dee", "eli"))
    status = status_of(approval(OVERRIDABLE, votes=refused), Rejected(Cause.PERSON, "", "eli"))
    assert status.line == "Rejected by override of dee 14:13 UTC and eli 14:13 UTC, after 1 s"


def test_a_refusal_by_a_seat_beside_an_unfinished_override_is_the_seats() -> None:
    votes = (override("dee", Choice.REJECT), vote("bo", Choice.REJECT))
    status = status_of(approval(OVERRIDABLE, votes=votes), Rejected(Cause.PERSON, "", "bo"))
    assert status.line == "Rejected by bo 14:13 UTC, after 1 s"
    seated = (override("ana", Choice.REJECT),)
    status = status_of(approval(OVERRIDABLE, votes=seated), Rejected(Cause.PERSON, "", "ana"))
    assert status.line == "Rejected by ana 14:13 UTC, after 1 s"


def test_a_refusal_that_only_the_audit_remembers_names_nobody_who_did_not_refuse() -> None:
    record = ended(approval(OVERRIDABLE, votes=(override("dee", Choice.REJECT),)))
    status = status_of(record, Rejected(Cause.PERSON, "refused by an approver"))
    assert status.line.startswith("Rejected by an approver, ")


def test_what_a_freeze_rejects_names_the_freeze_and_who_froze_while_it_stands() -> None:
    frozen = Rejected(Cause.FROZEN, "signing is frozen (freeze 7-3fa1)")
    status = status_of(approval(), frozen, freezes=FREEZES)
    assert status.state == "closing"
    assert status.line == (
        "Rejected: signing is frozen (freeze 7-3fa1 by dee: Keys may be stolen)"
        " · the outcome is being recorded"
    )
    status = status_of(ended(approval(), cause=Cause.FROZEN), frozen)
    assert status.state == "closed"
    assert status.line == (
        "Rejected: signing is frozen (freeze 7-3fa1), 14:16 UTC, after 3 min 12 s"
    )
    said = refusal(NotCountedCause.ALREADY_DECIDED, approval(), frozen, freezes=FREEZES)
    assert said.startswith("Already decided. Rejected: signing is frozen (freeze 7-3fa1 by dee: ")


def test_too_late_and_already_decided_say_when() -> None:
    assert refusal(NotCountedCause.TOO_LATE, approval(), None).endswith(
        "It was 14:23 UTC. Whoever asked must ask again."
    )
    said = refusal(
        NotCountedCause.ALREADY_DECIDED,
        ended(approval(votes=(vote("bo", Choice.REJECT),))),
        Rejected(Cause.PERSON, "", "bo"),
    )
    assert said == "Already decided. Rejected by bo 14:13 UTC, after 1 s"
    assert "countersign approve node-1/2026" in refusal(NotCountedCause.NEEDS_SSH, approval(), None)


def test_a_day_is_named_where_it_matters() -> None:
    assert day_and_clock(NOW) == "2026-09-21 14:13:20 UTC"
