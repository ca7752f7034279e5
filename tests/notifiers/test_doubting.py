"""What was done without our yes reaches people, whatever becomes of it in Redis, and once."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from approvals.aftermath.doubting import ALONE_MS, LONGEST_MEND_MS
from approvals.aftermath.doubts import DOUBTS_MEMBER, GRACE_MS
from approvals.aftermath.hearing import OVERHEARD_MS
from approvals.aftermath.store import AfterStore
from approvals.audit.reading import remember
from approvals.memory import Memory
from approvals.model import Choice
from approvals.redis.link import Link, StoreDown, key
from approvals.service import Service
from notifiers.ports import NotTold
from notifiers.teller import Teller
from notifiers.tellers import Tellers
from notifiers.words.text import NO_NAMES
from tests.notifiers.test_aftermath import alarms, hear, in_channel, overridden, report
from tests.notifiers.world import World

DOUBTS, UNTOLD, AT_SLACK = key("doubts"), key("untold"), key("untold", "slack")
UNKNOWN: dict[str, Any] = {"request_id": "nobody:1", "task": ""}

Theft = Callable[[Any], Awaitable[object]]

THEFTS: dict[str, Theft] = {
    "what is kept": lambda client: client.delete(DOUBTS),
    "that it is to be told": lambda client: client.zrem(UNTOLD, DOUBTS_MEMBER),
    "both": lambda client: client.delete(DOUBTS, UNTOLD, AT_SLACK),
    "when it is to be told": lambda client: client.zadd(UNTOLD, {DOUBTS_MEMBER: 1e15}),
    "what it says": lambda client: client.set(DOUBTS, "forged"),
    "what it is": lambda client: client.eval(
        "redis.call('DEL', KEYS[1]); redis.call('RPUSH', KEYS[1], 'x')", 1, DOUBTS
    ),
}


def teller_of(world: World, service: Service) -> Teller:
    tellers = Tellers(
        service,
        world.outbox,
        world.posts,
        names=lambda: NO_NAMES,
        journal=world.notes,
        now_ms=world.clock.now_ms,
    )
    return tellers.each[0]


async def later(world: World) -> None:
    """Past the grace, and three looks of the teller."""
    world.clock.ahead += GRACE_MS + 100
    for _ in range(3):
        await world.told()
        world.clock.ahead += 1_000


@pytest.mark.parametrize("stolen", THEFTS)
async def test_whoever_takes_it_from_redis_keeps_nobody_from_the_alarm(
    world: World, stolen: str
) -> None:
    await hear(world, report(**UNKNOWN))
    await THEFTS[stolen](world._link.client)
    await later(world)
    (said,) = in_channel(world)
    assert said.startswith("ALARM signed_unknown: node-1 ")
    assert [what for what in alarms(world) if what != "damaged"] == ["signed_unknown"]
    assert (await world.service.doubting.kept()).kept[0].said == ("slack",)


async def test_a_theft_before_every_look_neither_hides_it_nor_says_it_twice(world: World) -> None:
    await hear(world, report(**UNKNOWN))
    world.clock.ahead += GRACE_MS + 100
    for _ in range(5):
        await world._link.client.delete(DOUBTS)
        await world.teller.tell_due()
        world.clock.ahead += 31_000
    assert len(in_channel(world)) == 1
    assert alarms(world) == ["signed_unknown"]


async def test_what_was_taken_and_clears_up_is_no_alarm(world: World) -> None:
    await hear(world, report())
    await world._link.client.delete(DOUBTS)
    await overridden(world)
    said_before = len(in_channel(world))
    await later(world)
    assert alarms(world) == []
    assert len(in_channel(world)) == said_before
    assert (await world.service.doubting.kept()).kept == ()


async def test_another_gateway_that_told_it_is_believed(world: World) -> None:
    """Whoever heard of it learns that, though it asks for nothing else."""
    other = teller_of(world, Service(world.service._ledger.parts))
    await hear(world, report(**UNKNOWN))
    world.clock.ahead += GRACE_MS + 100
    await other.tell_due()
    assert len(in_channel(world)) == 1
    await world.teller.tell_due()
    await world._link.client.delete(DOUBTS)
    await later(world)
    assert len(in_channel(world)) == 1
    assert alarms(world) == ["signed_unknown"]


@pytest.fixture
def refused(world: World, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What Slack was asked to say while it takes nothing, and wants to be left alone for 600 s."""
    asked: list[str] = []

    async def limited(text: str) -> None:
        asked.append(text)
        raise NotTold("limited", retry_after=600)

    monkeypatch.setattr(world.posts, "announce", limited)
    return asked


