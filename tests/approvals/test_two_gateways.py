"""Two gateways over one store: what one of them only repeated, it remembers as its own."""

import asyncio

import pytest

from approvals.audit import Audit
from approvals.ballots import Ballot
from approvals.bell import Bell
from approvals.freeze_store import FreezeStore
from approvals.hearing import Hearing
from approvals.ledger import Parts
from approvals.memory import Memory
from approvals.model import Choice, Outcome, SlackClick
from approvals.outbox import Outbox
from approvals.redis_link import Link
from approvals.service import Service
from approvals.store import Store
from keys.seals import SealKey
from tests.model.rules import REQUEST, WINDOW, policy_of
from tests.support.audits import notary

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
            freezes=FreezeStore(link, KEY),
            outbox=Outbox(link, KEY),
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
    async with asyncio.timeout(10):
        while (before := await link.client.get(RECORD)) is None:  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.01)
        await there.vote(MEMBER, ballot("bo", Choice.REJECT))
        parts.bell.ring_all()
        answered = await first
    assert answered.final is not None
    assert answered.final.outcome is Outcome.REJECT
    await link.client.set(RECORD, before)
    async with asyncio.timeout(10):
        again = await here.answer(REQUEST, Hearing("t1", 1_790_000_000_000))
    assert again.final is not None
    assert again.final.outcome is Outcome.REJECT
    assert parts.memory.of(REQUEST.digest).answered
