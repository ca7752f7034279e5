"""POST /v2/event: what a TSS Node tells of its own accord, after we answered or without us.

1. The method, the size and the form are a TSS Node's (else 405, 413, 400).
2. The JWT verifies for the event key of a trusted node (else 401). It is never the callback key.
3. A ping, and what cannot be read, end here: a node would repeat the latter for ever.
4. What it says is audited and kept; then, and only then, 200.

What cannot be kept now is answered 503: for an event a node takes everything but 200 and 201 as
"again" (protocol section 6), so no status can be mistaken for a decision, and whoever looks into
the node's log reads why.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse, Response

from approvals.aftermath.hearing import Aftermath
from approvals.audit import Audit, AuditDown
from approvals.events import Alarm, Event, EventUnreadable, Journal
from approvals.redis.link import StoreDown
from gateway.doors.event_wire import Ping, UnreadableEvent, parse_event
from gateway.doors.form import NoPackage, Refused, package_of, read_token, verified
from keys.envelope import TrustedNode, Verified

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from approvals.aftermath.facts import Report


@dataclass(frozen=True, slots=True)
class EventDoor:
    """The ASGI endpoint. `nodes` holds the event keys, which no callback is accepted from."""

    aftermath: Aftermath
    audit: Audit
    nodes: Sequence[TrustedNode]
    journals: Sequence[Journal]
    now_ms: Callable[[], int]

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Take in one event."""
        try:
            token = await read_token(scope, receive)  # 1
            who = verified(token, self.nodes, self.now_ms(), self._note)  # 2
        except Refused as refused:
            await refused.answer(scope, receive, send)
            return
        response = Response()
        try:
            await self._hear(who)
        except (StoreDown, AuditDown):
            response = PlainTextResponse("The event cannot be kept now: send it again.", 503)
        await response(scope, receive, send)

    async def _hear(self, token: Verified) -> None:
        try:
            event = _event(token)
        except UnreadableEvent as problem:
            await self._record(problem, token)  # 3
            return
        if not isinstance(event, Ping):
            await self.aftermath.hear(token.node, event)  # 4

    async def _record(self, problem: UnreadableEvent, token: Verified) -> None:
        now, why = self.now_ms(), str(problem)
        event = EventUnreadable(now, token.node, token.token, problem.what, why)
        await self.audit.write(event)
        self._note(event)
        if problem.of_signing:
            self._note(Alarm(now, "event_unreadable", "", f"{token.node}: {why}"))

    def _note(self, event: Event) -> None:
        for journal in self.journals:
            journal.note(event)


def _event(token: Verified) -> "Ping | Report":
    try:
        return parse_event(package_of(token))
    except NoPackage as none:
        raise UnreadableEvent(f"{none}.", of_signing=True) from None
