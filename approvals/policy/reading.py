"""A TOML table read key by key: what is wrong is noted, and so is what nobody asked for."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from approvals.policy.mistakes import Mistake, SeveralWrong, Wrong, shown
from approvals.policy.positions import Lines, Path

T = TypeVar("T")


@dataclass(slots=True)
class Notes:
    """The mistakes found so far; `line` says where a key stands."""

    source: str
    lines: Lines
    mistakes: list[Mistake] = field(default_factory=list)

    def note(self, path: Path, found: str, expected: str) -> None:
        """Add one mistake."""
        line = self.lines.line(path)
        self.mistakes.append(Mistake(self.source, line, _dotted(path), found, expected))


@dataclass(slots=True)
class Table:
    """One table of the file. Call `done` at the end: a key that nobody read is a mistake."""

    notes: Notes
    path: Path
    values: Mapping[str, Any]
    asked: list[str] = field(default_factory=list)

    def wrong(self, key: str | None, found: str, expected: str) -> None:
        """Note a mistake at a key of this table, or at the table itself."""
        self.notes.note(self.path if key is None else (*self.path, key), found, expected)

    def line(self) -> int:
        """Where the table begins."""
        return self.notes.lines.line(self.path)

    def read(self, key: str, parser: Callable[[Any], T], *, required: str = "") -> T | None:
        """The parsed value; None where it is absent or wrong. `required` says what is missing."""
        self.asked.append(key)
        if key not in self.values:
            if required:
                self.wrong(key, "nothing", required)
            return None
        value = self.values[key]
        try:
            return parser(value)
        except Wrong as error:
            wrong: tuple[Wrong, ...] = (error,)
        except SeveralWrong as error:
            wrong = error.each
        for each in wrong:
            self.wrong(key, each.found or shown(value), each.expected)
        return None

    def table(self, key: str) -> "Table | None":
        """The table below a key."""
        found = self.read(key, a_table)
        return None if found is None else Table(self.notes, (*self.path, key), found)

    def tables(self, key: str) -> list["Table"]:
        """The `[[tables]]` below a key."""
        found = self.read(key, an_array_of_tables)
        path = (*self.path, key)
        return [Table(self.notes, (*path, n), each) for n, each in enumerate(found or [])]

    def done(self) -> None:
        """Unknown keys are mistakes: a misspelt matcher must not widen a rule."""
        for key, value in self.values.items():
            if key not in self.asked:
                self.wrong(key, shown(value), f"no such key; known here: {', '.join(self.asked)}")


def a_table(value: Any) -> Mapping[str, Any]:
    """A table."""
    if not isinstance(value, dict):
        raise Wrong("a table")
    return value


def an_array_of_tables(value: Any) -> list[Mapping[str, Any]]:
    """`[[tables]]`."""
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise Wrong("tables in double brackets, such as [[rule]]")
    return value


def text(pattern: re.Pattern[str], expected: str) -> Callable[[Any], str]:
    """A parser for a string of one form."""

    def parse(value: Any) -> str:
        if type(value) is not str or not pattern.fullmatch(value):
            raise Wrong(expected)
        return value

    return parse


def whole_number(least: int, most: int) -> Callable[[Any], int]:
    """A parser for an exact integer: TOML's `true` and `1.0` are none."""

    def parse(value: Any) -> int:
        if type(value) is not int or not least <= value <= most:
            raise Wrong(f"a whole number from {least} to {most}")
        return value

    return parse


def one_of(*choices: str) -> Callable[[Any], str]:
    """A parser for one of a few words."""
    expected = " or ".join(f'"{choice}"' for choice in choices)

    def parse(value: Any) -> str:
        if type(value) is not str or value not in choices:
            raise Wrong(expected)
        return value

    return parse


def texts(value: Any) -> tuple[str, ...]:
    """A non-empty array of strings that are not blank."""
    if not isinstance(value, list) or not value:
        raise Wrong("an array of at least one string")
    for each in value:
        if type(each) is not str or not each.strip():
            raise Wrong("strings that are not blank", found=shown(each))
    return tuple(value)


def one_or_more(value: Any) -> tuple[str, ...]:
    """A string is one value, an array several."""
    if type(value) is str and value.strip():
        return (value,)
    if isinstance(value, list) and value:
        return texts(value)
    raise Wrong("a string, or an array of at least one")


def _dotted(path: Path) -> str:
    """`rule[2].when.to`, counting from 1."""
    parts = ""
    for step in path:
        if isinstance(step, int):
            parts += f"[{step + 1}]"
        else:
            parts += f".{step}" if parts else step
    return parts
