"""What happened, for people: counts that show that something was broken, and what came of it."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from approvals.plain import plain
from gateway.simulate.attempts import Answer, ErrorStatus, HttpError, NoResponse
from tests.chaos.evidence import Entry
from tests.chaos.history import (
    Event,
    FaultBegan,
    FaultEnded,
    FreezeTold,
    FreezeTried,
    ThawTold,
    Voted,
    VoteTold,
)
from tests.chaos.judge import excuse
from tests.chaos.rules import Kind
from tests.chaos.telling import claims
from tests.chaos.trial import Case, Trial
from tests.chaos.violation import Violation


def summary(trial: Trial) -> Iterator[str]:
    """The counts of one season, one line each."""
    cases = trial.cases.values()
    yield f"requests          {len(cases)}: {_counted(case.wished.kind for case in cases)}"
    yield f"ended             {_counted(_end(case) for case in cases)}"
    attempts = [heard.what for case in cases for heard in case.heard.values()]
    yield f"attempts          {len(attempts)}: {_counted(_attempt(what) for what in attempts)}"
    silent = [case for case in cases if case.gave_up is not None and not case.answers]
    why = _counted(excuse(case, trial) or "NO EXCUSE" for case in silent)
    yield f"given up          {len(silent)} of {len(cases)}: {why}"
    yield f"votes             {_counted(_vote(trial.events))}"
    yield f"overrides         {_counted(_overrides(trial.events))}"
    yield f"freezes           {_counted(_freezes(trial.events))}"
    votes = [(vote.at, entry.deadline) for entry in _finals(trial) for vote in entry.votes]
    close = sum(abs(at - deadline) <= 20 for at, deadline in votes)
    yield f"at the deadline   {close} votes stored within 20 ms of it"
    if trial.shown is None:
        yield "messages          not looked at"
    else:
        messages = [
            (claims(text), shown.outcome) for shown in trial.shown for text, _ in shown.messages
        ]
        stale = sum(claim != outcome for claim, outcome in messages)
        lost = f"{stale} orphans, for the answer to their post was lost"
        yield f"messages          {len(messages)} looked at; {lost}"
    yield f"audit             {sum(len(case.entries) for case in cases)} lines about these"
    yield from _faults(trial.events)


def story(violation: Violation, trial: Trial) -> Iterator[str]:
    """A violation and the whole history of its request."""
    yield f"VIOLATION of {violation.promise}: {violation.case}: {violation.sentence}"
    case = trial.cases.get(violation.case)
    if case is None:
        return
    events = [e for e in trial.events if getattr(e, "case", None) == case.name]
    since, until = events[0].at, max(event.at for event in events)
    around = [s for s in trial.faults if s.meets(since, until)]
    for event in events:
        yield f"  {event.at - since:>6} ms  {type(event).__name__} {_brief(event)}"
    for span in around:
        moments = f"{span.since - since} to {span.until - since} ms"
        yield f"  fault  {moments}: {span.what} at {span.gateway or 'all'}"
    for entry in case.entries:
        yield f"  audit of {entry.gateway}: {entry.event} final={entry.final} votes={entry.votes}"


def _faults(events: Sequence[Event]) -> Iterator[str]:
    begun = {e.fault: e for e in events if isinstance(e, FaultBegan)}
    counts: Counter[str] = Counter(event.name for event in begun.values())
    effects: defaultdict[str, int] = defaultdict(int)
    for event in events:
        if isinstance(event, FaultEnded):
            effects[begun[event.fault].name] += event.effect
    for name, count in sorted(counts.items()):
        yield f"fault {count:>5} x {name:<36} effect {effects[name]}"


def _end(case: Case) -> str:
    answers = case.answers
    if answers:
        answer = answers[-1][2]
        return answer.action + (f" ({answer.error.partition(':')[0]})" if answer.error else "")
    if case.wished.kind is Kind.OUTER_JUNK:
        return "status 10"
    return "given up"


def _attempt(what: object) -> str:
    match what:
        case Answer(action=action):
            return action
        case NoResponse(why=why):
            return f"none ({why})"
        case ErrorStatus(status=status):
            return f"status {status}"
        case HttpError(status=status):
            return f"HTTP {status}"
        case _:
            return type(what).__name__


def _vote(events: Sequence[Event]) -> Iterator[str]:
    via = {e.vote: e.via for e in events if isinstance(e, Voted)}
    for event in events:
        if isinstance(event, VoteTold):
            yield f"{via[event.vote]} {event.told}"


def _overrides(events: Sequence[Event]) -> Iterator[str]:
    tried = {e.vote: e.choice for e in events if isinstance(e, Voted) and e.override}
    for event in events:
        if isinstance(event, VoteTold) and event.vote in tried:
            yield f"{tried[event.vote]} {event.told}"


def _freezes(events: Sequence[Event]) -> Iterator[str]:
    tried = {e.reason: e for e in events if isinstance(e, FreezeTried)}
    for event in events:
        if isinstance(event, FreezeTold):
            freeze = tried[event.reason]
            yield f"{freeze.scope.kind} by {freeze.via} {event.told}"
        elif isinstance(event, ThawTold):
            yield f"thaw {event.told}"


def _finals(trial: Trial) -> Iterator[Entry]:
    for case in trial.cases.values():
        last = [entry for entry in case.entries if entry.final is not None][-1:]
        yield from last


def _brief(event: Event) -> str:
    fields = {k: v for k, v in plain(event).items() if k not in {"at", "case", "content"}}
    return json.dumps(fields)


def _counted(words: Iterable[str]) -> str:
    return ", ".join(f"{word} {n}" for word, n in Counter(words).most_common())
