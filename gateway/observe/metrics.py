"""Numbers for GET /metrics, counted from what happens."""

import math
import re
from collections.abc import Callable, Iterable
from itertools import product
from typing import Final, get_args

import prometheus_client
from prometheus_client import Counter, Histogram, generate_latest

from approvals.aftermath.facts import Kind, Stage
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
    TellHow,
    TokenRefused,
    Trouble,
    Unanswered,
    Voted,
)
from approvals.model import Cause, Choice, Outcome
from approvals.request import RequestType
from gateway.observe.lines import way
from gateway.observe.series import ALARMS, SILENCES, Series

CONTENT_TYPE: Final = prometheus_client.CONTENT_TYPE_LATEST

FAILED: Final = "failed"
"""Beside what a place did, what it did not."""

_WORD: Final = re.compile(r"[A-Za-z0-9_ .-]{1,40}")


class Metrics:
    """Counts what happens; a Journal."""

    def __init__(self) -> None:
        self._series = Series()
        self.registry = self._series.registry
        self._series.next_deadline.set(math.inf)
        _zero_what_is_known(self._series)

    def begin(self, *, version: str, nodes: Iterable[str], places: Iterable[str]) -> None:
        """Which program this is, who may ask it, and where it tells: nothing of it happened yet."""
        series = self._series
        series.build.labels(version).set(1)
        for node in nodes:
            for each in (series.pings, series.malformed, series.taken, series.unreadable):
                each.labels(node)
        for place in places:
            series.told_seconds.labels(word(place))
            self.set_untold(place, 0, 0)
            for how in (*get_args(TellHow), FAILED):
                series.tellings.labels(word(place), how)

    def note(self, event: Event) -> None:  # noqa: C901, PLR0912, PLR0915 - one flat case each
        """Count it. Reasons and causes are short words, so the number of series is bounded."""
        match event:
            case Asked():
                known = event.request.known_type
                kind = known.label if isinstance(known, RequestType) else "unknown"
                self._series.requests.labels(kind, event.approval.verdict.effect).inc()
            case Attempted():
                self._series.attempts.labels("yes" if event.counted else "no").inc()
            case Voted():
                self._series.votes.labels(event.vote.choice, way(event.vote)).inc()
            case Overridden():
                self._series.overrides.labels(event.vote.choice).inc()
            case Learned():
                self._series.learned.inc()
            case FreezeChanged():
                self._series.freezes.set(len(event.record.freezes))
            case BallotRefused():
                self._series.ballots.labels(
                    word(event.cause), word(event.via.partition(":")[0])
                ).inc()
            case Answered() | Finalized():
                self._note_final(event)
            case PlaceTold() | PlaceNotTold():
                self._note_telling(event)
            case AnswerTaken():
                self._series.taken.labels(event.node).inc()
            case NodeReported():
                self._series.events.labels(event.report.kind, event.report.stage).inc()
            case EventUnreadable():
                self._series.unreadable.labels(event.node).inc()
            case Malformed():
                self._series.malformed.labels(event.node).inc()
            case Pinged():
                self._series.pings.labels(event.node).inc()
            case TokenRefused():
                self._series.tokens.labels(word(event.reason)).inc()
            case Unanswered():
                self._series.silences.labels(word(event.reason)).inc()
            case Alarm():
                self._series.alarms.labels(word(event.what)).inc()
            case AlarmOver():
                pass  # gauges show what lasts
            case Trouble():
                self._series.up.labels(event.part).set(0 if event.down else 1)
                self._series.troubles.labels(event.part).inc(1 if event.down else 0)
            case PolicyChanged():
                self._series.changes.labels(word(event.via), "changed").inc()
                self.set_policy(event.new, event.at)
            case HeadSigned():
                self._series.heads.labels(word(event.why)).inc()
            case DeadlineMoved():
                self._series.moved.inc()
            case PolicyKept():
                self._series.changes.labels(word(event.via), "kept").inc()

    def count_bug(self) -> None:
        """An exception reached the outermost guard."""
        self._series.bugs.inc()

    def set_policy(self, digest: str, at: int) -> None:
        """Which policy is in force since when; one series, whatever was in force before."""
        self._series.policy.clear()
        self._series.policy.labels(digest[:16]).set(1)
        self._series.policy_since.set(at / 1000)

    def set_open(self, count: int, left_ms: int | None) -> None:
        """How many approvals are open, and how long until the first of them ends."""
        self._series.open.set(count)
        self._series.next_deadline.set(math.inf if left_ms is None else left_ms / 1000)

    def set_untold(self, place: str, count: int, age_ms: int) -> None:
        """How many approvals a place was never told of, and for how long the first of them."""
        self._series.untold.labels(word(place)).set(count)
        self._series.untold_age.labels(word(place)).set(max(0, age_ms) / 1000)

    def set_gateways(self, count: int) -> None:
        """How many gateways are there, with this one."""
        self._series.gateways.set(count)

    def set_differing(self, what: str, count: int) -> None:
        """How many others differ from this one, for longer than a reload takes."""
        self._series.differing.labels(what).set(count)

    def watch_held(self, count: Callable[[], int]) -> None:
        """Ask `count` for the number of held connections whenever somebody reads the metrics."""
        self._series.held.set_function(count)

    def watch_disk(self, free: Callable[[], float]) -> None:
        """Ask `free` for the bytes left, likewise."""
        self._series.disk.set_function(free)

    def took_fsync(self, seconds: float) -> None:
        """One group of audit lines reached the disk."""
        self._series.fsync.observe(seconds)

    def render(self) -> bytes:
        """The text format of Prometheus."""
        return generate_latest(self.registry)

    def _note_telling(self, event: PlaceTold | PlaceNotTold) -> None:
        place = word(event.place)
        how = event.how if isinstance(event, PlaceTold) else FAILED
        self._series.tellings.labels(place, how).inc()
        if isinstance(event, PlaceTold) and event.how == "posted":
            self._series.told_seconds.labels(place).observe(event.after_ms / 1000)

    def _note_final(self, event: Answered | Finalized) -> None:
        final = event.approval.final
        if final is None:
            return
        if isinstance(event, Answered):
            self._series.answers.labels(final.outcome, final.cause or "none").inc()
            self._series.answer_seconds.observe(event.took_ms / 1000)
        else:
            waited_ms = max(0, final.at - event.approval.asked_at)
            self._series.decision_seconds.labels(final.outcome).observe(waited_ms / 1000)


def word(text: str) -> str:
    """A label's value: what is not a short word would make a series of its own each time."""
    return text if _WORD.fullmatch(text) else "other"


def _zero_what_is_known(series: Series) -> None:
    """What begins at 1 has not increased: whatever can be known beforehand begins at 0."""
    known: tuple[tuple[Counter | Histogram, tuple[Iterable[str], ...]], ...] = (
        (series.answers, ([Outcome.APPROVE], ["none"])),
        (series.answers, ([Outcome.REJECT], Cause)),
        (series.decision_seconds, (Outcome,)),
        (series.attempts, (("yes", "no"),)),
        (series.silences, (SILENCES,)),
        (series.alarms, (ALARMS,)),
        (series.overrides, (Choice,)),
        (series.votes, (Choice, ("slack", "ssh"))),
        (series.events, (get_args(Kind), get_args(Stage))),
        (series.changes, (("signal", "operator"), ("changed", "kept"))),
    )
    for metric, labels in known:
        for values in product(*labels):
            metric.labels(*values)
