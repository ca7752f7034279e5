"""Word that something must be looked at anew: open approvals, or what people must be told."""

import asyncio
from contextlib import suppress


class News:
    """Set by whoever changed something, taken by the one task that looks."""

    def __init__(self) -> None:
        """The first look is due at the start: a restart may change what is seen."""
        self._unseen = asyncio.Event()
        self._unseen.set()

    def tell(self) -> None:
        """There is something, or it could not be looked at yet."""
        self._unseen.set()

    def take(self) -> bool:
        """Whether there is something that nobody has looked at."""
        unseen = self._unseen.is_set()
        self._unseen.clear()
        return unseen

    async def within(self, seconds: float) -> None:
        """Until there is news, or until the time is up."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._unseen.wait()
