"""How fast the suite may go: as fast as this machine keeps up with."""

from dataclasses import dataclass, field
from typing import Final

_FLOOR: Final = 0.1
_FASTER: Final = 1.02
_SLOWER: Final = 0.7


@dataclass
class Tempo:
    """Requests a second: fewer at once whenever the machine was slow, more again bit by bit."""

    most: float
    share: float = field(default=1.0, init=False)

    @property
    def a_second(self) -> float:
        return self.most * self.share

    def slow(self) -> None:
        self.share = max(_FLOOR, self.share * _SLOWER)

    def took_one(self) -> None:
        self.share = min(1.0, self.share * _FASTER)
