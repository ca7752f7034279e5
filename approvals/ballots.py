"""Which ballots count: the pure gate between a click and the record."""

from dataclasses import dataclass
from enum import StrEnum

from approvals.decide import may_approve, may_reject
from approvals.model import (
    Approval,
    Approved,
    Choice,
    Decision,
    Electorate,
    Evidence,
    Pending,
    SlackClick,
)


@dataclass(frozen=True, slots=True)
class Ballot:
    """What somebody wants to say, before it is known whether it counts."""

    person: str
    choice: Choice
    digest: str
    reason: str
    evidence: Evidence


class NotCountedCause(StrEnum):
    """Why a ballot changed nothing."""

    NOT_FOUND = "not_found"
    OTHER_DIGEST = "other_digest"
    UNKNOWN_PERSON = "unknown_person"
    NOT_AN_APPROVER = "not_an_approver"
    OWN_TRANSACTION = "own_transaction"
    ALREADY_VOTED = "already_voted"
    ALREADY_DECIDED = "already_decided"
    TOO_LATE = "too_late"
    NEEDS_SSH = "needs_ssh"
    DAMAGED = "damaged"


SENTENCES: dict[NotCountedCause, str] = {
    NotCountedCause.NOT_FOUND: "There is no such approval.",
    NotCountedCause.OTHER_DIGEST: "This vote names other bytes than the request holds.",
    NotCountedCause.UNKNOWN_PERSON: "The policy does not know you, so your vote does not count.",
    NotCountedCause.NOT_AN_APPROVER: "You are not an approver of this request.",
    NotCountedCause.OWN_TRANSACTION: "You initiated this transaction, so you may not approve it.",
    NotCountedCause.ALREADY_VOTED: "You have already voted on this request.",
    NotCountedCause.ALREADY_DECIDED: "This request is already decided.",
    NotCountedCause.TOO_LATE: "The deadline of this request has passed.",
    NotCountedCause.NEEDS_SSH: (
        "This request can only be approved with a signed vote from the command line."
    ),
    NotCountedCause.DAMAGED: "The record of this request is damaged; nothing can be decided.",
}


def admit(
    approval: Approval, ballot: Ballot, *, decision: Decision, electorate: Electorate, now: int
) -> NotCountedCause | None:
    """Why the ballot does not count, or None if it does.

    A vote only ever moves towards no: refusing after one's own approval counts, every other
    second vote does not. It counts if it is stored before the deadline.
    """
    if ballot.digest != approval.digest:
        return NotCountedCause.OTHER_DIGEST
    if ballot.person not in electorate.people:
        return NotCountedCause.UNKNOWN_PERSON
    barred = _may_not(approval, ballot, electorate)
    if barred is not None:
        return barred
    said = {vote.choice for vote in approval.votes if vote.person == ballot.person}
    if approval.final is None and (ballot.choice in said or Choice.REJECT in said):
        return NotCountedCause.ALREADY_VOTED
    if approval.final is not None or not _still_open(decision, ballot.choice):
        late = approval.final is None and now >= approval.deadline
        return NotCountedCause.TOO_LATE if late else NotCountedCause.ALREADY_DECIDED
    if now >= approval.deadline:
        return NotCountedCause.TOO_LATE
    return None


def _may_not(approval: Approval, ballot: Ballot, electorate: Electorate) -> NotCountedCause | None:
    """What the person may never do on this request, whatever the moment."""
    if ballot.choice is Choice.REJECT:
        if may_reject(approval, electorate, ballot.person):
            return None
        return NotCountedCause.NOT_AN_APPROVER
    if ballot.person in approval.verdict.barred:
        return NotCountedCause.OWN_TRANSACTION
    if not may_approve(approval, electorate, ballot.person):
        return NotCountedCause.NOT_AN_APPROVER
    if approval.verdict.strength == "ssh" and isinstance(ballot.evidence, SlackClick):
        return NotCountedCause.NEEDS_SSH
    return None


def _still_open(decision: Decision, choice: Choice) -> bool:
    """Pending is open to all; approved and not yet fetched is still open to a refusal."""
    if isinstance(decision, Pending):
        return True
    return isinstance(decision, Approved) and choice is Choice.REJECT
