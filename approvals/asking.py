"""The node's side: a request in, the record with its final fact out, or no answer at all.

Nothing is spoken here: the callback signs what `answer` returns, and `answer` returns only after
the evidence is on disk.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final, TypeVar

from approvals.arriving import Arriving
from approvals.audit import AuditDown
from approvals.codec import DamagedRecord
from approvals.events import Answered
from approvals.hearing import Hearing, NoAnswer
from approvals.ledger import Ledger, lists_of
from approvals.model import Approval, Approved, member_of
from approvals.redis.link import StoreDown
from approvals.request import Request
from approvals.swapping import Swapped
from approvals.window import end_attempt

T = TypeVar("T")

AGAIN_S: Final = 0.25


class Asking:
    """Holds attempts until their record is final."""

    def __init__(self, ledger: Ledger) -> None:
        """One per process: it knows which attempts this process holds."""
        self._ledger = ledger
        self._arriving = Arriving(ledger)

    async def answer(self, request: Request, hearing: Hearing) -> Approval:
        """The record with its final fact, once there is one; NoAnswer if this attempt gets none.

        1. Find the record or create it; a second body under a known id gets a record of its own.
        2. Wait until it is decided, its deadline passes, or the node hangs up.
        3. Make the decision final, with this attempt there to hear it.
        4. Derive it once more from what is stored.
        5. Put the evidence on disk.
        """
        member = member_of(request.node, request.request_id)
        hearing.until = hearing.began + self._ledger.parts.windows[request.node].ceiling_ms
        with self._ledger.parts.bell.waiting(member) as waiter:
            hearing.waiter = waiter
            try:
                approval = await self._patiently(
                    lambda: self._arriving.arrive(request, hearing), hearing
                )
                approval = await self._until_final(approval, request, hearing)
                await self._patiently(
                    lambda: self._put_on_record(approval, request, hearing), hearing
                )
            except DamagedRecord as damage:
                self._ledger.alarm("damaged", member, str(damage))
                raise NoAnswer("damaged") from None
            finally:
                self._arriving.left(member, hearing)
        return approval

    async def _until_final(
        self, approval: Approval, request: Request, hearing: Hearing
    ) -> Approval:
        """Wait and settle until the record is final. The one place that writes a final APPROVE."""
        ledger, waiter = self._ledger, hearing.waiter
        while approval.final is None:
            try:
                if hearing.gone:
                    await self._end_attempt(approval, hearing)
                hearing.check(ledger.now())
                approval = await ledger.newest(approval)
                self._check_about(approval, request)
                ledger.undamaged(approval)
                await ledger.freezing.known()
                today = ledger.in_force.today_of(approval, request)
                approval = await ledger.settle(approval, heard=not hearing.gone, today=today)
                if approval.final is not None:
                    break
                waiter.revision = approval.revision
                await waiter.wait(_until_next(approval, hearing, ledger.now()) / 1000)
                approval = await self._again(approval, request, hearing)
            except StoreDown:
                hearing.check(ledger.now())
                await waiter.wait(AGAIN_S)
        return approval

    async def _again(self, approval: Approval, request: Request, hearing: Hearing) -> Approval:
        """The record as it is now. Where it is gone people are asked again, and nobody waits."""
        found = await self._ledger.read(approval.member)
        if found is not None or hearing.gone:
            return found or approval
        return await self._arriving.arrive(request, hearing)

    async def _patiently(self, step: Callable[[], Awaitable[T]], hearing: Hearing) -> T:
        """Repeat a step while Redis or the audit's disk is away, as long as the node is held."""
        alarmed = False
        while True:
            hearing.check(self._ledger.now())
            try:
                return await step()
            except StoreDown:
                pass
            except AuditDown as down:
                if not alarmed:
                    self._ledger.alarm("audit_down", hearing.waiter.member, str(down))
                alarmed = True
            await hearing.waiter.wait(AGAIN_S)

    async def _end_attempt(self, approval: Approval, hearing: Hearing) -> None:
        """Note that the node hung up: the schedule of its next attempt counts from there."""
        ledger = self._ledger
        while approval.final is None:
            attempts = end_attempt(approval.attempts, began=hearing.began, ended=ledger.now())
            if attempts is approval.attempts:
                return
            changed = replace(approval, attempts=attempts)
            done = await ledger.fact(approval, changed, lists_of(changed, ring=False))
            if isinstance(done, Swapped):
                return
            approval = done.approval

    def _check_about(self, approval: Approval, request: Request) -> None:
        """A store that lost our record may hold one of other bytes under the same name by now."""
        if approval.digest != request.digest:
            self._ledger.alarm("other_bytes", approval.member, "its record was lost and replaced")
            raise NoAnswer("other_bytes")

    async def _check_speakable(self, approval: Approval, request: Request) -> None:
        """What the stored record amounts to is derived once more; an old yes is not repeated.

        A yes that was final before a freeze is not spoken while that lasts.
        """
        self._check_about(approval, request)
        decision = self._ledger.undamaged(approval)
        if not isinstance(decision, Approved):
            return
        if self._ledger.now() >= approval.answer_until:
            self._ledger.alarm("approve_too_late", approval.member, "asked again after its window")
            raise NoAnswer("too_late_to_repeat")
        if await self._ledger.frozen_now(approval, request):
            raise NoAnswer("frozen")

    async def _put_on_record(self, approval: Approval, request: Request, hearing: Hearing) -> None:
        """Write before we speak: all that this answer rests on is on disk when this returns.

        Tried again, it looks again. The last look is at our memory, and nobody acts between that
        and the place of this answer in the audit: what is refused after it was refused too late.
        """
        await self._check_speakable(approval, request)
        self._ledger.undamaged(approval)
        self._ledger.learn_answered(approval)
        now = self._ledger.now()
        answered = Answered(now, approval, hearing.token, now - hearing.began)
        evidence = self._arriving.evidence(approval, request)
        await self._ledger.parts.audit.write(*evidence, answered)
        self._arriving.evidenced(approval.digest)
        self._ledger.note(answered)
        self._ledger.learn_destinations(approval, request)


def _until_next(approval: Approval, hearing: Hearing, now: int) -> int:
    """Milliseconds until something must happen by itself: the deadline, or the ceiling."""
    ahead = [moment for moment in (approval.deadline, hearing.until) if moment > now]
    return min(ahead) - now if ahead else 0
