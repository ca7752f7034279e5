"""The attack book over HTTP: every attempt is the same answer, and none makes us call anybody."""

import asyncio
import time
from urllib.parse import quote_plus

import pytest

from keys.envelope import sign
from tests.support.attack_book import HEADER, Book
from tests.support.waiting import PATIENCE_S
from tests.support.world import rsa_key

SENTENCE = b"The token does not verify."
EXPECTED = b"A form with the field TSS_JWT_MSG is expected."


@pytest.fixture
async def house(world):
    world.nodes = ("node-1", "node-2")
    async with world.running() as house:
        yield house


@pytest.fixture
async def line(house):
    public = house.running.public
    reader, writer = await asyncio.open_connection(public.host, public.port)
    yield Line(reader, writer)
    writer.close()


class Line:
    """One kept connection, and what comes back on it, byte for byte but for the date."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    async def post(self, body, target="/v2/check", **headers):
        kind = {"content-type": "application/x-www-form-urlencoded"}
        lines = [f"POST {target} HTTP/1.1", "host: x", f"content-length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in (kind | headers).items()]
        self.writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        async with asyncio.timeout(PATIENCE_S):
            head = await self.reader.readuntil(b"\r\n\r\n")
            said = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:-2])
            content = await self.reader.readexactly(int(said[b"content-length"]))
        said.pop(b"date")
        return head.split(b"\r\n")[0], said, content

    async def send(self, token):
        return await self.post(b"TSS_JWT_MSG=" + quote_plus(token).encode())


def book():
    return Book(rsa_key("node-1"), rsa_key("stranger"), int(time.time()))


async def test_every_attack_gets_the_same_short_unsigned_401_and_reasons_stay_with_us(house, line):
    believed = await line.send(sign(b'{"request_type":0}', rsa_key("node-1"), expires_at_s=2**31))
    assert believed[2] == SENTENCE  # too far ahead; what follows differs in nothing from it
    for name, token in book().all():
        assert await line.send(token) == believed, name
    assert believed[0] == b"HTTP/1.1 401 Unauthorized"
    assert sorted(believed[1]) == [b"content-length", b"content-type"]
    assert (await line.send(book().token()))[0] == b"HTTP/1.1 200 OK"
    _, metrics = await house.get("/metrics", base=house.running.operator.url)
    series = [row for row in metrics.splitlines() if row.startswith("countersign_tokens_refused")]
    assert 5 < len(series) < 20
    lines = [row["reason"] for row in house.lines if row["event"] == "caller_refused"]
    assert sorted(set(lines)) == sorted(lines) != []  # once each in ten seconds, whoever repeats it


async def test_nothing_that_a_token_names_is_fetched(house, line):
    calls = []
    elsewhere = await asyncio.start_server(lambda *call: calls.append(call), "127.0.0.1", 0)
    port = elsewhere.sockets[0].getsockname()[1]
    url = f"http://127.0.0.1:{port}/keys.json"
    for key in ("stranger", "node-1"):
        for name in ("jku", "x5u", "kid", "iss"):
            token = book().token(header=HEADER | {name: url}, key=rsa_key(key))
            status = (await line.send(token))[0].split()[1]
            assert status == (b"200" if key == "node-1" else b"401")
    await asyncio.sleep(0.05)
    assert calls == []
    elsewhere.close()


async def test_a_token_is_taken_from_one_field_of_the_form_and_nowhere_else(house, line):
    good = book().token()
    bad = book().token(key=rsa_key("stranger"))
    for body in (
        f"TSS_JWT_MSG={good}&TSS_JWT_MSG={good}",
        f"TSS_JWT_MSG={good}&TSS_JWT_MSG={bad}",
        f"TSS_JWT_MSG={bad}&TSS_JWT_MSG={good}",
        f"TSS_JWT_MSG={good}&TSS%5FJWT_MSG={good}",
        f"tss_jwt_msg={good}",
        f"TSS_JWT_MSG[]={good}",
        f" TSS_JWT_MSG={good}",
        f"TSS_JWT_MSG%00={good}",
        f'{{"TSS_JWT_MSG":"{good}"}}',
        good,
        f"{'&'.join('x=1' for _ in range(20))}&TSS_JWT_MSG={good}",
        "TSS_JWT_MSG=" + "".join(f"%{ord(c):02x}" for c in good * 3),
    ):
        status, _, content = await line.post(body.encode())
        assert (status, content) == (b"HTTP/1.1 400 Bad Request", EXPECTED), body[:60]
    for extra in (
        {"target": f"/v2/check?TSS_JWT_MSG={good}"},
        {"authorization": f"Bearer {good}"},
        {"cookie": f"TSS_JWT_MSG={good}"},
        {"TSS_JWT_MSG": good},
    ):
        assert (await line.post(b"", **extra))[2] == EXPECTED
        assert (await line.post(f"TSS_JWT_MSG={bad}".encode(), **extra))[2] == SENTENCE


async def test_a_token_may_be_escaped_as_forms_are(house, line):
    good = book().token()
    for body in (
        "TSS_JWT_MSG=" + good.replace(".", "%2E"),
        "TSS%5FJWT%5FMSG=" + good,
        f"TSS_JWT_MSG=+{good}%0D%0A",
        f"a=1&TSS_JWT_MSG={good}&b=2",
    ):
        assert (await line.post(body.encode()))[0] == b"HTTP/1.1 200 OK", body[:40]
