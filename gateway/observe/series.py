"""Every number of GET /metrics: what it counts, in which unit, and when to worry."""

from typing import Final

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

ANSWER_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
PEOPLE_S: Final = (1, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 28800)
TELLING_S: Final = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
FSYNC_S: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5)

ALARMS: Final = (
    "approve_too_late",
    "audit_down",
    "bytes_missing",
    "click_failed",
    "clocks_differ",
    "conflict",
    "damaged",
    "embedded_redis",
    "event_unreadable",
    "foreign",
    "forgotten",
    "form_not_opened",
    "freeze_lost",
    "not_acknowledged",
    "not_told",
    "not_whispered",
    "other_bytes",
    "policies_differ",
    "policy_refused",
    "record_vanished",
    "rolled_back",
    "signed_other",
    "signed_rejected",
    "signed_unknown",
    "slack_refused",
    "too_many_open",
    "unheard",
    "used_rejected",
    "used_unknown",
)
"""All there are: each is 0 from the start, for what begins at 1 has not increased."""

SILENCES: Final = (
    "audit_down",
    "ceiling",
    "damaged",
    "frozen",
    "hung_up",
    "not_final",
    "other_bytes",
    "too_late_to_repeat",
    "too_many_open",
)
"""Why an attempt gets no answer, but for bugs."""

prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]


class Series:
    """All our numbers, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        prometheus_client.ProcessCollector(registry=self.registry)
        self._of_decisions()
        self._of_people()
        self._of_nodes()
        self._of_telling()
        self._of_ourselves()

    def _of_decisions(self) -> None:
        self.requests = self._counter(
            "requests", "Requests recorded, by what the rules said of them", "type", "verdict"
        )
        self.answers = self._counter(
            "answers",
            "Decisions signed for nodes, repeated ones too. Look after cause=timeout: nobody came",
            "outcome",
            "cause",
        )
        self.answer_seconds = self._histogram(
            "answer_seconds",
            "Seconds from an attempt to its answer, with the time that people took meanwhile",
            ANSWER_S,
        )
        self.decision_seconds = self._histogram(
            "decision_seconds",
            "Seconds from a request to its final decision: by rules in one, by people in hours",
            PEOPLE_S,
            "outcome",
        )
        self.open = self._gauge("open_approvals", "Approvals that are not final; 10,000 at most")
        self.next_deadline = self._gauge(
            "next_deadline_seconds",
            "Seconds until the earliest end of an open approval, +Inf without one. "
            "Near 0: somebody must decide now, or it is refused",
        )
        self.learned = self._counter("learned", "Decisions and refusals heard of from gateways")
        self.freezes = self._gauge("freezes", "Freezes that stand. Above 0 approvals are refused")

    def _of_people(self) -> None:
        self.votes = self._counter("votes", "Votes stored, by the way they came", "choice", "via")
        self.ballots = self._counter(
            "ballots_refused",
            "Votes and clicks that did not count. Many: somebody is confused, or tries",
            "cause",
            "via",
        )
        self.overrides = self._counter(
            "overrides",
            "Votes in place of the people who were asked. Look at each",
            "choice",
        )

    def _of_nodes(self) -> None:
        self.attempts = self._counter(
            "attempts",
            "Further attempts at a recorded request; counted=no are repeated or concurrent ones",
            "counted",
        )
        self.held = self._gauge("held_attempts", "Connections being held for nodes now")
        self.silences = self._counter(
            "unanswered",
            "Attempts without an answer. Worry, but for hung_up, ceiling and frozen",
            "reason",
        )
        self.moved = self._counter(
            "deadlines_moved", "Deadlines that a node's own schedule moved earlier"
        )
        self.pings = self._counter("pings", "Heartbeats answered. Worry when they end", "node")
        self.malformed = self._counter(
            "malformed", "Signed packages that are no request. Worry at the first", "node"
        )
        self.tokens = self._counter(
            "tokens_refused",
            "Callers whose JWT failed: strangers, or a node with another key or clock",
            "reason",
        )
        self.taken = self._counter(
            "answers_taken", "Approvals of people that a node's connection took", "node"
        )
        self.events = self._counter(
            "events", "Event notifications of nodes, each once. Worry at failed", "kind", "stage"
        )
        self.unreadable = self._counter(
            "events_unreadable", "Signed events of which nothing could be made", "node"
        )

    def _of_telling(self) -> None:
        self.tellings = self._counter(
            "tellings",
            "What places took of approvals: posted, updated, said beside; "
            "failed is tried again, and worth a look when it goes on",
            "place",
            "how",
        )
        self.told_seconds = self._histogram(
            "told_seconds",
            "Seconds from a request to when a place first showed it. "
            "Worry above 10, but in a burst",
            TELLING_S,
            "place",
        )
        self.untold = self._gauge(
            "untold_approvals", "Approvals that a place was never told of yet", "place"
        )
        self.untold_age = self._gauge(
            "untold_oldest_seconds",
            "Seconds that the oldest of these has waited. Worry above 60: people may see nothing",
            "place",
        )

    def _of_ourselves(self) -> None:
        self.up = self._gauge("up", "1 while a part can be used; see the parts", "part")
        self.troubles = self._counter("troubles", "Times that a part could not be used", "part")
        self.alarms = self._counter(
            "alarms", "What a person must look at. Worry at the first of any", "what"
        )
        self.bugs = self._counter("bugs", "Errors that nobody foresaw. Worry at the first")
        self.fsync = self._histogram(
            "audit_fsync_seconds",
            "Seconds until a group of audit lines was on disk; every decision waits for one. "
            "Worry above 0.1",
            FSYNC_S,
        )
        self.heads = self._counter("audit_heads", "Signed heads of the audit, by why", "why")
        self.disk = self._gauge(
            "data_free_bytes",
            "Bytes left on the disk of data_dir. Without any no decision is given",
        )
        self.policy = self._gauge("policy", "1 for the digest of the policy in force", "digest")
        self.policy_since = self._gauge(
            "policy_since_seconds", "Unix time at which this process took up the policy in force"
        )
        self.changes = self._counter(
            "policy_changes",
            "Other policies that were to come into force; kept: it did not",
            "via",
            "outcome",
        )
        self.gateways = self._gauge("gateways", "Gateways seen behind this Redis, with this one")
        self.differing = self._gauge(
            "gateways_differing", "Other gateways that differ from this one. Worry above 0", "what"
        )
        self.build = self._gauge("build_info", "1 for the version that runs", "version")

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
