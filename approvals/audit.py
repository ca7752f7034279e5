"""The audit: one JSON line per thing that happened, on disk before an answer leaves.

Evidence, not a log: whole requests and people's names stand in it, in files of mode 0600 under
`data_dir/audit`. Every process writes files of its own and never one that it did not open, so a
torn line can only be a file's last. Many writers share one fsync. After a failed write or fsync
the file is never written again: the next line goes to a new file, or there is no answer.
"""

import asyncio
import json
import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from time import perf_counter
from typing import Any, Final, TypeAlias

from approvals.acquaintance import destinations_from_plain
from approvals.audit_file import AuditFile
from approvals.codec import final_from_plain, request_from_plain, vote_from_plain
from approvals.events import (
    Answered,
    Asked,
    BallotRefused,
    Event,
    Finalized,
    Malformed,
    PolicyChanged,
    PolicyKept,
    Voted,
)
from approvals.findings import Address
from approvals.memory import Memory
from approvals.model import Choice, Outcome
from approvals.plain import shallow, to_json
from approvals.recent import Recent
from approvals.strict_json import BadJson, check_depth

VERSION: Final = 1
KEPT: Final = (
    Asked,
    Voted,
    BallotRefused,
    Finalized,
    Answered,
    Malformed,
    PolicyChanged,
    PolicyKept,
)
_MOST_AT_ONCE: Final = 512
_MANY_BRACKETS: Final = 1_000
"""So many may stand inside each other and be read; of more it is looked at whether they do."""

ASKED_KEPT: Final = 50_000
"""Of the requests read last: an answer to an older one is not matched with what it was asked."""

_Paying: TypeAlias = tuple[str | None, tuple[Address, ...]]


class AuditDown(Exception):  # noqa: N818 - a state of the disk, not a mistake of ours
    """The line is not on disk: whatever it is evidence of may not be spoken."""


class AuditUnreadable(Exception):  # noqa: N818 - a state of the file, not a mistake of ours
    """A whole line is not as we wrote it. What it recorded may not be forgotten in silence."""


@dataclass(slots=True)
class _Batch:
    """Lines that stand or fall with one fsync, and whom to tell."""

    lines: bytes
    loop: asyncio.AbstractEventLoop
    done: "asyncio.Future[None]"


class Audit:
    """Appends events for one process. `write` returns once its lines are on disk."""

    def __init__(
        self,
        directory: Path,
        *,
        process: str,
        clock: Callable[[], int],
        took: Callable[[float], None] = lambda _seconds: None,
    ) -> None:
        """Make the directory (0700) and start the writing thread; `process` names the files.

        `took` is told, from that thread, how long each group of lines took to reach the disk.
        """
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._directory = directory
        self._process = process
        self._clock = clock
        self._took = took
        self._queue: queue.SimpleQueue[_Batch | None] = queue.SimpleQueue()
        self._file: AuditFile | None = None
        self._opened = 0
        self.down: str | None = None
        self._thread = threading.Thread(target=self._work, name="audit", daemon=True)
        self._thread.start()

    async def write(self, *events: Event) -> None:
        """Append the events that belong in an audit, together; AuditDown if they are not safe."""
        kept = (event for event in events if isinstance(event, KEPT))
        await self._queued(b"".join(_line(event, self._process) for event in kept))

    async def _queued(self, lines: bytes) -> None:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        self._queue.put(_Batch(lines, loop, done))
        await done

    async def probe(self) -> None:
        """Whether the disk takes a line now; AuditDown if not. A line only while it is down."""
        await self._queued(b"" if self.down is None else _probe_line(self._process, self._clock()))

    def close(self) -> None:
        """Write what is queued, then stop the thread."""
        self._queue.put(None)
        self._thread.join()
        self._abandon()

    def _work(self) -> None:
        while True:
            batch = self._queue.get()
            batches: list[_Batch] = []
            while batch is not None:
                batches.append(batch)
                if len(batches) >= _MOST_AT_ONCE:
                    break
                try:
                    batch = self._queue.get_nowait()
                except queue.Empty:
                    break
            if batches:
                self._commit(batches)
            if batch is None:
                return

    def _commit(self, batches: list[_Batch]) -> None:
        failure: str | None = None
        began = perf_counter()
        try:
            self._current().append(b"".join(batch.lines for batch in batches))
        except OSError as error:
            failure = f"{self._directory}: {error.strerror or type(error).__name__}"
            self._abandon()
        self.down = failure
        self._took(perf_counter() - began)
        for loop in {batch.loop for batch in batches}:
            waiting = [batch.done for batch in batches if batch.loop is loop]
            loop.call_soon_threadsafe(_settle, waiting, failure)

    def _current(self) -> AuditFile:
        """The file to write to: a new one each day, and whenever the last can not be trusted."""
        now = self._clock()
        day = datetime.fromtimestamp(now / 1000, UTC).strftime("%Y%m%d")
        if self._file is None or self._file.day != day or not self._file.is_still_there():
            self._abandon()
            self._opened += 1
            name = f"{day}-{now}-{self._process}-{self._opened}.jsonl"
            self._file = AuditFile.new(self._directory, name, day)
        return self._file

    def _abandon(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def _settle(waiting: "list[asyncio.Future[None]]", failure: str | None) -> None:
    """One call for all: each wakes the loop, and each wake-up takes the interpreter's lock."""
    for done in waiting:
        if done.done():
            continue
        if failure is None:
            done.set_result(None)
        else:
            done.set_exception(AuditDown(failure))


def _line(event: Event, process: str) -> bytes:
    line = {
        "version": VERSION,
        "event": _name(type(event).__name__),
        "process": process,
        **shallow(event),
    }
    if "approval" in line:
        line["approval"] = approval = shallow(line["approval"])
        del approval["stamp"]
    return to_json(line).encode() + b"\n"


def _probe_line(process: str, at: int) -> bytes:
    document = {"version": VERSION, "event": "resumed", "process": process, "at": at}
    return to_json(document).encode() + b"\n"


@cache
def _name(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


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
        approval = document.get("approval")
        if approval is None:
            continue
        if "request" in document and not approval["conflict"]:
            memory.learn_content(request_from_plain(document["request"]))
        if approval["final"] is not None:
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
