"""Looks at the other gateways behind the same Redis, and says where they differ from this one."""

import asyncio
from collections.abc import Callable
from typing import Final

from approvals.events import Alarm, AlarmOver
from approvals.presence import KINDS, Differences, Presence, Presences
from approvals.redis.link import StoreDown
from gateway.clock import Clock
from gateway.observe.observer import Observer

LOOK_S: Final = 3.0


class Neighbors:
    """One gateway's view of all."""

    def __init__(
        self,
        presences: Presences,
        policy: Callable[[], str],
        observer: Observer,
        clock: Clock,
        *,
        process: str,
        version: str,
    ) -> None:
        """`policy` gives the digest of the policy in force."""
        self._presences = presences
        self._policy = policy
        self._observer = observer
        self._now = clock.now_ms
        self._process = process
        self._version = version
        self._differences = Differences()
        self._damaged: frozenset[str] = frozenset()

    async def run(self) -> None:
        """For ever. While Redis is away, what was seen last stays so."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Once: say that we are here, compare, and tell what is news."""
        own = Presence(self._process, self._policy(), self._version, self._now())
        try:
            seen = await self._presences.exchange(own, self._now)
        except StoreDown:
            return
        compared = self._differences.look(own, seen.others)
        for one in compared.lasting:
            self._observer.note(Alarm(own.now, one.kind, "", one.detail))
        for one in compared.over:
            self._observer.note(AlarmOver(own.now, one.kind, one.detail))
        for name in sorted(set(seen.damaged) - self._damaged):
            detail = f"what gateway {name} says of itself does not verify"
            self._observer.note(Alarm(own.now, "damaged", "", detail))
        self._damaged = frozenset(seen.damaged)
        self._observer.metrics.set_gateways(1 + len(seen.others))
        for kind in KINDS:
            self._observer.metrics.set_differing(kind, self._differences.of(kind))
