"""`audit export`: what the audit holds of a time, as JSON lines for auditors."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click

from approvals.audit import AuditUnreadable
from approvals.audit.lines import readable
from approvals.audit.reading import read_lines
from approvals.wording import counted
from gateway.config.settings import Settings
from gateway.evidence.verify import Wanted, report_of
from gateway.oncall.terminal import Failure

_TIMES: Final = frozenset(
    {"at", "asked_at", "deadline", "answer_until", "began", "ended", "old", "new"}
)

_YEAR_9999: Final = 253_370_764_800_000


def export(settings: Settings, places: tuple[Path, ...], since: int, until: int | None) -> None:
    """Print every entry written at or after `since` and before `until` (Unix milliseconds).

    `places` are directories and files that are read together; none: the audit of this data_dir.

    Raises:
        Failure: the audit is not whole, or cannot be read; what could be read was printed.
    """
    places, written = places or (settings.data_dir / "audit",), 0
    try:
        for line in read_lines(*places, since=since):
            if line["at"] >= since and (until is None or line["at"] < until):
                click.echo(json.dumps(_for_auditors(readable(line))))
                written += 1
    except AuditUnreadable as error:
        raise Failure(f"{error} {counted(written, 'line')} were written before it.") from None
    except OSError as error:
        raise Failure(f"{error.filename} cannot be read: {error.strerror}.") from None
    report = report_of(settings, Wanted(places, (), (), as_json=False))
    number = len(report.findings) + report.more
    found = counted(number, "finding")
    whole = f"The audit is NOT whole: {found}." if number else "The audit is whole."
    click.echo(f"{counted(written, 'line')} written. {whole}", err=True)
    if number:
        raise Failure("`countersign audit verify` says what is wrong.")


def _for_auditors(value: Any) -> Any:
    """The same with each time also as ISO 8601, beside it."""
    if isinstance(value, list):
        return [_for_auditors(item) for item in value]
    if not isinstance(value, dict):
        return value
    return dict(_with_times(value))


def _with_times(document: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in document.items():
        yield name, _for_auditors(value)
        if name in _TIMES and type(value) is int and 0 <= value < _YEAR_9999:
            moment = datetime.fromtimestamp(value / 1000, UTC)
            yield f"{name}_iso", moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
