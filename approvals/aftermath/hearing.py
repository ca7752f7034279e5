"""What nodes do after a decision, heard and kept: it corroborates what we said, and never decides.

An event is audited before it is kept, and acknowledged after both, so that the node repeats what
got lost. What was done without our yes is kept apart (`doubts`) until people were told.
"""

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Final

from approvals.aftermath.doubts import DOUBTS_MEMBER, GRACE_MS, Doubt, Doubts, changed, with_doubt
from approvals.aftermath.facts import (
    After,
    Report,
    agreement,
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


class Aftermath:
    """One per process. Its calls raise StoreDown, but for `taken`."""

    def __init__(self, ledger: Ledger) -> None:
        """Nothing is kept here but which events this process has dealt with."""
        self._ledger = ledger
        self._store = ledger.parts.after
        self._heard: Recent[tuple[str, str], None] = Recent(_HEARD_KEPT)

    async def of(self, approval: Approval) -> After:
        """What is known; nothing where what is stored is not as we wrote it."""
        try:
            return await self._store.read(approval.member)
        except DamagedRecord as damage:
            self._ledger.alarm("damaged", approval.member, str(damage))
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

    async def judge(self) -> Doubts:
        """Raise the alarm for what time did not clear up; everything that people must be told of.

        Raised before it is kept that it was: a death in between raises it once more.
        """
        raised: set[str] = set()
        for _ in range(_TRIES):
            doubts = await self._store.read_doubts()
            now = self._ledger.now()
            due = [one for one in doubts.kept if not one.alarm and one.look_at <= now]
            if not due:
                return doubts
            judged = [await self._judged(doubt) for doubt in due]
            for doubt in judged:
                if doubt.alarm and doubt.name not in raised:
                    self._raise(doubt.alarm, doubt.node, doubt.report, doubt.member)
                    raised.add(doubt.name)
            cleared = [doubt.name for doubt in judged if not doubt.alarm]
            await self._store.write_doubts(changed(doubts, judged, cleared=cleared), tell_at=None)
        raise StoreDown("others keep writing what is in doubt")

    async def said(self, names: Collection[str], place: str) -> None:
        """People were told of these at a place."""

        def told(doubts: Doubts) -> Doubts:
            return changed(
                doubts,
                [
                    replace(one, said=(*one.said, place))
                    for one in doubts.kept
                    if one.name in names and place not in one.said
                ],
            )

        await self._change_doubts(told, tell_at=None)

    async def doubts(self) -> Doubts:
        """All that are kept."""
        return await self._store.read_doubts()

    async def _match(self, node: str, report: Report) -> Approval | None:
        """The record under the request id, else the newest one that the task was asked under."""
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
        return found

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
        if suspected is None:
            return False
        try:
            return (await self._store.read_doubts()).knows(f"{node} {report.event_id}")
        except DamagedRecord:
            return False

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
            ledger.alarm("damaged", member, str(damage))
            return False
        raise StoreDown("others keep writing what happened after a decision")

    async def _doubt(
        self, node: str, report: Report, approval: Approval | None, suspected: str
    ) -> None:
        """Keep it until people were told; alarm at once where nothing can clear it up.

        So it is where it cannot be kept: then only the log and the metric tell.
        """
        now, member = self._ledger.now(), "" if approval is None else approval.member
        may_end = may_clear_up(approval)
        if not may_end:
            self._raise(suspected, node, report, member)
        doubt = Doubt(
            node,
            report,
            heard_at=now,
            look_at=now + GRACE_MS if may_end else now,
            alarm="" if may_end else suspected,
            member=member,
        )
        try:
            kept = await self._change_doubts(
                lambda doubts: with_doubt(doubts, doubt), tell_at=doubt.look_at
            )
        except DamagedRecord as damage:
            self._ledger.alarm("damaged", DOUBTS_MEMBER, str(damage))
            kept = False
        if may_end and not kept:
            self._raise(suspected, node, report, member)

    async def _judged(self, doubt: Doubt) -> Doubt:
        """What it is now; no alarm where it was cleared up."""
        approval = await self._match(doubt.node, doubt.report)
        if approval is not None:
            await self._report(approval, doubt.report)
        member = "" if approval is None else approval.member
        return replace(doubt, alarm=suspicion(doubt.report, approval) or "", member=member)

    async def _change_doubts(
        self, change: Callable[[Doubts], Doubts | None], *, tell_at: int | None
    ) -> bool:
        """Read, change, swap, until nobody was faster; False where there is no room."""
        for _ in range(_TRIES):
            doubts = await self._store.read_doubts()
            new = change(doubts)
            if new is None:
                return False
            if new == doubts:
                return True
            if tell_at is not None and new.next_look is not None:
                tell_at = min(tell_at, new.next_look)
            if await self._store.write_doubts(new, tell_at=tell_at):
                self._ledger.parts.bell.ring(DOUBTS_MEMBER)
                return True
        raise StoreDown("others keep writing what is in doubt")

    def _raise(self, what: str, node: str, report: Report, member: str) -> None:
        about = report.request_id or report.task or "without a request"
        detail = f"{node} reports {report.kind} {about} as done (event {report.event_id})"
        self._ledger.alarm(what, member, detail)
