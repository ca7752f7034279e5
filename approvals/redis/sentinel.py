"""Redis Sentinel: whom the sentinels name as master, and connections that follow them.

An old master must not be taken for the new one. So more than half of the listed sentinels must
answer, the newest configuration among their answers counts, each new connection asks them first
and the server itself second (ROLE), and connections end when the sentinels name another server.
"""

import asyncio
import weakref
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import SentinelManagedConnection
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from approvals.redis.sentinel_url import SentinelUrl

SENTINEL_WITHIN_S: Final = 0.5


class NobodyNamed(RedisConnectionError):  # noqa: N818 - a state of the world
    """It is not known who is master. The message says why, without a full stop."""


class NoMaster(NobodyNamed):
    """It is known that there is none: whoever was master is not to be used any more."""


@dataclass(frozen=True, slots=True)
class Said:
    """One sentinel's answer: the master's address as of a configuration epoch.

    `down`: enough sentinels agree that this very server does not answer.
    """

    address: tuple[str, int]
    epoch: int
    down: bool


@dataclass(frozen=True, slots=True)
class Named:
    """The master, and how many of how many sentinels answered."""

    address: tuple[str, int]
    answers: int
    sentinels: int


def newest(said: Sequence[Said], sentinels: int) -> Named:
    """Whom the newest configuration among the answers of `sentinels` sentinels names.

    A fail-over raises the epoch, and most sentinels must have agreed to it: whoever was left
    behind with the old master is outvoted, or too few.

    Raises:
        NoMaster: the one it names is down.
        NobodyNamed: too few answers, or answers that contradict each other.
    """
    if len(said) * 2 <= sentinels:
        raise NobodyNamed(f"{len(said)} of {sentinels} sentinels name a master, too few")
    epoch = max(one.epoch for one in said)
    last = [one for one in said if one.epoch == epoch]
    if len({one.address for one in last}) > 1:
        raise NobodyNamed("the sentinels name different masters")
    if any(one.down for one in last):
        raise NoMaster("the master is down, and the sentinels name no other yet")
    return Named(last[0].address, len(said), sentinels)


class Sentinels:
    """The listed sentinels, asked all at once; what one says is a claim among others."""

    def __init__(self, url: SentinelUrl) -> None:
        """Nothing is connected until asked."""
        self._master = url.master
        self._clients: list[Any] = [
            Redis(
                host=host,
                port=port,
                username=url.user or None,
                password=url.password,
                socket_timeout=SENTINEL_WITHIN_S,
                socket_connect_timeout=SENTINEL_WITHIN_S,
                retry=Retry(NoBackoff(), 0),
            )
            for host, port in url.sentinels
        ]

    async def master(self) -> Named:
        """Who is master now. Raises NobodyNamed or NoMaster."""
        answers = await asyncio.gather(*(self._ask(client) for client in self._clients))
        return newest([said for said in answers if said is not None], len(self._clients))

    async def close(self) -> None:
        """Close the connections."""
        for client in self._clients:
            with suppress(RedisError, OSError, TimeoutError):
                await client.aclose()

    async def _ask(self, client: Any) -> Said | None:
        """The epoch first: an address that is newer than its epoch contradicts, never wins."""
        try:
            state = await client.sentinel_master(self._master)
            host, port = await client.sentinel_get_master_addr_by_name(self._master)
            host = host.decode() if isinstance(host, bytes) else host
            address = (host, int(port))
            same = address == (state["ip"], int(state["port"]))
            return Said(address, int(state["config-epoch"]), same and bool(state["is_odown"]))
        except (RedisError, OSError, TimeoutError, LookupError, TypeError, ValueError):
            return None  # away, or it does not know this master


class MasterPool(BlockingConnectionPool):
    """Connections to whoever is master; each asks the sentinels, then the server itself."""

    is_master = True  # these two are for SentinelManagedConnection
    check_connection = False

    def __init__(self, url: SentinelUrl, **options: Any) -> None:
        """`options` are those of any pool."""
        super().__init__(
            connection_class=SentinelManagedConnection,
            db=url.db,
            username=url.user or None,
            password=url.password,
            redis_connect_func=self._greet,
            **options,
        )
        self.connection_kwargs["connection_pool"] = weakref.proxy(self)
        self._sentinels = Sentinels(url)
        self._asking: asyncio.Task[Named] | None = None
        self.master_name = url.master
        self.named: Named | None = None

    async def get_master_address(self) -> tuple[str, int]:
        """Where to connect now; many who ask at once share one look."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._look())
            self._asking.add_done_callback(lambda done: done.cancelled() or done.exception())
        return (await asyncio.shield(self._asking)).address

    async def close_sentinels(self) -> None:
        """Ask nobody any more."""
        if self._asking is not None:
            self._asking.cancel()
        await self._sentinels.close()

    async def _look(self) -> Named:
        """Ask the sentinels; where another master is named, every connection ends."""
        try:
            named = await self._sentinels.master()
        except NoMaster:
            await self._move(None)
            raise
        if self.named is None or named.address != self.named.address:
            await self._move(named)
        return named

    async def _move(self, named: Named | None) -> None:
        self.named = named
        with suppress(RedisError, OSError, TimeoutError):
            await self.disconnect()  # those in use, too: nobody knows what their last write became

    async def _greet(self, connection: AbstractConnection) -> None:
        """Use a server only if it is still the one that was named, and calls itself master."""
        await connection.on_connect()
        await connection.send_command("ROLE")
        role = await connection.read_response()
        if not isinstance(role, list) or role[:1] not in ([b"master"], ["master"]):
            raise NobodyNamed("the server that the sentinels name does not call itself master")
        there = (getattr(connection, "host", None), getattr(connection, "port", None))
        if self.named is None or there != self.named.address:
            raise NobodyNamed("the sentinels named another master meanwhile")
