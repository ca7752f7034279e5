"""What goes wrong: each fault is injected, lasts a while, is mended, and counts what it did.

A new kind of fault is a class with a name, and an entry in FAULTS.
"""

import asyncio
import random
import signal
from typing import ClassVar, Final

from gateway.attempts import NoResponse
from tests.chaos.city import City, Gateway
from tests.chaos.history import Heard
from tests.chaos.levers import Disk
from tests.chaos.rules import POLICIES
from tests.chaos.storage import Storage
from tests.support.proxy import Proxy
from tests.support.slack_server import Fails


class Fault:
    """One thing that goes wrong. `inject` and `mend` are called once each, in this order.

    `blocks`: while it lasts, and shortly after, it may be impossible to decide. `needs_redis`: it
    is about a Redis of its own. `alone`: no other fault touches the same part meanwhile.
    """

    name: ClassVar[str]
    blocks: ClassVar[bool] = True
    everywhere: ClassVar[bool] = False
    needs_redis: ClassVar[bool] = False
    part: ClassVar[str] = "gateway"
    lasts_s: ClassVar[tuple[float, float]] = (0.3, 2.0)

    def __init__(self, city: City, gateway: Gateway, rng: random.Random) -> None:
        self.city, self.gateway, self.rng = city, gateway, rng
        self._from = len(city.history.events)

    async def inject(self) -> None:
        raise NotImplementedError

    async def mend(self) -> None:
        raise NotImplementedError

    def effect(self) -> int:
        """What it visibly did: attempts of nodes that ended in silence meanwhile, unless said."""
        later = self.city.history.events[self._from :]
        return sum(isinstance(e, Heard) and isinstance(e.what, NoResponse) for e in later)

    @property
    def storage(self) -> Storage:
        assert self.city.storage is not None
        return self.city.storage


class GatewayKilled(Fault):
    name = "gateway killed (-9)"
    lasts_s = (0.0, 0.4)

    async def inject(self) -> None:
        await self.gateway.kill()

    async def mend(self) -> None:
        await self.gateway.start(self.city.policy)


class GatewayStopped(Fault):
    name = "gateway stopped in order"
    lasts_s = (0.0, 0.2)

    async def inject(self) -> None:
        await self.gateway.stop()

    async def mend(self) -> None:
        await self.gateway.start(self.city.policy)


class GatewayFrozen(Fault):
    name = "gateway frozen (SIGSTOP)"
    lasts_s = (0.2, 1.5)

    async def inject(self) -> None:
        self.gateway.send(signal.SIGSTOP)

    async def mend(self) -> None:
        self.gateway.send(signal.SIGCONT)


class OtherPolicy(Fault):
    """Every gateway restarts with another policy, one after the other; it stays."""

    name = "restarted with another policy"
    everywhere = True
    lasts_s = (0.0, 0.0)

    async def inject(self) -> None:
        others = [name for name in POLICIES if name != self.city.policy]
        self.city.policy = self.rng.choice(others)
        for gateway in self.city.gateways:
            await gateway.kill()
            await gateway.start(self.city.policy)

    async def mend(self) -> None:
        pass


class PolicyReloaded(Fault):
    """SIGHUP at every gateway; it stays."""

    name = "policy reloaded (SIGHUP)"
    blocks = False
    everywhere = True
    lasts_s = (0.0, 0.0)

    async def inject(self) -> None:
        others = [name for name in POLICIES if name != self.city.policy]
        self.city.policy = self.rng.choice(others)
        for gateway in self.city.gateways:
            gateway.use(self.city.policy)
            gateway.send(signal.SIGHUP)

    async def mend(self) -> None:
        pass

    def effect(self) -> int:
        return len(self.city.gateways)


class Reckoning(Fault):
    """A fault of the clock: counts the attempts that were asked meanwhile."""

    part = "clock"

    def effect(self) -> int:
        later = self.city.history.events[self._from :]
        return sum(isinstance(event, Heard) for event in later)

    async def mend(self) -> None:
        self.gateway.levers.ahead_ms = 0


class ClockOff(Reckoning):
    name = "clock 5 s off"
    lasts_s = (2.0, 5.0)

    async def inject(self) -> None:
        self.gateway.levers.ahead_ms = self.rng.choice([-5_000, 5_000])


