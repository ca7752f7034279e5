"""What is counted, timed and checked of a simulated node's run."""

import pytest

from gateway.simulate.attempts import (
    Answer,
    BadAnswer,
    Conclusion,
    ErrorStatus,
    HttpError,
    NoResponse,
)
from gateway.simulate.tally import Latencies, Played, Reported, cause_of, tally, went_as

YES = Answer("APPROVE", "")
NO = Answer("REJECT", "rule: over the limit")


def played(*happened, request_id="r:1", content=b"1", event=None, took=10):
    last = happened[-1]
    if isinstance(last, Answer):
        conclusion = Conclusion(last.action, "server", last.error, len(happened), took)
    else:
        conclusion = Conclusion("REJECT", "gave up", "no answer in time", len(happened), took)
    return Played("sample", request_id, content, conclusion, happened, event)


def broken(*all_played, expected=None):
    return {
        check.name: check.failed for check in tally(all_played, expected).checks if check.failed
    }


@pytest.mark.parametrize(
    ("all_played", "names"),
    [
        ((played(YES), played(NO, request_id="r:2")), {}),
        ((played(NoResponse("closed without an answer"), YES),), {}),
        ((played(BadAnswer("the answer names another request_id"), YES),), {"verified": 1}),
        ((played(ErrorStatus(30, "rule: x"), NO),), {"status": 1}),
        ((played(HttpError(500, ""), YES),), {"http": 1}),
        ((played(Answer("REJECT", "because")),), {"cause": 1}),
        ((played(Answer("REJECT", "")),), {"cause": 1}),
        ((played(Answer("APPROVE", "rule: fine")),), {"cause": 1}),
        ((played(YES), played(NO)), {"one_answer": 1}),
        ((played(YES), played(NO, content=b"2")), {}),
        ((played(NoResponse("x")),), {"answered": 1}),
        ((played(YES, event=Reported(taken=True, said="HTTP 200")),), {}),
        ((played(YES, event=Reported(taken=False, said="HTTP 404")),), {"events": 1}),
    ],
)
def test_every_promise_that_is_broken_is_counted(all_played, names):
    assert broken(*all_played) == names


def test_what_was_expected_takes_the_place_of_an_answer():
    assert broken(played(NoResponse("x")), expected="none") == {}
    assert broken(played(YES), played(NO, request_id="r:2"), expected="reject") == {"expected": 1}


@pytest.mark.parametrize(
    ("action", "by", "kept"),
    [
        ("APPROVE", "server", {"approve"}),
        ("REJECT", "server", {"reject"}),
        ("", "server", {"approve", "reject"}),
        ("REJECT", "gave up", {"none"}),
        ("REJECT", "stopped", set()),
    ],
)
def test_giving_up_is_no_rejection_and_a_pong_is_neither(action, by, kept):
    conclusion = Conclusion(action, by, "", 1, 1)
    assert {each for each in ("approve", "reject", "none") if went_as(each, conclusion)} == kept


def test_answers_are_counted_and_timed_by_action_and_cause():
    run = [played(YES, took=took) for took in range(1, 101)]
    whole = tally([*run, played(NO, took=7), played(NoResponse("no answer in time"))])
    assert [(row.action, row.cause, row.count) for row in whole.answers] == [
        ("APPROVE", "", 100),
        ("REJECT", "rule", 1),
    ]
    assert whole.answers[0].took == Latencies(50, 90, 99, 100)
    assert whole.answers[1].took == Latencies(7, 7, 7, 7)
    assert (whole.requests, whole.attempts, whole.unanswered) == (102, 102, 1)
    assert whole.other == {"no answer in time": 1}


def test_a_cause_that_is_none_is_unknown():
    assert [cause_of(error) for error in ("", "timeout: x", "nobody: x", "text")] == [
        *("", "timeout", "unknown", "unknown")
    ]
