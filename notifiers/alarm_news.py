"""Alarms go to those who want them, never more often than somebody can bear, and delay nobody."""

import asyncio
import secrets
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

from approvals.events import Alarm, Event
from approvals.recent import Recent
from notifiers.elsewhere.one_way import OneWay
from notifiers.ports import NotTold

QUIET_MS: Final = 600_000
"""Alarms of one kind are said once in so long; the next one says how many were not."""
WAITING: Final = 100
"""Bulletins that wait for a place; the oldest goes first when there are more."""
AGAIN_S: Final = (2.0, 10.0, 60.0)
_KINDS: Final = 200


class AlarmNews:
    """A Journal for one notifier; `run` is for a task of its own."""

    def __init__(
        self,
        notifier: OneWay,
        wanted: Callable[[], bool],
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """To be made on the event loop. `wanted` is asked for each alarm."""
        self._notifier = notifier
        self._wanted = wanted
        self._sleep = sleep
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[tuple[Alarm, int]] = deque(maxlen=WAITING)
        self._said: Recent[str, tuple[int, int]] = Recent(_KINDS)
        self._news = asyncio.Event()

    def note(self, event: Event) -> None:
        """Take notice; from any thread."""
        if isinstance(event, Alarm):
            self._loop.call_soon_threadsafe(self._take, event)

    async def run(self) -> None:
        """For ever: what the place does not take is tried a few times."""
        while True:
            await self._news.wait()
            self._news.clear()
            while self._waiting:
                await self._say(*self._waiting.popleft())

    def _take(self, alarm: Alarm) -> None:
        if not self._wanted():
            return
        at, more = self._said.get(alarm.what, (alarm.at - QUIET_MS, 0))
        if alarm.at - at < QUIET_MS:
            self._said[alarm.what] = (at, more + 1)
            return
        self._said[alarm.what] = (alarm.at, 0)
        self._waiting.append((alarm, more))
        self._news.set()

    async def _say(self, alarm: Alarm, more: int) -> None:
        id_ = secrets.token_urlsafe(16)
        for wait in (*AGAIN_S, None):
            try:
                await self._notifier.tell_alarm(alarm, more, id_)
            except NotTold as failure:
                if wait is None or failure.alarm:
                    return  # its own trouble is in the log and the metrics
                await self._sleep(wait)
            else:
                return
