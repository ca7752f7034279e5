"""What of an event goes into the log: names, digests and outcomes, never a request or a token."""

from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, Protocol, assert_never

from approvals.events import (
    Alarm,
    AlarmOver,
    Answered,
    AnswerTaken,
    Asked,
    Attempted,
    BallotRefused,
    DeadlineMoved,
    Event,
    EventUnreadable,
    Finalized,
    FreezeChanged,
    HeadSigned,
    Learned,
    Malformed,
    NodeReported,
    Overridden,
    Pinged,
    PlaceNotTold,
    PlaceTold,
    PolicyChanged,
    PolicyKept,
    TokenRefused,
    Trouble,
    Unanswered,
    Voted,
)
from approvals.model import Approval, SlackClick, Vote

Level = Literal["debug", "info", "warning", "error"]

ALARMS: Final = 20
"""Alarms of one kind in a row: whoever can write to Redis could cause them without end."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line. Of lines with the same `seldom`, at most `burst` are written every few seconds."""

    level: Level
    name: str
    fields: dict[str, Any] = field(default_factory=dict)
    seldom: str = ""
    burst: int = 1


class _Named(Protocol):
    """What is about one request of one node."""

    @property
    def node(self) -> str: ...

    @property
    def request_id(self) -> str: ...

    @property
    def digest(self) -> str: ...


def line_of(event: Event) -> Line:
    """The line for an event. `attempt` is a digest of the node's token, which tells nothing."""
    match event:
        case Asked():
            rules = [rule.id for rule in event.approval.verdict.rules]
            return _about(
                "asked",
                event.approval,
                attempt=event.approval.attempts.tokens[0],
                type=event.request.type,
                verdict=event.approval.verdict.effect,
                rules=",".join(rules),
            )
        case Attempted():
            attempts = event.approval.attempts
            said = {"attempt": attempts.tokens[-1], "number": attempts.number}
            return _about("attempted", event.approval, **said, counted=event.counted)
        case Voted() | Overridden():
            return _vote(event)
        case Finalized() | Learned():
            name = "finalized" if isinstance(event, Finalized) else "learned"
            return _about(name, event.approval, **_final(event.approval))
        case Answered():
            fields = {"attempt": event.token, "took_ms": event.took_ms}
            return _about("answered", event.approval, **_final(event.approval), **fields)
        case Alarm() | AlarmOver():
            return _alarm(event)
        case PolicyChanged() | PolicyKept() | FreezeChanged() | DeadlineMoved() | HeadSigned():
            return _changed(event)
        case _:
            return _plain(event)


def _plain(
    event: AnswerTaken
    | NodeReported
    | EventUnreadable
    | BallotRefused
    | Malformed
    | Pinged
    | TokenRefused
    | Unanswered
    | PlaceTold
    | PlaceNotTold
    | Trouble,
) -> Line:
    match event:
        case AnswerTaken() | NodeReported() | EventUnreadable():
            return _after(event)
        case PlaceTold() | PlaceNotTold():
            return _telling(event)
        case BallotRefused():
            said = {"person": event.person or "unknown", "cause": str(event.cause)}
            fields = _record(event.member) | said | {"via": event.via}
            return Line("warning", "ballot_refused", fields)
        case Malformed() | Pinged() | TokenRefused():
            return _no_request(event)
        case Unanswered():
            fields = {"node": event.node, "request_id": event.request_id}
            fields |= {"attempt": event.token, "reason": event.reason}
            return Line("info" if event.reason == "hung_up" else "warning", "unanswered", fields)
        case Trouble():
            fields = {"part": event.part, "detail": event.detail}
            if not event.down:
                return Line("info", "trouble_over", fields)
            return Line("error", "trouble", fields, seldom=f"{event.part} {event.detail}")
        case _:
            assert_never(event)


def _no_request(event: Malformed | Pinged | TokenRefused) -> Line:
    match event:
        case Malformed():
            fields = {"node": event.node, "attempt": event.token, "why": event.sentence}
            return Line("warning", "malformed", fields)
        case Pinged():
            return Line("debug", "pinged", {"node": event.node})
        case TokenRefused():
            return Line("warning", "caller_refused", {"reason": event.reason}, seldom=event.reason)
        case _:
            assert_never(event)


