"""Freezes on a terminal: what stands, what it takes to thaw it, what one's own command did."""

from collections.abc import Iterable
from typing import Final

from approvals.freezes.model import THAW_VOTES, Freeze, ThawVote
from notifiers.words.freezes import scope_of, thaw_command
from notifiers.words.ink import PLAIN, Ink
from notifiers.words.readable import listed

_BEYOND: Final = "Requests whose wallet or source address is not known are stopped as well."


def named(freeze: Freeze) -> str:
    """`everything (freeze 7-3fa1)`."""
    return f"{scope_of(freeze)} (freeze {freeze.id})"


def headline_of(freeze: Freeze) -> str:
    """What everybody must know first."""
    return f"SIGNING IS FROZEN: {named(freeze)}"


def details_of(
    freeze: Freeze, votes: Iterable[ThawVote], others: tuple[str, ...], ink: Ink = PLAIN
) -> tuple[str, ...]:
    """Who froze it and why, who wants to thaw it, who may. `votes` are those that count."""
    who = "Countersign itself" if freeze.person is None else ink.text(freeze.person)
    return (
        f"By {who}, {ink.time(freeze.at)}: {ink.text(freeze.reason)}",
        *(
            f"{ink.text(vote.person)} wants to thaw it, {ink.time(vote.at)}:"
            f" {ink.text(vote.reason)}"
            for vote in votes
        ),
        f"May thaw it: {ink.text(', '.join(others) or 'nobody who is left')}",
    )


def thaw_wanted(freeze: str, voted: int) -> str:
    """`1 of 2: another of on_call must run: countersign thaw 7-3fa1 --reason …`."""
    if voted:
        who = "another of on_call must"
        return f"{voted} of {THAW_VOTES}: {who} run: {thaw_command(freeze)}"
    return f"To thaw it, {THAW_VOTES} of on_call must run: {thaw_command(freeze)}"


def told_frozen(freeze: Freeze) -> tuple[str, ...]:
    """To the one who froze it."""
    beyond = () if freeze.of_everything else (_BEYOND,)
    return (
        f"Frozen: {named(freeze)}. What waits for people is refused, and no approval is given.",
        *beyond,
        thaw_wanted(freeze.id, 0),
    )


def told_thawed(freeze: Freeze, left: tuple[Freeze, ...]) -> tuple[str, ...]:
    """To the one whose vote ended it."""
    still = f"Still frozen: {listed(tuple(named(each) for each in left))}."
    return (f"Thawed: {named(freeze)}. {still if left else 'Nothing is frozen any more.'}",)


def told_voted(freeze: Freeze, voted: int) -> tuple[str, ...]:
    """To the one whose vote to thaw was not the last that is needed."""
    return (f"Counted: thaw {named(freeze)}", thaw_wanted(freeze.id, voted))
