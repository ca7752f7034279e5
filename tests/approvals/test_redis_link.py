"""Thousands of attempts share a few connections: being many is no failure, and silence is one."""

import asyncio

import pytest

from approvals.redis import link as redis_link
from approvals.redis.link import CONNECTIONS, Link, StoreDown


async def no_check(_client):
    """Every server will do."""


async def test_being_many_is_no_failure(redis_url, monkeypatch):
    monkeypatch.setattr(redis_link, "ANSWER_WITHIN_S", 0.5)
    link = Link(redis_url, check=no_check)

    async def slow() -> None:
        async with link.reaching():
            await link.client.blpop("nothing", timeout=0.2)

    began = asyncio.get_running_loop().time()
    await asyncio.gather(*(slow() for _ in range(6 * CONNECTIONS)))  # the last waits a second
    assert asyncio.get_running_loop().time() - began > 1.0
    await link.close()


async def test_where_nobody_gets_an_answer_nobody_waits_for_a_turn(own_redis, monkeypatch):
    monkeypatch.setattr(redis_link, "ANSWER_WITHIN_S", 0.3)
    link = Link(own_redis.url, check=no_check)
    await link.ping()
    own_redis.pause()
    found = await asyncio.gather(
        *(link.ping() for _ in range(20 * CONNECTIONS)), return_exceptions=True
    )
    assert {type(failure) for failure in found} == {StoreDown}
    tried = [failure for failure in found if str(failure) != "nobody gets an answer"]
    assert CONNECTIONS <= len(tried) < 5 * CONNECTIONS  # the others never had a connection
    own_redis.resume()
    await link.ping()
    await link.close()


async def test_a_connection_that_will_not_close_is_no_other_failure(own_redis, monkeypatch):
    link = Link(own_redis.url, check=no_check)
    await link.ping()

    async def hangs(**_options: bool) -> None:
        raise TimeoutError

    monkeypatch.setattr(link._pool, "disconnect", hangs)
    own_redis.kill()
    with pytest.raises(StoreDown):
        await link.ping()
    monkeypatch.undo()
    await link.close()
