"""Freezing over a real server: races, answers that are lost, and what must not be believed."""

import asyncio
import contextlib
import re
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from approvals.audit import Audit, AuditDown
from approvals.bell import Bell
from approvals.electorate import Electorate, Person
from approvals.events import Alarm, FreezeChanged
from approvals.freezes.freezing import MEND_EVERY_S, ROOM_TO_THAW, FreezeParts, Freezing
from approvals.freezes.model import ANYTHING, Freeze, FreezeRecord
from approvals.freezes.outcomes import NotThawed
from approvals.freezes.statement import NAMESPACE, FreezeStatement
from approvals.freezes.store import FREEZE_KEY, FreezeStore, NoRoom
from approvals.memory import Memory
from approvals.model import SshSignature
from approvals.news import News
from approvals.redis.link import Link, StoreDown
from approvals.redis.names import MOST_RECORD
from keys import ssh, sshsig
from keys.seals import SealKey
from tests.support.audits import notary
from tests.support.records import NOW, POLICY

KEYS = {name: ssh.generate_private_key() for name in ("dee", "eli", "fay")}
PEOPLE = {
    name: Person(name, None, ssh.fingerprint(key), key.line, ())
    for name, key in ((name, ssh.public_key(private)) for name, private in KEYS.items())
}
ON_CALL = Electorate(POLICY, PEOPLE, {"on_call": tuple(KEYS)})


async def no_check(client):
    del client


def signed(person, **changes):
    said = replace(FreezeStatement("SHA256:" + "a" * 43, "why", NOW), **changes)
    armored = sshsig.sign(KEYS[person], NAMESPACE, said.text().encode())
    return SshSignature(PEOPLE[person].ssh_key or "", armored, said.text())


@dataclass
class Noted:
    """A journal to look into."""

    events: list[Any] = field(default_factory=list)

    def note(self, event):
        self.events.append(event)


@dataclass
class One:
    """One process's Freezing, and everything that it noted."""

    freezing: Freezing
    link: Link
    audit: Audit
    noted: list[Any]

    async def freeze(self, person="dee", wallet=None):
        said = signed(person, scope="wallet" if wallet else "everything", name=wallet or "")
        made = await self.freezing.freeze(
            wallet=wallet,
            source=None,
            person=person,
            reason="why",
            evidence=said,
            electorate=ON_CALL,
        )
        assert isinstance(made, Freeze)
        return made.id

    async def thaw(self, person, freeze):
        return await self.freezing.thaw(
            freeze=freeze,
            person=person,
            reason="why",
            evidence=signed(person, thaw=freeze),
            electorate=ON_CALL,
        )

    def whats(self):
        return [event.what for event in self.noted if isinstance(event, FreezeChanged)]

    def alarms(self):
        return [event.what for event in self.noted if isinstance(event, Alarm)]


@contextlib.asynccontextmanager
async def running(url, folder):
    link = Link(url, check=no_check)
    audit = Audit(folder, process=folder.name, clock=lambda: NOW, notary=notary())
    memory, noted = Memory(), Noted()

    async def revisions(_members):
        return {}

    parts = FreezeParts(
        store=FreezeStore(link, SealKey(b"k" * 32)),
        bell=Bell(link, revisions),
        audit=audit,
        memory=memory,
        journals=(noted,),
        now_ms=lambda: NOW,
    )
    one = One(Freezing(parts, News()), link, audit, noted.events)
    try:
        yield one
    finally:
        audit.close()
        await link.close()


@pytest.fixture
async def one(redis_url, tmp_path):
    async with running(redis_url, tmp_path / "one") as one:
        yield one


@pytest.fixture
async def other(redis_url, tmp_path):
    async with running(redis_url, tmp_path / "other") as other:
        yield other


async def test_nothing_is_known_until_it_was_read(one):
    with pytest.raises(StoreDown):
        one.freezing.frozen(ANYTHING)
    assert (await one.freezing.look()).epoch == 1
    assert one.freezing.frozen(ANYTHING) is None
    assert one.whats() == ["begun"]


async def test_two_that_begin_at_once_begin_once(one, other):
    first, second = await asyncio.gather(one.freezing.look(), other.freezing.look())
    assert first.stamp == second.stamp
    assert sorted([*one.whats(), *other.whats()]) == ["begun", "learned"]


async def test_freezes_of_two_gateways_at_once_are_all_kept(one, other):
    made = await asyncio.gather(
        *(
            each.freeze(person, f"w{number}")
            for number in range(4)
            for each, person in ((one, "dee"), (other, "eli"))
        )
    )
    record = await one.freezing.look()
    assert sorted(freeze.id for freeze in record.freezes) == sorted(made)
    assert record.epoch == 1 + len(made)
    assert (await other.freezing.look()).stamp == record.stamp
    assert one.alarms() == other.alarms() == []


async def test_votes_to_thaw_at_two_gateways_at_once_are_both_counted(one, other):
    freeze = await one.freeze()
    results = await asyncio.gather(one.thaw("dee", freeze), other.thaw("eli", freeze))
    assert all(isinstance(result, FreezeRecord) for result in results)
    record = await one.freezing.look()
    assert (record.freezes, record.ended) == ((), (freeze,))
    assert await other.thaw("fay", freeze) is NotThawed.NO_SUCH_FREEZE


async def test_readers_beside_a_writer_never_take_its_write_for_a_rollback(one):
    async def reads():
        for _ in range(20):
            await one.freezing.look()

    async def writes():
        for number in range(5):
            await one.freeze(wallet=f"w{number}")

    await asyncio.gather(reads(), reads(), writes())
    assert one.alarms() == []
    assert one.whats() == ["begun", *["frozen"] * 5]


