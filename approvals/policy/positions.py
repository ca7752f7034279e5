"""Which line a key of a TOML file stands on: `tomllib` does not say."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

Path: TypeAlias = tuple[str | int, ...]
"""Keys from the root; the n-th table of an array is `("rule", n)`."""

_KEY: Final = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'""")
_STRINGS: Final = ('"""', "'''", '"', "'")


@dataclass(frozen=True, slots=True)
class Lines:
    """Line numbers, from 1, by path."""

    by_path: Mapping[Path, int]

    def line(self, path: Path) -> int:
        """The line of the key, or of the nearest table around it."""
        for end in range(len(path), 0, -1):
            found = self.by_path.get(path[:end])
            if found is not None:
                return found
        return 1


def find_lines(text: str) -> Lines:
    """Where the keys of a file stand that `tomllib` has accepted; of others, wherever that is."""
    scan = _Scan(text)
    scan.run()
    return Lines(scan.lines)


class _Scan:
    """One walk over the statements of a valid TOML text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.number = 1
        self.table: Path = ()
        self.counts: dict[Path, int] = {}
        self.lines: dict[Path, int] = {}

    def run(self) -> None:
        while self.at < len(self.text):
            char = self.text[self.at]
            if char == "[":
                self.header()
            elif char == "#":
                self.to_end_of_line()
            elif _KEY.match(self.text, self.at):
                self.assignment()
            else:
                self.step(1)

    def header(self) -> None:
        """`[table]` opens a table, `[[table]]` the next one of an array."""
        array = self.text.startswith("[[", self.at)
        self.step(2 if array else 1)
        keys = self.keys()
        path = self.resolved(keys)
        if array:
            self.counts[path] = self.counts.get(path, -1) + 1
            self.lines.setdefault(path, self.number)
            path = (*path, self.counts[path])
        self.table = path
        self.lines.setdefault(path, self.number)
        self.to_end_of_line()

    def resolved(self, keys: Path) -> Path:
        """The path of a header's keys: inside an array of tables, its latest table is meant."""
        path: Path = ()
        for key in keys[:-1]:
            path = (*path, key)
            if path in self.counts:
                path = (*path, self.counts[path])
        return (*path, *keys[-1:])

    def assignment(self) -> None:
        keys = self.keys()
        for end in range(1, len(keys) + 1):
            self.lines.setdefault((*self.table, *keys[:end]), self.number)
        self.value()

    def keys(self) -> Path:
        """A dotted key; stops before the `=` or `]` behind it."""
        keys: list[str] = []
        while True:
            self.blanks()
            match = _KEY.match(self.text, self.at)
            if match is None:
                return tuple(keys)
            keys.append(_unquoted(match[0]))
            self.step(len(match[0]))
            self.blanks()
            if not self.text.startswith(".", self.at):
                return tuple(keys)
            self.step(1)

    def value(self) -> None:
        """Walk to the line's end, or further where a bracket or a long string stays open."""
        depth = 0
        while self.at < len(self.text):
            char = self.text[self.at]
            if char == "\n" and depth == 0:
                return
            if char == "#":
                self.to_end_of_line()
            elif char in "\"'":
                self.string()
            else:
                depth += (char in "[{") - (char in "]}")
                self.step(1)

    def string(self) -> None:
        quote = next(q for q in _STRINGS if self.text.startswith(q, self.at))
        self.step(len(quote))
        while self.at < len(self.text) and not self.text.startswith(quote, self.at):
            self.step(2 if quote[0] == '"' and self.text[self.at] == "\\" else 1)
        self.step(len(quote))
        while len(quote) > 1 and self.text.startswith(quote[0], self.at):
            self.step(1)  # a long string may end in one or two quotes of its own

    def blanks(self) -> None:
        while self.text[self.at : self.at + 1] in (" ", "\t"):
            self.step(1)

    def to_end_of_line(self) -> None:
        end = self.text.find("\n", self.at)
        self.at = len(self.text) if end < 0 else end

    def step(self, count: int) -> None:
        self.number += self.text.count("\n", self.at, self.at + count)
        self.at += count


def _unquoted(key: str) -> str:
    if key[0] not in "\"'":
        return key
    try:
        (name,) = tomllib.loads(f"{key} = 0")
    except tomllib.TOMLDecodeError:
        return key
    return str(name)
