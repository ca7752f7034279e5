"""What a replay came to: one result for each request, whatever processes wrote about it."""

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from approvals.policy.compare import Comparison, Loosened, Other, Tightened
from gateway.rules.replaying import Change, Mention, NotReplayable, Replayed, Result

BY_DEFAULT: Final = "default"
"""What allows a loosening that no rule of the draft is behind."""

KINDS: Final[dict[str, type[Comparison]]] = {
    "loosened": Loosened,
    "tightened": Tightened,
    "other": Other,
}
"""The kinds of changes by the names that machines know, the most important first."""

NEVER_ASKED: Final = "no line here holds what was asked: is it in another gateway's audit?"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to replay: `since` is Unix milliseconds, `allow` the loosenings that are meant."""

    draft: Path
    since: int
    allow: frozenset[str]
    show_all: bool
    as_json: bool


@dataclass(slots=True)
class Tally:
    """Grows by the results of lines; of several lines about one digest the earliest counts.

    A name in `allow` that is one of the draft's `rules` means that rule and no request: Cobo
    chooses the ids of requests.
    """

    allow: frozenset[str]
    rules: frozenset[str]
    _known: dict[bytes, int | Replayed] = field(default_factory=dict)
    _mentions: dict[bytes, str] = field(default_factory=dict)
    _not_replayable: list[NotReplayable] = field(default_factory=list)
    _changes: dict[Change, Change] = field(default_factory=dict)

    def add(self, results: Iterable[Result]) -> None:
        """Take what a chunk came to."""
        for result in results:
            match result:
                case Replayed():
                    self._add_replayed(result)
                case Mention(digest=digest, member=member):
                    name = bytes.fromhex(digest)
                    if name not in self._known:
                        self._mentions[name] = member
                case NotReplayable():
                    self._not_replayable.append(result)

    def _add_replayed(self, result: Replayed) -> None:
        """Unchanged requests cost a number; equal changes are kept once."""
        name = bytes.fromhex(result.digest)
        self._mentions.pop(name, None)
        known = self._known.get(name)
        if known is not None and (known if isinstance(known, int) else known.at) <= result.at:
            return
        if result.change is None:
            self._known[name] = result.at
            return
        same = self._changes.setdefault(result.change, result.change)
        self._known[name] = Replayed(
            result.at, result.asked_at, result.member, result.digest, same, result.headline
        )

    @property
    def requests(self) -> int:
        """How many could be replayed."""
        return len(self._known)

    @property
    def unchanged(self) -> int:
        """How many would get the very same verdict."""
        return sum(1 for known in self._known.values() if isinstance(known, int))

    def changed(self, kind: type[Comparison]) -> Iterator[Replayed]:
        """Those that would change so."""
        for known in self._known.values():
            if isinstance(known, Replayed) and isinstance(comparison_of(known), kind):
                yield known

    def earliest(self, kind: type[Comparison], most: int | None) -> list[Replayed]:
        """The same in the order in which they were asked, at most so many."""
        rows = self.changed(kind)
        if most is None:
            return sorted(rows, key=_when)
        return heapq.nsmallest(most, rows, key=_when)

    def counts(self) -> dict[str, int]:
        """By kind."""
        return {name: sum(1 for _ in self.changed(kind)) for name, kind in KINDS.items()}

    def forbidden(self) -> Iterator[Replayed]:
        """Loosenings that nobody allowed."""
        return (row for row in self.changed(Loosened) if not self.is_allowed(row))

    def is_allowed(self, row: Replayed) -> bool:
        """By the request's own name; by the rule that approves; or by every rule that asks.

        An ask that is looser than before is so by all that is left to ask.
        """
        meant = self.allow - self.rules - {BY_DEFAULT}
        if meant & {row.member.partition("/")[2], row.member, row.digest}:
            return True
        if row.change is not None and row.change.new == "approve":
            return bool(self.allow & set(behind(row)))
        return self.allow >= set(behind(row))

    def causes(self, rows: Iterable[Replayed]) -> Counter[str]:
        """How many of these each rule of the draft is behind."""
        return Counter(name for row in rows for name in behind(row))

    def not_replayable(self) -> list[NotReplayable]:
        """What no other line made up for, and what was decided without a line that we have."""
        left = [
            each
            for each in self._not_replayable
            if not each.digest or bytes.fromhex(each.digest) not in self._known
        ]
        named = {each.digest for each in left}
        for name, member in self._mentions.items():
            if name.hex() not in named:
                left.append(NotReplayable(NEVER_ASKED, member, name.hex()))
        return left

    def unused(self) -> list[str]:
        """What was allowed and names neither a rule of the draft nor a request that changes."""
        left = set(self.allow - self.rules - {BY_DEFAULT})
        for known in self._known.values():
            if isinstance(known, Replayed):
                left -= {known.member, known.member.partition("/")[2], known.digest}
        return sorted(left)


def comparison_of(row: Replayed) -> Comparison:
    """What its change amounts to."""
    assert row.change is not None  # noqa: S101 - for the type checker: only changes are kept
    return row.change.comparison


def behind(row: Replayed) -> tuple[str, ...]:
    """The draft's rules that give the new verdict, or the default."""
    return (row.change.new_rules if row.change else ()) or (BY_DEFAULT,)


def _when(row: Replayed) -> tuple[int, str]:
    return row.asked_at, row.member
