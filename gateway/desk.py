"""The operator's API: what `list`, `show`, `approve`, `reject` and `policy reload` talk to."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from starlette.requests import Request as HttpRequest
from starlette.routing import Route

from approvals import statement as statements
from approvals.ballots import Ballot
from approvals.codec import DamagedRecord, approval_to_json, request_to_json
from approvals.model import Approval, member_of
from approvals.plain import plain
from approvals.request import Request
from approvals.service import Service
from approvals.voting import Counted, NotCounted
from gateway.clock import Clock
from gateway.door import Door, Refused
from gateway.freeze_desk import FreezeDesk
from gateway.reloading import OPERATOR, Reloading
from gateway.witness import Kind, Witness
from notifiers.sheet import Sheet, sheet_of
from notifiers.status import refusal, status_of
from notifiers.story import freezes_behind, names_of

MOST_LISTED: Final = 500


class Desk:
    """The routes under `operator_listen`.

    `gateways` gives, for each node, the fingerprint of the key its answers are signed with.
    """

    def __init__(
        self,
        service: Service,
        reloading: Reloading,
        freezes: FreezeDesk,
        *,
        door: Door,
        gateways: Mapping[str, str],
        clock: Clock,
    ) -> None:
        self._service = service
        self._reloading = reloading
        self._freezes = freezes
        self._door = door
        self._gateways = gateways
        self._witness = Witness(service, clock)
        self._votes = Kind(
            read=statements.read,
            namespace=statements.NAMESPACE,
            gateway_of=lambda said: gateways.get(said.node),
            member_of=_member_of,
        )

    def routes(self) -> list[Route]:
        """To be mounted at the root."""
        return [
            self._route("GET", "/approvals", self._approvals),
            self._route("POST", "/votes", self._vote),
            self._route("GET", "/freezes", self._freezes.standing),
            self._route("POST", "/freezes", self._freezes.change),
            self._route("POST", "/policy/reload", self._reload),
        ]

    def _route(
        self, method: str, path: str, handler: Callable[[HttpRequest], Awaitable[Any]]
    ) -> Route:
        return Route(path, self._door.guarded(handler), methods=[method])

    async def _approvals(self, http: HttpRequest) -> Any:
        wanted = http.query_params.get("id")
        if wanted is None:
            found = await self._service.open_approvals()
            entries = [
                await self._entry(approval, bytes_too=False) for approval in found[:MOST_LISTED]
            ]
        else:
            found = await self._service.find(wanted)
            entries = [
                await self._entry(approval, bytes_too=len(found) == 1)
                for approval in found[:MOST_LISTED]
            ]
        return {"approvals": entries, "more": max(0, len(found) - MOST_LISTED)}

    async def _vote(self, http: HttpRequest) -> Any:
        """A signed vote, checked at the door; the service knows who may vote.

        The record it names must hold the digest that was signed.
        """
        heard = await self._witness.hear(http, self._votes)
        said = heard.statement
        ballot = Ballot(
            heard.person,
            said.choice,
            said.digest,
            said.reason,
            heard.evidence,
            override=said.override,
        )
        return await self._told(await self._service.vote(_member_of(said), ballot))

    async def _reload(self, _http: HttpRequest) -> Any:
        return plain(await self._reloading.reload(OPERATOR))

    async def _told(self, result: Counted | NotCounted) -> Any:
        if isinstance(result, Counted):
            return await self._entry(result.approval, bytes_too=False)
        approval = result.approval
        decision = None if approval is None else await self._service.decision_of(approval)
        status = 404 if approval is None else 409
        freezes = await freezes_behind(self._service, decision)
        raise Refused(status, refusal(result.cause, approval, decision, freezes=freezes))

    async def _entry(self, approval: Approval, *, bytes_too: bool) -> dict[str, Any]:
        """What a terminal shows. The sheet is for a list; who votes computes their own.

        Only what this gateway remembers (`remarks`) nobody else can compute.
        """
        approval = await self._newest(approval)
        decision = await self._service.decision_of(approval)
        request = await self._request_of(approval)
        sheet = None if request is None else self._sheet(approval, request)
        freezes = await freezes_behind(self._service, decision)
        status = status_of(approval, decision, freezes=freezes)
        return {
            "member": approval.member,
            "gateway": self._gateways.get(approval.node),
            "policy": self._service.policy.digest,
            "state": status.state,
            "status": status.line,
            "details": list(status.details),
            "wanted": list(status.wanted),
            "headline": "" if sheet is None else sheet.headline,
            "warning": "" if sheet is None else sheet.worst,
            "verified": sheet is not None and sheet.verified,
            "remarks": [] if sheet is None else [[f.label, f.value] for f in sheet.remarks],
            "approval": json.loads(approval_to_json(approval)),
            "request": json.loads(request_to_json(request)) if request and bytes_too else None,
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

    async def _request_of(self, approval: Approval) -> Request | None:
        try:
            return await self._service.request_of(approval)
        except DamagedRecord:
            return None


def _member_of(said: statements.Statement) -> str:
    return member_of(said.node, said.request_id)
