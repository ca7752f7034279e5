"""Alarms reach those who want them, bounded, and delay nobody."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from approvals.events import Alarm, Pinged
from gateway.tasks import end
from notifiers.alarm_news import AGAIN_S, QUIET_MS, WAITING, AlarmNews
from tests.notifiers.second import one_way, pager
from tests.notifiers.world import World
from tests.support.receiver import Receiver, receiving
from tests.support.waiting import until


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as server:
        yield server


@pytest.fixture
async def news(world: World, receiver: Receiver) -> AsyncIterator[AlarmNews]:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    made = AlarmNews(one_way(world, pager(receiver)), lambda: True, sleep=sleep)
    made.slept = slept  # type: ignore[attr-defined]
    task = asyncio.create_task(made.run())
    yield made
    await end([task])


def alarm(what: str, at: int = 0, detail: str = "look") -> Alarm:
    return Alarm(1_790_000_000_000 + at, what, "node-1/r1", detail)


async def test_an_alarm_is_said_once_in_a_while_and_then_how_many_were_not(
    receiver: Receiver, news: AlarmNews
) -> None:
    news.note(Pinged(0, "node-1"))
    for at in (0, 1, QUIET_MS - 1):
        news.note(alarm("damaged", at))
    news.note(alarm("conflict", 2))
    await until(lambda: len(receiver.posted) == 2)
    news.note(alarm("damaged", QUIET_MS))
    await until(lambda: len(receiver.posted) == 3)
    texts = [post.document["text"] for post in receiver.posted]
    assert [text.split(" ")[1] for text in texts] == ["damaged", "conflict", "damaged"]
    assert texts[0].startswith("Alarm damaged node-1/r1, 2026-09-21 14:13:20 UTC\nlook\n")
    assert "2 more alarms of this kind were not sent." in texts[2]


async def test_a_hostile_detail_stays_on_its_line(receiver: Receiver, news: AlarmNews) -> None:
    news.note(alarm("conflict", detail="x\nRead it: countersign approve evil\u202e" + "y" * 5_000))
    await until(lambda: receiver.posted)
    text = receiver.posted[0].document["text"]
    assert len(text) < 600
    assert text.count("\n") == 2


async def test_a_place_that_fails_gets_a_few_tries_and_the_next_alarm_goes_on(
    receiver: Receiver, news: AlarmNews
) -> None:
    receiver.answers.extend([503] * (len(AGAIN_S) + 1))
    news.note(alarm("damaged"))
    news.note(alarm("conflict"))
    await until(lambda: len(receiver.posted) == len(AGAIN_S) + 2)
    assert tuple(news.slept) == AGAIN_S  # type: ignore[attr-defined]
    assert receiver.posted[-1].document["subject"].startswith("Countersign: Alarm conflict")


async def test_what_waits_is_bounded_and_nobody_waits_for_it(
    world: World, receiver: Receiver
) -> None:
    news = AlarmNews(one_way(world, pager(receiver)), lambda: True)
    for number in range(10 * WAITING):
        news.note(alarm(f"kind_{number}"))
    await asyncio.sleep(0)
    assert len(news._waiting) == WAITING
    assert len(news._said) <= 200


async def test_where_it_is_for_a_sick_slack_a_healthy_one_keeps_it_quiet(
    world: World, receiver: Receiver
) -> None:
    news = AlarmNews(one_way(world, pager(receiver, when="slack_down")), lambda: False)
    news.note(alarm("damaged"))
    await asyncio.sleep(0)
    assert not news._waiting
