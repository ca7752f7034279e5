"""Whoever can write anything into Redis ends no task, and the service goes on for all others."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from approvals.codec import DamagedRecord, Stamp, seal
from approvals.outbox import Outbox
from approvals.redis.link import Link, StoreDown, key
from approvals.redis.names import BELL, LONGEST_MEMBER, MEMBER, MOST_RECORD, MOST_REQUEST
from approvals.request import Request
from approvals.store import Store
from approvals.swapping import Lists
from approvals.told import Told
from approvals.untold import CLAIM_MS, lists_of
from approvals.window import Window
from keys.seals import SealKey
from tests.support.records import NOW, approval
from tests.support.requests import sample
from tests.support.waiting import PATIENCE_S, until
from tests.support.world import RULES

SEAL = SealKey(b"k" * 32)
OPEN = Lists(NOW, NOW)
RECORD = key("approval", approval().member)
TOLD = key("told", approval().member)

JUNK: tuple[bytes, ...] = (
    b"",
    b"\xff\xfe\x00",
    b"no slash",
    b"a/b c",
    b"a/b 0123456789abcdef0",
    b"/x",
    b"n\xc3\xa4/x",
    b"node-1/\n",
    b"node-1/" + b"x" * LONGEST_MEMBER,
    b"n" * 1_000_000,
)


async def no_check(_client):
    """Every server will do."""


@pytest.fixture
async def redis(redis_url):
    async with Redis.from_url(redis_url) as client:
        yield client


class Stores:
    """A store and an outbox, and what they were told is not ours."""

    def __init__(self, url):
        self.foreign: list[str] = []
        self.link = Link(url, check=no_check, foreign=self.foreign.append)
        self.store = Store(self.link, SEAL, keep_days=1)
        self.outbox = Outbox(self.link, SEAL, ("slack", "pager"))
        self.untold = self.outbox.at("slack")


@pytest.fixture
async def stores(redis_url):
    stores = Stores(redis_url)
    yield stores
    await stores.link.close()


async def of_another_type(redis, name):
    async with redis.pipeline(transaction=True) as both:  # a gateway may write in between
        await both.delete(name).hset(name, "x", "y").execute()


async def damaged(reading):
    with pytest.raises(DamagedRecord):
        await reading


# What is stored for one approval.


async def test_a_record_of_another_type_is_damaged_and_the_link_stays_well(stores, redis):
    await stores.store.create(approval(), OPEN, request=None, content="c")
    await stores.store.create(approval(request_id="r2"), OPEN, request=None, content="d")
    await of_another_type(redis, RECORD)
    checks = stores.link.checks
    await damaged(stores.store.read(approval().member))
    members = [approval().member, "node-1/r2", "node-1/none"]
    found = await stores.store.read_many(members)
    assert [type(found[member]).__name__ for member in found] == ["DamagedRecord", "Approval"]
    assert await stores.store.revisions(members) == {"node-1/r2": 1}
    await damaged(stores.store.swap(approval(stamp="x"), approval(), OPEN))
    await stores.untold.settle(approval().member, 1, again_at=None)
    assert stores.link.checks == checks


@pytest.mark.parametrize("name", ["told", "bytes", "content"])
async def test_another_type_beside_a_record_is_damage_of_that_record(stores, redis, name):
    request = Request("node-1", approval().request_id, 2, "{}", "{}")
    record = approval(digest=request.digest)
    names = {"told": TOLD, "bytes": key("bytes", record.digest)}
    await of_another_type(redis, names.get(name, key("content", record.request_id)))
    match name:
        case "told":
            await damaged(stores.outbox.read_told(record.member))
            await damaged(stores.outbox.write_told(record.member, Told(())))
        case "bytes":
            await damaged(stores.store.read_request(record))
            await damaged(stores.store.create(record, OPEN, request=request, content="c"))
        case _:
            await damaged(stores.store.create(record, OPEN, request=request, content="c"))


async def test_what_is_absurdly_long_is_refused_before_it_is_parsed(stores, redis):
    long = seal(SEAL, "approval", RECORD, Stamp(1, "0" * 32), "[" * MOST_RECORD)
    await redis.mset({RECORD: long, TOLD: long, key("bytes", approval().digest): b"["})
    await redis.setrange(key("bytes", approval().digest), MOST_REQUEST + 1, b"]")
    for reading in (
        stores.store.read(approval().member),
        stores.outbox.read_told(approval().member),
        stores.store.read_request(approval()),
        stores.store.create(approval(), OPEN, request=None, content="c"),
        stores.store.swap(approval(stamp="x"), approval(), OPEN),
    ):
        with pytest.raises(DamagedRecord, match=r"^longer than "):
            await reading
    (found,) = (await stores.store.read_many([approval().member])).values()
    assert str(found).startswith("longer than ")
    assert await stores.outbox.write_told(approval().member, Told(())) is None


async def test_a_record_that_would_be_too_long_is_not_written(stores):
    rambling = approval(digest="d" * MOST_RECORD)
    await damaged(stores.store.create(rambling, OPEN, request=None, content="c"))
    assert await stores.store.read(approval().member) is None


def mutations(good: bytes, draw: random.Random):
    """The value with bytes flipped, cut, doubled, swapped and replaced by what is no UTF-8."""
    for _ in range(15):
        at, until_ = sorted(draw.randrange(len(good)) for _ in range(2))
        yield good[:at] + bytes([good[at] ^ (1 << draw.randrange(8))]) + good[at + 1 :]
        yield good[:at] + good[until_:] if at < until_ else good[:-1]
        yield good[:until_] + good[at:] + b":"
        yield good[:at] + draw.randbytes(9) + good[at + 9 :] + b"."
    yield from (b"0", b":::", b"0:0:0:0", b"\xff", b"\x00" * 120, b"9" * 5_000 + b":0:0:0")


async def test_no_garbled_value_is_anything_but_damaged(stores, redis):
    draw = random.Random(4)  # the same garble each time
    request = Request("node-1", approval().request_id, 2, "{}", "{}")
    record = approval(digest=request.digest)
    await stores.store.create(record, OPEN, request=request, content="c")
    await stores.outbox.write_told(record.member, Told(()))
    readings = {
        RECORD: lambda: stores.store.read(record.member),
        TOLD: lambda: stores.outbox.read_told(record.member),
        key("bytes", record.digest): lambda: stores.store.read_request(record),
    }
    for name, read in readings.items():
        good = await redis.get(name)
        for bad in mutations(good, draw):
            if bad != good:
                await redis.set(name, bad)
                try:
                    found = await read()
                except DamagedRecord:
                    continue
                assert name.endswith(record.digest)  # other JSON may mean the same request
                assert found == request


# The lists.


@pytest.mark.parametrize("name", ["open", "untold", "untold:slack"])
async def test_members_that_nobody_of_us_wrote_are_taken_out_and_told(stores, redis, name):
    await stores.store.create(approval(), OPEN, request=None, content="c")
    await redis.zadd(key(name), dict.fromkeys(JUNK, "-inf"))

    async def listed():
        if name == "open":
            return await stores.store.open_members()
        return list(await stores.untold.claim(NOW, 20))

    assert await listed() == [approval().member]
    assert len(stores.foreign) == len(JUNK)
    for left in [name] if name == "open" else ["untold:slack", "untold:pager"]:
        assert await redis.zcard(key(left)) == 1


async def test_moments_that_nobody_of_us_wrote_count_for_nothing(stores, redis):
    await stores.store.create(approval(), OPEN, request=None, content="c")
    await redis.zadd(key("unshown"), {approval().member: "inf", b"\xff": "-inf"})
    await redis.zadd(key("open"), {approval().member: "-inf"})
    assert await stores.untold.never_shown() == (2, None)
    assert await stores.untold.claim(NOW, 20) == (approval().member,)
    await stores.untold.settle(approval().member, 1, again_at=None)
    await redis.delete(key("unshown"), key("open"))
    for name in (key("unshown"), key("unshown", "slack"), key("open")):
        await of_another_type(redis, name)
    await redis.zadd(key("untold"), {approval().member: 0})
    assert await stores.untold.claim(NOW, 20) == (approval().member,)
    await stores.untold.settle(approval().member, 1, again_at=None)


@pytest.mark.parametrize("until", ["inf", "-inf", NOW + 3 * CLAIM_MS, 0])
async def test_a_claim_that_nobody_of_us_made_keeps_nobody_from_telling(stores, redis, until):
    await stores.store.create(approval(), OPEN, request=None, content="c")
    await redis.zadd(key("claims", "slack"), {approval().member: until})
    assert await stores.untold.claim(NOW, 20) == (approval().member,)


@pytest.mark.parametrize("name", lists_of("slack"))
async def test_a_list_of_a_place_that_is_of_another_type_is_set_aside(stores, redis, name):
    await stores.store.create(approval(), OPEN, request=None, content="c")
    await of_another_type(redis, name)
    for place in ("slack", "pager"):
        with suppress(StoreDown):
            await stores.outbox.at(place).claim(NOW, 20)
    assert await stores.store.mend(stores.outbox.lists) == [name]
    for place in ("slack", "pager"):
        await redis.delete(key("claims", place))
        assert await stores.outbox.at(place).claim(NOW + CLAIM_MS, 20) == (approval().member,)


async def test_every_name_that_we_give_is_none_of_those(stores):
    request_id = "".join(map(chr, range(33, 127))) + "x" * 34
    longest = approval(node="n" * 64, request_id=request_id)
    records = [approval(), longest, replace(longest, digest="e" * 64, conflict=True)]
    for record in records:
        await stores.store.create(record, OPEN, request=None, content=None)
    members = sorted(record.member for record in records)
    assert max(map(len, members)) == LONGEST_MEMBER
    assert all(MEMBER.fullmatch(member.encode()) for member in members)
    assert sorted(await stores.store.open_members()) == members
    assert sorted(await stores.store.all_members()) == members
    assert sorted(await stores.untold.claim(NOW, 20)) == members
    assert stores.foreign == []


async def test_records_with_names_that_nobody_of_us_gave_are_not_found(stores, redis):
    await stores.store.create(approval(), OPEN, request=None, content="c")
    for junk in JUNK:
        await redis.set(key("approval", "").encode() + junk, "x")
    assert await stores.store.all_members() == [approval().member]
    assert len(stores.foreign) == len(JUNK)


@pytest.mark.parametrize("name", ["open", "untold", "bell", "unshown"])
async def test_a_list_of_another_type_is_set_aside(stores, redis, name):
    await stores.store.create(approval(), OPEN, request=None, content="c")
    assert await stores.store.mend(stores.outbox.lists) == []
    await of_another_type(redis, key(name))
    with pytest.raises(StoreDown, match="until it is set aside"):
        await stores.store.create(approval(request_id="r"), OPEN, request=None, content="d")
    assert await stores.store.mend(stores.outbox.lists) == [key(name)]
    assert await redis.hgetall(key(name) + ":aside") == {b"x": b"y"}
    await stores.store.create(approval(request_id="r"), OPEN, request=None, content="d")
    assert "node-1/r" in await stores.store.open_members()


# A gateway among all that.


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr("gateway.watch.LOOK_S", 0.05)
    monkeypatch.setattr("gateway.neighbors.LOOK_S", 0.05)
    monkeypatch.setattr("approvals.service.SWEEP_S", 0.05)
    monkeypatch.setattr("approvals.bell.AGAIN_S", 0.05)
    monkeypatch.setattr("approvals.bell.BLOCK_MS", 50)


async def eventually(condition: Callable[[], Awaitable[object]]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            if await condition():
                return
            await asyncio.sleep(0.02)


async def serves(house, number):
    """An honest request is listed, told, found, voted on and answered."""
    what = sample("keysign_erc20_usdt").fresh(number)
    asking = asyncio.create_task(house.asks(what))

    async def mine():
        return [a for a in await listed(house) if a.request_id == what.request_id]

    async with asyncio.timeout(PATIENCE_S):
        await eventually(mine)  # a list may have to be mended first
        (approval,) = await mine()
        assert await house.service.find(what.request_id) == (approval,)
        assert await house.service.find(approval.digest[:20]) == (approval,)
        await house.votes("ana", approval=approval)
        assert (await asking).action == "APPROVE"
    assert not house.task.done()


async def listed(house):
    try:
        return await house.service.open_approvals()
    except StoreDown:
        return ()


def alarms(house, what):
    return [line for line in house.lines if line.get("event") == "alarm" and line["what"] == what]


async def test_the_service_goes_on_whatever_stands_in_the_lists(world, redis, quick):
    async with world.running() as house:
        for name in ("open", "untold", "gateways"):
            await redis.zadd(key(name), dict.fromkeys(JUNK, "-inf"))
            await redis.zadd(key(name), {f"node-1/{n}": "-inf" for n in range(220)})
            await redis.zadd(key(name), {"node-1/late": "inf", "node-1/far": 1e300})
        await serves(house, 1)
        await until(lambda: alarms(house, "foreign"))
        assert len(alarms(house, "foreign")) <= 20  # the metric counts the others

        async def left():
            return await redis.zscore(key("open"), "node-1/219") is None

        await eventually(left)  # or they would count among the open ones for ever


async def test_the_service_goes_on_whatever_rings(world, redis, quick):
    async with world.running() as house:
        for fields in (
            {"x": "y"},
            {b"\xff": b"\xff"},
            {"m": b"\xff"},
            {"m": ""},
            {"m": "x" * 3_000_000},
            {"m": "node-1/nobody", "n": "z" * 1_000_000},
        ):
            await redis.xadd(BELL, fields)
        await until(lambda: len(alarms(house, "foreign")) == 5)
        await serves(house, 1)
        # An entry from the end of time, after which no other could be added.
        await redis.xadd(BELL, {"m": "node-1/x"}, id=f"{2**64 - 1}-{2**64 - 1}")
        await until(lambda: alarms(house, "damaged"))
        await serves(house, 2)


async def test_the_bell_is_heard_again_after_a_stream_that_began_anew(
    world, redis, quick, monkeypatch
):
    monkeypatch.setattr("approvals.bell.SWEEP_S", 60)  # nothing but the bell can tell in time
    async with world.running() as house:
        bell = house.service._ledger.parts.bell
        await redis.xadd(BELL, {"m": "node-1/x"}, id=f"{2**63}-0")
        await until(lambda: alarms(house, "damaged"))
        await asyncio.sleep(0.3)
        with bell.waiting("node-1/y") as waiter:
            await waiter.wait(0.2)
            await redis.xadd(BELL, {"m": "node-1/y"})
            async with asyncio.timeout(PATIENCE_S):
                await waiter._event.wait()


@pytest.mark.parametrize("name", ["open", "untold", "bell", "gateways"])
async def test_the_service_goes_on_where_a_list_was_of_another_type(world, redis, quick, name):
    async with world.running() as house:
        await of_another_type(redis, key(name))
        await serves(house, 1)
        assert bool(alarms(house, "damaged")) is (name != "gateways")  # which has none to set aside


async def test_one_damaged_approval_stops_neither_sweeper_nor_teller_nor_list(world, redis, quick):
    world.window = Window(retry_times=60, sleep_ms=60_000, timeout_ms=10_000)
    world.rules = RULES.replace("30m", "60s")
    many = [sample("keysign_erc20_usdt").fresh(number) for number in range(6)]
    async with world.running() as house:
        asking = [asyncio.create_task(house.asks(what)) for what in many]
        found = await house.pending(len(many))
        names = {what.request_id: number for number, what in enumerate(many)}
        for approval_ in found:
            member, digest = approval_.member, approval_.digest
            match names[approval_.request_id]:
                case 0:
                    await of_another_type(redis, key("approval", member))
                case 1:
                    await redis.set(key("approval", member), b"\xff" * 2_000_000)
                case 2:
                    await of_another_type(redis, key("told", member))
                case 3:
                    await of_another_type(redis, key("bytes", digest))
                case 4:
                    await of_another_type(redis, key("content", approval_.request_id))
                case _:
                    continue
            await redis.zadd(key("untold"), {member: 0})
        await serves(house, 99)
        world.clock.ahead_ms = 61_000
        member = f"node-1/{many[5].request_id}"

        async def timed_out():
            return (await house.service.read(member)).final

        await eventually(timed_out)
        assert alarms(house, "damaged")
        assert not house.task.done()
        for task in asking:
            task.cancel()
