"""What became of telling people is told in turn: by every place, success and failure alike."""

import asyncio

from approvals.events import PlaceNotTold, PlaceTold, Trouble
from notifiers.once import Held
from tests.notifiers.second import pager, second
from tests.notifiers.transports import by_socket
from tests.notifiers.world import World
from tests.support.receiver import receiving
from tests.support.slack_server import Fails
from tests.support.waiting import until


async def test_a_place_that_takes_nothing_is_named_with_why_and_the_request(world: World) -> None:
    world.slack.fail("chat.postMessage", Fails(status=500))
    asked = await world.asked()
    await world.told()
    (untold,) = world.notes.of(PlaceNotTold)
    assert (untold.node, untold.request_id) == (asked.node, asked.request_id)
    assert (untold.digest, untold.place, untold.why) == (asked.digest, "slack", "http_500")


async def test_a_second_place_tells_what_it_took_and_once(world: World) -> None:
    async with receiving() as receiver:
        told = second(world, pager(receiver))
        asked = await world.asked()
        for _ in range(2):
            await told.told()
            await world.untold.settle(asked.member, 0, again_at=0)
        (posted,) = world.notes.of(PlaceTold)
        assert (posted.place, posted.how, posted.digest) == ("pager", "posted", asked.digest)
        assert 0 <= posted.after_ms < 5_000


async def test_whom_another_tells_just_now_is_no_failure(world: World, monkeypatch) -> None:
    async with receiving() as receiver:
        told = second(world, pager(receiver))

        async def held(*_args: object, **_more: object) -> None:
            raise Held("another is telling it", retry_after=1)

        monkeypatch.setattr(told.way, "tell", held)
        await world.asked()
        await told.told()
        assert not world.notes.of(PlaceNotTold)


async def test_that_slack_hears_us_is_said_once_at_the_start(world: World) -> None:
    async with by_socket(world) as sockets:
        await until(lambda: sockets.connected == 2)
        await asyncio.sleep(0.1)
    (up,) = world.notes.of(Trouble)
    assert (up.part, up.down) == ("slack_socket", False)
