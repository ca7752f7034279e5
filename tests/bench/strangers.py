"""What callers without a node's key can cost: processor time per refused token, memory per seat."""

import asyncio
import base64
import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from gateway.doors.form import BODY_LIMIT, Refused, token_of
from keys.envelope import BadToken, TrustedNode, sign, verify
from tests.bench import rsa_limit
from tests.bench.client import Connection, post
from tests.bench.house import House, running
from tests.bench.rows import Row, percentiles
from tests.support.requests import sample
from tests.support.world import RULES, rsa_key

TOKENS: Final = 5_000
CONNECTIONS: Final = 32
CROWD: Final = 1_000
KEYS: Final = 20
FORM: Final = "application/x-www-form-urlencoded"
_SUBJECT: Final = "Strangers"
_NOW_MS: Final = 1_790_848_800_000


def measure(folder: Path) -> list[Row]:
    """The rows of this measurement."""
    signature = min(rsa_limit.signature_us(rsa_key("server")) for _ in range(5))
    rows = [_row("one RSA-2048 signature", signature, "what an answer costs a node's own request")]
    with running(folder, RULES) as house:
        rows += [*_refusing(), *asyncio.run(_over_http(house)), *asyncio.run(_crowd(house))]
    return rows


def _refusing() -> list[Row]:
    """Verification alone, without HTTP."""
    package = sample("keysign_erc20_usdt").package
    token = sign(package, rsa_key("stranger"), expires_at_s=_NOW_MS // 1000 + 60)
    header, claims, made = token.split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    longest = "A" * (BODY_LIMIT - 1_000)
    one, many = _nodes(1), _nodes(KEYS)
    escapes = b"TSS_JWT_MSG=" + b"%41" * (BODY_LIMIT // 3 - 10)
    return [
        _row("no JWT, 9 kB", _us(lambda: verify("x" * 9_000, one, _NOW_MS)), "refused unread"),
        _row("alg none, 9 kB", _us(lambda: verify(f"{none}.{claims}.{made}", one, _NOW_MS)), ""),
        _row("another's signature, 1 key", _us(lambda: verify(token, one, _NOW_MS)), "9 kB"),
        _row(f"the same, {KEYS} keys", _us(lambda: verify(token, many, _NOW_MS)), "hashed once"),
        _row(
            f"10 MiB of claims, {KEYS} keys",
            _us(lambda: verify(f"{header}.{longest}.{made}", many, _NOW_MS), 10),
            "hashed once, never decoded",
        ),
        _row(
            "10 MiB of header",
            _us(lambda: verify(f"{longest}.{claims}.{made}", one, _NOW_MS), 10),
            "refused by its length",
        ),
        _row(
            "10 MiB of form",
            _us(lambda: token_of(b"TSS_JWT_MSG=" + longest.encode()), 10),
            "before its token is looked at",
        ),
        _row("10 MiB of escapes", _us(lambda: token_of(escapes), 10), "refused by their count"),
    ]


async def _over_http(house: House) -> list[Row]:
    token = sign(b"{}", rsa_key("stranger"), expires_at_s=int(time.time()) + 600)
    body = f"TSS_JWT_MSG={token}&padding={'A' * 9_000}".encode()
    request = post("/v2/check", body, FORM)
    _, before = await house.resident_and_cpu()
    began = time.perf_counter()
    waiting, took = iter(range(TOKENS)), list[float]()

    async def work() -> None:
        connection = await Connection.to(house.listen)
        for _ in waiting:
            reply = await connection.exchange(request)
            if reply.ok:
                raise RuntimeError("A stranger was believed.")
            took.append(reply.took_s)
        connection.close()

    await asyncio.gather(*(work() for _ in range(CONNECTIONS)))
    seconds = time.perf_counter() - began
    _, after = await house.resident_and_cpu()
    return [
        Row(_SUBJECT, "refused over HTTP, a second", f"{TOKENS / seconds:.0f}", percentiles(took)),
        _row("processor time each", (after - before) / TOKENS * 1e6, "HTTP and all, 9 kB"),
    ]


async def _crowd(house: House) -> list[Row]:
    head = b"POST /v2/check HTTP/1.1\r\nhost: x\r\ncontent-length: 9000\r\n\r\n"
    good = sign(b'{"request_type":0}', rsa_key("node-1"), expires_at_s=int(time.time()) + 600)
    ping = post("/v2/check", b"TSS_JWT_MSG=" + good.encode(), FORM)
    rows = []
    for name, data in (("idle", b""), ("half-sent", head + bytes(4_500))):
        before, _ = await house.resident_and_cpu()
        writers = []
        for _ in range(CROWD):
            _, writer = await asyncio.open_connection(house.listen.host, house.listen.port)
            writer.write(data)
            writers.append(writer)
        node = await Connection.to(house.listen)
        took = [(await node.exchange(ping)).took_s for _ in range(100)]
        during, _ = await house.resident_and_cpu()
        node.close()
        for writer in writers:
            writer.close()
        each = f"{max(0.0, during - before) / CROWD / 1024:.1f} KiB"
        rows.append(Row(_SUBJECT, f"memory of one {name} connection", each, f"of {CROWD:,}"))
        rows.append(Row(_SUBJECT, "a node's ping beside them", percentiles(took), ""))
    return rows


def _nodes(count: int) -> tuple[TrustedNode, ...]:
    return (TrustedNode("node-1", (rsa_key("node-1").public_key(),) * count),)


def _us(refuse: Callable[[], object], count: int = 200) -> float:
    """Microseconds of processor time of one refusal, the best of five rounds."""
    best = float("inf")
    for _ in range(5):
        began = time.process_time()
        for _ in range(count):
            with contextlib.suppress(BadToken, Refused):
                refuse()
        best = min(best, (time.process_time() - began) / count * 1e6)
    return best


def _row(what: str, microseconds: float, note: str) -> Row:
    return Row(_SUBJECT, what, f"{microseconds:,.0f} us", note)
