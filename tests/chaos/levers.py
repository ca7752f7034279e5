"""What a gateway process can be told while it runs: another time of day, a disk that fails.

A small file, mapped by the process and by who pulls the levers: reading one costs a microsecond,
so that even the clock can ask each time.
"""

import mmap
import struct
from enum import IntEnum
from pathlib import Path
from typing import Final

_SLOTS: Final = struct.Struct("qqq")


class Disk(IntEnum):
    """How the disk under the audit behaves."""

    SOUND = 0
    FSYNC_FAILS = 1
    FULL = 2


class Levers:
    """One gateway's levers. `failures` counts the calls that the disk really failed."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(bytes(_SLOTS.size))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), _SLOTS.size)

    @property
    def ahead_ms(self) -> int:
        return self._slots()[0]

    @ahead_ms.setter
    def ahead_ms(self, value: int) -> None:
        self._put(0, value)

    @property
    def disk(self) -> Disk:
        return Disk(self._slots()[1])

    @disk.setter
    def disk(self, value: Disk) -> None:
        self._put(1, value)

    @property
    def failures(self) -> int:
        return self._slots()[2]

    def count_failure(self) -> None:
        self._put(2, self.failures + 1)

    def _slots(self) -> tuple[int, int, int]:
        first, second, third = _SLOTS.unpack_from(self._map)
        return first, second, third

    def _put(self, slot: int, value: int) -> None:
        struct.pack_into("q", self._map, 8 * slot, value)
