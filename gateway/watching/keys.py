"""The keyboard as single keys, and the terminal as it was, whatever happens in between."""

import contextlib
import os
import re
import select
import termios
import tty
from collections import deque
from collections.abc import Iterator
from typing import Any, Final

_REST_S: Final = 0.05
"""Within this the rest of an escape sequence has come; what comes later is another key."""

_MOST: Final = 1_024
_CHARACTERS: Final = 6
"""Where termios keeps the control characters."""

_PIECE: Final = re.compile(r"\x1b\[[0-9;?]*[@-~]|\x1bO.|\x1b|.", re.DOTALL)
_NAMES: Final = {
    "\x1b[A": "up",
    "\x1bOA": "up",
    "\x1b[B": "down",
    "\x1bOB": "down",
    "\x1b[5~": "page up",
    "\x1b[6~": "page down",
    "\x1b[H": "home",
    "\x1bOH": "home",
    "\x1b[1~": "home",
    "\x1b[F": "end",
    "\x1bOF": "end",
    "\x1b[4~": "end",
    "\x1b": "escape",
    "\r": "enter",
    "\n": "enter",
    " ": "space",
}


class Closed(Exception):  # noqa: N818 - an end, not a failure
    """The terminal is gone."""


class Keyboard:
    """Keys as they are pressed, from the terminal behind a file descriptor."""

    def __init__(self, terminal: int) -> None:
        self._terminal = terminal
        self._waiting: deque[str] = deque()
        self._before = termios.tcgetattr(terminal)

    @contextlib.contextmanager
    def single_keys(self) -> Iterator[None]:
        """Each key at once and unseen until the block ends; Ctrl-C stays Ctrl-C.

        Ctrl-Z does nothing here: a stopped table would leave its screen behind.
        """
        tty.setcbreak(self._terminal, termios.TCSADRAIN)
        modes: list[Any] = termios.tcgetattr(self._terminal)
        modes[_CHARACTERS][termios.VSUSP] = b"\x00"
        termios.tcsetattr(self._terminal, termios.TCSADRAIN, modes)
        try:
            yield
        finally:
            termios.tcsetattr(self._terminal, termios.TCSADRAIN, self._before)

    @contextlib.contextmanager
    def as_before(self) -> Iterator[None]:
        """The terminal's own modes, for whoever asks a person for a line or a passphrase."""
        modes = termios.tcgetattr(self._terminal)
        termios.tcsetattr(self._terminal, termios.TCSADRAIN, self._before)
        try:
            yield
        finally:
            termios.tcsetattr(self._terminal, termios.TCSADRAIN, modes)

    def key(self, within_s: float) -> str | None:
        """The next key, a letter or a name such as `up`; None if none was pressed in time.

        Raises:
            Closed: there will be no more.
        """
        if not self._waiting and self._ready(within_s):
            self._waiting.extend(keys_of(self._read()))
        return self._waiting.popleft() if self._waiting else None

    def forget(self) -> None:
        """What was typed ahead was not meant for what comes now."""
        self._waiting.clear()
        termios.tcflush(self._terminal, termios.TCIFLUSH)

    def _ready(self, within_s: float) -> bool:
        return bool(select.select([self._terminal], [], [], within_s)[0])

    def _read(self) -> bytes:
        content = os.read(self._terminal, _MOST)
        if not content:
            raise Closed
        if content.endswith((b"\x1b", b"\x1b[", b"\x1bO")) and self._ready(_REST_S):
            content += os.read(self._terminal, _MOST)
        return content


def keys_of(content: bytes) -> list[str]:
    """The keys that some bytes are; what is no key of ours is left out."""
    pieces = _PIECE.findall(content.decode("utf-8", "ignore"))
    named = (_NAMES.get(piece, piece) for piece in pieces)
    return [key for key in named if key in _NAMES.values() or (len(key) == 1 and key.isprintable())]
