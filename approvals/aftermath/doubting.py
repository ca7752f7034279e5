"""What was done without our yes, in Redis and in the memory of whoever heard of it.

Redis says who was told, so that several gateways tell it once. Whoever takes it from there, or
spoils it, keeps nobody from the alarm: the process that heard of it puts it back, and where Redis
cannot be asked at all, tells people by itself.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import replace
from typing import Final

from approvals.aftermath.doubts import (
    DOUBTS_MEMBER,
    Doubt,
    Doubts,
    changed,
    merged,
    trimmed,
    updated,
    with_doubt,
    with_said,
)
from approvals.codec import DamagedRecord
from approvals.ledger import Ledger
from approvals.redis.link import StoreDown

LATE_MS: Final = 120_000
"""Telling is put off by less: what is to be told later than that was moved by a stranger."""

ALONE_MS: Final = 30_000
"""So long after it was to be told, nobody waits for Redis any more: a fail-over takes less."""

FIRST_MEND_MS: Final = 1_000
LONGEST_MEND_MS: Final = 60_000
QUIET_MS: Final = 600_000
"""After so long without damage the next is mended, and an alarm, at once again."""

_TRIES: Final = 20


class Doubting:
    """One per process. Its calls raise StoreDown, but for `said`, `alone` and `remember`."""

    def __init__(self, ledger: Ledger, look: Callable[[Doubt], Awaitable[Doubt]]) -> None:
        """`look` says what a doubt is by now: without an alarm where it was cleared up."""
        self._ledger = ledger
        self._store = ledger.parts.after
        self._look = look
        self._own = Doubts()
        self._mended_at = -QUIET_MS
        self._mend_wait = 0

    def remember(self, doubts: Iterable[Doubt]) -> None:
        """Hold what our own audit has: nobody knows whether people were told before we ended."""
        for doubt in doubts:
            self._own = with_doubt(self._own, doubt) or self._own

    async def keep(self, doubt: Doubt) -> bool:
        """Hold one more until people were told; False where there is no room."""
        kept = await self._change(lambda doubts: with_doubt(doubts, doubt), tell_at=doubt.look_at)
        held = with_doubt(self._own, doubt)
        self._own = held or self._own
        return kept or held is not None

    async def knows(self, name: str) -> bool:
        """Whether this event is among them."""
        if self._own.knows(name):
            return True
        stored = await self._stored()
        return stored is not None and stored.knows(name)

    async def judge(self) -> Doubts:
        """Raise the alarm for what time did not clear up; everything that people must be told of.

        Raised before it is kept that it was: a death in between raises it once more.
        """
        raised: set[str] = set()
        for _ in range(_TRIES):
            stored = await self._stored()
            doubts = merged(stored or Doubts(), self._own)
            now = self._ledger.now()
            due = [one for one in doubts.kept if not one.alarm and one.look_at <= now]
            judged = [await self._look(doubt) for doubt in due]
            for doubt in judged:
                if doubt.alarm and doubt.name not in raised:
                    self.raise_alarm(doubt)
                    raised.add(doubt.name)
            cleared = [doubt.name for doubt in judged if not doubt.alarm]
            doubts = changed(doubts, judged, cleared=cleared)
            self._own = updated(changed(self._own, (), cleared=cleared), doubts)
            new = trimmed(doubts)
            if stored is None or new.kept == stored.kept:
                return doubts
            if await self._store.write_doubts(new, tell_at=None):
                return doubts
        raise StoreDown("others keep writing what is in doubt")

    async def said(self, names: Collection[str], place: str) -> None:
        """People were told of these at a place. Where Redis cannot keep that, we know it still."""
        self._own = with_said(self._own, names, place)
        with suppress(StoreDown):
            await self._change(lambda doubts: with_said(doubts, names, place), tell_at=None)

    async def kept(self) -> Doubts:
        """All that are kept, with the stamp of what is stored."""
        return merged(await self._stored() or Doubts(), self._own)

    async def lost(self, place: str, comes_at: Callable[[], Awaitable[float | None]]) -> bool:
        """Whether something that we heard was not told at this place, and nobody is to tell it.

        Or somebody did, and `judge` learns that. Nothing is asked of Redis while there is nothing
        to tell. `comes_at` says when the place's lists have somebody tell it (Unix ms).
        """
        unsaid = [one for one in self._own.kept if place not in one.said]
        if not unsaid:
            return False
        due_at, stored = await comes_at(), await self._stored()
        if stored is None or not all(stored.knows(one.name) for one in unsaid):
            return True
        return due_at is None or due_at > self._ledger.now() + LATE_MS

    def alone(self) -> Doubts:
        """What to tell where Redis cannot be asked: what we heard, with its alarm as it stood then.

        Raises the alarms that were not raised.
        """
        now, found = self._ledger.now(), []
        for doubt in self._own.kept:
            if now < doubt.look_at + ALONE_MS:
                continue
            if not doubt.alarm:
                doubt = replace(doubt, alarm=doubt.as_heard)  # noqa: PLW2901 - the same, as it is
                self.raise_alarm(doubt)
            found.append(doubt)
        self._own = changed(self._own, found)
        return Doubts(tuple(found))

    def raise_alarm(self, doubt: Doubt) -> None:
        """Tell the log and the metrics."""
        report = doubt.report
        about = report.request_id or report.task or "without a request"
        detail = f"{doubt.node} reports {report.kind} {about} as done (event {report.event_id})"
        self._ledger.alarm(doubt.alarm, doubt.member, detail)

    async def _change(
        self, change: Callable[[Doubts], Doubts | None], *, tell_at: int | None
    ) -> bool:
        """Read, change, swap, until nobody was faster; False where it cannot be kept there."""
        for _ in range(_TRIES):
            doubts = await self._stored()
            new = None if doubts is None else change(doubts)
            if doubts is None or new is None:
                return False
            if new == doubts:
                return True
            if tell_at is not None and new.next_look is not None:
                tell_at = min(tell_at, new.next_look)
            with suppress(DamagedRecord):  # spoiled since it was read: mended by the next read
                if await self._store.write_doubts(new, tell_at=tell_at):
                    self._ledger.parts.bell.ring(DOUBTS_MEMBER)
                    return True
        raise StoreDown("others keep writing what is in doubt")

    async def _stored(self) -> Doubts | None:
        """What is stored; None where that is not ours, and it is too early to mend it again."""
        try:
            return await self._store.read_doubts()
        except DamagedRecord as damage:
            return await self._mend(str(damage))

    async def _mend(self, why: str) -> Doubts | None:
        """Set it aside, and say so once, ever less often while somebody goes on spoiling it."""
        now = self._ledger.now()
        if now - self._mended_at < self._mend_wait:
            return None
        aside = await self._store.set_doubts_aside()
        if aside is not None:
            calm = now - self._mended_at >= QUIET_MS
            longer = min(LONGEST_MEND_MS, max(FIRST_MEND_MS, 2 * self._mend_wait))
            self._mend_wait = FIRST_MEND_MS if calm else longer
            self._mended_at = now
            self._ledger.alarm("damaged", DOUBTS_MEMBER, f"{why}: set aside as {aside}")
        return Doubts()
