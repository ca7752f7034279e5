"""Two gateways over one store: what one only repeated, or only heard, it remembers as its own."""

import asyncio
import contextlib
import itertools
import json
from dataclasses import replace

import pytest

from approvals.aftermath.store import AfterStore
from approvals.audit import Audit
from approvals.ballots import Ballot
from approvals.bell import Bell
from approvals.events import Alarm, AlarmOver
from approvals.freezes.model import Freeze, with_freeze
from approvals.freezes.store import FreezeStore
from approvals.hearing import Hearing
from approvals.ledger import lists_of
from approvals.memory import Memory
from approvals.model import Choice, Outcome, SlackClick
from approvals.outbox import Outbox
from approvals.parts import Parts
from approvals.redis.link import Link
from approvals.service import Service
from approvals.store import Store
from approvals.voting import Counted
from keys.seals import SealKey
from tests.model.rules import REQUEST, WINDOW, policy_of
from tests.notifiers.world import Notes
from tests.support.audits import notary
from tests.support.records import approval
from tests.support.waiting import PATIENCE_S, until

KEY = SealKey(b"k" * 32)
MEMBER = f"{REQUEST.node}/{REQUEST.request_id}"
RECORD = f"{{countersign}}:approval:{MEMBER}"


async def no_check(client):
    del client


@pytest.fixture
async def gateways(redis_url, tmp_path):
    made, ends = [], []
    for name in ("a", "b"):
        link = Link(redis_url, check=no_check)
        store = Store(link, KEY, keep_days=30)
        audit = Audit(
            tmp_path / name, process=name, clock=lambda: 1_790_000_000_000, notary=notary()
        )
        parts = Parts(
            store=store,
            after=AfterStore(link, KEY, keep_days=30),
            freezes=FreezeStore(link, KEY),
            outbox=Outbox(link, KEY, ()),
            bell=Bell(link, store.revisions),
            audit=audit,
            memory=Memory(),
            policy=policy_of(1),
            windows={REQUEST.node: WINDOW},
            journals=(),
            now_ms=lambda: 1_790_000_000_000,
            process=name,
        )
        made.append((Service(parts), parts, link))
        ends.append((link, audit))
    yield made
    for link, audit in ends:
        await link.close()
        audit.close()


def ballot(person, choice):
    return Ballot(
        person, choice, REQUEST.digest, "", SlackClick("T", f"U0{person.upper()}", "C", "1", "n")
    )


async def test_a_refusal_made_final_elsewhere_and_answered_here_is_never_undone(gateways):
    (here, parts, link), (there, _, _) = gateways
    first = asyncio.create_task(here.answer(REQUEST, Hearing("t0", 1_790_000_000_000)))
    async with asyncio.timeout(PATIENCE_S):
        while (before := await link.client.get(RECORD)) is None:  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.01)
        await there.vote(MEMBER, ballot("bo", Choice.REJECT))
        parts.bell.ring_all()
        answered = await first
    assert answered.final is not None
    assert answered.final.outcome is Outcome.REJECT
    await link.client.set(RECORD, before)
    async with asyncio.timeout(PATIENCE_S):
        again = await here.answer(REQUEST, Hearing("t1", 1_790_000_000_000))
    assert again.final is not None
    assert again.final.outcome is Outcome.REJECT
    assert parts.memory.of(REQUEST.digest).answered


async def test_a_vote_is_let_in_and_stamped_at_one_moment(gateways):
    """Whatever the milliseconds between two looks at the clock: counted is stored in time."""
    (_, parts, _), _ = gateways
    counted = 0
    for before in range(1, 7):
        record = approval(request_id=f"r{before}", policy=parts.policy.digest)
        await parts.store.create(record, lists_of(record), request=None, content=None)
        clock = itertools.count(record.deadline - before).__next__
        gateway = Service(replace(parts, now_ms=clock))
        await gateway.freezing.known()
        no = ballot("bo", Choice.REJECT)
        done = await gateway.vote(record.member, replace(no, digest=record.digest))
        if isinstance(done, Counted):
            counted += 1
            assert done.approval.votes[0].at < record.deadline
    assert 0 < counted < 6


@contextlib.asynccontextmanager
async def asked(gateway, link):
    """The record exists while the node is held at this gateway."""
    attempt = asyncio.create_task(gateway.answer(REQUEST, Hearing("t0", 1_790_000_000_000)))
    async with asyncio.timeout(PATIENCE_S):
        while await link.client.get(RECORD) is None:  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.01)
    try:
        yield
    finally:
        attempt.cancel()
        await asyncio.gather(attempt, return_exceptions=True)


