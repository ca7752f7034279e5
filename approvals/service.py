"""The approval service, as the other rooms see it: ask, vote, look, and the sweeper behind them."""

import asyncio
from collections.abc import Iterable
from typing import Final

from approvals.acquaintance import Remark
from approvals.aftermath.doubting import Doubting
from approvals.aftermath.facts import After
from approvals.aftermath.hearing import Aftermath
from approvals.asking import Asking
from approvals.ballots import Ballot, NotCountedCause
from approvals.changing import Announce, Changing, Load
from approvals.codec import DamagedRecord
from approvals.events import PolicyChanged
from approvals.findings import Findings
from approvals.freezes.freezing import Freezing
from approvals.hearing import Hearing
from approvals.hearsay import Hearsay
from approvals.ledger import Ledger, lists_of
from approvals.model import Approval, Damaged, Decision, member_of
from approvals.outbox import Outbox
from approvals.parts import Parts
from approvals.policy.model import Policy
from approvals.redis.link import StoreDown, WrongType
from approvals.redis.names import MOST_OPEN
from approvals.request import Request
from approvals.voting import Counted, NotCounted, Voting

SWEEP_S: Final = 1.0
LOOK_AGAIN_MS: Final = 60_000
SHORTEST_PREFIX: Final = 6
READ_AT_ONCE: Final = 100


