"""What Redis keeps of freezes: one sealed record, always there, replaced by compare-and-swap."""

import hashlib
import secrets
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from approvals.codec import DamagedRecord, Stamp, seal, unseal
from approvals.freezes.codec import freeze_from_json, freeze_to_json
from approvals.freezes.model import FreezeRecord, lacking
from approvals.redis.link import Link, StoreDown, WrongType, key
from approvals.redis.names import BELL, BELL_LENGTH, MOST_RECORD
from keys.seals import SealKey

FREEZE_MEMBER: Final = "freeze"
"""What bell and outbox call it: no record of a request has such a name, for theirs hold a slash."""

FREEZE_KEY: Final = key("freeze")
_UNTOLD: Final = key("untold")
_NO_ROOM: Final = "so much is frozen that no more fits into its record"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What is stored is not ours. `sha1` names its first mebibyte; empty where it is no string."""

    why: str
    sha1: str


class NoRoom(StoreDown):
    """So much is frozen that no more fits into its record; nothing was written."""


Stored: TypeAlias = FreezeRecord | Unreadable | None


class FreezeStore:
    """Reads and replaces the one record, over the same link as the store."""

    def __init__(self, link: Link, seal_key: SealKey) -> None:
        """The seal covers the key's name, the epoch and the exact JSON, as for any record."""
        self._link = link
        self._key = seal_key

    async def read(self) -> Stored:
        """What is stored; None if nothing is. StoreDown if nobody can say."""
        try:
            async with self._link.reaching():
                stored = await self._link.client.getrange(FREEZE_KEY, 0, MOST_RECORD)
        except WrongType as error:
            return Unreadable(str(error), "")
        return self.opened(stored) if stored else None

    async def write(self, old: Stored, new: FreezeRecord) -> FreezeRecord | None:
        """Replace what was read; None if somebody else did. What is not ours is set aside.

        NoRoom where the record would be too long to be read back: it would be mended without end.
        """
        stamp, value = self._sealed(new)
        if len(value) > MOST_RECORD:
            raise NoRoom(_NO_ROOM)
        new = replace(new, stamp=str(stamp))
        expected = old.stamp if isinstance(old, FreezeRecord) else ""
        unreadable = old.sha1 if isinstance(old, Unreadable) else ""
        keys = [FREEZE_KEY, BELL, key("aside", f"freeze-{secrets.token_hex(8)}"), _UNTOLD]
        arguments = [expected, value, unreadable, BELL_LENGTH, FREEZE_MEMBER, MOST_RECORD]
        try:
            answer = await self._link.run("freeze", keys, arguments)
        except StoreDown:
            current = await self.read()
            if isinstance(current, FreezeRecord) and current.stamp == new.stamp:
                return new
            raise
        if answer[0] == b"ok":
            return new
        current = await self.read()  # a client library may repeat a command that ran
        return new if isinstance(current, FreezeRecord) and current.stamp == new.stamp else None

    def leave_room(self, new: FreezeRecord, room: int) -> None:
        """NoRoom where this record would leave fewer bytes than `room` for what is to come."""
        _, value = self._sealed(new)
        if len(value) > MOST_RECORD - room:
            raise NoRoom(_NO_ROOM)

    def opened(self, stored: bytes) -> FreezeRecord | Unreadable:
        """A stored value, if the seal is ours."""
        try:
            stamp, body = unseal(self._key, "freeze", FREEZE_KEY, stored)
            record = freeze_from_json(body)
        except DamagedRecord as damage:
            return Unreadable(str(damage), hashlib.sha1(stored, usedforsecurity=False).hexdigest())
        return replace(record, epoch=stamp.revision, stamp=str(stamp))

    def _sealed(self, record: FreezeRecord) -> tuple[Stamp, bytes]:
        stamp = Stamp(record.epoch, secrets.token_hex(16))
        return stamp, seal(self._key, "freeze", FREEZE_KEY, stamp, freeze_to_json(record))


def wrong_with(stored: Stored, known: FreezeRecord | None) -> str | None:
    """Why what is stored may not be believed; None also where nothing was ever written."""
    if isinstance(stored, Unreadable):
        return stored.why
    if stored is None:
        return None if known is None else "it is gone"
    if known is None:
        return None
    if stored.epoch < known.epoch:
        return f"it is of epoch {stored.epoch}, and {known.epoch} was known"
    missing = lacking(stored, known)
    return f"it lacks {', '.join(missing)}" if missing else None
