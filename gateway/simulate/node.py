"""A simulated TSS Node: it signs for real, keeps the node's retry window, judges the answers."""

import asyncio
import base64
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from jwt.algorithms import RSAAlgorithm

from approvals.window import Window
from gateway.clock import SYSTEM, Clock
from gateway.simulate.attempts import (
    USUAL,
    Answer,
    BadAnswer,
    Began,
    Conclusion,
    Ended,
    ErrorStatus,
    Event,
    Happened,
    HttpError,
    Knobs,
    NoResponse,
    meaning,
    retry_in_ms,
)
from keys import envelope

_RS256: Final = RSAAlgorithm(RSAAlgorithm.SHA256)
_MOST_ANSWER: Final = 1_048_576
_OK: Final = 200
FORM: Final = "application/x-www-form-urlencoded"
FIELD: Final = b"TSS_JWT_MSG="


@dataclass(frozen=True, slots=True)
class NodeSettings:
    """One node: where it asks, the key it signs with, whose answers it believes, its window."""

    url: str
    key: RSAPrivateKey
    server_key: RSAPublicKey
    window: Window
    knobs: Knobs = USUAL
    clock: Clock = SYSTEM


async def ask(
    node: NodeSettings,
    package: bytes,
    *,
    on_event: Callable[[Event], None] = lambda _: None,
    stop: asyncio.Event | None = None,
) -> Conclusion:
    """Ask until there is an answer, the window is used up, or `stop` is set."""
    stop = stop or asyncio.Event()
    loop = asyncio.get_running_loop()
    started = loop.time()
    of = node.window.retry_times + 1

    def conclude(happened: Happened | None, number: int) -> Conclusion:
        action, by, error = meaning(happened)
        return Conclusion(action, by, error, number, round((loop.time() - started) * 1000))

    number = 0
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as session:
        while not stop.is_set():
            number += 1
            at, began = node.clock.now_ms(), loop.time()
            on_event(Began(number, of, at))
            happened = await _until(stop, attempt(session, node, package))
            if happened is None:
                break
            took = round((loop.time() - began) * 1000)
            pause = retry_in_ms(node.window, node.knobs, number, happened)
            on_event(Ended(number, of, at, took, happened, pause))
            if pause is None:
                return conclude(happened, number)
            await _until(stop, asyncio.sleep(pause / 1000, True))  # noqa: FBT003 - its result
    return conclude(None, number)


@dataclass(frozen=True, slots=True)
class Post:
    """One HTTP request as it goes out. `asks_first`: the body waits until the server wants it."""

    url: str
    body: bytes
    content_type: str = FORM
    method: str = "POST"
    asks_first: bool = False


@dataclass(frozen=True, slots=True)
class Echo:
    """What the answer to a request must repeat, and whether it may leave out the action."""

    request_id: str
    is_ping: bool


async def attempt(session: aiohttp.ClientSession, node: NodeSettings, package: bytes) -> Happened:
    """Ask once, with a fresh token."""
    token = await asyncio.to_thread(signed_token, node, package)
    came = await exchange(session, Post(node.url, FIELD + token.encode()), node.window.timeout_ms)
    return came if isinstance(came, NoResponse) else classify(node, package, *came)


async def exchange(
    session: aiohttp.ClientSession, post: Post, timeout_ms: int
) -> tuple[int, str] | NoResponse:
    """Send it as it is: the HTTP status and the text that came back."""
    try:
        async with session.request(
            post.method,
            post.url,
            data=io.BytesIO(post.body) if post.body else None,  # in pieces where it is long
            headers={"Content-Type": post.content_type},
            expect100=post.asks_first,
            timeout=aiohttp.ClientTimeout(total=timeout_ms / 1000),
            allow_redirects=False,
        ) as response:
            body = (await response.content.read(_MOST_ANSWER)).decode(errors="replace")
            return response.status, body
    except TimeoutError:
        return NoResponse("no answer in time")
    except aiohttp.ServerDisconnectedError:
        return NoResponse("closed without an answer")
    except aiohttp.ClientConnectorError:
        return NoResponse("connection refused")
    except (aiohttp.ClientError, OSError) as error:
        return NoResponse(type(error).__name__)


def classify(node: NodeSettings, package: bytes, status: int, body: str) -> Happened:
    """What an HTTP response to a CallbackRequest means."""
    request: dict[str, Any] = json.loads(package)
    echo = Echo(request.get("request_id") or "", not request.get("request_type"))
    return judge(node, echo, status, body)


def judge(node: NodeSettings, echo: Echo, status: int, body: str) -> Happened:
    """What an HTTP response means: the answer's signature and every field are checked."""
    if status != _OK:
        return HttpError(status, body[:200])
    text = body.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1]
    gateway = envelope.TrustedNode("gateway", (node.server_key,))
    try:
        verified = envelope.verify(text, (gateway,), node.clock.now_ms())
        answer = json.loads(envelope.unpack(verified.package or ""))
    except envelope.BadToken as error:
        return BadAnswer(f"the token does not verify: {error.reason}")
    except (envelope.BadPackage, ValueError):
        return BadAnswer("package_data is no JSON")
    return _meaning(echo, answer)


def signed_token(node: NodeSettings, package: bytes) -> str:
    """A TSS_JWT_MSG as this node makes it, knobs included."""
    knobs = node.knobs
    claims = {
        "package_data": base64.b64encode(package).decode(),
        "exp": node.clock.now_ms() // 1000 + knobs.expires_in_s,
        **knobs.claims,
    }
    body = json.dumps(claims, separators=(",", ":")).encode()
    return f"{knobs.around}{compact(knobs.header, body, node.key)}{knobs.around}"


def compact(header: bytes, claims: bytes, key: RSAPrivateKey) -> str:
    """A compact JWS over exactly these bytes, signed as RS256 whatever the header says."""
    signed = part(header) + b"." + part(claims)
    return (signed + b"." + part(_RS256.sign(signed, key))).decode()


def part(content: bytes) -> bytes:
    """One part of a compact JWS: url-safe base64 without padding (RFC 7515, section 2)."""
    return base64.urlsafe_b64encode(content).rstrip(b"=")


def _meaning(echo: Echo, answer: Any) -> Happened:
    if type(answer) is not dict:
        return BadAnswer("the answer is no JSON object")
    status, error = answer.get("status", 0), answer.get("error", "")
    if type(status) is not int or type(error) is not str:
        return BadAnswer("status or error has the wrong type")
    if answer.get("request_id", "") != echo.request_id:
        return BadAnswer("the answer names another request_id")
    if status:
        return ErrorStatus(status, error)
    action = answer.get("action", "")
    if action in {"APPROVE", "REJECT"} or (echo.is_ping and action == ""):
        return Answer(action, error)
    return BadAnswer("the action is neither APPROVE nor REJECT")


async def _until(stop: asyncio.Event, work: Any) -> Any:
    """The result of `work`, or None as soon as `stop` is set."""
    working = asyncio.ensure_future(work)
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        working.cancel()
        stopping.cancel()
        await asyncio.gather(working, stopping, return_exceptions=True)
