"""Events of something that was done without our yes: kept until people were told.

Each is looked at again a little later where that may clear it up: an event may overtake the write
that it is about, or the server may be another one since. What then stands is an alarm.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from approvals.aftermath.facts import Report
from approvals.codec import DamagedRecord
from approvals.plain import to_json

GRACE_MS: Final = 5_000
"""Between a write and the time at which every gateway reads it, a fail-over included, or nearly."""

MOST_DOUBTS: Final = 200
"""Past it those that people were told of are forgotten first."""

DOUBTS_MEMBER: Final = "doubts"
"""What the outbox calls them: no record of a request has such a name, for theirs hold a slash."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """One such event of a node; times are Unix milliseconds by our clock.

    `alarm` is its name once it was raised, empty before; `member` the record it was matched with.
    `said` names the places where people were told.
    """

    node: str
    report: Report
    heard_at: int
    look_at: int
    alarm: str = ""
    member: str = ""
    said: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What tells it from others: two nodes may use one event id."""
        return f"{self.node} {self.report.event_id}"


@dataclass(frozen=True, slots=True)
class Doubts:
    """All that are kept, oldest first. `stamp` names the stored value."""

    kept: tuple[Doubt, ...] = ()
    stamp: str = ""

    @property
    def revision(self) -> int:
        """Grows with each write; 0 before the first."""
        return int(self.stamp[:20] or 0)

    @property
    def next_look(self) -> int | None:
        """When the next one must be looked at; None if none must."""
        return min((doubt.look_at for doubt in self.kept if not doubt.alarm), default=None)

    def knows(self, name: str) -> bool:
        """Whether this event is among them."""
        return any(doubt.name == name for doubt in self.kept)


def with_doubt(doubts: Doubts, doubt: Doubt) -> Doubts | None:
    """The same with one more; None where there is no room. Itself where it is known."""
    if doubts.knows(doubt.name):
        return doubts
    kept = [*doubts.kept, doubt]
    if len(kept) > MOST_DOUBTS:
        told = next((one for one in kept if one.said), None)
        if told is None:
            return None
        kept.remove(told)
    return replace(doubts, kept=tuple(kept))


def changed(doubts: Doubts, new: Iterable[Doubt], *, cleared: Iterable[str] = ()) -> Doubts:
    """Those of `new` in the places of their namesakes, and without those that are cleared up."""
    by_name, gone = {doubt.name: doubt for doubt in new}, set(cleared)
    kept = (by_name.get(one.name, one) for one in doubts.kept if one.name not in gone)
    return replace(doubts, kept=tuple(kept))


def doubts_to_json(doubts: Doubts) -> str:
    """All of them; the stamp is part of the stored form."""
    return to_json(doubts.kept)


def doubts_from_json(body: str, stamp: str) -> Doubts:
    """The inverse; anything that is not ours raises DamagedRecord."""
    try:
        return Doubts(tuple(_doubt(one) for one in json.loads(body)), stamp)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DamagedRecord(f"no list of doubts: {type(error).__name__}") from None


def _doubt(document: dict[str, object]) -> Doubt:
    report, said = document.pop("report"), document.pop("said")
    report = dict(report)  # type: ignore[call-overload]
    report["hashes"] = tuple(report["hashes"])
    return Doubt(report=Report(**report), said=tuple(said), **document)  # type: ignore[arg-type]
