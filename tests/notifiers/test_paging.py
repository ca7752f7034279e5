"""Where calls, bursts, the pace and an ill Slack meet: people are called in time, once."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from approvals.events import Trouble
from approvals.model import Approval
from notifiers.health import PART
from notifiers.pace import Pace
from notifiers.ports import NotTold
from tests.notifiers.composed import many_payees
from tests.notifiers.second import Second, pager, second
from tests.notifiers.test_burst import (
    messages,
    slow,  # noqa: F401 - a fixture
    swept,
)
from tests.notifiers.test_escalating import calling  # noqa: F401 - a fixture
from tests.notifiers.test_slack_down import Ticking
from tests.notifiers.world import World
from tests.support.receiver import Receiver, receiving
from tests.support.slack_server import Fails

CALLED_AFTER = 120_000
REMINDED_AFTER = 480_000


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as server:
        yield server


def stand(world: World, asked: Approval, after: int) -> None:
    """The clock stands so many milliseconds after people were asked."""
    world.clock.stands_at, world.clock.ahead = asked.asked_at + after, 0


def troubles(world: World) -> list[bool]:
    return [one.down for one in world.notes.of(Trouble) if one.part == PART]


async def shown(house: Second) -> Approval:
    """Slack shows it, and is well."""
    asked = await house.world.asked()
    stand(house.world, asked, 500)
    await house.told()
    assert house.world.slack.message.text
    return asked


async def looked(house: Second) -> None:
    """The teller has told what is due, and the standby looked."""
    await house.told()
    await house.standby.look()


@pytest.mark.parametrize(
    "failures",
    [[Fails(status=429, retry_after=1_800)], [Fails(status=500)] * 60],
    ids=["for half an hour", "again and again"],
)
async def test_a_pager_hears_of_a_call_at_its_moment_and_once_whatever_slack_does(
    calling: World,  # noqa: F811
    receiver: Receiver,
    failures: list[Fails],
) -> None:
    house = second(calling, pager(receiver, "escalated"))
    calling.slack.fail("chat.postMessage", *failures)
    asked = await calling.asked()
    for after in (500, 1_500, 60_000, CALLED_AFTER - 1):
        stand(calling, asked, after)
        await house.told()
    assert receiver.events == []
    stand(calling, asked, CALLED_AFTER)
    await house.told()
    assert receiver.events == ["escalated"]
    for after in (CALLED_AFTER + 60_000, REMINDED_AFTER + 1):
        stand(calling, asked, after)
        await house.told()
    called = [post.document["text"].split(":")[0] for post in receiver.posted]
    assert called == ["on_call is called", "treasury is called"]


async def test_while_slack_is_down_the_second_hears_of_a_call_at_its_moment_too(
    calling: World,  # noqa: F811
    receiver: Receiver,
) -> None:
    house = second(calling, pager(receiver, when="slack_down"))
    calling.slack.fail("chat.postMessage", *[Fails(status=500)] * 60)
    asked = await calling.asked()
    for after in (500, CALLED_AFTER - 2_000, CALLED_AFTER - 1):
        stand(calling, asked, after)
        await looked(house)
    assert receiver.events == ["asked"]
    for _ in range(2):
        stand(calling, asked, CALLED_AFTER)
        await looked(house)
    assert receiver.events == ["asked", "escalated"]


async def test_a_call_that_slack_cannot_make_below_a_message_it_shows_the_second_makes(
    calling: World,  # noqa: F811
    receiver: Receiver,
) -> None:
    house = second(calling, pager(receiver, when="slack_down"))
    asked = await shown(house)
    calling.slack.fail("chat.postMessage", Fails(status=500))
    stand(calling, asked, CALLED_AFTER)
    for _ in range(2):
        await looked(house)
    assert receiver.events == ["escalated"]
    stand(calling, asked, CALLED_AFTER + 60_000)
    await looked(house)
    (said,) = calling.slack.said
    assert said.text.startswith("<@U0DEE>, <@U0ELI> (on_call)")
    assert receiver.events == ["escalated"]


async def test_calls_and_reminders_that_slack_makes_or_will_make_are_left_to_it(
    calling: World,  # noqa: F811
    receiver: Receiver,
) -> None:
    house = second(calling, pager(receiver, when="slack_down"))
    asked = await shown(house)
    stand(calling, asked, CALLED_AFTER)
    await looked(house)
    stand(calling, asked, REMINDED_AFTER)
    calling.slack.fail("chat.postMessage", Fails(status=429, retry_after=5))
    await looked(house)
    assert (receiver.events, troubles(calling)) == ([], [])


async def test_a_reminder_wakes_no_pager(world: World, receiver: Receiver) -> None:
    house = second(world, pager(receiver, when="slack_down"))
    asked = await shown(house)
    world.slack.fail("chat.postMessage", Fails(status=500))
    stand(world, asked, REMINDED_AFTER)
    await looked(house)
    assert troubles(world) == [True]
    assert receiver.events == []


async def test_waiting_for_our_own_turns_says_nothing_of_slack(
    world: World, receiver: Receiver
) -> None:
    world.pace = Pace(world.clock.now_ms, every_ms=100, burst=1)
    world.restart()
    house = second(world, pager(receiver, when="slack_down"), soft_s=0.15)
    await world.asked(many_payees(200))
    await house.told()
    assert len(world.slack.parts) > 1
    assert troubles(world) == []


async def test_a_line_that_slack_does_not_take_is_evidence_and_does_not_hold_up_the_others(
    slow: World,  # noqa: F811
    receiver: Receiver,
) -> None:
    house = second(slow, pager(receiver, when="slack_down"))
    await swept(slow, 30)
    await house.teller.tell_due()
    posted = len(messages(slow))
    slow.slack.fail("chat.postMessage", *[Fails(status=500)] * 9)
    slow.clock.ahead += 1_000
    calls = len(slow.slack.calls)
    for _ in range(4):
        await house.teller.tell_due()
    assert troubles(slow) == [True]
    assert len(slow.slack.calls) == calls + 1
    assert len(messages(slow)) == posted
    slow.slack._failures.clear()
    for _ in range(90):
        slow.clock.ahead += 1_000
        await house.told()
        house.health.look()
    assert len(messages(slow)) == 30
    assert [said.text for said in slow.slack.said] == ["All 30 that wait for people are shown."]
    assert troubles(slow) == [True, False]


async def test_after_a_short_wish_slack_is_asked_again_when_it_said(
    world: World, receiver: Receiver
) -> None:
    house = second(world, pager(receiver, when="slack_down"))
    world.slack.fail("chat.postMessage", Fails(status=429, retry_after=3))
    asked = await world.asked()
    for after in (500, 3_499):
        stand(world, asked, after)
        await house.told()
    assert len(world.slack.messages) == 0
    stand(world, asked, 3_500)
    await looked(house)
    assert len(world.slack.messages) == 1
    assert (receiver.events, troubles(world)) == ([], [])


def test_a_wish_long_after_another_is_no_row() -> None:
    ticking = Ticking()
    for _ in range(3):
        ticking.health.failed("m", NotTold("ratelimited", retry_after=5))
        ticking.now += 15_001
    assert ticking.downs == []


async def test_two_gateways_page_once(calling: World, receiver: Receiver) -> None:  # noqa: F811
    one, other = (second(calling, pager(receiver, "escalated")) for _ in range(2))
    asked = await calling.asked()
    stand(calling, asked, CALLED_AFTER)
    await asyncio.gather(one.told(), other.told())
    assert receiver.events == ["escalated"]
