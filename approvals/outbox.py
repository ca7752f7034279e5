"""What people must still be told, and what they were told: at least once, from the record.

A teller claims a member by moving it out of others' reach for a while; a teller that dies leaves
it to the next one. What is more urgent is claimed first: two lists say what, and prove nothing.
What was posted is sealed like every other value.
"""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from approvals.aftermath.doubts import DOUBTS_MEMBER
from approvals.aftermath.store import DOUBTS_KEY
from approvals.codec import DamagedRecord, Stamp, seal, unseal
from approvals.freezes.store import FREEZE_KEY, FREEZE_MEMBER
from approvals.redis.link import WRONG_TYPE, Link, bounded, is_wrong_type, key
from approvals.redis.names import LATEST, LONGEST_MEMBER, MOST_OPEN, MOST_RECORD, listed
from approvals.told import Told, told_from_json, told_to_json
from keys.seals import SealKey

_UNTOLD: Final = key("untold")
_UNSHOWN: Final = key("unshown")
CLAIM_MS: Final = 30_000
_RECORDS: Final = {FREEZE_MEMBER: FREEZE_KEY, DOUBTS_MEMBER: DOUBTS_KEY}

BURST_MEMBER: Final = "burst"
"""What `untold` calls the line about many that wait; like the freezes', it holds no slash."""

BURST_OVER: Final = 10
"""With more that are due and were never shown, somebody is to tell that line."""

MOST_DUE: Final = MOST_OPEN
"""How many that are due are looked at to find the most urgent; the others come later."""


class Outbox:
    """The `untold` set and the posts, over the same link as the store."""

    def __init__(self, link: Link, seal_key: SealKey) -> None:
        """Records are the store's; this only reads their revisions."""
        self._link = link
        self._key = seal_key

    async def claim_untold(self, now: int, limit: int) -> tuple[str, ...]:
        """What to tell people about, the most urgent first; nobody else gets it for 30 seconds.

        `limit` members at most, and what is told of freezes, doubts and a burst besides.
        """
        arguments = [now, now + CLAIM_MS, limit, LONGEST_MEMBER, MOST_DUE, BURST_OVER]
        found = await self._link.run("claim", [_UNTOLD, key("open"), _UNSHOWN], arguments)
        return tuple(listed(self._link, found, "untold"))

    async def settle_untold(
        self,
        member: str,
        revision: int,
        *,
        again_at: int | None,
        told: bool = True,
        after: int | None = None,
    ) -> None:
        """Told as of `revision`: done, or again at a later time, or at once if it changed.

        Of what is frozen the revision is its epoch. `told` False: it is only to be told later.
        `after` is the revision of what happened after the decision, where that was told too.
        """
        record = _RECORDS.get(member) or key("approval", member)
        keys = [record, _UNTOLD, key("told", member), _UNSHOWN, key("after", member)]
        again = "" if again_at is None else again_at
        beside = "" if after is None else f"{after:020d}"
        arguments = [member, f"{revision:020d}", again, "1" if told else "", beside]
        await self._link.run("settle", keys, arguments)

    async def unshown(self) -> tuple[int, int | None]:
        """How many approvals some place never showed, and since when (Unix ms) the first."""
        async with self._link.reaching():
            count: int = await self._link.client.zcard(_UNSHOWN)
            first = await self._link.client.zrange(_UNSHOWN, 0, 0, withscores=True)
        since = (int(score) for _, score in first if 0 <= score < LATEST)
        return count, next(since, None)

    async def read_told(self, member: str) -> Told:
        """What was posted about a member; empty if nothing was."""
        name = key("told", member)
        stored = await self._link.get(name, MOST_RECORD)
        if stored is None:
            return Told(posts=())
        stamp, body = unseal(self._key, "told", name, stored)
        return told_from_json(body, str(stamp))

    async def read_all_told(self, members: Sequence[str]) -> list[Told | DamagedRecord]:
        """The same of many at once, damaged ones as the exception that says so."""
        names = [key("told", member) for member in members]
        async with self._link.reaching():
            pipe = self._link.client.pipeline(transaction=False)
            for name in names:
                pipe.getrange(name, 0, MOST_RECORD)
            stored = await pipe.execute(raise_on_error=False)
        return [self._opened(name, each) for name, each in zip(names, stored, strict=True)]

    def _opened(self, name: str, stored: bytes | Exception) -> Told | DamagedRecord:
        if isinstance(stored, Exception) and not is_wrong_type(stored):
            raise stored
        if isinstance(stored, Exception):
            return DamagedRecord(WRONG_TYPE)
        try:
            if not stored:
                return Told(posts=())
            stamp, body = unseal(self._key, "told", name, bounded(stored, MOST_RECORD))
            return told_from_json(body, str(stamp))
        except DamagedRecord as damage:
            return damage

    async def write_told(self, member: str, told: Told) -> Told | None:
        """Write what was posted if nobody else did since it was read; None if somebody did."""
        name = key("told", member)
        stamp = Stamp(int(told.stamp[:20] or 0) + 1, secrets.token_hex(16))
        value = seal(self._key, "told", name, stamp, told_to_json(told))
        answer = await self._link.run("put", [name], [told.stamp, bounded(value, MOST_RECORD)])
        if answer[0] == b"wrongtype":
            raise DamagedRecord(WRONG_TYPE)
        if answer[0] == b"ok" or (len(answer) > 1 and answer[1] == value):
            return replace(told, stamp=str(stamp))
        return None
