"""Numbers for GET /metrics, counted from what happens."""

import re
from collections.abc import Callable
from typing import Final

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

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
    PolicyChanged,
    PolicyKept,
    TokenRefused,
    Trouble,
    Unanswered,
    Voted,
)
from approvals.model import SlackClick
from approvals.request import RequestType

CONTENT_TYPE: Final = prometheus_client.CONTENT_TYPE_LATEST

_PEOPLE_S: Final = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200)
_ANSWER_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_FSYNC_S: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5)
_WORD: Final = re.compile(r"[A-Za-z0-9_ .-]{1,40}")

prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]


class Metrics:
    """All our numbers, in a registry of their own; a Journal."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        prometheus_client.ProcessCollector(registry=self.registry)
        self._answers = self._counter("answers", "Decisions signed", "outcome", "cause")
        self._took = self._histogram("answer_seconds", "From an attempt to its answer", _ANSWER_S)
        self._asked = self._counter("requests", "Requests recorded", "type", "verdict")
        self._attempts = self._counter("attempts", "Attempts at a recorded request", "counted")
        self._pings = self._counter("pings", "Heartbeats answered", "node")
        self._malformed = self._counter("malformed", "Signed packages that are no request", "node")
        self._taken = self._counter("answers_taken", "Approvals of people a node took", "node")
        self._events = self._counter("events", "Event notifications of nodes", "kind", "stage")
        self._unreadable = self._counter(
            "events_unreadable", "Signed events of which nothing could be made", "node"
        )
        self._tokens = self._counter("tokens_refused", "Callers whose JWT failed", "reason")
        self._silences = self._counter("unanswered", "Attempts without an answer", "reason")
        self._votes = self._counter("votes", "Votes stored", "choice", "via")
        self._ballots = self._counter("ballots_refused", "Votes that did not count", "cause", "via")
        self._overrides = self._counter("overrides", "Votes in place of the seats", "choice")
        self._learned = self._counter("learned", "Decisions heard of from other gateways")
        self._freezes = self._gauge("freezes", "Freezes that hold")
        self._decided = self._histogram(
            "decision_seconds", "From a request to its final decision", _PEOPLE_S, "outcome"
        )
        self._alarms = self._counter("alarms", "What a person must look at", "what")
        self._troubles = self._counter("troubles", "Failures of what we depend on", "part")
        self._up = self._gauge("up", "1 while a part can be used", "part")
        self._open = self._gauge("open_approvals", "Approvals that wait for people")
        self._untold = self._gauge("untold_approvals", "Approvals that no place has shown yet")
        self._untold_age = self._gauge("untold_oldest_seconds", "Age of the oldest of these")
        self._held = self._gauge("held_attempts", "Connections being held")
        self._fsync = self._histogram("audit_fsync_seconds", "One write to the audit", _FSYNC_S)
        self._heads = self._counter("audit_heads", "Signed heads of the audit", "why")
        self._moved = self._counter("deadlines_moved", "Deadlines that a node moved earlier")
        self._changes = self._counter(
            "policy_changes", "Other policies that were to come into force", "via", "outcome"
        )
        self._policy = self._gauge("policy", "1 for the digest of the policy in force", "digest")
        self._gateways = self._gauge("gateways", "Gateways seen behind this Redis, with this one")
        self._differing = self._gauge(
            "gateways_differing", "Other gateways that differ from this one", "what"
        )
        self._bugs = self._counter("bugs", "Errors that nobody foresaw")

    def note(self, event: Event) -> None:  # noqa: C901, PLR0912, PLR0915 - one flat case each
        """Count it. Reasons and causes are short words, so the number of series is bounded."""
        match event:
            case Asked():
                known = event.request.known_type
                kind = known.label if isinstance(known, RequestType) else "unknown"
                self._asked.labels(kind, event.approval.verdict.effect).inc()
            case Attempted():
                self._attempts.labels("yes" if event.counted else "no").inc()
            case Voted():
                via = "slack" if isinstance(event.vote.evidence, SlackClick) else "ssh"
                self._votes.labels(event.vote.choice, via).inc()
            case Overridden():
                self._overrides.labels(event.vote.choice).inc()
            case Learned():
                self._learned.inc()
            case FreezeChanged():
                self._freezes.set(len(event.record.freezes))
            case BallotRefused():
                self._ballots.labels(word(event.cause), word(event.via.partition(":")[0])).inc()
            case Answered() | Finalized():
                self._note_final(event)
            case AnswerTaken():
                self._taken.labels(event.node).inc()
            case NodeReported():
                self._events.labels(event.report.kind, event.report.stage).inc()
            case EventUnreadable():
                self._unreadable.labels(event.node).inc()
            case Malformed():
                self._malformed.labels(event.node).inc()
            case Pinged():
                self._pings.labels(event.node).inc()
            case TokenRefused():
                self._tokens.labels(word(event.reason)).inc()
            case Unanswered():
                self._silences.labels(word(event.reason)).inc()
            case Alarm():
                self._alarms.labels(word(event.what)).inc()
            case AlarmOver():
                pass  # gauges show what lasts
            case Trouble():
                self._up.labels(event.part).set(0 if event.down else 1)
                if event.down:
                    self._troubles.labels(event.part).inc()
            case PolicyChanged():
                self._changes.labels(word(event.via), "changed").inc()
                self.set_policy(event.new)
            case HeadSigned():
                self._heads.labels(word(event.why)).inc()
            case DeadlineMoved():
                self._moved.inc()
            case PolicyKept():
                self._changes.labels(word(event.via), "kept").inc()

    def count_bug(self) -> None:
        """An exception reached the outermost guard."""
        self._bugs.inc()

    def set_policy(self, digest: str) -> None:
        """Which policy is in force; one series, whatever was in force before."""
        self._policy.clear()
        self._policy.labels(digest[:16]).set(1)

    def set_open(self, count: int) -> None:
        """How many approvals are open, as the sweeper saw it."""
        self._open.set(count)

    def set_untold(self, count: int, age_ms: int) -> None:
        """Of how many approvals nobody was told at all, and for how long of the first."""
        self._untold.set(count)
        self._untold_age.set(max(0, age_ms) / 1000)

    def set_gateways(self, count: int) -> None:
        """How many gateways are there, with this one."""
        self._gateways.set(count)

    def set_differing(self, what: str, count: int) -> None:
        """How many others differ from this one, for longer than a reload takes."""
        self._differing.labels(what).set(count)

    def watch_held(self, count: Callable[[], int]) -> None:
        """Ask `count` for the number of held connections whenever somebody reads the metrics."""
        self._held.set_function(count)

    def took_fsync(self, seconds: float) -> None:
        """One group of audit lines reached the disk."""
        self._fsync.observe(seconds)

    def render(self) -> bytes:
        """The text format of Prometheus."""
        return generate_latest(self.registry)

    def _note_final(self, event: Answered | Finalized) -> None:
        final = event.approval.final
        if final is None:
            return
        if isinstance(event, Answered):
            self._answers.labels(final.outcome, final.cause or "none").inc()
            self._took.observe(event.took_ms / 1000)
        else:
            waited_ms = max(0, final.at - event.approval.asked_at)
            self._decided.labels(final.outcome).observe(waited_ms / 1000)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, f"{text}.", labels, namespace="countersign", registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(name, f"{text}.", labels, namespace="countersign", registry=self.registry)

    def _histogram(
        self, name: str, text: str, buckets: tuple[float, ...], *labels: str
    ) -> Histogram:
        return Histogram(
            name,
            f"{text}.",
            labels,
            namespace="countersign",
            registry=self.registry,
            buckets=buckets,
        )


def word(text: str) -> str:
    """A label's value: what is not a short word would make a series of its own each time."""
    return text if _WORD.fullmatch(text) else "other"
