"""Whose votes count: those of people whom the record and the policy in force both name."""

from typing import assert_never

from approvals.electorate import Electorate
from approvals.model import Approval, Choice, Need, Override, SlackClick, SshSignature, Vote
from approvals.proof import proved


def needs_today(approval: Approval, electorate: Electorate) -> tuple[Need, ...]:
    """The recorded seats, with the people who could fill them today: both must name them."""
    barred = frozenset(approval.verdict.barred)
    return tuple(
        Need(
            need.group,
            need.count,
            tuple(
                person
                for person in need.people
                if person in electorate.groups.get(need.group, ()) and person not in barred
            ),
        )
        for need in approval.verdict.needs
    )


def override_today(approval: Approval, electorate: Electorate) -> Override | None:
    """Who may override: both the record and today's policy must name them; the larger number.

    How many refuse is what the record says: that ends things, and needs nobody's word of today.
    """
    then, today = approval.verdict.override, electorate.override
    if then is None or today is None:
        return None
    barred = frozenset(approval.verdict.barred)
    return Override(
        then.group,
        tuple(p for p in then.people if p in today.people and p not in barred),
        max(then.approve, today.approve),
        then.reject,
    )


def may_reject(approval: Approval, electorate: Electorate, person: str) -> bool:
    """Anyone in a needed group may refuse, the initiator too."""
    return any(person in electorate.groups.get(need.group, ()) for need in approval.verdict.needs)


def may_approve(approval: Approval, electorate: Electorate, person: str) -> bool:
    """Whether the person could fill a seat today."""
    return any(person in need.people for need in needs_today(approval, electorate))


def counts(vote: Vote, approval: Approval, electorate: Electorate) -> bool:
    """An approval counts if it names these bytes, and today's policy still knows its maker."""
    if vote.choice is not Choice.APPROVE or vote.digest != approval.digest:
        return False
    person = electorate.people.get(vote.person)
    if person is None or not _strong_enough(vote, approval):
        return False
    match vote.evidence:
        case SlackClick(user=user):
            return person.slack == user
        case SshSignature() as evidence:
            mine = person.ssh_line is not None and person.ssh_key == evidence.key
            return mine and proves(evidence, vote, approval, person.ssh_line)
        case _ as never:
            assert_never(never)


def supports(vote: Vote, approval: Approval) -> bool:
    """An approval as the record demanded it, whoever the people of today are."""
    return (
        vote.choice is Choice.APPROVE
        and vote.digest == approval.digest
        and vote.at < approval.deadline
        and vote.person not in approval.verdict.barred
        and _strong_enough(vote, approval)
        and (isinstance(vote.evidence, SlackClick) or proves(vote.evidence, vote, approval, None))
    )


def proves(evidence: SshSignature, vote: Vote, approval: Approval, line: str | None) -> bool:
    """The signature once more; `line` None: by its own key, which no policy of today may know."""
    return proved(
        evidence,
        line=line,
        node=approval.node,
        request_id=approval.request_id,
        digest=approval.digest,
        choice=vote.choice,
        override=vote.override,
        reason=vote.reason,
        at=vote.at,
    )


def _strong_enough(vote: Vote, approval: Approval) -> bool:
    """A click is no signature: not where the rules demand one, and never for an override."""
    signed = isinstance(vote.evidence, SshSignature)
    return signed or not (vote.override or approval.verdict.strength == "ssh")
