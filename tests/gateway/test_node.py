import asyncio
import json
from dataclasses import replace

import pytest
from aiohttp import web

from approvals.window import Window
from gateway.clock import SYSTEM
from gateway.simulate.attempts import (
    Answer,
    BadAnswer,
    Began,
    Ended,
    ErrorStatus,
    Event,
    HttpError,
    Knobs,
    NoResponse,
    retry_in_ms,
)
from gateway.simulate.node import NodeSettings, ask, classify, signed_token
from keys import envelope
from tests.support.requests import FOLDER
from tests.support.world import rsa_key

SAMPLE = (FOLDER / "keysign_erc20_usdt.json").read_bytes()
REQUEST_ID = json.loads(SAMPLE)["request_id"]
WINDOW = Window(retry_times=2, sleep_ms=20, timeout_ms=500)
NODE_KEY = rsa_key("node-1")
SERVER_KEY = rsa_key("server")
NODE = NodeSettings("http://127.0.0.1:1/", NODE_KEY, SERVER_KEY.public_key(), WINDOW)


def answer(key=SERVER_KEY, exp=60, **fields):
    body = {"status": 0, "request_id": REQUEST_ID, "action": "APPROVE", "error": ""} | fields
    body = {name: value for name, value in body.items() if value is not None}
    now_s = SYSTEM.now_ms() // 1000
    return envelope.sign(json.dumps(body).encode(), key, expires_at_s=now_s + exp)


class Peer:
    """A callback server that gives the scripted answers, then hangs."""

    def __init__(self, *script):
        self.script = list(script)
        self.tokens = []

    async def handle(self, request):
        form = await request.post()
        self.tokens.append(form["TSS_JWT_MSG"])
        step = self.script.pop(0) if self.script else "hang"
        if step == "hang":
            await asyncio.sleep(30)
        if step == "close":
            request.transport.abort()
            return web.Response()
        if isinstance(step, int):
            return web.Response(status=step)
        return web.Response(text=step)


@pytest.fixture
async def asked():
    """Run a node against a script; returns the conclusion, the events and the peer."""
    runners = []

    async def run(*script, package=SAMPLE, stop=None, **changes):
        peer = Peer(*script)
        app = web.Application()
        app.router.add_post("/v2/check", peer.handle)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        runners.append(runner)
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        node = replace(NODE, url=f"http://{host}:{port}/v2/check", **changes)
        events: list[Event] = []
        conclusion = await ask(node, package, on_event=events.append, stop=stop)
        return conclusion, events, peer

    yield run
    for runner in runners:
        await runner.cleanup()


async def test_an_answer_ends_the_asking(asked):
    conclusion, events, _ = await asked(answer())
    assert (conclusion.action, conclusion.by, conclusion.attempts) == ("APPROVE", "server", 1)
    assert [type(event) for event in events] == [Began, Ended]


async def test_a_refusal_is_final_and_carries_its_reason(asked):
    conclusion, _, _ = await asked(answer(action="REJECT", error="rule: no"))
    assert (conclusion.action, conclusion.by, conclusion.error) == ("REJECT", "server", "rule: no")


async def test_no_response_is_asked_again_with_a_fresh_token(asked):
    later = replace(NODE, knobs=Knobs())
    assert later.knobs == NODE.knobs
    conclusion, events, peer = await asked("close", "close", answer())
    assert (conclusion.action, conclusion.attempts) == ("APPROVE", 3)
    whats = [event.what for event in events if isinstance(event, Ended)]
    assert whats[0] == NoResponse("closed without an answer")
    now_ms = SYSTEM.now_ms()
    trusted = (envelope.TrustedNode("n", (NODE_KEY.public_key(),)),)
    for token in peer.tokens:
        package = envelope.verify(token, trusted, now_ms).package
        assert envelope.unpack(package or "") == SAMPLE


async def test_a_used_up_window_is_a_refusal(asked):
    conclusion, events, peer = await asked(
        "close", window=Window(retry_times=1, sleep_ms=10, timeout_ms=100)
    )
    assert (conclusion.action, conclusion.by) == ("REJECT", "gave up")
    assert conclusion.error == "no answer in time"
    assert len(peer.tokens) == 2
    assert isinstance(events[-1], Ended)
    assert events[-1].retry_in_ms is None
    assert conclusion.elapsed_ms >= 100


