"""May this Redis hold approvals? Its role, version, eviction policy and append-only file."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import NoPermissionError, ResponseError

FAIL_OVER_FORGETS: Final = (
    "The master also writes while no replica copies it, so a fail-over may forget votes, and"
    " people are asked again: set min-replicas-to-write to 1 or more."
)
"""Where sentinels name the master, and `min_replicas` is 0."""

_OLDEST: Final = (6, 2)


class RedisRefused(Exception):  # noqa: N818 - refusing is not a fault
    """One plain sentence for each reason why this Redis may not hold approvals."""

    def __init__(self, reasons: tuple[str, ...]) -> None:
        super().__init__(" ".join(reasons))
        self.reasons = reasons


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What a server says of itself; None where it does not say.

    `append_fsync` is `always`, `everysec` or `no`, and often kept secret by managed servers.
    `min_replicas` is how many replicas must be there for a write.
    """

    product: str = "an unknown server"
    version: tuple[int, ...] | None = None
    eviction: str | None = None
    append_only: bool | None = None
    append_fsync: str | None = None
    replica: bool = False
    min_replicas: int | None = None

    @property
    def sentence(self) -> str:
        """For the start-up lines: `Valkey 9.1.2, noeviction, append-only file (always)`."""
        number = "" if self.version is None else " " + ".".join(map(str, self.version))
        file = {True: "append-only file", False: "no append-only file", None: "append-only unknown"}
        fsync = f" (fsync {self.append_fsync})" if self.append_only and self.append_fsync else ""
        eviction = self.eviction or "eviction policy unknown"
        return f"{self.product}{number}, {eviction}, {file[self.append_only]}{fsync}"


async def check_server(client: Redis, *, may_forget: bool) -> ServerFacts:
    """Read a server's facts, at the start and at each reconnect.

    Raises:
        RedisRefused: if it could lose approvals and nobody said that it may, is too old, or is
            a replica, which lags behind and takes no writes.
        redis.exceptions.RedisError: if it cannot be asked.
    """
    facts = await examine(client)
    reasons = too_old(facts) + a_replica(facts) + (() if may_forget else may_lose(facts))
    if reasons:
        raise RedisRefused(reasons)
    return facts


async def examine(client: Redis) -> ServerFacts:
    """Ask INFO, which managed servers allow, and CONFIG for the rest, which they often do not."""
    try:
        info = await client.info()
    except (NoPermissionError, ResponseError):
        info = {}
    try:
        config = await client.config_get("appendfsync")
        config |= await client.config_get("min-replicas-to-write")
    except (NoPermissionError, ResponseError):
        config = {}
    return _facts({_text(k): _text(v) for k, v in (info | config).items()})


def too_old(facts: ServerFacts) -> tuple[str, ...]:
    """Say so if the server lacks commands that the store needs."""
    if facts.product == "Redis" and facts.version is not None and facts.version < _OLDEST:
        number = ".".join(map(str, facts.version))
        return (f"Redis is {number}; use 6.2 or later, or Valkey.",)
    return ()


def a_replica(facts: ServerFacts) -> tuple[str, ...]:
    """Say so if the server only copies another one."""
    if facts.replica:
        return ("Redis is a replica; name the master, or the sentinels that know who it is.",)
    return ()


def may_lose(facts: ServerFacts) -> tuple[str, ...]:
    """Say how the server could lose approvals. What it does not tell counts as bad."""
    reasons: list[str] = []
    if facts.eviction != "noeviction":
        now = facts.eviction or "not readable"
        reasons.append(
            f"Redis may evict approvals (maxmemory-policy is {now}); set it to noeviction"
            ", or set may_forget = true in [redis]."
        )
    if facts.append_only is not True:
        now = "off" if facts.append_only is False else "not readable"
        reasons.append(
            f"Redis keeps no append-only file (appendonly is {now}); set appendonly yes"
            ", or set may_forget = true in [redis]."
        )
    return tuple(reasons)


def _facts(said: Mapping[str, str]) -> ServerFacts:
    valkey = said.get("valkey_version")
    number = valkey or said.get("redis_version")
    return ServerFacts(
        product="Valkey" if valkey else "Redis" if number else "an unknown server",
        version=_version(number),
        eviction=said.get("maxmemory_policy"),
        append_only={"1": True, "0": False}.get(said.get("aof_enabled", "")),
        append_fsync=said.get("appendfsync"),
        replica=said.get("role") == "slave",
        min_replicas=_whole(said.get("min-replicas-to-write")),
    )


def _version(text: str | None) -> tuple[int, ...] | None:
    match = re.match(r"[0-9]{1,4}(\.[0-9]{1,4}){0,2}", text or "")
    return tuple(int(part) for part in match[0].split(".")) if match else None


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and re.fullmatch(r"[0-9]{1,9}", text, re.ASCII) else None


def _text(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
