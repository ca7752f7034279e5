"""What goes wrong with a gateway: its process, its clock, its disk, its wire to the nodes."""

import asyncio
import random
import signal
from typing import ClassVar

from tests.chaos.fault import Fault
from tests.chaos.history import Heard
from tests.chaos.levers import Disk
from tests.chaos.rules import POLICIES, USUAL


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


def another(policy: str, rng: random.Random) -> str:
    """Mostly the usual one, under which the most can happen."""
    if policy != USUAL.name and rng.random() < 0.7:
        return USUAL.name
    return rng.choice([name for name in POLICIES if name != policy])


class OtherPolicy(Fault):
    """Every gateway restarts with another policy, one after the other; it stays."""

    name = "restarted with another policy"
    everywhere = True
    lasts_s = (0.0, 0.0)

    async def inject(self) -> None:
        self.city.policy = another(self.city.policy, self.rng)
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
        self.city.policy = another(self.city.policy, self.rng)
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
