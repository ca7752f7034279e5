"""`audit show`: the audit's lines about one request."""

from typing import Any, Final

import click

from approvals.audit.reading import read_lines
from gateway.settings import Settings
from gateway.terminal import Failure, print_json
from notifiers.readable import visible
from notifiers.status import day_and_clock

_SHORTEST_PREFIX: Final = 6
_TOLD: Final = ("person", "cause", "via", "reason", "what", "detail", "sentence")


def show(settings: Settings, wanted: str, *, as_json: bool) -> None:
    """Every line whose request, member or digest begins so, in order."""
    directory = settings.data_dir / "audit"
    try:
        lines = [line for line in read_lines(directory) if _means(line, wanted)]
    except OSError as error:
        raise Failure(f"{directory} cannot be read: {error.strerror}.") from None
    except ValueError:
        raise Failure(f"A line under {directory} is damaged: keep it, and find out why.") from None
    if not lines:
        raise Failure(f"The audit under {directory} holds nothing about {wanted}.")
    if as_json:
        print_json(lines)
        return
    for line in sorted(lines, key=lambda line: int(line.get("at", 0))):
        click.echo(_told(line))


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


def _told(line: dict[str, Any]) -> str:
    parts = [day_and_clock(int(line.get("at", 0))), str(line.get("event"))]
    vote, approval = line.get("vote"), line.get("approval") or {}
    if vote:
        parts.append(f"{vote['person']} {vote['choice']}: {vote['reason']}")
    parts += [f"{key} {line[key]}" for key in _TOLD if type(line.get(key)) is str]
    final = approval.get("final")
    if final and not vote:
        parts.append(f"{final['outcome']} {final['sentence']}")
    if approval.get("digest"):
        parts.append(f"digest {approval['digest'][:16]}")
    return "  ".join(visible(part, 400) for part in parts if part)
