"""Puts together the other places where people are told, as [[notify]] says."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, assert_never

from approvals.events import Event, Journal
from approvals.service import Service
from gateway.clock import Clock
from gateway.observe.observer import Observer
from gateway.tasks import Task
from notifiers.alarm_news import AlarmNews
from notifiers.elsewhere.one_way import Carrier, OneWay
from notifiers.elsewhere.standby import Standby
from notifiers.health import SlackHealth
from notifiers.ports import Posts
from notifiers.settings import NotifySettings
from notifiers.slack.pace import Pace
from notifiers.story import names_of
from notifiers.words.readable import listed

EVERY_MS: Final = 500
BURST: Final = 20
"""Of messages to one place: many at once are taken, then two a second."""


@dataclass(frozen=True, slots=True)
class Both:
    """A Journal for two."""

    one: Journal
    other: Journal

    def note(self, event: Event) -> None:
        """Each takes notice."""
        self.one.note(event)
        self.other.note(event)


def carrier_of(settings: NotifySettings, now_ms: Callable[[], int]) -> Carrier:
    """What takes bulletins to a place. A library is loaded only where it is needed."""
    match settings.kind:
        case "webhook":
            from notifiers.elsewhere.webhook import Webhook

            assert settings.secret is not None  # noqa: S101 - the configuration was checked
            return Webhook(settings.url, settings.secret, now_ms)
        case "apprise":
            from notifiers.elsewhere.apprise_post import ApprisePost

            return ApprisePost(settings.url)
        case _ as never:
            assert_never(never)


def one_ways(
    settings: Sequence[NotifySettings], posts: Posts, observer: Observer, clock: Clock
) -> tuple[OneWay, ...]:
    """Each configured place."""
    return tuple(
        OneWay(
            one,
            carrier_of(one, clock.now_ms),
            posts,
            Pace(clock.now_ms, every_ms=EVERY_MS, burst=BURST),
            journal=observer,
            now_ms=clock.now_ms,
        )
        for one in settings
    )


def alarm_tasks(
    ways: Sequence[OneWay], observer: Observer, slack_down: Callable[[], bool]
) -> list[Task]:
    """What brings alarms to those that want them."""
    tasks: list[Task] = []
    for way in ways:
        if "alarm" in way.settings.on:
            wanted = (lambda: True) if way.always else slack_down
            news = AlarmNews(way, wanted)
            observer.also(news)
            tasks.append(news.run)
    return tasks


def standbys_of(
    ways: Sequence[OneWay],
    health: SlackHealth,
    service: Service,
    observer: Observer,
    clock: Clock,
) -> tuple[Standby, ...]:
    """Those that are used while Slack is down."""
    standbys = tuple(
        Standby(
            way,
            health,
            service,
            service.outbox,
            names=lambda: names_of(service.policy),
            journal=observer,
            now_ms=clock.now_ms,
        )
        for way in ways
        if not way.always
    )
    for standby in standbys:
        health.also(standby.wake)
    return standbys


def also_told(ways: Sequence[OneWay]) -> str:
    """The rest of the start-up line."""
    always = listed(tuple(way.name for way in ways if way.always))
    second = listed(tuple(way.name for way in ways if not way.always))
    return (f" Told as well: {always}." if always else "") + (
        f" Told while Slack is down: {second}." if second else ""
    )
