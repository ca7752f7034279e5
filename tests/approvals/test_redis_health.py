"""A Redis that may forget an approval is refused."""

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from approvals.redis.health import RedisRefused, ServerFacts, check_server, too_old


def connect(url: str, **settings) -> Redis:
    return Redis.from_url(url, retry=Retry(NoBackoff(), 0), **settings)


@pytest.mark.parametrize("decode", [True, False])
async def test_noeviction_and_an_append_only_file_are_accepted(redis_url, decode):
    async with connect(redis_url, decode_responses=decode) as client:
        facts = await check_server(client, may_forget=False)
    assert (facts.product, facts.eviction, facts.append_only) == ("Valkey", "noeviction", True)
    assert facts.sentence.startswith("Valkey ")
    assert facts.sentence.endswith(", noeviction, append-only file (fsync always)")


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl", "allkeys-random"])
async def test_any_eviction_is_refused_unless_it_may_forget(own_redis, policy):
    async with connect(own_redis.url) as client:
        await client.config_set("maxmemory-policy", policy)
        with pytest.raises(RedisRefused, match=f"evict approvals .* {policy}"):
            await check_server(client, may_forget=False)
        assert (await check_server(client, may_forget=True)).eviction == policy


async def test_no_append_only_file_is_refused_unless_it_may_forget(own_redis):
    async with connect(own_redis.url) as client:
        await client.config_set("appendonly", "no")
        with pytest.raises(RedisRefused, match="appendonly is off"):
            await check_server(client, may_forget=False)
        assert (await check_server(client, may_forget=True)).append_only is False


async def test_all_reasons_are_told_at_once(own_redis):
    async with connect(own_redis.url) as client:
        await client.config_set("maxmemory-policy", "allkeys-lru")
        await client.config_set("appendonly", "no")
        with pytest.raises(RedisRefused) as refused:
            await check_server(client, may_forget=False)
    assert len(refused.value.reasons) == 2


async def test_a_server_that_forbids_config_is_judged_by_info(own_redis):
    async with connect(own_redis.url) as admin:
        await admin.acl_setuser("u", enabled=True, nopass=True, commands=["+@all", "-config"])
        async with connect(own_redis.url, username="u", password="x") as client:
            facts = await check_server(client, may_forget=False)
            assert (facts.append_only, facts.append_fsync) == (True, None)
            await admin.config_set("maxmemory-policy", "allkeys-lru")
            with pytest.raises(RedisRefused, match="allkeys-lru"):
                await check_server(client, may_forget=False)


async def test_a_server_that_tells_nothing_is_refused(own_redis):
    async with connect(own_redis.url) as admin:
        await admin.execute_command(
            "ACL", "SETUSER", "u", "on", "nopass", "+@all", "-config", "-info"
        )
        async with connect(own_redis.url, username="u", password="x") as client:
            with pytest.raises(RedisRefused) as refused:
                await check_server(client, may_forget=False)
            assert [reason.count("not readable") for reason in refused.value.reasons] == [1, 1]
            assert await check_server(client, may_forget=True) == ServerFacts()


async def test_a_server_that_is_away_is_not_called_refused(own_redis):
    own_redis.stop()
    async with connect(own_redis.url) as client:
        with pytest.raises(RedisError):
            await check_server(client, may_forget=True)


@pytest.mark.parametrize(
    ("product", "version", "refused"),
    [
        ("Redis", (6, 0, 16), True),
        ("Redis", (6, 2, 0), False),
        ("Redis", (8, 2), False),
        ("Valkey", (7, 2, 4), False),
        ("an unknown server", None, False),
    ],
)
def test_redis_before_6_2_is_refused(product, version, refused):
    assert bool(too_old(ServerFacts(product, version))) is refused
