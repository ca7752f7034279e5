"""The operator's API: what `list`, `show`, `approve`, `reject` and `policy reload` talk to.

Everybody must show the operator's cookie, and call us by a name of this machine: a web page that
makes a browser call `http://evil.example:11021` gets nothing. The cookie only opens the door; a
vote counts because a person's SSH key signed it.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from approvals import statement as statements
from approvals.ballots import Ballot
from approvals.codec import DamagedRecord, approval_to_json, request_to_json
from approvals.model import Approval, SshSignature, member_of
from approvals.plain import plain
from approvals.redis_link import StoreDown
from approvals.request import Request
from approvals.service import Service
from approvals.strict_json import BadJson, loads
from approvals.voting import Counted, NotCounted
from gateway.clock import Clock
from gateway.cookie import Cookie
from gateway.reloading import OPERATOR, Reloading
from gateway.settings import Address
from keys import ssh, sshsig
from notifiers.sheet import Sheet, sheet_of
from notifiers.status import refusal, status_of
from notifiers.story import names_of

MOST_LISTED: Final = 500
_MOST_BYTES: Final = 65_536
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_FORGED: Final = "The signature does not verify: vote again with `countersign`."
_ELSEWHERE: Final = "This vote was signed for another gateway: vote again here."
_STALE: Final = "This vote was signed more than 5 minutes ago, or ahead of us: check the clocks."
_NO_OVERRIDE: Final = "This gateway takes no overrides: vote without one."
_WILDCARDS: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 - a name that nobody calls


class _Refused(Exception):  # noqa: N818 - an answer, not a failure
    """An answer other than 200: one plain sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        self.status = status
        super().__init__(sentence)


class Desk:
    """The routes under `operator_listen`.

    `gateways` gives, for each node, the fingerprint of the key its answers are signed with.
    """

    def __init__(
        self,
        service: Service,
        reloading: Reloading,
        *,
        cookie: Cookie,
        gateways: Mapping[str, str],
        listen: Address,
        clock: Clock,
    ) -> None:
        self._service = service
        self._reloading = reloading
        self._cookie = cookie
        self._gateways = gateways
        self._hosts = _LOOPBACK | ({listen.host.lower()} - _WILDCARDS)
        self._clock = clock

    def routes(self) -> list[Route]:
        """To be mounted at the root."""
        return [
            Route("/approvals", self._guarded(self._approvals), methods=["GET"]),
            Route("/votes", self._guarded(self._vote), methods=["POST"]),
            Route("/policy/reload", self._guarded(self._reload), methods=["POST"]),
        ]

    def _guarded(
        self, handler: Callable[[HttpRequest], Awaitable[Any]]
    ) -> Callable[[HttpRequest], Awaitable[Response]]:
        async def guarded(http: HttpRequest) -> Response:
            try:
                self._admit(http)
                return JSONResponse(await handler(http))
            except _Refused as refused:
                return JSONResponse({"error": str(refused)}, refused.status)
            except DamagedRecord:
                sentence = "That record is damaged and gives no answer: the log says why."
                return JSONResponse({"error": sentence}, 409)
            except StoreDown:
                sentence = "The gateway cannot reach its store: nothing was changed, try again."
                return JSONResponse({"error": sentence}, 503)

        return guarded

    def _admit(self, http: HttpRequest) -> None:
        if _host_of(http.headers.get("host", "")) not in self._hosts:
            raise _Refused(403, "The operator's API is called by this machine's own name only.")
        if not self._cookie.opens(http.headers.get("authorization")):
            raise _Refused(401, "The operator's cookie is missing or from before a restart.")

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
        """A signed vote, checked step by step.

        1. The statement is one that we could have written.
        2. Its signature is good, by a key that the policy in force gives to a person.
        3. It was made for this gateway, and within the last minutes by our clock.
        4. The record it names holds the digest that was signed: the service compares, and knows
           who may vote.
        """
        text, armored = await _signed_text(http)
        try:
            said = statements.read(text)  # 1
        except statements.BadStatement as error:
            raise await self._refused(400, "", None, "bad_statement", f"{error}.") from None
        member = member_of(said.node, said.request_id)
        key = sshsig.key_of(armored)
        if key is None or not sshsig.verify(key, statements.NAMESPACE, text.encode(), armored):
            raise await self._refused(403, member, None, "bad_signature", _FORGED)
        person = self._service.policy.person_by_key(key.line)  # 2
        if person is None:
            sentence = f"No person of the policy in force has the key {ssh.fingerprint(key)}."
            raise await self._refused(403, member, None, "unknown_person", sentence)
        if said.gateway != self._gateways.get(said.node):  # 3
            raise await self._refused(409, member, person.name, "other_gateway", _ELSEWHERE)
        if abs(self._clock.now_ms() - said.at) > statements.FRESH_MS:
            raise await self._refused(409, member, person.name, "stale", _STALE)
        if said.override:
            raise await self._refused(409, member, person.name, "no_override", _NO_OVERRIDE)
        evidence = SshSignature(ssh.fingerprint(key), armored, text)
        ballot = Ballot(person.name, said.choice, said.digest, said.reason, evidence)
        return await self._told(await self._service.vote(member, ballot))  # 4

    async def _reload(self, _http: HttpRequest) -> Any:
        return plain(await self._reloading.reload(OPERATOR))

    async def _told(self, result: Counted | NotCounted) -> Any:
        if isinstance(result, Counted):
            return await self._entry(result.approval, bytes_too=False)
        approval = result.approval
        decision = None if approval is None else await self._service.decision_of(approval)
        status = 404 if approval is None else 409
        raise _Refused(status, refusal(result.cause, approval, decision))

    async def _refused(
        self, status: int, member: str, person: str | None, cause: str, sentence: str
    ) -> _Refused:
        """A vote that never became a ballot: into the audit, and back to the caller."""
        await self._service.refuse(member, person, cause, "ssh")
        return _Refused(status, sentence)

    async def _entry(self, approval: Approval, *, bytes_too: bool) -> dict[str, Any]:
        """What a terminal shows. The sheet is for a list; who votes computes their own.

        Only what this gateway remembers (`remarks`) nobody else can compute.
        """
        approval = await self._newest(approval)
        decision = await self._service.decision_of(approval)
        request = await self._request_of(approval)
        sheet = None if request is None else self._sheet(approval, request)
        status = status_of(approval, decision)
        return {
            "member": approval.member,
            "gateway": self._gateways.get(approval.node),
            "policy": self._service.policy.digest,
            "state": status.state,
            "status": status.line,
            "details": list(status.details),
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


async def _signed_text(http: HttpRequest) -> tuple[str, str]:
    body = bytearray()
    async for chunk in http.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            raise _Refused(413, "A vote is not as long as this.")
    try:
        document = loads(bytes(body).decode())
    except (BadJson, UnicodeDecodeError):
        document = None
    if not isinstance(document, dict) or set(document) != {"statement", "signature"}:
        raise _Refused(400, "A vote is a JSON object of a statement and a signature.")
    text, armored = document["statement"], document["signature"]
    if type(text) is not str or type(armored) is not str:
        raise _Refused(400, "A vote is a JSON object of a statement and a signature.")
    return text, armored


def _host_of(header: str) -> str:
    """The name in a Host header, without its port and brackets."""
    host = header.strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]
