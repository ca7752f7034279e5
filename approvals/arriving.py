"""An attempt arrives: find or create its record, and count it in the node's schedule."""

from dataclasses import replace

from approvals.audit import AuditDown
from approvals.birth import Circumstances, born, brief_of, conflicting
from approvals.events import Asked, Attempted, DeadlineMoved
from approvals.hearing import Hearing, NoAnswer
from approvals.ledger import Ledger, lists_of
from approvals.model import NOTHING_NEW, NOTHING_REMEMBERED, Approval, Outcome, member_of
from approvals.policy.judge import judge
from approvals.redis.link import StoreDown
from approvals.request import Request
from approvals.swapping import Conflict, FreezeMoved, Full, Moved, Swapped
from approvals.window import next_attempt


class Arriving:
    """Knows which attempts this process holds."""

    def __init__(self, ledger: Ledger) -> None:
        """One per process."""
        self._ledger = ledger
        self._held: dict[str, Hearing] = {}

    async def arrive(self, request: Request, hearing: Hearing) -> Approval:
        """The record of a request, found or created, with this attempt counted.

        Tried again, it reads first: while Redis is away, thousands may be trying.
        """
        known = None
        if hearing.tried or not self._is_news(request):
            known = await self._ledger.read(member_of(request.node, request.request_id))
        hearing.tried = True
        if known is None and self._ledger.parts.memory.contradicts(request):
            return await self._refuse_conflict(request, hearing)
        if known is None:
            known = await self._create(request, hearing)
        if known.digest != request.digest:
            return await self._refuse_conflict(request, hearing)
        return await self._count_attempt(known, hearing)

    def _is_news(self, request: Request) -> bool:
        """Whether we have not met it: most have not been asked before, and creating says if not.

        What our memory knows is looked up first, since a new record of it would contradict that.
        """
        parts = self._ledger.parts
        remembered = parts.memory.of(request.digest)
        return remembered is NOTHING_REMEMBERED and request.digest not in parts.audit.evidenced

    async def _create(self, request: Request, hearing: Hearing) -> Approval:
        """Record a request that nobody asked before, with its verdict and, if it has one, final."""
        ledger = self._ledger
        await ledger.freezing.known()  # first: from the verdict to the write nobody else acts
        findings = ledger.in_force.findings_of(request)
        verdict = judge(findings, ledger.in_force.policy)
        approval = born(request, findings, verdict, self._circumstances(request, hearing))
        if ledger.parts.memory.revision_of(approval.digest):
            ledger.alarm("forgotten", approval.member, "its record is gone: people are asked again")
        ledger.undamaged(approval)
        today = ledger.in_force.standing(findings, None)  # the verdict is today's
        approval = ledger.parts.memory.no_later(approval)
        approval = ledger.with_final(approval, heard=not hearing.gone, today=today)
        kept = _people_see(approval)
        if not kept:
            headline = ledger.parts.describe(findings, ledger.in_force.policy)
            approval = replace(approval, brief=brief_of(findings, headline))
        done = await ledger.store.create(
            approval,
            lists_of(approval, tell_at=ledger.now()),
            request=request if kept else None,
            content=request.content,
            under=today.under,
        )
        match done:
            case Swapped(approval=stored):
                ledger.parts.memory.set_revision(stored.digest, stored.revision)
                stored = ledger.as_known(stored)
                ledger.written(stored)
                self._held[stored.member] = hearing
                await self._recorded(stored, request)
                return stored
            case Moved(approval=other):
                return ledger.as_known(other)
            case FreezeMoved():
                await ledger.freezing.look()
                return await self._create(request, hearing)
            case Conflict():
                return await self._refuse_conflict(request, hearing)
            case Full():
                ledger.alarm("too_many_open", approval.member, "no new approval is taken")
                raise NoAnswer("too_many_open")

    async def _refuse_conflict(self, request: Request, hearing: Hearing) -> Approval:
        """A second body under a known id: refused, recorded apart, alarmed; the first untouched."""
        ledger = self._ledger
        approval = conflicting(request, self._circumstances(request, hearing))
        approval = ledger.with_final(approval, heard=True, today=NOTHING_NEW)
        lists = lists_of(approval, tell_at=ledger.now())
        done = await ledger.store.create(approval, lists, request=request, content=None)
        match done:
            case Swapped(approval=stored):
                ledger.alarm("conflict", stored.member, "another body for a known request id")
                await self._recorded(stored, request)
                return stored
            case Moved(approval=other):
                return other
            case Conflict() | Full() | FreezeMoved():
                raise StoreDown("the script answered what this write cannot be answered")

    def _circumstances(self, request: Request, hearing: Hearing) -> Circumstances:
        parts = self._ledger.parts
        return Circumstances(
            window=parts.windows[request.node],
            policy=self._ledger.in_force.policy.digest,
            token=hearing.token,
            began=hearing.began,
            holder=parts.process,
        )

    async def _recorded(self, approval: Approval, request: Request) -> None:
        """A new pending record's evidence goes to disk now; a final one's with its answer."""
        asked = self._asked(approval, request)
        self._ledger.note(asked)
        if not approval.conflict:
            self._ledger.parts.memory.learn_content(request.request_id, request.content)
        if approval.final is not None:
            self._ledger.learn(approval)
            return
        try:
            await self._ledger.parts.audit.write(asked)
            self.evidenced(approval.digest)
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
            old = approval.deadline
            deadline = min(old, window.deadline(attempts))
            earlier = deadline != old
            changed = replace(approval, attempts=attempts, deadline=deadline)
            lists = lists_of(changed, tell_at=ledger.now() if earlier else None, ring=earlier)
            done = await ledger.fact(approval, changed, lists)
            approval = done.approval
            if isinstance(done, Swapped):
                if earlier:
                    self._moved(approval, old)
                counted = attempts.began == hearing.began
                if counted:
                    self._held[approval.member] = hearing
                ledger.note(Attempted(ledger.now(), approval, counted))
                break
        return approval

    def _moved(self, approval: Approval, old: int) -> None:
        """Nothing waits for the audit to have this: what it would forget is in the record."""
        new, parts = approval.deadline, self._ledger.parts
        parts.memory.learn_deadline(approval.digest, new)
        moved = DeadlineMoved(
            at=self._ledger.now(),
            node=approval.node,
            request_id=approval.request_id,
            digest=approval.digest,
            old=old,
            new=new,
        )
        parts.audit.post(moved)
        self._ledger.note(moved)

    def left(self, member: str, hearing: Hearing) -> None:
        """This attempt is not held any more."""
        if self._held.get(member) is hearing:
            del self._held[member]

    def evidence(self, approval: Approval, request: Request) -> list[Asked]:
        """What this process's audit does not have yet of a decision that it is to speak."""
        evidenced = self._ledger.parts.audit.evidenced
        return [] if approval.digest in evidenced else [self._asked(approval, request)]

    def evidenced(self, digest: str) -> None:
        """It is on disk now."""
        self._ledger.parts.audit.evidenced[digest] = None

    def _asked(self, approval: Approval, request: Request) -> Asked:
        ledger = self._ledger
        return Asked(ledger.now(), request, ledger.in_force.findings_of(request), approval)


def _people_see(approval: Approval) -> bool:
    """Whether its bytes are kept: not of what rules settled alone, of which there is much.

    What a freeze or the lack of voters refused at once is to be made anew by somebody, who must
    see what it was.
    """
    if approval.final is None or approval.notice:
        return True
    return approval.final.outcome is Outcome.REJECT and approval.verdict.effect != "reject"
