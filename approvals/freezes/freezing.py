"""Freezing and thawing, and what every decision must know of it.

Each process holds the newest record that it has seen, and puts every epoch that it learns into
its own audit. A record that is gone, that is not ours, or that is older than what our audit knows
counts as a freeze of everything; it is replaced by one that says so, with what we knew of others.
"""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from approvals.audit import Audit, AuditDown
from approvals.bell import Bell
from approvals.chronicle import Chronicle
from approvals.electorate import Electorate
from approvals.events import FreezeChanged, FreezeWhat, Journal
from approvals.freezes.model import (
    FIRST,
    Freeze,
    FreezeRecord,
    Reach,
    ThawVote,
    already,
    frozen_by,
    mended,
    thawing,
    with_freeze,
    with_thaw,
)
from approvals.freezes.outcomes import NotFrozen, NotThawed, ThawedSince
from approvals.freezes.store import FREEZE_MEMBER, FreezeStore, Stored, wrong_with
from approvals.memory import Memory
from approvals.model import Evidence, Frozen, SshSignature
from approvals.news import News
from approvals.redis.link import StoreDown

LOOK_S: Final = 2.0
MEND_EVERY_S: Final = 0.2
_TRIES: Final = 20

ROOM_TO_THAW: Final = 1 << 17
"""Bytes of the record that no freeze takes: a vote to thaw is 1 KB, with the longest of reasons 40.

What is of one wallet or source leaves as much again, so that everything can still be frozen.
"""


@dataclass(frozen=True, slots=True)
class FreezeParts:
    """What freezing is put together from."""

    store: FreezeStore
    bell: Bell
    audit: Audit
    memory: Memory
    journals: Sequence[Journal]
    now_ms: Callable[[], int]


