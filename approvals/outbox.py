"""What people must still be told, and what they were told: at least once, from the record.

A teller claims a member by moving it out of others' reach for a while; a teller that dies leaves
it to the next one. What was posted is sealed like every other value.
"""

import secrets
from dataclasses import replace
from typing import Final

from approvals.codec import DamagedRecord, Stamp, seal, unseal
from approvals.freeze_store import FREEZE_KEY, FREEZE_MEMBER
from approvals.redis_link import WRONG_TYPE, Link, bounded, key
from approvals.store import MOST_RECORD, claim
from approvals.told import Told, told_from_json, told_to_json
from keys.seals import SealKey

CLAIM_MS: Final = 30_000


class Outbox:
    """The `untold` set and the posts, over the same link as the store."""

    def __init__(self, link: Link, seal_key: SealKey) -> None:
        """Records are the store's; this only reads their revisions."""
        self._link = link
        self._key = seal_key

    async def claim_untold(self, now: int, limit: int) -> tuple[str, ...]:
        """Members to tell people about; nobody else gets them for the next 30 seconds."""
        return tuple(await claim(self._link, "untold", now, now + CLAIM_MS, limit))

    async def settle_untold(self, member: str, revision: int, *, again_at: int | None) -> None:
        """Told as of `revision`: done, or again at a later time, or at once if it changed.

        Of what is frozen the revision is its epoch.
        """
        record = FREEZE_KEY if member == FREEZE_MEMBER else key("approval", member)
        keys = [record, key("untold"), key("told", member)]
        again = "" if again_at is None else again_at
        await self._link.run("settle", keys, [member, f"{revision:020d}", again])

    async def read_told(self, member: str) -> Told:
        """What was posted about a member; empty if nothing was."""
        name = key("told", member)
        stored = await self._link.get(name, MOST_RECORD)
        if stored is None:
            return Told(posts=())
        stamp, body = unseal(self._key, "told", name, stored)
        return told_from_json(body, str(stamp))

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
