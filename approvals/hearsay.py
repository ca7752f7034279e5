"""What other gateways refuse or make final, learned by this one while it is fresh.

Redis may forget or be set back. Whoever heard of a refusal in time does not let it be undone, and
whoever heard of an answer gives no other one.
"""

import asyncio
from contextlib import suppress
from typing import Final

from approvals.codec import DamagedRecord
from approvals.events import AlarmOver, Learned
from approvals.ledger import Ledger
from approvals.model import NOTHING_NEW, Approval, Choice, Damaged, Rejected
from approvals.redis.link import StoreDown
from approvals.wording import counted

AT_ONCE: Final = 200
MOST_WAITING: Final = 10_000
AGAIN_S: Final = 0.5
SOON_S: Final = 0.02


class Hearsay:
    """Reads what others wrote, soon after the bell rang; `follow` is for a task of its own."""

    def __init__(self, ledger: Ledger) -> None:
        """It learns into this ledger's memory and audit."""
        self._ledger = ledger
        self._waiting: dict[str, None] = {}
        self._rung = asyncio.Event()
        self._left_out = 0

    def hear(self, member: str) -> None:
        """Another process wrote this record; past ten thousand unread ones, none is added.

        What is left out is read when it is asked for, and counted until all others were read.
        """
        if "/" not in member or member in self._waiting:
            return
        if len(self._waiting) < MOST_WAITING:
            self._waiting[member] = None
            self._rung.set()
            return
        if not self._left_out:
            detail = f"{MOST_WAITING:,} records that other gateways wrote wait to be read"
            self._ledger.alarm("unheard", "", detail)
        self._left_out += 1

    async def follow(self) -> None:
        """For ever."""
        while True:
            await self._rung.wait()
            some = list(self._waiting)[:AT_ONCE]
            for member in some:  # before we read: one that is rung for meanwhile is read again
                del self._waiting[member]
            try:
                records = await self._ledger.store.read_many(some)
            except StoreDown:
                self._waiting = dict.fromkeys([*some, *self._waiting])
                await asyncio.sleep(AGAIN_S)
                continue
            found = [record for record in records.values() if isinstance(record, Approval)]
            if await self._learn(found):
                await asyncio.sleep(SOON_S)
            if not self._waiting:
                self._rung.clear()
                self._caught_up()

    def _caught_up(self) -> None:
        """Say how many were left out, if any were."""
        if self._left_out:
            detail = f"{counted(self._left_out, 'record')} left out"
            self._ledger.note(AlarmOver(self._ledger.now(), "unheard", detail))
            self._left_out = 0

    async def _learn(self, approvals: list[Approval]) -> bool:
        """Keep what is news, in one write; what is damaged alarms whoever needs it.

        Whether some are to be read again: what we are about to end ourselves is not another's end,
        though its bell rang for the vote before and the record that we read has our own already.
        """
        for approval in approvals:
            await self._object(approval)
        now = self._ledger.now()
        ours = [one.member for one in approvals if self._ledger.is_ending(one.member)]
        others = [one for one in approvals if one.member not in ours]
        news = [Learned(now, approval) for approval in others if self._is_news(approval)]
        for learned in news:
            self._ledger.note(learned)
        await self._ledger.audit_or_alarm("", *news)
        self._waiting |= dict.fromkeys(ours)
        return bool(ours)

    async def _object(self, approval: Approval) -> None:
        """Another gateway goes on from a record that lacks what we know: say so, and add it.

        It cannot have known: it was kept from hearing of it, or the record was set back.
        """
        ledger = self._ledger
        known = ledger.parts.memory.of(approval.digest)
        if (known.final is None and not known.refusals) or not self._contradicts(approval):
            return
        with suppress(StoreDown, DamagedRecord):
            newest = await ledger.read(approval.member)  # answers may overtake each other
            why = newest and self._contradicts(newest)
            if newest is None or not why:
                return
            ledger.alarm("damaged", newest.member, why)
            await ledger.settle(newest, heard=False, today=NOTHING_NEW)

    def _contradicts(self, approval: Approval) -> str:
        """How it contradicts what we know, in words; nothing if it does not."""
        decision = self._ledger.decision_of(approval, NOTHING_NEW)
        if isinstance(decision, Damaged):
            return decision.why
        lacking = approval.final is None and isinstance(decision, Rejected)
        return "it lacks a refusal that was known here" if lacking else ""

    def _is_news(self, approval: Approval) -> bool:
        """Whether there is a refusal or a final fact in it that we did not know; now we do."""
        memory = self._ledger.parts.memory
        if approval.revision > memory.revision_of(approval.digest):
            memory.set_revision(approval.digest, approval.revision)
        self._ledger.as_known(approval)
        known = memory.of(approval.digest)
        heard = {vote.person for vote in known.refusals}
        refusals = [
            vote
            for vote in approval.votes
            if vote.choice is Choice.REJECT and vote.person not in heard
        ]
        if not refusals and (approval.final is None or known.final is not None):
            return False
        for vote in refusals:
            memory.learn_refusal(vote)
        if approval.final is not None:
            memory.learn_final(approval.digest, approval.final)
        return True
