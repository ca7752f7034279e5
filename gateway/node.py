"""A simulated TSS Node: it signs for real, keeps the node's retry window, judges the answers."""

import asyncio
import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from jwt.algorithms import RSAAlgorithm

from approvals.window import Window
from gateway.attempts import (
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
from gateway.clock import SYSTEM, Clock
from keys import envelope

_RS256: Final = RSAAlgorithm(RSAAlgorithm.SHA256)
_MOST_ANSWER: Final = 1_048_576
_OK: Final = 200


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


async def attempt(session: aiohttp.ClientSession, node: NodeSettings, package: bytes) -> Happened:
    """Ask once, with a fresh token."""
    token = await asyncio.to_thread(signed_token, node, package)
    try:
        async with session.post(
            node.url,
            data=b"TSS_JWT_MSG=" + token.encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            timeout=aiohttp.ClientTimeout(total=node.window.timeout_ms / 1000),
            allow_redirects=False,
        ) as response:
            body = (await response.content.read(_MOST_ANSWER)).decode(errors="replace")
            status = response.status
    except TimeoutError:
        return NoResponse("no answer in time")
    except aiohttp.ServerDisconnectedError:
        return NoResponse("closed without an answer")
    except aiohttp.ClientConnectorError:
        return NoResponse("connection refused")
    except (aiohttp.ClientError, OSError) as error:
        return NoResponse(type(error).__name__)
    return classify(node, package, status, body)


def classify(node: NodeSettings, package: bytes, status: int, body: str) -> Happened:
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
    return _judge(json.loads(package), answer)


def signed_token(node: NodeSettings, package: bytes) -> str:
    """A TSS_JWT_MSG as this node makes it, knobs included."""
    knobs = node.knobs
    claims = {
        "package_data": base64.b64encode(package).decode(),
        "exp": node.clock.now_ms() // 1000 + knobs.expires_in_s,
        **knobs.claims,
    }
    body = json.dumps(claims, separators=(",", ":")).encode()
    signed = _part(knobs.header) + b"." + _part(body)
    token = (signed + b"." + _part(_RS256.sign(signed, node.key))).decode()
    return f"{knobs.around}{token}{knobs.around}"


def _judge(request: dict[str, Any], answer: Any) -> Happened:
    if type(answer) is not dict:
        return BadAnswer("the answer is no JSON object")
    status, error = answer.get("status", 0), answer.get("error", "")
    if type(status) is not int or type(error) is not str:
        return BadAnswer("status or error has the wrong type")
    if answer.get("request_id", "") != (request.get("request_id") or ""):
        return BadAnswer("the answer names another request_id")
    if status:
        return ErrorStatus(status, error)
    action = answer.get("action", "")
    is_ping = not request.get("request_type")
    if action in {"APPROVE", "REJECT"} or (is_ping and action == ""):
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


def _part(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")
