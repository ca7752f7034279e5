"""The Slack notifier, watched: what becomes of each telling, and a rest while Slack is ill."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from approvals.codec import DamagedRecord
from approvals.freezes.model import FreezeRecord
from approvals.freezes.store import FREEZE_MEMBER
from approvals.redis.link import StoreDown
from notifiers.health import SlackHealth
from notifiers.ports import NotTold, Screen, Story
from notifiers.slack.pace import Pace

T = TypeVar("T")

SOFT_S: Final = 3.0
"""A telling that takes longer may still succeed, but nobody waits for it any more."""
FIRST_REST_MS: Final = 1_000
LONGEST_REST_MS: Final = 5_000
"""Between two attempts while Slack is away, from the first to this, and no less than twice what the
last one took: a Slack that hangs is not waited for once for each approval."""
_OVER_LIMIT: Final = "over_limit"


class WatchedSlack:
    """Tells Slack as the screen inside does."""

    def __init__(
        self,
        inside: Screen,
        health: SlackHealth,
        pace: Pace,
        *,
        soft_s: float = SOFT_S,
    ) -> None:
        """`health` takes the evidence; waiting for a turn of `pace` is none."""
        self._inside = inside
        self._health = health
        self._pace = pace
        self._now = pace.now
        self._soft_s = soft_s
        self._rest_until = 0
        self._in_vain = 0

    @property
    def name(self) -> str:
        """The name of the screen inside."""
        return self._inside.name

    async def tell(self, story: Story) -> None:
        """See Notifier."""
        await self.watched(story.approval.member, lambda: self._inside.tell(story))

    async def show(self, story: Story) -> None:
        """See Screen."""
        await self.watched(story.approval.member, lambda: self._inside.show(story))

    async def tell_freezes(self, record: FreezeRecord) -> None:
        """See Notifier."""
        await self.watched(FREEZE_MEMBER, lambda: self._inside.tell_freezes(record))

    async def announce(self, text: str) -> None:
        """See Screen; whoever asks for it tries again, and is told why not."""
        await self._inside.announce(text)

    async def watched(self, member: str, tell: Callable[[], Awaitable[T]]) -> T:
        """Tell of a member; note what that says of Slack. Raises NotTold, or what `tell` does."""
        began = self._now()
        if began < self._rest_until:
            wait = (self._rest_until - began) / 1000
            raise NotTold("Slack failed a moment ago", retry_after=wait)
        slow = asyncio.create_task(self._note_when_slow(member))
        try:
            said = await tell()
        except (StoreDown, DamagedRecord):
            raise  # Slack was not even asked
        except NotTold as failure:
            local = failure.why.startswith(_OVER_LIMIT)
            self._health.failed(member, failure, local=local)
            if not local and failure.retry_after is None:  # else the pace holds everybody
                now = self._now()
                rest = min(LONGEST_REST_MS, FIRST_REST_MS << min(self._in_vain, 10))
                self._in_vain += 1
                self._rest_until = now + max(rest, 2 * (now - began))
            raise
        except Exception as error:
            self._health.failed(member, NotTold(f"bug: {type(error).__name__}"), local=True)
            raise
        else:
            self._rest_until = self._in_vain = 0
            self._health.shown(member)
            return said
        finally:
            slow.cancel()

    async def _note_when_slow(self, member: str) -> None:
        """Evidence as soon as Slack takes too long; to be canceled when the telling has ended.

        A message with a long thread waits for several turns of ours, which says nothing of Slack.
        """
        clock = asyncio.get_running_loop().time
        began, waited = clock(), self._pace.waited()
        while (left := self._soft_s + began - clock() + self._pace.waited() - waited) > 0:  # noqa: ASYNC110 - time passes, and nothing else
            await asyncio.sleep(left)
        self._health.failed(member, NotTold("too slow"))
