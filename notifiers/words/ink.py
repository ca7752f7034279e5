"""How a place writes names, reasons and times."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from notifiers.words.readable import visible


def clock(milliseconds: int) -> str:
    """`14:02 UTC`."""
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%H:%M} UTC"


@dataclass(frozen=True, slots=True)
class Ink:
    """Slack escapes, and shows the reader's zone; elsewhere it is text and UTC."""

    text: Callable[[str], str] = visible
    time: Callable[[int], str] = clock


PLAIN: Final = Ink()
