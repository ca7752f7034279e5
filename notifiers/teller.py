"""Tells one place what is stored, at least once, until it has been told the newest.

A member is claimed from what is untold at this place, its record read and told, and only then
settled: whoever dies on the way leaves a claim that runs out after 30 seconds, and somebody tells
again. Each place has a teller of its own, so that none waits for another.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final, TypeAlias
from weakref import WeakValueDictionary

from approvals.codec import DamagedRecord
from approvals.events import Alarm, Journal
from approvals.model import Approval
from approvals.news import News
from approvals.redis.link import StoreDown
from notifiers.noting import Noting
from notifiers.once import Held
from notifiers.ports import Approvals, Notifier, NotTold, Story, Untold
from notifiers.schedule import next_look
from notifiers.setbacks import Failing, Setbacks, why_not
from notifiers.story import story_of
from notifiers.words.text import Names

POLL_S: Final = 1.0
CLAIM: Final = 8
"""Members at once: in a burst each takes a second, and what is more urgent must not wait long."""
WORK_MS: Final = 15_000
"""Of the 30 seconds that a claim lasts: after this no new telling of a batch begins."""
ONE_S: Final = 14.0
"""For telling one member, so that it has ended, or was given up, before others may claim it."""


@dataclass(frozen=True, slots=True)
class Done:
    """What came of telling one member: as of which revisions, and when to look at it again."""

    revision: int
    again_at: int | None = None
    after: int | None = None
    failure: NotTold | None = None


async def _never() -> bool:
    return False


async def _nothing() -> None:
    return


@dataclass(frozen=True, slots=True)
class Beside:
    """Something that is told and is no approval.

    `lost` is whether to tell it though the lists do not say so, `alone` tells what of it cannot
    wait for Redis.
    """

    tell: Callable[[], Awaitable[Done]]
    lost: Callable[[], Awaitable[bool]] = _never
    alone: Callable[[], Awaitable[None]] = _nothing


Besides: TypeAlias = Mapping[str, Beside]
"""By their names in the lists; told in this order, before all approvals."""


class Teller:
    """One loop for one place; `wake` when a record was written, so that people need not wait."""

    def __init__(
        self,
        approvals: Approvals,
        untold: Untold,
        place: Notifier,
        besides: Besides,
        *,
        names: Callable[[], Names],
        failing: Failing,
        journal: Journal,
        now_ms: Callable[[], int],
        with_line: bool = False,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`names` is asked each time: the policy may have changed.

        `with_line`: among `besides` is a line about a burst, which is claimed where one is due.
        """
        self._approvals = approvals
        self._untold = untold
        self._place = place
        self._besides = besides
        self._names = names
        self._setbacks = Setbacks(place.name, failing, journal, now_ms)
        self._noting = Noting(place.name, journal, now_ms)
        self._journal = journal
        self._now = now_ms
        self._with_line = with_line
        self._sleep = sleep
        self._news = News()
        self._not_before: dict[str, int] = {}
        self._one_writer: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def wake(self) -> None:
        """Something may have to be told."""
        self._news.tell()

    async def run(self) -> None:
        """For ever. Whatever fails is tried again; nothing that is stored stays untold."""
        while True:
            self._news.take()
            try:
                more = await self.tell_due()
            except StoreDown:
                more = False
                await self.tell_alone()
                await self._sleep(POLL_S)
            _stop_if_cancelled()
            if not more:
                await self._news.within(POLL_S)

    async def tell_due(self) -> bool:
        """Tell one batch in the order of the lists; whether there may be more."""
        began = self._now()
        claimed = await self._untold.claim(began, CLAIM, with_line=self._with_line)
        for member, beside in self._besides.items():
            if member in claimed or (self._may_tell(member) and await beside.lost()):
                await self._settle(member, await tried(Done(0), beside.tell))
        members = [each for each in claimed if each not in self._besides]
        for member in members:
            if self._now() - began > WORK_MS:
                await self._untold.settle(member, 0, again_at=began, told=False)
                continue  # due again, before what is less urgent
            approval = await self._read(member)
            if approval is not None:
                await self._settle(member, await self._told(approval, self._place.tell))
            _stop_if_cancelled()
        return len(members) == CLAIM

    async def tell_alone(self) -> None:
        """Tell what cannot wait for Redis."""
        for member, beside in self._besides.items():
            if self._may_tell(member):
                done = await tried(Done(0), beside.alone)
                if done.failure is not None:
                    self._not_before[member] = self._setbacks.again_at(member, done.failure)

    async def refresh(self, member: str, show: Callable[[Story], Awaitable[None]]) -> None:
        """Have it shown as it is stored, though nothing changed: a message of it may be stale.

        Nobody claims it for this: what fails is tried again by whoever does. So is what changed
        meanwhile, for it may have been shown before this older state was put over it.
        """
        with suppress(StoreDown, DamagedRecord):
            approval = await self._approvals.read(member)
            if approval is None:
                return
            done = await self._told(approval, show)
            if done.failure is not None:
                await self._untold.again(member, self._setbacks.again_at(member, done.failure))
            elif await self._has_moved(member, done):
                await self._untold.again(member, self._now())
                self.wake()

    async def _has_moved(self, member: str, done: Done) -> bool:
        """Whether the record, or what stands beside it, is no longer what was shown."""
        newest = await self._approvals.read(member)
        if newest is None:
            return False
        after = (await self._approvals.after_of(newest)).revision
        return newest.revision != done.revision or after != (done.after or 0)

    async def _read(self, member: str) -> Approval | None:
        """The record; None where there is nothing that can be told."""
        try:
            approval = await self._approvals.read(member)
        except DamagedRecord as damage:
            self._journal.note(Alarm(self._now(), "damaged", member, str(damage)))
            return None  # its claim runs out: looked at again in 30 seconds
        if approval is None:
            await self._untold.settle(member, 0, again_at=None)
        return approval

    async def _told(self, approval: Approval, tell: Callable[[Story], Awaitable[None]]) -> Done:
        """What came of telling the newest of it, put together once and handed on."""
        member = approval.member

        async def told() -> Done:
            async with self._lock(member):
                newest = await self._approvals.read(member) or approval
                now = self._now()
                story = await story_of(self._approvals, newest, self._names, now)
                node_due = self._approvals.node_due(story.approval)
                again_at = next_look(story.approval, story.decision, now, node_due=node_due)
                after = story.after.revision if story.after.whole else None
                done = await tried(Done(newest.revision, again_at, after), lambda: tell(story))
            if done.failure is not None and not isinstance(done.failure, Held):
                self._noting.untold(newest, done.failure.why)
            return done

        return await tried(Done(approval.revision), told)

    async def _settle(self, member: str, done: Done) -> None:
        """Note what was told; what was not comes back, ever later, or when the place allows it."""
        failure, again_at = done.failure, done.again_at
        if failure is None:
            self._setbacks.overcome(member)
            self._not_before.pop(member, None)
        else:
            # Not later than the moment when people are called, unless the place itself says so.
            later = self._setbacks.again_at(member, failure)
            sooner = None if failure.retry_after is not None else again_at
            again_at = later if sooner is None else min(later, sooner)
            if member in self._besides:
                self._not_before[member] = again_at
        await self._untold.settle(
            member, done.revision, again_at=again_at, told=failure is None, after=done.after
        )

    def _may_tell(self, member: str) -> bool:
        """Whether it is time, for what the lists do not name: a place may want to be left alone."""
        return self._now() >= self._not_before.get(member, 0)

    def _lock(self, member: str) -> asyncio.Lock:
        """One writer per message, so that the newest revision is the last one written."""
        return self._one_writer.setdefault(member, asyncio.Lock())


async def tried(done: Done, tell: Callable[[], Awaitable[Done | None]]) -> Done:
    """What came of it, by itself or `done`; with why not, where a place could not be told in time.

    Raises StoreDown; everything else is one record's trouble, which must not silence all others.
    """
    try:
        async with asyncio.timeout(ONE_S):
            return await tell() or done
    except StoreDown:
        raise
    except Exception as error:  # noqa: BLE001 - see above
        return replace(done, failure=why_not(error))


def _stop_if_cancelled() -> None:
    """Honor a cancellation that was swallowed on the way.

    redis-py sends commands under `asyncio.wait_for`, and before Python 3.12 that returns as if
    nothing was asked of it when the command ends in the very moment of the cancellation.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
