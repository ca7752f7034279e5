"""Tells people what is stored, at least once, until every place has been told the newest.

A member is claimed from the outbox, its record read, every notifier told, and only then settled:
whoever dies on the way leaves a claim that runs out after 30 seconds, and somebody tells again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from weakref import WeakValueDictionary

from approvals.aftermath.doubts import DOUBTS_MEMBER
from approvals.codec import DamagedRecord
from approvals.events import Alarm, Journal, Trouble
from approvals.freezes.store import FREEZE_MEMBER
from approvals.model import Approval
from approvals.news import News
from approvals.outbox import BURST_MEMBER
from approvals.redis.link import StoreDown
from notifiers.noting import Noting
from notifiers.once import Held
from notifiers.ports import Approvals, Notifier, Notifiers, NotTold, Outbox
from notifiers.schedule import next_look
from notifiers.story import story_of
from notifiers.words.doubts import say_alarms
from notifiers.words.text import Names

POLL_S: Final = 1.0
CLAIM: Final = 8
"""Members at once: in a burst each takes a second, and what is more urgent must not wait long."""
WORK_MS: Final = 15_000
"""Of the 30 seconds that a claim lasts: after this no new telling of a batch begins."""
ONE_S: Final = 14.0
"""For telling one member, so that it has ended, or was given up, before others may claim it."""
ANNOUNCE_S: Final = 5.0
"""For an announcement: whoever asked for it waits, and nothing tries again by itself."""
FIRST_AGAIN_MS: Final = 1_000
LONGEST_AGAIN_MS: Final = 60_000
_NEVER: Final = 1 << 62
_OWN: Final = (FREEZE_MEMBER, DOUBTS_MEMBER, BURST_MEMBER)
"""What is told and is no approval."""


@dataclass(frozen=True, slots=True)
class _Result:
    """What came of telling one member: as of which revisions, and when to look at it again."""

    revision: int
    again_at: int | None = None
    after: int | None = None
    failures: tuple[NotTold, ...] = ()


class Teller:
    """One loop per gateway; `wake` when a record was written, so that people need not wait."""

    def __init__(
        self,
        approvals: Approvals,
        outbox: Outbox,
        notifiers: Notifiers,
        *,
        names: Callable[[], Names],
        journal: Journal,
        now_ms: Callable[[], int],
        burst: Callable[[], Awaitable[int | None]] | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`names` is asked each time: the policy may have changed.

        `burst` tells that many wait, where a place cannot show them at once: see `Summary.tell`.
        """
        self._approvals = approvals
        self._outbox = outbox
        self._notifiers = notifiers
        self._names = names
        self._journal = journal
        self._now = now_ms
        self._burst = burst
        self._sleep = sleep
        self._news = News()
        self._failures: dict[str, int] = {}
        self._down = False
        self._doubts_from = 0
        self._one_writer: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @property
    def places(self) -> tuple[str, ...]:
        """The names of all places."""
        return tuple(notifier.name for notifier in self._notifiers)

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
        """Tell one batch in the order of the outbox; whether there may be more."""
        began = self._now()
        claimed = await self._outbox.claim_untold(began, CLAIM)
        if DOUBTS_MEMBER in claimed or await self._are_doubts_lost(began):
            await self._tell_doubts()
        if FREEZE_MEMBER in claimed:
            await self._tell_freezes()
        if BURST_MEMBER in claimed:
            await self._tell_burst()
        members = [each for each in claimed if each not in _OWN]
        for member in members:
            if self._now() - began > WORK_MS:
                await self._outbox.settle_untold(member, 0, again_at=began, told=False)
                continue  # the claim runs out: these are due again, before what is less urgent
            approval = await self._read(member)
            if approval is not None:
                await self._tell(member, approval, alone=True)
            _stop_if_cancelled()
        return len(members) == CLAIM

    async def tell_alone(self) -> None:
        """Say what cannot wait for Redis: what we ourselves heard of a node without our yes."""
        doubting = self._approvals.doubting
        doubts = doubting.alone()
        unsaid = any(one.is_unsaid(self.places) for one in doubts.kept)
        if not unsaid or self._now() < self._doubts_from:
            return
        with suppress(TimeoutError):
            async with self._lock(DOUBTS_MEMBER), asyncio.timeout(ONE_S):
                failures = await self._each(lambda place: say_alarms(doubting, doubts, place))
                if failures:
                    self._not_told(DOUBTS_MEMBER, failures)

    async def tell_now(self, member: str) -> None:
        """Show a member as it is stored, though nothing changed: a message of it may be stale."""
        with suppress(StoreDown):
            approval = await self._read(member)
            if approval is not None:
                await self._tell(member, approval, alone=False)

    async def announce(self, text: str) -> None:
        """Say a sentence at every place, now or not at all. Raises NotTold."""
        try:
            async with asyncio.timeout(ANNOUNCE_S):
                for notifier in self._notifiers:
                    await notifier.announce(text)
        except TimeoutError:
            raise NotTold("too slow") from None

    async def _read(self, member: str) -> Approval | None:
        """The record; None where there is nothing that can be told."""
        try:
            approval = await self._approvals.read(member)
        except DamagedRecord as damage:
            self._journal.note(Alarm(self._now(), "damaged", member, str(damage)))
            return None  # its claim runs out: looked at again in 30 seconds
        if approval is None:
            await self._outbox.settle_untold(member, 0, again_at=None)
        return approval

    async def _tell(self, member: str, approval: Approval, *, alone: bool) -> None:
        """Tell every notifier; `alone` says that the member's claim is ours."""

        async def tell() -> _Result:
            newest = await self._approvals.read(member) or approval
            now = self._now()
            story = await story_of(self._approvals, newest, self._names, now)
            failures = await self._each(
                lambda notifier: notifier.tell(story, alone=alone), about=newest
            )
            node_due = self._approvals.node_due(story.approval)
            again_at = next_look(story.approval, story.decision, now, node_due=node_due)
            after = story.after.revision if story.after.whole else None
            return _Result(newest.revision, again_at, after, failures)

        await self._settle(member, approval.revision, tell, alone=alone)

    async def _tell_freezes(self) -> None:
        """Tell every notifier what is frozen; nobody waits for this member but us."""
        record = await self._approvals.freezing.look()

        async def tell() -> _Result:
            failures = await self._each(lambda notifier: notifier.tell_freezes(record))
            return _Result(record.epoch, failures=failures)

        await self._settle(FREEZE_MEMBER, record.epoch, tell, alone=True)

    async def _tell_burst(self) -> None:
        """Tell that many wait, and look again while they do."""

        async def tell() -> _Result:
            return _Result(0, None if self._burst is None else await self._burst())

        await self._settle(BURST_MEMBER, 0, tell, alone=True)

    async def _are_doubts_lost(self, now: int) -> bool:
        """Whether the outbox will not name them, though a place that works was not told."""
        return now >= self._doubts_from and await self._approvals.doubting.lost(self.places)

    async def _tell_doubts(self) -> None:
        """Raise the alarms of what nodes did without our yes, and say them at every place."""

        async def tell() -> _Result:
            doubting = self._approvals.doubting
            doubts = await doubting.judge()
            failures = await self._each(lambda notifier: say_alarms(doubting, doubts, notifier))
            left = await doubting.kept()
            return _Result(left.revision, left.next_look, failures=failures)

        await self._settle(DOUBTS_MEMBER, 0, tell, alone=True)

    async def _each(
        self, tell: Callable[[Notifier], Awaitable[None]], about: Approval | None = None
    ) -> tuple[NotTold, ...]:
        """Tell every place, whatever the others made of it; why some could not be told."""
        came = await asyncio.gather(
            *(tell(notifier) for notifier in self._notifiers), return_exceptions=True
        )
        wrong = [outcome for outcome in came if isinstance(outcome, BaseException)]
        for outcome in wrong:
            if isinstance(outcome, StoreDown) or not isinstance(outcome, Exception):
                raise outcome
        failures = {
            notifier.name: _failure(error)
            for notifier, error in zip(self._notifiers, came, strict=True)
            if isinstance(error, Exception)
        }
        for name, failure in failures.items():
            if about is not None and not isinstance(failure, Held):
                Noting(name, self._journal, self._now).untold(about, failure.why)
        return tuple(failures.values())

    async def _settle(
        self, member: str, revision: int, tell: Callable[[], Awaitable[_Result]], *, alone: bool
    ) -> None:
        """Tell one member, and note what was told; failures come back later, ever later."""
        try:
            async with self._lock(member), asyncio.timeout(ONE_S):
                result = await tell()
        except StoreDown:
            raise
        except Exception as error:  # noqa: BLE001 - one record must not silence all others
            result = _Result(revision, failures=(_failure(error),))
        again_at = result.again_at
        if result.failures:
            # A place that fails must not make the others miss the moment when people are called.
            again_at = min(self._not_told(member, result.failures), again_at or _NEVER)
        else:
            self._failures.pop(member, None)
            self._note_down(down=False, why="")
        if alone or result.failures:  # whoever holds the claim may have more to say
            await self._outbox.settle_untold(
                member,
                result.revision,
                again_at=again_at,
                told=not result.failures,
                after=result.after,
            )

    def _lock(self, member: str) -> asyncio.Lock:
        """One writer per message, so that the newest revision is the last one written."""
        return self._one_writer.setdefault(member, asyncio.Lock())

    def _not_told(self, member: str, failures: Sequence[NotTold]) -> int:
        """When to try again: when a place says it may be, else after 1 s, 2 s, 4 s … 60 s."""
        wait = 0
        if any(failure.retry_after is None for failure in failures):
            count = self._failures.get(member, 0)
            self._failures[member] = count + 1
            wait = min(LONGEST_AGAIN_MS, FIRST_AGAIN_MS << min(count, 10))
        for failure in failures:
            if failure.alarm:
                self._journal.note(Alarm(self._now(), "not_told", member, failure.why))
            else:
                self._note_down(down=True, why=failure.why)
        again_at = self._now() + max(
            wait, *(int(1000 * (one.retry_after or 0)) for one in failures)
        )
        if member == DOUBTS_MEMBER:
            self._doubts_from = again_at
        return again_at

    def _note_down(self, *, down: bool, why: str) -> None:
        """Once when a place stops answering, once when it is back."""
        if down != self._down:
            self._down = down
            self._journal.note(Trouble(self._now(), "notifier", down=down, detail=why))


def _failure(error: Exception) -> NotTold:
    """Why a place, or a record, could not be told of."""
    match error:
        case NotTold():
            return error
        case DamagedRecord():
            return NotTold(f"damaged: {error}", alarm=True)
        case TimeoutError():
            return NotTold("too slow")
        case _:
            return NotTold(f"bug: {type(error).__name__}", alarm=True)


def _stop_if_cancelled() -> None:
    """Honor a cancellation that was swallowed on the way.

    redis-py sends commands under `asyncio.wait_for`, and before Python 3.12 that returns as if
    nothing was asked of it when the command ends in the very moment of the cancellation.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
