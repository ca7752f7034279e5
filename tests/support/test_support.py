"""The tests' own peers keep their word."""

import asyncio

import pytest
import redis
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff


def test_each_test_gets_an_empty_server(redis_url):
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set("a", "1")


def test_and_so_does_the_next(redis_url):
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0


def test_a_killed_server_comes_back_with_its_data(own_redis):
    with own_redis.client() as client:
        client.set("a", "1")
        own_redis.kill()
        with pytest.raises(redis.ConnectionError):
            client.ping()
        own_redis.start()
        assert client.get("a") == "1"


def connect(url: str) -> Redis:
    return Redis.from_url(url, socket_timeout=0.2, retry=Retry(NoBackoff(), 0))


async def test_the_wire_carries_cuts_refuses_and_mends(redis_wire):
    async with connect(redis_wire.url) as client:
        assert await client.ping()
        await redis_wire.cut()
        with pytest.raises(redis.ConnectionError):
            await client.ping()
        assert await client.ping()
        await redis_wire.refuse()
        assert await client.ping()
        await redis_wire.cut()
        for _ in range(2):
            with pytest.raises(redis.ConnectionError):
                await client.ping()
        await redis_wire.listen()
        assert await client.ping()


async def test_a_paused_wire_is_silent_and_stays_open(redis_wire):
    async with connect(redis_wire.url) as client:
        assert await client.ping()
        redis_wire.pause()
        with pytest.raises(redis.TimeoutError):
            await client.ping()
        redis_wire.resume()
        assert await client.ping()


async def test_a_slow_wire_delays_both_ways(redis_wire):
    async with connect(redis_wire.url) as client:
        await client.ping()
        redis_wire.delay = 0.05
        began = asyncio.get_running_loop().time()
        await client.ping()
        assert asyncio.get_running_loop().time() - began >= 0.1
