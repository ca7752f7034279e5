"""A ring may be lost and nobody may be lost with it."""

import asyncio
import contextlib
import time

import pytest

from approvals import bell as bells
from approvals.bell import Bell
from approvals.redis.link import Link
from approvals.redis.names import BELL
from approvals.store import Store
from approvals.swapping import Lists
from gateway.tasks import end
from keys.seals import SealKey
from tests.support.records import NOW, approval
from tests.support.waiting import PATIENCE_S, until


async def no_check(client):
    del client


@contextlib.asynccontextmanager
async def listening(url, *tasks):
    """A bell whose tail follows the stream, and the store behind it."""
    link = Link(url, check=no_check)
    store = Store(link, SealKey(b"k" * 32), keep_days=1)
    bell = Bell(link, store.revisions)
    running = [asyncio.create_task(getattr(bell, name)()) for name in tasks or ("listen",)]
    await asyncio.sleep(0.1)
    try:
        yield bell, store
    finally:
        await end(running)
        await link.close()


async def write(store, request_id="r1"):
    record = approval(request_id=request_id)
    await store.create(record, Lists(NOW, None), request=None, content=request_id)
    return record.member


async def woken(waiter, within=PATIENCE_S):
    began = time.monotonic()
    await waiter.wait(within)
    return time.monotonic() - began < within * 0.9


async def test_a_write_by_anybody_wakes_who_waits_for_it_and_nobody_else(redis_url):
    async with listening(redis_url) as (bell, store):
        with bell.waiting("node-1/r1") as first, bell.waiting("node-1/r2") as other:
            await asyncio.gather(first.wait(0.3), other.wait(0.3))  # what the start rang
            await write(store)
            assert await woken(first)
            assert not await woken(other, 0.3)


async def test_a_ring_between_registering_and_waiting_is_not_lost(redis_url):
    async with listening(redis_url) as (bell, _store):
        with bell.waiting("node-1/r1") as waiter:
            bell.ring("node-1/r1")
            assert await woken(waiter)


async def test_one_tail_serves_everybody(redis_url):
    async with listening(redis_url) as (bell, store):
        clients = await store._link.client.client_list()
        with contextlib.ExitStack() as stack:
            for number in range(200):
                stack.enter_context(bell.waiting(f"node-1/r{number}"))
            assert len(await store._link.client.client_list()) <= len(clients) + 1


async def test_who_leaves_is_forgotten(redis_url):
    async with listening(redis_url) as (bell, _store):
        with bell.waiting("node-1/r1"):
            pass
        assert dict(bell._waiters) == {}


@pytest.mark.parametrize("trouble", ["cut", "half-open"])
async def test_a_broken_connection_wakes_everybody_once_it_is_mended(
    redis_wire, redis_url, trouble, monkeypatch
):
    monkeypatch.setattr(bells, "SILENCE_S", 0.3)
    monkeypatch.setattr(bells, "AGAIN_S", 0.05)
    async with (
        listening(redis_wire.url) as (bell, _near),
        listening(redis_url) as (_bell, far),
    ):
        with bell.waiting("node-1/r1") as waiter:
            await waiter.wait(0.3)
            if trouble == "cut":
                await redis_wire.cut()
            else:
                redis_wire.pause()  # packets vanish; nobody is told
            await write(far)
            if trouble == "half-open":
                await asyncio.sleep(2)
                redis_wire.resume()
            assert await woken(waiter)


async def test_a_ring_that_the_stream_itself_lost_is_made_up_for_by_the_reconnection(
    redis_wire, redis_url, monkeypatch
):
    monkeypatch.setattr(bells, "AGAIN_S", 0.05)
    async with (
        listening(redis_wire.url) as (bell, _near),
        listening(redis_url) as (_bell, far),
    ):
        with bell.waiting("node-1/r1") as waiter:
            await waiter.wait(0.3)
            await redis_wire.refuse()
            await redis_wire.cut()
            await write(far)
            await far._link.client.delete(BELL)
            await redis_wire.listen()
            assert await woken(waiter)


async def test_the_sweep_finds_what_no_ring_told(redis_url, monkeypatch):
    monkeypatch.setattr(bells, "SWEEP_S", 0.1)
    async with listening(redis_url, "sweep") as (bell, store):
        member = await write(store)
        with bell.waiting(member) as waiter:
            waiter.revision = 1
            assert not await woken(waiter, 0.5)
            waiter.revision = 0  # the record moved on since this waiter looked
            assert await woken(waiter)


async def test_the_stream_is_trimmed(redis_url, monkeypatch):
    monkeypatch.setattr("approvals.swapping.BELL_LENGTH", 10)
    async with listening(redis_url) as (_bell, store):
        for number in range(400):
            await write(store, f"r{number}")
        assert await store._link.client.xlen(BELL) < 250


async def test_everybody_who_asked_hears_of_every_ring(redis_url):
    heard = []
    async with listening(redis_url) as (bell, store):
        bell.also(lambda: heard.append(1))
        await write(store)
        await until(lambda: heard)
