"""What people must still be told at one place: at least once, from the record, in its own order.

Whatever is written is put into one list, `untold`. Whichever place looks first hands it out: from
then on each place has its own list, its own claims and its own time to look again, and none waits
for another. A teller claims a member; one that dies leaves it to the next when the claim runs out.
Lists order, and prove nothing: what is told is always the record.
"""

from collections.abc import Sequence
from typing import Final

from approvals.aftermath.doubts import DOUBTS_MEMBER
from approvals.aftermath.store import DOUBTS_KEY
from approvals.freezes.store import FREEZE_KEY, FREEZE_MEMBER
from approvals.redis.link import Link, key
from approvals.redis.names import LATEST, LONGEST_MEMBER, MOST_OPEN, listed

CLAIM_MS: Final = 30_000

BURST_MEMBER: Final = "burst"
"""What a place calls the line about many that wait; like the freezes', it holds no slash."""

BURST_OVER: Final = 10
"""With more that are due and were never shown, somebody is to tell that line."""

MOST_DUE: Final = MOST_OPEN
"""How many that are due are looked at to find the most urgent; the others come later."""

_UNTOLD: Final = key("untold")
_UNSHOWN: Final = key("unshown")
_RECORDS: Final = {FREEZE_MEMBER: FREEZE_KEY, DOUBTS_MEMBER: DOUBTS_KEY}


def lists_of(place: str) -> tuple[str, str, str]:
    """A place's lists in Redis: when to tell next, since when it was never told, claimed until."""
    return key("untold", place), key("unshown", place), key("claims", place)


class Untold:
    """The lists of one place. Its calls raise StoreDown."""

    def __init__(self, link: Link, places: Sequence[str], place: str) -> None:
        """`places` are all that this gateway tells, the screen first; `place` is one of them."""
        self._link = link
        self._place = place
        self._which = places.index(place) + 1
        self._all = [name for each in places for name in lists_of(each)]
        self._due, self._never, self._claims = lists_of(place)

    @property
    def place(self) -> str:
        """Whose it is."""
        return self._place

    async def claim(self, now: int, limit: int, *, with_line: bool = False) -> tuple[str, ...]:
        """What to tell people about, the most urgent first; nobody else gets it for 30 seconds.

        `limit` members at most, and what is told of freezes and doubts besides; `with_line`: and
        of a burst.
        """
        keys = [_UNTOLD, _UNSHOWN, key("open"), *self._all]
        over = BURST_OVER if with_line else ""
        arguments = [now, now + CLAIM_MS, limit, LONGEST_MEMBER, MOST_DUE, over, self._which]
        found = await self._link.run("claim", keys, arguments)
        return tuple(listed(self._link, found, "untold"))

    async def settle(
        self,
        member: str,
        revision: int,
        *,
        again_at: int | None,
        told: bool = True,
        after: int | None = None,
    ) -> None:
        """End a claim. Told as of `revision`: done, or again later, or at once if it changed.

        Of what is frozen the revision is its epoch. `told` False: it is only to be told later.
        `after` is the revision of what happened after the decision, where that was told too.
        """
        record = _RECORDS.get(member) or key("approval", member)
        beside = key("after", member)
        keys = [record, self._due, key("told", member), self._never, beside, self._claims]
        again = "" if again_at is None else again_at
        shown = "" if after is None else f"{after:020d}"
        arguments = [member, f"{revision:020d}", again, "1" if told else "", shown]
        await self._link.run("settle", keys, arguments)

    async def comes_at(self, member: str) -> float | None:
        """When somebody is to tell it here (Unix ms); None where nobody is."""
        async with self._link.reaching():
            scores = [await self._link.client.zscore(name, member) for name in (_UNTOLD, self._due)]
        return min((score for score in scores if score is not None), default=None)

    async def again(self, member: str, at: int) -> None:
        """Tell it at that time (Unix ms), if not before; for who holds no claim."""
        async with self._link.reaching():
            await self._link.client.zadd(self._due, {member: at}, lt=True)

    async def never_shown(self) -> tuple[int, int | None]:
        """How many approvals this place was never told of, and since when (Unix ms) the first."""
        async with self._link.reaching():
            counts = [await self._link.client.zcard(name) for name in (_UNSHOWN, self._never)]
            first = [
                await self._link.client.zrange(name, 0, 0, withscores=True)
                for name in (_UNSHOWN, self._never)
            ]
        since = [int(score) for found in first for _, score in found if 0 <= score < LATEST]
        return sum(counts), min(since, default=None)
