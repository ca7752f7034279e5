"""Signed heads of the audit go where whoever holds this machine cannot take them back."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, TypeAlias

from approvals.audit.heads import Head
from approvals.events import HeadSigned, Journal
from notifiers.ports import NotTold

Announce: TypeAlias = Callable[[str], Awaitable[None]]

AGAIN_S: Final = (5.0, 30.0, 120.0)
"""Until a head that the channel did not take is tried again; then the next head will do."""

QUIET_S: Final = 60.0
"""Between two heads in the channel: a busy gateway signs one every few seconds."""

LAST_S: Final = 3.0
"""For the last one, which a stop waits for."""

_QUIET: Final = "start"
"""Heads of this kind are in the log alone: restarts would fill the channel."""


class Heads:
    """Each into the log at once; into the channel too, where there is one, the newest."""

    def __init__(self, journal: Journal) -> None:
        """To be made on the event loop that publishes."""
        self._journal = journal
        self._loop = asyncio.get_running_loop()
        self._announce: Announce | None = None
        self._untold: Head | None = None
        self._news = asyncio.Event()

    def tell_too(self, announce: Announce) -> None:
        """A channel that heads are announced in; `run` is for a task of its own."""
        self._announce = announce

    def publish(self, head: Head, why: str) -> None:
        """From any thread."""
        self._loop.call_soon_threadsafe(self._take, head, why)

    async def run(self) -> None:
        """For ever: what the channel does not take is tried a few times."""
        while True:
            await self._news.wait()
            for wait in (*AGAIN_S, 0.0):
                self._news.clear()
                if await self._told():
                    await asyncio.sleep(QUIET_S)
                    break
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._news.wait()

    async def end(self) -> None:
        """One last try, of the head that a clean stop signed."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_S):
                await self._told()

    def _take(self, head: Head, why: str) -> None:
        self._journal.note(HeadSigned(head.at, head.chain, head.seq, head.token, why))
        if why != _QUIET:
            self._untold = head
            self._news.set()

    async def _told(self) -> bool:
        head = self._untold
        if head is None or self._announce is None:
            return True
        try:
            await self._announce(f"Head of the audit: {head.token}")
        except NotTold:
            return False
        if self._untold is head:
            self._untold = None
        return True
