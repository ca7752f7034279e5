"""What a command writes: tables and colors for a person, plain lines for a pipe, JSON."""

import json
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click

if TYPE_CHECKING:
    from rich.console import Console

REFUSED: Final = 1
UNREACHABLE: Final = 3

OTHER_VERSION: Final = (
    "The gateway is of another version than this command: run the `countersign` that serves it."
)


class Failure(click.ClickException):
    """What was asked did not happen: one plain sentence, and the exit status."""

    def __init__(self, sentence: str, status: int = REFUSED) -> None:
        super().__init__(sentence)
        self.exit_code = status  # type: ignore[misc]

    def show(self, file: Any = None) -> None:  # noqa: ARG002 - click's signature
        """The sentence, on stderr."""
        click.echo(self.message, err=True)


def fail(sentences: Iterable[str], status: int = REFUSED) -> NoReturn:
    """End with these sentences, a line each."""
    raise Failure("\n".join(sentences), status)


def on_terminal() -> bool:
    """Whether a person looks at stdout."""
    return sys.stdout.isatty()


def console() -> "Console":
    """A terminal to write tables on; never wider than what people read."""
    from rich.console import Console

    made = Console(highlight=False, markup=False, emoji=False)
    made.width = min(made.width, 100)
    return made


def print_lines(lines: str) -> None:
    """Lines for people: on a terminal broken between words, but never a command to be pasted."""
    for line in lines.split("\n"):
        if not on_terminal() or "countersign " in line:
            click.echo(line)
            continue
        from rich.text import Text

        console().print(Text(line))


def print_json(value: object) -> None:
    """One JSON document, for machines."""
    click.echo(json.dumps(value, indent=2))
