"""What the live table knows: what was heard last, what is chosen, what came and what ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from gateway.oncall.dossier import Dossier
from gateway.oncall.freezes import Standing

NEW_MS: Final = 60_000
"""How long an approval is called new."""

CHOOSE: Final = "What was chosen has ended: choose another with j or k."

_ENDED_KEPT: Final = 3
_LATE_MS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Heard:
    """One answer of the desk: what is open, most urgent first, and what has ended since the last.

    `at` is Unix milliseconds; `more` counts the open approvals that were not sent along.
    """

    at: int
    dossiers: tuple[Dossier, ...] = ()
    more: int = 0
    freezes: tuple[Standing, ...] = ()
    ended: tuple[Dossier, ...] = ()


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why nothing is heard, and since when (Unix milliseconds)."""

    since: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Board:
    """The state of the table; times are Unix milliseconds.

    `chosen` is the digest of the approval that letters are about, and nothing but a person's key
    moves it: where that approval has ended, none is chosen. `place` is where it stood last.
    `fresh` are the digests that came while somebody watched, and when.
    """

    heard: Heard
    chosen: str | None = None
    place: int = 0
    trouble: Trouble | None = None
    fresh: Mapping[str, int] = field(default_factory=dict)
    ended: tuple[Dossier, ...] = ()
    note: str = ""

    @property
    def shown(self) -> tuple[Dossier, ...]:
        """The approvals in the order of the table."""
        return self.heard.dossiers

    @property
    def choice(self) -> Dossier | None:
        """The approval that letters are about."""
        return next((each for each in self.shown if _digest(each) == self.chosen), None)


def first_board(heard: Heard) -> Board:
    """The table at its beginning: the most urgent approval is chosen."""
    first = _digest(heard.dossiers[0]) if heard.dossiers else None
    return Board(heard, chosen=first)


def hear(board: Board, heard: Heard) -> Board:
    """The table after another answer."""
    before = {_digest(each) for each in board.shown}
    now = [_digest(each) for each in heard.dossiers]
    fresh = {
        digest: came
        for digest, came in board.fresh.items()
        if digest in now and heard.at - came < NEW_MS
    }
    # What merely moved up from among those that were not sent along is not new.
    since = board.heard.at - _LATE_MS if board.heard.more else 0
    fresh |= {
        _digest(each): heard.at
        for each in heard.dossiers
        if _digest(each) not in before and each.approval.asked_at >= since
    }
    chosen, place = board.chosen, board.place
    note = board.note if board.trouble is None else "The gateway answers again."
    if chosen in now:
        place = now.index(chosen)
    elif chosen is not None:
        chosen, note = None, CHOOSE if now else "What was chosen has ended."
    elif not board.shown and now:
        chosen, place = now[0], 0
    ended = (*heard.ended, *board.ended)[:_ENDED_KEPT]
    return Board(heard, chosen, place, None, fresh, ended, note)


def fail(board: Board, at: int, sentence: str) -> Board:
    """The table where nothing was heard: as it was, and how long that has been so."""
    since = at if board.trouble is None else board.trouble.since
    return replace(board, trouble=Trouble(since, sentence))


def move(board: Board, by: int) -> Board:
    """Choose another; where none is chosen, the one that stands where the last one stood."""
    if not board.shown:
        return replace(board, chosen=None, note="")
    place = board.place if board.choice is None else board.place + by
    place = max(0, min(place, len(board.shown) - 1))
    return replace(board, chosen=_digest(board.shown[place]), place=place, note="")


def rings(before: Board, after: Board) -> bool:
    """Whether a person must look up: something new waits, is frozen, or nothing is heard."""
    frozen = {each.id for each in before.heard.freezes}
    return (
        any(digest not in before.fresh for digest in after.fresh)
        or any(each.id not in frozen for each in after.heard.freezes)
        or (before.trouble is None) != (after.trouble is None)
    )


def is_new(board: Board, dossier: Dossier, now: int) -> bool:
    """Whether it came a moment ago."""
    came = board.fresh.get(_digest(dossier))
    return came is not None and now - came < NEW_MS


def _digest(dossier: Dossier) -> str:
    return dossier.approval.digest
