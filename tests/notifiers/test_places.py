"""Each place is told at its own pace and in its own order; what two do at once is done once."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial

import pytest

from approvals.freezes.store import FREEZE_MEMBER
from approvals.model import Choice
from approvals.outbox import Outbox
from approvals.swapping import Lists, Swapped
from gateway.tasks import end
from notifiers.elsewhere.bulletin import Bulletin
from notifiers.slack import blocks
from notifiers.slack.arrears import Arrears
from notifiers.slack.pace import Pace
from notifiers.slack.posts import SlackPosts
from notifiers.story import names_of
from notifiers.tellers import Tellers
from tests.notifiers.second import pager, second
from tests.notifiers.test_burst import messages, slow, swept  # noqa: F401 - one is a fixture
from tests.notifiers.test_telling import Slow, vote
from tests.notifiers.world import World, all_told
from tests.support.receiver import Receiver, receiving
from tests.support.records import vote as one_vote
from tests.support.requests import sample
from tests.support.slack_server import CHANNEL, Fails
from tests.support.waiting import until


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as server:
        yield server


def another(world: World, slack: Slow | None = None) -> Tellers:
    """A second gateway that shows the same channel."""
    pace = Pace(world.clock.now_ms, every_ms=1, burst=100)
    return Tellers(
        world.service,
        Outbox(world._link, world.seal_key, (world.posts.name,)),
        SlackPosts(slack or world.client, CHANNEL, world.outbox, pace),
        names=lambda: names_of(world.service.policy),
        journal=world.notes,
        now_ms=world.clock.now_ms,
    )


async def test_a_pager_hears_of_a_sweep_at_once_by_deadline_while_slack_takes_its_time(
    slow: World,  # noqa: F811
    receiver: Receiver,
) -> None:
    house = second(slow, pager(receiver))
    asked = await swept(slow, 40)
    slack, page = house.tellers.each
    await slack.tell_due()
    while await page.tell_due():
        pass
    assert len(messages(slow)) < 10
    told = [posted.document["approval"]["request_id"] for posted in receiver.posted]
    assert told == [record.request_id for record in asked]
    assert await house.tellers.each[1].tell_due() is False
    assert len(receiver.posted) == 40


async def test_a_slack_that_hangs_delays_no_other_place(world: World, receiver: Receiver) -> None:
    house = second(world, pager(receiver))
    world.slack.fail("chat.postMessage", *[Fails(hangs=True)] * 9)
    tasks = [asyncio.create_task(teller.run()) for teller in house.tellers.each]
    try:
        for number in range(3):
            await world.asked(sample("keysign_erc20_usdt").fresh(number))
            house.tellers.wake()
            await until(partial(lambda before: len(receiver.posted) > before, number))
        assert not world.slack.messages
    finally:
        await end(tasks)


async def test_a_place_that_hangs_delays_slack_not_at_all(world: World, receiver: Receiver) -> None:
    begun = asyncio.Event()

    class Hanging:
        async def send(self, _bulletin: Bulletin, _id: str) -> None:
            begun.set()
            await asyncio.Event().wait()

    house = second(world, pager(receiver))
    house.way._carrier = Hanging()
    await world.asked()
    slack, page = house.tellers.each
    hanging = asyncio.create_task(page.tell_due())
    await begun.wait()
    await slack.tell_due()
    assert world.slack.message.deciding
    assert not hanging.done()
    await end([hanging])


async def test_what_changes_while_one_gateway_posts_is_shown_in_the_same_message(
    world: World,
) -> None:
    approval = await world.asked()
    here, there = Slow(world), another(world)
    first = another(world, here)
    posting = asyncio.create_task(all_told(first))
    await here.sent.wait()
    await vote(world, approval, "ana")
    await all_told(there)
    assert not world.slack.messages, "it is the first one's until it has ended"
    here.arrive.set()
    await posting
    await all_told(there)
    assert len(world.slack.messages) == 1
    assert "1 of 2 · ana" in world.slack.message.all_text


async def test_what_a_dead_gateway_had_claimed_another_tells_when_the_claim_runs_out(
    world: World,
) -> None:
    approval = await world.asked()
    here = Slow(world)
    posting = asyncio.create_task(all_told(another(world, here)))
    await here.sent.wait()
    await end([posting])
    await vote(world, approval, "ana")
    world.clock.ahead += 29_000
    await world.told()
    assert not world.slack.messages
    world.clock.ahead += 2_000
    await world.told()
    assert "1 of 2 · ana" in world.slack.message.all_text


async def test_who_clicks_sees_it_at_once_though_many_wait_to_be_shown(world: World) -> None:
    approval = await world.asked()
    await world.told()
    await swept(world, 40)
    await world.press(world.slack.message, "Approve", "U0ANA")
    await until(lambda: "1 of 2 · ana" in world.slack.message.all_text)
    assert (await world.stored(approval)).votes


async def test_what_a_click_shows_too_late_over_something_newer_is_put_right(world: World) -> None:
    """No claim keeps others away from a message that a click brings up to date."""
    approval = await world.asked()
    await world.told()
    await vote(world, approval, "ana")
    here = Slow(world)
    first = another(world, here)
    showing = asyncio.create_task(first.refresh(approval.member))
    await here.sent.wait()
    await vote(world, approval, "bo", Choice.REJECT)
    await world.told()
    assert "Rejected" in world.slack.message.text
    here.arrive.set()
    await showing
    assert "1 of 2 · ana" in world.slack.message.all_text
    await all_told(another(world))
    assert "Rejected" in world.slack.message.text


async def test_two_gateways_tell_each_thing_once_whatever_votes_come_meanwhile(
    world: World, receiver: Receiver
) -> None:
    houses = [second(world, pager(receiver)) for _ in range(2)]
    asked = [await world.asked(sample("keysign_erc20_usdt").fresh(n)) for n in range(6)]
    tasks = [asyncio.create_task(teller.run()) for one in houses for teller in one.tellers.each]
    try:
        for record in asked:
            await vote(world, record, "ana")
            for house in houses:
                house.tellers.wake()
        await until(lambda: receiver.events.count("asked") == 6)
        for record in asked[:3]:
            await vote(world, record, "bo", Choice.REJECT)
            for house in houses:
                house.tellers.wake()
        await until(lambda: receiver.events.count("decided") == 3)
        await until(lambda: sum(not one.deciding for one in messages(world)) == 3)
    finally:
        await end(tasks)
    assert sorted(receiver.events) == ["asked"] * 6 + ["decided"] * 3
    assert world.slack.calls.count("chat.postMessage") == 6


async def test_what_is_handed_out_is_told_at_each_place_and_counted_there(
    world: World, receiver: Receiver
) -> None:
    house = second(world, pager(receiver))
    outbox = Outbox(world._link, world.seal_key, house.tellers.places)
    lists = [outbox.at(place) for place in outbox.places]
    await world.asked()
    assert [(await each.never_shown())[0] for each in lists] == [1, 1]
    await house.tellers.each[0].tell_due()
    assert [(await each.never_shown())[0] for each in lists] == [0, 1]
    await house.tellers.each[1].tell_due()
    assert [(await each.never_shown())[0] for each in lists] == [0, 0]


async def test_a_message_is_rendered_once_to_be_posted_and_once_to_be_updated(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    approval = await world.asked()
    rendered = 0
    render = blocks.render

    def counted(*args):
        nonlocal rendered
        rendered += 1
        return render(*args)

    monkeypatch.setattr("notifiers.slack.draft.render", counted)
    await world.told()
    assert rendered == 1
    await vote(world, approval, "ana")
    await world.told()
    assert rendered == 2


async def test_a_claim_keeps_its_member_though_it_is_written_again_and_again(world: World) -> None:
    record = await world.asked()
    now = world.clock.now_ms()
    assert await world.untold.claim(now, 9) != ()
    for person in ("x", "y"):
        record = replace(record, votes=(*record.votes, one_vote(person)))
        done = await world.store.swap(await world.stored(record), record, Lists(now, now))
        assert isinstance(done, Swapped)
        record = done.approval
        assert record.member not in await world.untold.claim(now + 1, 9)
    await world.untold.settle(record.member, record.revision, again_at=None)
    assert record.member in await world.untold.claim(now + 1, 9)


async def test_what_waited_or_was_frozen_before_slack_was_there_is_told_in_it_once(
    world: World,
) -> None:
    freeze = await world.freeze(wallet="W")
    approval = await world.asked()
    terminal = Outbox(world._link, world.seal_key, ("console",)).at("console")
    claimed = await terminal.claim(world.clock.now_ms(), 9)
    assert set(claimed) == {FREEZE_MEMBER, approval.member}
    await terminal.settle(approval.member, approval.revision, again_at=None)
    record = await world.service.freezing.look()
    await terminal.settle(FREEZE_MEMBER, record.epoch, again_at=None)
    await world.told()
    assert world.slack.messages == {}
    arrears = Arrears(world.service, world.outbox, world.untold, world.clock.now_ms)
    await arrears.look()
    await world.told()
    again_at = await world.untold.comes_at(approval.member)
    await arrears.look()
    assert await world.untold.comes_at(approval.member) == again_at
    await world.told()
    frozen, message = world.slack.messages.values()
    assert freeze.id in frozen.text
    assert message.deciding


async def test_what_nobody_is_asked_is_nothing_that_slack_lacks(world: World) -> None:
    approval = await world.asked()
    ruled = replace(approval, verdict=replace(approval.verdict, effect="approve"))
    done = await world.store.swap(approval, ruled, Lists(approval.deadline, None))
    assert isinstance(done, Swapped)
    now = world.clock.now_ms()
    assert approval.member in await world.untold.claim(now, 9)
    await world.untold.settle(approval.member, done.approval.revision, again_at=None)
    await Arrears(world.service, world.outbox, world.untold, world.clock.now_ms).look()
    assert approval.member not in await world.untold.claim(world.clock.now_ms(), 9)


async def test_a_refresh_posts_and_says_nothing_new(world: World) -> None:
    approval = await world.asked()
    await world.tellers.refresh(approval.member)
    assert world.slack.calls == []
    await world.told()
    world.slack.messages.clear()
    await vote(world, approval, "ana")
    await world.override(approval, "dee")
    await world.tellers.refresh(approval.member)
    assert not world.slack.messages
    await world.told()
    assert "ana" in world.slack.message.all_text
