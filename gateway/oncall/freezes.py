"""What is frozen, as the desk says it, on a terminal: loud, and before anything else."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import click

from gateway.oncall.terminal import OTHER_VERSION, Failure, console, on_terminal
from notifiers.words.readable import visible

if TYPE_CHECKING:
    from rich.console import RenderableType

_LONGEST: Final = 1_500
"""Of a line with a reason in it, which may have a thousand characters."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One freeze that stands, since `at` (Unix ms). `machine` is the desk's own document of it."""

    id: str
    scope: str
    headline: str
    details: tuple[str, ...]
    wanted: str
    at: int
    machine: dict[str, Any]


def standing_of(answer: dict[str, Any]) -> tuple[Standing, ...]:
    """The freezes of an answer of the desk, oldest first.

    Raises:
        Failure: it is none.
    """
    try:
        return tuple(
            Standing(
                id=visible(entry["id"]),
                scope=visible(entry["scope"]),
                headline=visible(entry["headline"]),
                details=tuple(visible(line, _LONGEST) for line in entry["details"]),
                wanted=visible(entry["wanted"]),
                at=int(entry["at"]),
                machine=entry,
            )
            for entry in answer["freezes"]
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Failure(OTHER_VERSION) from None


def print_freezes(standing: tuple[Standing, ...], *, in_columns: bool) -> None:
    """Red for a person; for a pipe plain lines, or a line each in the columns of `list`."""
    if on_terminal():
        out = console()
        for part in painted_freezes(standing):
            out.print(part, crop=False)
        return
    for each in standing:
        if in_columns:
            why = each.details[0] if each.details else ""
            click.echo(f"freeze {each.id}\tfrozen\t{each.wanted}\t{each.headline}\t{why}")
            continue
        click.echo(each.headline)
        for line in (*each.details, each.wanted):
            click.echo(f"  {line}")
        click.echo()


def painted_freezes(standing: tuple[Standing, ...]) -> Iterator["RenderableType"]:
    """A command is never broken into lines: it is there to be pasted."""
    from rich.padding import Padding
    from rich.text import Text

    for each in standing:
        yield Text(each.headline, style="bold white on red")
        for line in each.details:
            yield Padding(Text(line), (0, 0, 0, 2))
        yield Text(f"  {each.wanted}", no_wrap=True, overflow="ignore")
        yield Text()
