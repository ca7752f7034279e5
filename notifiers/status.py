"""Where an approval stands, in sentences: who has voted, what is missing, how it ended."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal, TypeAlias, assert_never

from approvals.ballots import SENTENCES, NotCountedCause
from approvals.model import (
    Approval,
    Approved,
    Cause,
    Choice,
    Damaged,
    Decision,
    Pending,
    Rejected,
    Vote,
)
from notifiers.readable import lasted, listed, visible
from notifiers.text import command

State: TypeAlias = Literal["open", "closing", "closed"]

_ENDS: Final = {
    Cause.RULE: "Rejected by the rules",
    Cause.PEOPLE: "Rejected: its seats can no longer be filled",
    Cause.PERSON: "Rejected by an approver",
    Cause.TIMEOUT: "Rejected: nobody decided in time",
    Cause.CONTRADICTION: "Refused: what Cobo says contradicts the bytes",
    Cause.CONFLICT: "Refused: this request id was first asked with other content",
    Cause.UNSUPPORTED: "Refused: not supported",
    Cause.MALFORMED: "Refused: malformed",
}


def clock(milliseconds: int) -> str:
    """`14:02 UTC`."""
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%H:%M} UTC"


def day_and_clock(milliseconds: int) -> str:
    """`2026-11-22 14:02:30 UTC`."""
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"


@dataclass(frozen=True, slots=True)
class Ink:
    """How a place writes names, reasons and times: Slack escapes and shows the reader's zone."""

    text: Callable[[str], str] = visible
    time: Callable[[int], str] = clock


PLAIN: Final = Ink()


@dataclass(frozen=True, slots=True)
class Status:
    """`open`: people can vote. `closing`: decided, or about to be; the node has no answer yet."""

    state: State
    line: str
    details: tuple[str, ...] = ()


def status_of(approval: Approval, decision: Decision, ink: Ink = PLAIN) -> Status:
    """Only what is stored: no one reads "rejected: no decision in time" before that is final."""
    match decision:
        case Pending():
            return Status("open", _progress(approval, decision, ink), _seats(approval, ink))
        case Approved(by=by):
            return _approved(approval, by, ink)
        case Rejected():
            return _rejected(approval, decision, ink)
        case Damaged(why=why):
            line = f"This record contradicts itself, so the node gets no answer: {ink.text(why)}"
            return Status("closed", line)
        case _ as never:
            assert_never(never)


def refusal(
    cause: NotCountedCause, approval: Approval | None, decision: Decision | None, ink: Ink = PLAIN
) -> str:
    """Why a ballot changed nothing, for the one who cast it."""
    said = SENTENCES[cause]
    if approval is None:
        return said
    match cause:
        case NotCountedCause.ALREADY_DECIDED if decision is not None:
            return f"Already decided. {status_of(approval, decision, ink).line}"
        case NotCountedCause.TOO_LATE:
            return f"{said} It was {ink.time(approval.deadline)}."
        case NotCountedCause.NEEDS_SSH:
            return f"{said} Run: {ink.text(command('approve', approval))}"
        case _:
            return said


def _progress(approval: Approval, pending: Pending, ink: Ink) -> str:
    """`1 of 2 · ana 14:02 · waiting for treasury`."""
    wanted = sum(need.count for need in approval.verdict.needs)
    missing = sum(seat.missing for seat in pending.seats)
    votes = [f"{ink.text(vote.person)} {ink.time(vote.at)}" for vote in _approvals(approval)]
    waiting = tuple(
        ink.text(seat.group) if seat.missing == 1 else f"{seat.missing} of {ink.text(seat.group)}"
        for seat in pending.seats
    )
    return " · ".join([f"{wanted - missing} of {wanted}", *votes, f"waiting for {listed(waiting)}"])


def _seats(approval: Approval, ink: Ink) -> tuple[str, ...]:
    """Who may approve, group by group."""
    return tuple(
        f"{need.count} of {ink.text(need.group)}: "
        f"{ink.text(', '.join(need.people) or 'nobody who may')}"
        for need in approval.verdict.needs
    )


def _approved(approval: Approval, by: tuple[str, ...], ink: Ink) -> Status:
    votes = {vote.person: vote for vote in _approvals(approval)}
    names = tuple(
        f"{ink.text(person)} {ink.time(votes[person].at)}" if person in votes else ink.text(person)
        for person in by
    )
    who = listed(names) if names else "the rules"
    latest = max((vote.at for vote in votes.values()), default=approval.asked_at)
    after = lasted(latest - approval.asked_at)
    if approval.final is None:
        return Status("closing", f"Approved by {who}, after {after} · waiting for the node")
    at = ink.time(approval.final.at)
    return Status("closed", f"Approved by {who}, after {after} · the node was there at {at}")


def _rejected(approval: Approval, decision: Rejected, ink: Ink) -> Status:
    final = approval.final
    vote = next((v for v in approval.votes if v.choice is Choice.REJECT), None)
    if decision.cause is Cause.PERSON and vote is not None:
        after = lasted(vote.at - approval.asked_at)
        line = f"Rejected by {ink.text(vote.person)} {ink.time(vote.at)}, after {after}"
        said = (f"Reason: {ink.text(vote.reason)}",) if vote.reason else ()
        return Status("closed" if final else "closing", line, said)
    if final is None:
        return Status("closing", "Nobody can vote any more; the outcome is being recorded")
    after = lasted(final.at - approval.asked_at)
    line = f"{_ENDS[decision.cause]}, {ink.time(final.at)}, after {after}"
    return Status("closed", line, (ink.text(decision.sentence),) if decision.sentence else ())


def _approvals(approval: Approval) -> list[Vote]:
    return [vote for vote in approval.votes if vote.choice is Choice.APPROVE]
