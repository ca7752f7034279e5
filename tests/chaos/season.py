"""One season: a city, its requests and its faults from a seed, then calm, then what is left."""

import asyncio
import contextlib
import os
import random
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import aiohttp

from approvals.model import Approval
from approvals.redis.link import Link, key
from approvals.store import Store
from approvals.untold import lists_of
from keys.seals import SealKey
from notifiers.slack.thread import NAME as SLACK
from tests.chaos.city import City, Gateway, Plan, standing
from tests.chaos.evidence import Shown, entries_of, shown_of, verified
from tests.chaos.history import FaultBegan, FaultEnded, Fell, History, now
from tests.chaos.mood import USUAL, Mood
from tests.chaos.nodes import Nodes
from tests.chaos.on_call import OnCall
from tests.chaos.people import People
from tests.chaos.tempo import Tempo
from tests.chaos.trial import Trial
from tests.chaos.weather import Weather
from tests.chaos.wishes import draw

STALL_MS: Final = 200
"""So long for what takes a few milliseconds: half of what a node's last attempt leaves."""
SLOW_DISK_MS: Final = 80
"""So long for one fsync: an answer waits for several, one after the other."""
_UNTOLD: Final = (key("untold"), lists_of(SLACK)[0])
"""What nobody handed to a place yet, and what the place was not told."""


@dataclass(frozen=True, slots=True)
class Season:
    """What to do: `requests` in all, at most `a_second` of them while no more than `in_flight`
    live at once, and none begins after `minutes`; a fault each `every_s`, of the kinds `only`.
    `settle_s` is how long all may take to be told afterwards; 0: nobody looks.
    """

    name: str
    plan: Plan
    requests: int
    seed: int
    in_flight: int = 150
    a_second: float = 20.0
    every_s: float = 1.2
    faults: bool = True
    only: tuple[str, ...] = ()
    mood: Mood = USUAL
    minutes: float = 60.0
    settle_s: float = 40.0
    first: int = 0


@dataclass
class Outcome:
    """What was seen in a season, ready to be judged."""

    trial: Trial
    took_s: float


async def lived(season: Season, keep: Path | None = None) -> Outcome:
    """Live through it. `keep` is where the city's files are copied to."""
    began = now()
    history = History()
    with tempfile.TemporaryDirectory(prefix="countersign-city-") as folder:
        async with standing(
            Path(folder), replace(season.plan, pace=season.mood.pace), history
        ) as city:
            await _life(city, season)
            shown = await _looked_at(city, season)
            for gateway in city.gateways:
                gateway.look()
        for gateway in city.gateways:
            _note_bugs(gateway)
        entries = [
            entry
            for gateway in city.gateways
            for entry in entries_of(gateway.name, gateway.data_dir)
        ]
        findings = verified(gateway.data_dir for gateway in city.gateways)
        if keep is not None:
            shutil.copytree(folder, keep, dirs_exist_ok=True)
            lines = "".join(f"{event!r}\n" for event in history.events)
            (keep / "history").write_text(lines)
    forgets = season.plan.may_forget
    trial = Trial.of(history.events, entries, shown, audit=findings, redis_forgets=forgets)
    return Outcome(trial, (now() - began) / 1000)


async def _life(city: City, season: Season) -> None:
    rng = random.Random(season.seed)
    over = asyncio.Event()
    tempo = Tempo(season.a_second)
    luck = random.Random(rng.random())
    weather = Weather(city, luck, every_s=season.every_s, tempo=tempo, only=season.only)
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    async with aiohttp.ClientSession(connector=connector) as session:
        nodes = Nodes(city, session, season.mood)
        people = People(city, session, season.mood)
        on_call = OnCall(city, people, random.Random(rng.random()), tempo, season.mood)
        freezing = asyncio.create_task(on_call.watch(over))
        watching = asyncio.create_task(_watch(city, tempo))
        blowing = asyncio.create_task(weather.blow(over)) if season.faults else None
        try:
            await _requests(nodes, people, season, tempo, rng)
            await asyncio.sleep(1.0)  # private sentences are still on their way
        finally:
            over.set()
            if blowing is not None:
                await blowing
            await freezing
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)


