"""`audit verify`: whether the evidence is whole, as anybody can check who has the public key."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from approvals.audit.report import Report
from approvals.audit.verifying import OutsideHead, outside_heads, verify_audits
from approvals.wording import counted
from gateway.config.settings import Settings
from gateway.oncall.terminal import Failure, print_json
from keys.errors import KeyFileError
from keys.rsa import fingerprint, load_private_key, load_public_key
from notifiers.words.readable import visible
from notifiers.words.status import day_and_clock


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to verify: directories and files, texts with heads in them, keys that sign heads."""

    places: tuple[Path, ...]
    heads: tuple[Path, ...]
    keys: tuple[Path, ...]
    as_json: bool

    @property
    def needs_settings(self) -> bool:
        """Whether the configuration must say where the audit is, or whose key signs."""
        return not (self.places and self.keys)


def verify(settings: Settings | None, wanted: Wanted) -> None:
    """Check, print what was found.

    Raises:
        Failure: something is not as it was written, or cannot be read.
    """
    report = report_of(settings, wanted)
    if wanted.as_json:
        print_json(_document(report))
    else:
        for line in _summary(report):
            click.echo(line)
    if report.findings:
        raise Failure(_verdict(report))


def report_of(settings: Settings | None, wanted: Wanted) -> Report:
    """What was found.

    Raises:
        Failure: something cannot be read.
    """
    places = wanted.places
    if settings is not None and not places:
        places = (settings.data_dir / "audit",)
    try:
        keys = _keys(settings, wanted.keys)
        outside = [head for path in wanted.heads for head in _heads_in(path)]
        for place in places:
            place.stat()
        return verify_audits(places, keys, outside)
    except KeyFileError as error:
        raise Failure(f"{error}") from None
    except OSError as error:
        raise Failure(f"{error.filename} cannot be read: {error.strerror}.") from None


def _keys(settings: Settings | None, paths: Sequence[Path]) -> Mapping[str, RSAPublicKey]:
    keys = [load_public_key(path) for path in paths]
    if settings is not None:
        keys.append(load_private_key(settings.private_key).public_key())
    return {fingerprint(key): key for key in keys}


def _heads_in(path: Path) -> list[OutsideHead]:
    found = outside_heads(path.read_text("utf-8", errors="replace"), str(path))
    if not found:
        raise Failure(f"{path} holds no head of an audit: is it the right file?")
    return found


def _summary(report: Report) -> list[str]:
    counts = report.counts
    lines = [visible(finding, 1_000) for finding in report.findings]
    if report.more:
        lines.append(f"and {report.more:,} more.")
    lines += [f"Note: {visible(note, 1_000)}" for note in report.notes]
    lines.append(
        f"{counted(counts['chains'], 'chain')}, {counted(counts['files'], 'file')},"
        f" {counts['entries']:,} entries{_period(report)}"
    )
    lines.append(
        f"{counted(counts['requests'], 'request')}, {counted(counts['votes'], 'vote')}"
        f"{_of_those(counts['overrides'], 'override')}, {counted(counts['answers'], 'answer')},"
        f" {counted(counts['freezes'], 'freeze')};"
        f" {counted(counts['signatures'], 'SSH signature')} checked"
    )
    lines.append(
        f"{counted(counts['heads'], 'signed head')} checked in the audit,"
        f" {counts['heads_outside']:,} from outside"
    )
    if not report.findings:
        lines.append("The audit is whole.")
    return lines


def _of_those(number: int, what: str) -> str:
    return f" ({counted(number, what)})" if number else ""


def _verdict(report: Report) -> str:
    number = len(report.findings) + report.more
    return f"The audit is not whole: {counted(number, 'finding')}. Keep it as it is."


def _period(report: Report) -> str:
    if report.began is None or report.ended is None:
        return ""
    return f", {day_and_clock(report.began)} to {day_and_clock(report.ended)}"


def _document(report: Report) -> dict[str, Any]:
    return {
        "whole": not report.findings,
        "findings": report.findings,
        "more": report.more,
        "notes": report.notes,
        **{name: report.counts[name] for name in _COUNTED},
        "began": report.began,
        "ended": report.ended,
    }


_COUNTED = (
    "chains",
    "files",
    "entries",
    "requests",
    "votes",
    "overrides",
    "answers",
    "freezes",
    "signatures",
    "heads",
    "heads_outside",
)
