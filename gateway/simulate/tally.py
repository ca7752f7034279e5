"""What came of many requests: counted, timed and checked. Pure."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from approvals.model import Cause
from gateway.simulate.attempts import (
    Answer,
    BadAnswer,
    Conclusion,
    ErrorStatus,
    Happened,
    HttpError,
    NoResponse,
)

Expected: TypeAlias = Literal["approve", "reject", "none"]

_CAUSES: Final = frozenset(Cause)


@dataclass(frozen=True, slots=True)
class Reported:
    """What came of telling the gateway about a signature; `said`: what it answered at last."""

    taken: bool
    said: str


@dataclass(frozen=True, slots=True)
class Played:
    """One request to its end. `happened` is what each attempt came to.

    `content` is the SHA-256 of what was asked; `event` is None where nothing was to be reported.
    """

    name: str
    request_id: str
    content: bytes
    conclusion: Conclusion
    happened: tuple[Happened, ...]
    event: Reported | None = None


@dataclass(frozen=True, slots=True)
class Latencies:
    """Milliseconds from a request's first attempt to its answer."""

    p50: int
    p90: int
    p99: int
    most: int

    @classmethod
    def of(cls, measured: Sequence[int]) -> "Latencies":
        """By nearest rank: each is a time that was measured."""
        ordered = sorted(measured)

        def rank(percent: int) -> int:
            return ordered[math.ceil(len(ordered) * percent / 100) - 1]

        return cls(rank(50), rank(90), rank(99), ordered[-1])


@dataclass(frozen=True, slots=True)
class Row:
    """Answers of one sort. `action` is empty for pings, `cause` for everything but refusals."""

    action: str
    cause: str
    count: int
    took: Latencies


@dataclass(frozen=True, slots=True)
class Check:
    """A promise of the gateway, and how often it was broken."""

    name: str
    sentence: str
    failed: int

    @property
    def ok(self) -> bool:
        """It held every time."""
        return not self.failed


@dataclass(frozen=True, slots=True)
class Tally:
    """Everything that is told of a run. Counts of `other` are by what happened to an attempt."""

    requests: int
    attempts: int
    answers: tuple[Row, ...]
    took: Latencies | None
    unanswered: int
    stopped: int
    other: dict[str, int] = field(default_factory=dict)
    checks: tuple[Check, ...] = ()

    @property
    def ok(self) -> bool:
        """Every check held."""
        return all(check.ok for check in self.checks)


def tally(played: Sequence[Played], expected: Expected | None = None) -> Tally:
    """Count, time and check."""
    answered = [each for each in played if each.conclusion.by == "server"]
    times: dict[tuple[str, str], list[int]] = defaultdict(list)
    for each in answered:
        kind = (each.conclusion.action, cause_of(each.conclusion.error))
        times[kind].append(each.conclusion.elapsed_ms)
    whole = [each.conclusion.elapsed_ms for each in answered]
    return Tally(
        requests=len(played),
        attempts=sum(len(each.happened) for each in played),
        answers=tuple(
            Row(*kind, len(took), Latencies.of(took)) for kind, took in sorted(times.items())
        ),
        took=Latencies.of(whole) if whole else None,
        unanswered=sum(each.conclusion.by == "gave up" for each in played),
        stopped=sum(each.conclusion.by == "stopped" for each in played),
        other=dict(sorted(Counter(_others(played)).items())),
        checks=tuple(_checks(played, expected)),
    )


def cause_of(error: str) -> str:
    """The cause that a refusal names, `cause: sentence`; "unknown" for a word that is none."""
    if not error:
        return ""
    cause = error.partition(": ")[0]
    return cause if cause in _CAUSES else "unknown"


def went_as(expected: Expected, conclusion: Conclusion) -> bool:
    """Whether the node went by what was expected. The answer to a ping is neither yes nor no."""
    if conclusion.by == "stopped":
        return False
    if conclusion.by == "gave up":
        return expected == "none"
    return conclusion.action in {"", expected.upper()} and expected != "none"


def _checks(played: Sequence[Played], expected: Expected | None) -> Iterable[Check]:
    happened = [what for each in played for what in each.happened]
    bad = sum(isinstance(what, BadAnswer) for what in happened)
    yield Check("verified", "every answer was signed by the gateway, and about its request", bad)
    failed = sum(isinstance(what, ErrorStatus) for what in happened)
    yield Check("status", "every answer had status 0", failed)
    refused = sum(isinstance(what, HttpError) for what in happened)
    yield Check("http", "every answer came with HTTP 200", refused)
    odd = sum(isinstance(what, Answer) and not _explained(what) for what in happened)
    yield Check("cause", "every refusal named its cause, and nothing else did", odd)
    yield Check("one_answer", "no request got both APPROVE and REJECT", _torn(played))
    if expected is None:
        silent = sum(each.conclusion.by == "gave up" for each in played)
        yield Check("answered", "every request was answered within its window", silent)
    else:
        missed = sum(not went_as(expected, each.conclusion) for each in played)
        yield Check("expected", f"every request ended as expected: {expected}", missed)
    events = [each.event for each in played if each.event is not None]
    if events:
        untaken = sum(not event.taken for event in events)
        yield Check("events", "every event was taken", untaken)


def _explained(answer: Answer) -> bool:
    if answer.action == "REJECT":
        return cause_of(answer.error) in _CAUSES
    return answer.error == ""


def _torn(played: Sequence[Played]) -> int:
    actions: dict[tuple[str, bytes], set[str]] = defaultdict(set)
    for each in played:
        said = {what.action for what in each.happened if isinstance(what, Answer)}
        actions[each.request_id, each.content] |= said
    return sum(len(said) > 1 for said in actions.values())


def _others(played: Sequence[Played]) -> Iterable[str]:
    for each in played:
        for what in each.happened:
            match what:
                case NoResponse(why=why) | BadAnswer(why=why):
                    yield why
                case HttpError(status=status):
                    yield f"HTTP {status}"
                case ErrorStatus(status=status):
                    yield f"status {status}"
                case Answer():
                    pass
