"""Does the judge see anything? Each guard is broken once, in a short season that depends on it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from tests.chaos.city import Plan
from tests.chaos.mood import Mood
from tests.chaos.rules import Kind
from tests.chaos.season import Season

_ASKED: Final = {Kind.ONE: 1}


@dataclass(frozen=True, slots=True)
class Probe:
    """A season that cannot go well without the guard, and the promises whose loss may show it."""

    promises: frozenset[str]
    kinds: Mapping[Kind, int] = field(default_factory=lambda: _ASKED)
    plans: Mapping[str, int] = field(default_factory=lambda: {"agree": 1})
    habits: Mapping[str, int] = field(default_factory=lambda: {"": 1})
    second_bodies: float = 0.0
    requests: int = 30
    settle_s: float = 0.0
    nodes: tuple[str, ...] = ("node-1", "node-2")
    pace: float = 0.5
    a_second: float = 20.0
    freeze_every_s: float | None = None


PROBES: Final = {
    "compare": Probe(
        frozenset({"3 one decision", "6 evidence", "7 no stays no", "9 telling"}),
        plans={"differ": 1, "last moment": 1},
        habits={"both": 1},
        requests=60,
    ),
    "content": Probe(frozenset({"1 bytes", "3 one decision"}), second_bodies=1.0),
    "deadline": Probe(
        frozenset({"3 votes in time"}),
        plans={"last moment": 1},
        habits={"hasty": 1},
        nodes=("node-2",),
        pace=1.0,
        requests=40,
        a_second=5.0,
    ),
    "evidence": Probe(frozenset({"6 evidence"}), {Kind.AUTO: 1}, requests=6),
    "final": Probe(frozenset({"3 one decision", "6 evidence"}), habits={"both": 1, "deaf": 1}),
    "freezes": Probe(frozenset({"4 freezes hold", "6 evidence"}), freeze_every_s=0.4),
    "hand-out": Probe(frozenset({"9 telling"}), requests=10, settle_s=10.0),
    "overrides": Probe(frozenset({"4 no default is yes"}), plans={"override": 1}),
    "reasons": Probe(frozenset({"4 no default is yes"}), {Kind.TWO: 1}, pace=1.0),
    "refusals": Probe(frozenset({"7 no stays no"}), plans={"differ": 1}),
    "seats": Probe(frozenset({"4 no default is yes"}), {Kind.TWO: 1, Kind.KEY_GEN: 1}),
    "stamp": Probe(frozenset({"4 freezes hold"}), {Kind.AUTO: 1}, freeze_every_s=0.4, requests=60),
    "store-first": Probe(frozenset({"9 telling"})),
    "telling": Probe(frozenset({"9 telling"}), settle_s=10.0),
    "thaws": Probe(frozenset({"4 freezes hold", "6 evidence"}), freeze_every_s=0.4),
}


def season_of(guard: str, seed: int) -> Season:
    """The season that breaks it."""
    probe = PROBES[guard]
    mood = Mood(
        probe.kinds,
        probe.plans,
        probe.habits,
        probe.nodes,
        twins=0.0,
        second_bodies=probe.second_bodies,
        pace=probe.pace,
        freeze_every_s=probe.freeze_every_s,
    )
    return Season(
        guard,
        Plan(gateways=2, fsync="always", guard=guard),
        probe.requests,
        seed,
        a_second=probe.a_second,
        faults=False,
        mood=mood,
        settle_s=probe.settle_s,
    )