class Freezing:
    """One per process; `follow` is for a task of its own."""

    def __init__(self, parts: FreezeParts, news: News) -> None:
        """Nothing is known until it was read: until then nothing is decided either."""
        self._parts = parts
        self._news = news
        self._chronicle = Chronicle(parts.audit, parts.journals, parts.now_ms)
        self._seen: FreezeRecord | None = None
        self._one_at_a_time = asyncio.Lock()
        self._mend_from = 0.0

    @property
    def record(self) -> FreezeRecord | None:
        """The newest record seen; None before the first."""
        return self._seen

    @property
    def stamp(self) -> str:
        """What a final APPROVE is written under."""
        return "" if self._seen is None else self._seen.stamp

    @property
    def needs_bytes(self) -> bool:
        """Whether a request must be looked at to know if it is frozen."""
        seen = self._seen
        return seen is not None and bool(seen.freezes) and not seen.freezes_everything

    def frozen(self, reach: Reach) -> Frozen | None:
        """The freeze that holds for a request. StoreDown before anything is known."""
        if self._seen is None:
            raise StoreDown("nobody knows yet what is frozen")
        return frozen_by(self._seen, reach)

    async def known(self) -> None:
        """Read it if nobody has yet. StoreDown if that cannot be done now."""
        if self._seen is None:
            await self.look()

    async def look(self) -> FreezeRecord:
        """Read what is frozen now, learn it, and mend it where it was lost.

        One reader at a time: an answer that was overtaken by our own write would look as if
        somebody had put an older record back.
        """
        async with self._one_at_a_time:
            return await self._look()

    async def _look(self) -> FreezeRecord:
        for _ in range(_TRIES):
            stored = await self._parts.store.read()
            why = wrong_with(stored, self._parts.memory.freezes)
            if why is None and isinstance(stored, FreezeRecord):
                return await self._learn(stored)
            if why is None:
                written = await self._write(stored, FIRST, "begun")
            else:
                written = await self._mend(stored, why)
            if written is not None:
                return written
        raise StoreDown("what is frozen keeps changing")

    async def freeze(
        self,
        *,
        wallet: str | None,
        source: str | None,
        person: str,
        reason: str,
        evidence: Evidence,
        electorate: Electorate,
        last_ended: str | None = None,
    ) -> Freeze | NotFrozen:
        """Any one of on-call stops one wallet, one source, or everything. StoreDown: try again.

        `last_ended` is what the record said when the person was asked: a form that is delivered
        again after a thaw freezes nothing again, but raises ThawedSince. None: asked just now.
        """
        if person not in electorate.on_call:
            return NotFrozen.NOT_ON_CALL
        for _ in range(_TRIES):
            async with self._one_at_a_time:
                record, at = await self._look(), self._parts.now_ms()
                made = Freeze(
                    id=_id(record),
                    wallet=wallet,
                    source=source,
                    person=person,
                    reason=reason,
                    at=at,
                    evidence=evidence,
                )
                again = already(record, made)
                if again is not None:
                    return again
                if last_ended is not None and record.last_ended != last_ended:
                    raise ThawedSince
                after = with_freeze(record, made)
                room = ROOM_TO_THAW if made.of_everything else 2 * ROOM_TO_THAW
                self._parts.store.leave_room(after, room)
                written = await self._write(record, after, "frozen", person)
            if written is not None:
                return made
        raise StoreDown("what is frozen keeps changing")

    async def thaw(
        self,
        *,
        freeze: str,
        person: str,
        reason: str,
        evidence: SshSignature,
        electorate: Electorate,
    ) -> FreezeRecord | NotThawed:
        """One signed vote to end one freeze; the second of another person ends it."""
        if person not in electorate.on_call:
            return NotThawed.NOT_ON_CALL
        for _ in range(_TRIES):
            async with self._one_at_a_time:
                record = await self._look()
                vote = ThawVote(
                    freeze=freeze,
                    person=person,
                    reason=reason,
                    at=self._parts.now_ms(),
                    evidence=evidence,
                )
                thawed = await self._thaw(record, vote, electorate)
            if thawed is not None:
                return thawed
        raise StoreDown("what is frozen keeps changing")

    async def _thaw(
        self, record: FreezeRecord, vote: ThawVote, electorate: Electorate
    ) -> FreezeRecord | NotThawed | None:
        """None where somebody else changed the record meanwhile."""
        if all(kept.id != vote.freeze for kept in record.freezes):
            return NotThawed.NO_SUCH_FREEZE
        if vote.person in thawing(record.thaws, vote.freeze, vote.at, electorate):
            return NotThawed.ALREADY_VOTED
        after = with_thaw(record, vote, electorate)
        ended = len(after.freezes) < len(record.freezes)
        await self._audit_first(record, vote)
        return await self._write(record, after, "thawed" if ended else "thaw_voted", vote.person)

    async def follow(self) -> None:
        """For ever: learn of changes by the bell, and every few seconds in any case."""
        with self._parts.bell.waiting(FREEZE_MEMBER) as waiter:
            while True:
                with suppress(StoreDown):
                    await self.look()
                await waiter.wait(LOOK_S)

    async def _mend(self, stored: Stored, why: str) -> FreezeRecord | None:
        """Everything is frozen from here on, at every gateway, until two people thaw it.

        Each time is a line of the audit: whoever spoils the record without end must not fill it.
        """
        clock = asyncio.get_running_loop().time
        await asyncio.sleep(self._mend_from - clock())
        self._mend_from = clock() + MEND_EVERY_S
        known = self._parts.memory.freezes or FIRST
        now = self._parts.now_ms()
        reason = f"The record of what is frozen was lost: {why}."
        base = stored if isinstance(stored, FreezeRecord) else None
        after = mended(known, base, _of_our_own(known, reason, now))
        self._seen = after  # nothing is approved meanwhile
        self._chronicle.alarm("freeze_lost", "", why)
        return await self._write(stored, after, "lost")

    async def _write(
        self, old: Stored, new: FreezeRecord, what: FreezeWhat, person: str | None = None
    ) -> FreezeRecord | None:
        """Replace it; None if somebody else did. What is stored stays so when the audit fails."""
        written = await self._parts.store.write(old, new)
        if written is not None:
            await self._learn(written, what, person)
            self._parts.bell.ring(FREEZE_MEMBER)
        return written

    async def _learn(
        self, record: FreezeRecord, what: FreezeWhat = "learned", person: str | None = None
    ) -> FreezeRecord:
        """Hold it; an epoch that is news goes into our audit, and open approvals are looked at."""
        known = self._parts.memory.freezes
        self._seen = record
        if known is not None and record.epoch <= known.epoch:
            return record
        self._parts.memory.learn_freezes(record)
        self._news.tell()
        change = FreezeChanged(self._parts.now_ms(), what, person, record)
        self._chronicle.note(change)
        await self._chronicle.audit_or_alarm(FREEZE_MEMBER, change)
        return record

    async def _audit_first(self, record: FreezeRecord, vote: ThawVote) -> None:
        """What loosens is on disk before it holds. StoreDown if it cannot be."""
        now = self._parts.now_ms()
        try:
            await self._parts.audit.write(FreezeChanged(now, "thawing", vote.person, record, vote))
        except AuditDown as down:
            raise StoreDown(f"the audit cannot be written ({down})") from None


def _of_our_own(known: FreezeRecord, reason: str, at: int) -> Freeze:
    """A freeze of everything that nobody asked for."""
    return Freeze(
        id=_id(known), wallet=None, source=None, person=None, reason=reason, at=at, evidence=None
    )


def _id(record: FreezeRecord) -> str:
    """Of a freeze that begins after this record."""
    return f"{record.epoch + 1}-{secrets.token_hex(2)}"
