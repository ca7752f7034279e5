"""Events of something that was done without our yes: kept until people were told. Pure.

Each is looked at again a little later where that may clear it up: an event may overtake the write
that it is about, or the server may be another one since. What then stands is an alarm.
"""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from approvals.aftermath.facts import Report, report_from_plain
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

    @property
    def as_heard(self) -> str:
        """The alarm that it is as long as nobody can look whether something cleared it up."""
        did = "signed" if self.report.kind == "key_sign" else "used"
        return f"{did}_{'rejected' if self.member else 'unknown'}"


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


def with_said(doubts: Doubts, names: Collection[str], place: str) -> Doubts:
    """The same once people were told of these at a place."""
    told = [
        replace(one, said=(*one.said, place))
        for one in doubts.kept
        if one.name in names and place not in one.said
    ]
    return changed(doubts, told)


def updated(own: Doubts, stored: Doubts) -> Doubts:
    """Our own, with what others wrote of them: that the alarm was raised, and who was told."""
    theirs = {one.name: one for one in stored.kept}
    return changed(own, [_both(one, theirs[one.name]) for one in own.kept if one.name in theirs])


def merged(stored: Doubts, own: Doubts) -> Doubts:
    """What is stored and what we heard ourselves; no longer than twice what is kept."""
    known = updated(stored, own)
    more = (one for one in own.kept if not known.knows(one.name))
    return replace(known, kept=(*known.kept, *more))


def trimmed(doubts: Doubts) -> Doubts:
    """No more than are kept: those that people were told of are left out first, then the newest."""
    told = [one.name for one in doubts.kept if one.said]
    out = set(told[: max(0, len(doubts.kept) - MOST_DOUBTS)])
    left = tuple(one for one in doubts.kept if one.name not in out)
    return replace(doubts, kept=left[:MOST_DOUBTS])


def doubts_to_json(doubts: Doubts) -> str:
    """All of them; the stamp is part of the stored form."""
    return to_json(doubts.kept)


def doubts_from_json(body: str, stamp: str) -> Doubts:
    """The inverse; anything that is not ours raises DamagedRecord."""
    try:
        return Doubts(tuple(_doubt(one) for one in json.loads(body)), stamp)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DamagedRecord(f"no list of doubts: {type(error).__name__}") from None


def _both(one: Doubt, other: Doubt) -> Doubt:
    said = tuple(dict.fromkeys((*one.said, *other.said)))
    return replace(
        one, alarm=one.alarm or other.alarm, member=one.member or other.member, said=said
    )


def _doubt(document: dict[str, Any]) -> Doubt:
    report, said = report_from_plain(document.pop("report")), tuple(document.pop("said"))
    return Doubt(report=report, said=said, **document)
