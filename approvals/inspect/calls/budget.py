"""How much of one call is looked at: whatever the bytes, an answer takes bounded time."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Final

from approvals.inspect.calls.model import Call

MAX_DEPTH: Final = 4
"""Calls inside each other that are unfolded; a Safe that sends a batch needs two."""

MAX_CALLS: Final = 64
"""Calls that are looked at in all, however they nest."""

MAX_CALLDATA: Final = 8 * 1024
"""Bytes of calldata, in all, whose arguments are shown by an operator's ABI."""


@dataclass(slots=True)
class Budget:
    """What is left: `calls` to be looked at, `calldata` to be shown by an operator's ABI.

    `cut` says that some calls inside were not looked at.
    """

    calls: int = MAX_CALLS
    calldata: int = MAX_CALLDATA
    cut: bool = False

    def take(self, calls: Iterable[Call], depth: int) -> tuple[Call, ...]:
        """The first of the calls that are inside one at this depth, as far as there is room."""
        room = self.calls if depth < MAX_DEPTH else 0
        found = tuple(islice(calls, room + 1))
        self.cut = self.cut or len(found) > room
        self.calls -= min(len(found), room)
        return found[:room]

    def affords(self, size: int) -> bool:
        """Whether so much calldata may still be shown; if so, it is counted."""
        if size > self.calldata:
            return False
        self.calldata -= size
        return True