async def _requests(
    nodes: Nodes, people: People, season: Season, tempo: Tempo, rng: random.Random
) -> None:
    """Every request has a node and its people, and so many of them live at a time."""
    room = asyncio.Semaphore(season.in_flight)

    async def one(wish: Any, seed: float) -> None:
        luck = random.Random(seed)
        try:
            await asyncio.gather(
                nodes.ask(wish, random.Random(luck.random())),
                people.mind(wish, random.Random(luck.random())),
            )
        finally:
            room.release()

    made, loop = 0, asyncio.get_running_loop()
    until = loop.time() + 60 * season.minutes
    async with asyncio.TaskGroup() as group:
        while made < season.requests and loop.time() < until:
            for wish in draw(rng, season.first + made, season.mood):
                await room.acquire()
                group.create_task(one(wish, rng.random()))
                made += 1
            tempo.took_one()
            await asyncio.sleep(rng.expovariate(1) / tempo.a_second)


async def _watch(city: City, tempo: Tempo) -> None:
    """Notice when this machine, or a gateway on it, is slow: a deadline can be missed then."""
    async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
        group.create_task(_timed(city, tempo, None, lambda: asyncio.sleep(0.05)))
        group.create_task(_timed(city, tempo, None, partial(_sync, city), SLOW_DISK_MS))
        for gateway in city.gateways:
            step = partial(_ping, session, gateway)
            group.create_task(_timed(city, tempo, gateway.name, step))


async def _timed(
    city: City,
    tempo: Tempo,
    where: str | None,
    step: Callable[[], Awaitable[None]],
    limit_ms: int = STALL_MS,
) -> None:
    """Take a step again and again, and note each that took too long."""
    loop, number = asyncio.get_running_loop(), 0
    while True:
        began, at = loop.time(), now()
        await step()
        if (loop.time() - began) * 1000 > limit_ms:
            number += 1
            tempo.slow()
            name = f"slow {where} {number}"
            city.history.note(FaultBegan(at, name, "(this machine was slow)", where, True))
            city.history.note(FaultEnded(now(), name, 1))
        await asyncio.sleep(0.1)


async def _sync(city: City) -> None:
    """As a gateway puts a line on disk."""
    with (city.folder / "disk").open("wb") as file:
        file.write(b"line")
        file.flush()
        await asyncio.to_thread(os.fsync, file.fileno())


async def _ping(session: aiohttp.ClientSession, gateway: Gateway) -> None:
    """Nobody there is no news: then somebody ended it."""
    with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError):
        limit = aiohttp.ClientTimeout(total=2)
        async with session.get(f"http://{gateway.listen}/ping", timeout=limit):
            return


async def _looked_at(city: City, season: Season) -> list[Shown] | None:
    """Once all is calm: let people be told of everything, then see what is stored and shown.

    What dead gateways had claimed to tell is made due at once: their claims last 30 seconds.
    """
    if city.redis_url is None or season.settle_s <= 0:
        return None
    gateway = city.gateways[0]
    link = Link(city.redis_url, check=_trusting)
    store = Store(link, SealKey.load(gateway.folder / "seal.key"), keep_days=30)
    try:
        if not await _all_told(link, season.settle_s):
            return None
        return await _shown(city, store)
    finally:
        await link.close()


async def _all_told(link: Link, within_s: float) -> bool:
    loop = asyncio.get_running_loop()
    until = loop.time() + within_s
    while loop.time() < until:
        found = {name: await link.client.zrange(name, 0, -1) for name in _UNTOLD}
        if not any(found.values()):
            return True
        for name, members in found.items():
            for member in members:
                await link.client.zadd(name, {member: 0}, xx=True)
        await asyncio.sleep(2.0)
    return False


async def _shown(city: City, store: Store) -> list[Shown]:
    found = []
    for member in await store.all_members():
        record = await store.read(member)
        if isinstance(record, Approval):
            texts = [
                (city.slack.messages[ts].all_text, tuple(city.slack.messages[ts].deciding))
                for ts in city.slack.of_digest[record.digest]
            ]
            found.append(shown_of(record, texts))
    return found


async def _trusting(_client: Any) -> None:
    """The harness looks at whatever is there."""


def _note_bugs(gateway: Gateway) -> None:
    """What a gateway's own log calls a bug, once each."""
    log = gateway.spec.log.read_text(errors="replace") if gateway.spec.log.exists() else ""
    bugs: Collection[str] = {
        f"{line[:200]} … {line[-800:]}"
        for line in log.splitlines()
        if '"bug' in line or "Traceback" in line
    }
    for line in sorted(bugs)[:5]:
        gateway.history.note(Fell(now(), gateway.name, line))
