"""Which ballots are taken: the gate between a click and the record."""

from dataclasses import replace

import pytest

from approvals.ballots import Ballot, NotCountedCause, admit
from approvals.decide import decide
from approvals.model import NOTHING_NEW, NOTHING_REMEMBERED, Choice, Final, Outcome, Override
from tests.support.records import (
    DIGEST,
    ELECTORATE,
    NOW,
    POLICY,
    approval,
    ask,
    click,
    need,
    signature,
    signed,
    vote,
)

YES, NO = Choice.APPROVE, Choice.REJECT


def refused(
    record,
    person="ana",
    choice=YES,
    *,
    now=NOW + 1_000,
    digest=DIGEST,
    by=click,
    reason="",
    override=False,
    electorate=ELECTORATE,
):
    """Why this ballot is not taken; None if it is."""
    decision = decide(
        record, now=now, electorate=electorate, remembered=NOTHING_REMEMBERED, today=NOTHING_NEW
    )
    ballot = Ballot(person, choice, digest, reason, by(person), override)
    return admit(record, ballot, decision=decision, electorate=electorate, now=now)


@pytest.mark.parametrize("choice", list(Choice))
def test_a_ballot_on_other_bytes_is_not_taken(choice):
    assert refused(approval(), choice=choice) is None
    other = refused(approval(), choice=choice, digest="ef" * 32)
    assert other is NotCountedCause.OTHER_DIGEST


@pytest.mark.parametrize("choice", list(Choice))
def test_a_ballot_at_the_deadline_is_too_late(choice):
    record = approval()
    assert refused(record, choice=choice, now=record.deadline - 1) is None
    late = refused(record, choice=choice, now=record.deadline)
    assert late is NotCountedCause.TOO_LATE


def test_a_vote_only_ever_moves_towards_no():
    for before, now_said, cause in (
        (YES, YES, NotCountedCause.ALREADY_VOTED),
        (YES, NO, None),
        (NO, YES, NotCountedCause.ALREADY_VOTED),
        (NO, NO, NotCountedCause.ALREADY_VOTED),
    ):
        record = approval(votes=(vote("ana", before),))
        assert refused(record, choice=now_said) is cause


def test_what_was_approved_and_not_yet_heard_can_still_be_refused():
    record = approval(votes=(vote("ana"),))
    assert refused(record, "bo", YES) is NotCountedCause.ALREADY_DECIDED
    assert refused(record, "bo", NO) is None
    assert refused(record, "bo", NO, now=record.deadline) is NotCountedCause.TOO_LATE


def test_nothing_is_taken_once_it_is_final():
    final = Final(Outcome.APPROVE, None, "approved by people", NOW, 2, POLICY)
    record = approval(votes=(vote("ana"),), final=final)
    for person, choice in (("bo", YES), ("bo", NO), ("ana", YES), ("ana", NO)):
        assert refused(record, person, choice) is NotCountedCause.ALREADY_DECIDED


def test_nobody_outside_the_needed_groups_is_heard():
    for choice in Choice:
        assert refused(approval(), "dee", choice) is NotCountedCause.NOT_AN_APPROVER
        assert refused(approval(), "zoe", choice) is NotCountedCause.UNKNOWN_PERSON


def test_the_initiator_may_refuse_and_never_approve():
    record = approval(ask(barred=("ana",)))
    assert refused(record, "ana", YES) is NotCountedCause.OWN_TRANSACTION
    assert refused(record, "ana", NO) is None


def test_a_click_may_refuse_but_not_approve_where_a_signature_is_asked_for():
    record = approval(ask(strength="ssh"))
    assert refused(record) is NotCountedCause.NEEDS_SSH
    assert refused(record, by=signature) is None
    assert refused(record, choice=NO) is None


@pytest.mark.parametrize(
    ("wanted", "choice", "taken"),
    [
        ("none", YES, True),
        ("none", NO, True),
        ("approve", YES, False),
        ("approve", NO, True),
        ("reject", YES, True),
        ("reject", NO, False),
        ("both", YES, False),
        ("both", NO, False),
    ],
)
def test_a_vote_without_a_reason_is_taken_only_where_none_is_wanted(wanted, choice, taken):
    record = approval(ask(reason=wanted))
    for blank in ("", " \n"):
        cause = refused(record, choice=choice, reason=blank)
        assert cause is (None if taken else NotCountedCause.NEEDS_REASON)
    assert refused(record, choice=choice, reason="I looked") is None


ON_CALL = Override("on_call", ("dee", "eli"), 2, 1)
TODAY = replace(ELECTORATE, override=ON_CALL)


def not_overridden(record, person="dee", choice=YES, **changes):
    """Why this override is not taken; None if it is."""
    given = {"by": signature, "reason": "I looked", "electorate": TODAY, "override": True}
    return refused(record, person, choice, **{**given, **changes})


@pytest.mark.parametrize("choice", list(Choice))
def test_only_on_call_overrides_with_a_signature_and_a_reason(choice):
    record = approval(ask(override=ON_CALL))
    assert not_overridden(record, choice=choice) is None
    for changes, cause in (
        ({"person": "ana"}, NotCountedCause.NOT_ON_CALL),
        ({"by": click}, NotCountedCause.NEEDS_SSH),
        ({"reason": " "}, NotCountedCause.NEEDS_REASON),
        ({"electorate": ELECTORATE}, NotCountedCause.NO_OVERRIDE),
        ({"now": record.deadline}, NotCountedCause.TOO_LATE),
        ({"digest": "ef" * 32}, NotCountedCause.OTHER_DIGEST),
    ):
        assert not_overridden(record, choice=choice, **changes) is cause
    assert not_overridden(approval(), choice=choice) is NotCountedCause.NO_OVERRIDE
    own = approval(ask(override=ON_CALL, barred=("dee",)))
    assert not_overridden(own, choice=choice) is NotCountedCause.OWN_TRANSACTION


def test_what_is_final_is_called_decided_though_nobody_may_override_it():
    final = Final(Outcome.REJECT, None, "the hash is another", NOW, 1, POLICY)
    assert not_overridden(approval(final=final)) is NotCountedCause.ALREADY_DECIDED


def test_who_approved_in_a_seat_may_still_ask_for_an_override_and_not_the_other_way_round():
    record = approval(ask(need("on_call", 2), override=ON_CALL))
    seated = replace(record, votes=(vote("dee"),))
    assert not_overridden(seated) is None
    asked = replace(record, votes=(signed("dee", override=True),))
    assert refused(asked, "dee") is NotCountedCause.ALREADY_VOTED
    assert not_overridden(asked) is NotCountedCause.ALREADY_VOTED
    assert not_overridden(asked, choice=NO) is None
    said_no = replace(record, votes=(signed("dee", NO, override=True),))
    assert not_overridden(said_no) is NotCountedCause.ALREADY_VOTED
