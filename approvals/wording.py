"""Small words for people: one thing and several, sentences in a row, a moment."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

_LAST_MOMENT: Final = 253_402_300_799
"""The end of the year 9999, in seconds."""


def counted(number: int, one: str, many: str | None = None) -> str:
    """`1 rule`, `2 rules`, `1,000 rules`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def in_seconds(milliseconds: int) -> str:
    """`55`, `0.5`: as a configuration writes seconds."""
    return f"{milliseconds / 1000:.3f}".rstrip("0").rstrip(".")


def in_a_row(sentences: Sequence[str]) -> str:
    """Sentences as one: only the last keeps its full stop."""
    return "; ".join([*(each.removesuffix(".") for each in sentences[:-1]), *sentences[-1:]])


def moment(seconds: int) -> str:
    """A time of a blockchain's, in seconds since 1970, as `2026-10-01 12:00:00 UTC`."""
    if seconds > _LAST_MOMENT:
        return "the end of time"
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
