"""The audit: one JSON line per thing that happened, on disk before an answer leaves.

Evidence, not a log: whole requests and people's names stand in it, in files of mode 0600 under
`data_dir/audit`. Each line names the one before by its hash, over all files and restarts. Many
writers share one fsync. After a failed write or fsync that file is never written again: the next
line goes to a new file, chained to the last line that was on disk, or there is no answer.
"""

import asyncio
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Final

from approvals.audit.chain import Chain, Standing
from approvals.audit.heads import EVERY, Head, Notary
from approvals.audit.lines import KEPT, body_of
from approvals.events import Event
from approvals.recent import Recent

EVIDENCE_KEPT: Final = 50_000
_MOST_AT_ONCE: Final = 512


class AuditDown(Exception):  # noqa: N818 - a state of the disk, not a mistake of ours
    """The line is not on disk: whatever it is evidence of may not be spoken."""


@dataclass(slots=True)
class _Batch:
    """Lines that stand or fall with one fsync, and whom to tell, if anybody waits."""

    bodies: tuple[bytes, ...]
    loop: asyncio.AbstractEventLoop
    done: "asyncio.Future[None] | None"


class Audit:
    """Appends events for one process. `write` returns once its lines are on disk.

    `evidenced` are the digests whose whole evidence this chain has: whoever speaks a decision
    writes that first.
    """

    def __init__(
        self,
        directory: Path,
        *,
        process: str,
        clock: Callable[[], int],
        notary: Notary,
        took: Callable[[float], None] = lambda _seconds: None,
        published: Callable[[Head, str], None] = lambda _head, _why: None,
        standing: Standing = lambda: None,
    ) -> None:
        """Take the directory's chain, begin a file, and start the writing thread.

        A disk that takes no line now is no reason not to start: `down` says so.

        `took` is told, from that thread, how long each group of lines took to reach the disk;
        `published` each head that was signed, and why: `start`, `entries`, `rotation`, `stop`.
        `standing` is asked, in that thread, for what the beginning of a file carries along.

        Raises:
            AuditUnreadable, OSError: there is no chain to go on with.
        """
        self._chain = Chain(
            directory, process=process, clock=clock, notary=notary, standing=standing
        )
        self._directory = directory
        self._process = process
        self._took = took
        self._published = published
        self._queue: queue.SimpleQueue[_Batch | None] = queue.SimpleQueue()
        self.down: str | None = None
        self.evidenced: Recent[str, None] = Recent(EVIDENCE_KEPT)
        self._commit([])
        self._thread = threading.Thread(target=self._work, name="audit", daemon=True)
        self._thread.start()

    @property
    def chain(self) -> str:
        """The name of the chain that this process writes."""
        return self._chain.name

    async def write(self, *events: Event) -> None:
        """Append the events that belong in an audit, together; AuditDown if they are not safe."""
        await self._queued(self._bodies(events))

    def post(self, *events: Event) -> None:
        """The same without waiting, and lost where the disk is down: nothing rests on them."""
        self._queue.put(_Batch(self._bodies(events), asyncio.get_running_loop(), None))

    async def probe(self) -> None:
        """Whether the disk takes a line now; AuditDown if not. A line only while it is down."""
        await self._queued(())

    def close(self) -> None:
        """Write what is queued, sign the end, then stop the thread."""
        self._queue.put(None)
        self._thread.join()
        self._chain.close()

    def _bodies(self, events: tuple[Event, ...]) -> tuple[bytes, ...]:
        return tuple(body_of(event, self._process) for event in events if isinstance(event, KEPT))

    async def _queued(self, bodies: tuple[bytes, ...]) -> None:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        self._queue.put(_Batch(bodies, loop, done))
        await done

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
                self._sign_the_end()
                return

    def _commit(self, batches: list[_Batch]) -> None:
        began = perf_counter()
        bodies = [body for batch in batches for body in batch.bodies]
        failure = self._tried(lambda: self._chain.append(bodies))
        self._took(perf_counter() - began)
        for loop in {batch.loop for batch in batches}:
            waiting = [batch.done for batch in batches if batch.loop is loop and batch.done]
            loop.call_soon_threadsafe(_settle, waiting, failure)
        if failure is None:
            self._sign_if_due()

    def _sign_if_due(self) -> None:
        why = self._chain.head_due or ("entries" if self._chain.unsigned >= EVERY else None)
        if why is not None:
            self._sign(why)

    def _sign_the_end(self) -> None:
        if self.down is None and self._chain.unsigned:
            self._sign("stop")

    def _sign(self, why: str) -> None:
        """Whoever waited for the lines has been told; the head is one more line."""

        def sign() -> None:
            self._published(self._chain.sign_head(), why)

        self._tried(sign)

    def _tried(self, step: Callable[[], None]) -> str | None:
        """Why it failed, for a person, where it did.

        Whatever it was: a thread that ends leaves everybody who waits for it waiting for ever.
        """
        try:
            step()
        except OSError as error:
            self.down = f"{self._directory}: {error.strerror or type(error).__name__}"
        except Exception as error:  # noqa: BLE001 - see above
            self.down = f"{self._directory}: {type(error).__name__}"
        else:
            self.down = None
        return self.down


def _settle(waiting: "list[asyncio.Future[None]]", failure: str | None) -> None:
    """One call for all: each wakes the loop, and each wake-up takes the interpreter's lock."""
    for done in waiting:
        if done.done():
            continue
        if failure is None:
            done.set_result(None)
        else:
            done.set_exception(AuditDown(failure))
