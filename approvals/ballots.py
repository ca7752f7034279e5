"""Which ballots count: the pure gate between a click and the record."""

from dataclasses import dataclass
from enum import StrEnum

from approvals.electorate import Electorate
from approvals.eligible import may_approve, may_reject, override_today
from approvals.model import Approval, Approved, Choice, Decision, Evidence, Pending, SlackClick


@dataclass(frozen=True, slots=True)
class Ballot:
    """What somebody wants to say, before it is known whether it counts."""

    person: str
    choice: Choice
    digest: str
    reason: str
    evidence: Evidence
    override: bool = False


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
    NEEDS_REASON = "needs_reason"
    NO_OVERRIDE = "no_override"
    NOT_ON_CALL = "not_on_call"
    DAMAGED = "damaged"


SENTENCES: dict[NotCountedCause, str] = {
    NotCountedCause.NOT_FOUND: "There is no such approval.",
    NotCountedCause.OTHER_DIGEST: "This vote names other bytes than the request holds.",
    NotCountedCause.UNKNOWN_PERSON: "The policy does not know you, so your vote does not count.",
    NotCountedCause.NOT_AN_APPROVER: "You are not an approver of this request.",
    NotCountedCause.OWN_TRANSACTION: (
        "You initiated this transaction, so you may neither approve nor override it."
    ),
    NotCountedCause.ALREADY_VOTED: "You have already voted on this request.",
    NotCountedCause.ALREADY_DECIDED: "This request is already decided.",
    NotCountedCause.TOO_LATE: "The deadline of this request has passed.",
    NotCountedCause.NEEDS_SSH: (
        "This request can only be approved with a signed vote from the command line."
    ),
    NotCountedCause.NEEDS_REASON: "This request wants a reason with your vote: say why.",
    NotCountedCause.NO_OVERRIDE: (
        "Nobody may override this request: the policy had no [override] when it was asked, or has"
        " none now."
    ),
    NotCountedCause.NOT_ON_CALL: "You are not one of those who may override.",
    NotCountedCause.DAMAGED: "The record of this request is damaged; nothing can be decided.",
}


def admit(
    approval: Approval, ballot: Ballot, *, decision: Decision, electorate: Electorate, now: int
) -> NotCountedCause | None:
    """Why the ballot does not count, or None if it does.

    A vote only ever moves towards no: refusing after one's own approval counts, every other
    second vote does not; but who approved in a seat may still ask for an override. It counts if
    it is stored before the deadline.
    """
    if ballot.digest != approval.digest:
        return NotCountedCause.OTHER_DIGEST
    if ballot.person not in electorate.people:
        return NotCountedCause.UNKNOWN_PERSON
    if ballot.override:
        barred = _may_not_override(approval, ballot, electorate)
    else:
        barred = _may_not(approval, ballot, electorate)
    if barred is not None:
        return barred
    if approval.final is None and _has_voted(approval, ballot):
        return NotCountedCause.ALREADY_VOTED
    if approval.final is not None or not _still_open(decision, ballot.choice):
        late = approval.final is None and now >= approval.deadline
        return NotCountedCause.TOO_LATE if late else NotCountedCause.ALREADY_DECIDED
    if now >= approval.deadline:
        return NotCountedCause.TOO_LATE
    if wants_reason(approval, ballot.choice) and not ballot.reason.strip():
        return NotCountedCause.NEEDS_REASON
    return None


def wants_reason(approval: Approval, choice: Choice) -> bool:
    """Whether the rules that asked want people to say why they choose so."""
    return approval.verdict.reason in {"both", choice.value}


def _has_voted(approval: Approval, ballot: Ballot) -> bool:
    said = [vote for vote in approval.votes if vote.person == ballot.person]
    if any(vote.choice is Choice.REJECT for vote in said):
        return True
    if ballot.override and ballot.choice is Choice.APPROVE:
        return any(vote.override for vote in said)
    return any(vote.choice is ballot.choice for vote in said)


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


def _may_not_override(
    approval: Approval, ballot: Ballot, electorate: Electorate
) -> NotCountedCause | None:
    """Of an override the initiator is never one, and a click is none."""
    override = override_today(approval, electorate)
    if override is None and approval.final is not None:
        return NotCountedCause.ALREADY_DECIDED
    if override is None:
        return NotCountedCause.NO_OVERRIDE
    if ballot.person in approval.verdict.barred:
        return NotCountedCause.OWN_TRANSACTION
    if ballot.person not in override.people:
        return NotCountedCause.NOT_ON_CALL
    if isinstance(ballot.evidence, SlackClick):
        return NotCountedCause.NEEDS_SSH
    return None if ballot.reason.strip() else NotCountedCause.NEEDS_REASON


def _still_open(decision: Decision, choice: Choice) -> bool:
    """Pending is open to all; approved and not yet fetched is still open to a refusal."""
    if isinstance(decision, Pending):
        return True
    return isinstance(decision, Approved) and choice is Choice.REJECT
