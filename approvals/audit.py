"""The audit: one JSON line per thing that happened, on disk before an answer leaves.

Evidence, not a log: whole requests and people's names stand in it, in files of mode 0600 under
`data_dir/audit`. Every process writes files of its own and never one that it did not open, so a
torn line can only be a file's last. Many writers share one fsync. After a failed write or fsync
the file is never written again: the next line goes to a new file, or there is no answer.
"""

import asyncio
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from time import perf_counter
from typing import Final

from approvals.audit_file import AuditFile
from approvals.events import (
    Answered,
    Asked,
    BallotRefused,
    Event,
    Finalized,
    FreezeChanged,
    Learned,
    Malformed,
    Overridden,
    PolicyChanged,
    PolicyKept,
    Voted,
)
from approvals.plain import shallow, to_json

VERSION: Final = 1
KEPT: Final = (
    Asked,
    Voted,
    Overridden,
    BallotRefused,
    Finalized,
    Learned,
    Answered,
    Malformed,
    PolicyChanged,
    PolicyKept,
    FreezeChanged,
)
_MOST_AT_ONCE: Final = 512


class AuditDown(Exception):  # noqa: N818 - a state of the disk, not a mistake of ours
    """The line is not on disk: whatever it is evidence of may not be spoken."""


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
