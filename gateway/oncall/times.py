"""Times as people type them, or copy them: a span back from now, a day, or a moment."""

import contextlib
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import click

from gateway.clock import SYSTEM

_SPAN: Final = re.compile(r"([1-9][0-9]{0,5})([smhdw])")
_MILLISECONDS: Final = {
    "s": 1_000,
    "m": 60_000,
    "h": 3_600_000,
    "d": 86_400_000,
    "w": 604_800_000,
}
_DAY: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CLOCK: Final = r"[0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{3})?)?"
_MOMENT: Final = re.compile(rf"{_DAY}([T ]{_CLOCK}(Z| UTC|[+-][0-9]{{2}}:[0-9]{{2}})?)?")


def since_ms(text: str, now_ms: Callable[[], int] = SYSTEM.now_ms, *, name: str = "--since") -> int:
    """`90d`, `12h`, `2026-08-01` or `2026-08-01T14:02` to Unix milliseconds.

    A moment may have seconds and an offset, as in logs (RFC 3339), or ` UTC`, as on our pages;
    without an offset it is UTC.

    Raises:
        UsageError: it is none of these.
    """
    span = _SPAN.fullmatch(text)
    if span is not None:
        return now_ms() - int(span[1]) * _MILLISECONDS[span[2]]
    if _MOMENT.fullmatch(text):
        with contextlib.suppress(ValueError, OverflowError):
            moment = datetime.fromisoformat(text.removesuffix(" UTC"))
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            return round(moment.timestamp() * 1000)
    raise click.UsageError(
        f"{name} takes a time such as 90d or 12h, a day such as 2026-08-01, or a moment such as"
        " 2026-08-01T14:02 (UTC)."
    )