async def test_a_read_that_our_own_write_overtakes_is_no_rollback(one):
    await one.freezing.look()
    store = one.freezing._parts.store
    read = store.read

    async def slow():
        stored = await read()
        await asyncio.sleep(0.05)
        return stored

    store.read = slow
    reading = asyncio.create_task(one.freezing.look())
    await asyncio.sleep(0.01)
    store.read = read
    await one.freeze()
    await reading
    assert one.alarms() == []
    assert one.whats() == ["begun", "frozen"]


async def test_the_same_signature_sent_again_freezes_once(one):
    assert await one.freeze() == await one.freeze()
    assert len((await one.freezing.look()).freezes) == 1


async def test_an_answer_that_is_lost_leaves_one_freeze_or_says_that_it_is_not_known(
    redis_wire, tmp_path
):
    async with running(redis_wire.url, tmp_path / "wired") as one:
        await one.freezing.look()
        for number in range(6):
            redis_wire.delay = 0.002
            freezing = asyncio.create_task(one.freeze(wallet=f"w{number}"))
            await asyncio.sleep(0.004 * number)
            await redis_wire.cut()
            with contextlib.suppress(StoreDown):
                await freezing
            redis_wire.delay = 0.0
            for _ in range(50):
                with contextlib.suppress(StoreDown):
                    await one.freeze(wallet=f"w{number}")
                    break
                await asyncio.sleep(0.02)
        record = await one.freezing.look()
        assert [freeze.wallet for freeze in record.freezes] == [f"w{n}" for n in range(6)]
        assert one.alarms() == []


async def test_a_record_that_is_spoiled_without_end_does_not_fill_the_audit(one):
    began = asyncio.get_running_loop().time()
    for _ in range(3):
        await one.link.client.set(FREEZE_KEY, b"garbage")
        await one.freezing.look()
    assert asyncio.get_running_loop().time() - began > 2 * MEND_EVERY_S
    assert one.alarms() == ["freeze_lost"] * 3


async def test_a_freeze_that_does_not_fit_into_the_record_spoils_none_that_stands(one):
    stands = await one.freeze()
    with pytest.raises(StoreDown, match="no more fits"):
        await one.freezing.freeze(
            wallet="w",
            source=None,
            person="dee",
            reason="x" * MOST_RECORD,
            evidence=signed("dee", scope="wallet", name="w"),
            electorate=ON_CALL,
        )
    record = await one.freezing.look()
    assert ([freeze.id for freeze in record.freezes], one.alarms()) == ([stands], [])


async def test_however_much_is_frozen_everything_can_be_and_each_can_be_thawed(one, monkeypatch):
    first = await one.freeze(wallet="w1")
    length = await one.link.client.strlen(FREEZE_KEY)
    monkeypatch.setattr("approvals.freezes.store.MOST_RECORD", length + 2 * ROOM_TO_THAW + 100)
    with pytest.raises(NoRoom):
        await one.freeze(wallet="w2")
    everything = await one.freeze()
    monkeypatch.setattr("approvals.freezes.store.MOST_RECORD", length + ROOM_TO_THAW + 1_000)
    with pytest.raises(NoRoom):
        await one.freeze("eli")
    for freeze in (everything, first):
        for person in ("dee", "eli"):
            await one.thaw(person, freeze)
    record = await one.freezing.look()
    assert (record.freezes, record.ended) == ((), (everything, first))


@pytest.mark.parametrize("how", ["deleted", "older", "garbage", "another type", "another seal"])
async def test_what_cannot_be_believed_freezes_everything_and_keeps_what_was_known(one, other, how):
    older = await one.freeze(wallet="w1")
    client = one.link.client
    before = await client.get(FREEZE_KEY)
    newer = await one.freeze(wallet="w2")
    await other.freezing.look()
    match how:
        case "deleted":
            await client.delete(FREEZE_KEY)
        case "older":
            await client.set(FREEZE_KEY, before)
        case "garbage":
            await client.set(FREEZE_KEY, b"\xff" * 200)
        case "another type":
            await client.delete(FREEZE_KEY)
            await client.rpush(FREEZE_KEY, "x")
        case "another seal":
            foreign = FreezeStore(one.link, SealKey(b"x" * 32))
            await client.delete(FREEZE_KEY)
            await foreign.write(None, FreezeRecord(epoch=99))
        case _:
            raise AssertionError(how)
    record = await one.freezing.look()
    assert one.alarms() == ["freeze_lost"]
    assert [freeze.id for freeze in record.freezes][:2] == [older, newer]
    assert record.freezes[2].of_everything
    assert record.epoch == 4
    assert (await other.freezing.look()).stamp == record.stamp
    assert other.alarms() == []
    frozen = one.freezing.frozen(ANYTHING)
    assert frozen is not None


async def test_a_freeze_holds_though_the_audit_cannot_be_written_and_a_thaw_does_not(
    one, monkeypatch
):
    freeze = await one.freeze()

    async def down(*_events):
        raise AuditDown("no space left on device")

    monkeypatch.setattr(one.audit, "write", down)
    second = await one.freeze(wallet="w")
    assert one.alarms() == ["audit_down"]
    with pytest.raises(StoreDown, match=re.escape("audit cannot be written")):
        await one.thaw("dee", freeze)
    record = await one.freezing.look()
    assert ([kept.id for kept in record.freezes], record.thaws) == ([freeze, second], ())
