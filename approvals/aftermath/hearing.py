"""What nodes do after a decision, heard and kept: it corroborates what we said, and never decides.

An event is audited before it is kept, and acknowledged after both, so that the node repeats what
got lost. What was done without our yes is kept apart (`doubts`) until people were told.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from approvals.aftermath.doubting import Doubting
from approvals.aftermath.doubts import GRACE_MS, Doubt
from approvals.aftermath.facts import (
    After,
    Overheard,
    Report,
    agreement,
    concerns,
    may_clear_up,
    suspicion,
    with_report,
    with_taken,
)
from approvals.audit import AuditDown
from approvals.codec import DamagedRecord
from approvals.events import AnswerTaken, NodeReported
from approvals.ledger import Ledger, lists_of
from approvals.model import Approval, Outcome, member_of
from approvals.recent import Recent
from approvals.redis.link import StoreDown

_TRIES: Final = 20
_HEARD_KEPT: Final = 10_000

OVERHEARD_MS: Final = 86_400_000
"""After a start people are told at most so late of what nobody told them."""


class Aftermath:
    """One per process. Its calls raise StoreDown, but for `taken` and `remember`.

    `doubting` has what was done without our yes.
    """

    def __init__(self, ledger: Ledger) -> None:
        """Kept here: which events this process dealt with, and what of them people must know."""
        self._ledger = ledger
        self.doubting = Doubting(ledger, self._judged)
        self._store = ledger.parts.after
        self._heard: Recent[tuple[str, str], None] = Recent(_HEARD_KEPT)
        self._damaged: Recent[str, None] = Recent(_HEARD_KEPT)

    async def of(self, approval: Approval) -> After:
        """What is known; nothing where what is stored is not as we wrote it."""
        try:
            return await self._store.read(approval.member)
        except DamagedRecord as damage:
            self._alarm_once(approval.member, damage)
            return After(whole=False)

    async def taken(self, approval: Approval) -> None:
        """The node took our answer. Kept only of an approval that people gave.

        Nothing rests on it: where the store is away it is not known, and the message says when the
        node was there.
        """
        final, ledger = approval.final, self._ledger
        if final is None or final.outcome is not Outcome.APPROVE:
            return
        if approval.verdict.effect != "ask":
            return
        now = ledger.now()
        try:
            if not await self._keep(approval, lambda after: with_taken(after, now), tell=True):
                return
        except StoreDown:
            return
        taken = AnswerTaken(now, approval.node, approval.request_id, approval.digest)
        ledger.parts.audit.post(taken)
        ledger.note(taken)

    async def hear(self, node: str, report: Report) -> None:
        """Take in an event of a node, once; when this returns, it need not be repeated.

        1. Find the record that it is about.
        2. Leave alone what was heard before.
        3. Audit it.
        4. Keep what was done without our yes, until people were told.
        5. Keep it beside its record.

        Raises:
            StoreDown, AuditDown: the node must repeat it.
        """
        ledger = self._ledger
        approval = await self._match(node, report)  # 1
        suspected = suspicion(report, approval)
        if await self._is_known(node, report, approval, suspected):  # 2
            return
        event = NodeReported(
            at=ledger.now(),
            node=node,
            request_id=report.request_id if approval is None else approval.request_id,
            digest="" if approval is None else approval.digest,
            report=report,
            agrees=None if approval is None else agreement(report, approval),
            suspected=suspected or "",
        )
        try:
            await ledger.parts.audit.write(event)  # 3
        except AuditDown as down:
            ledger.alarm("audit_down", "", str(down))
            raise
        if suspected is not None:
            await self._doubt(node, report, approval, suspected)  # 4
        if approval is not None:
            await self._report(approval, report)  # 5
        self._heard[node, report.event_id] = None
        ledger.note(event)

    def remember(self, overheard: Iterable[Overheard]) -> None:
        """Hold what our audit has of the last day, lest people were never told of it."""
        since = self._ledger.now() - OVERHEARD_MS
        self.doubting.remember(
            Doubt(one.node, one.report, heard_at=one.at, look_at=one.at + GRACE_MS)
            for one in overheard
            if one.at >= since
        )

    async def _match(self, node: str, report: Report) -> Approval | None:
        """The record under the request id, else the newest one that the task was asked under.

        Of the latter, only one that the report can be about.
        """
        if report.request_id:
            found = await self._read(member_of(node, report.request_id))
            if found is not None:
                return found
        if not report.task:
            return None
        try:
            member = await self._ledger.store.member_of_task(node, report.task)
        except DamagedRecord as damage:
            self._ledger.alarm("damaged", "", str(damage))
            return None
        found = None if member is None else await self._read(member)
        if found is None or (found.node, found.task) != (node, report.task):
            return None  # whoever can write to Redis can point anywhere
        return found if concerns(report, found) else None

    async def _read(self, member: str) -> Approval | None:
        """A record with the end that our own audit knows of it; a damaged one is as none."""
        try:
            approval = await self._ledger.read(member)
        except DamagedRecord as damage:
            self._ledger.alarm("damaged", member, str(damage))
            return None
        if approval is None or approval.final is not None:
            return approval
        return replace(approval, final=self._ledger.parts.memory.of(approval.digest).final)

    async def _is_known(
        self, node: str, report: Report, approval: Approval | None, suspected: str | None
    ) -> bool:
        if (node, report.event_id) in self._heard:
            return True
        if approval is not None:
            return (await self.of(approval)).knows(report.event_id)
        return suspected is not None and await self.doubting.knows(f"{node} {report.event_id}")

    async def _report(self, approval: Approval, report: Report) -> None:
        """Keep it beside its record; people hear of how it ended, not of each step."""
        now = self._ledger.now()
        await self._keep(
            approval,
            lambda after: with_report(after, report, approval, now),
            tell=report.stage in {"succeeded", "failed"},
        )

    async def _keep(
        self, approval: Approval, change: Callable[[After], After], *, tell: bool
    ) -> bool:
        """Change what stands beside a record; whether there was anything to change."""
        ledger, member = self._ledger, approval.member
        tell_at = lists_of(approval, tell_at=ledger.now() if tell else None).tell_at
        try:
            for _ in range(_TRIES):
                after = await self._store.read(member)
                new = change(after)
                if new is after:
                    return False
                done = await self._store.write(member, new, tell_at=tell_at)
                if done:
                    ledger.parts.bell.ring(member)
                if done is not False:
                    return bool(done)
        except DamagedRecord as damage:
            self._alarm_once(member, damage)
            return False
        raise StoreDown("others keep writing what happened after a decision")

    def _alarm_once(self, member: str, damage: DamagedRecord) -> None:
        """Of facts beside a record that are not ours: who looks at it each second reads it once."""
        if member not in self._damaged:
            self._ledger.alarm("damaged", member, f"what happened after the decision: {damage}")
            self._damaged[member] = None

    async def _doubt(
        self, node: str, report: Report, approval: Approval | None, suspected: str
    ) -> None:
        """Keep it until people were told; alarm at once where nothing can clear it up.

        So it is where there is no room for it: then only the log and the metric tell.
        """
        now, member = self._ledger.now(), "" if approval is None else approval.member
        may_end = may_clear_up(approval)
        alarming = Doubt(node, report, now, now, alarm=suspected, member=member)
        if not may_end:
            self.doubting.raise_alarm(alarming)
        doubt = replace(alarming, look_at=now + GRACE_MS, alarm="") if may_end else alarming
        if not await self.doubting.keep(doubt) and may_end:
            self.doubting.raise_alarm(alarming)

    async def _judged(self, doubt: Doubt) -> Doubt:
        """What it is now; no alarm where it was cleared up."""
        approval = await self._match(doubt.node, doubt.report)
        if approval is not None:
            await self._report(approval, doubt.report)
        member = "" if approval is None else approval.member
        return replace(doubt, alarm=suspicion(doubt.report, approval) or "", member=member)
