"""What Redis keeps beside a record: what happened after its decision, and what is in doubt.

Both are sealed like every other value and written by compare-and-swap; the same script has people
told. `after:<member>` goes when its record goes. What is not as we wrote it is set aside as it is.
"""

import hashlib
import secrets
from typing import Any, Final

from approvals.aftermath.doubts import DOUBTS_MEMBER, Doubts, doubts_from_json, doubts_to_json
from approvals.aftermath.facts import After, after_from_json, after_to_json
from approvals.codec import DamagedRecord, Stamp, seal, unseal
from approvals.redis.link import WRONG_TYPE, Link, StoreDown, WrongType, bounded, key
from approvals.redis.names import MOST_RECORD
from keys.seals import SealKey

DOUBTS_KEY: Final = key("doubts")
_UNTOLD: Final = key("untold")
_MS_A_DAY: Final = 86_400_000


class AfterStore:
    """Reads and replaces them, over the same link as the store."""

    def __init__(self, link: Link, seal_key: SealKey, *, keep_days: int) -> None:
        """`keep_days` is how long what stands beside no finished record is kept."""
        self._link = link
        self._key = seal_key
        self._keep_ms = keep_days * _MS_A_DAY

    async def read(self, member: str) -> After:
        """What happened after a decision. StoreDown, DamagedRecord."""
        opened = await self._opened("after", key("after", member))
        return After() if opened is None else after_from_json(*opened)

    async def write(self, member: str, after: After, *, tell_at: int | None) -> bool | None:
        """Replace what was read; False if somebody else did, None if the record is gone.

        `tell_at` is when people are told (Unix ms), None where this is nothing to tell.
        """
        name = key("after", member)
        stamp = _next(after.stamp)
        value = seal(self._key, "after", name, stamp, after_to_json(after))
        keys = [name, key("approval", member), _UNTOLD]
        return await self._put(keys, [after.stamp, value, member], tell_at, must_be="1")

    async def read_doubts(self) -> Doubts:
        """All that is in doubt. StoreDown, DamagedRecord."""
        opened = await self._opened("doubts", DOUBTS_KEY)
        return Doubts() if opened is None else doubts_from_json(*opened)

    async def write_doubts(self, doubts: Doubts, *, tell_at: int | None) -> bool:
        """Replace what was read; False if somebody else did. `tell_at`: see `write`."""
        stamp = _next(doubts.stamp)
        value = seal(self._key, "doubts", DOUBTS_KEY, stamp, doubts_to_json(doubts))
        keys = [DOUBTS_KEY, DOUBTS_KEY, _UNTOLD]
        written = [doubts.stamp, value, DOUBTS_MEMBER]
        return bool(await self._put(keys, written, tell_at, must_be=""))

    async def set_doubts_aside(self) -> str | None:
        """Rename what stands there and is not ours; its new name, None if nothing is wrong now."""
        sha1 = await self._sha1_of_wrong_doubts()
        if sha1 is None:
            return None
        aside = key("aside", f"doubts-{secrets.token_hex(8)}")
        arguments = [sha1, MOST_RECORD, self._keep_ms]
        return aside if await self._link.run("aside", [DOUBTS_KEY, aside], arguments) else None

    async def _sha1_of_wrong_doubts(self) -> str | None:
        """Of as much as is read of it; empty for another type, None where all is well."""
        try:
            async with self._link.reaching():
                stored: bytes = await self._link.client.getrange(DOUBTS_KEY, 0, MOST_RECORD)
        except WrongType:
            return ""
        try:
            if stored:
                bounded(stored, MOST_RECORD)
                stamp, body = unseal(self._key, "doubts", DOUBTS_KEY, stored)
                doubts_from_json(body, str(stamp))
        except DamagedRecord:
            return hashlib.sha1(stored, usedforsecurity=False).hexdigest()
        return None

    async def _opened(self, purpose: str, name: str) -> tuple[str, str] | None:
        stored = await self._link.get(name, MOST_RECORD)
        if stored is None:
            return None
        stamp, body = unseal(self._key, purpose, name, stored)
        return body, str(stamp)

    async def _put(
        self, keys: list[str], written: list[Any], tell_at: int | None, *, must_be: str
    ) -> bool | None:
        value = bounded(written[1], MOST_RECORD)
        tell = "" if tell_at is None else tell_at
        answer = await self._link.run("beside", keys, [*written, tell, self._keep_ms, must_be])
        match answer[0]:
            case b"ok":
                return True
            case b"moved":  # a client library may repeat a command that ran
                return bool(answer[1] == value)
            case b"gone":
                return None
            case b"mend":
                raise StoreDown("a list of ours is of another type, until it is set aside")
            case _:
                raise DamagedRecord(WRONG_TYPE)


def _next(stamp: str) -> Stamp:
    return Stamp(int(stamp[:20] or 0) + 1, secrets.token_hex(16))
