"""Where people are told and heard: Slack if it is configured, else this process's own output."""

import asyncio
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Final

from starlette.routing import Route

from approvals.service import Service
from approvals.untold import BURST_MEMBER
from gateway.clock import Clock
from gateway.config.settings import Settings
from gateway.doors.slack import PATH, slack_endpoint
from gateway.notifying import Both, alarm_tasks, also_told, one_ways, standbys_of
from gateway.observe.observer import Observer
from gateway.tasks import Task
from keys.seals import SealKey
from notifiers.console import NAME as CONSOLE
from notifiers.console import Console
from notifiers.health import SlackHealth
from notifiers.noting import Noting
from notifiers.ports import Screen
from notifiers.settings import SlackSettings
from notifiers.slack.arrears import Arrears
from notifiers.slack.clicks import Clicks
from notifiers.slack.client import SlackClient
from notifiers.slack.cures import with_cure
from notifiers.slack.pace import Pace
from notifiers.slack.posts import SlackPosts
from notifiers.slack.socket import Sockets
from notifiers.slack.summary import Summary
from notifiers.slack.thread import NAME as SLACK
from notifiers.slack.trouble import SlackTrouble
from notifiers.slack.watched import WatchedSlack
from notifiers.story import names_of
from notifiers.tellers import Tellers
from notifiers.words.text import Names

AGAIN_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Telling:
    """The tellers and, with Slack, the ears: tasks to run, routes to serve, a line to say.

    `wakes` are called when a record was written.
    """

    tellers: Tellers
    wakes: tuple[Callable[[], None], ...]
    tasks: tuple[Task, ...]
    routes: tuple[Route, ...]
    line: str


def places_of(settings: Settings) -> tuple[str, ...]:
    """The names of all places where people are told, the screen first."""
    screen = CONSOLE if settings.slack is None else SLACK
    return (screen, *(one.name for one in settings.notify))


def telling(
    settings: Settings,
    service: Service,
    observer: Observer,
    clock: Clock,
    stack: AsyncExitStack,
    *,
    seal_key: SealKey,
) -> Telling:
    """Put the notifiers together. What Slack says at the start stops nothing: it alarms."""

    def names() -> Names:
        return names_of(service.policy)

    def tellers(screen: Screen, burst: Any = None) -> Tellers:
        return Tellers(
            service,
            service.outbox,
            screen,
            ways,
            names=names,
            journal=observer,
            now_ms=clock.now_ms,
            burst=burst,
        )

    def noting(place: str) -> Noting:
        return Noting(place, observer, clock.now_ms)

    ways = one_ways(settings.notify, service.outbox, observer, clock)
    if settings.slack is None:
        told = tellers(Console(sys.stdout, noting(CONSOLE)))
        line = "Approvals are told here and decided with `countersign approve` or `reject`."
        tasks = (*_runs(told), *alarm_tasks(ways, observer, lambda: False))
        return Telling(told, (told.wake,), tasks, (), f"{line}{also_told(ways)}")
    channel, pace = settings.slack.channel, Pace(clock.now_ms)
    slack = SlackClient(settings.slack, limited=pace.spent)
    posts = SlackPosts(slack, channel, service.outbox, pace, noting(SLACK))
    health = SlackHealth(
        observer, clock.now_ms, clicks_by_http=settings.slack.signing_secret is not None
    )
    standbys = standbys_of(ways, health, service, observer, clock)
    summary = Summary(slack, channel, service, service.outbox, pace)
    watched = WatchedSlack(posts, health, pace)
    told = tellers(watched, burst=lambda: watched.watched(BURST_MEMBER, summary.tell))
    clicks = Clicks(
        service,
        service.outbox,
        slack,
        told,
        workspace=settings.slack.workspace,
        seal_key=seal_key,
        names=names,
        journal=observer,
        now_ms=clock.now_ms,
    )
    stack.push_async_callback(clicks.close)
    running: list[Task] = [
        *_runs(told),
        Introduction(settings.slack, slack, observer, health).run,
        Arrears(service, service.outbox, service.outbox.at(SLACK), clock.now_ms).run,
        lambda: health.run(posts.announce),
        *(standby.run for standby in standbys),
        *alarm_tasks(ways, observer, lambda: health.ailing),
    ]
    routes: list[Route] = []
    if settings.slack.app_token is not None:
        journal = Both(observer, health)
        running.append(Sockets(settings.slack, clicks, journal=journal, now_ms=clock.now_ms).run)
    if settings.slack.signing_secret is not None:
        endpoint = slack_endpoint(settings.slack.signing_secret, clicks, clock.now_ms)
        routes.append(Route(PATH, endpoint, methods=["POST"]))
    line = f"Slack: workspace {settings.slack.workspace}, channel {settings.slack.channel}."
    wakes = (told.wake, *(standby.wake for standby in standbys))
    return Telling(told, wakes, tuple(running), tuple(routes), f"{line}{also_told(ways)}")


def _runs(tellers: Tellers) -> list[Task]:
    """A task for each place."""
    return [teller.run for teller in tellers.each]


@dataclass(frozen=True, slots=True)
class Introduction:
    """Asks Slack who we are, until it says what the configuration says; a wrong token alarms."""

    settings: SlackSettings
    slack: SlackClient
    observer: Observer
    health: SlackHealth

    async def run(self) -> None:
        """Nothing waits for this: without Slack the command line works."""
        while (trouble := await self._trouble()) is not None:
            self.observer.found("slack", trouble)
            self.health.introduced(trouble)
            await asyncio.sleep(AGAIN_S)
        self.observer.found("slack", None)
        self.health.introduced(None)

    async def _trouble(self) -> str | None:
        try:
            identity = await self.slack.who_am_i()
        except SlackTrouble as trouble:
            return f"Slack cannot be used: {with_cure(trouble.error)}"
        if identity.workspace != self.settings.workspace:
            return (
                f"the bot token is for workspace {identity.workspace}: no click will count; correct"
                " workspace in [slack]"
            )
        return None
