"""What the doctor asks Redis: a real one, well and hurt."""

from dataclasses import replace

import pytest

from approvals.settings import RedisSettings
from gateway.doctor.clocks import check_clock
from gateway.doctor.store import check_store
from keys.secret import Secret
from tests.support.patient import Found


async def examined(patient, url, *, may_forget=False):
    redis = RedisSettings(Secret(url), keep_days=30, may_forget=may_forget)
    return Found(await check_store(replace(patient.settings, redis=redis)))


async def test_a_redis_that_is_well_is_said_with_its_persistence_and_clock(patient, redis_url):
    found = await examined(patient, redis_url)
    assert found.of("warning", "wrong") == []
    assert found.of("ok") == ["store.clock", "store.latency", "store.reach"]
    assert (
        "noeviction, append-only file (fsync always)" in found.named("store.reach", "ok").sentence
    )


async def test_a_redis_that_may_lose_approvals_is_wrong_unless_it_is_allowed(patient, own_redis):
    with own_redis.client() as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        client.config_set("appendonly", "no")
    found = await examined(patient, own_redis.url)
    assert found.of("wrong") == ["store.persistence", "store.persistence"]
    wrong = [check for check in found.checks if check.level == "wrong"]
    assert [check.changes[0].line for check in wrong] == [
        "redis-cli config set maxmemory-policy noeviction && redis-cli config rewrite",
        "redis-cli config set appendonly yes && redis-cli config rewrite",
    ]
    allowed = await examined(patient, own_redis.url, may_forget=True)
    assert allowed.of("wrong") == []
    assert allowed.of("warning") == ["store.persistence", "store.persistence"]


async def test_an_append_only_file_that_lags_is_warned_of(patient, own_redis):
    with own_redis.client() as client:
        client.config_set("appendfsync", "everysec")
    found = await examined(patient, own_redis.url)
    assert found.of("warning") == ["store.fsync"]
    assert found.named("store.fsync", "warning").changes[0].line == "appendfsync always"


async def test_a_redis_that_is_away_is_wrong(patient):
    found = await examined(patient, "redis://127.0.0.1:9/0")
    assert found.of("wrong") == ["store.reach"]
    assert found.named("store.reach", "wrong").sentence == (
        "Redis at 127.0.0.1:9 cannot be used (no connection): nothing is decided until it can."
    )


async def test_what_a_redis_refuses_is_said_in_words_and_its_url_never(patient, own_redis):
    with own_redis.client() as client:
        client.config_set("requirepass", "hush")
    path = own_redis.url.removeprefix("unix://")
    for url, why in (
        (own_redis.url, "it does not take our user and password"),
        (f"unix://:wrong@{path}", "it does not take our user and password"),
        (f"unix://:hush@{path}?db=99", "it has no database of that number"),
    ):
        sentence = (await examined(patient, url)).named("store.reach", "wrong").sentence
        assert f"cannot be used ({why}): " in sentence, url
        assert "hush" not in sentence
        assert "wrong" not in sentence


@pytest.mark.parametrize(
    "url", ["redis://user:hush@[::1", "redis+sentinel://:hush@x", "redis://127.0.0.1:hush/0"]
)
async def test_an_address_that_is_none_is_wrong_and_never_shown(patient, url):
    found = await examined(patient, url)
    assert found.of("wrong") == ["store.reach"]
    assert "hush" not in found.checks[0].sentence


@pytest.mark.parametrize(
    ("ahead", "level"),
    [(0.0, "ok"), (2.4, "ok"), (-2.4, "ok"), (2.6, "warning"), (-30, "warning"), (31, "wrong")],
)
def test_a_clock_may_be_off_a_little(ahead, level):
    assert check_clock("a.clock", "Redis", ahead, within_s=0.5).level == level
