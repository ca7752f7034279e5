"""Who looks on while many requests are asked: a bar for a person, lines for a pipe."""

from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import click

from gateway.oncall.terminal import console, on_terminal
from gateway.simulate.page import one_of_many
from gateway.simulate.tally import Played

if TYPE_CHECKING:
    from rich.progress import Progress


class Onlooker:
    """A bar of `total` requests; `lines`: also a line for each that ended; `quiet`: nothing."""

    def __init__(self, total: int, *, lines: bool, quiet: bool) -> None:
        self._total = total
        self._lines = lines and not quiet
        self._bar: Progress | None = _bar() if on_terminal() and not quiet else None
        self._task: Any = None
        self._began = self._ended = 0

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
            self._task = self._bar.add_task("", total=self._total, open=0)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def began(self) -> None:
        """A request is asked from here on."""
        self._began += 1
        self._show()

    def ended(self, played: Played) -> None:
        """It came to its end."""
        self._ended += 1
        self._show()
        if self._lines and self._bar is not None:
            self._bar.console.print(one_of_many(played), markup=False, highlight=False)
        elif self._lines:
            click.echo(one_of_many(played))

    def _show(self) -> None:
        if self._bar is not None:
            waiting = self._began - self._ended
            self._bar.update(self._task, completed=self._ended, open=waiting)


def _bar() -> "Progress":
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    return Progress(
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TextColumn("ended, {task.fields[open]} open; Ctrl-C ends it"),
        TimeElapsedColumn(),
        console=console(),
        transient=True,
    )
