"""The way to Redis: one pool, the scripts, and one name for everything that can go wrong."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from importlib.resources import files
from typing import Any, Final

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

from approvals.codec import DamagedRecord
from approvals.redis.failures import meaning
from approvals.redis.sentinel import MasterPool, NobodyNamed
from approvals.redis.sentinel_url import is_sentinel_url, read_sentinel_url

TAG: Final = "{countersign}"
CONNECTIONS: Final = 32
MORE: Final = 8  # for what takes no turn: the bell's tail
ANSWER_WITHIN_S: Final = 2.0
CONNECT_WITHIN_S: Final = 1.0
FOLLOW_S: Final = 1.0
WRONG_TYPE: Final = "a key of ours holds a value of another type"
_SCRIPTS: Final = (
    "swap",
    "claim",
    "settle",
    "put",
    "beside",
    "aside",
    "freeze",
    "present",
    "leave",
    "mend",
    "list",
)


class StoreDown(Exception):  # noqa: N818 - a state of the world, not a mistake of ours
    """Nothing can be read or written now, or it is unknown whether a write happened."""


class WrongType(StoreDown):
    """One key holds a value of another type than ours: the server itself is well."""


def key(*parts: str) -> str:
    """A key's full name, under the one hash tag that keeps all of ours together."""
    return ":".join((TAG, *parts))


class Link:
    """Connections to one server at a time; no command is repeated behind our back."""

    def __init__(
        self,
        url: str,
        *,
        check: Callable[[Any], Awaitable[None]],
        foreign: Callable[[str], None] = lambda _what: None,
    ) -> None:
        """`check` reads the server's settings at each (re)connection and raises what it minds.

        `foreign` is told, in a few words, of what stands under our keys and is not ours. With
        a `redis+sentinel://` URL the server is whoever the sentinels name as master.
        """
        self._pool = _pool(url)
        self.foreign = foreign
        # Any: its type stubs let every reply be bytes or str, whatever the connection decodes.
        self.client: Any = Redis.from_pool(self._pool)
        self._check = check
        self._checked: object = None  # for which server `check` found nothing to mind
        self.checks = 0
        """Grows with each (re)connection: what was written before it may be gone."""
        self._closed = False
        self._turns = asyncio.Semaphore(CONNECTIONS)
        self._answers = 0
        self._scripts = {name: self.client.register_script(_lua(name)) for name in _SCRIPTS}

    async def close(self) -> None:
        """Give the connections back; nobody gets another one."""
        self._closed = True
        await self.client.aclose()
        await self._pool.disconnect()
        if isinstance(self._pool, MasterPool):
            await self._pool.close_sentinels()

    @property
    def where(self) -> str:
        """Whom we are connected to, for the start-up lines."""
        if not isinstance(self._pool, MasterPool) or self._pool.named is None:
            return "Redis"
        named = self._pool.named
        host, port = named.address
        name = self._pool.master_name
        return f"master {name} at {host}:{port} ({named.answers} of {named.sentinels} sentinels)"

    @property
    def fails_over(self) -> bool:
        """Whether the server may become another one."""
        return isinstance(self._pool, MasterPool)

    async def follow(self) -> None:
        """With sentinels for ever: notice a new master though the old one goes on answering."""
        while isinstance(self._pool, MasterPool):
            with suppress(RedisError, OSError, TimeoutError):
                await self._pool.get_master_address()
            await asyncio.sleep(FOLLOW_S)

    async def ping(self) -> None:
        """Reach the server and read whether it may forget; StoreDown says why it is not used."""
        async with self.reaching():
            await self.client.ping()

    async def run(self, script: str, keys: list[str], arguments: list[Any]) -> Any:
        """Run one of our scripts."""
        async with self.reaching():
            return await self._scripts[script](keys=keys, args=arguments)

    async def get(self, name: str, most: int) -> bytes | None:
        """The bytes under a key, of which no more than `most` are ours; None if there are none.

        Raises:
            StoreDown: it cannot be read now.
            DamagedRecord: it is longer, or of another type.
        """
        try:
            async with self.reaching():
                stored: bytes = await self.client.getrange(name, 0, most)
        except WrongType as error:
            raise DamagedRecord(str(error)) from None
        return bounded(stored, most) if stored else None

    @asynccontextmanager
    async def reaching(self) -> AsyncIterator[None]:
        """Turn every failure into StoreDown, and look the server over after each reconnection."""
        if self._closed:
            raise StoreDown("closed")
        await self._take_turn()
        try:
            await self._look_over()
            yield
            self._answers += 1
        except ResponseError as error:
            if is_wrong_type(error):
                raise WrongType(WRONG_TYPE) from None
            await self._failed()
            raise StoreDown(meaning(error)) from None
        except (RedisError, OSError, TimeoutError) as error:
            await self._failed()
            why = str(error) if isinstance(error, NobodyNamed) else meaning(error)
            raise StoreDown(why) from None
        finally:
            self._turns.release()

    async def _failed(self) -> None:
        """Whatever answers next is looked over before it is used."""
        self._checked = None
        with suppress(RedisError, OSError, TimeoutError):
            await self._pool.disconnect(inuse_connections=False)

    async def _look_over(self) -> None:
        """Check the server, unless this very one was checked since it last failed."""
        if self._checked is not None and self._checked is self._server():
            return
        await self.client.ping()  # so that we know which server is checked
        server = self._server()
        await self._check(self.client)
        if server is None or server is not self._server():
            raise NobodyNamed("the master changed while it was looked over")
        self._checked = server
        self.checks += 1

    def _server(self) -> object:
        """Stays the same object as long as we are connected to the same server."""
        return self._pool.named if isinstance(self._pool, MasterPool) else self._pool

    async def _take_turn(self) -> None:
        """Thousands may want a connection at once: as long as others get answers, just wait."""
        while self._turns.locked():
            answers = self._answers
            try:
                async with asyncio.timeout(ANSWER_WITHIN_S):
                    await self._turns.acquire()
            except TimeoutError:
                if self._answers == answers:
                    raise StoreDown("nobody gets an answer") from None
            else:
                return
        await self._turns.acquire()


def is_wrong_type(error: object) -> bool:
    """Whether a command met a value of another type than it works on."""
    return isinstance(error, ResponseError) and str(error).startswith("WRONGTYPE")


def bounded(stored: bytes, most: int) -> bytes:
    """What was read up to one byte past a bound, if it keeps it; nothing longer is parsed."""
    if len(stored) > most:
        raise DamagedRecord(f"longer than {most} bytes")
    return stored


def _pool(url: str) -> BlockingConnectionPool:
    options: dict[str, Any] = {
        "max_connections": CONNECTIONS + MORE,
        "timeout": ANSWER_WITHIN_S,
        "socket_timeout": ANSWER_WITHIN_S,
        "socket_connect_timeout": CONNECT_WITHIN_S,
        "retry": Retry(NoBackoff(), 0),
    }
    if is_sentinel_url(url):
        return MasterPool(read_sentinel_url(url), **options)
    return BlockingConnectionPool.from_url(url, **options)


def _lua(name: str) -> str:
    return files("approvals").joinpath("lua", f"{name}.lua").read_text(encoding="utf-8")
