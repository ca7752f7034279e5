"""POST /slack/interactions: clicks by HTTP, from Slack and nobody else.

Slack signs the raw body with the app's signing secret; a signature is good for five minutes. The
vote is stored before the empty 200 that acknowledges it; what follows runs after the response.
"""

from collections.abc import Awaitable, Callable
from typing import Final, Protocol
from urllib.parse import parse_qs

from slack_sdk.signature import Clock, SignatureVerifier
from starlette.background import BackgroundTask
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from typing_extensions import override

from approvals.strict_json import BadJson, loads
from keys.secret import Secret
from notifiers.slack.hearing import Heard

PATH: Final = "/slack/interactions"
LONGEST_BODY: Final = 1_048_576
"""Slack's payloads carry one message; ours are under 10 kB."""


class Hearer(Protocol):
    """Whoever makes votes of clicks."""

    async def hear(self, payload: object) -> Heard:
        """Return as soon as it may be acknowledged."""
        ...


def slack_endpoint(
    secret: Secret, hearer: Hearer, now_ms: Callable[[], int]
) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint; to be routed for POST only."""
    verifier = SignatureVerifier(secret.reveal(), clock=_Seconds(now_ms))

    async def interactions(request: Request) -> Response:
        body = await _body(request)
        if body is None:
            return PlainTextResponse("The body is too large.", status_code=413)
        if not _signed(verifier, body, request):
            return PlainTextResponse("This is not signed by Slack.", status_code=401)
        payload = _payload(body)
        if payload is None:
            return PlainTextResponse("Expected a form with a payload.", status_code=400)
        heard = await hearer.hear(payload)
        after = BackgroundTask(_after, heard)
        if heard.answer is None:
            return Response(status_code=200, background=after)
        return JSONResponse(heard.answer, background=after)

    return interactions


async def _after(heard: Heard) -> None:
    """What follows the acknowledgement; a coroutine function, or Starlette would not await it."""
    if heard.after is not None:
        await heard.after()


class _Seconds(Clock):
    """Our clock, as the verifier reads it."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms

    @override
    def now(self) -> float:
        return self._now_ms() / 1000


async def _body(request: Request) -> bytes | None:
    """The raw body, which is what is signed; None if it is more than anybody would send."""
    parts = bytearray()
    try:
        async for part in request.stream():
            parts += part
            if len(parts) > LONGEST_BODY:
                return None
    except ClientDisconnect:
        return b""
    return bytes(parts)


def _signed(verifier: SignatureVerifier, body: bytes, request: Request) -> bool:
    """The verifier raises on what is no number and on what is no text: neither is Slack's."""
    try:
        return verifier.is_valid(
            body,
            request.headers.get("X-Slack-Request-Timestamp"),
            request.headers.get("X-Slack-Signature"),
        )
    except (OverflowError, TypeError, ValueError):
        return False


def _payload(body: bytes) -> object | None:
    """The JSON in the form's one `payload` field."""
    try:
        fields = parse_qs(body.decode("ascii"), strict_parsing=True, max_num_fields=5)
        (text,) = fields["payload"]
        payload = loads(text)
    except (KeyError, ValueError, BadJson):
        return None
    return payload if isinstance(payload, dict) else None
