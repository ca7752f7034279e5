"""Gateways behind one Redis notice who differs; nothing is decided by what they say."""

import asyncio
from dataclasses import replace

import pytest

from approvals.codec import Stamp, seal
from approvals.presence import (
    EXPIRE_MS,
    GRACE_MS,
    MOST_APART_MS,
    Comparison,
    Differences,
    Presence,
    Presences,
)
from approvals.redis.link import Link, key
from keys.seals import SealKey
from tests.support.records import NOW

SEAL = SealKey(b"k" * 32)
NONE = Comparison((), ())
OWN = Presence("00000001", "a" * 64, "1", NOW)
OTHER = Presence("00000002", "a" * 64, "1", NOW)


def at(presence, after, **changes):
    return replace(presence, now=NOW + after, **changes)


def test_those_who_agree_are_no_news():
    differences = Differences()
    for after in range(0, 3 * GRACE_MS, 1_000):
        assert differences.look(at(OWN, after), [at(OTHER, after + MOST_APART_MS)]) == NONE


@pytest.mark.parametrize(
    ("changes", "ahead", "kind", "detail"),
    [
        ({"policy": "b" * 64}, 0, "policies_differ", f"goes by {'b' * 16}, we by {'a' * 16}"),
        ({}, MOST_APART_MS + 1, "clocks_differ", "is 2.0 s ahead of ours"),
        ({}, -5_000, "clocks_differ", "is 5.0 s behind ours"),
    ],
)
def test_a_difference_that_lasts_is_said_once_and_once_again_when_it_is_over(
    changes, ahead, kind, detail
):
    differences = Differences()
    for after in range(0, GRACE_MS, 1_000):
        assert differences.look(at(OWN, after), [at(OTHER, after + ahead, **changes)]) == NONE
    news = differences.look(at(OWN, GRACE_MS), [at(OTHER, GRACE_MS + ahead, **changes)])
    assert [(one.kind, one.process) for one in news.lasting] == [(kind, "00000002")]
    assert news.lasting[0].detail.endswith(detail)
    assert differences.of(kind) == 1
    late = 2 * GRACE_MS
    assert differences.look(at(OWN, late), [at(OTHER, late + ahead, **changes)]) == NONE
    over = differences.look(at(OWN, late), [at(OTHER, late)])
    assert [(one.kind, one.process) for one in over.over] == [(kind, "00000002")]
    assert differences.of(kind) == 0
    assert differences.look(at(OWN, late), []) == NONE


def test_a_rolling_reload_is_no_news():
    differences = Differences()
    for after in range(0, GRACE_MS, 1_000):
        differences.look(at(OWN, after), [at(OTHER, after, policy="b" * 64)])
    changed = at(OWN, GRACE_MS, policy="b" * 64)
    assert differences.look(changed, [at(OTHER, GRACE_MS, policy="b" * 64)]) == NONE
    # Another difference later has a time of grace of its own.
    assert differences.look(at(OWN, GRACE_MS + 1), [at(OTHER, GRACE_MS + 1, policy="c" * 64)]) == (
        NONE
    )


async def no_check(_client):
    """Every server will do."""


@pytest.fixture
async def presences(redis_url):
    link = Link(redis_url, check=no_check)
    yield Presences(link, SEAL)
    await link.close()


async def look(presences, own=OWN):
    return await presences.exchange(own, lambda: own.now)


async def test_each_sees_the_others_with_their_clocks_moved_on(presences):
    assert (await look(presences)).others == ()
    await asyncio.sleep(0.3)
    (seen,) = (await look(presences, OTHER)).others
    assert replace(seen, now=NOW) == OWN
    assert 290 <= seen.now - NOW < 2_000  # what it said then, and how long ago that was
    assert [one.process for one in (await look(presences)).others] == ["00000002"]


async def test_who_is_gone_is_forgotten(presences, monkeypatch):
    monkeypatch.setattr("approvals.presence.EXPIRE_MS", 60)
    await look(presences, OTHER)
    await asyncio.sleep(0.15)
    assert (await look(presences)).others == ()


def sealed(name, body, key_=SEAL):
    return seal(key_, "gateway", name, Stamp(1, "0" * 32), body)


NAME = key("gateway", "00000003")
BODY = '{"process":"00000003","policy":"' + "a" * 64 + '","version":"1","now":1}'


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"\xff" * 50,
        b"x" * 1_000_000,
        sealed(NAME, BODY, SealKey(b"o" * 32)),
        sealed(key("gateway", "00000004"), BODY),
        sealed(NAME, BODY.replace("00000003", "00000004")),
        sealed(NAME, BODY.replace('"now":1', '"now":1.5')),
        sealed(NAME, BODY.replace("a" * 64, "a")),
        sealed(NAME, BODY.replace('"now"', '"then"')),
        sealed(NAME, "[1]"),
        sealed(NAME, "{"),
    ],
)
async def test_a_value_that_is_none_of_ours_is_named_and_ignored(presences, value):
    client = presences._link.client
    await look(presences, OTHER)
    await client.zadd(key("gateways"), {"00000003": (await client.time())[0] * 1_000 + EXPIRE_MS})
    await client.set(NAME, value)
    seen = await look(presences)
    assert seen.damaged == ("00000003",)
    assert [one.process for one in seen.others] == ["00000002"]


async def test_other_types_and_other_names_under_our_keys_do_no_harm(presences):
    client = presences._link.client
    await client.set(key("gateways"), "x")
    await client.hset(key("gateway", OWN.process), "x", "y")
    assert (await look(presences)).others == ()
    now = (await client.time())[0] * 1_000
    await client.rpush(key("gateway", "list"), "x")
    names = {b"\xff\xfe": now + 5_000, "list": now + 5_000, "n" * 500_000: now + 5_000}
    await client.zadd(key("gateways"), names | {"inf": "inf", "late": 1e300})
    await client.set(key("gateway", "inf"), "x")
    seen = await look(presences)
    assert seen.damaged == ("list",)
    await look(presences, OTHER)
    assert [one.process for one in (await look(presences)).others] == ["00000002"]


async def test_many_others_are_read_up_to_a_bound(presences):
    client = presences._link.client
    now = (await client.time())[0] * 1_000
    names = [f"x{number}" for number in range(300)]
    await client.mset({key("gateway", name): "y" for name in names})
    await client.zadd(key("gateways"), dict.fromkeys(names, now + 9_000))
    assert 60 < len((await look(presences)).damaged) <= 64
