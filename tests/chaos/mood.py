"""How a season is meant to go: what is asked, what people do, how nodes behave, by weight."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from tests.chaos.rules import Kind

_KINDS: Final = {
    Kind.AUTO: 18,
    Kind.ONE: 34,
    Kind.TWO: 16,
    Kind.SIGNED: 8,
    Kind.KEY_GEN: 6,
    Kind.BARRED: 6,
    Kind.CONTRADICTION: 5,
    Kind.INNER_JUNK: 2,
    Kind.OUTER_JUNK: 1,
}
_PLANS: Final = {
    "agree": 50,
    "refuse": 10,
    "differ": 15,
    "dawdle": 15,
    "last moment": 10,
    "override": 8,
}
_HABITS: Final = {"": 64, "both": 8, "repeats": 7, "ahead": 7, "deaf": 8, "hasty": 6}


@dataclass(frozen=True, slots=True)
class Mood:
    """Weights of kinds, of people's plans and of nodes' habits; shares of twins and second bodies.

    `nodes` are those that begin to ask; either of them may repeat what the other asked.

    `pace` stretches all times: of the nodes' windows, and of what people take. `freeze_every_s` is
    how long on-call waits between freezes, longer where the
    machine is slow; None: nobody freezes.
    """

    kinds: Mapping[Kind, int] = field(default_factory=lambda: _KINDS)
    plans: Mapping[str, int] = field(default_factory=lambda: _PLANS)
    habits: Mapping[str, int] = field(default_factory=lambda: _HABITS)
    nodes: tuple[str, ...] = ("node-1", "node-2")
    twins: float = 0.06
    second_bodies: float = 0.10
    pace: float = 1.0
    freeze_every_s: float | None = 10.0


USUAL: Final = Mood()
