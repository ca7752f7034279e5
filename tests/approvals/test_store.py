"""The store writes once, replaces only what was read, and believes nothing it did not seal."""

import asyncio
import json
from dataclasses import replace

import pytest

from approvals.codec import DamagedRecord, Stamp, approval_from_json, approval_to_json, seal
from approvals.freezes.store import FREEZE_KEY
from approvals.model import Cause, Escalation, Final, Outcome
from approvals.outbox import Outbox
from approvals.redis.link import Link, StoreDown
from approvals.request import Request
from approvals.store import Store
from approvals.swapping import Conflict, FreezeMoved, Full, Lists, Moved, Swapped
from approvals.told import Post, Told
from keys.seals import SealKey
from tests.support.records import DIGEST, NOW, POLICY, approval, ask, vote

OPEN = Lists(open_until=NOW + 1_000, tell_at=NOW)
DONE = Lists(open_until=None, tell_at=NOW)
FINAL = Final(Outcome.REJECT, Cause.TIMEOUT, "no decision in time", NOW, 2, POLICY)


async def no_check(client):
    del client


@pytest.fixture
async def link(redis_url):
    made = Link(redis_url, check=no_check)
    yield made
    await made.close()


def store_over(link, key=b"k" * 32):
    return Store(link, SealKey(key), keep_days=30)


@pytest.fixture
def store(link):
    return store_over(link)


@pytest.fixture
def redis(link):
    return link.client


@pytest.fixture
def outbox(link):
    return Outbox(link, SealKey(b"k" * 32), ("slack", "pager"))


async def created(store, record=None, content="c1"):
    done = await store.create(record or approval(), OPEN, request=None, content=content)
    assert isinstance(done, Swapped)
    return done.approval


async def test_a_record_is_read_back_as_it_was_written(store):
    written = await created(store, approval(votes=(vote("ana"), vote("bo"))))
    assert await store.read(written.member) == written


async def test_a_record_is_created_once(store):
    first = await created(store)
    again = await store.create(approval(type=3), OPEN, request=None, content="c1")
    assert again == Moved(first)


async def test_one_request_id_has_one_content_whichever_node_asks(store):
    await created(store)
    other = approval(node="node-2")
    assert await store.create(other, OPEN, request=None, content="c2") == Conflict()
    done = await store.create(other, OPEN, request=None, content="c1")
    assert isinstance(done, Swapped)


async def test_only_the_record_that_was_read_is_replaced(store):
    read = await created(store)
    first = await store.swap(read, replace(read, votes=(vote("ana"),)), OPEN)
    assert isinstance(first, Swapped)
    second = await store.swap(read, replace(read, votes=(vote("bo"),)), OPEN)
    assert second == Moved(first.approval)


async def test_a_record_that_is_gone_is_not_written_again(store, redis):
    first = await created(store)
    await redis.delete(f"{{countersign}}:approval:{first.member}")
    assert await store.swap(first, replace(first, votes=(vote("ana"),)), OPEN) is None
    assert await store.read(first.member) is None


async def test_a_final_yes_is_written_only_under_the_freezes_it_was_decided_under(store, redis):
    first = await created(store)
    final = Final(Outcome.APPROVE, None, "approved by people", NOW, 2, POLICY)
    yes = replace(first, votes=(vote("ana"),), final=final)
    assert await store.swap(first, yes, DONE, under="one") == FreezeMoved()
    await redis.set(FREEZE_KEY, b"two:")
    assert await store.swap(first, yes, DONE, under="one") == FreezeMoved()
    await redis.delete(FREEZE_KEY)
    await redis.lpush(FREEZE_KEY, b"one:")
    assert await store.swap(first, yes, DONE, under="one") == FreezeMoved()
    assert await store.read(first.member) == first
    await redis.delete(FREEZE_KEY)
    await redis.set(FREEZE_KEY, b"one:")
    assert isinstance(await store.swap(first, yes, DONE, under="one"), Swapped)


async def test_of_many_writers_exactly_one_wins(store):
    read = await created(store)
    names = ("ana", "bo", "chen")
    done = await asyncio.gather(
        *(store.swap(read, replace(read, votes=(vote(name),)), OPEN) for name in names)
    )
    assert sum(isinstance(one, Swapped) for one in done) == 1


async def test_a_final_record_leaves_the_open_set_and_expires_later(store, redis):
    read = await created(store)
    assert await store.open_members() == [read.member]
    await store.swap(read, replace(read, final=FINAL), DONE)
    assert await store.open_members() == []
    left = await redis.ttl("{countersign}:approval:" + read.member)
    assert 29 * 86_400 < left <= 30 * 86_400


def test_a_record_of_the_version_before_is_read_and_one_of_another_is_damaged():
    new = approval(task="biz-1", signs="ab" * 32)
    document = json.loads(approval_to_json(new))
    for name in ("task", "signs"):
        del document[name]
    del document["verdict"]["escalations"]
    old = json.dumps(document | {"version": 2})
    assert approval_from_json(old) == replace(new, task="", signs="")
    for version in (1, 4, "3", None):
        with pytest.raises(DamagedRecord, match="is not known here"):
            approval_from_json(json.dumps(document | {"version": version}))


