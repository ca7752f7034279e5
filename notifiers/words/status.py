"""Where an approval stands, in sentences: who has voted, what is missing, how it ended."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, Literal, TypeAlias, assert_never

from approvals.aftermath.facts import NOTHING_AFTER, After
from approvals.freezes.model import Freeze
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
from approvals.model import Final as FinalFact
from notifiers.words.aftermath import became, last_asked, never_fetched, went_wrong
from notifiers.words.freezes import frozen_words
from notifiers.words.ink import PLAIN, Ink
from notifiers.words.overrides import asked, enough, may_join, overriding, wanted
from notifiers.words.readable import lasted, listed

State: TypeAlias = Literal["open", "closing", "closed"]

_ENDS: Final = {
    Cause.RULE: "Rejected by the rules",
    Cause.PEOPLE: "Rejected: too few people may approve this",
    Cause.PERSON: "Rejected by an approver",
    Cause.TIMEOUT: "Rejected: nobody decided in time",
    Cause.CONTRADICTION: "Refused: what Cobo says contradicts the bytes",
    Cause.CONFLICT: "Refused: this request id was first asked with other content",
    Cause.FROZEN: "Rejected",
    Cause.UNSUPPORTED: "Refused: not supported",
    Cause.MALFORMED: "Refused: malformed",
}
_UNFETCHED: Final = "Rejected: approved, but the node did not come for it in time"
_AT_ONCE: Final = 1_000
"""Milliseconds: what took less was decided at once."""


def day_and_clock(milliseconds: int) -> str:
    """`2026-11-22 14:02:30 UTC`."""
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"


@dataclass(frozen=True, slots=True)
class Status:
    """`open`: people can vote. `closing`: decided, or about to be; the node has no answer yet.

    `wanted` says which commands would decide it by override, once somebody asked for that. `then`
    is what became of the decision; `trouble`: that is nothing to be content with.
    """

    state: State
    line: str
    details: tuple[str, ...] = ()
    wanted: tuple[str, ...] = ()
    then: str = ""
    trouble: bool = False

    @property
    def said(self) -> str:
        """All of it in one line, where there is no room for two."""
        return f"{self.line} · {self.then}" if self.then else self.line

    @property
    def lines(self) -> tuple[str, ...]:
        """How it stands, and below that what became of it."""
        return (self.line, f"{self.then[0].upper()}{self.then[1:]}") if self.then else (self.line,)


def status_of(
    approval: Approval,
    decision: Decision,
    ink: Ink = PLAIN,
    *,
    freezes: Iterable[Freeze] = (),
    after: After = NOTHING_AFTER,
    overdue: bool = False,
) -> Status:
    """Only what is stored: no one reads "rejected: no decision in time" before that is final.

    `freezes` are those that stand: what was rejected by one of them says whose it is. `after` is
    what is known since the decision; `overdue`: the node should have come back for it.
    """
    status = _standing(approval, decision, ink, freezes)
    then, trouble = became(approval, after, ink), went_wrong(approval, after)
    if then is None and isinstance(decision, Approved):
        then, trouble = _awaited(approval, ink, overdue=overdue), overdue
    return status if then is None else replace(status, then=then, trouble=trouble)


def _awaited(approval: Approval, ink: Ink, *, overdue: bool) -> str:
    """Where the node is, as long as it has not told what became of its answer."""
    if approval.final is not None:
        return f"the node was there at {ink.time(approval.final.at)}"
    return last_asked(approval, ink) if overdue else "waiting for the node"


def _standing(
    approval: Approval, decision: Decision, ink: Ink, freezes: Iterable[Freeze]
) -> Status:
    match decision:
        case Pending():
            return _open(approval, decision, ink)
        case Approved():
            return _approved(approval, decision, ink)
        case Rejected(cause=Cause.FROZEN):
            return _frozen(approval, decision, ink, freezes)
        case Rejected():
            return _rejected(approval, decision, ink)
        case Damaged(why=why):
            line = f"This record contradicts itself, so the node gets no answer: {ink.text(why)}"
            return Status(
                "closed", line, ("Tell on-call: somebody else has written to our store.",)
            )
        case _ as never:
            assert_never(never)


def _open(approval: Approval, pending: Pending, ink: Ink) -> Status:
    """How far the seats are filled; before that, an override that somebody asked for."""
    so_far = progress(approval, pending, ink)
    seats = (*_seats(approval, ink), *_reasons(approval.votes, ink))
    overrides = asked(approval, ink)
    if not overrides:
        return Status("open", so_far, seats)
    more = (*overrides[1:], *may_join(approval, pending, ink), f"Seats: {so_far}", *seats)
    return Status("open", overrides[0], more, wanted(approval, pending, ink))


def progress(approval: Approval, pending: Pending, ink: Ink) -> str:
    """`1 of 2 · ana 14:02 · waiting for treasury`."""
    wanted = sum(need.count for need in approval.verdict.needs)
    missing = sum(seat.missing for seat in pending.seats)
    filled = [vote for vote in _approvals(approval) if _sits(approval, vote)]
    votes = [f"{ink.text(vote.person)} {ink.time(vote.at)}" for vote in filled]
    waiting = tuple(
        ink.text(seat.group) if seat.missing == 1 else f"{seat.missing} of {ink.text(seat.group)}"
        for seat in pending.seats
    )
    return " · ".join([f"{wanted - missing} of {wanted}", *votes, f"waiting for {listed(waiting)}"])


def _seats(approval: Approval, ink: Ink) -> tuple[str, ...]:
    """Who may approve, group by group."""
    return tuple(
        f"May approve: {need.count} of {ink.text(need.group)}"
        f" ({ink.text(', '.join(need.people) or 'nobody who may')})"
        for need in approval.verdict.needs
    )


def _approved(approval: Approval, decision: Approved, ink: Ink) -> Status:
    votes = {vote.person: vote for vote in _approvals(approval)}
    by = sorted(decision.by, key=lambda person: votes[person].at if person in votes else 0)
    names = tuple(
        f"{ink.text(person)} {ink.time(votes[person].at)}" if person in votes else ink.text(person)
        for person in by
    )
    who = listed(names) if names else "the rules"
    if decision.override:
        who = f"override of {who}"
    took = max((vote.at for vote in votes.values()), default=approval.asked_at) - approval.asked_at
    line = f"Approved by {who}, after {lasted(took)}" if votes else f"Approved by {who}"
    reasons = _reasons((votes[person] for person in by if person in votes), ink)
    return Status("closing" if approval.final is None else "closed", line, reasons)


def _rejected(approval: Approval, decision: Rejected, ink: Ink) -> Status:
    final = approval.final
    votes = _refusing(approval)
    if decision.cause is Cause.PERSON and votes:
        names = listed(tuple(f"{ink.text(vote.person)} {ink.time(vote.at)}" for vote in votes))
        override = "" if _sits(approval, votes[0]) else "override of "
        after = lasted(votes[-1].at - approval.asked_at)
        line = f"Rejected by {override}{names}, after {after}"
        why = _reasons(votes, ink)
        if len(votes) == 1 and why:
            why = (f"Reason: {ink.text(votes[0].reason)}",)
        return Status("closed" if final else "closing", line, why)
    if final is None:
        return Status("closing", "Nobody can vote any more; the outcome is being recorded")
    if decision.cause is Cause.TIMEOUT:
        end = _UNFETCHED if never_fetched(approval) else _ENDS[Cause.TIMEOUT]
        return Status("closed", f"{end}, {_ended(approval, final, ink)}")
    return _closed(decision, _ended(approval, final, ink), ink)


def _closed(decision: Rejected, ended: str, ink: Ink) -> Status:
    """With the decision's own sentence, where that says more."""
    said, sentence = _ENDS[decision.cause], ink.text(decision.sentence)
    if decision.cause is Cause.PEOPLE and sentence:
        said = f"Rejected: {sentence}"
    more = (sentence,) if sentence and sentence not in said else ()
    return Status("closed", f"{said}, {ended}", more)


