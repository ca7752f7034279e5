"""What goes wrong with Redis, and between it and a gateway."""

import asyncio
from typing import ClassVar

from tests.chaos.fault import Fault
from tests.support.proxy import Proxy


class RedisKilled(Fault):
    name = "Redis killed (-9)"
    everywhere = needs_redis = True
    part = "redis"
    lasts_s = (0.0, 1.5)

    async def inject(self) -> None:
        await asyncio.to_thread(self.storage.kill)

    async def mend(self) -> None:
        await asyncio.to_thread(self.storage.start)


class PowerCut(RedisKilled):
    """Only for a Redis that may forget: what it wrote last is gone."""

    name = "Redis killed, its last moments lost"

    async def inject(self) -> None:
        self._lost = await asyncio.to_thread(self.storage.cut_power, self.rng.uniform(0.1, 0.8))

    def effect(self) -> int:
        return self._lost


class RedisPaused(Fault):
    name = "Redis paused (SIGSTOP)"
    everywhere = needs_redis = True
    part = "redis"
    lasts_s = (0.3, 2.8)

    async def inject(self) -> None:
        self.storage.server.pause()

    async def mend(self) -> None:
        self.storage.server.resume()


class ClientsPaused(Fault):
    name = "Redis paused (CLIENT PAUSE)"
    everywhere = needs_redis = True
    part = "redis"

    async def inject(self) -> None:
        self.storage.command("CLIENT", "PAUSE", str(self.rng.randint(200, 2_500)), "ALL")

    async def mend(self) -> None:
        self.storage.command("CLIENT", "UNPAUSE")


class RedisRefuses(Fault):
    """Redis answers with an error: counts how often."""

    everywhere = needs_redis = True
    part = "redis"
    word: ClassVar[str]

    async def inject(self) -> None:
        self._before = self.storage.errors(self.word)
        self._begin()

    async def mend(self) -> None:
        self._count = self.storage.errors(self.word) - self._before
        self._end()

    def effect(self) -> int:
        return self._count

    def _begin(self) -> None:
        raise NotImplementedError

    def _end(self) -> None:
        raise NotImplementedError


class RedisReadOnly(RedisRefuses):
    name = "Redis read-only (a replica)"
    word = "READONLY"

    def _begin(self) -> None:
        self.storage.command("REPLICAOF", "127.0.0.1", "1")

    def _end(self) -> None:
        self.storage.command("REPLICAOF", "NO", "ONE")


class RedisFull(RedisRefuses):
    name = "Redis out of memory"
    word = "OOM"

    def _begin(self) -> None:
        self.storage.config("maxmemory", "1")

    def _end(self) -> None:
        self.storage.config("maxmemory", "0")


class WireFault(Fault):
    """A fault between one gateway and Redis."""

    needs_redis = True
    part = "redis wire"

    @property
    def redis_wire(self) -> Proxy:
        assert self.gateway.redis_wire is not None
        return self.gateway.redis_wire


class RedisSlow(WireFault):
    name = "Redis slow"
    lasts_s = (0.5, 2.0)

    async def inject(self) -> None:
        self.redis_wire.delay = self.rng.uniform(0.02, 0.6)

    async def mend(self) -> None:
        self.redis_wire.delay = 0.0


class RedisCut(WireFault):
    name = "network to Redis cut"

    async def inject(self) -> None:
        await self.redis_wire.refuse()
        await self.redis_wire.cut()

    async def mend(self) -> None:
        await self.redis_wire.listen()


class RedisConnectionsDropped(WireFault):
    name = "connections to Redis dropped"
    lasts_s = (0.0, 0.0)

    async def inject(self) -> None:
        await self.redis_wire.cut()

    async def mend(self) -> None:
        pass


class RedisHalfOpen(WireFault):
    name = "network to Redis half-open"
    lasts_s = (0.5, 3.5)

    async def inject(self) -> None:
        self.redis_wire.pause()

    async def mend(self) -> None:
        self.redis_wire.resume()
        await self.redis_wire.cut()