async def test_what_became_final_is_found_by_when_it_did_the_newest_first(store):
    for number, at in enumerate((NOW, NOW + 5, NOW + 9)):
        await created(store, approval(request_id=f"r{number}", final=replace(FINAL, at=at)))
    assert await store.done_members(since=NOW, until=NOW + 9, limit=2) == ["node-1/r2", "node-1/r1"]
    assert await store.done_members(since=NOW, until=NOW + 4, limit=9) == ["node-1/r0"]


async def test_what_redis_no_longer_keeps_is_not_listed_as_finished(store):
    await created(store, approval(request_id="old", final=replace(FINAL, at=NOW)))
    later = NOW + 31 * 86_400_000
    await created(store, approval(request_id="new", final=replace(FINAL, at=later)))
    assert await store.done_members(since=0, until=later, limit=9) == ["node-1/new"]


async def test_a_record_is_found_by_its_task_until_it_expires(store, redis):
    read = await created(store, approval(task="biz-1"))
    assert await store.member_of_task("node-1", "biz-1") == read.member
    assert await store.member_of_task("node-2", "biz-1") is None
    await store.swap(read, replace(read, final=FINAL), DONE)
    assert 0 < await redis.ttl("{countersign}:task:node-1/biz-1") <= 30 * 86_400


async def test_of_two_records_of_a_task_the_one_that_was_asked_last_is_found(store):
    first = await created(store, approval(request_id="r1", task="biz-1"))
    await created(store, approval(request_id="r1x", task="biz-1"))
    await store.swap(first, replace(first, final=FINAL), DONE)
    assert await store.member_of_task("node-1", "biz-1") == "node-1/r1x"


async def test_what_others_put_where_a_task_should_be_stops_no_record(store, redis):
    await redis.lpush("{countersign}:task:node-1/biz-1", b"x")
    read = await created(store, approval(task="biz-1"))
    assert await store.read(read.member) == read
    await redis.set("{countersign}:task:node-1/biz-2", b"no member")
    assert await store.member_of_task("node-1", "biz-2") is None


async def test_an_open_record_never_expires(store, redis):
    read = await created(store)
    assert await redis.ttl("{countersign}:approval:" + read.member) == -1


async def test_a_record_sealed_with_another_key_is_damaged(store, link):
    read = await created(store)
    with pytest.raises(DamagedRecord):
        await store_over(link, b"x" * 32).read(read.member)


async def test_every_flipped_byte_of_a_record_is_noticed(store, redis):
    read = await created(store)
    key = "{countersign}:approval:" + read.member
    stored = await redis.get(key)
    for place in range(0, len(stored), 7):
        bent = bytearray(stored)
        bent[place] ^= 1
        await redis.set(key, bytes(bent))
        with pytest.raises(DamagedRecord):
            await store.read(read.member)


async def test_a_record_moved_under_another_name_is_damaged(store, redis):
    read = await created(store)
    stored = await redis.get("{countersign}:approval:" + read.member)
    await redis.set("{countersign}:approval:node-2/" + read.request_id, stored)
    with pytest.raises(DamagedRecord):
        await store.read("node-2/" + read.request_id)


@pytest.mark.parametrize("changes", [{"revision": 4}, {"request_id": "another"}])
async def test_a_sealed_record_that_says_it_is_another_one_is_damaged(store, redis, changes):
    """Only a mistake of our own could seal one; even then it is not believed."""
    name = f"{{countersign}}:approval:{approval().member}"
    body = approval_to_json(approval(revision=5) if "request_id" in changes else approval())
    body = approval_to_json(replace(approval_from_json(body), **changes))
    await redis.set(name, seal(SealKey(b"k" * 32), "approval", name, Stamp(5, "0" * 32), body))
    with pytest.raises(DamagedRecord, match="another one's"):
        await store.read(approval().member)


def test_a_record_of_before_there_were_escalations_is_read():
    calls = (Escalation("on_call", ("dee", "eli"), 300_000),)
    record = approval(ask(escalations=calls))
    body = approval_to_json(record)
    assert approval_from_json(body) == record
    older = json.loads(body)
    del older["verdict"]["escalations"]
    assert approval_from_json(json.dumps(older)) == approval()


async def test_a_forged_note_of_what_an_id_was_first_asked_for_is_damage(store, redis):
    record = await created(store)
    await redis.set(f"{{countersign}}:content:{record.request_id}", f"c2:{'0' * 64}")
    with pytest.raises(DamagedRecord):
        await store.create(approval(node="node-2"), OPEN, request=None, content="c1")


async def test_a_value_of_another_type_is_neither_used_nor_overwritten(store, redis):
    member = approval().member
    await redis.lpush("{countersign}:approval:" + member, "x")
    with pytest.raises((DamagedRecord, StoreDown)):
        await store.create(approval(), OPEN, request=None, content="c1")
    assert await redis.type("{countersign}:approval:" + member) == b"list"


