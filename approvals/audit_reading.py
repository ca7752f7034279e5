"""The audit read back: every whole line of its files, and what a new process remembers of it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, TypeAlias

from approvals.acquaintance import destinations_from_plain
from approvals.codec import final_from_plain, request_from_plain, vote_from_plain
from approvals.findings import Address
from approvals.freeze_store import freeze_from_plain
from approvals.memory import Memory
from approvals.model import Choice, Outcome
from approvals.recent import Recent
from approvals.strict_json import BadJson, check_depth

_MANY_BRACKETS: Final = 1_000
"""So many may stand inside each other and be read; of more it is looked at whether they do."""

ASKED_KEPT: Final = 50_000
"""Of the requests read last: an answer to an older one is not matched with what it was asked."""

_Paying: TypeAlias = tuple[str | None, tuple[Address, ...]]


class AuditUnreadable(Exception):  # noqa: N818 - a state of the file, not a mistake of ours
    """A whole line is not as we wrote it. What it recorded may not be forgotten in silence."""


def read_lines(directory: Path, *, since: int = 0) -> Iterator[dict[str, Any]]:
    """Every readable line of every file last written at or after `since` (Unix ms), in order."""
    for path in files(directory, since=since):
        with path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if line.endswith(b"\n"):
                    yield {**document_of(line, path, number), "file": path.name}


def files(directory: Path, *, since: int = 0) -> list[Path]:
    """The files last written at or after `since` (Unix ms), in the order they were begun.

    A torn last line of a file is what a crash leaves: it was never spoken from, and whoever reads
    passes it over.
    """
    if not directory.is_dir():
        return []
    paths = directory.glob("*.jsonl")
    return sorted(path for path in paths if path.stat().st_mtime * 1000 >= since)


def document_of(line: bytes, path: Path, number: int) -> dict[str, Any]:
    """A whole line, read; AuditUnreadable if it is not as we wrote it."""
    try:
        text = line.decode()
        if text.count("[") + text.count("{") > _MANY_BRACKETS:
            check_depth(text)
        document = json.loads(text)
    except (BadJson, ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise AuditUnreadable(f"{path}, line {number} is not JSON of ours: was it edited?")
    return document


def remember(directory: Path, memory: Memory, *, since: int) -> int:
    """Load what it keeps into `memory`; returns how many lines were read."""
    count = 0
    asked: Recent[str, _Paying] = Recent(ASKED_KEPT)
    for document in read_lines(directory, since=since):
        count += 1
        if document["event"] == "freeze_changed":
            memory.learn_freezes(freeze_from_plain(document["record"]))
        approval = document.get("approval")
        if approval is None:
            continue
        if "request" in document and not approval["conflict"]:
            memory.learn_content(request_from_plain(document["request"]))
        memory.set_revision(approval["digest"], approval["revision"])
        if approval["final"] is None:
            memory.learn_deadline(approval["digest"], approval["deadline"])
        else:
            memory.learn_final(approval["digest"], final_from_plain(dict(approval["final"])))
        for vote in approval["votes"]:
            if vote["choice"] == Choice.REJECT:
                memory.learn_refusal(vote_from_plain(dict(vote)))
        _remember_destinations(document, asked, memory)
    return count


def _remember_destinations(
    document: dict[str, Any], asked: Recent[str, _Paying], memory: Memory
) -> None:
    """Where a wallet sent to stands in the line that asked; that it did, in the one that answered.

    Each process writes both, in this order.
    """
    approval = document["approval"]
    if document["event"] == "asked":
        findings = document["findings"]
        to = destinations_from_plain(findings["effects"])
        asked[approval["digest"]] = (findings["claims"]["wallet_id"], to)
    elif document["event"] == "answered" and approval["final"]["outcome"] == Outcome.APPROVE:
        wallet, to = asked.get(approval["digest"], (None, ()))
        memory.acquaintances.learn(wallet, to, document["at"])
