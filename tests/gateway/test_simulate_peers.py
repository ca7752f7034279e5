"""A simulated node against gateways that are not ours: what it sends, and that it is not fooled."""

import asyncio
import base64
import json
from collections import Counter
from dataclasses import replace

import pytest
from aiohttp import web

from approvals.chains.tables import SHIPPED
from approvals.inspect import inspect
from approvals.window import Window
from gateway.clock import SYSTEM
from gateway.doors.wire import Ping, parse
from gateway.simulate import playing
from gateway.simulate.attempts import Answer, BadAnswer, HttpError
from gateway.simulate.book import BOOK
from gateway.simulate.conformance import play_book, said
from gateway.simulate.events import event_of
from gateway.simulate.node import NodeSettings
from gateway.simulate.playing import Call, play_all
from gateway.simulate.reporting import Reporter
from gateway.simulate.requests import Wish, sample, sample_names
from gateway.simulate.tally import Reported, tally
from keys import envelope
from tests.support.world import rsa_key

TRANSFER = "keysign_erc20_usdt"
NODE = NodeSettings(
    "", rsa_key("node-1"), rsa_key("server").public_key(), Window(1, 10, 2_000), clock=SYSTEM
)
SIGNED = [name for name in sample_names() if not name.startswith("ping")]


@pytest.fixture
async def serving():
    """A server of one handler; returns the node that asks it."""
    runners = []

    async def serve(handle):
        app = web.Application(client_max_size=1 << 24)
        app.router.add_route("*", "/{path:.*}", handle)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        runners.append(runner)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        return replace(NODE, url=f"http://{host}:{port}/v2/check")

    yield serve
    for runner in runners:
        await runner.cleanup()


def approved(request_id):
    body = {"status": 0, "request_id": request_id, "action": "APPROVE", "error": ""}
    expires = SYSTEM.now_ms() // 1000 + 60
    return envelope.sign(json.dumps(body).encode(), rsa_key("server"), expires_at_s=expires)


async def request_id_in(request):
    try:
        token = (await request.post())["TSS_JWT_MSG"]
        claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
        return str(json.loads(base64.b64decode(claims["package_data"]))["request_id"])
    except (KeyError, ValueError, IndexError, TypeError):
        return ""


async def test_a_gateway_that_approves_whatever_comes_passes_in_nothing(serving):
    async def approve(request):
        return web.Response(text=approved(await request_id_in(request)))

    lines = await play_book(await serving(approve), BOOK, asyncio.Event())
    assert [line.name for line in lines if line.ok] == []
    assert len(lines) == len(BOOK)


async def test_a_gateway_that_forgets_what_it_said_is_found_out(serving):
    said_before = []

    async def forget(request):
        said_before.append(1)
        error = f"unsupported: answer {len(said_before)}"
        body = {"status": 0, "request_id": await request_id_in(request), "action": "REJECT"}
        package = json.dumps(body | {"error": error}).encode()
        expires = SYSTEM.now_ms() // 1000 + 60
        return web.Response(text=envelope.sign(package, rsa_key("server"), expires_at_s=expires))

    again = [each for each in BOOK if each.name in {"resend", "at-once"}]
    lines = await play_book(await serving(forget), again, asyncio.Event())
    assert {line.got for line in lines} == {"two different answers"}


def test_a_stranger_is_told_little():
    assert said(HttpError(401, "The token does not verify.")) == "HTTP 401"
    assert said(HttpError(401, "x" * 101)) == "HTTP 401, and says too much"
    assert said(HttpError(500, "a\nb")) == "HTTP 500, and says too much"
    assert said(BadAnswer("no")) == "not believed: no"
    assert said(Answer("APPROVE", "")) == "APPROVE"


class Nobody:
    def began(self):
        """Look away."""

    def ended(self, played):
        """Look away."""


async def test_no_more_are_open_at_once_than_the_bound(serving, monkeypatch):
    monkeypatch.setattr(playing, "MOST_OPEN", 2)
    running: Counter[str] = Counter()

    async def slow(request):
        running["now"] += 1
        running["most"] = max(running["most"], running["now"])
        await asyncio.sleep(0.02)
        running["now"] -= 1
        return web.Response(text=approved(await request_id_in(request)))

    wish = Wish(TRANSFER, sample(TRANSFER), fresh=True)
    run = await play_all(await serving(slow), [Call(wish)] * 6, Nobody())
    assert running["most"] == 2
    assert len({played.request_id for played in run.played}) == 6
    assert tally(run.played).ok