class Service:
    """One front door to the ledger; the rooms above need nothing else of this one."""

    def __init__(self, parts: Parts) -> None:
        """Nothing runs until asked; `sweep` is for a task of its own."""
        self._ledger = Ledger(parts)
        self._asking = Asking(self._ledger)
        self._voting = Voting(self._ledger)
        self._changing = Changing(self._ledger)
        self._aftermath = Aftermath(self._ledger)
        self._hearsay = Hearsay(self._ledger)
        parts.bell.also_of_others(self._hearsay.hear)
        self._checks = 0

    @property
    def policy(self) -> Policy:
        """The policy in force."""
        return self._ledger.in_force.policy

    async def change_policy(self, load: Load, via: str, announce: Announce) -> PolicyChanged | None:
        """See `Changing.change`; the sweeper then looks at every open approval anew."""
        return await self._changing.change(load, via, announce)

    @property
    def hearsay(self) -> Hearsay:
        """What other gateways decide; `follow` is for a task of its own."""
        return self._hearsay

    @property
    def aftermath(self) -> Aftermath:
        """What nodes do after a decision; nothing that decides ever asks it."""
        return self._aftermath

    @property
    def doubting(self) -> Doubting:
        """What nodes did without our yes, until people were told."""
        return self._aftermath.doubting

    @property
    def freezing(self) -> Freezing:
        """What is frozen; `follow` is for a task of its own."""
        return self._ledger.freezing

    @property
    def outbox(self) -> Outbox:
        """What people must still be told, and what they were told."""
        return self._ledger.parts.outbox

    async def answer(self, request: Request, hearing: Hearing) -> Approval:
        """See `Asking.answer`."""
        return await self._asking.answer(request, hearing)

    async def vote(self, member: str, ballot: Ballot) -> Counted | NotCounted:
        """See `Voting.vote`."""
        return await self._voting.vote(member, ballot)

    async def would_count(self, approval: Approval, ballot: Ballot) -> NotCountedCause | None:
        """See `Voting.would_count`."""
        return await self._voting.would_count(approval, ballot)

    async def refuse(self, member: str, person: str | None, cause: str, via: str) -> None:
        """See `Voting.refuse`."""
        await self._voting.refuse(member, person, cause, via)

    def findings_of(self, request: Request) -> Findings:
        """What the bytes do, by today's tables."""
        return self._ledger.in_force.findings_of(request)

    def remarks_of(self, approval: Approval, findings: Findings) -> tuple[Remark, ...]:
        """See `InForce.remarks_of`: for display only."""
        return self._ledger.in_force.remarks_of(approval, findings)

    async def decision_of(self, approval: Approval) -> Decision:
        """What the record amounts to now. StoreDown where today's rules need its bytes.

        One that became final after it was read only seems to contradict itself: it is read again.
        """
        today = await self._ledger.in_force.today(approval)
        decision = self._ledger.decision_of(approval, today)
        if isinstance(decision, Damaged):
            newest = await self._ledger.newest(approval)
            if newest.revision != approval.revision:
                return await self.decision_of(newest)
        return decision

    async def after_of(self, approval: Approval) -> After:
        """What is known of it after its decision."""
        return await self._aftermath.of(approval)

    def node_due(self, approval: Approval) -> int | None:
        """When its node should have asked again (Unix ms); None where its window is not known."""
        window = self._ledger.parts.windows.get(approval.node)
        return None if window is None else window.due_back(approval.attempts)

    async def newest(self, approval: Approval) -> Approval:
        """See `Ledger.newest`: for whoever acts on a record that was read a while ago."""
        return await self._ledger.newest(approval)

    async def read(self, member: str) -> Approval | None:
        """One record; DamagedRecord if it is not as we wrote it."""
        return await self._ledger.read(member)

    async def request_of(self, approval: Approval) -> Request | None:
        """The exact bytes of an asked approval, proved by their digest; None if not kept."""
        request = await self._ledger.store.read_request(approval)
        if request is None and approval.final is None:
            lost = "people cannot be shown what they decide on"
            self._ledger.alarm("bytes_missing", approval.member, lost)
        return request

    async def open_approvals(self, limit: int = MOST_OPEN) -> tuple[Approval, ...]:
        """Everything not final, earliest deadline first; damaged records are only alarmed."""
        return await self._readable(await self._ledger.store.open_members(limit=limit))

    async def finished(
        self, *, since: int, until: int, limit: int
    ) -> tuple[tuple[Approval, ...], bool]:
        """What became final from `since` to `until` (Unix ms), the newest first; whether more did.

        Of `keep_days` at most, and for people only: the audit has the evidence.
        """
        members = await self._ledger.store.done_members(since=since, until=until, limit=limit + 1)
        return await self._readable(members[:limit]), len(members) > limit

    async def find(self, wanted: str) -> tuple[Approval, ...]:
        """By request id, `node/request_id`, or a prefix (6 characters) of these or of a digest.

        An exact name comes first and alone; several matches mean that the caller must say more.
        DamagedRecord if the record of an exact name is not as we wrote it.
        """
        nodes = self._ledger.parts.windows
        exact = [member_of(node, wanted) for node in nodes]
        if wanted.partition("/")[0] in nodes:
            exact.append(wanted)
        found = await self._readable(exact, damage_matters=True)
        if found or len(wanted) < SHORTEST_PREFIX:
            return found
        everything = await self._readable(await self._ledger.store.all_members())
        return tuple(
            approval
            for approval in everything
            if any(
                name.startswith(wanted)
                for name in (approval.request_id, approval.member, approval.digest)
            )
        )

    async def sweep(self) -> None:
        """For ever: make final what no handler is there for.

        Each once its time has come; all of them once another policy is in force, or a freeze, and
        after each reconnection: a server that forgot a refusal, as a fail-over may, gets it back
        from us before anybody approves without knowing of it.
        """
        while True:
            try:
                if self._ledger.store.checks != self._checks:
                    self._ledger.news.tell()
                    self._checks = self._ledger.store.checks
                await self._look_at_all_if_due()
                due = await self._ledger.store.open_members(due=self._ledger.now(), limit=200)
                for member in due:
                    await self._sweep_one(member)
            except StoreDown:
                await asyncio.sleep(SWEEP_S)
            else:
                await self._ledger.news.within(SWEEP_S)

    async def _look_at_all_if_due(self) -> None:
        """Settle what a freeze, or the rules, people or keys of another policy, end at once."""
        if not self._ledger.news.take():
            return
        try:
            for approval in await self.open_approvals():
                try:
                    await self._settle(approval)
                except (DamagedRecord, WrongType) as damage:
                    self._ledger.alarm("damaged", approval.member, str(damage))
        except StoreDown:
            self._ledger.news.tell()
            raise

    async def _settle(self, approval: Approval) -> Approval:
        today = await self._ledger.in_force.today(approval)
        return await self._ledger.settle(approval, heard=False, today=today)

    async def _sweep_one(self, member: str) -> None:
        ledger = self._ledger
        try:
            approval = await ledger.read(member)
            if approval is None:
                await ledger.store.leave_open(member)
                return
            approval = await self._settle(approval)
        except (DamagedRecord, WrongType) as damage:
            ledger.alarm("damaged", member, str(damage))
            await ledger.store.postpone(member, ledger.now() + LOOK_AGAIN_MS)
            return
        due = lists_of(approval).open_until
        if due is not None:
            later = due if due > ledger.now() else approval.answer_until
            await ledger.store.postpone(member, max(later, ledger.now() + 1_000))

    async def _readable(
        self, members: Iterable[str], *, damage_matters: bool = False
    ) -> tuple[Approval, ...]:
        wanted = list(dict.fromkeys(members))
        found: list[Approval] = []
        for start in range(0, len(wanted), READ_AT_ONCE):
            some = wanted[start : start + READ_AT_ONCE]
            for member, record in (await self._ledger.store.read_many(some)).items():
                if isinstance(record, Approval):
                    found.append(self._ledger.as_known(record))
                else:
                    self._ledger.alarm("damaged", member, str(record))
                    if damage_matters:
                        raise record
        return tuple(found)
