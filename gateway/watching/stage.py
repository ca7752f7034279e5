"""The terminal of the live table: a screen to paint on, single keys, and the way out and back."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from typing import Final

import click
from rich.console import Console, RenderableType
from rich.live import Live

from gateway.watching.keys import Keyboard

_USUAL: Final = (80, 24)
_LONG_S: Final = 60.0


class Stage:
    """Rich's alternate screen, which leaves what stood on the terminal before untouched."""

    def __init__(self) -> None:
        self.console = Console(highlight=False, markup=False, emoji=False)
        self._keyboard = Keyboard(sys.stdin.fileno())
        self._live = Live(
            console=self.console,
            screen=True,
            auto_refresh=False,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._painted: object = None

    @property
    def size(self) -> tuple[int, int]:
        """Columns and lines as they are now; a terminal that does not know has 80 and 24."""
        try:
            columns, lines = os.get_terminal_size(sys.stdout.fileno())
        except OSError:
            columns, lines = _USUAL
        return columns or _USUAL[0], lines or _USUAL[1]

    @contextlib.contextmanager
    def screen(self) -> Iterator[None]:
        """Single keys and a screen of our own until the block ends, however it ends."""
        with self._keyboard.single_keys():
            try:
                self._live.start()
                self._painted = None
                yield
            finally:
                self._live.stop()

    @contextlib.contextmanager
    def plain(self) -> Iterator[Callable[[], None]]:
        """The terminal as it was before, for questions and passphrases; back after a key.

        What it gives drops what was typed ahead.
        """
        self._live.stop()
        try:
            with self._keyboard.as_before():
                yield self._keyboard.forget
            self._keyboard.forget()
            click.echo("Press a key to go back to the table.")
            with contextlib.suppress(KeyboardInterrupt):
                while self._keyboard.key(_LONG_S) is None:
                    pass
        finally:
            self._live.start()
            self._painted = None
            self._keyboard.forget()

    def paint(self, what: object, draw: Callable[[], RenderableType]) -> None:
        """Show it, unless it is shown already: `what` is all that it is drawn from."""
        width, height = self.size
        if (what, width, height) == self._painted:
            return
        self.console.size = (width, height)
        self._live.update(draw(), refresh=True)
        self._painted = (what, width, height)

    def key(self, within_s: float) -> str | None:
        """The next key, or None in time; what is typed after it is another matter's."""
        return self._keyboard.key(within_s)

    def ring(self) -> None:
        """The terminal's bell."""
        self.console.bell()
