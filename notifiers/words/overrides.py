"""Overrides in sentences: who signed to decide in place of the seats, and who still must."""

from typing import Final

from approvals.model import Approval, Choice, Pending, SeatsLeft, Vote
from notifiers.words.ink import PLAIN, Ink
from notifiers.words.readable import listed
from notifiers.words.text import command

_WHAT: Final = {Choice.APPROVE: "Override", Choice.REJECT: "Override to reject"}


def overriding(approval: Approval, choice: Choice) -> tuple[Vote, ...]:
    """The votes for this choice that were signed as overrides, in the order they were stored."""
    return tuple(vote for vote in approval.votes if vote.override and vote.choice is choice)


def enough(approval: Approval, choice: Choice) -> int:
    """How many people such an override takes, as the record says."""
    override = approval.verdict.override
    if override is None:
        return 1
    return override.approve if choice is Choice.APPROVE else override.reject


def asked(approval: Approval, ink: Ink) -> tuple[str, ...]:
    """`Override: 1 of 2 · dee 14:02 · another of on_call must sign`, for each that is asked."""
    lines = []
    for choice in (Choice.REJECT, Choice.APPROVE):
        votes = overriding(approval, choice)
        if votes:
            wanted = max(enough(approval, choice), len(votes) + 1)  # today's policy may want more
            names = (f"{ink.text(vote.person)} {ink.time(vote.at)}" for vote in votes)
            count = f"{_WHAT[choice]}: {len(votes)} of {wanted}"
            lines.append(" · ".join([count, *names, _missing(approval, wanted - len(votes), ink)]))
    return tuple(lines)


def wanted(approval: Approval, pending: Pending, ink: Ink) -> tuple[str, ...]:
    """`1 of 2: another of on_call must run: countersign approve … --override --reason …`."""
    lines = []
    for choice, left in _left(approval, pending):
        group = ink.text(left.group)
        who = f"another of {group}" if left.missing == 1 else f"{left.missing} more of {group}"
        run = ink.text(command(choice, approval, override=True))
        lines.append(f"{left.count - left.missing} of {left.count}: {who} must run: {run}")
    return tuple(lines)


def may_join(approval: Approval, pending: Pending, ink: Ink) -> tuple[str, ...]:
    """`May join the override to approve: eli`."""
    return tuple(
        f"May join the override to {choice}:"
        f" {ink.text(', '.join(left.people) or 'nobody who is left')}"
        for choice, left in _left(approval, pending)
    )


def _left(approval: Approval, pending: Pending) -> tuple[tuple[Choice, SeatsLeft], ...]:
    """What is missing of each override that somebody asked for."""
    left: list[tuple[Choice, SeatsLeft]] = []
    if pending.override is not None and overriding(approval, Choice.APPROVE):
        left.append((Choice.APPROVE, pending.override))
    refused = {vote.person for vote in overriding(approval, Choice.REJECT)}
    override = approval.verdict.override
    if override is not None and refused:
        people = tuple(person for person in override.people if person not in refused)
        missing = override.reject - len(refused)
        left.append((Choice.REJECT, SeatsLeft(override.group, override.reject, missing, people)))
    return tuple(left)


def announcement(approval: Approval, vote: Vote) -> str:
    """What the channel reads of one such vote: who, what for, and why."""
    number = overriding(approval, vote.choice).index(vote) + 1
    wanted = enough(approval, vote.choice)
    groups = listed(tuple(PLAIN.text(need.group) for need in approval.verdict.needs))
    rest = (
        f"It decides in place of {groups}."
        if number >= wanted
        else f"{_missing(approval, wanted - number, PLAIN).capitalize()}."
    )
    who = f"{PLAIN.text(vote.person)}, {PLAIN.time(vote.at)}"
    return (
        f"OVERRIDE to {vote.choice}, {number} of {wanted}: {who}. {rest}\n"
        f"Reason: {PLAIN.text(vote.reason)}"
    )


def _missing(approval: Approval, count: int, ink: Ink) -> str:
    override = approval.verdict.override
    group = "those who may override" if override is None else ink.text(override.group)
    return f"another of {group} must sign" if count == 1 else f"{count} more of {group} must sign"
