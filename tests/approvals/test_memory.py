"""What a gateway remembers of its own audit: a no is never exchanged for a yes."""

from dataclasses import replace

from approvals import memory as memories
from approvals.freezes.model import FIRST
from approvals.memory import Memory
from approvals.model import Cause, Choice, Final, Outcome, Remembered
from tests.support.records import DIGEST, NOW, POLICY, vote
from tests.support.requests import sample

YES = Final(Outcome.APPROVE, None, "approved by people", NOW, 3, POLICY)
NO = Final(Outcome.REJECT, Cause.PERSON, "refused by an approver", NOW, 2, POLICY)


def test_of_two_final_facts_that_differ_the_refusal_is_kept():
    for first, second in ((YES, NO), (NO, YES)):
        memory = Memory()
        memory.learn_final(DIGEST, first)
        memory.learn_final(DIGEST, second)
        assert memory.of(DIGEST).final == NO


def test_the_refusals_of_all_people_are_kept_once():
    memory = Memory()
    refusals = [vote(person, Choice.REJECT) for person in ("ana", "bo", "ana")]
    for refusal in refusals:
        memory.learn_refusal(refusal)
    assert memory.of(DIGEST).refusals == tuple(refusals[:2])


def test_a_final_fact_and_refusals_stand_beside_each_other():
    memory = Memory()
    memory.learn_refusal(vote("ana", Choice.REJECT))
    memory.learn_final(DIGEST, NO)
    memory.learn_refusal(vote("bo", Choice.REJECT))
    known = memory.of(DIGEST)
    assert (known.final, len(known.refusals)) == (NO, 2)


def test_what_is_remembered_of_these_bytes_says_nothing_of_others():
    memory = Memory()
    memory.learn_final(DIGEST, NO)
    assert memory.of("cd" * 32).final is None


def test_past_its_bound_the_oldest_is_forgotten(monkeypatch):
    monkeypatch.setattr(memories, "MOST_KEPT", 2)
    memory = Memory()
    for digest in ("a", "b", "c"):
        memory.learn_final(digest, NO)
    assert [memory.of(digest).final for digest in ("a", "b", "c")] == [None, NO, NO]


def test_what_a_node_heard_stays_and_a_record_that_says_otherwise_is_damage():
    memory = Memory()
    memory.learn_answered(DIGEST, YES)
    memory.learn_final(DIGEST, NO)
    assert memory.of(DIGEST) == Remembered(final=YES, answered=True)


def test_a_refusal_stays_whatever_is_answered_afterwards():
    memory = Memory()
    memory.learn_final(DIGEST, NO)
    memory.learn_answered(DIGEST, YES)
    assert memory.of(DIGEST) == Remembered(final=NO)


def test_the_first_body_of_a_request_id_the_earliest_deadline_and_the_newest_freezes_are_kept():
    memory = Memory()
    asked = sample("keysign_erc20_usdt")
    other = asked.with_transaction("description", "changed").request
    for request in (asked.request, other):
        memory.learn_content(request.request_id, request.content)
    assert not memory.contradicts(asked.request)
    assert memory.contradicts(other)
    for deadline in (NOW + 2, NOW + 1, NOW + 3):
        memory.learn_deadline(DIGEST, deadline)
    assert memory.of(DIGEST).deadline == NOW + 1
    for epoch in (2, 3, 1):
        memory.learn_freezes(replace(FIRST, epoch=epoch))
    assert memory.freezes == replace(FIRST, epoch=3)
