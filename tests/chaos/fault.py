"""One thing that goes wrong: what every kind of fault has in common."""

import random
from typing import ClassVar

from gateway.simulate.attempts import NoResponse
from tests.chaos.city import City, Gateway
from tests.chaos.history import Heard
from tests.chaos.storage import Storage


class Fault:
    """One thing that goes wrong. `inject` and `mend` are called once each, in this order.

    `blocks`: while it lasts, and shortly after, it may be impossible to decide. `needs_redis`: it
    is about a Redis that the city runs. `part` is what it breaks, of one gateway or, `everywhere`,
    of all: no other fault touches that meanwhile.
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
