"""What was seen, sorted by request: attempts, votes, audits, and what went on around them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.attempts import Answer
from tests.chaos.evidence import Entry, Shown
from tests.chaos.history import (
    Asked,
    Event,
    FaultBegan,
    FaultEnded,
    GaveUp,
    Heard,
    PolicyBegan,
    PolicyEnded,
    Voted,
    VoteTold,
    Wished,
)
from tests.chaos.rules import POLICIES, Kind, Policy

LINGER_MS: Final = 2_000
"""After a fault is mended: connections are made anew, a socket's time limit runs out."""

WHISPER_WITHIN_MS: Final = 6_000
"""Private sentences are one call, one retry and Slack's own time away."""


ENDED_WITHIN_MS: Final = 1_000
"""A gateway that was ended so soon after it heard a click may not have whispered yet."""


_HARMLESS: Final = ("Redis", "clock", "fsync", "disk", "network to Redis", "(this machine")
"""Faults that keep nobody's private sentence from reaching Slack, however late."""


@dataclass
class Case:
    """All that was seen of one request."""

    wished: Wished
    asked: dict[str, Asked] = field(default_factory=dict)
    heard: dict[str, Heard] = field(default_factory=dict)
    votes: dict[str, Voted] = field(default_factory=dict)
    told: dict[str, VoteTold] = field(default_factory=dict)
    gave_up: GaveUp | None = None
    entries: list[Entry] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.wished.case

    @property
    def answers(self) -> list[tuple[Asked, Heard, Answer]]:
        """The attempts that were answered, in order."""
        found = ((self.asked[name], heard, heard.what) for name, heard in self.heard.items())
        return [(asked, heard, what) for asked, heard, what in found if isinstance(what, Answer)]

    def told_of(self, vote: str) -> str:
        told = self.told.get(vote)
        return "unknown" if told is None else told.told

    def may_approve(self) -> set[str]:
        """Who may have approved, as far as anybody outside can tell."""
        wanted = {"desk"} if self.wished.kind is Kind.SIGNED else {"desk", "socket", "http"}
        return {
            vote.person
            for name, vote in self.votes.items()
            if vote.choice == "approve" and vote.via in wanted and self.told_of(name) != "refused"
        }


@dataclass(frozen=True, slots=True)
class Span:
    """Something that lasted: Unix milliseconds, both ends in it."""

    gateway: str | None
    what: str
    since: int
    until: int

    def meets(self, since: int, until: int, gateway: str | None = None) -> bool:
        """Whether it overlaps, at that gateway or at all."""
        here = gateway is None or self.gateway in {None, gateway}
        return here and self.since <= until and since <= self.until


@dataclass
class Trial:
    """Everything the judge gets, sorted by request.

    `redis_forgets` is True where the server was made to lose acknowledged writes.
    """

    events: Sequence[Event]
    cases: dict[str, Case]
    blocks: list[Span]
    faults: list[Span]
    policies: list[Span]
    shown: list[Shown] | None
    redis_forgets: bool

    @classmethod
    def of(
        cls,
        events: Sequence[Event],
        entries: Iterable[Entry],
        shown: list[Shown] | None = None,
        *,
        redis_forgets: bool = False,
    ) -> "Trial":
        """Sort what was seen; `shown` None: nobody looked at the end."""
        cases = _cases(events)
        by_digest = {case.wished.digest: case for case in cases.values()}
        by_token = {a.token: case for case in cases.values() for a in case.asked.values()}
        for entry in entries:
            case = by_digest.get(entry.digest) or by_token.get(entry.token or "")
            if case is not None:
                case.entries.append(entry)
        return cls(
            events,
            cases,
            blocks=list(_faults(events, blocking=True)),
            faults=list(_faults(events, blocking=False)),
            policies=list(_policies(events)),
            shown=shown,
            redis_forgets=redis_forgets,
        )

    def in_force(self, case: Case, until: int) -> list[Policy]:
        """The policies by which some gateway may have decided."""
        names = {s.what for s in self.policies if s.meets(case.wished.at, until)}
        return [POLICIES[name] for name in sorted(names)]

    def muted(self, since: int, until: int) -> bool:
        """Whether a private sentence to a click that was acknowledged then may have been lost."""
        return any(
            span.meets(since, until + WHISPER_WITHIN_MS)
            if "Slack" in span.what or "Socket" in span.what
            else span.meets(since, until + ENDED_WITHIN_MS)
            for span in self.faults
            if not span.what.startswith(_HARMLESS)
        )

    def blocked(self, since: int, until: int, gateway: str) -> bool:
        return any(span.meets(since, until, gateway) for span in self.blocks)


def _cases(events: Iterable[Event]) -> dict[str, Case]:
    cases: dict[str, Case] = {}
    for event in events:
        match event:
            case Wished(case=name):
                cases[name] = Case(event)
            case Asked(case=name, attempt=attempt):
                cases[name].asked[attempt] = event
            case Heard(case=name, attempt=attempt):
                cases[name].heard[attempt] = event
            case GaveUp(case=name):
                cases[name].gave_up = event
            case Voted(case=name, vote=vote):
                cases[name].votes[vote] = event
            case VoteTold(case=name, vote=vote):
                cases[name].told[vote] = event
            case _:
                pass
    return cases


def _faults(events: Iterable[Event], *, blocking: bool) -> Iterator[Span]:
    """Spans of faults: those that block with their aftermath, or all of them."""
    ends = {event.fault: event.at for event in events if isinstance(event, FaultEnded)}
    for event in events:
        if isinstance(event, FaultBegan) and (event.blocks or not blocking):
            until = ends.get(event.fault, event.at + 600_000) + LINGER_MS
            yield Span(event.gateway, event.name, event.at, until)


def _policies(events: Iterable[Event]) -> Iterator[Span]:
    """When each policy may have been in force where: a reload may or may not have been heeded."""
    running: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for event in events:
        if isinstance(event, PolicyBegan):
            running[event.gateway].setdefault(event.policy, event.at)
        elif isinstance(event, PolicyEnded):
            for policy, since in running.pop(event.gateway, {}).items():
                yield Span(event.gateway, policy, since, event.at)
    for gateway, policies in running.items():
        for policy, since in policies.items():
            yield Span(gateway, policy, since, since + 10**9)
