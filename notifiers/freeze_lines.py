"""Freezes on a terminal: what stands, what it takes to thaw it, what one's own command did."""

from collections.abc import Iterable

from approvals.freeze import THAW_VOTES, Freeze, ThawVote
from notifiers.freezes import scope_of, thaw_command
from notifiers.ink import PLAIN, Ink
from notifiers.readable import listed


def named(freeze: Freeze) -> str:
    """`everything (freeze 7-3fa1)`."""
    return f"{scope_of(freeze)} (freeze {freeze.id})"


def headline_of(freeze: Freeze) -> str:
    """What everybody must know first."""
    return f"SIGNING IS FROZEN: {named(freeze)}"


def details_of(
    freeze: Freeze, votes: Iterable[ThawVote], others: tuple[str, ...], ink: Ink = PLAIN
) -> tuple[str, ...]:
    """Who froze it and why, who wants to thaw it, and what is still wanted.

    `votes` are those that count, `others` the people of on_call who have none among them.
    """
    who = "Countersign itself" if freeze.person is None else ink.text(freeze.person)
    votes = tuple(votes)
    return (
        f"By {who}, {ink.time(freeze.at)}: {ink.text(freeze.reason)}",
        *(
            f"{ink.text(vote.person)} wants to thaw it, {ink.time(vote.at)}:"
            f" {ink.text(vote.reason)}"
            for vote in votes
        ),
        thaw_wanted(freeze.id, len(votes), others, ink),
    )


def thaw_wanted(freeze: str, voted: int, others: tuple[str, ...], ink: Ink = PLAIN) -> str:
    """`1 of 2: another of on_call (eli) must run: countersign thaw 7-3fa1 --reason …`."""
    of = f"of on_call ({ink.text(', '.join(others) or 'nobody is left who may')})"
    if voted:
        return f"{voted} of {THAW_VOTES}: another {of} must run: {thaw_command(freeze)}"
    return f"To thaw it, {THAW_VOTES} {of} must each run: {thaw_command(freeze)}"


def told_frozen(freeze: Freeze, others: tuple[str, ...]) -> tuple[str, ...]:
    """To the one who froze it."""
    beyond = () if freeze.of_everything else (_BEYOND,)
    return (
        f"Frozen: {named(freeze)}. What waits for people is refused, and no approval is given.",
        *beyond,
        thaw_wanted(freeze.id, 0, others),
    )


_BEYOND = "Requests whose wallet or source address is not known are stopped as well."


def told_thawed(freeze: Freeze, left: tuple[Freeze, ...]) -> tuple[str, ...]:
    """To the one whose vote ended it."""
    still = f"Still frozen: {listed(tuple(named(each) for each in left))}."
    return (f"Thawed: {named(freeze)}. {still if left else 'Nothing is frozen any more.'}",)


def told_voted(freeze: Freeze, voted: int, others: tuple[str, ...]) -> tuple[str, ...]:
    """To the one whose vote to thaw was not the last that is needed."""
    return (f"Counted: thaw {named(freeze)}", thaw_wanted(freeze.id, voted, others))
