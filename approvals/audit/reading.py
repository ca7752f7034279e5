"""The audit read back: every line that is evidence, and what a new process remembers of it."""

import json
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

from approvals.acquaintance import destinations_from_plain
from approvals.aftermath.doubts import MOST_DOUBTS
from approvals.aftermath.facts import Overheard, report_from_plain
from approvals.audit.files import Stretch, stretches
from approvals.audit.form import MOST_LINE, AuditUnreadable, document_of, link_of
from approvals.codec import final_from_plain, vote_from_plain
from approvals.findings import Address
from approvals.freezes.codec import freeze_from_plain
from approvals.memory import Memory
from approvals.model import Choice, Outcome
from approvals.recent import Recent

ASKED_KEPT: Final = 50_000
"""Of the requests read last: an answer to an older one is not matched with what it was asked."""

_Paying: TypeAlias = tuple[str | None, tuple[Address, ...]]


@dataclass(frozen=True, slots=True)
class Known:
    """What was read: how many lines, and by chain the digests whose evidence it has.

    `overheard` are the newest reports that had no yes of ours when they were heard.
    """

    lines: int = 0
    evidenced: dict[str, list[str]] = field(default_factory=dict)
    overheard: tuple[Overheard, ...] = ()


def read_lines(*places: Path, since: int = 0, holding: str = "") -> Iterator[dict[str, Any]]:
    """Every line of every file last written at or after `since` (Unix ms), and of each newest one.

    `places` are directories and files that are read together. Each line comes with the name of its
    `file` and its number there, `line`. Only lines that hold the text `holding`, as JSON writes it,
    are read at all: a search needs few of them.

    Raises:
        AuditUnreadable: a whole line, or a file, is not as we wrote it.
        OSError: a file cannot be read.
    """
    held = json.dumps(holding)[1:-1].encode()
    for stretch in stretches(*places, since=since):
        for number, line in whole_lines(stretch):
            if held not in line:
                continue
            document = document_of(line, f"{stretch.path}, line {number}")
            yield {**document, "file": stretch.path.name, "line": number}


def whole_lines(stretch: Stretch) -> Iterator[tuple[int, bytes]]:
    """The whole lines that are evidence, with their numbers; newlines included.

    A torn last line is what a crash leaves: it was never spoken from, and is passed over. So is
    what a failed fsync left behind the place where the next file goes on.

    Raises:
        AuditUnreadable: a line is not of this version, of another chain, or without end.
        OSError: the file cannot be read.
    """
    size, chain = 0, stretch.beginning.name.chain
    until = None if stretch.until is None else stretch.until.size
    with stretch.path.open("rb") as lines:
        for number, line in enumerate(iter(lambda: lines.readline(MOST_LINE), b""), 1):
            size += len(line)
            if until is not None and size > until:
                return
            where = f"{stretch.path}, line {number}"
            if not line.endswith(b"\n"):
                if len(line) == MOST_LINE:
                    raise AuditUnreadable(f"{where} is longer than any line of ours.")
                return
            link = link_of(line)
            if link is None:
                document_of(line, where)
                raise AuditUnreadable(f"{where} is not of this version of the audit.")
            if link.chain != chain:
                raise AuditUnreadable(f"{where} is of another chain, {link.chain}.")
            yield number, line


def remember(directory: Path, memory: Memory, *, since: int) -> Known:
    """Load what it keeps into `memory`, and say what was read.

    Raises:
        AuditUnreadable, OSError: see `read_lines`.
    """
    count = 0
    evidenced: dict[str, list[str]] = defaultdict(list)
    asked: Recent[str, _Paying] = Recent(ASKED_KEPT)
    overheard: deque[Overheard] = deque(maxlen=MOST_DOUBTS)
    for document in read_lines(directory, since=since):
        count += 1
        where = f"{directory / document['file']}, line {document['line']}"
        try:
            _remember_line(document, memory, evidenced)
            _remember_destinations(document, asked, memory)
            overheard.extend(_overheard(document))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            why = type(error).__name__
            raise AuditUnreadable(f"{where} is not as we write it ({why}).") from None
    return Known(count, dict(evidenced), tuple(overheard))


def _remember_line(
    document: dict[str, Any], memory: Memory, evidenced: dict[str, list[str]]
) -> None:
    """What one line says of freezes and of its record."""
    event, approval = document["event"], document.get("approval")
    freezes = document["record"] if event == "freeze_changed" else document.get("standing")
    if freezes is not None:
        memory.learn_freezes(freeze_from_plain(freezes))
    if event == "deadline_moved":
        memory.learn_deadline(document["digest"], document["new"])
    if approval is None:
        return
    memory.learn_deadline(approval["digest"], approval["deadline"])
    memory.set_revision(approval["digest"], approval["revision"])
    if event == "asked":
        evidenced[document["chain"]].append(approval["digest"])
        if not approval["conflict"]:
            memory.learn_content(approval["request_id"], document["content"])
    if approval["final"] is not None:
        learn = memory.learn_answered if event == "answered" else memory.learn_final
        learn(approval["digest"], final_from_plain(dict(approval["final"])))
    for vote in approval["votes"]:
        if vote["choice"] == Choice.REJECT:
            memory.learn_refusal(vote_from_plain(dict(vote)))


def _overheard(document: dict[str, Any]) -> Iterator[Overheard]:
    """A node's report that speaks of no yes of ours, if the line holds one."""
    if document["event"] == "node_reported" and document.get("suspected"):
        report = report_from_plain(document["report"])
        yield Overheard(document["node"], document["at"], report)


def _remember_destinations(
    document: dict[str, Any], asked: Recent[str, _Paying], memory: Memory
) -> None:
    """Where a wallet sent to stands in the line that asked; that it did, in the one that answered.

    Each chain has both, in this order.
    """
    approval = document.get("approval")
    if approval is None:
        return
    if document["event"] == "asked":
        findings = document["findings"]
        to = destinations_from_plain(findings["effects"])
        asked[approval["digest"]] = (findings["claims"]["wallet_id"], to)
    elif document["event"] == "answered" and approval["final"]["outcome"] == Outcome.APPROVE:
        wallet, to = asked.get(approval["digest"], (None, ()))
        memory.acquaintances.learn(wallet, to, document["at"])