async def test_a_place_that_wants_to_be_left_alone_is_though_it_is_to_be_told_again_long_after(
    world: World, refused: list[str]
) -> None:
    await hear(world, report(**UNKNOWN))
    await later(world)
    assert len(refused) == 1
    world.clock.ahead += 600_000
    await world.told()
    assert len(refused) == 2


async def test_a_place_that_wants_to_be_left_alone_is_though_redis_cannot_be_asked(
    world: World, refused: list[str]
) -> None:
    await hear(world, report(**UNKNOWN))
    world.clock.ahead += GRACE_MS + ALONE_MS + 100
    for expected in (1, 1, 2):
        await world.teller.tell_alone()
        assert len(refused) == expected
        world.clock.ahead += 300_000


async def test_once_a_place_takes_something_again_nothing_waits_for_the_end_of_its_rest(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as away:

        async def limited(_text: str) -> None:
            raise NotTold("limited", retry_after=600)

        away.setattr(world.posts, "announce", limited)
        await hear(world, report(**UNKNOWN))
        await later(world)
    await hear(world, report(**UNKNOWN, event_id="e2"))
    await later(world)
    assert len(in_channel(world)) == 2
    await hear(world, report(**UNKNOWN, event_id="e3"))
    await world._link.client.delete(DOUBTS, UNTOLD, AT_SLACK)
    await later(world)
    assert len(in_channel(world)) == 3


async def test_nothing_is_asked_of_redis_once_people_were_told(world: World) -> None:
    await hear(world, report(**UNKNOWN))
    asked = []

    async def comes_at() -> None:
        asked.append("when")

    assert await world.service.doubting.lost("slack", comes_at)
    await later(world)
    assert len(in_channel(world)) == 1
    assert not await world.service.doubting.lost("slack", comes_at)
    assert asked == ["when"]


async def test_while_another_gateway_tells_it_nobody_else_does(world: World) -> None:
    await hear(world, report(**UNKNOWN))
    world.clock.ahead += GRACE_MS + 100
    assert DOUBTS_MEMBER in await world.untold.claim(world.clock.now_ms(), 1)
    for _ in range(3):
        await world.teller.tell_due()
        world.clock.ahead += 5_000
    assert in_channel(world) == []


async def test_what_is_gone_while_another_gateway_was_to_tell_it_is_told_at_once(
    world: World,
) -> None:
    await hear(world, report(**UNKNOWN))
    world.clock.ahead += GRACE_MS + 100
    assert DOUBTS_MEMBER in await world.untold.claim(world.clock.now_ms(), 1)
    await world._link.client.delete(DOUBTS)
    await world.teller.tell_due()
    assert len(in_channel(world)) == 1


async def test_what_is_not_ours_is_set_aside_as_it_is_and_is_an_alarm_once(world: World) -> None:
    client = world._link.client
    await client.set(DOUBTS, "forged")
    await hear(world, report(**UNKNOWN))
    await later(world)
    assert alarms(world) == ["damaged", "signed_unknown"]
    (aside,) = [name async for name in client.scan_iter(key("aside", "doubts-*"))]
    assert await client.get(aside) == b"forged"
    assert await client.pttl(aside) > OVERHEARD_MS
    assert len(in_channel(world)) == 1


async def test_who_goes_on_spoiling_it_gets_an_alarm_ever_more_seldom_and_hides_nothing(
    world: World,
) -> None:
    await hear(world, report(**UNKNOWN))
    for _ in range(40):
        await world._link.client.set(DOUBTS, "forged")
        await world.teller.tell_due()
        await world.service.doubting.kept()
        world.clock.ahead += 1_000
    assert alarms(world).count("damaged") <= 6  # after 0, 1, 3, 7, 15, 31 seconds
    assert alarms(world).count("signed_unknown") == len(in_channel(world)) == 1
    world.clock.ahead += LONGEST_MEND_MS
    await world.told()
    await hear(world, report(**UNKNOWN, event_id="e2"))
    await later(world)
    assert len(in_channel(world)) == 2


async def test_where_redis_cannot_be_asked_whoever_heard_of_it_says_it_after_a_while(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hear(world, report(**UNKNOWN))
    with monkeypatch.context() as away:

        def down(_link: Link) -> None:
            raise StoreDown("away")

        away.setattr(Link, "reaching", down)
        early = world.clock.now_ms() + GRACE_MS + ALONE_MS - 1_000

        async def sleep(_seconds: float) -> None:
            if world.clock.now_ms() > early + 20_000:
                raise asyncio.CancelledError
            assert world.clock.now_ms() > early or in_channel(world) == []
            world.clock.ahead += 5_000
            teller.wake()

        teller = teller_of(world, world.service)
        away.setattr(teller, "_sleep", sleep)
        with pytest.raises(asyncio.CancelledError):
            await teller.run()
        assert len(in_channel(world)) == 1
    await later(world)
    assert len(in_channel(world)) == 1
    assert alarms(world) == ["signed_unknown"]
    assert (await world.service.doubting.kept()).kept[0].said == ("slack",)


async def test_a_new_start_finds_in_the_audit_what_nobody_was_told(
    world: World, tmp_path: Path
) -> None:
    await overridden(world, Choice.REJECT)
    said_before = len(in_channel(world))
    await hear(world, report(**UNKNOWN), report(event_id="e2"), report("failed"))

    def start_again() -> None:
        known = remember(tmp_path / "audit", Memory(), since=0)
        world.service = Service(world.service._ledger.parts)
        world.service.aftermath.remember(known.overheard)
        world.restart()

    await world._link.client.delete(DOUBTS, UNTOLD, AT_SLACK)
    start_again()
    await later(world)
    said = sorted(text.split(":")[0] for text in in_channel(world)[said_before:])
    assert said == ["ALARM signed_rejected", "ALARM signed_unknown"]
    start_again()  # and who was told is in Redis
    await later(world)
    assert len(in_channel(world)) == said_before + 2
    await world._link.client.delete(DOUBTS, UNTOLD, AT_SLACK)
    world.clock.ahead += OVERHEARD_MS
    start_again()
    await later(world)
    assert len(in_channel(world)) == said_before + 2


async def test_an_event_that_the_disk_has_and_redis_has_not_is_heard_when_it_comes_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def down(*_: object, **__: object) -> None:
        raise StoreDown("away")

    with monkeypatch.context() as away:
        away.setattr(AfterStore, "write_doubts", down)
        with pytest.raises(StoreDown):
            await hear(world, report(**UNKNOWN))
    await hear(world, report(**UNKNOWN))
    await later(world)
    assert len(in_channel(world)) == 1


async def test_a_signature_of_an_approved_task_that_does_not_say_what_it_is_has_no_approval(
    world: World,
) -> None:
    approval = await overridden(world)
    said_before = len(in_channel(world))
    await hear(world, report(request_id="other:1", signs=""))
    await later(world)
    assert alarms(world) == ["signed_unknown"]
    (said,) = in_channel(world)[said_before:]
    assert f"It names task {approval.task} and not what it signed" in said
    assert not (await world.service.after_of(approval)).reported
    assert "signed at" not in world.slack.message.text


async def test_any_signature_of_a_rejected_task_is_an_alarm_at_once(world: World) -> None:
    await overridden(world, Choice.REJECT)
    await hear(world, report(request_id="other:1", signs=""))
    assert alarms(world) == ["signed_rejected"]
    await world.told()
    assert "BUT the node says: signed at" in world.slack.message.text
