"""Where calls, bursts, the pace and an ill Slack meet: people are called in time, once."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from approvals.events import Trouble
from approvals.freezes.model import FreezeRecord
from approvals.model import Approval
from notifiers.health import PART, SlackHealth
from notifiers.ports import NotTold, Story
from notifiers.slack.pace import Pace
from notifiers.slack.watched import WatchedSlack
from tests.notifiers.second import Second, pager, second
from tests.notifiers.test_burst import (
    messages,
    slow,  # noqa: F401 - a fixture
    swept,
)
from tests.notifiers.test_escalating import calling  # noqa: F401 - a fixture
from tests.notifiers.test_one_way import story_about
from tests.notifiers.test_slack_down import Ticking
from tests.notifiers.world import World
from tests.support.receiver import Receiver, receiving
from tests.support.slack_server import Fails

CALLED_AFTER = 120_000
CALLED_TOO_AFTER = 420_000
REMINDED_AFTER = 480_000


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as server:
        yield server


@pytest.fixture
def house(calling: World, receiver: Receiver) -> Second:  # noqa: F811
    """People are called after two and after seven minutes; a pager, while Slack is down."""
    return second(calling, pager(receiver, when="slack_down"))


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
    house: Second,
) -> None:
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


async def test_only_the_call_that_slack_cannot_make_below_its_message_the_second_makes(
    calling: World,  # noqa: F811
    receiver: Receiver,
    house: Second,
) -> None:
    asked = await shown(house)
    stand(calling, asked, CALLED_AFTER)
    await looked(house)
    calling.slack.fail("chat.postMessage", Fails(status=500))
    stand(calling, asked, CALLED_TOO_AFTER)
    for _ in range(2):
        await looked(house)
    assert [post.document["text"].split(":")[0] for post in receiver.posted] == [
        "treasury is called"
    ]
    stand(calling, asked, CALLED_TOO_AFTER + 59_000)
    await looked(house)
    assert [said.text.split(":")[0] for said in calling.slack.said] == [
        "<@U0DEE>, <@U0ELI> (on_call)",
        "<@U0ANA>, <@U0BO> (treasury)",
    ]
    assert len(receiver.posted) == 1


async def test_calls_and_reminders_that_slack_makes_or_will_make_are_left_to_it(
    calling: World,  # noqa: F811
    receiver: Receiver,
    house: Second,
) -> None:
    asked = await shown(house)
    stand(calling, asked, CALLED_AFTER)
    await looked(house)
    stand(calling, asked, REMINDED_AFTER)
    calling.slack.fail("chat.postMessage", Fails(status=429, retry_after=5))
    await looked(house)
    assert (receiver.events, troubles(calling)) == ([], [])


async def test_a_call_is_left_to_a_slack_that_works_for_a_few_seconds(
    calling: World,  # noqa: F811
    receiver: Receiver,
    house: Second,
) -> None:
    asked = await shown(house)
    house.health.failed("node-1/another", NotTold("over_limit"), local=True)
    for after, events in ((0, []), (2_999, []), (3_000, ["escalated"])):
        stand(calling, asked, CALLED_AFTER + after)
        await house.standby.look()
        assert receiver.events == events


async def test_a_reminder_wakes_no_pager(world: World, receiver: Receiver) -> None:
    house = second(world, pager(receiver, when="slack_down"))
    asked = await shown(house)
    world.slack.fail("chat.postMessage", Fails(status=500))
    stand(world, asked, REMINDED_AFTER)
    await looked(house)
    assert troubles(world) == [True]
    assert receiver.events == []


class Wordy:
    """A place that takes several turns for one approval, and no time."""

    name = "slack"

    def __init__(self, pace: Pace) -> None:
        self.pace = pace

    async def tell(self, story: Story) -> None:
        assert story.approval.member
        for _ in range(3):
            await self.pace.turn()

    async def show(self, story: Story) -> None:
        raise NotImplementedError

    async def tell_freezes(self, record: FreezeRecord) -> None:
        raise NotImplementedError

    async def announce(self, text: str) -> None:
        raise NotImplementedError


async def test_waiting_for_our_own_turns_says_nothing_of_slack(world: World) -> None:
    pace = Pace(world.clock.now_ms, every_ms=250, burst=1)
    health = SlackHealth(world.notes, world.clock.now_ms, clicks_by_http=False)
    story = await story_about(world, await world.asked())
    await WatchedSlack(Wordy(pace), health, pace, soft_s=0.3).tell(story)
    assert pace.waited() >= 0.4
    assert not health.ailing


async def test_a_line_that_slack_does_not_take_is_evidence_and_does_not_hold_up_the_others(
    slow: World,  # noqa: F811
    receiver: Receiver,
) -> None:
    house = second(slow, pager(receiver, when="slack_down"))
    await swept(slow, 20)
    await house.teller.tell_due()
    posted, calls = len(messages(slow)), len(slow.slack.calls)
    assert len(slow.slack.said) == 1
    slow.slack.fail("chat.update", *[Fails(status=500)] * 9)
    slow.clock.ahead += 10_000
    for _ in range(4):
        await house.teller.tell_due()
    assert slow.slack.calls[calls:] == ["chat.update"] * 2
    assert troubles(slow) == [True]
    assert len(messages(slow)) == posted
    slow.slack._failures.clear()
    for _ in range(20):
        slow.clock.ahead += 4_000
        await house.told()
        house.health.look()
    assert len(messages(slow)) == 20
    assert [said.text for said in slow.slack.said] == ["All 20 that wait for people are shown."]
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
