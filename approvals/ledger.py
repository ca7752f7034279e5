"""Read, decide, swap: the one function that settles a record, and what everybody else needs for it.

The handler of an attempt, a vote and the sweeper may all run it at once on the same record; the
compare-and-swap orders them.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from approvals.acquaintance import destinations_of
from approvals.chronicle import Chronicle
from approvals.decide import decide
from approvals.events import Finalized
from approvals.freezes.freezing import FreezeParts, Freezing
from approvals.hearing import NoAnswer
from approvals.in_force import InForce
from approvals.model import (
    NOTHING_NEW,
    Approval,
    Approved,
    Cause,
    Damaged,
    Decision,
    Outcome,
    Rejected,
    Today,
)
from approvals.model import Final as FinalFact
from approvals.news import News
from approvals.parts import Parts
from approvals.recent import Recent
from approvals.redis.link import StoreDown
from approvals.request import Request
from approvals.swapping import FreezeMoved, Lists, Moved, Swapped

_WRITES_KEPT: Final = 512


class Ledger:
    """The records, and what they amount to by today's policy, clock and memory."""

    def __init__(self, parts: Parts) -> None:
        """Hold the parts; nothing runs until asked."""
        self.parts = parts
        self.store = parts.store
        self.now = parts.now_ms
        chronicle = Chronicle(parts.audit, parts.journals, parts.now_ms)
        self.note, self.alarm = chronicle.note, chronicle.alarm
        self.audit_or_alarm = chronicle.audit_or_alarm
        self.news = News()
        self.freezing = Freezing(
            FreezeParts(
                store=parts.freezes,
                bell=parts.bell,
                audit=parts.audit,
                memory=parts.memory,
                journals=parts.journals,
                now_ms=parts.now_ms,
            ),
            self.news,
        )
        self.in_force = InForce(
            parts.policy, self.freezing, parts.store, parts.memory.acquaintances, self.alarm
        )
        self._just_written: Recent[str, None] = Recent(_WRITES_KEPT)
        self._ending: Counter[str] = Counter()

    async def read(self, member: str) -> Approval | None:
        """A record as we know it. DamagedRecord if it is not as we wrote it.

        One that is older than what we know is read again, for answers may overtake each other; if
        it still is, somebody put it back, or Redis forgot.
        """
        memory = self.parts.memory
        approval = await self.store.read(member)
        if approval is not None and memory.is_ahead_of(approval):
            approval = await self.store.read(member)
            older = approval and memory.is_ahead_of(approval)
            if older:
                self.alarm("rolled_back", member, older)
        if approval is None:
            return None
        memory.set_revision(approval.digest, approval.revision)
        return self.as_known(approval)

    def as_known(self, approval: Approval) -> Approval:
        """With the earliest deadline that we know of; it only ever moves earlier."""
        known = self.parts.memory.no_later(approval)
        if approval.final is None:
            self.parts.memory.learn_deadline(approval.digest, known.deadline)
        return known

    def learn_destinations(self, approval: Approval, request: Request) -> None:
        """The answer is on record: where it was a yes, whom it reaches is known from now on."""
        if approval.final is not None and approval.final.outcome is Outcome.APPROVE:
            findings = self.in_force.findings_of(request)
            wallet, to = findings.claims.wallet_id, destinations_of(findings)
            self.parts.memory.acquaintances.learn(wallet, to, self.now())

    def decision_of(self, approval: Approval, today: Today) -> Decision:
        """What the record amounts to now, with today's rules and people and our own audit."""
        return decide(
            approval,
            now=self.now(),
            electorate=self.in_force.policy.electorate,
            remembered=self.parts.memory.of(approval.digest),
            today=today,
        )

    async def newest(self, approval: Approval) -> Approval:
        """The record read again where it is older than what this process has learned meanwhile."""
        if isinstance(self.decision_of(approval, NOTHING_NEW), Damaged):
            return await self.read(approval.member) or approval
        return approval

    def undamaged(self, approval: Approval) -> Decision:
        """Its decision but for today's rules, which cannot make good what is damaged.

        NoAnswer for a record that contradicts itself or what our audit knows.
        """
        decision = self.decision_of(approval, NOTHING_NEW)
        if isinstance(decision, Damaged):
            self.alarm("damaged", approval.member, decision.why)
            raise NoAnswer("damaged")
        return decision

    def with_final(self, approval: Approval, *, heard: bool, today: Today) -> Approval:
        """The record with the final fact that its decision asks for; itself if there is none.

        APPROVE becomes final only where an attempt is there to hear it: `heard`.
        """
        if approval.final is not None:
            return approval
        decision = self.decision_of(approval, today)
        if isinstance(decision, Rejected):
            final = self._final(approval, Outcome.REJECT, decision.cause, decision.sentence)
        elif isinstance(decision, Approved) and heard:
            final = self._final(approval, Outcome.APPROVE, None, decision.sentence)
        else:
            return approval
        return replace(approval, final=final)

    async def settle(self, approval: Approval, *, heard: bool, today: Today) -> Approval:
        """Add the final fact if there is one to add; the record as it is stored afterwards."""
        changed = self.with_final(approval, heard=heard, today=today)
        if changed is approval:
            return approval
        lists = lists_of(changed, tell_at=self.now())
        learned: tuple[Finalized, ...] = ()
        with self._about_to_end(approval.member):
            done = await self.swap(approval, changed, lists, under=today.under)
            if isinstance(done, Swapped):
                learned = self.learn(done.approval)
        if isinstance(done, FreezeMoved):
            await self.look_at_freezes(approval.member)
            return approval
        if learned:
            await self.audit_or_alarm(done.approval.member, *learned)
        return done.approval

    def is_ending(self, member: str) -> bool:
        """Whether we are writing its final fact: one that is read meanwhile may be our own."""
        return member in self._ending

    @contextmanager
    def _about_to_end(self, member: str) -> Iterator[None]:
        self._ending[member] += 1
        try:
            yield
        finally:
            self._ending[member] -= 1
            if not self._ending[member]:
                del self._ending[member]

    async def swap(
        self, old: Approval, new: Approval, lists: Lists, *, under: str
    ) -> Swapped | Moved | FreezeMoved:
        """Replace exactly the record that was read; a record that vanished is no answer now."""
        done = await self.store.swap(old, new, lists, under=under)
        if done is None:
            self.alarm("record_vanished", old.member, "a record that was read is gone")
            raise StoreDown("the record is gone")
        if lists.ring:
            self.parts.bell.ring(old.member)
        if isinstance(done, FreezeMoved):
            return done
        stored, memory = done.approval, self.parts.memory
        if isinstance(done, Swapped):
            self.written(stored)
        elif stored.revision < memory.revision_of(stored.digest):
            return replace(done, approval=self.as_known(stored))  # who reads it next looks twice
        memory.set_revision(stored.digest, stored.revision)
        return replace(done, approval=self.as_known(done.approval))

    def written(self, approval: Approval) -> None:
        """A yes that we made final just now was compared with what is frozen by that very write."""
        if approval.final is not None and approval.final.outcome is Outcome.APPROVE:
            self._just_written[approval.stamp] = None

    async def frozen_now(self, approval: Approval, request: Request) -> bool:
        """Whether a freeze keeps a final yes from being spoken: as of now, or of that write."""
        if approval.stamp in self._just_written:
            del self._just_written[approval.stamp]
        else:
            await self.freezing.look()
        return self.in_force.standing(self.in_force.findings_of(request), None).frozen is not None

    async def fact(self, old: Approval, new: Approval, lists: Lists) -> Swapped | Moved:
        """A swap to what is no final APPROVE, so that it does not matter what is frozen."""
        done = await self.swap(old, new, lists, under="")
        if isinstance(done, FreezeMoved):
            raise StoreDown("the script answered what this write cannot be answered")
        return done

    async def look_at_freezes(self, member: str) -> None:
        """What is frozen changed under a decision: read it, and let the waiter decide again."""
        await self.freezing.look()
        self.parts.bell.ring(member)

    def learn(self, approval: Approval) -> tuple[Finalized, ...]:
        """A final fact was stored by us: remember it; what belongs in the audit as soon as may be.

        The audit of what is final at birth begins with it, so that waits for the answer.
        """
        if approval.final is None:
            return ()
        self.parts.memory.learn_final(approval.digest, approval.final)
        finalized = Finalized(self.now(), approval)
        self.note(finalized)
        return (finalized,)

    def learn_answered(self, approval: Approval) -> None:
        """A final fact, whoever stored it, is about to be this process's answer."""
        if approval.final is not None:
            self.parts.memory.learn_answered(approval.digest, approval.final)

    def _final(
        self, approval: Approval, outcome: Outcome, cause: Cause | None, sentence: str
    ) -> FinalFact:
        return FinalFact(
            outcome=outcome,
            cause=cause,
            sentence=sentence,
            at=self.now(),
            revision=approval.revision,
            policy=self.in_force.policy.digest,
        )


def lists_of(approval: Approval, *, tell_at: int | None = None, ring: bool = True) -> Lists:
    """Where a record belongs: in `open` until final, in `untold` if people hear of it at all.

    An open record's score is when it must be looked at: its deadline, and when that has passed
    with enough approvals, the end of the time in which the node may fetch the answer.
    """
    people_hear = approval.verdict.effect == "ask" or approval.notice
    return Lists(
        open_until=None if approval.final is not None else approval.deadline,
        tell_at=tell_at if people_hear else None,
        ring=ring,
    )
