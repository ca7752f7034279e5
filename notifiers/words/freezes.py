"""Freezes in sentences: what is frozen, by whom and why, and how it ends."""

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from approvals.freezes.model import THAW_VOTES, Freeze, FreezeRecord, ThawVote
from notifiers.words.ink import PLAIN, Ink
from notifiers.words.readable import listed, visible

_LONGEST: Final = 200
"""Of a reason, where it stands within another sentence."""


def scope_of(freeze: Freeze) -> str:
    """`everything`, `wallet W`, `source address A`."""
    if freeze.wallet is not None:
        return f"wallet {visible(freeze.wallet)}"
    return "everything" if freeze.source is None else f"source address {visible(freeze.source)}"


def thaw_command(freeze: str) -> str:
    """What two people of on-call run."""
    return f"countersign thaw {freeze} --reason …"


def frozen_text(freeze: Freeze) -> str:
    """What people are told when a freeze begins."""
    holds = (
        "Nothing is approved; what waits is rejected."
        if freeze.of_everything
        else "Its requests, and those whose wallet or source address is not known, are rejected."
    )
    return (
        f"FROZEN: {scope_of(freeze)}. {holds}\n"
        f"By {_by(freeze)}, {PLAIN.time(freeze.at)}. Reason: {visible(freeze.reason)}\n"
        f"It ends when {THAW_VOTES} of on-call run: {thaw_command(freeze.id)}"
    )


def thaw_asked_text(vote: ThawVote) -> str:
    """What people are told of a vote that does not end a freeze yet."""
    return (
        f"THAW ASKED: {visible(vote.person)}, {PLAIN.time(vote.at)}, wants to end freeze"
        f" {vote.freeze}. It still holds: another of on-call must agree within an hour.\n"
        f"Reason: {visible(vote.reason)}\n"
        f"To agree, run: {thaw_command(vote.freeze)}"
    )


def thawed_text(freeze: str, votes: Sequence[ThawVote]) -> str:
    """What people are told when a freeze has ended."""
    by = f" by {listed(tuple(visible(vote.person) for vote in votes))}" if votes else ""
    reasons = (f"\nReason of {visible(vote.person)}: {visible(vote.reason)}" for vote in votes)
    return f"THAWED: freeze {visible(freeze)} was ended{by}.{''.join(reasons)}"


def frozen_words(sentence: str, freezes: Iterable[Freeze], ink: Ink) -> str:
    """`signing is frozen (freeze 7-3fa1 by dee: reason)`; what is known of it may be its id only.

    `sentence` is a decision's, which names a freeze by its id and nobody by name.
    """
    freeze = next((each for each in freezes if f"(freeze {each.id})" in sentence), None)
    if freeze is None:
        return ink.text(sentence or "signing is frozen")
    why = ink.text(visible(freeze.reason, _LONGEST))
    return f"signing is frozen (freeze {freeze.id} by {ink.text(_by(freeze))}: {why})"


def freeze_news(
    record: FreezeRecord, said: Collection[str], through: int | None
) -> list[tuple[str, str]]:
    """What people have not been told of a record: a name for each sentence, and the sentence.

    `said` are the names of what they were told of the freezes that stood; `through` is the epoch
    up to which all was told: what began later and has ended since is told, as ended. None: nobody
    knows, and only what stands is told.
    """
    news = []
    for freeze in record.freezes:
        news.append((f"frozen {freeze.id}", frozen_text(freeze)))
        news += [(_name(vote), thaw_asked_text(vote)) for vote in _votes(record, freeze.id)]
    for ended in record.ended:
        if f"frozen {ended}" in said or (through is not None and _began(ended) > through):
            news.append((f"thawed {ended}", thawed_text(ended, _votes(record, ended))))
    return [(name, text) for name, text in news if name not in said]


def still_news(record: FreezeRecord, name: str) -> bool:
    """Whether it must be remembered that this was said: its freeze still stands."""
    return name.split(" ")[1] in {freeze.id for freeze in record.freezes}


def _votes(record: FreezeRecord, freeze: str) -> list[ThawVote]:
    return [vote for vote in record.thaws if vote.freeze == freeze]


def _name(vote: ThawVote) -> str:
    return f"thawing {vote.freeze} {vote.at} {vote.person}"


def _began(freeze: str) -> int:
    """The epoch that an id begins with."""
    epoch = freeze.partition("-")[0]
    return int(epoch) if epoch.isdecimal() else 0


def _by(freeze: Freeze) -> str:
    return "Countersign itself" if freeze.person is None else visible(freeze.person)
