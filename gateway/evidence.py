"""`audit show`: one request's whole story, in order, from all chains of the audit."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click

from approvals.audit import AuditUnreadable
from approvals.audit.lines import readable
from approvals.audit.reading import read_lines
from gateway.evidence_lines import told
from gateway.settings import Settings
from gateway.terminal import Failure, print_json

_SHORTEST_PREFIX: Final = 6


def show(settings: Settings, wanted: str, *, as_json: bool) -> None:
    """Every line whose request, member or digest begins so, by time."""
    directory = settings.data_dir / "audit"
    lines = sorted(_about(directory, wanted), key=lambda line: int(line["at"]))
    if not lines:
        raise Failure(f"The audit under {directory} holds nothing about {wanted}.")
    if as_json:
        print_json([readable(line) for line in lines])
        return
    for line in lines:
        for text in told(line, settings.policy):
            click.echo(text)


def _about(directory: Path, wanted: str) -> Iterator[dict[str, Any]]:
    try:
        for line in read_lines(directory, holding=wanted.rpartition("/")[2]):
            if _means(line, wanted):
                yield line
    except OSError as error:
        raise Failure(f"{directory} cannot be read: {error.strerror}.") from None
    except AuditUnreadable as error:
        raise Failure(f"{error} Keep it, and find out why: `countersign audit verify`.") from None


def _means(line: dict[str, Any], wanted: str) -> bool:
    names = _names(line)
    if len(wanted) < _SHORTEST_PREFIX:
        return wanted in names
    return any(name.startswith(wanted) for name in names)


def _names(line: dict[str, Any]) -> list[str]:
    approval = line.get("approval") or line
    node, request_id = approval.get("node"), approval.get("request_id")
    names = [request_id, f"{node}/{request_id}", approval.get("digest"), line.get("member")]
    return [name for name in names if type(name) is str]
