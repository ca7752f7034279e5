"""What is kept of a decision's aftermath, and what of it is an alarm: pure."""

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from approvals.aftermath.doubts import (
    MOST_DOUBTS,
    Doubt,
    Doubts,
    changed,
    doubts_from_json,
    doubts_to_json,
    merged,
    trimmed,
    updated,
    with_doubt,
)
from approvals.aftermath.facts import (
    MOST_REPORTS,
    After,
    Report,
    after_from_json,
    after_to_json,
    concerns,
    suspicion,
    with_report,
    with_taken,
)
from approvals.codec import DamagedRecord
from approvals.findings import signs_of
from approvals.model import Cause, Final, Outcome
from tests.support.records import NOW, POLICY, approval

HASHES = ("0x" + "ab" * 32,)
YES = Final(Outcome.APPROVE, None, "", NOW, 2, POLICY)
NO = Final(Outcome.REJECT, Cause.PERSON, "", NOW, 2, POLICY)
RECORD = approval(signs=signs_of(HASHES), task="t", final=YES)


def report(stage: Any = "succeeded", **changes: Any) -> Report:
    made = Report("e1", "key_sign", stage, NOW, "r:1", "t", signs_of(HASHES), HASHES)
    return replace(made, **changes)


def test_only_what_succeeded_without_our_yes_is_suspicious() -> None:
    for stage in ("created", "updated", "failed"):
        assert suspicion(report(stage), None) is None
        assert suspicion(report(stage), replace(RECORD, final=NO)) is None
    assert suspicion(report(), RECORD) is None
    assert suspicion(report(signs="", hashes=()), RECORD) is None


@pytest.mark.parametrize(
    ("changes", "final", "is_about"),
    [
        ({}, YES, True),
        ({"signs": "0" * 64}, YES, True),
        ({"signs": ""}, YES, False),
        ({"signs": ""}, None, False),
        ({"signs": ""}, NO, True),
        ({"signs": "", "request_id": ""}, YES, False),
        ({"signs": "", "request_id": RECORD.request_id}, YES, True),
        ({"signs": "", "kind": "key_gen"}, YES, True),
    ],
)
def test_what_names_only_the_task_is_about_its_record_if_something_else_shows_it(
    changes: dict[str, Any], final: Final | None, is_about: bool
) -> None:
    assert concerns(report(**changes), replace(RECORD, final=final)) is is_about


def test_what_does_not_agree_is_what_is_known_of_a_stage_and_is_forgotten_last() -> None:
    other = report(event_id="other", signs="0" * 64, at=NOW + 1)
    after = with_report(with_report(After(), report(), RECORD, NOW), other, RECORD, NOW)
    for number in range(2 * MOST_REPORTS):
        after = with_report(after, report(event_id=f"e{number}"), RECORD, NOW + 1 + number)
    found = after.first("succeeded")
    assert found is not None
    assert (found.event_id, found.agrees) == ("other", False)


def doubt(number: int, **changes: Any) -> Doubt:
    return replace(Doubt("n", report(event_id=f"e{number}"), NOW, NOW), **changes)


def test_our_own_doubts_and_those_that_are_stored_are_one() -> None:
    told = doubt(1, alarm="signed_unknown", said=("slack",))
    stored, own = Doubts((told, doubt(2)), "x"), Doubts((doubt(1, said=("mail",)), doubt(3)))
    both = merged(stored, own)
    assert [one.report.event_id for one in both.kept] == ["e1", "e2", "e3"]
    assert (both.stamp, both.kept[0].alarm) == ("x", "signed_unknown")
    assert set(both.kept[0].said) == {"slack", "mail"}
    assert updated(own, stored).kept == (replace(both.kept[0], said=("mail", "slack")), doubt(3))


