"""Log, metrics and health say the same, and nothing they ought to keep to themselves."""

import io
import json
import math
from typing import Any

import pytest
from starlette.applications import Starlette

from approvals.events import (
    Alarm,
    AlarmOver,
    Answered,
    Attempted,
    BallotRefused,
    Finalized,
    Malformed,
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
from approvals.model import Cause, Final, Outcome
from gateway.observe.lines import ALARMS
from gateway.observe.log import make_log
from gateway.observe.metrics import word
from gateway.observe.observer import AUDIT, QUIET_MS, REDIS, Observer
from tests.support.asgi import Got, get
from tests.support.records import NOW, POLICY, approval, vote

FINAL = Final(Outcome.REJECT, Cause.TIMEOUT, "Nobody answered.", NOW + 90_000, 3, POLICY)
ENDED = approval(final=FINAL)


class Seen:
    """An observer and what it told."""

    def __init__(self) -> None:
        self.stream = io.StringIO()
        self.observer = Observer(make_log(lambda: NOW, self.stream, terminal=False), lambda: NOW)
        routes = [*self.observer.health.routes(), self.observer.metrics_route()]
        self.app = Starlette(routes=routes)

    def get(self, path: str) -> Got:
        return get(self.app, path)

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]

    @property
    def numbers(self) -> dict[str, float]:
        text = self.get("/metrics").text
        pairs = (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
        return {name: float(value) for name, value in pairs}


def raised(text: str) -> Exception:
    """An error with a traceback."""
    with pytest.raises(ValueError, match=text) as caught:
        raise ValueError(text)
    return caught.value


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.mark.parametrize(
    ("event", "name", "series"),
    [
        (
            Answered(NOW, ENDED, "0123456789abcdef", 1500),
            "answered",
            'answers_total{cause="timeout",outcome="REJECT"}',
        ),
        (Finalized(NOW, ENDED), "finalized", 'decision_seconds_count{outcome="REJECT"}'),
        (Attempted(NOW, ENDED, counted=True), "attempted", 'attempts_total{counted="yes"}'),
        (Voted(NOW, ENDED, vote("ana")), "voted", 'votes_total{choice="approve",via="slack"}'),
        (
            BallotRefused(NOW, "node-1/x", None, "too_late", "slack"),
            "ballot_refused",
            'ballots_refused_total{cause="too_late",via="slack"}',
        ),
        (Malformed(NOW, "node-1", "t", "not JSON"), "malformed", 'malformed_total{node="node-1"}'),
        (
            TokenRefused(NOW, "no trusted key"),
            "caller_refused",
            'tokens_refused_total{reason="no trusted key"}',
        ),
        (
            Unanswered(NOW, "node-1", "x", "ceiling", "0123456789abcdef"),
            "unanswered",
            'unanswered_total{reason="ceiling"}',
        ),
        (
            PlaceTold(NOW, "node-1", "x", "ab" * 32, "slack", "updated", 700),
            "told",
            'tellings_total{how="updated",place="slack"}',
        ),
        (
            PlaceNotTold(NOW, "node-1", "x", "ab" * 32, "slack", "ratelimited"),
            "untold",
            'tellings_total{how="failed",place="slack"}',
        ),
        (Alarm(NOW, "conflict", "node-1/x", "why"), "alarm", 'alarms_total{what="conflict"}'),
        (
            PolicyChanged(NOW, "ab" * 32, "cd" * 32, "signal", 3, 2, "ask", 0),
            "policy_changed",
            'policy_changes_total{outcome="changed",via="signal"}',
        ),
        (
            PolicyKept(NOW, "ab" * 32, "cd" * 32, "operator", "too slow"),
            "policy_kept",
            'policy_changes_total{outcome="kept",via="operator"}',
        ),
        (Trouble(NOW, REDIS, down=True, detail="away"), "trouble", 'troubles_total{part="redis"}'),
    ],
)
def test_an_event_is_logged_and_counted_once(seen, event, name, series):
    seen.observer.note(event)
    assert [line["event"] for line in seen.lines] == [name]
    assert seen.numbers[f"countersign_{series}"] == 1


def test_a_heartbeat_is_counted_and_not_logged(seen):
    seen.observer.note(Pinged(NOW, "node-1"))
    assert seen.lines == []
    assert seen.numbers['countersign_pings_total{node="node-1"}'] == 1


def test_the_time_people_took_falls_into_its_bucket(seen):
    seen.observer.note(Finalized(NOW, ENDED))
    bucket = 'countersign_decision_seconds_bucket{le="%s",outcome="REJECT"}'
    assert seen.numbers[bucket % "60.0"] == 0
    assert seen.numbers[bucket % "120.0"] == 1
    assert bucket % "7200.0" in seen.numbers


def test_how_long_it_took_to_show_people_is_measured_where_it_is_new(seen):
    for how in ("posted", "updated", "said"):
        seen.observer.note(PlaceTold(NOW, "node-1", "x", "ab" * 32, "slack", how, 700))
    bucket = 'countersign_told_seconds_bucket{le="%s",place="slack"}'
    assert [seen.numbers[bucket % le] for le in ("0.5", "1.0", "300.0")] == [0, 1, 1]


def test_what_can_be_known_beforehand_is_zero_before_it_happens(seen):
    assert "countersign_build_info" not in seen.numbers
    seen.observer.metrics.begin(version="1.2", nodes=["node-1"], places=["slack"])
    assert seen.numbers['countersign_build_info{version="1.2"}'] == 1
    for series in (
        'pings_total{node="node-1"}',
        'malformed_total{node="node-1"}',
        'tellings_total{how="failed",place="slack"}',
        'told_seconds_count{place="slack"}',
        'answers_total{cause="timeout",outcome="REJECT"}',
        'events_total{kind="key_sign",stage="failed"}',
    ):
        assert seen.numbers[f"countersign_{series}"] == 0


def test_a_line_about_an_answer_names_the_outcome_and_no_reason_of_people(seen):
    seen.observer.note(Answered(NOW, ENDED, "0123456789abcdef", 1500))
    (line,) = seen.lines
    assert (line["outcome"], line["cause"], line["took_ms"]) == ("REJECT", "timeout", 1500)
    assert "Nobody" not in seen.stream.getvalue()


def test_strangers_cannot_fill_the_log(seen):
    for n in range(1000):
        seen.observer.note(TokenRefused(NOW + n, "expired"))
    seen.observer.note(TokenRefused(NOW, "bad typ"))
    seen.observer.note(TokenRefused(NOW + QUIET_MS, "expired"))
    assert [(line["reason"], line.get("left_out")) for line in seen.lines] == [
        ("expired", None),
        ("bad typ", None),
        ("expired", 999),
    ]
    assert seen.numbers['countersign_tokens_refused_total{reason="expired"}'] == 1001


def test_whoever_writes_to_redis_cannot_fill_the_log_with_alarms(seen):
    for number in range(ALARMS + 5):
        seen.observer.note(Alarm(NOW, "damaged", f"node-1/{number}", "the seal does not verify"))
    seen.observer.note(Alarm(NOW, "conflict", "node-1/r", "another kind has a count of its own"))
    written = [line["what"] for line in seen.lines]
    assert written == ["damaged"] * ALARMS + ["conflict"]
    assert seen.numbers['countersign_alarms_total{what="damaged"}'] == ALARMS + 5
    seen.observer.note(Alarm(NOW + QUIET_MS, "damaged", "node-1/x", "again"))
    assert seen.lines[-1]["left_out"] == 5


def test_an_alarm_that_is_over_is_said(seen):
    seen.observer.note(AlarmOver(NOW, "clocks_differ", "by 3 s"))
    line = seen.lines[-1]
    assert (line["level"], line["event"], line["what"]) == ("info", "alarm_over", "clocks_differ")


def test_a_label_that_is_no_word_makes_no_series_of_its_own():
    assert word("no exp") == "no exp"
    assert word("20261001120003341000000000000003:1") == "other"
    assert word("a" * 41) == "other"


def test_not_ready_before_redis_and_the_audit_were_seen_to_work(seen):
    assert seen.get("/readyz").status_code == 503
    seen.observer.found(REDIS, None)
    answer = seen.get("/readyz")
    assert (answer.status_code, answer.json()) == (
        503,
        {"ready": False, "audit": "cannot be used", "redis": "ok"},
    )
    seen.observer.found(AUDIT, None)
    assert seen.get("/readyz").json() == {"ready": True, "audit": "ok", "redis": "ok"}


@pytest.mark.parametrize("part", [REDIS, AUDIT])
def test_not_ready_while_a_needed_part_cannot_be_used(seen, part):
    for needed in (REDIS, AUDIT):
        seen.observer.found(needed, None)
    seen.observer.found(part, "Error 111 connecting to 10.0.0.1:6379")
    answer = seen.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()[part] == "cannot be used"
    assert "10.0.0.1" not in answer.text
    assert "10.0.0.1" in seen.stream.getvalue()
    assert seen.numbers[f'countersign_up{{part="{part}"}}'] == 0
    seen.observer.found(part, None)
    assert seen.get("/readyz").status_code == 200
    assert seen.numbers[f'countersign_up{{part="{part}"}}'] == 1


def test_slack_being_away_is_told_and_does_not_make_us_unready(seen):
    for needed in (REDIS, AUDIT):
        seen.observer.found(needed, None)
    seen.observer.note(Trouble(NOW, "slack", down=True, detail="invalid_auth"))
    answer = seen.get("/readyz")
    assert (answer.status_code, answer.json()["slack"]) == (200, "cannot be used")


def test_alive_even_when_not_ready(seen):
    assert seen.get("/healthz").status_code == 200


def test_looking_again_and_finding_the_same_says_nothing(seen):
    for trouble in (None, None, "away", "away", "away too", None, None):
        seen.observer.found(REDIS, trouble)
    assert [line["event"] for line in seen.lines] == ["trouble", "trouble_over"]


def test_a_trouble_that_repeats_is_written_seldom(seen):
    for n in range(100):
        seen.observer.note(Trouble(NOW + n, "notifier", down=True, detail="timeout"))
    assert len(seen.lines) == 1


def test_a_log_that_cannot_be_written_stops_nothing(seen):
    seen.stream.close()
    seen.observer.note(Alarm(NOW, "damaged", "node-1/x", "why"))
    seen.observer.say("hello")
    seen.observer.bug(ValueError("a bug"))
    assert seen.numbers["countersign_bugs_total"] == 4


def test_a_start_up_line_that_warns_is_a_warning_in_the_log(seen):
    for sentence in ("Warning: Redis is away.", "Store: Redis."):
        seen.observer.say(sentence)
    assert [line["level"] for line in seen.lines] == ["warning", "info"]


def test_an_unforeseen_error_is_logged_with_its_traceback_and_counted(seen):
    seen.observer.bug(raised("a bug"))
    assert "ValueError: a bug" in seen.lines[0]["exception"]
    assert seen.numbers["countersign_bugs_total"] == 1


def test_the_embedded_servers_alarm_is_an_alarm(seen):
    seen.observer.embedded_alarm("The embedded Redis ended; it is started again.")
    assert seen.numbers['countersign_alarms_total{what="embedded_redis"}'] == 1
    assert seen.lines[0]["level"] == "error"


def test_gauges_tell_what_is_open_and_held_now(seen):
    assert seen.numbers["countersign_next_deadline_seconds"] == math.inf
    seen.observer.metrics.set_open(3, 61_500)
    seen.observer.metrics.watch_held(lambda: 7)
    seen.observer.metrics.took_fsync(0.002)
    assert seen.numbers["countersign_open_approvals"] == 3
    assert seen.numbers["countersign_next_deadline_seconds"] == 61.5
    assert seen.numbers["countersign_held_attempts"] == 7
    assert seen.numbers['countersign_audit_fsync_seconds_bucket{le="0.0025"}'] == 1


def test_every_metric_has_a_help_text(seen):
    text = seen.get("/metrics").text
    for line in text.splitlines():
        if line.startswith("# HELP"):
            assert len(line.split(" ", 3)[3]) > 5, line
    assert "_created" not in text
