"""A doorbell: who waits for which record, rung when somebody wrote it.

The stream carries names, never facts: whoever is woken reads the record. One tail per process
serves all waiters. Rings that got lost (a reconnection, a trimmed stream) only cost time: the
tail wakes everybody after each reconnection, and a slow sweep compares what waiters last saw.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from redis.exceptions import RedisError

from approvals.freezes.store import FREEZE_MEMBER
from approvals.redis.link import Link, StoreDown
from approvals.redis.names import BELL, MEMBER

BLOCK_MS: Final = 1_000
SILENCE_S: Final = 3.0
AGAIN_S: Final = 0.5
SWEEP_S: Final = 5.0
NOWHERE: Final = "0-0"


class Waiter:
    """One attempt or one watcher, waiting for a member to change."""

    __slots__ = ("_event", "member", "revision")

    def __init__(self, member: str) -> None:
        """Waiters register first, then read the record, so that no ring falls in between."""
        self.member = member
        self.revision = 0
        self._event = asyncio.Event()

    def wake(self) -> None:
        """Something happened; look."""
        self._event.set()

    async def wait(self, seconds: float) -> None:
        """Until woken, or until the time is up."""
        if seconds > 0:
            try:
                async with asyncio.timeout(seconds):
                    await self._event.wait()
            except TimeoutError:
                return
        self._event.clear()


class Bell:
    """Fans one stream tail out to the waiters of this process."""

    def __init__(
        self,
        link: Link,
        revisions: Callable[[list[str]], Awaitable[dict[str, int]]],
        *,
        process: str = "",
    ) -> None:
        """`revisions` reads the stored revisions of many members at once; `process` is ours."""
        self._process = process.encode()
        self._client = link.client
        self._foreign = link.foreign
        self._revisions = revisions
        self._waiters: defaultdict[str, set[Waiter]] = defaultdict(set)
        self._hearers: list[Callable[[], None]] = []
        self._hearers_of_others: list[Callable[[str], None]] = []

    @contextmanager
    def waiting(self, member: str) -> Iterator[Waiter]:
        """Register a waiter for a member, for as long as the block lasts."""
        waiter = Waiter(member)
        self._waiters[member].add(waiter)
        try:
            yield waiter
        finally:
            waiters = self._waiters[member]
            waiters.discard(waiter)
            if not waiters:
                del self._waiters[member]

    def also(self, hear: Callable[[], None]) -> None:
        """Let somebody know of every ring, whosever it is."""
        self._hearers.append(hear)

    def also_of_others(self, hear: Callable[[str], None]) -> None:
        """Let somebody know what another process wrote."""
        self._hearers_of_others.append(hear)

    def ring(self, member: str) -> None:
        """Wake this process's own waiters without the way through the stream."""
        for hear in self._hearers:
            hear()
        for waiter in self._waiters.get(member, ()):
            waiter.wake()

    def ring_all(self) -> None:
        """Wake everybody: after a reconnection nobody knows what was missed."""
        for waiters in self._waiters.values():
            for waiter in waiters:
                waiter.wake()

    async def listen(self) -> None:
        """Follow the stream for ever. A connection that is silent too long is a dead one."""
        last = "$"
        while True:
            try:
                last = await self._last_id() if last == "$" else last
                self.ring_all()
                while True:
                    last = await self._follow(last)
            except (RedisError, OSError, TimeoutError):
                await asyncio.sleep(AGAIN_S)

    async def sweep(self) -> None:
        """Every few seconds, wake those whose record moved on without a ring that we heard."""
        while True:
            await asyncio.sleep(SWEEP_S)
            members = list(self._waiters)
            for start in range(0, len(members), 500):
                some = members[start : start + 500]
                try:
                    revisions = await self._revisions(some)
                except StoreDown:
                    break
                for member in some:
                    self._wake_if_moved(member, revisions.get(member))
                await asyncio.sleep(0)

    def _wake_if_moved(self, member: str, revision: int | None) -> None:
        for waiter in self._waiters.get(member, ()):
            if revision is None or revision != waiter.revision:
                waiter.wake()

    async def _last_id(self) -> str:
        newest = await self._client.xrevrange(BELL, count=1)
        return newest[0][0].decode("ascii", "replace") if newest else NOWHERE

    async def _follow(self, last: str) -> str:
        async with asyncio.timeout(BLOCK_MS / 1000 + SILENCE_S):
            answer: Any = await self._client.xread({BELL: last}, count=500, block=BLOCK_MS)
        entries = _entries(answer)
        for entry_id, fields in entries:
            self._heard(fields)
            last = entry_id.decode("ascii", "replace")
        return last if entries else await self._not_ahead(last)

    def _heard(self, fields: dict[bytes, bytes]) -> None:
        """One entry; anybody who may write to the stream may have put it there."""
        member = fields.get(b"m", b"")
        if MEMBER.fullmatch(member) is None and member != FREEZE_MEMBER.encode():
            self._foreign("an entry of the bell that no gateway put there")
            return
        self.ring(member.decode("ascii"))
        if fields.get(b"p") != self._process:
            for hear in self._hearers_of_others:
                hear(member.decode("ascii"))

    async def _not_ahead(self, last: str) -> str:
        """Where to go on after a silence: a stream that began anew counts from below again."""
        newest = await self._last_id()
        if _place(newest) >= _place(last):
            return last
        self.ring_all()
        return newest


def _place(entry_id: str) -> tuple[int, ...]:
    return tuple(int(part) for part in entry_id.split("-"))


def _entries(answer: Any) -> list[tuple[bytes, dict[bytes, bytes]]]:
    """The entries of the one stream asked for, in RESP2's list or RESP3's map."""
    if not answer:
        return []
    streams = answer.values() if isinstance(answer, dict) else [pair[1] for pair in answer]
    entries: list[tuple[bytes, dict[bytes, bytes]]] = []
    for stream in streams:
        for entry in stream:
            entries.extend([entry] if isinstance(entry, tuple) else entry)
    return entries