async def test_a_gateway_that_is_not_there_is_asked_again():
    conclusion = await ask(NODE, SAMPLE)
    assert (conclusion.by, conclusion.attempts) == ("gave up", 3)
    assert conclusion.error == "connection refused"


async def test_it_stops_when_told(asked):
    stop = asyncio.Event()
    asyncio.get_running_loop().call_later(0.1, stop.set)
    conclusion, _, _ = await asked(stop=stop, window=replace(WINDOW, timeout_ms=30_000))
    assert (conclusion.by, conclusion.action) == ("stopped", "REJECT")


@pytest.mark.parametrize(
    ("changes", "happened"),
    [
        ({}, Answer("APPROVE", "")),
        ({"status": None}, Answer("APPROVE", "")),
        ({"status": 30, "error": "oops"}, ErrorStatus(30, "oops")),
        ({"request_id": "other"}, BadAnswer("the answer names another request_id")),
        ({"request_id": None}, BadAnswer("the answer names another request_id")),
        ({"action": "approve"}, BadAnswer("the action is neither APPROVE nor REJECT")),
        ({"action": "WAIT"}, BadAnswer("the action is neither APPROVE nor REJECT")),
        ({"action": None}, BadAnswer("the action is neither APPROVE nor REJECT")),
        ({"status": True}, BadAnswer("status or error has the wrong type")),
        ({"key": NODE_KEY}, BadAnswer("the token does not verify: no trusted key")),
        ({"exp": -60}, BadAnswer("the token does not verify: expired")),
    ],
)
def test_an_answer_is_believed_only_if_all_of_it_is_right(changes, happened):
    assert classify(NODE, SAMPLE, 200, answer(**changes)) == happened


def test_quotes_and_white_space_around_an_answer_are_what_templates_send():
    assert classify(NODE, SAMPLE, 200, f'  "{answer()}"\n') == Answer("APPROVE", "")


@pytest.mark.parametrize("body", ["hello", "", '"', '""'])
def test_what_is_no_token_is_no_answer(body):
    happened = BadAnswer("the token does not verify: not three parts")
    assert classify(NODE, SAMPLE, 200, body) == happened


@pytest.mark.parametrize("ping", [b"{}", b'{"request_type":0,"request_id":""}'])
def test_the_answer_to_a_ping_needs_no_action(ping):
    body = answer(request_id="", action=None)
    assert classify(NODE, ping, 200, body) == Answer("", "")


@pytest.mark.parametrize(
    ("happened", "knobs"),
    [
        (HttpError(500, ""), Knobs(on_http_error="reject")),
        (BadAnswer("x"), Knobs(on_bad_answer="reject")),
        (ErrorStatus(30, ""), Knobs(on_error_status="reject")),
    ],
)
def test_what_is_not_documented_is_a_knob(happened, knobs):
    assert retry_in_ms(WINDOW, Knobs(), 1, happened) == WINDOW.sleep_ms
    assert retry_in_ms(WINDOW, knobs, 1, happened) is None


def test_the_window_has_one_attempt_more_than_retries():
    silence = NoResponse("x")
    assert [retry_in_ms(WINDOW, Knobs(), n, silence) for n in (1, 2, 3)] == [20, 20, None]
    once = replace(WINDOW, retry_times=0)
    assert retry_in_ms(once, Knobs(), 1, silence) is None


def test_knobs_change_the_token():
    knobs = Knobs(header=b'{"alg":"RS256"}', expires_in_s=-60, claims={"iss": "x"}, around=" ")
    token = signed_token(replace(NODE, knobs=knobs), SAMPLE)
    assert token == f" {token.strip()} "
    trusted = (envelope.TrustedNode("n", (NODE_KEY.public_key(),)),)
    with pytest.raises(envelope.BadToken, match="expired"):
        envelope.verify(token, trusted, SYSTEM.now_ms())
