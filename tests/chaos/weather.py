"""When things go wrong: faults drawn from a seed, two at most at once, and every so often calm."""

import asyncio
import contextlib
import itertools
import random
from collections.abc import Collection, Iterator
from typing import Final

from tests.chaos.city import City
from tests.chaos.fault import Fault
from tests.chaos.faults import FAULTS
from tests.chaos.fleet_faults import EmbeddedKilled, MasterKilled
from tests.chaos.history import FaultBegan, FaultEnded, now
from tests.chaos.redis_faults import PowerCut
from tests.chaos.tempo import Tempo

_COUNT: Final = itertools.count(1)
AT_ONCE: Final = 2
STORM_S: Final = 12.0
CALM_S: Final = 5.0
OF_ITS_OWN: Final = 15
"""How often a fault is drawn that only this kind of city can have."""


class Weather:
    """Injects faults until it is told to stop; then everything is mended."""

    def __init__(
        self,
        city: City,
        rng: random.Random,
        *,
        every_s: float = 1.2,
        tempo: Tempo,
        only: Collection[str] = (),
    ) -> None:
        self._city = city
        self._rng = rng
        self._every_s = every_s
        self._tempo = tempo
        self._busy: set[str] = set()
        self._kinds = [kind for kind in self._possible() if not only or kind.__name__ in only]
        self._running = 0

    def _possible(self) -> Iterator[type[Fault]]:
        storage = self._city.storage
        for kind in FAULTS:
            if storage is not None or not kind.needs_redis:
                yield kind
        if storage is not None and storage.fsync == "everysec":
            yield PowerCut
        if self._city.fleet is not None:
            yield MasterKilled
        elif storage is None:
            yield EmbeddedKilled

    async def blow(self, stop: asyncio.Event) -> None:
        """One fault after the other, each running by itself; between storms it is calm."""
        began = asyncio.get_running_loop().time()
        async with asyncio.TaskGroup() as group:
            while not stop.is_set():
                since = asyncio.get_running_loop().time() - began
                if since % (STORM_S + CALM_S) < STORM_S:
                    self._draw(group)
                every_s = self._every_s / self._tempo.share
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._rng.uniform(0.2, 1.8) * every_s):
                        await stop.wait()

    def _draw(self, group: asyncio.TaskGroup) -> None:
        """The next fault, if it does not get into the way of one that lasts."""
        kind = self._rng.choices(self._kinds, [FAULTS.get(k, OF_ITS_OWN) for k in self._kinds])[0]
        gateway = self._rng.choice(self._city.gateways)
        fault = kind(self._city, gateway, random.Random(self._rng.random()))
        lasts = self._rng.uniform(*kind.lasts_s)
        touched = _touched(fault)
        if self._running < AT_ONCE and not touched & self._busy:
            self._busy |= touched
            self._running += 1
            group.create_task(self._strike(fault, lasts, touched))

    async def _strike(self, fault: Fault, lasts_s: float, touched: set[str]) -> None:
        name = f"f{next(_COUNT)}"
        where = None if fault.everywhere else fault.gateway.name
        history = self._city.history
        history.note(FaultBegan(now(), name, fault.name, where, fault.blocks))
        try:
            await fault.inject()
            await asyncio.sleep(lasts_s)
        finally:
            await fault.mend()
            history.note(FaultEnded(now(), name, fault.effect()))
            self._busy -= touched
            self._running -= 1


def _touched(fault: Fault) -> set[str]:
    """What no other fault may touch meanwhile, or mending one would mend or break the other."""
    part = fault.part
    if fault.everywhere and part == "gateway":
        return {f"{part} {gateway.name}" for gateway in fault.city.gateways}
    return {part} if fault.everywhere else {f"{part} {fault.gateway.name}"}
