"""Asking many requests, each in its time, and all of them checked; bounded, and ended by Ctrl-C."""

import asyncio
import hashlib
import signal
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final, Protocol

from gateway.simulate.attempts import Conclusion, Ended, Event, Happened
from gateway.simulate.node import NodeSettings, ask
from gateway.simulate.requests import Wish, request_id_of
from gateway.simulate.tally import Played, Reported

MOST_OPEN: Final = 1_000
"""Requests that are open at once; each holds a connection. Later ones begin when others end."""

_BEHIND_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class Call:
    """A request, and when it is asked: seconds after the beginning."""

    wish: Wish
    at_s: float = 0.0


class Watcher(Protocol):
    """Who looks on while a run goes."""

    def began(self) -> None:
        """A request is asked from here on."""

    def ended(self, played: Played) -> None:
        """It came to its end."""


@dataclass(slots=True)
class Run:
    """What a run came to: all that ended, and how many could not begin in their time."""

    played: list[Played]
    late: int = 0


Report = Callable[[bytes], Awaitable[Reported]]
"""Telling the gateway of a signature over this package."""


async def play_all(
    node: NodeSettings,
    calls: Iterable[Call],
    watcher: Watcher,
    report: Report | None = None,
) -> Run:
    """Ask each in its time, until all have ended, or Ctrl-C: then what is open is given up."""
    stop = stop_on_interrupt()
    loop = asyncio.get_running_loop()
    started = loop.time()
    places = asyncio.Semaphore(MOST_OPEN)
    run = Run([])

    async def one(wish: Wish) -> None:
        try:
            played = await play(node, wish.name, wish.asked(), stop=stop, report=report)
        finally:
            places.release()
        run.played.append(played)
        watcher.ended(played)

    async with asyncio.TaskGroup() as group:
        for call in calls:
            await _until(stop, started + call.at_s)
            await places.acquire()
            if stop.is_set():
                break
            run.late += loop.time() > started + call.at_s + _BEHIND_S
            watcher.began()
            group.create_task(one(call.wish))
    return run


async def play(
    node: NodeSettings,
    name: str,
    package: bytes,
    *,
    stop: asyncio.Event,
    report: Report | None = None,
    on_event: Callable[[Event], None] = lambda _: None,
) -> Played:
    """Ask one, and report its signature where it was approved."""
    happened: list[Happened] = []

    def note(event: Event) -> None:
        if isinstance(event, Ended):
            happened.append(event.what)
        on_event(event)

    conclusion = await ask(node, package, on_event=note, stop=stop)
    content = hashlib.sha256(package).digest()
    played = Played(name, request_id_of(package), content, conclusion, tuple(happened))
    if report is None or not _approved(conclusion):
        return played
    return replace(played, event=await report(package))


def stop_on_interrupt() -> asyncio.Event:
    """An event that Ctrl-C sets."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stop.set)
    return stop


def _approved(conclusion: Conclusion) -> bool:
    return conclusion.by == "server" and conclusion.action == "APPROVE"


async def _until(stop: asyncio.Event, when: float) -> None:
    """Wait for the loop's clock to read `when`, or for the stop."""
    wait = when - asyncio.get_running_loop().time()
    if wait > 0:
        try:
            await asyncio.wait_for(stop.wait(), wait)
        except TimeoutError:
            return
