"""What was seen, sorted by request: attempts, votes, audits, and what went on around them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.simulate.attempts import Answer
from tests.chaos.evidence import Entry, FreezeLine, Shown
from tests.chaos.history import (
    Asked,
    Event,
    FaultBegan,
    FaultEnded,
    FreezeTold,
    FreezeTried,
    GaveUp,
    Heard,
    PolicyBegan,
    PolicyEnded,
    ThawTold,
    ThawTried,
    Voted,
    VoteTold,
    Wished,
)
from tests.chaos.rules import POLICIES, Kind, Policy, covers

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

    def could_be_approved_by(self, moment: int, policies: Iterable[Policy]) -> bool:
        """Whether the votes that were cast before a moment could have been enough."""
        approvers, overriders = self.may_approve(moment), self.may_override(moment)
        kind = self.wished.kind
        return any(policy.supports(kind, approvers, overriders) for policy in policies)

    def may_override(self, before: int | None = None) -> set[str]:
        """Who may have overridden, as far as anybody outside can tell."""
        return {
            vote.person
            for name, vote in self.votes.items()
            if vote.choice == "approve"
            and vote.override
            and self.told_of(name) != "refused"
            and (before is None or vote.at < before)
        }

    def may_approve(self, before: int | None = None) -> set[str]:
        """Who may have approved, as far as anybody outside can tell."""
        wanted = {"desk"} if self.wished.kind is Kind.SIGNED else {"desk", "socket", "http"}
        return {
            vote.person
            for name, vote in self.votes.items()
            if vote.choice == "approve"
            and vote.via in wanted
            and self.told_of(name) != "refused"
            and (before is None or vote.at < before)
        }


@dataclass(frozen=True, slots=True)
class Frost:
    """A freeze that may have held, by what people tried and were told; Unix milliseconds.

    `held`: surely from then on (None: nobody knows), until `thawing`, when a second person begins
    to thaw it. `thawed`: from then on surely not, unless a vote went astray. None: never.
    """

    tried: FreezeTried
    freeze: str | None
    held: int | None
    thawing: int | None
    thawed: int | None


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

    `redis_forgets` is True where the server was made to lose acknowledged writes; `audit` is what
    `audit verify` finds in all gateways' audits together.
    """

    events: Sequence[Event]
    cases: dict[str, Case]
    blocks: list[Span]
    faults: list[Span]
    policies: list[Span]
    frosts: list[Frost]
    freezes: list[FreezeLine]
    audit: tuple[str, ...]
    shown: list[Shown] | None
    redis_forgets: bool

    @classmethod
    def of(
        cls,
        events: Sequence[Event],
        entries: Iterable[Entry | FreezeLine],
        shown: list[Shown] | None = None,
        *,
        audit: Iterable[str] = (),
        redis_forgets: bool = False,
    ) -> "Trial":
        """Sort what was seen; `shown` None: nobody looked at the end."""
        cases = _cases(events)
        by_digest = {case.wished.digest: case for case in cases.values()}
        by_token = {a.token: case for case in cases.values() for a in case.asked.values()}
        freezes = []
        for entry in entries:
            if isinstance(entry, FreezeLine):
                freezes.append(entry)
                continue
            case = by_digest.get(entry.digest) or by_token.get(entry.token or "")
            if case is not None:
                case.entries.append(entry)
        return cls(
            events,
            cases,
            blocks=list(_faults(events, blocking=True)),
            faults=list(_faults(events, blocking=False)),
            policies=list(_policies(events)),
            frosts=list(_frosts(events)),
            freezes=freezes,
            audit=tuple(audit),
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

    def icy(self, case: Case, until: int) -> bool:
        """Whether some freeze that covers it may have been known until shortly before."""
        since = case.wished.at
        own = any(line.own and since - 30_000 <= line.at <= until + 30_000 for line in self.freezes)
        return own or any(
            covers(frost.tried.scope, case.wished.kind)
            and frost.tried.at <= until
            and (frost.thawed is None or frost.thawed + LINGER_MS >= since)
            for frost in self.frosts
        )


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


def _frosts(events: Iterable[Event]) -> Iterator[Frost]:
    """Every freeze that somebody tried, with when it surely held and until when."""
    tried: dict[str, FreezeTried] = {}
    told: dict[str, FreezeTold] = {}
    thaws: defaultdict[str, list[ThawTried]] = defaultdict(list)
    refused, settled = set[str](), dict[str, int]()
    for event in events:
        match event:
            case FreezeTried(reason=reason):
                tried[reason] = event
            case FreezeTold(reason=reason):
                told[reason] = event
            case ThawTried(freeze=freeze):
                thaws[freeze].append(event)
            case ThawTold(vote=vote, told=word, at=at):
                settled[vote] = at
                if word == "refused":
                    refused.add(vote)
            case _:
                pass
    for reason, began in tried.items():
        answer = told.get(reason)
        if answer is None or answer.told == "refused":
            continue
        votes = [vote for vote in thaws[answer.freeze or ""] if vote.vote not in refused]
        first, last = _thawed(votes, settled)
        held = answer.at if answer.told == "counted" else None
        yield Frost(began, answer.freeze, held, first, last)


def _thawed(votes: list[ThawTried], settled: dict[str, int]) -> tuple[int | None, int | None]:
    """When the second of two people began to want the end of it, and when all were told."""
    began: dict[str, int] = {}
    for vote in votes:
        began.setdefault(vote.person, vote.at)
    if len(began) < 2:
        return None, None
    return sorted(began.values())[1], max(settled.get(v.vote, v.at + 10_000) for v in votes)


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
