"""`audit show`: the whole story of a request, or of a freeze, from all chains of the audit."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, TypeAlias

import click

from approvals.audit import AuditUnreadable
from approvals.audit.lines import readable
from approvals.audit.reading import read_lines
from approvals.freezes.store import FREEZE_MEMBER
from gateway.config.settings import Settings
from gateway.evidence.lines import told
from gateway.oncall.terminal import Failure, print_json

Line: TypeAlias = dict[str, Any]

_SHORTEST_PREFIX: Final = 6
_FREEZE: Final = re.compile(r"[1-9][0-9]{0,14}-[0-9a-f]{4}", re.ASCII)
_FROZEN_BY: Final = re.compile(rf"\(freeze ({_FREEZE.pattern})\)", re.ASCII)


def show(settings: Settings, wanted: str, *, as_json: bool) -> None:
    """Every line about it, by time.

    `wanted` is a request, a member or a digest, or how one of them begins; the id of a freeze; or
    `freeze` for all of them.
    """
    directory = settings.data_dir / "audit"
    try:
        lines = sorted(_story(directory, wanted), key=lambda line: int(line["at"]))
    except OSError as error:
        raise Failure(f"{directory} cannot be read: {error.strerror}.") from None
    except AuditUnreadable as error:
        raise Failure(f"{error} Keep it, and find out why: `countersign audit verify`.") from None
    if not lines:
        raise Failure(f"The audit under {directory} holds nothing about {wanted}.")
    if as_json:
        print_json([readable(line) for line in lines])
        return
    for line in lines:
        for text in told(line, settings.policy):
            click.echo(text)


def _story(directory: Path, wanted: str) -> Iterator[Line]:
    if wanted == FREEZE_MEMBER:
        yield from _lines(directory, "freeze", lambda line: line.get("event") == "freeze_changed")
    elif _FREEZE.fullmatch(wanted):
        yield from _of_freeze(directory, wanted)
    freezes = set()
    for line in _lines(directory, wanted.rpartition("/")[2], lambda line: _means(line, wanted)):
        freezes |= _frozen_by(line)
        yield line
    for freeze in sorted(freezes):
        first = sorted(_of_freeze(directory, freeze), key=lambda line: int(line["at"]))[:1]
        yield from first


def _lines(directory: Path, holding: str, wanted: Callable[[Line], bool]) -> Iterator[Line]:
    return (line for line in read_lines(directory, holding=holding) if wanted(line))


def _of_freeze(directory: Path, freeze: str) -> Iterator[Line]:
    """What changed about one freeze, in each chain: it stands in every record until it ends."""
    known: dict[str, tuple[object, ...]] = {}
    for line in read_lines(directory, holding=freeze):
        if line.get("event") == "freeze_changed" or line.get("standing") is not None:
            now = _state(line, freeze)
            before = known.get(line["chain"], ())
            known[line["chain"]] = now
            if now != before or _is_about(line.get("vote"), freeze):
                yield line


def _state(line: Line, freeze: str) -> tuple[object, ...]:
    """Empty where it does not stand; else who wants to end it."""
    try:
        record = line.get("record") or line["standing"]
        if all(kept["id"] != freeze for kept in record["freezes"]):
            return ()
        return (freeze, *(vote["person"] for vote in record["thaws"] if vote["freeze"] == freeze))
    except (KeyError, TypeError):
        return ("not as we write it", line["line"])


def _is_about(vote: Any, freeze: str) -> bool:
    return isinstance(vote, dict) and vote.get("freeze") == freeze


def _frozen_by(line: Line) -> set[str]:
    """The freeze that a request was refused by, as its final sentence names it."""
    try:
        final = line["approval"]["final"]
        return set(_FROZEN_BY.findall(final["sentence"])) if final["cause"] == "frozen" else set()
    except (KeyError, TypeError):
        return set()


def _means(line: Line, wanted: str) -> bool:
    names = _names(line)
    if len(wanted) < _SHORTEST_PREFIX:
        return wanted in names
    return any(name.startswith(wanted) for name in names)


def _names(line: Line) -> list[str]:
    approval = line.get("approval") or line
    node, request_id = approval.get("node"), approval.get("request_id")
    names = [request_id, f"{node}/{request_id}", approval.get("digest"), line.get("member")]
    return [name for name in names if type(name) is str]