def _frozen(approval: Approval, decision: Rejected, ink: Ink, freezes: Iterable[Freeze]) -> Status:
    line = f"{_ENDS[Cause.FROZEN]}: {frozen_words(decision.sentence, freezes, ink)}"
    if approval.final is None:
        return Status("closing", f"{line} · the outcome is being recorded")
    return Status("closed", f"{line}, {_ended(approval, approval.final, ink)}")


def _ended(approval: Approval, final: FinalFact, ink: Ink) -> str:
    took = final.at - approval.asked_at
    return f"{ink.time(final.at)}, after {lasted(took)}" if took >= _AT_ONCE else ink.time(final.at)


def _refusing(approval: Approval) -> tuple[Vote, ...]:
    """Whose refusals ended it: one of those who are asked, else as many as an override takes."""
    votes = [vote for vote in approval.votes if vote.choice is Choice.REJECT]
    first = next((vote for vote in votes if _sits(approval, vote)), None)
    if first is not None:
        return (first,)
    overrides = overriding(approval, Choice.REJECT)
    return overrides if len(overrides) >= enough(approval, Choice.REJECT) else ()


def _sits(approval: Approval, vote: Vote) -> bool:
    """Whether a vote counts for the seats: every one that is no override, and of its people all."""
    seated = (person for need in approval.verdict.needs for person in need.people)
    return not vote.override or vote.person in seated


def _reasons(votes: Iterable[Vote], ink: Ink) -> tuple[str, ...]:
    """Why people voted as they did, where they said so."""
    return tuple(
        f"Reason of {ink.text(vote.person)}: {ink.text(vote.reason)}"
        for vote in votes
        if vote.reason
    )


def _approvals(approval: Approval) -> list[Vote]:
    return [vote for vote in approval.votes if vote.choice is Choice.APPROVE]