def _alarm(event: Alarm | AlarmOver) -> Line:
    if isinstance(event, AlarmOver):
        return Line("info", "alarm_over", {"what": event.what, "detail": event.detail})
    fields = {"what": event.what, **_record(event.member), "detail": event.detail}
    return Line("error", "alarm", fields, seldom=f"alarm {event.what}", burst=ALARMS)


def _record(member: str) -> dict[str, str]:
    """What names a record, as fields of their own, so that a line is found by its request id.

    A conflicting body's record is told apart by its digest. What is no record is named as it is.
    """
    node, slash, rest = member.partition("/")
    if not slash:
        return {"about": member} if member else {}
    request_id, _, digest = rest.partition(" ")
    return {"node": node, "request_id": request_id} | ({"digest": digest} if digest else {})


def _telling(event: PlaceTold | PlaceNotTold) -> Line:
    """Of what could not be told many lines would say the same, while Slack is away."""
    who = _who(event) | {"place": event.place}
    if isinstance(event, PlaceTold):
        return Line("info", "told", who | {"how": event.how, "after_ms": event.after_ms})
    seldom = f"untold {event.place} {event.why}"
    return Line("warning", "untold", who | {"why": event.why}, seldom=seldom, burst=ALARMS)


def _after(event: AnswerTaken | NodeReported | EventUnreadable) -> Line:
    match event:
        case AnswerTaken():
            return Line("info", "answer_taken", _who(event))
        case NodeReported():
            report = event.report
            said = {"event_id": report.event_id, "kind": report.kind, "stage": report.stage}
            said |= {"suspected": event.suspected} if event.suspected else {}
            return Line("info", "node_reported", _who(event) | said | {"agrees": event.agrees})
        case EventUnreadable():
            fields = {"node": event.node, "attempt": event.token, "what": event.what}
            return Line("warning", "event_unreadable", fields | {"why": event.sentence})
        case _:
            assert_never(event)


def way(vote: Vote) -> str:
    """How a vote came, in logs and metrics."""
    return "slack" if isinstance(vote.evidence, SlackClick) else "ssh"


def _vote(event: Voted | Overridden) -> Line:
    vote = event.vote
    said = {"person": vote.person, "choice": vote.choice, "via": way(vote)}
    if isinstance(event, Voted):
        return _about("voted", event.approval, **said)
    return replace(_about("overridden", event.approval, **said), level="warning")


def _changed(
    event: PolicyChanged | PolicyKept | FreezeChanged | DeadlineMoved | HeadSigned,
) -> Line:
    match event:
        case HeadSigned():
            return Line("info", "audit_head", {"head": event.head, "why": event.why})
        case DeadlineMoved():
            return Line(
                "info", "deadline_moved", _who(event) | {"earlier_ms": event.old - event.new}
            )
        case FreezeChanged():
            return _freeze(event)
        case _:
            return _policy(event)


def _freeze(event: FreezeChanged) -> Line:
    """Without the reasons that people gave: those are the audit's."""
    freezes = event.record.freezes
    level: Level = "info" if event.what == "begun" or not freezes else "warning"
    said = {"what": event.what} | ({"person": event.person} if event.person else {})
    ids = ",".join(freeze.id for freeze in freezes)
    return Line(level, "freeze", said | {"epoch": event.record.epoch, "freezes": ids})


def _policy(event: PolicyChanged | PolicyKept) -> Line:
    fields = {"old": event.old[:16], "new": event.new[:16], "via": event.via}
    if isinstance(event, PolicyKept):
        return Line("error", "policy_kept", fields | {"why": event.why})
    counts = {"rules": event.rules, "people": event.people, "warnings": event.warnings}
    return Line("info", "policy_changed", fields | counts | {"default": event.default})


def _about(name: str, approval: Approval, **fields: Any) -> Line:
    return Line("info", name, _who(approval) | fields)


def _who(named: _Named) -> dict[str, str]:
    """By these three every line of a request is found, in whichever room it was written."""
    return {"node": named.node, "request_id": named.request_id, "digest": named.digest[:16]}


def _final(approval: Approval) -> dict[str, Any]:
    final = approval.final
    if final is None:
        return {}
    return {"outcome": str(final.outcome), "cause": str(final.cause or "none")}
