"""Approvals as the desk tells them to a terminal on this machine."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from approvals.aftermath.facts import NOTHING_AFTER, After, after_to_json
from approvals.codec import DamagedRecord, approval_to_json, request_to_json
from approvals.freezes.model import Freeze
from approvals.model import Approval, Brief, Decision, Pending
from approvals.request import Request
from approvals.service import Service
from notifiers.schedule import is_overdue
from notifiers.story import freezes_behind, names_of
from notifiers.words.sheet import sheet_of
from notifiers.words.status import status_of


class Entries:
    """Makes them. The sheet is for a list; who votes computes their own from the bytes.

    `gateways` gives, for each node, the fingerprint of the key its answers are signed with.
    """

    def __init__(
        self, service: Service, gateways: Mapping[str, str], now_ms: Callable[[], int]
    ) -> None:
        self._service = service
        self._gateways = gateways
        self._now = now_ms

    async def of(
        self, approvals: Iterable[Approval], *, bytes_too: bool = False
    ) -> list[dict[str, Any]]:
        """An entry for each, in order."""
        freezes: tuple[Freeze, ...] = ()
        entries = []
        for each in approvals:
            approval = await self._newest(each)
            decision = await self._service.decision_of(approval)
            freezes = freezes or await freezes_behind(self._service, decision)
            request = await self.request_of(approval)
            after, overdue = await self._after(approval, decision)
            status = status_of(approval, decision, freezes=freezes, after=after, overdue=overdue)
            said = {
                "member": approval.member,
                "gateway": self._gateways.get(approval.node),
                "policy": self._service.policy.digest,
                "state": status.state,
                "status": status.said,
                "details": list(status.details),
                "wanted": list(status.wanted),
                "after": json.loads(after_to_json(after)) if after.whole else None,
                "overdue": overdue,
                "approval": json.loads(approval_to_json(approval)),
                "request": json.loads(request_to_json(request)) if request and bytes_too else None,
            }
            entries.append(said | self._read(approval, request))
        return entries

    async def _after(self, approval: Approval, decision: Decision) -> tuple[After, bool]:
        """What became of it, once it is decided; whether the node should have come for it."""
        if isinstance(decision, Pending):
            return NOTHING_AFTER, False
        due = self._service.node_due(approval)
        overdue = is_overdue(approval, decision, due, self._now())
        return await self._service.after_of(approval), overdue

    def _read(self, approval: Approval, request: Request | None) -> dict[str, Any]:
        """What its bytes say. Only what this gateway remembers nobody else can compute."""
        if request is None:
            return _of_brief(approval.brief)
        findings = self._service.findings_of(request)
        remarks = self._service.remarks_of(approval, findings)
        sheet = sheet_of(approval, findings, names_of(self._service.policy), remarks=remarks)
        return {
            "headline": sheet.headline,
            "warning": sheet.worst,
            "verified": sheet.verified,
            "remarks": [[fact.label, fact.value] for fact in sheet.remarks],
            "wallet": _wallet(findings.claims.wallet_id, findings.claims.wallet_name),
        }

    async def _newest(self, approval: Approval) -> Approval:
        """Made final since we read it, it would look as if it had lost that fact."""
        try:
            return await self._service.newest(approval)
        except DamagedRecord:
            return approval

    async def request_of(self, approval: Approval) -> Request | None:
        """Its bytes; None where they are not kept, or not those that were."""
        try:
            return await self._service.request_of(approval)
        except DamagedRecord:
            return None


def _of_brief(brief: Brief | None) -> dict[str, Any]:
    """What was kept of a request without its bytes; of some, nothing was."""
    return {
        "headline": "" if brief is None else brief.headline,
        "warning": "",
        "verified": brief is not None and brief.verified,
        "remarks": [],
        "wallet": None if brief is None else _wallet(brief.wallet_id, brief.wallet_name),
    }


def _wallet(id_: str | None, name: str | None) -> dict[str, str] | None:
    """As Cobo claims it; None where it claims none."""
    return {"id": id_ or "", "name": name or ""} if id_ or name else None
