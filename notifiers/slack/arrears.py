"""What already waited, or was frozen, when Slack became the place where it is read: told there too.

It was handed out to the places of that time, the terminal say, and nobody hands it out again
before it changes.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from approvals.freezes.store import FREEZE_MEMBER
from approvals.ledger import lists_of
from approvals.model import Approval
from approvals.redis.link import StoreDown
from approvals.redis.names import MOST_OPEN
from approvals.told import Told
from notifiers.ports import Untold
from notifiers.slack.summary import ManyPosts, Waiting
from notifiers.slack.thread import is_message

AGAIN_S: Final = 1.0
_AT_ONCE: Final = 100


class Arrears:
    """Looked for once, at the start."""

    def __init__(
        self, waiting: Waiting, posts: ManyPosts, untold: Untold, now_ms: Callable[[], int]
    ) -> None:
        """`untold` is what Slack must still be told."""
        self._waiting = waiting
        self._posts = posts
        self._untold = untold
        self._now = now_ms

    async def run(self) -> None:
        """Until the store could be asked."""
        while True:
            try:
                await self.look()
            except StoreDown:
                await asyncio.sleep(AGAIN_S)
            else:
                return

    async def look(self) -> None:
        """Have told what people are asked and no message was ever begun for, and what is frozen.

        Who was told of a freeze is noted beside it, so it is said once all the same. Raises
        StoreDown.
        """
        now = self._now()
        await self._untold.again(FREEZE_MEMBER, now)
        waiting = [
            approval
            for approval in await self._waiting.open_approvals(MOST_OPEN)
            if lists_of(approval, tell_at=now).tell_at is not None
        ]
        for start in range(0, len(waiting), _AT_ONCE):
            await self._look_at(waiting[start : start + _AT_ONCE], now)

    async def _look_at(self, approvals: list[Approval], now: int) -> None:
        found = await self._posts.read_all_told([approval.member for approval in approvals])
        for approval, told in zip(approvals, found, strict=True):
            if isinstance(told, Told) and not any(map(is_message, told.posts)):
                await self._untold.again(approval.member, now)