async def test_a_write_touches_nothing_if_one_of_the_sets_has_another_type(store, redis):
    await redis.set("{countersign}:untold", "garbage")
    with pytest.raises(StoreDown, match="until it is set aside"):
        await store.create(approval(), OPEN, request=None, content="c1")
    assert await redis.keys("{countersign}:approval:*") == []


async def test_no_more_than_ten_thousand_are_open(store, redis):
    many = {f"m{number}": number for number in range(10_000)}
    await redis.zadd("{countersign}:open", many)
    assert await store.create(approval(), OPEN, request=None, content="c1") == Full()
    done = await store.create(approval(final=FINAL), DONE, request=None, content="c1")
    assert isinstance(done, Swapped)


async def test_the_exact_request_is_proved_by_its_digest(store, redis):
    request = Request("node-1", "r1", 2, "{}", "{}")
    record = approval(request_id="r1", digest=request.digest)
    await store.create(record, OPEN, request=request, content="c1")
    assert await store.read_request(record) == request
    key = "{countersign}:bytes:" + request.digest
    await redis.set(key, (await redis.get(key)).replace(b'"{}"', b'"{1}"', 1))
    with pytest.raises(DamagedRecord):
        await store.read_request(record)


async def test_a_member_is_told_by_one_teller_at_a_time(store, outbox):
    read = await created(store)
    assert await outbox.at("slack").claim(NOW, 10) == (read.member,)
    assert await outbox.at("slack").claim(NOW, 10) == ()
    assert await outbox.at("slack").claim(NOW + 30_000, 10) == (read.member,)


async def test_a_teller_that_showed_an_old_revision_must_tell_again(store, outbox):
    read = await created(store)
    await outbox.at("slack").claim(NOW, 10)
    await store.swap(read, replace(read, votes=(vote("ana"),)), Lists(NOW, None))
    await outbox.at("slack").settle(read.member, read.revision, again_at=None)
    assert await outbox.at("slack").claim(NOW, 10) == (read.member,)
    await outbox.at("slack").settle(read.member, read.revision + 1, again_at=None)
    assert await outbox.at("slack").claim(NOW + 99_000, 10) == ()


async def test_what_was_told_is_sealed_and_swapped_too(outbox, redis):
    post = Post("n" * 32, "slack", "C0APPROVALS", None, (DIGEST,), 1)
    empty = await outbox.read_told("node-1/r1")
    first = await outbox.write_told("node-1/r1", replace(empty, posts=(post,)))
    assert first == await outbox.read_told("node-1/r1")
    assert await outbox.write_told("node-1/r1", Told(posts=())) is None
    await redis.set("{countersign}:told:node-1/r1", b"0" * 200)
    with pytest.raises(DamagedRecord):
        await outbox.read_told("node-1/r1")


async def test_our_own_write_is_recognized_after_a_lost_answer(store, link, monkeypatch):
    read = await created(store)
    run = link.run

    async def loses_the_answer(script, keys, arguments):
        await run(script, keys, arguments)
        raise StoreDown("lost")

    monkeypatch.setattr(link, "run", loses_the_answer)
    done = await store.swap(read, replace(read, votes=(vote("ana"),)), OPEN)
    assert isinstance(done, Swapped)


async def test_a_final_fact_names_the_revision_at_which_it_was_added(store):
    first = await created(store)
    second = await store.swap(first, replace(first, votes=(vote("ana"),)), OPEN)
    third = await store.swap(second.approval, replace(second.approval, final=FINAL), DONE)
    assert (third.approval.revision, third.approval.final.revision) == (3, 3)


async def test_a_write_of_which_nothing_is_known_is_never_taken_for_done(own_redis):
    link = Link(own_redis.url, check=no_check)
    store = store_over(link)
    read = await created(store)
    own_redis.kill()
    with pytest.raises(StoreDown):
        await store.swap(read, replace(read, final=FINAL), DONE)
    await link.close()


async def test_our_own_write_is_recognized_when_a_library_sends_it_twice(store, link, monkeypatch):
    run = link.run

    async def twice(script, keys, arguments):
        await run(script, keys, arguments)
        return await run(script, keys, arguments)

    monkeypatch.setattr(link, "run", twice)
    first = await created(store)
    done = await store.swap(first, replace(first, votes=(vote("ana"),)), OPEN)
    assert isinstance(done, Swapped)
    assert await store.read(first.member) == done.approval


async def test_a_server_that_is_away_is_store_down_and_comes_back(own_redis):
    link = Link(own_redis.url, check=no_check)
    store = store_over(link)
    read = await created(store)
    own_redis.kill()
    with pytest.raises(StoreDown):
        await store.read(read.member)
    own_redis.start()
    assert await store.read(read.member) == read
    await link.close()


async def test_the_server_is_looked_over_again_after_each_reconnection(own_redis):
    looks = []

    async def look(client):
        looks.append(client)

    link = Link(own_redis.url, check=look)
    await link.ping()
    await link.ping()
    assert len(looks) == 1
    own_redis.kill()
    with pytest.raises(StoreDown):
        await link.ping()
    own_redis.start()
    await link.ping()
    assert len(looks) == 2
    await link.close()