class ClockJumps(Reckoning):
    name = "clock jumps"
    lasts_s = (0.5, 1.5)

    async def inject(self) -> None:
        for _ in range(4):
            self.gateway.levers.ahead_ms = self.rng.randint(-20_000, 20_000)
            await asyncio.sleep(0.2)


class DiskFault(Fault):
    """A fault of the disk under one audit: counts the calls that failed."""

    part = "disk"
    how: ClassVar[Disk]

    async def inject(self) -> None:
        self._before = self.gateway.levers.failures
        self.gateway.levers.disk = self.how

    async def mend(self) -> None:
        self.gateway.levers.disk = Disk.SOUND

    def effect(self) -> int:
        return self.gateway.levers.failures - self._before


class FsyncFails(DiskFault):
    name = "fsync fails (EIO)"
    how = Disk.FSYNC_FAILS


class DiskFull(DiskFault):
    name = "disk full (ENOSPC)"
    how = Disk.FULL


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


class NodesCutOff(Fault):
    name = "nodes' connections dropped"
    part = "wire"
    lasts_s = (0.0, 0.0)

    async def inject(self) -> None:
        await self.gateway.wire.cut()

    async def mend(self) -> None:
        pass


class NodesHalfOpen(Fault):
    name = "network to nodes half-open"
    part = "wire"
    lasts_s = (0.3, 1.5)

    async def inject(self) -> None:
        self.gateway.wire.pause()

    async def mend(self) -> None:
        self.gateway.wire.resume()
        await self.gateway.wire.cut()


class SlackFault(Fault):
    """Slack's weather: counts the calls that went wrong."""

    blocks = False
    everywhere = True
    part = "slack"
    lasts_s = (0.5, 3.0)
    weather: ClassVar[tuple[Fails, ...]] = ()
    drops: ClassVar[bool] = False

    async def inject(self) -> None:
        slack = self.city.slack
        self._before = slack.failed
        slack.share = self.rng.choice([0.3, 1.0])
        slack.weather, slack.drops = self.weather, self.drops

    async def mend(self) -> None:
        slack = self.city.slack
        slack.weather, slack.drops = (), False
        slack.recover()

    def effect(self) -> int:
        return self.city.slack.failed - self._before


class SlackErrors(SlackFault):
    name = "Slack answers 5xx"
    weather: ClassVar[tuple[Fails, ...]] = (Fails(500), Fails(503), Fails(502, done=True))


class SlackRateLimits(SlackFault):
    name = "Slack answers 429"
    weather: ClassVar[tuple[Fails, ...]] = (Fails(429, retry_after=1), Fails(429, retry_after=2))


class SlackHangs(SlackFault):
    name = "Slack does not answer"
    weather: ClassVar[tuple[Fails, ...]] = (Fails(hangs=True), Fails(hangs=True, done=True))


class SlackDrops(SlackFault):
    name = "Slack drops connections"
    drops = True


class SocketsCut(SlackFault):
    name = "Socket Mode connections cut"
    lasts_s = (0.0, 0.0)

    async def inject(self) -> None:
        self._cut = self.city.slack.sockets
        if self.rng.random() < 0.5:
            await self.city.slack.cut()
        else:
            await self.city.slack.disconnect("refresh_requested")

    async def mend(self) -> None:
        pass

    def effect(self) -> int:
        return self._cut


FAULTS: Final[dict[type[Fault], int]] = {
    GatewayKilled: 10,
    GatewayStopped: 2,
    GatewayFrozen: 3,
    OtherPolicy: 2,
    PolicyReloaded: 2,
    ClockOff: 3,
    ClockJumps: 3,
    FsyncFails: 4,
    DiskFull: 4,
    RedisKilled: 5,
    RedisPaused: 3,
    ClientsPaused: 2,
    RedisReadOnly: 3,
    RedisFull: 3,
    RedisSlow: 4,
    RedisCut: 3,
    RedisConnectionsDropped: 4,
    RedisHalfOpen: 3,
    NodesCutOff: 3,
    NodesHalfOpen: 2,
    SlackErrors: 3,
    SlackRateLimits: 3,
    SlackHangs: 2,
    SlackDrops: 3,
    SocketsCut: 3,
}
"""How often each kind is drawn, relative to the others."""
