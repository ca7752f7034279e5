"""What bad input gets, row by row, over HTTP; always an answer, never a 500 or a traceback."""

import asyncio
import base64
import io
import json
import time

import aiohttp
import pytest

from gateway.doors.form import BODY_LIMIT
from gateway.simulate.attempts import Knobs
from gateway.simulate.node import signed_token
from keys.envelope import sign
from tests.support.requests import FOLDER, sample
from tests.support.waiting import PATIENCE_S
from tests.support.world import APPROVE_SMALL, RULES, rsa_key

ASKED = {"request_id": "r:1", "request_type": 2, "request_detail": "{}", "extra_info": "{}"}


@pytest.fixture
async def house(world):
    world.rules = RULES.replace("30m", "1s") + APPROVE_SMALL
    async with world.running() as house:
        yield house


def token_for(package, key="node-1"):
    text = package if isinstance(package, bytes) else json.dumps(package).encode()
    return sign(text, rsa_key(key), expires_at_s=int(time.time()) + 120)


async def posted(house, data, **headers):
    async with (
        aiohttp.ClientSession() as session,
        session.post(house.url, data=data, headers=headers) as answer,
    ):
        return answer.status, answer.headers["content-type"], await answer.text()


async def answered(house, package, key="node-1"):
    """The signed CallbackResponse, whose signature the node checks."""
    status, kind, body = await posted(house, {"TSS_JWT_MSG": token_for(package, key)})
    assert (status, kind.partition(";")[0]) == (200, "text/plain")
    header, claims, _ = body.split(".")
    assert json.loads(base64.urlsafe_b64decode(header + "==")) == {"alg": "RS256", "typ": "JWT"}
    claims = json.loads(base64.urlsafe_b64decode(claims + "=="))
    assert sorted(claims) == ["exp", "package_data"]
    return json.loads(base64.b64decode(claims["package_data"], validate=True))


@pytest.mark.parametrize(
    "data", [b"", b"TSS_JWT_MSG=", b"other=1", b'{"TSS_JWT_MSG":"x"}', b"\xff"]
)
async def test_what_is_no_form_with_a_token_is_400(house, data):
    headers = {"content-type": "application/x-www-form-urlencoded"}
    status, _, body = await posted(house, data, **headers)
    assert (status, body.count("\n")) == (400, 0)
    assert len(body) < 80


async def test_a_body_over_the_limit_is_413(house):
    status, _, body = await posted(house, io.BytesIO(b"TSS_JWT_MSG=" + b"A" * BODY_LIMIT))
    assert (status, body) == (413, "The request is too large.")


async def test_a_body_that_is_announced_as_over_the_limit_is_not_waited_for(house):
    public = house.running.public
    reader, writer = await asyncio.open_connection(public.host, public.port)
    head = f"POST /v2/check HTTP/1.1\r\nhost: x\r\ncontent-length: {BODY_LIMIT + 1}\r\n\r\n"
    writer.write(head.encode())
    async with asyncio.timeout(PATIENCE_S):
        assert (await reader.readline()).startswith(b"HTTP/1.1 413 ")
    writer.close()


async def test_another_method_is_405(house):
    status, _ = await house.get("/v2/check")
    assert status == 405


@pytest.mark.parametrize(
    "token",
    ["x", "a.b.c", "..", "eyJhbGciOiJub25lIn0.e30.", "A" * 100_000],
)
async def test_a_token_that_does_not_verify_is_a_short_unsigned_401(house, token):
    status, _, body = await posted(house, {"TSS_JWT_MSG": token})
    assert (status, body) == (401, "The token does not verify.")


async def test_a_strangers_key_is_401(house):
    status, _, body = await posted(house, {"TSS_JWT_MSG": token_for(ASKED, "stranger")})
    assert (status, body) == (401, "The token does not verify.")


@pytest.mark.parametrize("seconds", [-31, 3_700])
async def test_a_token_out_of_its_time_is_401(house, seconds):
    token = sign(b"{}", rsa_key("node-1"), expires_at_s=int(time.time()) + seconds)
    assert (await posted(house, {"TSS_JWT_MSG": token}))[0] == 401


async def test_refused_tokens_are_counted_and_never_logged(house):
    token = token_for(ASKED, "stranger")
    for _ in range(3):
        await posted(house, {"TSS_JWT_MSG": token})
    _, metrics = await house.get("/metrics", base=house.running.operator.url)
    assert 'countersign_tokens_refused_total{reason="no trusted key"} 3.0' in metrics
    assert not any(token in str(line) or token[:40] in str(line) for line in house.lines)


