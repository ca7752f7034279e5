"""Approvals as the desk tells them to a terminal on this machine."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from approvals.codec import DamagedRecord, approval_to_json, request_to_json
from approvals.freezes.model import Freeze
from approvals.model import Approval, Decision, Pending
from approvals.request import Request
from approvals.service import Service
from notifiers.schedule import is_overdue
from notifiers.story import freezes_behind, names_of
from notifiers.words.sheet import Sheet, sheet_of
from notifiers.words.status import Status, status_of


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
            status = await self._status(approval, decision, freezes)
            said = {
                "member": approval.member,
                "gateway": self._gateways.get(approval.node),
                "policy": self._service.policy.digest,
                "state": status.state,
                "status": status.said,
                "details": list(status.details),
                "wanted": list(status.wanted),
                "approval": json.loads(approval_to_json(approval)),
                "request": json.loads(request_to_json(request)) if request and bytes_too else None,
            }
            entries.append(said | self._read(approval, request))
        return entries

    async def _status(
        self, approval: Approval, decision: Decision, freezes: tuple[Freeze, ...]
    ) -> Status:
        """With what became of it, once it is decided."""
        if isinstance(decision, Pending):
            return status_of(approval, decision)
        due = self._service.node_due(approval)
        return status_of(
            approval,
            decision,
            freezes=freezes,
            after=await self._service.after_of(approval),
            overdue=is_overdue(approval, decision, due, self._now()),
        )

    def _read(self, approval: Approval, request: Request | None) -> dict[str, Any]:
        """What its bytes say. Only what this gateway remembers nobody else can compute."""
        sheet = None if request is None else self._sheet(approval, request)
        return {
            "headline": "" if sheet is None else sheet.headline,
            "warning": "" if sheet is None else sheet.worst,
            "verified": sheet is not None and sheet.verified,
            "remarks": [] if sheet is None else [[f.label, f.value] for f in sheet.remarks],
        }

    def _sheet(self, approval: Approval, request: Request) -> Sheet:
        findings = self._service.findings_of(request)
        remarks = self._service.remarks_of(approval, findings)
        return sheet_of(approval, findings, names_of(self._service.policy), remarks=remarks)

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
