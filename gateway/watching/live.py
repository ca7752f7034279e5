"""`countersign watch`: the live table, its keys, and the way out with the terminal as it was."""

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Final

import click
from rich.console import Group

from approvals.model import Choice
from gateway.clock import SYSTEM
from gateway.config.settings import Settings
from gateway.oncall.matter import Matter
from gateway.oncall.signer import check_key
from gateway.oncall.terminal import Failure
from gateway.watching import acts, table
from gateway.watching.board import CHOOSE, Board, fail, first_board, hear, move, rings
from gateway.watching.keys import Closed
from gateway.watching.page import (
    Reading,
    lines_of,
    may_override,
    on_screen,
    press,
    screenful,
)
from gateway.watching.poll import Poller, ask_desk
from gateway.watching.stage import Stage

_TICK_S: Final = 0.2
_DUMB: Final = frozenset({"", "dumb", "unknown"})
_TERMINATED: Final = 128 + signal.SIGTERM
_ALL: Final = 1_000_000
_MOVES: Final = {
    "j": 1,
    "down": 1,
    "page down": 5,
    "G": _ALL,
    "end": _ALL,
    "k": -1,
    "up": -1,
    "page up": -5,
    "g": -_ALL,
    "home": -_ALL,
}


def watch(settings: Settings, key: Path | None, *, quiet: bool) -> None:
    """Show what waits until somebody quits.

    Raises:
        UsageError: there is no terminal to show it on.
        Failure: the gateway did not answer once, or the key is none.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.UsageError(
            "The live table needs a terminal: for machines there is `countersign list --json`."
        )
    if os.environ.get("TERM", "") in _DUMB:
        raise click.UsageError(
            "This terminal (TERM) cannot draw a live table: use `countersign list`, or for machines"
            " `countersign list --json`."
        )
    if key is not None:
        check_key(key)
    first = ask_desk(settings)
    before = signal.signal(signal.SIGTERM, _end)
    try:
        with Poller(settings, first) as poller:
            Watch(settings, key, poller, first_board(first), quiet=quiet).run()
    except (KeyboardInterrupt, Closed):
        pass
    finally:
        signal.signal(signal.SIGTERM, before)


def _end(*_: object) -> None:
    """Through every `finally`, so that the terminal is as it was."""
    sys.exit(_TERMINATED)


class Watch:
    """One person at one terminal. What a letter does is done to what is on the screen."""

    def __init__(
        self, settings: Settings, key: Path | None, poller: Poller, board: Board, *, quiet: bool
    ) -> None:
        """`quiet`: no bell."""
        self._settings = settings
        self._key = key
        self._poller = poller
        self._board = board
        self._quiet = quiet
        self._stage = Stage()

    def run(self) -> None:
        """Until somebody quits."""
        letters = False
        with self._stage.screen():
            while True:
                key = self._look(letters=letters)
                if key == "q":
                    return
                if key is not None:
                    letters = key == "?" and not letters
                    self._pressed(key)

    def _look(self, *, letters: bool) -> str | None:
        """Take in the news, show the table, and wait a moment for a key."""
        self._listen()
        width, height = self._stage.size
        board, now = self._board, SYSTEM.now_ms()
        self._stage.paint(
            (board, letters, now // 1_000),
            lambda: Group(*table.draw(board, now, width, height, letters=letters)),
        )
        return self._stage.key(_TICK_S)

    def _pressed(self, key: str) -> None:
        """One letter, about the approval that is chosen on the screen now."""
        self._note("")
        if key in _MOVES:
            self._board = move(self._board, _MOVES[key])
            return
        match key:
            case "o" | "enter":
                self._read(None)
            case "a":
                self._read(Choice.APPROVE)
            case "r":
                self._read(Choice.REJECT)
            case "v":
                self._read(None, override=True)
            case "f":
                self._freeze()
            case "t":
                self._thaw()
            case _:
                pass

    def _read(self, intent: Choice | None, *, override: bool = False) -> None:
        """Show the page, to its end if a vote is wanted; then vote."""
        if (intent is not None or override) and self._key is None:
            self._note(acts.NO_KEY)
            return
        matter = self._matter()
        if matter is None:
            return
        if override and not may_override(matter.dossier):
            self._note(acts.NO_OVERRIDE)
            return
        reading = Reading(matter, self._board.heard.freezes, SYSTEM.now_ms(), intent, override)
        while not (reading.left or reading.agreed):
            reading = self._turn(reading)
            if reading.intent is not None and self._key is None:
                self._note(acts.NO_KEY)
                return
        if reading.agreed and reading.intent is not None and self._key is not None:
            with self._stage.plain() as forget:
                acts.vote(matter, reading.intent, self._key, forget, override=reading.override)

    def _turn(self, reading: Reading) -> Reading:
        """Show where the reader is, and do what the next key says."""
        self._listen()
        width, height = self._stage.size
        lines, now = lines_of(reading, self._stage.console, width), SYSTEM.now_ms()
        reading = on_screen(reading, len(lines), height)
        self._stage.paint(
            (reading, now // 1_000), lambda: screenful(reading, lines, now, width, height)
        )
        key = self._stage.key(_TICK_S)
        return reading if key is None else press(reading, key, height)

    def _freeze(self) -> None:
        if self._key is None:
            self._note(acts.NO_KEY)
            return
        about = None if self._board.choice is None else self._matter()
        with self._stage.plain() as forget:
            acts.freeze(self._settings, about, self._key, forget)

    def _thaw(self) -> None:
        standing = self._board.heard.freezes
        if self._key is None or not standing:
            self._note(acts.NO_KEY if standing else "Nothing is frozen.")
            return
        with self._stage.plain() as forget:
            acts.thaw(self._settings, standing, self._key, forget)

    def _matter(self) -> Matter | None:
        """What is chosen on the screen, bound by its digest; None, and a note, where it is not."""
        chosen = self._board.choice
        if chosen is None:
            self._note(CHOOSE if self._board.shown else "Nothing is waiting for people.")
            return None
        try:
            return acts.opened(self._settings, chosen)
        except Failure as failure:
            self._note(failure.message)
            return None

    def _note(self, sentence: str) -> None:
        self._board = replace(self._board, note=sentence)

    def _listen(self) -> None:
        """Take in what the desk said meanwhile."""
        while (news := self._poller.news()) is not None:
            before = self._board
            if isinstance(news, Failure):
                self._board = fail(before, SYSTEM.now_ms(), news.message)
            else:
                self._board = hear(before, news)
            if rings(before, self._board) and not self._quiet:
                self._stage.ring()
