"""Where the demo speaks and asks: a terminal, a pipe, or nobody."""

import asyncio
import os
import select
import sys
from typing import Final

import click

from gateway.oncall.terminal import Failure
from gateway.simulate.attempts import Event
from gateway.simulate.page import describe
from notifiers.words.readable import visible

_LONGEST: Final = 200


class Screen:
    """The terminal or the pipe, where the node speaks while a question waits for its answer."""

    def __init__(self) -> None:
        self._question = ""
        self._said = b""
        self._descriptor = _stdin()
        self.is_terminal = self._descriptor is not None and os.isatty(self._descriptor)

    def is_deserted(self) -> bool:
        """Whether it is known already that nobody will say anything, as with `</dev/null`."""
        if self._descriptor is None:
            return True
        if self.is_terminal or not select.select([self._descriptor], [], [], 0)[0]:
            return False
        return not self._read(self._descriptor)

    def show(self, event: Event) -> None:
        """What the node did, on a line of its own; an open question is asked again below it."""
        newline = "\n" if self._question else ""
        click.echo(f"{newline}node    | {describe(event)}")
        click.echo(self._question, nl=False)

    async def ask(self, question: str) -> str | None:
        """The next line, without a thread that nobody could end; None where there is none.

        Raises:
            Failure: it was a terminal, and was closed.
        """
        self._question = question
        click.echo(question, nl=False)
        try:
            while not self._has_line() and await self._more():
                pass
        except asyncio.CancelledError:
            click.echo()
            raise
        finally:
            self._question = ""
        if not self._said:
            click.echo()
            if self.is_terminal:
                raise Failure("The terminal was closed before you answered.")
            return None
        line, _, self._said = self._said.partition(b"\n")
        text = line[:_LONGEST].decode(errors="replace")
        if not self.is_terminal:  # which shows what is typed by itself
            click.echo(visible(text, _LONGEST))
        return text

    def _has_line(self) -> bool:
        return b"\n" in self._said or len(self._said) > _LONGEST

    async def _more(self) -> bool:
        """Wait until there is more to read, and read it; False at the end."""
        if self._descriptor is None:
            return False
        loop = asyncio.get_running_loop()
        ready = asyncio.Event()
        try:
            loop.add_reader(self._descriptor, ready.set)
        except PermissionError:  # a file is always ready, and cannot be waited for
            return self._read(self._descriptor)
        try:
            await ready.wait()
        finally:
            loop.remove_reader(self._descriptor)
        return self._read(self._descriptor)

    def _read(self, descriptor: int) -> bool:
        content = os.read(descriptor, 4096)
        self._said += content
        return bool(content)


def _stdin() -> int | None:
    """Its descriptor; None where it is closed."""
    try:
        return sys.stdin.fileno()
    except (AttributeError, OSError, ValueError):
        return None
