"""What holds now for a request: the policy in force, and what is frozen."""

from collections.abc import Callable
from typing import Final

from approvals.acquaintance import Acquaintances, Listed, Remark, listed, remarks_of
from approvals.codec import DamagedRecord
from approvals.findings import Findings
from approvals.freezes.freezing import Freezing
from approvals.freezes.model import ANYTHING, reach_of
from approvals.inspect import inspect
from approvals.model import NOTHING_NEW, Approval, Today, Verdict
from approvals.policy.judge import judge
from approvals.policy.model import Policy
from approvals.recent import Recent
from approvals.request import Request
from approvals.store import Store

FINDINGS_KEPT: Final = 512


class InForce:
    """Asked about requests; it can change between any two questions."""

    def __init__(
        self,
        policy: Policy,
        freezing: Freezing,
        store: Store,
        acquaintances: Acquaintances,
        alarm: Callable[[str, str, str], None],
    ) -> None:
        """`alarm` is told what, of which member, and the detail."""
        self.policy = policy
        self.freezing = freezing
        self._store = store
        self._acquaintances = acquaintances
        self._alarm = alarm
        self._findings: Recent[str, Findings] = Recent(FINDINGS_KEPT)
        self._listed: tuple[Policy, Listed] | None = None

    def findings_of(self, request: Request) -> Findings:
        """What the bytes do, by today's tables; remembered for the most recent requests."""
        found = self._findings.get(request.digest)
        if found is None:
            found = inspect(request, self.policy.tables)
            self._findings[request.digest] = found
        return found

    def use(self, policy: Policy) -> None:
        """Put a policy in force; findings are what the bytes do by its tables."""
        self.policy = policy
        self._findings.clear()

    def today_of(self, approval: Approval, request: Request) -> Today:
        """What holds now of a record that is open, and of the bytes at hand.

        Today's checks and rules are asked also where the policy is the record's own: an older
        version of us may have written it, which could not see what this one refuses.
        """
        if approval.final is not None:
            return NOTHING_NEW
        findings = self.findings_of(request)
        return self.standing(findings, judge(findings, self.policy))

    def standing(self, findings: Findings, verdict: Verdict | None) -> Today:
        """The same where the verdict is known. StoreDown before it is known what is frozen."""
        frozen = self.freezing.frozen(reach_of(findings))
        return Today(verdict, frozen, self.freezing.stamp)

    async def today(self, approval: Approval) -> Today:
        """What holds now, from the stored bytes, which are read only where they matter.

        The rules are asked where another policy's verdict is in the record. Where the bytes cannot
        be read, the rules are not asked, there is an alarm, and every freeze holds. Nothing is
        approved on the strength of that: only a handler that holds the request itself makes an
        approval final.
        """
        if approval.final is not None:
            return NOTHING_NEW
        await self.freezing.known()
        judged = approval.policy != self.policy.digest
        if not judged and not self.freezing.needs_bytes:
            return Today(None, self.freezing.frozen(ANYTHING), self.freezing.stamp)
        request = await self._bytes_of(approval)
        if request is None:
            return Today(None, self.freezing.frozen(ANYTHING), self.freezing.stamp)
        if judged:
            return self.today_of(approval, request)
        return self.standing(self.findings_of(request), None)

    async def _bytes_of(self, approval: Approval) -> Request | None:
        try:
            request = await self._store.read_request(approval)
        except DamagedRecord as damage:
            self._alarm("damaged", approval.member, str(damage))
            return None
        if request is None:
            self._alarm("bytes_missing", approval.member, "today's rules cannot be asked about it")
        return request

    def remarks_of(self, approval: Approval, findings: Findings) -> tuple[Remark, ...]:
        """What our own records make of its destinations, as of when it was asked: to be shown."""
        if self._listed is None or self._listed[0] is not self.policy:
            self._listed = (self.policy, listed(self.policy.entries()))
        return remarks_of(findings, self._acquaintances, self._listed[1], by=approval.asked_at)
