"""All places of one gateway: a teller for each, and the screen, where people read and decide."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol

from approvals.aftermath.doubts import DOUBTS_MEMBER, Doubts
from approvals.events import Journal
from approvals.freezes.store import FREEZE_MEMBER
from approvals.untold import BURST_MEMBER
from notifiers.ports import Approvals, Doubting, Notifier, NotTold, Screen, Untold
from notifiers.setbacks import Failing
from notifiers.teller import Beside, Besides, Done, Teller, tried
from notifiers.words.doubts import alarm_text, more_text
from notifiers.words.text import Names

ANNOUNCE_S: Final = 5.0
"""For an announcement: whoever asked for it waits, and nothing tries again by itself."""

_IN_FULL: Final = 3
"""Alarms at once that are said one by one."""


class Lists(Protocol):
    """What people must still be told, by place."""

    def at(self, place: str) -> Untold:
        """The lists of this place."""
        ...


class Tellers:
    """Tells the screen and the others, none of which waits for another."""

    def __init__(
        self,
        approvals: Approvals,
        lists: Lists,
        screen: Screen,
        others: Sequence[Notifier] = (),
        *,
        names: Callable[[], Names],
        journal: Journal,
        now_ms: Callable[[], int],
        burst: Callable[[], Awaitable[int | None]] | None = None,
    ) -> None:
        """`names` is asked each time: the policy may have changed.

        `burst` tells that many wait, where the screen cannot show them at once: see `Summary.tell`.
        """
        self._screen = screen
        failing = Failing(journal, now_ms)

        def teller(place: Notifier, besides: Besides) -> Teller:
            return Teller(
                approvals,
                lists.at(place.name),
                place,
                {**besides, FREEZE_MEMBER: _freezes(approvals, place)},
                names=names,
                failing=failing,
                journal=journal,
                now_ms=now_ms,
                with_line=BURST_MEMBER in besides,
            )

        besides = {DOUBTS_MEMBER: _doubts(approvals, screen, lists.at(screen.name))}
        if burst is not None:
            besides[BURST_MEMBER] = _burst(burst)
        self._first = teller(screen, besides)
        self.each = (self._first, *(teller(place, {}) for place in others))
        self.places = tuple(place.name for place in (screen, *others))

    def wake(self) -> None:
        """Something may have to be told."""
        for teller in self.each:
            teller.wake()

    async def refresh(self, member: str) -> None:
        """Have the screen show a member as it is stored: a message of it may be stale."""
        await self._first.refresh(member, self._screen.show)

    async def announce(self, text: str) -> None:
        """Say a sentence where people decide, now or not at all. Raises NotTold."""
        try:
            async with asyncio.timeout(ANNOUNCE_S):
                await self._screen.announce(text)
        except TimeoutError:
            raise NotTold("too slow") from None


def _freezes(approvals: Approvals, place: Notifier) -> Beside:
    """Tells what is frozen."""

    async def tell() -> Done:
        record = await approvals.freezing.look()
        return await tried(Done(record.epoch), lambda: place.tell_freezes(record))

    return Beside(tell)


def _doubts(approvals: Approvals, screen: Screen, untold: Untold) -> Beside:
    """Raises the alarms of what nodes did without our yes, and says them, whatever Redis has."""
    doubting = approvals.doubting

    async def tell() -> Done:
        doubts = await doubting.judge()
        said = await tried(Done(0), lambda: _say_alarms(doubting, doubts, screen))
        left = await doubting.kept()
        return Done(left.revision, left.next_look, failure=said.failure)

    async def lost() -> bool:
        return await doubting.lost(screen.name, lambda: untold.comes_at(DOUBTS_MEMBER))

    async def alone() -> None:
        await _say_alarms(doubting, doubting.alone(), screen)

    return Beside(tell, lost, alone)


async def _say_alarms(doubting: Doubting, doubts: Doubts, screen: Screen) -> None:
    """Say every alarm that was not said there; each is noted as soon as it was.

    The first few in full and the others in one message: a node can report a thousand at once, and
    what people are asked meanwhile must not wait behind them.
    """
    unsaid = [one for one in doubts.kept if one.alarm and screen.name not in one.said]
    for doubt in unsaid[:_IN_FULL]:
        await screen.announce(alarm_text(doubt))
        await doubting.said([doubt.name], screen.name)
    others = unsaid[_IN_FULL:]
    if others:
        await screen.announce(more_text(others))
        await doubting.said([doubt.name for doubt in others], screen.name)


def _burst(say: Callable[[], Awaitable[int | None]]) -> Beside:
    """Tells that many wait, and looks again while they do."""

    async def tell() -> Done:
        return Done(0, await say())

    return Beside(tell)
