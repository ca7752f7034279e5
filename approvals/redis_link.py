"""The way to Redis: one pool, the scripts, and one name for everything that can go wrong."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from importlib.resources import files
from typing import Any, Final

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

TAG: Final = "{countersign}"
CONNECTIONS: Final = 32
MORE: Final = 8  # for what takes no turn: the bell's tail
ANSWER_WITHIN_S: Final = 2.0
CONNECT_WITHIN_S: Final = 1.0
_SCRIPTS: Final = ("swap", "claim", "settle", "put", "freeze")


class StoreDown(Exception):  # noqa: N818 - a state of the world, not a mistake of ours
    """Nothing can be read or written now, or it is unknown whether a write happened."""


def key(*parts: str) -> str:
    """A key's full name, under the one hash tag that keeps all of ours together."""
    return ":".join((TAG, *parts))


class Link:
    """Connections to one server; no command is repeated behind our back."""

    def __init__(self, url: str, *, check: Callable[[Any], Awaitable[None]]) -> None:
        """`check` reads the server's settings at each (re)connection and raises what it minds."""
        self._pool = BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS + MORE,
            timeout=ANSWER_WITHIN_S,
            socket_timeout=ANSWER_WITHIN_S,
            socket_connect_timeout=CONNECT_WITHIN_S,
            retry=Retry(NoBackoff(), 0),
        )
        # Any: its type stubs let every reply be bytes or str, whatever the connection decodes.
        self.client: Any = Redis.from_pool(self._pool)
        self._check = check
        self._checked = False
        self._closed = False
        self._turns = asyncio.Semaphore(CONNECTIONS)
        self._answers = 0
        self._scripts = {name: self.client.register_script(_lua(name)) for name in _SCRIPTS}

    async def close(self) -> None:
        """Give the connections back; nobody gets another one."""
        self._closed = True
        await self.client.aclose()
        await self._pool.disconnect()

    async def ping(self) -> None:
        """Reach the server and read whether it may forget; StoreDown says why it is not used."""
        async with self.reaching():
            await self.client.ping()

    async def run(self, script: str, keys: list[str], arguments: list[Any]) -> Any:
        """Run one of our scripts."""
        async with self.reaching():
            return await self._scripts[script](keys=keys, args=arguments)

    @asynccontextmanager
    async def reaching(self) -> AsyncIterator[None]:
        """Turn every failure into StoreDown, and look the server over after each reconnection."""
        if self._closed:
            raise StoreDown("closed")
        await self._take_turn()
        try:
            if not self._checked:
                await self._check(self.client)
                self._checked = True
            yield
            self._answers += 1
        except (RedisError, OSError, TimeoutError) as error:
            self._checked = False
            with suppress(RedisError, OSError, TimeoutError):
                await self._pool.disconnect(inuse_connections=False)
            raise StoreDown(type(error).__name__) from None
        finally:
            self._turns.release()

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


def _lua(name: str) -> str:
    return files("approvals").joinpath("lua", f"{name}.lua").read_text(encoding="utf-8")