@pytest.mark.parametrize(
    "package",
    [
        b"not json",
        b"[]",
        b'{"request_type":2,"request_type":2,"request_id":"r","request_detail":"","extra_info":""}',
        b'{"request_id":"r","request_type":NaN,"request_detail":"{}","extra_info":"{}"}',
        b"[" * 10_000,
        b'{"request_id":"r","request_type":2,"request_detail":' + b"[" * 10_000,
        b"\xff\xfe",
        b"",
        json.dumps({**ASKED, "request_type": "2"}).encode(),
        json.dumps({**ASKED, "request_type": 2.0}).encode(),
        json.dumps({**ASKED, "request_type": True}).encode(),
        json.dumps({**ASKED, "request_id": 5}).encode(),
        json.dumps({**ASKED, "request_id": "a b"}).encode(),
        json.dumps({**ASKED, "request_detail": {}}).encode(),
        json.dumps({**ASKED, "extra_info": 1}).encode(),
        json.dumps({"request_id": "r", "request_type": 2}).encode(),
        json.dumps({**ASKED, "request_type": 0}).encode(),
    ],
)
async def test_a_package_that_is_no_callback_request_gets_a_signed_status_10(house, package):
    answer = await answered(house, package)
    assert (answer["status"], answer["action"]) == (10, "REJECT")
    assert answer["error"].startswith("malformed: ")
    lines = [line["event"] for line in house.audit()]
    assert lines == ["malformed"]


async def test_package_data_that_is_not_strict_base64_gets_status_10(house):
    for claim in ("e30", "e30=\n", "_-==", "", 5, None):
        node = house.node(knobs=Knobs(claims={"package_data": claim}))
        token = signed_token(node, b"{}")
        status, _, body = await posted(house, {"TSS_JWT_MSG": token})
        assert status == 200
        claims = json.loads(base64.urlsafe_b64decode(body.split(".")[1] + "=="))
        assert json.loads(base64.b64decode(claims["package_data"]))["status"] == 10


@pytest.mark.parametrize("number", [4, 6, -1, 10**30])
async def test_an_unknown_type_is_refused_with_status_0(house, number):
    answer = await answered(house, {**ASKED, "request_type": number})
    assert (answer["status"], answer["action"], answer["request_id"]) == (0, "REJECT", "r:1")
    assert answer["error"].startswith("unsupported: ")
    assert [line["event"] for line in house.audit()] == ["asked", "answered"]


@pytest.mark.parametrize("kind", [1, 2, 3, 5])
@pytest.mark.parametrize(
    "inner", ["", "null", "[]", "{}", '{"a":1,"a":2}', '{"threshold":NaN}', "[" * 10_000, "\x00"]
)
async def test_outer_fields_right_and_the_inside_wrong_is_a_decision(house, kind, inner):
    answer = await answered(
        house, {**ASKED, "request_type": kind, "request_detail": inner, "extra_info": inner}
    )
    assert (answer["status"], answer["action"]) == (0, "REJECT")
    assert answer["error"].startswith("malformed: ")


async def test_a_number_where_a_string_belongs_is_a_refusal(house):
    bent = sample("keysign_erc20_usdt").with_transaction("destination.account_output.amount", 2500)
    answer = await answered(house, bent.package)
    assert (answer["status"], answer["action"]) == (0, "REJECT")
    assert answer["error"].startswith("malformed: ")


@pytest.mark.parametrize("name", ["ping", "ping_omitempty", "ping_empty_objects"])
async def test_every_spelling_of_a_ping_gets_status_0_and_no_action(house, name):
    answer = await answered(house, (FOLDER / f"{name}.json").read_bytes())
    assert answer == {"status": 0, "request_id": "", "error": ""}


async def test_get_ping_is_as_the_official_templates_have_it(house):
    status, body = await house.get("/ping")
    answer = json.loads(body)
    assert (status, answer["server"]) == (200, "countersign")
    assert abs(int(answer["timestamp"]) - time.time() * 1000) < 5_000


async def test_the_request_id_is_echoed_verbatim(house):
    strange = "20261001/%20<script>&\"'#?:1~"
    asked = sample("keysign_erc20_usdt").with_outer(request_id=strange)
    answer = await answered(house, asked.package)
    assert (answer["request_id"], answer["action"]) == (strange, "APPROVE")


async def test_an_outer_field_nobody_knows_keeps_rules_from_approving(house):
    package = {**json.loads(sample("keysign_erc20_usdt").package), "sudo": True}
    answer = await answered(house, package)
    assert answer["error"].startswith("timeout: ")
