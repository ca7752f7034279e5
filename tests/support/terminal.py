"""A terminal that a program runs in: what a person would see, and the keys that they press."""

import contextlib
import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from typing import Any

import pyte

WITHIN_S = 15.0

_PROLOGUE = """
import fcntl, signal, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
signal.signal(signal.SIGINT, signal.default_int_handler)
from gateway.cli.main import main
main(prog_name="countersign")
"""


class _Seen(pyte.Screen):
    """Counts the bells."""

    bells = 0

    def bell(self, *_: Any) -> None:
        self.bells += 1


class Terminal:
    """A pseudo-terminal with a screen; everything that was written to it is in `raw`."""

    def __init__(
        self, process: "subprocess.Popen[bytes]", master: int, size: tuple[int, int], modes: Any
    ) -> None:
        self.process = process
        self.raw = b""
        self._master = master
        self._screen = _Seen(*size)
        self._stream = pyte.ByteStream(self._screen)
        self._modes = modes

    @property
    def lines(self) -> list[str]:
        """The lines of the screen as they are now."""
        self._take(0.0)
        return [line.rstrip() for line in self._screen.display]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def bells(self) -> int:
        self._take(0.0)
        return self._screen.bells

    def shows(self, *texts: str) -> str:
        """Wait until all of these are on the screen at once; the screen."""
        until = time.monotonic() + WITHIN_S
        while not all(text in self.text for text in texts):
            assert time.monotonic() < until, f"{texts} not on\n{self.text}"
            self._take(0.05)
        return self.text

    def without(self, text: str) -> str:
        """Wait until this is not on the screen any more; the screen."""
        until = time.monotonic() + WITHIN_S
        while text in self.text:
            assert time.monotonic() < until, f"{text} still on\n{self.text}"
            self._take(0.05)
        return self.text

    def press(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def resize(self, columns: int, lines: int) -> None:
        _set_size(self._master, columns, lines)
        self._screen.resize(lines, columns)

    def ends(self) -> int:
        """Wait for the program's end; its exit status."""
        until = time.monotonic() + WITHIN_S
        while self.process.poll() is None:
            assert time.monotonic() < until, f"it goes on:\n{self.text}"
            self._take(0.02)
        self._take(0.0)
        return self.process.returncode

    @property
    def as_it_was(self) -> bool:
        """Whether the terminal's modes are those from before the program."""
        return bool(termios.tcgetattr(self._master) == self._modes)

    def _take(self, within_s: float) -> None:
        with contextlib.suppress(OSError):  # nobody holds the other end any more
            while select.select([self._master], [], [], within_s)[0]:
                content = os.read(self._master, 65_536)
                self.raw += content
                self._stream.feed(content)
                within_s = 0.0


@contextlib.contextmanager
def terminal(*words: object, size: tuple[int, int] = (80, 24), **env: str) -> Iterator[Terminal]:
    """`countersign` with these words, in a terminal of so many columns and lines."""
    master, slave = pty.openpty()
    _set_size(master, *size)
    usual = {key: value for key, value in os.environ.items() if key not in {"COLUMNS", "LINES"}}
    modes = termios.tcgetattr(master)
    process = subprocess.Popen(
        [sys.executable, "-c", _PROLOGUE, *map(str, words)],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=usual | {"TERM": "xterm-256color"} | env,
        start_new_session=True,
    )
    try:
        yield Terminal(process, master, size, modes)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        os.close(master)
        os.close(slave)


def _set_size(master: int, columns: int, lines: int) -> None:
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
