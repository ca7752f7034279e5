"""The deadline lies inside the node's last attempt, whatever outages made of its schedule."""

from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from approvals.decide import decide
from approvals.model import NOTHING_NEW, NOTHING_REMEMBERED, Approved, Damaged, Pending, Rejected
from approvals.window import Window, end_attempt, first_attempt, next_attempt
from tests.support.effort import tried
from tests.support.records import ELECTORATE, NOW, approval, vote

DOCS = Window(retry_times=60, sleep_ms=60_000, timeout_ms=10_000)


def test_the_documented_settings_listen_a_seventh_of_the_time():
    assert DOCS.span_ms == 4_210_000
    assert round(DOCS.listening_share, 2) == 0.14
    assert round(Window(60, 2_000, 55_000).listening_share, 2) == 0.97
    assert DOCS.worst_delay_ms == 60_000


def test_no_retries_leave_one_attempt():
    window = Window(0, 60_000, 10_000)
    attempts = first_attempt("t", NOW, "p")
    assert window.deadline(attempts) == NOW + 10_000 - 2_000
    assert window.listening_share == 1


def test_a_short_attempt_keeps_a_quarter_for_the_answer():
    assert Window(2, 1_000, 2_000).margin_ms == 500


def counted(attempts, began, token="t1", *, others_open=False):
    return next_attempt(
        attempts, DOCS, token=token, began=began, holder="p", others_open=others_open
    )


def test_attempts_are_counted_by_time_not_by_what_we_saw():
    first = end_attempt(first_attempt("t0", NOW, "p"), began=NOW, ended=NOW + 10_000)
    assert counted(first, NOW + 70_000).number == 1
    assert counted(first, NOW + 10_000 + 5 * 60_000 + 59_999).number == 5
    assert counted(first, NOW + 10_001).number == 1
    assert counted(first, NOW + 10**9).number == 60


def test_an_attempt_whose_end_was_not_seen_counts_from_its_beginning():
    assert counted(first_attempt("t0", NOW, "p"), NOW + 120_000).number == 2


def test_a_replayed_token_moves_nothing():
    first = first_attempt("t0", NOW, "p")
    assert counted(first, NOW + 500_000, token="t0") is first


def test_an_attempt_beside_an_open_one_is_noted_but_moves_nothing():
    first = first_attempt("t0", NOW, "p")
    beside = counted(first, NOW + 500_000, others_open=True)
    assert beside == replace(first, tokens=("t0", "t1"))


def test_only_the_latest_attempts_end_is_noted():
    first = first_attempt("t0", NOW, "p")
    assert end_attempt(first, began=NOW - 1, ended=NOW + 9) is first


@dataclass
class History:
    """One node and one gateway with outages, in simulated time."""

    window: Window
    outages: list[tuple[int, int]]
    vote_at: int
    record: Any = None
    heard: str | None = None
    last_attempt_was_whole: bool = False
    first_seen: int | None = None
    stored_in_time: bool = False
    tokens: int = field(default=0)

    def up(self, at):
        return all(not start <= at < end for start, end in self.outages)

    def next_outage(self, at):
        return min((start for start, _ in self.outages if start >= at), default=10**15)

    def run(self):
        at = NOW
        for number in range(self.window.retry_times + 1):
            if self.up(at):
                at = self.attempt(number, at)
                if self.heard:
                    return
            at += self.window.sleep_ms

    def attempt(self, number, began):
        hangs_up = began + self.window.timeout_ms
        dies = self.next_outage(began)
        end = min(hangs_up, dies)
        self.last_attempt_was_whole = number == self.window.retry_times and hangs_up < dies
        self.arrive(number, began)
        vote_at, deadline = self.vote_at, self.record.deadline
        moments = sorted({began, vote_at, deadline, self.record.answer_until})
        for moment in (m for m in moments if began <= m < end):
            self.act(moment)
            if self.heard:
                return moment
        if hangs_up <= dies:
            attempts = end_attempt(self.record.attempts, began=began, ended=hangs_up)
            self.record = replace(self.record, attempts=attempts)
        return end

    def arrive(self, number, began):
        self.tokens += 1
        token = f"t{self.tokens}"
        if self.record is None:
            self.first_seen = number
            attempts = first_attempt(token, began, "p")
            self.record = approval(
                asked_at=began,
                attempts=attempts,
                deadline=self.window.deadline(attempts),
                answer_until=self.window.answer_until(began),
            )
        else:
            self.vote_between(began)
            attempts = next_attempt(
                self.record.attempts,
                self.window,
                token=token,
                began=began,
                holder="p",
                others_open=False,
            )
            deadline = min(self.record.deadline, self.window.deadline(attempts))
            self.record = replace(self.record, attempts=attempts, deadline=deadline)

    def vote_between(self, now):
        """A person may vote while no attempt is open, if the gateway is up then."""
        if self.vote_at < now and self.up(self.vote_at):
            self.store_vote()

    def store_vote(self):
        if not self.record.votes and self.record.asked_at <= self.vote_at < self.record.deadline:
            self.record = replace(self.record, votes=(vote("ana", at=self.vote_at),))
            self.stored_in_time = True

    def act(self, now):
        if now == self.vote_at:
            self.store_vote()
        decision = decide(
            self.record,
            now=now,
            electorate=ELECTORATE,
            remembered=NOTHING_REMEMBERED,
            today=NOTHING_NEW,
        )
        match decision:
            case Approved():
                self.heard = "APPROVE"
            case Rejected():
                self.heard = "REJECT"
            case Pending() | Damaged():
                pass


windows = st.builds(
    Window,
    retry_times=st.integers(0, 12),
    sleep_ms=st.integers(1, 90_000),
    timeout_ms=st.integers(4, 60_000),
)


@st.composite
def histories(draw, most_outages=3):
    window = draw(windows)
    horizon = window.span_ms + 1
    outages = []
    for _ in range(draw(st.integers(0, most_outages))):
        start = NOW + draw(st.integers(0, horizon))
        outages.append((start, start + draw(st.integers(1, horizon))))
    return History(window, outages, NOW + draw(st.integers(0, horizon)))


@tried(5)
@given(histories())
def test_a_whole_last_attempt_always_hears_an_answer(history):
    history.run()
    if history.first_seen == 0 and history.last_attempt_was_whole:
        assert history.heard is not None


@tried(5)
@given(histories())
def test_a_decision_stored_before_the_deadline_is_what_the_node_hears(history):
    history.run()
    if history.heard is not None:
        assert history.heard == ("APPROVE" if history.stored_in_time else "REJECT")


@tried(3)
@given(histories(most_outages=0))
def test_without_outages_the_node_never_gives_up_unheard(history):
    history.run()
    assert history.heard is not None