@contextlib.asynccontextmanager
async def listening(service):
    """What the bell tells of others is read."""
    hearsay = service.hearsay
    following = asyncio.create_task(hearsay.follow())

    async def hears(member):
        hearsay.hear(member)
        async with asyncio.timeout(PATIENCE_S):
            while hearsay._rung.is_set():  # noqa: ASYNC110 - no event says that it was read
                await asyncio.sleep(0.01)

    try:
        yield hears
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


def learned(folder):
    lines = [line for path in folder.glob("*.jsonl") for line in path.read_text().splitlines()]
    return [line for line in map(json.loads, lines) if line["event"] == "learned"]


async def test_what_another_refused_is_heard_once_and_known_as_if_it_were_ours(gateways, tmp_path):
    (here, _, link), (there, parts, _) = gateways
    async with asked(here, link), listening(there) as hears:
        await hears(MEMBER)
        pending = parts.memory.of(REQUEST.digest)
        assert (pending.refusals, pending.final) == ((), None)
        assert pending.deadline is not None
        assert parts.memory.revision_of(REQUEST.digest) == 1
        assert learned(tmp_path / "b") == []
        await here.vote(MEMBER, ballot("bo", Choice.REJECT))
        for _ in range(2):
            await hears(MEMBER)
        known = parts.memory.of(REQUEST.digest)
        assert [vote.person for vote in known.refusals] == ["bo"]
        assert known.final is not None
        assert known.final.outcome is Outcome.REJECT
        assert parts.memory.revision_of(REQUEST.digest) > 1
        (line,) = learned(tmp_path / "b")
        assert line["approval"]["final"]["outcome"] == "REJECT"


async def test_a_refusal_that_is_told_while_an_older_record_is_read_is_heard(gateways, monkeypatch):
    (here, _, link), (there, parts, _) = gateways
    read_many = parts.store.read_many

    async def refused_meanwhile(members):
        records = await read_many(members)
        monkeypatch.undo()
        await here.vote(MEMBER, ballot("bo", Choice.REJECT))
        there.hearsay.hear(MEMBER)
        return records

    async with asked(here, link), listening(there) as hears:
        monkeypatch.setattr(parts.store, "read_many", refused_meanwhile)
        await hears(MEMBER)
        known = parts.memory.of(REQUEST.digest)
    assert [vote.person for vote in known.refusals] == ["bo"]


async def test_a_refusal_is_known_where_it_was_cast_whatever_the_store_forgets(gateways):
    (here, _, link), (there, parts, _) = gateways
    async with asked(here, link):
        await there.vote(MEMBER, ballot("bo", Choice.REJECT))
        known = parts.memory.of(REQUEST.digest)
    assert [vote.person for vote in known.refusals] == ["bo"]
    assert known.final is not None
    assert known.final.outcome is Outcome.REJECT


async def test_where_the_bytes_are_gone_every_freeze_holds(gateways):
    (here, parts, link), _ = gateways
    async with asked(here, link):
        record = await here.freezing.look()
        freeze = Freeze("2-aaaa", "another", None, "dee", "why", 1_790_000_000_000, None)
        assert await parts.freezes.write(record, with_freeze(record, freeze))
        await here.freezing.look()
        await link.client.delete(f"{{countersign}}:bytes:{REQUEST.digest}")
        approval = await parts.store.read(MEMBER)
        assert approval is not None
        today = await here._ledger.in_force.today(approval)
    assert today.frozen is not None
    assert today.frozen.freeze == "2-aaaa"


async def test_no_more_is_waited_for_than_there_is_room_for_and_the_rest_is_counted(
    gateways, monkeypatch
):
    monkeypatch.setattr("approvals.hearsay.MOST_WAITING", 2)
    notes = Notes()
    hearsay = Service(replace(gateways[0][1], journals=(notes,))).hearsay
    for _ in range(2):
        for member in ("freeze", "n/1", "n/2", "n/3", "n/4"):
            hearsay.hear(member)
        assert list(hearsay._waiting) == ["n/1", "n/2"]
        following = asyncio.create_task(hearsay.follow())
        await until(lambda: not hearsay._rung.is_set())
        following.cancel()
    detail = "2 records that other gateways wrote wait to be read"
    now = 1_790_000_000_000
    said = [Alarm(now, "unheard", "", detail), AlarmOver(now, "unheard", "2 records left out")]
    assert notes.events == said * 2
