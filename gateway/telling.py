"""Where people are told and heard: Slack if it is configured, else this process's own output."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Final

from starlette.routing import Route

from approvals.service import Service
from gateway.clock import Clock
from gateway.observe import Observer
from gateway.settings import Settings
from gateway.slack_http import PATH, slack_endpoint
from keys.seals import SealKey
from notifiers.console import Console
from notifiers.pace import Pace
from notifiers.settings import SlackSettings
from notifiers.slack_clicks import Clicks
from notifiers.slack_client import SlackClient, SlackTrouble
from notifiers.slack_posts import SlackPosts
from notifiers.slack_socket import Sockets
from notifiers.story import names_of
from notifiers.teller import Teller
from notifiers.text import Names

AGAIN_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Telling:
    """The teller and, with Slack, the ears: tasks to run, routes to serve, a line to say."""

    teller: Teller
    tasks: tuple[Callable[[], Coroutine[Any, Any, Any]], ...]
    routes: tuple[Route, ...]
    line: str


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

    def teller(*notifiers: Any) -> Teller:
        return Teller(
            service,
            service.outbox,
            notifiers,
            names=names,
            journal=observer,
            now_ms=clock.now_ms,
        )

    if settings.slack is None:
        console = teller(Console(sys.stdout))
        line = "Approvals are told here and decided with `countersign approve` or `reject`."
        return Telling(console, (console.run,), (), line)
    slack = SlackClient(settings.slack)
    posts = SlackPosts(slack, settings.slack.channel, service.outbox, Pace(clock.now_ms))
    screen = teller(posts)
    clicks = Clicks(
        service,
        service.outbox,
        slack,
        screen,
        workspace=settings.slack.workspace,
        seal_key=seal_key,
        names=names,
        journal=observer,
        now_ms=clock.now_ms,
    )
    stack.push_async_callback(clicks.close)
    tasks: list[Callable[[], Coroutine[Any, Any, Any]]] = [
        screen.run,
        Introduction(settings.slack, slack, observer).run,
    ]
    routes: list[Route] = []
    if settings.slack.app_token is not None:
        tasks.append(Sockets(settings.slack, clicks, journal=observer, now_ms=clock.now_ms).run)
    if settings.slack.signing_secret is not None:
        endpoint = slack_endpoint(settings.slack.signing_secret, clicks, clock.now_ms)
        routes.append(Route(PATH, endpoint, methods=["POST"]))
    line = f"Slack: workspace {settings.slack.workspace}, channel {settings.slack.channel}."
    return Telling(screen, tuple(tasks), tuple(routes), line)


@dataclass(frozen=True, slots=True)
class Introduction:
    """Asks Slack who we are, until it says what the configuration says; a wrong token alarms."""

    settings: SlackSettings
    slack: SlackClient
    observer: Observer

    async def run(self) -> None:
        """Nothing waits for this: without Slack the command line works."""
        while (trouble := await self._trouble()) is not None:
            self.observer.found("slack", trouble)
            await asyncio.sleep(AGAIN_S)
        self.observer.found("slack", None)

    async def _trouble(self) -> str | None:
        try:
            identity = await self.slack.who_am_i()
        except SlackTrouble as trouble:
            return f"Slack cannot be used: {trouble}"
        if identity.workspace != self.settings.workspace:
            return f"the bot token is for workspace {identity.workspace}: no click will count"
        return None
