"""A world with a second notifier beside Slack: a webhook at a local receiver."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from approvals.outbox import Outbox
from approvals.untold import BURST_MEMBER
from gateway.tasks import end
from keys.secret import Secret
from notifiers.elsewhere.one_way import OneWay
from notifiers.elsewhere.standby import Standby
from notifiers.elsewhere.webhook import Webhook
from notifiers.health import SlackHealth
from notifiers.settings import NotifyEvent, NotifySettings, NotifyWhen
from notifiers.slack.pace import Pace
from notifiers.slack.watched import WatchedSlack
from notifiers.story import names_of
from notifiers.teller import Teller
from notifiers.tellers import Tellers
from tests.notifiers.world import World, all_told
from tests.support.receiver import Receiver

KEY = "hmac-key-of-the-pager"
ALL: tuple[NotifyEvent, ...] = ("asked", "escalated", "decided", "frozen", "alarm")


def pager(
    receiver: Receiver,
    *on: NotifyEvent,
    when: NotifyWhen = "always",
    name: str = "pager",
) -> NotifySettings:
    url, secret = Secret(receiver.url), Secret(KEY)
    return NotifySettings(name, "webhook", url, secret, frozenset(on or ALL), when)


def one_way(world: World, settings: NotifySettings) -> OneWay:
    assert settings.secret is not None
    carrier = Webhook(settings.url, settings.secret, world.clock.now_ms, timeout_s=0.3)
    pace = Pace(world.clock.now_ms, every_ms=1, burst=100)
    return OneWay(
        settings,
        carrier,
        world.outbox,
        pace,
        journal=world.notes,
        now_ms=world.clock.now_ms,
    )


@dataclass
class Second:
    """One gateway's parts, made anew as after a start."""

    world: World
    way: OneWay
    health: SlackHealth
    standby: Standby
    tellers: Tellers

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        tasks = [
            asyncio.create_task(self.standby.run()),
            asyncio.create_task(self.health.run(self.world.posts.announce, _briefly)),
        ]
        try:
            yield
        finally:
            await end(tasks)

    @property
    def teller(self) -> Teller:
        """Slack's."""
        return self.tellers.each[0]

    async def told(self) -> None:
        await all_told(self.tellers)


async def _briefly(_seconds: float) -> None:
    await asyncio.sleep(0.01)


def second(
    world: World, settings: NotifySettings, *, soft_s: float = 3.0, clicks_by_http: bool = False
) -> Second:
    """Slack, watched, and the second notifier."""
    now, notes = world.clock.now_ms, world.notes
    way = one_way(world, settings)
    health = SlackHealth(notes, now, clicks_by_http=clicks_by_http)

    def names():
        return names_of(world.service.policy)

    standby = Standby(
        way, health, world.service, world.outbox, names=names, journal=notes, now_ms=now
    )
    health.also(standby.wake)
    watched = WatchedSlack(world.posts, health, world.paced, soft_s=soft_s)
    tellers = Tellers(
        world.service,
        Outbox(world._link, world.seal_key, (watched.name, way.name)),
        watched,
        (way,),
        names=names,
        journal=notes,
        now_ms=now,
        burst=lambda: watched.watched(BURST_MEMBER, world.summary.tell),
    )
    return Second(world, way, health, standby, tellers)
