"""What people were told, sealed like every other value, and the places where they are."""

import secrets
from collections.abc import Sequence
from dataclasses import replace

from approvals.codec import DamagedRecord, Stamp, seal, unseal
from approvals.redis.link import WRONG_TYPE, Link, bounded, is_wrong_type, key
from approvals.redis.names import MOST_RECORD
from approvals.told import Told, told_from_json, told_to_json
from approvals.untold import Untold, lists_of
from keys.seals import SealKey


class Outbox:
    """The posts about each record and the lists of each place, over the same link as the store."""

    def __init__(self, link: Link, seal_key: SealKey, places: Sequence[str]) -> None:
        """`places` are all where this gateway tells people, the screen first."""
        self._link = link
        self._key = seal_key
        self.places = tuple(places)

    def at(self, place: str) -> Untold:
        """What must still be told there."""
        return Untold(self._link, self.places, place)

    @property
    def lists(self) -> tuple[str, ...]:
        """The names of all lists of places in Redis."""
        return tuple(name for place in self.places for name in lists_of(place))

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
