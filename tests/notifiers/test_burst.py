"""A sweep of hundreds: in the order of their deadlines, each once, and a line that is true."""

import asyncio
import os
import random
import re
from dataclasses import replace

import pytest

from approvals.freezes.store import FREEZE_MEMBER
from approvals.model import Approval, Cause, Final, Outcome
from approvals.redis.link import key
from approvals.swapping import Lists, Swapped
from approvals.untold import BURST_MEMBER
from notifiers.slack.pace import Pace
from notifiers.slack.summary import EVERY_MS, MOST_COUNTED, line_of
from notifiers.teller import CLAIM, WORK_MS
from notifiers.words.readable import lasted
from tests.notifiers.world import World
from tests.support import records
from tests.support.requests import sample
from tests.support.slack_server import Fails, Message

MINUTE = 60_000
SWEEP = 200 if os.environ.get("HYPOTHESIS_PROFILE") == "explore" else 60


async def swept(world: World, count: int, *, first: int = 0, within: int = 30) -> list[Approval]:
    """So many requests at once, as one sweep makes them; by their deadlines, which are mixed up."""
    asked = []
    now = world.clock.now_ms()
    minutes = random.Random(count).sample(range(within, within + count), count)
    wish = sample("keysign_erc20_usdt")
    for number, minute in enumerate(minutes, first):
        request = wish.fresh(number).request
        record = records.approval(
            replace(records.ask(), within_ms=minute * MINUTE),
            request_id=request.request_id,
            digest=request.digest,
            asked_at=now,
            deadline=now + minute * MINUTE,
            answer_until=now + 2 * minute * MINUTE,
        )
        lists = Lists(open_until=record.deadline, tell_at=now)
        done = await world.store.create(record, lists, request=request, content=None)
        assert isinstance(done, Swapped)
        asked.append(done.approval)
    return sorted(asked, key=lambda record: record.deadline)


@pytest.fixture
def slow(world: World) -> World:
    """A gateway with a Slack that takes one message a second, in a time that does not pass."""

    async def sleep(seconds: float) -> None:
        world.clock.ahead += round(seconds * 1000)
        await asyncio.sleep(0)

    world.clock.stands_at = world.clock.now_ms()
    world.slack.now_s = lambda: world.clock.now_ms() / 1000
    world.slack.per_second = 1
    world.pace = Pace(world.clock.now_ms, every_ms=1_000, burst=1, sleep=sleep)
    world.restart()
    return world


def messages(world: World) -> list[Message]:
    return [each for each in world.slack.messages.values() if each.blocks]


def ids(world: World) -> list[str]:
    """The requests of all messages, in the order in which they were posted."""
    found = [re.search(r"\d{32}:1", each.text) for each in messages(world)]
    return [each.group() for each in found if each]


async def all_told(world: World, rounds: int = 200) -> None:
    """As the loop does: a second passes where nothing is due."""
    for _ in range(rounds):
        if not await world.teller.tell_due():
            if not (await world.untold.never_shown())[0] and not world.slack._failures[""]:
                return
            world.clock.ahead += 1_000


async def test_a_sweep_comes_by_their_deadlines_each_once_and_the_line_is_true(
    slow: World,
) -> None:
    asked = await swept(slow, SWEEP)
    began = slow.clock.now_ms()
    lines: list[tuple[int, str]] = []
    while (await slow.untold.never_shown())[0]:
        assert slow.clock.now_ms() < began + SWEEP * 2_000
        before = len(messages(slow))
        await slow.teller.tell_due()
        (line,) = slow.slack.said
        if not lines or lines[-1][1] != line.text:
            lines.append((before, line.text))
    took_s = (slow.clock.now_ms() - began) / 1000
    assert ids(slow) == [record.request_id for record in asked]
    assert not [event for event in slow.slack.events if "ratelimited" in event]
    assert took_s == SWEEP + len(lines) - 1  # nobody waits before the first of all calls
    assert lines[0][1].startswith(
        f"{SWEEP} approvals wait for people; 0 are shown, the next deadline is in"
    )
    for shown, text in lines:
        assert text.startswith(
            f"{SWEEP} approvals wait for people; {shown} are shown, the next dead"
        )
    assert SWEEP / 20 < len(lines) <= took_s * 1000 / EVERY_MS + 1
    slow.clock.ahead += EVERY_MS
    await all_told(slow)
    (line,) = slow.slack.said
    assert line.text == f"All {SWEEP} that wait for people are shown."
    slow.clock.ahead += EVERY_MS
    updates = line.updates
    await all_told(slow)
    assert line.updates == updates
    assert BURST_MEMBER not in await slow.outbox._link.client.zrange(key("untold"), 0, -1)


async def test_what_is_more_urgent_does_not_wait_behind_what_came_before(slow: World) -> None:
    await swept(slow, 30, within=60)
    await slow.teller.tell_due()
    (urgent,) = await swept(slow, 1, first=100, within=5)
    await slow.teller.tell_due()
    assert ids(slow).index(urgent.request_id) == CLAIM


