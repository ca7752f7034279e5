"""What the doctor finds: data, whoever prints or counts it."""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Level: TypeAlias = Literal["ok", "warning", "wrong"]

LEVELS: Final[tuple[Level, ...]] = ("ok", "warning", "wrong")


@dataclass(frozen=True, slots=True)
class Change:
    """A line as it should be, or a command to run.

    `where` names the file and the table that the line belongs into; "" for a command.
    """

    line: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    `name` stays the same over runs and versions, for monitoring; several checks may share one,
    as those of two nodes do. `sentence` is plain text with its full stop, and holds no secret.
    """

    name: str
    level: Level
    sentence: str
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """The checks of one subject, under the title that people read."""

    title: str
    checks: tuple[Check, ...]


def ok(name: str, sentence: str) -> Check:
    """As it should be."""
    return Check(name, "ok", sentence)


def warn(name: str, sentence: str, *changes: Change) -> Check:
    """It works, and may hurt later."""
    return Check(name, "warning", sentence, changes)


def wrong(name: str, sentence: str, *changes: Change) -> Check:
    """It does not work, or must not stay so."""
    return Check(name, "wrong", sentence, changes)
