"""POST /v2/check: one attempt of a TSS Node, from bytes to a signed answer or to silence.

1. The method, the size and the form are a TSS Node's (else 405, 413, 400).
2. The JWT verifies for one of the trusted nodes (else 401). From here on, being unable to answer
   is silence: the connection is aborted without a byte, never an error that looks like an answer.
3. The package is a CallbackRequest (else a signed status 10); a ping ends here.
4. The approval service finds or makes the final decision, holding the connection meanwhile.
5. Its evidence is on disk, then the answer is signed.

Up to step 2 the answers are unsigned, short and the same for everybody: a stranger learns nothing.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from starlette.responses import PlainTextResponse

from approvals.audit import Audit, AuditDown
from approvals.events import Event, Journal, Malformed, Pinged, Unanswered
from approvals.hearing import Hearing, NoAnswer
from approvals.model import Approval
from approvals.request import Request
from approvals.service import Service
from gateway.doors import wire
from gateway.doors.form import NoPackage, Refused, package_of, read_token, verified
from gateway.doors.silence import Parked, abort_of
from keys.envelope import TrustedNode, Verified, sign

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

ANSWER_LIVES_S: Final = 120


@dataclass(frozen=True, slots=True)
class Spoken:
    """The signed JWT, and the decision that it tells; None where it tells none."""

    answer: str
    decided: Approval | None = None


@dataclass(frozen=True, slots=True)
class Callback:
    """The ASGI endpoint. `keys` holds the signing key for each node by name."""

    service: Service
    audit: Audit
    nodes: Sequence[TrustedNode]
    keys: Mapping[str, RSAPrivateKey]
    signers: Executor
    journals: Sequence[Journal]
    now_ms: Callable[[], int]
    parked: Parked

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Answer one attempt."""
        began = self.now_ms()
        try:
            token = await read_token(scope, receive)
            asker = verified(token, self.nodes, began, self._note)
        except Refused as refused:
            await refused.answer(scope, receive, send)
            return
        abort = abort_of(scope)
        try:
            with self.parked.park(abort):
                spoken = await self._answer(asker, began, receive)
        except NoAnswer:
            abort()
            return
        await PlainTextResponse(spoken.answer)(scope, receive, send)
        if spoken.decided is not None and not abort.open:
            await self.service.aftermath.taken(spoken.decided)  # nobody waits for us any more

    async def _answer(self, asker: Verified, began: int, receive: "Receive") -> Spoken:
        """Steps 3 to 5; NoAnswer for everything that keeps us from an answer."""
        request_id = ""
        try:
            try:
                asked = _asked(asker)
            except wire.NotACallbackRequest as problem:
                return Spoken(await self._invalid(problem, asker))
            if isinstance(asked, wire.Ping):
                self._note(Pinged(self.now_ms(), asker.node))
                return Spoken(await self._signed(wire.pong(), asker.node))
            request_id = asked.request_id
            return await self._decided(asked, asker, began, receive)
        except NoAnswer as none:
            self._unanswered(asker, request_id, none.reason)
            raise
        except Exception as error:
            self._unanswered(asker, request_id, f"bug_{type(error).__name__}")
            raise

    async def _decided(
        self, request: Request, asker: Verified, began: int, receive: "Receive"
    ) -> Spoken:
        """Step 4, with an eye on the node: when it hangs up, everything held for it is freed."""
        hearing = Hearing(asker.token, began)
        watcher = asyncio.create_task(_until_gone(receive, hearing))
        try:
            approval = await self.service.answer(request, hearing)
        finally:
            watcher.cancel()
        if approval.final is None:
            raise NoAnswer("not_final")
        package = wire.decided(request.request_id, approval.final)
        return Spoken(await self._signed(package, asker.node), approval)

    async def _invalid(self, problem: wire.NotACallbackRequest, asker: Verified) -> str:
        """Step 3's refusal; it is evidence too, so it is on disk before it is said."""
        event = Malformed(self.now_ms(), asker.node, asker.token, str(problem))
        try:
            await self.audit.write(event)
        except AuditDown:
            raise NoAnswer("audit_down") from None
        self._note(event)
        return await self._signed(wire.invalid(problem), asker.node)

    async def _signed(self, package: bytes, node: str) -> str:
        """Step 5: RSA takes a millisecond of a core, so it is done beside the event loop."""
        expires = self.now_ms() // 1000 + ANSWER_LIVES_S
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self.signers, lambda: sign(package, self.keys[node], expires_at_s=expires)
        )

    def _unanswered(self, of: Verified, request_id: str, reason: str) -> None:
        self._note(Unanswered(self.now_ms(), of.node, request_id, reason, of.token))

    def _note(self, event: Event) -> None:
        for journal in self.journals:
            journal.note(event)


def _asked(asker: Verified) -> "wire.Ping | Request":
    """Step 3: unwrap and parse, once."""
    try:
        return wire.parse(package_of(asker), asker.node)
    except NoPackage as none:
        raise wire.NotACallbackRequest(str(none)) from None


async def _until_gone(receive: "Receive", hearing: Hearing) -> None:
    """A parked handler is not told when the client hangs up; this is how it learns."""
    while (await receive())["type"] != "http.disconnect":
        pass
    hearing.hang_up()