async def test_what_a_batch_cannot_tell_in_its_time_keeps_its_place(slow: World) -> None:
    assert slow.pace is not None
    slow.pace._every = 3_000
    asked = await swept(slow, 24)
    began = slow.clock.now_ms()
    await slow.teller.tell_due()
    assert slow.clock.now_ms() - began <= WORK_MS + 3_000, "long before its claims run out"
    await all_told(slow)
    assert ids(slow) == [record.request_id for record in asked]


async def test_a_wish_to_be_left_alone_stops_all_and_changes_no_order(slow: World) -> None:
    asked = await swept(slow, 30)
    await slow.teller.tell_due()
    slow.slack.fail("chat.postMessage", Fails(status=429, retry_after=20))
    await slow.teller.tell_due()
    calls = len(slow.slack.calls)
    shown = len(messages(slow))
    for _ in range(19):
        await slow.teller.tell_due()
        slow.clock.ahead += 900
    assert len(slow.slack.calls) == calls
    assert len(messages(slow)) == shown < 30
    await all_told(slow)
    assert ids(slow) == [record.request_id for record in asked]


async def test_votes_and_outcomes_yield_to_what_was_never_shown_but_not_for_ever(
    world: World,
) -> None:
    told = await swept(world, 6, within=5)
    await world.told()
    new = await swept(world, 20, first=50)
    for record in told:
        await world.untold.settle(record.member, record.revision, again_at=0)
    claimed = await world.untold.claim(world.clock.now_ms(), CLAIM, with_line=True)
    claimed = tuple(each for each in claimed if each != FREEZE_MEMBER)
    assert list(claimed[:1]) == [BURST_MEMBER]
    assert list(claimed[1:7]) == [record.member for record in new[:6]]
    assert set(claimed[7:]) < {record.member for record in told}
    assert len(claimed) == 1 + CLAIM


async def test_what_was_decided_before_it_could_be_shown_is_one_sentence(slow: World) -> None:
    asked = await swept(slow, 12)
    for record in asked[:5]:
        final = Final(Outcome.REJECT, Cause.TIMEOUT, "no decision in time", record.deadline, 0, "p")
        done = await slow.store.swap(record, replace(record, final=final), Lists(None, 0))
        assert isinstance(done, Swapped)
    await all_told(slow)
    assert ids(slow) == [record.request_id for record in asked[5:]]
    brief = [each.text for each in slow.slack.said if "Decided before" in each.text]
    assert len(brief) == 5
    assert brief[0].startswith(
        "Decided before it could be shown here: Send 2,500 USDT -&gt; cold_1"
    )
    for record in asked[:5]:
        (mine,) = [each for each in brief if record.request_id in each and record.digest in each]
        assert "Rejected: nobody decided in time" in mine
    await all_told(slow)
    assert len(slow.slack.said) == 5


async def test_of_two_gateways_one_writes_the_line(world: World) -> None:
    asked = await swept(world, 40)
    first = world.teller
    world.restart()
    tellers = (first, world.teller)
    for turn in range(12):
        await asyncio.gather(*(each.tell_due() for each in tellers))
        world.clock.ahead += EVERY_MS * (turn % 2)
    assert sorted(ids(world)) == sorted(record.request_id for record in asked)
    (line,) = world.slack.said
    assert line.text == "All 40 that wait for people are shown."


async def test_a_line_that_somebody_deleted_is_not_written_again(slow: World) -> None:
    await swept(slow, 40)
    await slow.teller.tell_due()
    (line,) = slow.slack.said
    del slow.slack.messages[line.ts]
    await all_told(slow)
    slow.clock.ahead += EVERY_MS
    await all_told(slow)
    assert not slow.slack.said
    assert len(messages(slow)) == 40


async def test_a_line_counts_only_what_is_proved(slow: World) -> None:
    await swept(slow, 12)
    await swept(slow, 3, first=90, within=-9)
    fakes = {f"node-1/{number}:1": 1 for number in range(300)}
    for name in ("open", "untold", "unshown"):
        await slow.outbox._link.client.zadd(key(name), fakes)
    for _ in range(20):
        if not slow.slack.said:
            await slow.teller.tell_due()
    assert slow.slack.said[0].text.startswith("12 approvals wait for people; 0 are shown")


async def test_a_few_need_no_line(slow: World) -> None:
    await swept(slow, 10)
    await all_told(slow)
    assert not slow.slack.said


def test_what_the_line_says() -> None:
    now = records.NOW
    one = records.approval()
    assert line_of([], 0, now) == "No approval waits for people any more."
    assert line_of([one] * 37, 12, now) == (
        "37 approvals wait for people; 12 are shown, the next deadline is in"
        f" {lasted(600_000)}; the others follow, one a second."
    )
    assert line_of([one] * (MOST_COUNTED + 1), 12, now).startswith(
        "More than 1,000 approvals wait for people; 12 of the most urgent are shown"
    )
    assert line_of([one] * 200, 200, now) == "All 200 that wait for people are shown."
