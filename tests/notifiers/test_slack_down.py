"""While Slack is ill, others are told at once; when it is well again, nobody is told twice."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from approvals.events import Alarm, Trouble
from approvals.model import Choice
from notifiers.health import PART, QUIET_MS, SlackHealth
from notifiers.ports import NotTold
from notifiers.slack.socket import PART as SOCKET
from tests.notifiers.second import Second, pager, second
from tests.notifiers.test_escalating import CALLING
from tests.notifiers.test_telling import vote
from tests.notifiers.transports import by_socket
from tests.notifiers.world import Notes, World, world_on
from tests.support.receiver import Receiver, receiving
from tests.support.requests import sample
from tests.support.slack_server import Fails
from tests.support.waiting import until

AWAY = "Slack cannot be reached: decide at a terminal."
DEAF = "Buttons in Slack may not work now: decide at a terminal."


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as server:
        yield server


@pytest.fixture
def house(world: World, receiver: Receiver) -> Second:
    return second(world, pager(receiver, when="slack_down"))


def told(receiver: Receiver) -> list[tuple[str, str]]:
    """Which approval, and the first line."""
    return [
        (post.document["approval"]["request_id"], post.document["text"].split("\n")[0])
        for post in receiver.posted
    ]


def troubles(world: World) -> list[bool]:
    return [one.down for one in world.notes.of(Trouble) if one.part == PART]


async def test_a_healthy_slack_is_enough(world: World, receiver: Receiver, house: Second) -> None:
    async with house.running():
        approval = await world.asked()
        await house.told()
        await vote(world, approval, "ana", Choice.REJECT)
        await house.told()
        await world.freeze()
        await house.told()
        house.standby.wake()
        await asyncio.sleep(0.05)
    assert receiver.posted == []
    assert troubles(world) == []


@pytest.mark.parametrize(
    "failure",
    [
        Fails(status=500),
        Fails(status=429, retry_after=30),
        Fails(error="channel_not_found"),
        Fails(error="invalid_auth"),
    ],
)
async def test_when_slack_fails_the_second_is_told_within_the_second(
    world: World, receiver: Receiver, house: Second, failure: Fails
) -> None:
    world.slack.fail("chat.postMessage", failure)
    async with house.running():
        approval = await world.asked()
        loop = asyncio.get_running_loop()
        await house.told()
        failed = loop.time()
        await until(lambda: receiver.posted)
    assert receiver.posted[0].at - failed < 1
    assert told(receiver) == [(approval.request_id, AWAY)]
    assert troubles(world) == [True]


async def test_a_slack_that_hangs_is_not_waited_for(world: World, receiver: Receiver) -> None:
    house = second(world, pager(receiver, when="slack_down"), soft_s=0.1)
    world.slack.fail("chat.postMessage", Fails(hangs=True))
    async with house.running():
        approval = await world.asked()
        telling = asyncio.create_task(house.told())
        await until(lambda: receiver.posted)
        assert not telling.done()
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)
    assert told(receiver) == [(approval.request_id, AWAY)]


async def test_a_short_wish_to_be_left_alone_is_no_illness(
    world: World, receiver: Receiver, house: Second
) -> None:
    world.slack.fail("chat.postMessage", Fails(status=429, retry_after=5))
    async with house.running():
        await world.asked()
        await house.told()
        await asyncio.sleep(0.05)
    assert receiver.posted == []
    assert troubles(world) == []


async def test_everything_open_is_told_that_slack_does_not_show_the_earliest_deadline_first(
    world: World, receiver: Receiver, house: Second
) -> None:
    shown = await world.asked()
    await house.told()
    world.slack.fail("chat.postMessage", *[Fails(status=500)] * 9)
    later = await world.asked(sample("keysign_tron_trx"))
    soon = await world.asked(sample("keysign_erc20_usdt").fresh(7))
    async with house.running():
        await house.told()
        await until(lambda: len(receiver.posted) == 2)
        house.standby.wake()
        await asyncio.sleep(0.05)
    assert {request for request, _ in told(receiver)} == {later.request_id, soon.request_id}
    assert shown.request_id not in {request for request, _ in told(receiver)}


async def test_while_slack_is_away_it_is_not_tried_for_each_approval(
    world: World, receiver: Receiver, house: Second
) -> None:
    world.slack.fail("chat.postMessage", *[Fails(status=500)] * 9)
    for number in range(3):
        await world.asked(sample("keysign_erc20_usdt").fresh(number))
    await house.told()
    assert world.slack.calls == ["chat.postMessage"]
    async with house.running():
        await until(lambda: len(receiver.posted) == 3)


async def test_who_is_shown_but_cannot_click_is_told_that_buttons_may_not_work(
    world: World, receiver: Receiver, house: Second
) -> None:
    approval = await world.asked()
    await house.told()
    async with house.running():
        house.health.note(Trouble(world.clock.now_ms(), SOCKET, down=True, detail="not connected"))
        await until(lambda: receiver.posted)
    assert told(receiver) == [(approval.request_id, DEAF)]
    assert troubles(world) == [True]


async def test_the_watchdog_of_the_sockets_is_what_says_so(
    world: World, receiver: Receiver, house: Second
) -> None:
    approval = await world.asked()
    await house.told()
    async with by_socket(world) as sockets, house.running():
        sockets._journal = house.health
        await until(lambda: sockets.connected == 2)
        world.slack.dead_tickets = 10_000
        await world.slack.cut()
        await until(lambda: sockets._deaf_since is not None)
        world.clock.ahead += 20_000
        await until(lambda: receiver.posted)
        assert told(receiver) == [(approval.request_id, DEAF)]
        world.slack.dead_tickets = 0
        await until(lambda: troubles(world) == [True] and not house.health.deaf)
        world.clock.ahead += 2 * QUIET_MS
        await until(lambda: troubles(world) == [True, False])
        await until(lambda: world.slack.said)
    (said,) = world.slack.said
    assert said.text.startswith("Clicks did not reach Countersign ")
    assert said.text.endswith(" UTC; 1 approval was told by pager.")


async def test_clicks_that_come_by_http_do_not_need_the_sockets(
    world: World, receiver: Receiver
) -> None:
    house = second(world, pager(receiver, when="slack_down"), clicks_by_http=True)
    await world.asked()
    await house.told()
    house.health.note(Trouble(world.clock.now_ms(), SOCKET, down=True, detail="not connected"))
    house.health.note(Alarm(0, "slack_refused", "", "token_revoked"))
    await house.standby.look()
    assert receiver.posted == []
    assert not house.health.ailing


async def test_when_slack_is_back_it_says_so_once_and_nobody_is_told_twice(
    world: World, receiver: Receiver, house: Second
) -> None:
    world.slack.fail("chat.postMessage", Fails(status=500))
    approval = await world.asked()
    async with house.running():
        await house.told()
        await until(lambda: receiver.posted)
        world.clock.ahead += 6_000
        await house.told()
        assert len(world.slack.messages) == 1
        await asyncio.sleep(0.05)
        assert troubles(world) == [True]  # it has to stay well for a while
        world.clock.ahead += QUIET_MS + 1
        await until(lambda: world.slack.said)
        house.standby.wake()
        await asyncio.sleep(0.05)
    assert troubles(world) == [True, False]
    assert told(receiver) == [(approval.request_id, AWAY)]
    (said,) = world.slack.said
    assert said.text.startswith("Slack was not reachable ")
    assert said.text.endswith(" UTC; 1 approval was told by pager.")


async def test_whoever_was_told_hears_the_end_though_slack_is_back(
    world: World, receiver: Receiver, house: Second
) -> None:
    world.slack.fail("chat.postMessage", Fails(status=500))
    approval = await world.asked()
    await world.freeze(wallet="w-1")
    await house.told()
    await house.standby.look()
    world.clock.ahead += 40_000
    await house.told()
    await vote(world, approval, "ana", Choice.REJECT)
    (freeze,) = (await world.service.freezing.look()).freezes
    await world.thaw(freeze.id, "dee")
    await world.thaw(freeze.id, "eli")
    await house.told()
    subjects = [" ".join(post.document["subject"].split(" ")[1:2]) for post in receiver.posted]
    assert sorted(subjects) == ["Approve?", "FROZEN:", "Rejected:", "THAWED:"]


async def test_a_message_that_slack_will_never_take_is_told_alone(
    world: World, receiver: Receiver, house: Second
) -> None:
    well = await world.asked()
    ill = await world.asked(sample("keysign_tron_trx"))
    house.health.failed(ill.member, NotTold("over_limit: x", alarm=True), local=True)
    assert house.health.away(ill.member)
    assert not house.health.away(well.member)
    await house.standby.look()
    assert [request for request, _ in told(receiver)] == [ill.request_id]
    assert troubles(world) == []


async def test_what_our_own_bug_keeps_out_of_slack_is_told(
    world: World, receiver: Receiver, house: Second, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise KeyError

    monkeypatch.setattr(world.posts, "tell", broken)
    approval = await world.asked()
    await house.told()
    await house.standby.look()
    assert told(receiver) == [(approval.request_id, AWAY)]


async def test_two_gateways_tell_once(world: World, receiver: Receiver) -> None:
    houses = [second(world, pager(receiver, when="slack_down")) for _ in range(2)]
    approvals = [
        await world.asked(sample("keysign_erc20_usdt").fresh(number)) for number in range(3)
    ]
    for house in houses:
        house.health.introduced("Slack cannot be used: ConnectionError")
    await asyncio.gather(*(house.standby.look() for house in houses))
    world.clock.ahead += 30_000
    await asyncio.gather(*(house.standby.look() for house in houses))
    assert sorted(request for request, _ in told(receiver)) == sorted(
        approval.request_id for approval in approvals
    )


async def test_what_a_healthy_slack_has_not_shown_yet_is_left_to_it(
    world: World, receiver: Receiver, house: Second
) -> None:
    await world.asked()
    world.clock.ahead += 60_000
    await house.standby.look()
    assert receiver.posted == []


async def test_what_others_said_of_a_freeze_slack_says_all_the_same(
    world: World, receiver: Receiver, house: Second
) -> None:
    world.slack.fail("chat.postMessage", Fails(status=500))
    await world.freeze()
    await house.told()
    await house.standby.look()
    assert receiver.events == ["frozen"]
    world.clock.ahead += 40_000
    await house.told()
    assert [said.text.split(".")[0] for said in world.slack.said] == ["FROZEN: everything"]
    assert receiver.events == ["frozen"]


async def test_a_second_that_fails_is_tried_again_though_slack_hangs_on(
    world: World, receiver: Receiver, house: Second
) -> None:
    receiver.answers.append(503)
    await world.asked()
    house.health.introduced("Slack cannot be used: timeout")
    await house.standby.look()
    await house.standby.look()
    assert len(receiver.posted) == 1
    world.clock.ahead += 1_100
    await house.standby.look()
    assert len(receiver.posted) == 2


async def test_a_redirect_or_a_refusal_of_the_second_alarms(
    world: World, receiver: Receiver, house: Second
) -> None:
    receiver.answers.append(403)
    approval = await world.asked()
    house.health.introduced("Slack cannot be used: timeout")
    await house.standby.look()
    assert [(one.what, one.member, one.detail) for one in world.notes.of(Alarm)] == [
        ("not_told", approval.member, "pager: http_403")
    ]


class Ticking:
    """Health alone, on a clock of its own."""

    def __init__(self) -> None:
        self.now = 1_000_000_000
        self.notes = Notes()
        self.health = SlackHealth(self.notes, lambda: self.now, clicks_by_http=False)

    def fail(self) -> None:
        self.health.failed("m", NotTold("http_500"))

    def well_for(self, ms: int) -> None:
        self.health.shown("m")
        self.health.look()
        self.now += ms
        self.health.look()

    @property
    def downs(self) -> list[bool]:
        return [one.down for one in self.notes.of(Trouble)]


def test_a_slack_that_keeps_failing_and_coming_back_is_believed_ever_later() -> None:
    ticking = Ticking()
    for quiet in (15_000, 30_000, 60_000, 120_000, 240_000, 480_000, 480_000):
        ticking.fail()
        ticking.well_for(quiet - 1)
        assert ticking.health.ailing
        ticking.now += 1
        ticking.health.look()
        assert not ticking.health.ailing
    ticking.now += 600_000
    ticking.fail()
    ticking.well_for(15_000)
    assert not ticking.health.ailing
    assert ticking.downs == [True, False] * 8


def test_a_failure_within_the_quiet_time_begins_it_anew_and_is_the_same_outage() -> None:
    ticking = Ticking()
    ticking.fail()
    for _ in range(3):
        ticking.well_for(14_000)
        ticking.fail()
    assert ticking.downs == [True]


def test_a_member_that_nobody_tells_any_more_is_not_held_against_slack_for_ever() -> None:
    ticking = Ticking()
    ticking.fail()
    ticking.now += 150_000
    ticking.health.look()
    ticking.now += 15_000
    ticking.health.look()
    assert ticking.downs == [True, False]


def test_where_slack_wants_to_be_left_alone_for_long_it_is_believed_for_longer() -> None:
    ticking = Ticking()
    ticking.health.failed("m", NotTold("ratelimited", retry_after=600))
    for _ in range(2):
        ticking.now += 590_000
        ticking.health.look()
    assert ticking.downs == [True]


def test_a_row_of_short_wishes_to_be_left_alone_is_an_illness() -> None:
    ticking = Ticking()
    for _ in range(2):
        ticking.health.failed("m", NotTold("ratelimited", retry_after=5))
        ticking.now += 5_000
    assert ticking.downs == []
    ticking.health.failed("m", NotTold("ratelimited", retry_after=5))
    assert ticking.downs == [True]


def test_a_wish_that_was_granted_is_forgotten() -> None:
    ticking = Ticking()
    for _ in range(5):
        ticking.health.failed("m", NotTold("ratelimited", retry_after=5))
        ticking.now += 5_000
        ticking.health.shown("m")
    assert ticking.downs == []


def test_the_introduction_decides_in_both_directions() -> None:
    ticking = Ticking()
    ticking.health.introduced("the bot token is for workspace T0EVIL: no click will count")
    assert ticking.health.deaf
    assert ticking.health.away("anything")
    ticking.health.introduced(None)
    ticking.now += 15_000
    ticking.health.look()
    assert ticking.downs == [True, False]


@pytest.fixture
async def calling(redis_url, tmp_path, slack) -> AsyncIterator[World]:
    async with world_on(redis_url, tmp_path, slack, CALLING) as gateway:
        yield gateway


async def test_an_approval_of_which_more_is_said_is_counted_once(
    calling: World, receiver: Receiver
) -> None:
    house = second(calling, pager(receiver, when="slack_down"))
    calling.slack.fail("chat.postMessage", *[Fails(status=500)] * 2)
    await calling.asked()
    async with house.running():
        await house.told()
        await until(lambda: receiver.events == ["asked"])
        calling.clock.ahead += 121_000
        await house.told()
        await until(lambda: receiver.events == ["asked", "escalated"])
        calling.clock.ahead += 61_000
        await house.told()
        await asyncio.sleep(0.05)
        calling.clock.ahead += 2 * QUIET_MS
        await until(lambda: calling.slack.said[-1:] and "reachable" in calling.slack.said[-1].text)
    assert calling.slack.said[-1].text.endswith(" UTC; 1 approval was told by pager.")


async def test_a_slack_that_wants_to_be_left_alone_delays_no_call_at_another_place(
    calling: World, receiver: Receiver
) -> None:
    house = second(calling, pager(receiver))
    calling.slack.fail("chat.postMessage", Fails(status=429, retry_after=600))
    asked = await calling.asked()
    await house.told()
    for minutes, events in ((1.9, ["asked"]), (2.1, ["asked", "escalated"])):
        calling.clock.ahead = 0
        calling.clock.ahead = asked.asked_at + int(60_000 * minutes) - calling.clock.now_ms()
        await house.told()
        assert receiver.events == events
    assert calling.slack.calls == ["chat.postMessage"]
