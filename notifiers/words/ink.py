"""How a place writes names, reasons and times."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from approvals.model import Approval
from notifiers.words.readable import visible

_LONG_MS: Final = 12 * 3_600_000
"""From here on a clock alone could mean another day, or a time that is over."""


def clock(milliseconds: int) -> str:
    """`14:02 UTC`."""
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%H:%M} UTC"


def day(milliseconds: int) -> str:
    """`2026-11-22 14:02 UTC`."""
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%d %H:%M} UTC"


@dataclass(frozen=True, slots=True)
class Ink:
    """Slack escapes, and shows the reader's zone; elsewhere it is text and UTC."""

    text: Callable[[str], str] = visible
    time: Callable[[int], str] = clock
    day: Callable[[int], str] = day


PLAIN: Final = Ink()


def deadline(approval: Approval, ink: Ink) -> str:
    """When it must be decided; with the day where people have long."""
    long = approval.deadline - approval.asked_at >= _LONG_MS
    return (ink.day if long else ink.time)(approval.deadline)
