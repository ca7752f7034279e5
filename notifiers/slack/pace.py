"""About one message a second per channel is what Slack takes; a few at once are fine."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

BURST: Final = 3
EVERY_MS: Final = 1_050
"""A little more than Slack asks for: what is a millisecond early waits another second."""


class Pace:
    """A bucket of `burst` calls that fills by one every `every_ms`."""

    def __init__(
        self,
        now_ms: Callable[[], int],
        *,
        every_ms: int = EVERY_MS,
        burst: int = BURST,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`sleep` takes seconds."""
        self._now = now_ms
        self._every = every_ms
        self._reach = every_ms * (burst - 1)
        self._sleep = sleep
        self._next = 0
        self._held_until = 0
        self._waited = 0.0

    def now(self) -> int:
        """Unix milliseconds."""
        return self._now()

    def hold(self, seconds: float) -> None:
        """Nobody's turn comes for so long: Slack said so."""
        self._held_until = max(self._held_until, self._now() + int(1000 * seconds))

    def spent(self) -> None:
        """Slack took less than we thought: the next turn is a whole interval from now."""
        self._next = max(self._next, self._now() + self._every)

    def held(self) -> float | None:
        """For how many more seconds nobody's turn comes; None if it may."""
        left = self._held_until - self._now()
        return left / 1000 if left > 0 else None

    def waited(self) -> float:
        """How many seconds were spent on waiting for turns, in all: our own wish, not Slack's."""
        return self._waited

    async def turn(self) -> None:
        """Return when it is this caller's turn; turns are given in the order they were asked."""
        now = self._now()
        due = max(self._next, now - self._reach)
        self._next = due + self._every
        if due > now:
            self._waited += (due - now) / 1000
            await self._sleep((due - now) / 1000)
