"""Times as people type them: a span back from now, a day, or a moment in UTC."""

import contextlib
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import click

from gateway.clock import SYSTEM

_SPAN: Final = re.compile(r"([1-9][0-9]{0,5})([smhd])")
_MILLISECONDS: Final = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2})?)?")


def since_ms(text: str, now_ms: Callable[[], int] = SYSTEM.now_ms, *, name: str = "--since") -> int:
    """`90d`, `12h`, `2026-08-01` or `2026-08-01T14:02` (UTC) to Unix milliseconds.

    Raises:
        UsageError: it is none of these.
    """
    span = _SPAN.fullmatch(text)
    if span is not None:
        return now_ms() - int(span[1]) * _MILLISECONDS[span[2]]
    if _DAY.fullmatch(text):
        with contextlib.suppress(ValueError):
            return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)
    raise click.UsageError(f"{name} takes a time such as 90d or 12h, or a day such as 2026-08-01.")
