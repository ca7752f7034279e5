"""While Slack does not show approvals, or clicks do not come back: tells of them another way.

It has a task of its own, and looks at what is open as soon as there is evidence against Slack. So
neither the teller's back-off nor a Slack that hangs delays it, and an approval that was shown long
ago is told of too when its buttons have gone deaf.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final, Protocol

from approvals.codec import DamagedRecord
from approvals.events import Alarm, Journal
from approvals.freezes.store import FREEZE_MEMBER
from approvals.model import Approval
from approvals.news import News
from approvals.recent import Recent
from approvals.redis.link import StoreDown
from approvals.told import Told
from notifiers.elsewhere.one_way import OneWay
from notifiers.health import SlackHealth
from notifiers.noting import Noting
from notifiers.once import Held, names_said
from notifiers.ports import Approvals, NotTold, Posts, Story
from notifiers.schedule import calls_at, next_look
from notifiers.slack.thread import NAME as SLACK
from notifiers.slack.thread import is_message
from notifiers.story import story_of
from notifiers.words.escalating import unsaid
from notifiers.words.text import Names

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
        self._noting = Noting(notifier.name, journal, now_ms)
        self._now = now_ms
        self._sleep = sleep
        self._news = News()
        self._again: Recent[str, int] = Recent(_LOOKED)

    def wake(self) -> None:
        """There may be something to tell."""
        self._news.tell()

    async def run(self) -> None:
        """For ever."""
        while True:
            self._news.take()
            try:
                await self.look()
            except (StoreDown, DamagedRecord):
                pass
            except Exception as error:  # noqa: BLE001 - one record must not silence all others
                detail = f"{self._notifier.name}: {type(error).__name__}"
                self._journal.note(Alarm(self._now(), "not_told", "", f"bug: {detail}"))
                await self._sleep(POLL_S)
            await self._news.within(POLL_S)

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
        """What Slack does not show of it; all of it where its buttons do nothing."""
        now = self._now()
        told = await self._posts.read_told(approval.member)
        shown = any(is_message(post) and post.ts is not None for post in told.posts)
        if shown and self._health.deaf:
            await self._say(approval, lambda story: self._notifier.tell_open(story, DEAF))
        elif not shown and self._is_late(approval.member, approval.asked_at):
            await self._say(approval, lambda story: self._notifier.tell_open(story, AWAY))
        elif shown and self._is_late(approval.member, _last_call(approval, now)):
            await self._say(approval, lambda story: self._tell_calls(story, told))

    async def _tell_calls(self, story: Story, told: Told) -> bool:
        """Those that Slack owes: it fell ill after its message was shown."""
        owed = unsaid(story.escalations, told)
        return await self._notifier.tell_calls(replace(story, escalations=owed))

    async def _say(self, approval: Approval, say: Callable[[Story], Awaitable[bool]]) -> None:
        """Look again when somebody is to be called, and soon: Slack may fall deaf, too."""
        now = self._now()
        story = await story_of(self._approvals, approval, self._names, now)
        again_at = min(now + _AGAIN_MS, next_look(approval, story.decision, now) or now + _AGAIN_MS)
        try:
            if await say(story):
                self._health.told_by(self._notifier.name, approval.member)
        except NotTold as failure:
            again_at = now + max(1_000, int(1000 * (failure.retry_after or 0)))
            self._alarm_of(failure, approval.member)
            if not isinstance(failure, Held):
                self._noting.untold(approval, failure.why)
        self._again[approval.member] = again_at

    def _is_late(self, member: str, since: int | None) -> bool:
        """Whether Slack will not say at once, or has not said in time, what was news `since`."""
        if since is None:
            return False
        return self._health.away(member) or since + GRACE_MS <= self._now()

    async def _tell_freezes(self) -> None:
        if self._again.get(FREEZE_MEMBER, 0) > self._now():
            return
        told = await self._posts.read_told(FREEZE_MEMBER)
        wait = 0
        try:
            record = await self._approvals.freezing.look()
            await self._notifier.tell_standing(record, names_said(told, SLACK))
        except NotTold as failure:
            wait = max(1_000, int(1000 * (failure.retry_after or 0)))
            self._alarm_of(failure, FREEZE_MEMBER)
        self._again[FREEZE_MEMBER] = self._now() + wait

    def _alarm_of(self, failure: NotTold, member: str) -> None:
        if failure.alarm:
            self._journal.note(Alarm(self._now(), "not_told", member, failure.why))


def _last_call(approval: Approval, now: int) -> int | None:
    """When groups were to be called last; None if they never were."""
    return max((moment for moment in calls_at(approval) if moment <= now), default=None)
