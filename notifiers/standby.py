"""While Slack does not show approvals, or clicks do not come back: tells of them another way.

It has a task of its own, and looks at what is open as soon as there is evidence against Slack. So
neither the teller's back-off nor a Slack that hangs delays it, and an approval that was shown long
ago is told of too when its buttons have gone deaf.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final, Protocol

from approvals.codec import DamagedRecord
from approvals.events import Alarm, Journal
from approvals.freeze_store import FREEZE_MEMBER
from approvals.model import Approval
from approvals.recent import Recent
from approvals.redis_link import StoreDown
from notifiers.health import SlackHealth
from notifiers.one_way import OneWay
from notifiers.ports import Approvals, NotTold, Posts
from notifiers.slack_thread import is_message, said
from notifiers.story import story_of
from notifiers.text import Names

POLL_S: Final = 1.0
GRACE_MS: Final = 3_000
"""For Slack to show a new approval in the time after an outage, before it counts as up again."""
AWAY: Final = "Slack cannot be reached: decide at a terminal."
DEAF: Final = "Buttons in Slack may not work now: decide at a terminal."
_AGAIN_MS: Final = 10_000
_LOOKED: Final = 10_000


class OpenApprovals(Approvals, Protocol):
    """The approval service, as far as a standby needs it."""

    async def open_approvals(self) -> Sequence[Approval]:
        """What is not final, the earliest deadline first."""
        ...


class Standby:
    """One notifier's watch over one Slack."""

    def __init__(
        self,
        notifier: OneWay,
        health: SlackHealth,
        approvals: OpenApprovals,
        posts: Posts,
        *,
        names: Callable[[], Names],
        journal: Journal,
        now_ms: Callable[[], int],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`posts` keeps what was told, in Slack too."""
        self._notifier = notifier
        self._health = health
        self._approvals = approvals
        self._posts = posts
        self._names = names
        self._journal = journal
        self._now = now_ms
        self._sleep = sleep
        self._woken = asyncio.Event()
        self._again: Recent[str, int] = Recent(_LOOKED)

    def wake(self) -> None:
        """There may be something to tell."""
        self._woken.set()

    async def run(self) -> None:
        """For ever."""
        while True:
            self._woken.clear()
            try:
                await self.look()
            except (StoreDown, DamagedRecord):
                pass
            except Exception as error:  # noqa: BLE001 - one record must not silence all others
                detail = f"{self._notifier.name}: {type(error).__name__}"
                self._journal.note(Alarm(self._now(), "not_told", "", f"bug: {detail}"))
                await self._sleep(POLL_S)
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_S):
                    await self._woken.wait()

    async def look(self) -> None:
        """Once: tell what Slack does not. Raises StoreDown."""
        if not (self._health.ailing or self._health.deaf):
            return
        await self._tell_freezes()
        for approval in await self._approvals.open_approvals():
            if self._again.get(approval.member, 0) <= self._now():
                with suppress(DamagedRecord):  # whoever reads it for Slack alarms
                    await self._tell(approval)

    async def _tell(self, approval: Approval) -> None:
        remark = await self._why_not(approval)
        if remark is None:
            return
        wait = _AGAIN_MS
        try:
            story = await story_of(self._approvals, approval, self._names, self._now())
            if await self._notifier.tell_open(story, remark):
                self._health.told_by(self._notifier.name)
        except NotTold as failure:
            wait = max(1_000, int(1000 * (failure.retry_after or 0)))
            self._alarm_of(failure, approval.member)
        self._again[approval.member] = self._now() + wait

    async def _why_not(self, approval: Approval) -> str | None:
        """Why Slack is not enough for it; None if it is."""
        told = await self._posts.read_told(approval.member)
        shown = any(is_message(post) and post.ts is not None for post in told.posts)
        if shown:
            return DEAF if self._health.deaf else None
        at_once = self._health.away(approval.member)
        return AWAY if at_once or approval.asked_at + GRACE_MS <= self._now() else None

    async def _tell_freezes(self) -> None:
        if self._again.get(FREEZE_MEMBER, 0) > self._now():
            return
        told = await self._posts.read_told(FREEZE_MEMBER)
        wait = 0
        try:
            record = await self._approvals.freezing.look()
            await self._notifier.tell_standing(record, said(told))
        except NotTold as failure:
            wait = max(1_000, int(1000 * (failure.retry_after or 0)))
            self._alarm_of(failure, FREEZE_MEMBER)
        self._again[FREEZE_MEMBER] = self._now() + wait

    def _alarm_of(self, failure: NotTold, member: str) -> None:
        if failure.alarm:
            self._journal.note(Alarm(self._now(), "not_told", member, failure.why))
