"""How the doctor's findings look: on a terminal, in a pipe, as JSON."""

import shutil
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import click

from approvals.plain import plain
from approvals.wording import counted
from gateway.doctor.check import LEVELS, Change, Check, Level, Section
from gateway.oncall.terminal import on_terminal
from notifiers.words.readable import visible

_MARKS: Final[dict[Level, tuple[str, str]]] = {
    "ok": ("✓", "green"),
    "warning": ("!", "yellow"),
    "wrong": ("✗", "red"),
}
_WIDEST: Final = 80
_NARROWEST: Final = 40
_LONGEST: Final = 2_000


def print_sections(sections: Sequence[Section]) -> None:
    """A line for each check, in 80 columns on a terminal; in a pipe each is whole."""
    screen = on_terminal()
    for section in sections:
        click.echo(click.style(section.title, bold=True) if screen else section.title)
        for check in section.checks:
            for line in _on_screen(check) if screen else _in_pipe(check):
                click.echo(line)
    click.echo(summary(sections))


def summary(sections: Sequence[Section]) -> str:
    """The last line: `31 checks: 28 ok, 2 warnings, 1 wrong`."""
    counts = count(sections)
    return (
        f"{counted(sum(counts.values()), 'check')}: {counts['ok']} ok,"
        f" {counted(counts['warning'], 'warning')}, {counts['wrong']} wrong."
    )


def count(sections: Sequence[Section]) -> dict[Level, int]:
    """How many checks of each level."""
    levels = [check.level for section in sections for check in section.checks]
    return {level: levels.count(level) for level in LEVELS}


def document(sections: Sequence[Section], *, good: bool) -> dict[str, Any]:
    """For machines; `ok` is what the exit status says."""
    checks = [
        {"section": section.title, **plain(check)}
        for section in sections
        for check in section.checks
    ]
    return {"ok": good, "counts": count(sections), "checks": checks}


def _on_screen(check: Check) -> Iterator[str]:
    mark, color = _MARKS[check.level]
    width = max(_NARROWEST, min(_WIDEST, shutil.get_terminal_size().columns))
    text = textwrap.wrap(
        _shown(check.sentence),
        width - 4,
        break_long_words=False,
        break_on_hyphens=False,
    )
    for number, line in enumerate(text):
        yield f"  {click.style(mark, fg=color, bold=True)} {line}" if number == 0 else f"    {line}"
    yield from _changes(check.changes, "      ")


def _in_pipe(check: Check) -> Iterator[str]:
    yield f"  {check.level:<8}{_shown(check.sentence)}"
    yield from _changes(check.changes, " " * 10)


def _changes(changes: Sequence[Change], indent: str) -> Iterator[str]:
    """Never broken, for they are there to be copied; those of one place below its name."""
    place = ""
    for change in changes:
        if not change.where:
            yield f"{indent}change: {_shown(change.line)}"
        elif change.where != place:
            yield f"{indent}change: {_shown(change.where)}"
        place = change.where
        if place:
            inner = " " * (len(change.line) - len(change.line.lstrip(" ")))  # YAML means it
            yield f"{indent}  {inner}{_shown(change.line)}"


def _shown(text: str) -> str:
    """What stands in the folder that we are in, by its short name: it is right there as well."""
    return visible(text, _LONGEST).replace(f"{Path.cwd()}/", "")