@pytest.mark.parametrize("name", SIGNED)
def test_a_fresh_sample_is_judged_like_the_recorded_one(name):
    recorded, fresh = sample(name), Wish(name, sample(name), fresh=True).asked()
    findings = []
    for package in (recorded, fresh):
        request = parse(package, "node-1")
        assert not isinstance(request, Ping)
        found = inspect(request, SHIPPED)
        assert found.digest == request.digest
        claims = replace(found.claims, transaction_id="")
        findings.append(replace(found, digest="", task="", claims=claims))
    assert findings[0] == findings[1]
    assert parse(recorded, "node-1") != parse(fresh, "node-1")


def event(name, outcome="succeeded", shape="sdk"):
    made = event_of(
        sample(name), outcome, shape, event_id="e", now_ms=1_790_848_800_000, draw=bytes
    )
    return json.loads(made)


@pytest.mark.parametrize("shape", ["guide", "sdk"])
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        (TRANSFER, "KeySign"),
        ("keygen_ed25519", "KeyGen"),
        ("keyreshare_secp256k1", "KeyReshare"),
        ("keysharesign_type5", "KeyShareSign"),
        ("v1_keysign_eth", "KeySign"),
    ],
)
def test_an_event_has_the_fields_that_both_shapes_share(name, kind, shape):
    made = event(name, shape=shape)
    assert sorted(made) == ["created_timestamp", "data", "event_id", "event_type", "node_id"]
    assert made["event_type"] == f"request.{kind.lower()}.succeeded"
    assert made["node_id"].startswith("cobo")
    data, asked = made["data"], json.loads(sample(name))
    assert (data["data_type"], data["request_type"]) == (kind, kind)
    assert (data["request_id"], data["extra_info"]) == (asked["request_id"], asked["extra_info"])
    assert data["request_detail"].keys() == json.loads(asked["request_detail"]).keys()
    assert data["request_status"] == {"guide": 3, "sdk": 190}[shape]
    assert data["result"]
    failed = event(name, "failed", shape)["data"]
    assert (failed["result"], bool(failed["failed_reason"])) == (None, True)


def test_the_shapes_differ_where_the_guide_and_the_sdk_do():
    guide, sdk = event(TRANSFER, shape="guide")["data"], event(TRANSFER, shape="sdk")["data"]
    assert guide["request_detail"]["signature_type"] == "ecdsa"
    assert sdk["request_detail"]["signature_type"] == 1
    assert guide["result"] == {"signatures": ["00" * 65]}
    (signature,) = sdk["result"]["signatures"]
    assert signature["msg_hash"] == sdk["request_detail"]["msg_hash_list"][0]
    assert (sdk["result"]["signature_type"], sdk["result"]["tss_protocol"]) == (1, 2)


def test_only_what_is_signed_has_an_event():
    with pytest.raises(ValueError, match="1, 2, 3 and 5"):
        event("ping")


async def test_an_approval_is_reported_with_the_event_key_until_it_is_taken(serving, monkeypatch):
    monkeypatch.setattr("gateway.simulate.reporting._SLEEP_S", 0.01)
    tokens = []

    async def take(request):
        if request.path == "/v2/check":
            return web.Response(text=approved(await request_id_in(request)))
        assert (request.path, request.method) == ("/v2/event", "POST")
        tokens.append((await request.post())["TSS_JWT_MSG"])
        return web.Response(status=201 if len(tokens) > 1 else 503)

    node = await serving(take)
    report = Reporter(node, rsa_key("event"), "succeeded", "guide")
    run = await play_all(
        node, [Call(Wish(TRANSFER, sample(TRANSFER), fresh=True))], Nobody(), report
    )
    (played,) = run.played
    assert played.event == Reported(taken=True, said="HTTP 201")
    assert len(tokens) == 2
    trusted = (envelope.TrustedNode("n", (rsa_key("event").public_key(),)),)
    now_ms = SYSTEM.now_ms()
    ids = set()
    for token in tokens:
        claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
        assert (sorted(claims), claims["iss"]) == (["exp", "iss", "package_data"], "")
        sent = json.loads(envelope.unpack(envelope.verify(token, trusted, now_ms).package or ""))
        assert sent["data"]["request_id"] == played.request_id
        ids.add(sent["event_id"])
    assert len(ids) == 1


async def test_an_event_that_nobody_takes_is_said_so(serving, monkeypatch):
    monkeypatch.setattr("gateway.simulate.reporting._SLEEP_S", 0.01)

    async def refuse(request):
        return web.Response(status=404)

    report = Reporter(await serving(refuse), rsa_key("event"), "failed", "sdk")
    assert await report(sample(TRANSFER)) == Reported(taken=False, said="HTTP 404")
    nothing = Reported(taken=False, said="nothing in it comes to a signature")
    assert await report(b'{"request_type":99}') == nothing
