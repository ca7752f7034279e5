"""Unable is not refused: a connection that ends without a byte, seen from a raw socket."""

import asyncio
import json
import time
from urllib.parse import urlsplit

import pytest

from approvals.audit import AuditDown
from approvals.model import Choice
from approvals.redis.names import BELL
from approvals.window import Window
from gateway.beginning import StartError
from keys.envelope import sign
from tests.support.requests import sample
from tests.support.waiting import PATIENCE_S, until
from tests.support.world import APPROVE_SMALL, RULES, World, rsa_key

LONG = Window(retry_times=60, sleep_ms=60_000, timeout_ms=10_000)


def raw_request(ahead_ms=0):
    package = sample("keysign_erc20_usdt").package
    expires = int(time.time()) + 120 + ahead_ms // 1000
    token = sign(package, rsa_key("node-1"), expires_at_s=expires)
    body = f"TSS_JWT_MSG={token}"
    return (
        "POST /v2/check HTTP/1.1\r\nHost: gateway\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


async def everything_from(house, request):
    """Every byte until the gateway ends the connection."""
    where = urlsplit(house.running.public.url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    writer.write(request)
    await writer.drain()
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


async def test_past_the_ceiling_of_a_hold_there_is_no_byte(world, monkeypatch):
    monkeypatch.setattr("approvals.window.CEILING_MS", 300)
    world.window = Window(retry_times=60, sleep_ms=60_000, timeout_ms=500)
    async with world.running() as house:
        began = time.monotonic()
        assert await everything_from(house, raw_request()) == b""
        assert time.monotonic() - began > 0.7
        (approval,) = await house.pending()
        assert approval.final is None


async def test_a_bug_is_silence_not_an_http_500(world, monkeypatch):
    async with world.running() as house:

        async def broken(_request, _hearing):
            raise RuntimeError("a bug")

        monkeypatch.setattr(house.service._asking, "answer", broken)
        assert await everything_from(house, raw_request()) == b""


async def test_stopping_silences_who_is_held(world):
    world.window = LONG
    async with world.running() as house:
        asking = asyncio.create_task(everything_from(house, raw_request()))
        await house.pending()
        began = time.monotonic()
        await house.end()
        assert await asking == b""
        assert time.monotonic() - began < 5


async def test_stopping_notes_that_the_attempt_ended(world):
    world.window = LONG
    async with world.running() as house:
        asking = asyncio.create_task(everything_from(house, raw_request()))
        await house.pending()
        await house.end()
        await asking
    async with world.running() as house:
        (approval,) = await house.pending()
        assert approval.attempts.ended is not None


@pytest.fixture
def lonely_world(tmp_path, own_redis):
    """A gateway over a server that the test may kill."""
    return World(tmp_path, own_redis.url)


async def test_while_redis_is_away_the_node_is_held_and_then_hears_nothing(
    lonely_world, own_redis, monkeypatch
):
    monkeypatch.setattr("approvals.window.CEILING_MS", 300)
    lonely_world.window = Window(retry_times=2, sleep_ms=500, timeout_ms=1_000)
    lonely_world.rules = RULES + APPROVE_SMALL
    async with lonely_world.running() as house:
        await until(lambda: house.observer.health.ready)
        own_redis.kill()
        began = time.monotonic()
        assert await everything_from(house, raw_request()) == b""
        assert time.monotonic() - began > 1.2
        await until(lambda: not house.observer.health.ready)
        assert (await house.get("/readyz"))[0] == 503
        assert (await house.get("/healthz"))[0] == 200
        own_redis.start()
        await until(lambda: house.observer.health.ready)
        assert (await house.asks()).action == "APPROVE"


async def test_redis_comes_back_in_time_and_the_held_attempt_is_answered(lonely_world, own_redis):
    lonely_world.window = Window(retry_times=0, sleep_ms=500, timeout_ms=8_000)
    async with lonely_world.running() as house:
        asking = asyncio.create_task(house.asks())
        await house.pending()
        own_redis.kill()
        await asyncio.sleep(0.5)
        own_redis.start()
        await house.votes("ana")
        conclusion = await asking
        assert (conclusion.action, conclusion.attempts) == ("APPROVE", 1)


async def test_an_audit_that_cannot_be_written_holds_then_gives_nothing(world, monkeypatch):
    monkeypatch.setattr("approvals.window.CEILING_MS", 300)
    world.window = Window(retry_times=2, sleep_ms=500, timeout_ms=600)
    world.rules = RULES + APPROVE_SMALL
    async with world.running() as house:
        audit = house.service._ledger.parts.audit
        real = audit._queued

        async def down(_lines):
            raise AuditDown("no space left on device")

        monkeypatch.setattr(audit, "_queued", down)
        assert await everything_from(house, raw_request()) == b""
        monkeypatch.setattr(audit, "_queued", real)
        assert (await house.asks()).action == "APPROVE"


async def test_an_answer_over_the_same_socket_is_an_ordinary_one(world):
    world.rules = RULES + APPROVE_SMALL
    async with world.running() as house:
        request = raw_request().replace(b"Host: gateway", b"Host: gateway\r\nConnection: close")
        answer = await everything_from(house, request)
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"server:" not in answer.lower()


async def test_an_approval_is_not_repeated_after_its_time(world):
    world.window = Window(retry_times=2, sleep_ms=500, timeout_ms=1_000)
    async with world.running() as house:
        asking = asyncio.create_task(house.asks())
        await house.votes("ana")
        assert (await asking).action == "APPROVE"
        world.clock.ahead_ms = 600_000 + world.window.span_ms
        assert await everything_from(house, raw_request(ahead_ms=world.clock.ahead_ms)) == b""
        assert any(line.get("what") == "approve_too_late" for line in house.lines)


async def test_a_damaged_record_gives_no_answer_and_stays_as_it_is(world):
    async with world.running() as house:
        asking = asyncio.create_task(house.asks())
        await house.votes("bo", Choice.REJECT)
        await asking
        redis = house.service._ledger.store._link.client
        (key,) = await redis.keys("{countersign}:approval:*")
        forged = (await redis.get(key)).replace(b"REJECT", b"APPROVE")
        await redis.set(key, forged)
        assert await everything_from(house, raw_request()) == b""
        assert await redis.get(key) == forged
        assert any(line.get("what") == "damaged" for line in house.lines)
        assert [line["reason"] for line in house.lines if "reason" in line] == ["damaged"]


async def test_past_ten_thousand_open_approvals_there_is_no_answer_and_an_alarm(world):
    async with world.running() as house:
        redis = house.service._ledger.store._link.client
        far = int(time.time() * 1000) + 10**9
        await redis.zadd("{countersign}:open", {f"n/{i}": far for i in range(10_000)})
        assert await everything_from(house, raw_request()) == b""
        assert any(line.get("what") == "too_many_open" for line in house.lines)


async def test_a_flushed_store_makes_no_refusal_forgotten(world):
    async with world.running() as house:
        asking = asyncio.create_task(house.asks())
        await house.votes("bo", Choice.REJECT)
        first = await asking
        redis = house.service._ledger.store._link.client
        await redis.flushall()
        assert (await house.asks()).error == first.error
        await redis.flushall()
    async with world.running() as house:
        again = await house.asks()
        assert (again.action, again.error) == ("REJECT", first.error)
        assert json.dumps(house.audit()).count('"final"') > 1


async def test_a_flushed_store_never_asks_again_what_was_approved(world):
    async with world.running() as house:
        asking = asyncio.create_task(house.asks())
        await house.votes("ana")
        assert (await asking).action == "APPROVE"
        await house.service._ledger.store._link.client.flushall()
        assert await everything_from(house, raw_request()) == b""
        assert any(line.get("what") == "damaged" for line in house.lines)
        assert await house.service.open_approvals() == ()


async def _all_rings_heard(house, redis):
    """What the bell tells so far is told, and who was woken has gone to sleep again."""
    with house.service._ledger.parts.bell.waiting("node-1/last") as waiter:
        await redis.xadd(BELL, {"m": "node-1/last"})
        await waiter._event.wait()
    await asyncio.sleep(0.1)


async def test_a_held_attempt_never_hears_the_decision_on_other_bytes(world, monkeypatch):
    monkeypatch.setattr("approvals.bell.SWEEP_S", 60)  # or it finds its record gone, and mends it
    world.window = LONG
    other = sample("keysign_erc20_usdt").with_transaction("description", "changed")
    async with world.running() as house:
        request = raw_request().replace(b"Host: gateway", b"Host: gateway\r\nConnection: close")
        held = asyncio.create_task(everything_from(house, request))
        (first,) = await house.pending()
        redis = house.service._ledger.store._link.client
        await _all_rings_heard(house, redis)
        await redis.delete(*(key for key in await redis.keys() if not key.endswith(b":freeze")))
        house.service._ledger.parts.memory._contents.clear()  # as another gateway would be
        asking = asyncio.create_task(house.asks(other))
        (second,) = await house.pending()
        assert (second.member, second.digest) == (first.member, other.request.digest)
        assert await held == b""  # at once: it may neither speak nor settle this record
        await house.votes("ana")
        assert (await asking).action == "APPROVE"
        assert any(line.get("what") == "other_bytes" for line in house.lines)


async def test_a_record_that_vanished_gains_no_time_and_is_an_alarm(world):
    world.window = Window(retry_times=0, sleep_ms=500, timeout_ms=1_000)
    async with world.running() as house:
        asking = asyncio.create_task(house.asks())
        (before,) = await house.pending()
        await house.service._ledger.store._link.client.flushall()
        conclusion = await asking
        assert conclusion.error.startswith(("timeout: ", "frozen: "))  # the freezes vanished too
        assert any(line.get("what") == "forgotten" for line in house.lines)
        deadlines = {line["approval"]["deadline"] for line in house.audit()}
        assert deadlines == {before.deadline}


async def test_a_server_that_may_forget_is_not_used_unless_the_operator_says_so(
    tmp_path, own_redis, monkeypatch
):
    monkeypatch.setattr("approvals.window.CEILING_MS", 300)
    with own_redis.client() as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
    careful = f'\n[redis]\nurl = "{own_redis.url}"\n'
    world = World(tmp_path, None, more_config=careful, rules=RULES + APPROVE_SMALL)
    world.window = Window(retry_times=0, sleep_ms=500, timeout_ms=500)
    async with world.running() as house:
        assert await everything_from(house, raw_request()) == b""
        assert (await house.get("/readyz"))[0] == 503
        with own_redis.client() as client:
            assert client.keys() == []


@pytest.fixture
def full_disk(monkeypatch):
    """Let a gateway's audit fail until it is mended; `tried` are the lines it did not take."""
    tried: list[tuple[bytes, ...]] = []

    def fail(house):
        audit = house.service._ledger.parts.audit
        real = audit._queued

        async def down(lines):
            tried.append(lines)
            raise AuditDown("no space left on device")

        monkeypatch.setattr(audit, "_queued", down)
        return lambda: monkeypatch.setattr(audit, "_queued", real), tried

    return fail


@pytest.mark.parametrize("rules", [RULES, RULES + APPROVE_SMALL], ids=["people", "rules"])
async def test_evidence_that_the_disk_refused_is_on_disk_before_the_answer(world, full_disk, rules):
    world.window = Window(retry_times=0, sleep_ms=500, timeout_ms=5_000)
    world.rules = rules
    async with world.running() as house:
        mend, tried = full_disk(house)
        asking = asyncio.create_task(house.asks())
        await until(lambda: any(b'"asked"' in line for lines in tried for line in lines))
        mend()
        if rules is RULES:
            await house.votes("ana")
        assert (await asking).action == "APPROVE"
        events = [line["event"] for line in house.audit()]
        assert events.count("asked") == 1
        assert events.index("asked") < events.index("answered")


async def test_what_is_malformed_is_not_answered_before_it_is_on_disk(world, full_disk):
    token = sign(b"not json", rsa_key("node-1"), expires_at_s=int(time.time()) + 120)
    body = f"TSS_JWT_MSG={token}"
    head = f"POST /v2/check HTTP/1.1\r\nHost: g\r\nContent-Length: {len(body)}\r\n"
    request = f"{head}Connection: close\r\n\r\n{body}".encode()
    async with world.running() as house:
        mend, _ = full_disk(house)
        assert await everything_from(house, request) == b""
        mend()
        assert await everything_from(house, request) != b""
        assert [line["event"] for line in house.audit()] == ["malformed"]


async def test_a_flushed_store_never_takes_other_content_under_a_known_id(world):
    world.nodes = ("node-1", "node-2")
    world.rules = RULES + APPROVE_SMALL
    first = sample("keysign_erc20_usdt")
    other = first.with_transaction("description", "changed")
    async with world.running() as house:
        assert (await house.asks(first)).action == "APPROVE"
        await house.service._ledger.store._link.client.flushall()
        assert (await house.asks(other)).error.startswith("conflict: ")
        await house.service._ledger.store._link.client.flushall()
    async with world.running() as house:
        for node in ("node-1", "node-2"):
            asked = other.with_outer(node=node)
            assert (await house.asks(asked, name=node)).error.startswith("conflict: ")


@pytest.mark.parametrize("trouble", ["a file", "an edited line"])
async def test_an_audit_that_cannot_be_read_or_written_keeps_it_from_starting(world, trouble):
    data = world.folder / "data"
    data.mkdir(mode=0o700)
    if trouble == "a file":
        (data / "audit").write_text("")
    else:
        (data / "audit").mkdir(mode=0o700)
        (data / "audit" / "20260101-1-x-1.jsonl").write_text('{"event":\n')
    with pytest.raises(StartError, match="audit"):
        async with world.running():
            pass
