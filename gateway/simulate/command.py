"""`countersign simulate`: a TSS Node against a running gateway; its answers checked and told."""

import asyncio
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import aiohttp
import click

from approvals.chains.tables import SHIPPED
from approvals.inspect import inspect
from approvals.plain import plain
from approvals.wording import counted
from gateway.config.file import Settings
from gateway.doors.wire import NotACallbackRequest, Ping, parse
from gateway.oncall.terminal import UNREACHABLE, Failure, print_json
from gateway.simulate import page
from gateway.simulate.attempts import Answer, Event, NoResponse
from gateway.simulate.book import Misbehavior
from gateway.simulate.conformance import Line, play_book, said
from gateway.simulate.events import Outcome, Shape
from gateway.simulate.node import NodeSettings, attempt
from gateway.simulate.playing import Call, Run, play, play_all, stop_on_interrupt
from gateway.simulate.progress import Onlooker
from gateway.simulate.reporting import Reporter, event_key
from gateway.simulate.requests import Wish, request_id_of, sample, sample_names, turns
from gateway.simulate.tally import Expected, Played, Tally, tally, went_as
from gateway.simulate.twin import Twin, chosen, difference, twin_of
from notifiers.words.headline import headline

_PING: Final = b'{"request_id":"","request_type":0,"request_detail":"","extra_info":""}'


