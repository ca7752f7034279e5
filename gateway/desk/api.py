"""The operator's API: what `list`, `show`, `approve`, `reject` and `policy reload` talk to."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import Request as HttpRequest
from starlette.routing import Route

from approvals import statement as statements
from approvals.ballots import Ballot
from approvals.model import member_of
from approvals.plain import plain
from approvals.service import Service
from approvals.voting import Counted, NotCounted
from gateway.clock import Clock
from gateway.desk.door import Door, Refused
from gateway.desk.entries import Entries
from gateway.desk.freezes import FreezeDesk
from gateway.desk.selecting import Lists
from gateway.desk.selection import MOST_LISTED, selection_of
from gateway.desk.witness import Kind, Witness
from gateway.reloading import OPERATOR, Reloading
from notifiers.story import freezes_behind
from notifiers.words.uncounted import refusal


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
        self._entries = Entries(service, gateways, clock.now_ms)
        self._lists = Lists(service, self._entries)
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
        """By `id`, what it may mean, the request along with a single one; else a selection."""
        wanted = http.query_params.get("id")
        if wanted is None:
            return await self._lists.select(selection_of(http.query_params))
        found = await self._service.find(wanted)
        entries = await self._entries.of(found[:MOST_LISTED], bytes_too=len(found) == 1)
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
            (entry,) = await self._entries.of((result.approval,))
            return entry
        approval = result.approval
        decision = None if approval is None else await self._service.decision_of(approval)
        status = 404 if approval is None else 409
        freezes = await freezes_behind(self._service, decision)
        raise Refused(status, refusal(result.cause, approval, decision, freezes=freezes))


def _member_of(said: statements.Statement) -> str:
    return member_of(said.node, said.request_id)
