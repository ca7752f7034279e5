"""A state of the model: one moment, one record, a few gateways and those who write."""

from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from approvals.model import Choice

OVER = ("begin", "done")
"""An actor that did nothing yet, or will do nothing more."""

Kind: TypeAlias = Literal["attempt", "voter", "sweeper", "freezer"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who may act once, at which gateway. An attempt's name begins with its token."""

    kind: Kind
    name: str
    at: int
    choice: Choice = Choice.APPROVE

    @property
    def token(self) -> str:
        """What its JWT is known by: `t0 again` is another attempt with the token of `t0`."""
        return self.name.partition(" ")[0]

    @property
    def title(self) -> str:
        where = "ABC"[self.at]
        match self.kind:
            case "attempt":
                return f"attempt {self.name} at {where}"
            case "voter":
                return f"{self.name} ({self.choice} at {where})"
            case "sweeper" | "freezer":
                return f"{self.kind} of {where}"


class Step(NamedTuple):
    """How far an actor is: what it does next, what it read, what it is about to write.

    `freeze` is the epoch that the write was decided under. `stored`: its own write took place;
    `fresh`: that was an APPROVE, compared with the freeze by that very write.
    `said` is what was answered to the node, or what the person was told.
    """

    next: str = "begin"
    record: int = 0
    new: int = 0
    freeze: int = 0
    began: int = 0
    writes: int = 0
    gone: bool = False
    stored: bool = False
    fresh: bool = False
    said: str = ""


class Gateway(NamedTuple):
    """One process and its audit: `memory` dies with it, `kept` is what the next one loads.

    `answered` are the outcomes that its audit has as answered. Epochs of the freeze are even
    while it holds: `seen` is the one last read, 0 where none was there, `epoch` the highest known.
    `held` is the attempt that its schedule counted last, while it is open.
    """

    policy: int = 0
    memory: int = 0
    kept: int = 0
    evidenced: bool = False
    answered: tuple[str, ...] = ()
    seen: int = 1
    epoch: int = 1
    held: int = -1


class State(NamedTuple):
    """Everything. `past` are all stored versions of the record, where they may come back.

    `wrote` are the outcomes that were ever stored as final, `spoken` who spoke which.
    """

    now: int
    record: int
    past: tuple[int, ...]
    freeze: int
    gateways: tuple[Gateway, ...]
    steps: tuple[Step, ...]
    faults: tuple[str, ...]
    wrote: tuple[str, ...] = ()
    spoken: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Move:
    """One thing that may happen next, and the invariant that it breaks."""

    told: str
    state: State
    breach: str | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """Who may act, and what may go wrong how often, and the moments that matter (ms).

    A fault is its name and where it may strike: `crash A`, `lost answer`, `audit fails A`,
    `put back`, `hang up`, `policy A`, `unfreeze`.
    """

    name: str
    seats: int
    actors: tuple[Actor, ...]
    faults: tuple[str, ...] = ()
    moments: tuple[int, ...] = (0, 8_000)
    gateways: int = 1

    excused: bool = True

    @property
    def kept_apart(self) -> bool:
        """Whether one gateway may be shown what the others know to be past, and is excused."""
        put_back = any(fault.startswith("put") for fault in self.faults)
        return self.excused and self.gateways > 1 and put_back


def is_frozen(gateway: Gateway) -> bool:
    """Whether it may approve nothing: by what it read last, or because it read nothing yet."""
    return gateway.seen % 2 == 0
