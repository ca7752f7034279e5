"""Two connections, renewed, healed and watched; and what ends them for good."""

import asyncio

import pytest

from approvals.events import Alarm, Trouble
from notifiers.slack.cures import CURES
from notifiers.slack.hearing import Heard
from notifiers.slack.line import Line
from notifiers.slack.socket import DEAF_AFTER_MS, Sockets
from tests.notifiers.transports import by_socket
from tests.notifiers.world import Clock, Notes, World
from tests.support.slack_server import Fails, LocalSlack
from tests.support.waiting import PATIENCE_S, until


class Deaf:
    """Hears nothing."""

    async def hear(self, payload: object) -> Heard:
        return Heard()


def sockets_on(slack: LocalSlack, notes: Notes, clock: Clock, **settings) -> Sockets:
    return Sockets(
        slack.settings,
        Deaf(),
        journal=notes,
        now_ms=clock.now_ms,
        make_line=lambda *args: Line(*args, **{"ping_s": 0.1, **settings}),
        look_s=0.05,
    )


async def test_two_connections_are_kept(world: World) -> None:
    async with by_socket(world) as sockets:
        await until(lambda: sockets.connected == 2)


@pytest.mark.parametrize("reason", ["warning", "refresh_requested"])
async def test_a_refresh_moves_to_a_new_connection(world: World, reason: str) -> None:
    await world.asked()
    await world.told()
    async with by_socket(world):
        await world.slack.disconnect(reason)
        await until(lambda: world.slack.tickets_tried >= 4)
        await until(lambda: world.slack.sockets == 2)
        answer = await world.slack.click(world.slack.message, "Approve", "U0ANA")
        assert answer.status == 200


async def test_a_cut_connection_comes_back(world: World) -> None:
    async with by_socket(world):
        await world.slack.cut()
        await until(lambda: world.slack.sockets == 2)


async def test_a_crowded_slack_is_not_stampeded(world: World) -> None:
    async with by_socket(world, crowded_s=(0.5, 0.6)):
        before = world.slack.tickets_issued
        await world.slack.disconnect("too_many_websockets")
        await asyncio.sleep(0.3)
        assert world.slack.tickets_issued == before
        await until(lambda: world.slack.tickets_issued >= before + 2)


async def test_a_dead_url_is_dropped_for_a_fresh_one(world: World) -> None:
    async with by_socket(world, rebuild_after=10_000):
        world.slack.dead_tickets = 2
        await world.slack.disconnect("refresh_requested")
        await until(lambda: world.slack.dead_tickets == 0)
        tried = world.slack.tickets_tried
        await until(lambda: world.slack.sockets == 2)
        assert world.slack.tickets_tried - tried < 10, "not the same dead URL again and again"


async def test_a_client_past_help_is_rebuilt(slack: LocalSlack) -> None:
    notes, clock = Notes(), Clock()

    async def ignore(*_: object) -> None:
        """Nothing is sent."""

    line = Line(slack.settings, ignore, ping_s=0.1, rebuild_after=3)
    line.start()
    try:
        await until(lambda: slack.sockets == 1)
        assert await _looked(line)
        client = line._client
        assert client is not None
        client.message_processor.cancel()
        await asyncio.sleep(0)
        for _ in range(3):
            assert not await line.look()
        assert line.rebuilt == 1
        assert line._client is not client
        assert await _looked(line)
    finally:
        await line.close()
    assert not notes.events
    assert clock.ahead == 0


async def _looked(line: Line) -> bool:
    async with asyncio.timeout(PATIENCE_S):
        while not await line.look():  # noqa: ASYNC110 - looking is the point
            await asyncio.sleep(0.01)
    return True


@pytest.mark.parametrize("error", ["invalid_auth", "token_revoked", "missing_scope"])
async def test_a_fatal_refusal_stops_and_alarms(slack: LocalSlack, error: str) -> None:
    notes = Notes()
    slack.fail("apps.connections.open", *[Fails(error=error)] * 50)
    await asyncio.wait_for(sockets_on(slack, notes, Clock()).run(), PATIENCE_S)
    (alarm,) = notes.of(Alarm)
    assert (alarm.what, alarm.detail) == ("slack_refused", f"{error}: {CURES[error]}")
    tried = len(slack.calls)
    await asyncio.sleep(0.3)
    assert len(slack.calls) == tried <= 4


async def test_a_disabled_link_stops_and_alarms(slack: LocalSlack) -> None:
    notes = Notes()
    task = asyncio.create_task(sockets_on(slack, notes, Clock()).run())
    await until(lambda: slack.sockets == 2)
    await slack.disconnect("link_disabled")
    await asyncio.wait_for(task, PATIENCE_S)
    assert [alarm.detail for alarm in notes.of(Alarm)] == ["link_disabled"]
    await asyncio.sleep(0.3)
    assert slack.sockets == 0


async def test_a_slack_that_is_away_at_the_start_is_waited_for(slack: LocalSlack) -> None:
    slack.fail("apps.connections.open", *[Fails(status=500)] * 6)
    notes, clock = Notes(), Clock()
    sockets = sockets_on(slack, notes, clock)
    task = asyncio.create_task(sockets.run())
    try:
        await until(lambda: len(slack.calls) >= 2)
        assert sockets.connected == 0
        await until(lambda: sockets.connected == 2)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_deafness_is_said_once_and_its_end_too(slack: LocalSlack) -> None:
    slack.fail("apps.connections.open", *[Fails(status=500)] * 1_000)
    notes, clock = Notes(), Clock()
    sockets = sockets_on(slack, notes, clock)
    task = asyncio.create_task(sockets.run())
    try:
        await asyncio.sleep(0.2)
        assert not notes.events, "a moment is not worth a word"
        clock.ahead = DEAF_AFTER_MS + 1_000
        await until(lambda: notes.of(Trouble))
        await asyncio.sleep(0.2)
        slack.recover()
        await until(lambda: sockets.connected == 2)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert [trouble.down for trouble in notes.of(Trouble)] == [True, False]


async def test_stopping_does_not_wait_for_a_peer_that_is_gone(world: World) -> None:
    loop = asyncio.get_running_loop()
    async with by_socket(world):
        began = loop.time()
    assert loop.time() - began < 3


async def test_no_ticket_and_no_token_is_ever_logged(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    async with by_socket(world):
        world.slack.dead_tickets = 2
        await world.slack.disconnect("warning")
        await until(lambda: world.slack.tickets_tried >= 4)
        await until(lambda: world.slack.sockets == 2)
    assert "ticket" not in caplog.text
    assert "xapp" not in caplog.text