@dataclass(frozen=True, slots=True)
class Events:
    """What the node reports after an approval, and how; `key` None: the test node's event key."""

    outcome: Outcome
    shape: Shape = "sdk"
    key: Path | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """A load: so many requests a second, for so many seconds."""

    rate: float
    seconds: float

    @property
    def count(self) -> int:
        """How many requests that makes."""
        return math.ceil(self.rate * self.seconds)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to play. Of `at_once` and `profile` one at most; `expected`: what is to come of it."""

    twin: Twin
    wished: tuple[Wish, ...]
    at_once: int = 1
    profile: Profile | None = None
    expected: Expected | None = None
    events: Events | None = None
    as_json: bool = False

    @property
    def calls(self) -> Iterator[Call]:
        """Each request in its time."""
        if self.profile is None:
            return map(Call, turns(self.wished, self.count))
        rate = self.profile.rate
        each = enumerate(turns(self.wished, self.count))
        return (Call(wish, number / rate) for number, wish in each)

    @property
    def count(self) -> int:
        """How many requests are asked."""
        return self.profile.count if self.profile else len(self.wished) * self.at_once


def simulate(settings: Settings, wanted: Wanted) -> None:
    """Ask as this node would, and exit by what it went by.

    Raises:
        Failure: a check failed, or what was expected did not come.
    """
    node = _node(settings, wanted.twin)
    events = wanted.events
    report = None
    if events is not None:
        key = event_key(settings, events.key)
        report = Reporter(node, key, events.outcome, events.shape)
    if wanted.count == 1 and wanted.profile is None:
        _one(node, wanted, report)
    else:
        _many(node, wanted, report)


def misbehave(
    settings: Settings, twin: Twin, book: Sequence[Misbehavior], *, as_json: bool
) -> None:
    """Play misbehaviors, and exit by whether each got what it should.

    Raises:
        Failure: one got something else, or nobody was there.
    """
    node = _node(settings, twin)

    async def played() -> list[Line]:
        stop = stop_on_interrupt()
        await _greet(node)
        return await play_book(node, book, stop)

    if not as_json:
        click.echo(f"{counted(len(book), 'misbehavior')} -> {node.url}")
    lines = asyncio.run(played())
    ok = all(line.ok for line in lines) and len(lines) == len(book)
    if as_json:
        told = [{**plain(line), "ok": line.ok} for line in lines]
        print_json({"ok": ok, "played": len(lines), "of": len(book), "lines": told})
    else:
        page.print_conformance(lines, len(book))
    if not ok:
        raise click.exceptions.Exit(1)


def list_samples(*, as_json: bool) -> None:
    """The samples of the package, and what each one does."""
    rows = [(name, _about(name)) for name in sample_names()]
    if as_json:
        print_json([{"sample": name, "does": about} for name, about in rows])
    else:
        page.print_samples(rows)


def _about(name: str) -> str:
    """What people would read above it."""
    try:
        request = parse(sample(name), "some-node")
    except NotACallbackRequest as problem:
        return str(problem)
    return "Ping" if isinstance(request, Ping) else headline(inspect(request, SHIPPED))


def _node(settings: Settings, twin: Twin) -> NodeSettings:
    node = twin_of(settings, twin)
    warning = difference(chosen(settings, twin.name).window, node.window)
    if warning:
        click.echo(warning, err=True)
    return node


def _one(node: NodeSettings, wanted: Wanted, report: Reporter | None) -> None:
    (wish,) = wanted.wished
    package = wish.asked()
    if not wanted.as_json:
        click.echo(f"{request_id_of(package)} -> {node.url}")

    async def played() -> Played:
        return await play(
            node,
            wish.name,
            package,
            stop=stop_on_interrupt(),
            report=report,
            on_event=(lambda _: None) if wanted.as_json else _tell,
        )

    ended = asyncio.run(played())
    conclusion = ended.conclusion
    if wanted.as_json:
        event = {} if ended.event is None else {"event": plain(ended.event)}
        print_json({"request_id": ended.request_id, **plain(conclusion), **event})
    else:
        click.echo(page.told(conclusion))
        if ended.event is not None:
            click.echo(page.reported(ended.event))
    _judge_one(ended, wanted.expected)


def _tell(event: Event) -> None:
    click.echo(page.describe(event))
    advice = page.advice(event)
    if advice:
        click.echo(advice, err=True)


def _judge_one(ended: Played, expected: Expected | None) -> None:
    conclusion = ended.conclusion
    if conclusion.by == "gave up" and conclusion.error == "connection refused":
        raise Failure(page.ABSENT, UNREACHABLE)
    broken = [check for check in tally([ended], expected).checks if not check.ok]
    for check in broken:
        if check.name not in {"answered", "expected"}:
            raise Failure(f"This does not hold: {check.sentence}.")
    if expected is None and conclusion.action == "REJECT":
        raise click.exceptions.Exit(1)
    if expected is not None and not went_as(expected, conclusion):
        raise Failure(f"What was expected did not come: {expected}.")


def _many(node: NodeSettings, wanted: Wanted, report: Reporter | None) -> None:
    lines = wanted.profile is None
    if not wanted.as_json:
        click.echo(f"{counted(wanted.count, 'request')} -> {node.url}")

    async def played() -> Run:
        await _greet(node)
        with Onlooker(wanted.count, lines=lines, quiet=wanted.as_json) as onlooker:
            return await play_all(node, wanted.calls, onlooker, report)

    run = asyncio.run(played())
    whole = tally(run.played, wanted.expected)
    ok = whole.ok and not whole.stopped and len(run.played) == wanted.count
    if wanted.as_json:
        print_json({"ok": ok, **_for_machines(run, whole, with_requests=lines)})
    else:
        page.print_tally(whole, run.late)
    if not ok:
        raise click.exceptions.Exit(1)


def _for_machines(run: Run, whole: Tally, *, with_requests: bool) -> dict[str, Any]:
    checks = [{**plain(check), "ok": check.ok} for check in whole.checks]
    document = {**plain(whole), "late": run.late, "checks": checks}
    if with_requests:
        document["each"] = [
            {"name": each.name, "request_id": each.request_id, **plain(each.conclusion)}
            | ({} if each.event is None else {"event": plain(each.event)})
            for each in run.played
        ]
    return document


async def _greet(node: NodeSettings) -> None:
    """A ping first: whoever is not there, or does not know us, need not be asked a thousand times.

    Raises:
        Failure: the answer is not that of our gateway.
    """
    async with aiohttp.ClientSession() as session:
        came = await attempt(session, node, _PING)
    if isinstance(came, NoResponse):
        raise Failure(page.ABSENT, UNREACHABLE)
    if came != Answer("", ""):
        raise Failure(f"The gateway answers a ping with: {said(came)}. Nothing more was asked.")
