"""Which ballots are taken: the gate between a click and the record."""

import pytest

from approvals.ballots import Ballot, NotCountedCause, admit
from approvals.decide import decide
from approvals.model import NOTHING_NEW, NOTHING_REMEMBERED, Choice, Final, Outcome
from tests.support.records import (
    DIGEST,
    ELECTORATE,
    NOW,
    POLICY,
    approval,
    ask,
    click,
    signature,
    vote,
)

YES, NO = Choice.APPROVE, Choice.REJECT


def refused(record, person="ana", choice=YES, *, now=NOW + 1_000, digest=DIGEST, by=click):
    """Why this ballot is not taken; None if it is."""
    decision = decide(
        record, now=now, electorate=ELECTORATE, remembered=NOTHING_REMEMBERED, today=NOTHING_NEW
    )
    ballot = Ballot(person, choice, digest, "", by(person))
    return admit(record, ballot, decision=decision, electorate=ELECTORATE, now=now)


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
    for person, choice in (("bo", YES), ("bo", NO), ("ana", NO)):
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
