"""The node's side: a request in, the record with its final fact out, or no answer at all.

Nothing is spoken here: the callback signs what `answer` returns, and `answer` returns only after
the evidence is on disk.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Final, TypeVar

from approvals.audit import AuditDown
from approvals.bell import Waiter
from approvals.birth import born, conflicting
from approvals.codec import DamagedRecord
from approvals.events import Answered, Asked, Attempted, Event
from approvals.ledger import Ledger, lists_of
from approvals.model import Approval, Approved, Damaged, member_of
from approvals.policy.judge import judge
from approvals.request import Request
from approvals.store import Conflict, Full, Moved, StoreDown, Swapped
from approvals.window import end_attempt, next_attempt

T = TypeVar("T")

AGAIN_S: Final = 0.25
EVIDENCE_KEPT: Final = 50_000


class NoAnswer(Exception):  # noqa: N818 - being unable to answer is an outcome
    """Nothing may be said on this attempt. `reason` is a short machine word."""

    def __init__(self, reason: str) -> None:
        """Only the word travels to logs and metrics."""
        super().__init__(reason)
        self.reason = reason


class Hearing:
    """One attempt of a node that is there to hear an answer, until it hangs up."""

    __slots__ = ("began", "gone", "token", "waiter")

    def __init__(self, token: str, began: int) -> None:
        """`token` is the short digest of its JWT, `began` Unix milliseconds."""
        self.token = token
        self.began = began
        self.gone = False
        self.waiter: Waiter | None = None

    def hang_up(self) -> None:
        """The node is gone, or we may not answer it any more."""
        self.gone = True
        if self.waiter is not None:
            self.waiter.wake()


class Asking:
    """Holds attempts until their record is final."""

    def __init__(self, ledger: Ledger) -> None:
        """One per process: it knows which attempts this process holds."""
        self._ledger = ledger
        self._held: dict[str, Hearing] = {}
        self._evidenced: OrderedDict[str, None] = OrderedDict()

    async def answer(self, request: Request, hearing: Hearing) -> Approval:
        """The record with its final fact, once there is one; NoAnswer if this attempt gets none.

        1. Find the record or create it; a second body under a known id gets a record of its own.
        2. Wait until it is decided, its deadline passes, or the node hangs up.
        3. Make the decision final, with this attempt there to hear it.
        4. Derive it once more from what is stored.
        5. Put the evidence on disk.
        """
        member = member_of(request.node, request.request_id)
        until = hearing.began + self._ledger.parts.windows[request.node].ceiling_ms
        with self._ledger.parts.bell.waiting(member) as waiter:
            hearing.waiter = waiter
            try:
                approval = await self._patiently(
                    lambda: self._arrive(request, hearing), hearing, until
                )
                approval = await self._until_final(approval, hearing, until)
                self._check_speakable(approval)
                await self._patiently(
                    lambda: self._put_on_record(approval, request, hearing), hearing, until
                )
            except DamagedRecord as damage:
                self._ledger.alarm("damaged", member, str(damage))
                raise NoAnswer("damaged") from None
            finally:
                if self._held.get(member) is hearing:
                    del self._held[member]
        return approval

    # -- arriving ----------------------------------------------------------------------------

    async def _arrive(self, request: Request, hearing: Hearing) -> Approval:
        member = member_of(request.node, request.request_id)
        known = await self._ledger.store.read(member)
        if known is None:
            known = await self._create(request, hearing)
        if known.digest != request.digest:
            return await self._refuse_conflict(request, hearing)
        return await self._count_attempt(known, hearing)

    async def _create(self, request: Request, hearing: Hearing) -> Approval:
        """Record a request that nobody asked before, with its verdict and, if it has one, final."""
        ledger = self._ledger
        findings = ledger.findings_of(request)
        approval = born(
            request, findings, judge(findings, ledger.policy), **self._circumstances(request, hearing)
        )
        self._check_speakable(approval)
        approval = ledger.with_final(approval, heard=not hearing.gone)
        people_see_it = approval.final is None or approval.notice
        done = await ledger.store.create(
            approval,
            lists_of(approval, tell_at=ledger.now()),
            request=request if people_see_it else None,
            content=request.content,
        )
        match done:
            case Swapped(approval=stored):
                self._held[stored.member] = hearing
                await self._recorded(stored, request)
                return stored
            case Moved(approval=other):
                return other
            case Conflict():
                return await self._refuse_conflict(request, hearing)
            case Full():
                ledger.alarm("too_many_open", approval.member, "no new approval is taken")
                raise NoAnswer("too_many_open")

    async def _refuse_conflict(self, request: Request, hearing: Hearing) -> Approval:
        """A second body under a known id: refused, recorded apart, alarmed; the first untouched."""
        ledger = self._ledger
        approval = conflicting(request, **self._circumstances(request, hearing))
        approval = ledger.with_final(approval, heard=True)
        lists = lists_of(approval, tell_at=ledger.now())
        done = await ledger.store.create(approval, lists, request=request, content=None)
        match done:
            case Swapped(approval=stored):
                ledger.alarm("conflict", stored.member, "another body for a known request id")
                await self._recorded(stored, request)
                return stored
            case Moved(approval=other):
                return other
            case Conflict() | Full():
                raise StoreDown("the script answered what this write cannot be answered")

    def _circumstances(self, request: Request, hearing: Hearing) -> dict[str, Any]:
        parts = self._ledger.parts
        return {
            "window": parts.windows[request.node],
            "policy": self._ledger.policy.digest,
            "token": hearing.token,
            "began": hearing.began,
            "holder": parts.process,
        }

    async def _recorded(self, approval: Approval, request: Request) -> None:
        """A new pending record's evidence goes to disk now; a final one's with its answer."""
        asked = self._asked(approval, request)
        self._ledger.note(asked)
        if approval.final is not None:
            await self._ledger.learn(approval)
            return
        try:
            await self._ledger.parts.audit.write(asked)
            self._mark_evidenced(approval.digest)
        except AuditDown as down:
            self._ledger.alarm("audit_down", approval.member, str(down))

    async def _count_attempt(self, approval: Approval, hearing: Hearing) -> Approval:
        """Count this attempt in the node's schedule; the deadline may move earlier, never later."""
        ledger = self._ledger
        window = ledger.parts.windows[approval.node]
        while approval.final is None:
            held = self._held.get(approval.member)
            attempts = next_attempt(
                approval.attempts,
                window,
                token=hearing.token,
                began=hearing.began,
                holder=ledger.parts.process,
                others_open=held is not None and held is not hearing,
            )
            if attempts is approval.attempts:
                break
            deadline = min(approval.deadline, window.deadline(attempts))
            earlier = deadline != approval.deadline
            changed = replace(approval, attempts=attempts, deadline=deadline)
            lists = lists_of(changed, tell_at=ledger.now() if earlier else None, ring=earlier)
            done = await ledger.swap(approval, changed, lists)
            approval = done.approval
            if isinstance(done, Swapped):
                counted = attempts.began == hearing.began
                if counted:
                    self._held[approval.member] = hearing
                ledger.note(Attempted(ledger.now(), approval, counted))
                break
        return approval

    # -- waiting -----------------------------------------------------------------------------

    async def _until_final(self, approval: Approval, hearing: Hearing, until: int) -> Approval:
        """Wait and settle until the record is final. The one place that writes a final APPROVE."""
        ledger, waiter = self._ledger, hearing.waiter
        assert waiter is not None
        while approval.final is None:
            try:
                if hearing.gone:
                    await self._end_attempt(approval, hearing)
                self._check_heard(hearing, until)
                self._check_undamaged(approval)
                approval = await ledger.settle(approval, heard=not hearing.gone)
                if approval.final is not None:
                    break
                waiter.revision = approval.revision
                now = ledger.now()
                wake_at = approval.deadline if now < approval.deadline < until else until
                await waiter.wait((wake_at - now) / 1000)
                approval = await ledger.store.read(approval.member) or approval
            except StoreDown:
                self._check_heard(hearing, until)
                await waiter.wait(AGAIN_S)
        return approval

    async def _patiently(
        self, step: Callable[[], Awaitable[T]], hearing: Hearing, until: int
    ) -> T:
        """Repeat a step while Redis or the audit's disk is away, as long as the node is held."""
        assert hearing.waiter is not None
        while True:
            self._check_heard(hearing, until)
            try:
                return await step()
            except (StoreDown, AuditDown):
                await hearing.waiter.wait(AGAIN_S)

    def _check_heard(self, hearing: Hearing, until: int) -> None:
        if hearing.gone:
            raise NoAnswer("hung_up")
        if self._ledger.now() >= until:
            raise NoAnswer("ceiling")

    def _check_undamaged(self, approval: Approval) -> None:
        decision = self._ledger.decision_of(approval)
        if isinstance(decision, Damaged):
            self._ledger.alarm("damaged", approval.member, decision.why)
            raise NoAnswer("damaged")

    async def _end_attempt(self, approval: Approval, hearing: Hearing) -> None:
        """Note that the node hung up: the schedule of its next attempt counts from there."""
        ledger = self._ledger
        while approval.final is None:
            attempts = end_attempt(approval.attempts, began=hearing.began, ended=ledger.now())
            if attempts is approval.attempts:
                return
            changed = replace(approval, attempts=attempts)
            done = await ledger.swap(approval, changed, lists_of(changed, ring=False))
            if isinstance(done, Swapped):
                return
            approval = done.approval

    # -- before anything is spoken -----------------------------------------------------------

    def _check_speakable(self, approval: Approval) -> None:
        """What the stored record amounts to is derived once more; an old yes is not repeated."""
        self._check_undamaged(approval)
        if approval.final is None:
            return
        decision = self._ledger.decision_of(approval)
        if isinstance(decision, Approved) and self._ledger.now() >= approval.answer_until:
            self._ledger.alarm("approve_too_late", approval.member, "asked again after its window")
            raise NoAnswer("too_late_to_repeat")

    async def _put_on_record(
        self, approval: Approval, request: Request, hearing: Hearing
    ) -> None:
        """Write before we speak: all that this answer rests on is on disk when this returns."""
        now = self._ledger.now()
        answered = Answered(now, approval, hearing.token, now - hearing.began)
        events: list[Event] = [answered]
        if approval.digest not in self._evidenced:
            events.insert(0, self._asked(approval, request))
        await self._ledger.parts.audit.write(*events)
        self._mark_evidenced(approval.digest)
        self._ledger.note(answered)

    def _asked(self, approval: Approval, request: Request) -> Asked:
        ledger = self._ledger
        return Asked(ledger.now(), request, ledger.findings_of(request), approval)

    def _mark_evidenced(self, digest: str) -> None:
        self._evidenced[digest] = None
        if len(self._evidenced) > EVIDENCE_KEPT:
            self._evidenced.popitem(last=False)
