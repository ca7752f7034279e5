"""The one error door of a policy file: every mistake at once, each with its line."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing wrong with a policy file: where, what stands there, what was expected."""

    file: str
    line: int
    key: str
    found: str
    expected: str

    @property
    def sentence(self) -> str:
        """One line for people, in the form that editors and compilers know."""
        where = f"{self.file}:{self.line}: "
        key = f"{printable(self.key)}: " if self.key else ""
        return f"{where}{key}found {self.found}; expected {self.expected}"


class PolicyError(Exception):
    """A policy that is refused. `mistakes` holds them all, in the order of their lines."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(sorted(mistakes, key=lambda mistake: mistake.line))
        super().__init__("\n".join(mistake.sentence for mistake in self.mistakes))


def shown(value: object) -> str:
    """What stands in the file, short enough for one line and with nothing unprintable."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return _quoted(value)
        case list():
            return f"an array of {len(value)}" if value else "an empty array"
        case dict():
            return "a table"
        case _:
            return "nothing" if value is None else _clipped(str(value))


def _quoted(text: str) -> str:
    return f'"{_clipped(printable(text))}"'


def printable(text: str) -> str:
    """The text with a mark in place of whatever a terminal might obey."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _clipped(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


class Wrong(Exception):  # noqa: N818 - caught where the key is known, and noted as a Mistake
    """A value that is not what its key holds. `found`: where the whole value says too little."""

    def __init__(self, expected: str, *, found: str | None = None) -> None:
        super().__init__(expected)
        self.expected = expected
        self.found = found


class SeveralWrong(Exception):  # noqa: N818 - the same, for an array with more than one bad item
    """Values below one key that are not what it holds."""

    def __init__(self, each: Sequence[Wrong]) -> None:
        super().__init__("; ".join(wrong.expected for wrong in each))
        self.each = tuple(each)