def test_of_too_many_doubts_those_that_were_told_are_left_out_first() -> None:
    told = [doubt(number, said=("slack",)) for number in range(3)]
    others = [doubt(number) for number in range(3, MOST_DOUBTS + 2)]
    kept = trimmed(Doubts((*told, *others))).kept
    assert kept == (told[2], *others)
    assert trimmed(Doubts((*told, *others, doubt(999)))).kept == (*others, doubt(999))
    assert trimmed(Doubts((*others, doubt(999), doubt(1000)))).kept == (*others, doubt(999))


@pytest.mark.parametrize(
    ("kind", "number", "record", "alarm"),
    [
        ("key_sign", 2, None, "signed_unknown"),
        ("key_sign", 2, replace(RECORD, final=NO), "signed_rejected"),
        ("key_sign", 2, replace(RECORD, final=None), "signed_rejected"),
        ("key_sign", 2, replace(RECORD, signs="0" * 64), "signed_other"),
        ("key_sign", 2, replace(RECORD, type=1), "signed_other"),
        ("key_gen", 1, None, "used_unknown"),
        ("key_reshare", 3, None, "used_unknown"),
        ("key_share_sign", 5, None, "used_unknown"),
        ("key_gen", 1, replace(RECORD, type=1, final=NO), "used_rejected"),
        ("key_gen", 1, replace(RECORD, type=1), None),
    ],
)
def test_each_suspicion_has_its_alarm(kind: Any, number: int, record: Any, alarm: Any) -> None:
    del number
    assert suspicion(report(kind=kind), record) == alarm


def test_the_order_of_events_does_not_matter() -> None:
    reports = [report(stage, event_id=stage) for stage in ("created", "updated", "succeeded")]
    ends = set()
    for order in permutations(reports):
        after = After()
        for one in order:
            after = with_report(after, one, RECORD, NOW)
        ends.add(frozenset(after.reported))
    assert len(ends) == 1


def test_an_event_is_kept_once_and_an_answer_is_taken_once() -> None:
    after = with_report(After(), report(), RECORD, NOW)
    assert with_report(after, report(why="again"), RECORD, NOW + 1) is after
    taken = with_taken(after, NOW)
    assert with_taken(taken, NOW + 1) is taken


def test_a_flood_of_updates_never_pushes_out_how_it_ended() -> None:
    after = with_report(After(), report(), RECORD, NOW)
    for number in range(3 * MOST_REPORTS):
        one = report("updated", event_id=f"u{number}")
        after = with_report(after, one, RECORD, NOW + number)
    assert len(after.reported) == MOST_REPORTS
    assert after.first("succeeded") is not None


def test_what_is_kept_comes_back_and_what_is_not_ours_is_damaged() -> None:
    after = with_taken(with_report(After(), report("failed", why="x"), RECORD, NOW), NOW + 5)
    assert after_from_json(after_to_json(after), "") == after
    doubts = Doubts((Doubt("node-1", report(), NOW, NOW, "signed_other", "m", ("slack",)),))
    assert doubts_from_json(doubts_to_json(doubts), "") == doubts
    for body in ("", "[]", "[1]", "{}", '{"taken":1,"reported":[]}', '[{"report":{}}]'):
        with pytest.raises(DamagedRecord):
            after_from_json(body, "")
        if body != "[]":
            with pytest.raises(DamagedRecord):
                doubts_from_json("[{}]" if body == "{}" else body, "")


def test_doubts_are_bounded_and_only_those_that_were_told_give_way() -> None:
    doubts = Doubts()
    for number in range(MOST_DOUBTS):
        more = with_doubt(doubts, Doubt("n", report(event_id=f"e{number}"), NOW, NOW))
        assert more is not None
        doubts = more
    one_more = Doubt("n", report(event_id="new"), NOW, NOW)
    assert with_doubt(doubts, doubts.kept[3]) is doubts
    assert with_doubt(doubts, one_more) is None
    told = replace(doubts.kept[5], alarm="signed_unknown", said=("slack",))
    room = with_doubt(changed(doubts, [told]), one_more)
    assert room is not None
    assert (len(room.kept), room.knows("n e5"), room.knows("n new")) == (MOST_DOUBTS, False, True)
