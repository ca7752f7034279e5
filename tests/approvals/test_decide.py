"""One pure file can say Approved; everything that is not a full yes is not a yes."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.decide import decide
from approvals.model import (
    NOTHING_REMEMBERED,
    Approved,
    Cause,
    Choice,
    Damaged,
    Final,
    Frozen,
    Outcome,
    Override,
    Pending,
    Rejected,
    Remembered,
    RuleAnswer,
    Today,
    Verdict,
)
from tests.support.records import (
    DIGEST,
    ELECTORATE,
    NOW,
    PEOPLE,
    POLICY,
    approval,
    ask,
    click,
    need,
    signature,
    signed,
    vote,
)


def decided(
    record,
    *,
    now=NOW + 2_000,
    electorate=ELECTORATE,
    remembered=NOTHING_REMEMBERED,
    today=None,
):
    today = Today(today) if isinstance(today, Verdict | None) else today
    return decide(record, now=now, electorate=electorate, remembered=remembered, today=today)


def final(outcome=Outcome.APPROVE, cause=None):
    return Final(outcome, cause, "said", NOW + 5, 3, POLICY)


def test_nothing_said_is_pending():
    decision = decided(approval())
    assert isinstance(decision, Pending)
    assert decision.seats[0].missing == 1


def test_enough_distinct_people_approve():
    record = approval(ask(need(count=2)), votes=(vote("ana"), vote("bo")))
    assert decided(record) == Approved(by=("ana", "bo"), sentence="approved by people")


def test_one_person_fills_one_seat_however_often_they_vote():
    record = approval(ask(need(count=2)), votes=(vote("ana"), vote("ana", at=NOW + 5)))
    assert isinstance(decided(record), Pending)


def test_one_person_in_two_groups_fills_one_seat():
    both = {"treasury": ("ana", "bo"), "on_call": ("ana", "dee")}
    needs = ask(need(people=both["treasury"]), need("on_call", people=both["on_call"]))
    electorate = replace(ELECTORATE, groups=both)
    assert isinstance(
        decided(approval(needs, votes=(vote("ana"),)), electorate=electorate), Pending
    )
    two = approval(needs, votes=(vote("ana"), vote("bo")))
    assert isinstance(decided(two, electorate=electorate), Approved)


def test_one_refusal_ends_it_whatever_else_was_said():
    votes = (vote("ana"), vote("bo"), vote("chen", Choice.REJECT))
    decision = decided(approval(ask(need(count=2)), votes=votes))
    assert isinstance(decision, Rejected)
    assert (decision.cause, decision.by) == (Cause.PERSON, "chen")


def test_a_refusal_that_the_record_lost_still_counts():
    remembered = Remembered(refusals=(vote("bo", Choice.REJECT),))
    decision = decided(approval(votes=(vote("ana"),)), remembered=remembered)
    assert isinstance(decision, Rejected)


def test_a_vote_at_the_deadline_is_too_late():
    record = approval()
    in_time = replace(record, votes=(vote("ana", at=record.deadline - 1),))
    at_it = replace(record, votes=(vote("ana", at=record.deadline),))
    assert isinstance(decided(in_time, now=record.deadline + 1), Approved)
    decision = decided(at_it, now=record.deadline)
    assert isinstance(decision, Rejected)
    assert decision.cause is Cause.TIMEOUT


def test_a_timeout_is_not_proposed_before_the_deadline():
    record = approval()
    assert isinstance(decided(record, now=record.deadline - 1), Pending)


def test_an_approval_that_nobody_fetched_is_given_up():
    record = approval(votes=(vote("ana"),))
    assert isinstance(decided(record, now=record.answer_until - 1), Approved)
    decision = decided(record, now=record.answer_until)
    assert isinstance(decision, Rejected)
    assert decision.cause is Cause.TIMEOUT


def test_a_vote_for_other_bytes_does_not_count():
    for choice in Choice:
        other = vote("ana", choice, digest="00" * 32)
        assert isinstance(decided(approval(votes=(other,))), Pending)


def test_somebody_removed_today_does_not_count_today():
    record = approval(votes=(vote("ana"),))
    groups = {**ELECTORATE.groups, "treasury": ("bo", "chen")}
    assert isinstance(decided(record, electorate=replace(ELECTORATE, groups=groups)), Pending)
    people = {name: person for name, person in PEOPLE.items() if name != "ana"}
    assert isinstance(decided(record, electorate=replace(ELECTORATE, people=people)), Pending)


def test_somebody_added_today_does_not_count_for_what_was_asked_before():
    record = approval(ask(need(people=("bo",))), votes=(vote("ana"),))
    assert isinstance(decided(record), Pending)


@pytest.mark.parametrize("evidence", [click("bo"), signature("bo")])
def test_a_vote_counts_only_with_its_makers_own_evidence(evidence):
    assert isinstance(decided(approval(votes=(vote("ana", evidence=evidence),))), Pending)


def test_the_initiator_never_counts():
    record = approval(ask(need(), barred=("ana",)), votes=(vote("ana"),))
    assert isinstance(decided(record), Pending)


def test_a_click_does_not_count_where_a_signature_is_asked_for():
    record = approval(ask(strength="ssh"), votes=(vote("ana"),))
    assert isinstance(decided(record), Pending)
    assert isinstance(decided(replace(record, votes=(signed("ana"),))), Approved)


@pytest.mark.parametrize(
    "changed",
    [
        {"reason": "another"},
        {"at": NOW + 400_000},
        {"override": True},
        {"evidence": signature("ana", digest="00" * 32)},
        {"evidence": signature("ana", choice=Choice.REJECT)},
        {"evidence": signature("ana", request_id="another")},
        {"evidence": replace(signature("bo"), key=signature("ana").key)},
        {"evidence": replace(signature("ana"), key=signature("bo").key)},
    ],
    ids=str,
)
def test_a_signature_is_verified_again_whenever_it_counts(changed):
    record = approval(ask(override=Override("treasury", ("ana",), 1, 1)))
    assert isinstance(decided(replace(record, votes=(signed("ana"),))), Approved)
    forged = replace(record, votes=(replace(signed("ana"), **changed),))
    assert isinstance(decided(forged), Pending)


def test_a_signature_by_a_key_that_was_replaced_counts_no_more():
    record = approval(votes=(signed("ana"),))
    lost = replace(PEOPLE["ana"], ssh_key=PEOPLE["eli"].ssh_key, ssh_line=PEOPLE["eli"].ssh_line)
    today = replace(ELECTORATE, people={**PEOPLE, "ana": lost})
    assert isinstance(decided(record, electorate=today), Pending)


ON_CALL = Override("on_call", ("dee", "eli"), 2, 1)
WITH_OVERRIDE = replace(ELECTORATE, override=ON_CALL)


def overridden(*votes, override=ON_CALL, today=ON_CALL, **changes):
    """What these votes amount to where on_call may override a seat of treasury."""
    electorate = replace(ELECTORATE, override=today)
    verdict = ask(override=override, **changes)
    return decided(approval(verdict, votes=votes), electorate=electorate)


def test_enough_of_on_call_decide_in_place_of_the_seats():
    one, two = signed("dee", override=True), signed("eli", override=True)
    assert isinstance(overridden(one), Pending)
    assert overridden(one, two) == Approved(("dee", "eli"), "approved by override", override=True)


def test_an_override_is_signed_as_one():
    asked = signed("eli", override=True)
    for other in (signed("dee"), replace(signed("dee"), override=True), vote("dee", override=True)):
        assert isinstance(overridden(asked, other), Pending)


@pytest.mark.parametrize(
    ("then", "today"),
    [
        (None, ON_CALL),
        (ON_CALL, None),
        (replace(ON_CALL, people=("dee",)), ON_CALL),
        (ON_CALL, replace(ON_CALL, people=("dee",))),
        (replace(ON_CALL, approve=3), ON_CALL),
        (ON_CALL, replace(ON_CALL, approve=3)),
    ],
)
def test_who_may_override_is_what_the_record_and_today_both_say(then, today):
    votes = (signed("dee", override=True), signed("eli", override=True))
    assert isinstance(overridden(*votes, override=then, today=today), Pending)


def test_the_initiator_never_overrides():
    votes = (signed("dee", override=True), signed("eli", override=True))
    assert isinstance(overridden(*votes, barred=("dee",)), Pending)


def test_an_override_after_the_deadline_is_none():
    record = approval(ask(override=ON_CALL))
    late = record.deadline
    votes = tuple(signed(person, override=True, at=late) for person in ("dee", "eli"))
    decision = decided(replace(record, votes=votes), now=late, electorate=WITH_OVERRIDE)
    assert isinstance(decision, Rejected)
    assert decision.cause is Cause.TIMEOUT


def test_an_override_also_fills_a_seat_of_its_maker():
    record = approval(ask(need("on_call"), override=ON_CALL), votes=(signed("dee", override=True),))
    decision = decided(record, electorate=WITH_OVERRIDE)
    assert decision == Approved(("dee",), "approved by people")


def test_as_many_refuse_by_override_as_the_record_says():
    two = replace(ON_CALL, reject=2)
    no = [signed(person, Choice.REJECT, override=True) for person in ("dee", "eli")]
    assert overridden(no[0]) == Rejected(Cause.PERSON, "refused by override", "dee")
    assert isinstance(overridden(no[0], override=two), Pending)
    assert overridden(*no, override=two) == Rejected(Cause.PERSON, "refused by override", "eli")


def test_a_final_refusal_names_whose_it_was_and_no_other():
    alone = signed("dee", Choice.REJECT, override=True)
    verdict = ask(override=replace(ON_CALL, reject=2))
    refused = approval(verdict, votes=(alone, vote("ana", Choice.REJECT)))
    for record in (refused, replace(refused, final=final(Outcome.REJECT, Cause.PERSON))):
        decision = decided(record)
        assert isinstance(decision, Rejected)
        assert decision.by == "ana"
    late = approval(verdict, votes=(alone,), final=final(Outcome.REJECT, Cause.TIMEOUT))
    assert decided(late) == Rejected(Cause.TIMEOUT, "said", None)


def test_a_refusal_by_override_of_somebody_who_was_asked_is_a_refusal():
    everybody = Override("all", ("ana", "dee"), 2, 2)
    no = signed("ana", Choice.REJECT, override=True)
    assert isinstance(overridden(no, override=everybody, today=everybody), Rejected)


def test_a_final_yes_by_override_is_spoken_only_if_enough_signed_it():
    one, two = signed("dee", override=True), signed("eli", override=True)
    record = approval(ask(override=ON_CALL), final=final())
    said = Approved(("dee", "eli"), "said", override=True)
    assert decided(replace(record, votes=(one, two))) == said  # whoever may override today
    for votes in ((one,), (one, replace(two, override=False)), (one, replace(two, reason="x"))):
        assert isinstance(decided(replace(record, votes=votes)), Damaged)


FROZEN = Today(frozen=Frozen("7-3fa1", "signing is frozen (freeze 7-3fa1)"))
BY_FREEZE = Rejected(Cause.FROZEN, "signing is frozen (freeze 7-3fa1)")


@pytest.mark.parametrize(
    "record",
    [
        approval(),
        approval(votes=(vote("ana"),)),
        approval(votes=(vote("ana", Choice.REJECT),)),
        approval(Verdict(effect="approve")),
        approval(Verdict(effect="reject", cause=Cause.RULE, sentence="refused by rule big")),
    ],
    ids=["pending", "enough approvals", "refused by a person", "by a rule", "refused by a rule"],
)
def test_while_it_is_frozen_what_is_not_final_is_refused_for_that(record):
    for now in (NOW + 2_000, record.deadline, record.answer_until):
        assert decided(record, now=now, today=FROZEN) == BY_FREEZE


def test_a_freeze_changes_no_final_fact():
    approved = approval(votes=(vote("ana"),), final=final())
    assert decided(approved, today=FROZEN) == Approved(by=("ana",), sentence="said")
    refused = approval(final=final(Outcome.REJECT, Cause.TIMEOUT))
    assert decided(refused, today=FROZEN) == Rejected(Cause.TIMEOUT, "said")
    remembered = Remembered(final=final(Outcome.REJECT, Cause.PERSON))
    assert decided(approval(), remembered=remembered, today=FROZEN).cause is Cause.PERSON


def test_what_could_never_be_decided_says_so_also_while_it_is_frozen():
    for cause in (Cause.CONTRADICTION, Cause.CONFLICT, Cause.UNSUPPORTED, Cause.MALFORMED):
        refusal = Verdict(effect="reject", cause=cause, sentence="why")
        assert decided(approval(refusal), today=FROZEN) == Rejected(cause, "why")


def test_a_quorum_that_nobody_can_meet_any_more_ends_at_once():
    record = approval(ask(need(count=2)))
    groups = {**ELECTORATE.groups, "treasury": ("ana",)}
    decision = decided(record, electorate=replace(ELECTORATE, groups=groups))
    assert isinstance(decision, Rejected)
    assert decision.cause is Cause.PEOPLE


def test_an_ask_without_seats_is_never_approved():
    decision = decided(approval(Verdict(effect="ask", needs=(), within_ms=1)))
    assert isinstance(decision, Rejected)


def test_a_final_fact_is_the_decision_for_ever():
    refused = approval(votes=(vote("ana"),), final=final(Outcome.REJECT, Cause.TIMEOUT))
    assert decided(refused) == Rejected(Cause.TIMEOUT, "said")
    approved = approval(votes=(vote("ana"),), final=final())
    later = approved.answer_until + 10
    assert decided(approved, now=later) == Approved(by=("ana",), sentence="said")


@pytest.mark.parametrize(
    "record",
    [
        approval(final=final()),
        approval(Verdict(effect="reject"), final=final()),
        approval(votes=(vote("ana", digest="00" * 32),), final=final()),
        approval(votes=(vote("ana", at=approval().deadline),), final=final()),
        approval(votes=(vote("ana"), vote("bo", Choice.REJECT)), final=final()),
        approval(ask(need(), barred=("ana",)), votes=(vote("ana"),), final=final()),
        approval(Verdict(effect="ask"), votes=(vote("ana"),), final=final()),
        approval(ask(strength="ssh"), votes=(vote("ana"),), final=final()),
        approval(votes=(replace(signed("ana"), reason="another"),), final=final()),
        approval(final=final(Outcome.REJECT, None)),
    ],
)
def test_a_final_fact_that_its_record_does_not_support_is_damage(record):
    assert isinstance(decided(record), Damaged)


def test_a_final_approval_beside_a_refusal_that_the_record_lost_is_damage():
    approved = approval(votes=(vote("ana"),), final=final())
    lost = Remembered(refusals=(vote("bo", Choice.REJECT),))
    assert isinstance(decided(approved), Approved)
    assert isinstance(decided(approved, remembered=lost), Damaged)


def test_a_final_decision_that_our_audit_knows_binds_a_record_that_forgot_it():
    refused = Remembered(final=final(Outcome.REJECT, Cause.PERSON))
    assert isinstance(decided(approval(votes=(vote("ana"),)), remembered=refused), Rejected)
    approved = Remembered(final=final())
    assert isinstance(decided(approval(votes=(vote("ana"),)), remembered=approved), Damaged)


def test_two_final_decisions_that_differ_give_no_answer():
    approved = approval(votes=(vote("ana"),), final=final())
    refused = Remembered(final=final(Outcome.REJECT, Cause.PERSON))
    assert isinstance(decided(approved, remembered=refused), Damaged)


def test_rules_alone_decide_where_no_person_is_needed():
    assert isinstance(decided(approval(Verdict(effect="approve"))), Approved)
    refusal = Verdict(effect="reject", cause=Cause.RULE, sentence="refused by rule big")
    assert decided(approval(refusal)) == Rejected(Cause.RULE, "refused by rule big")


REFUSED_TODAY = Verdict(effect="reject", cause=Cause.RULE, sentence="refused by rule new")


@pytest.mark.parametrize(
    "record",
    [
        approval(),
        approval(votes=(vote("ana"),)),
        approval(Verdict(effect="approve")),
        approval(Verdict(effect="ask", needs=(), within_ms=1)),
    ],
    ids=["pending", "enough approvals", "approved by a rule", "nobody asked"],
)
def test_a_refusal_of_todays_rules_comes_before_every_approval(record):
    for now in (NOW + 2_000, record.deadline, record.answer_until):
        decision = decided(record, now=now, today=REFUSED_TODAY)
        assert decision == Rejected(Cause.RULE, "refused by rule new")


def test_what_todays_rules_refuse_was_refused_by_those_of_the_record_first():
    first = Verdict(effect="reject", cause=Cause.CONFLICT, sentence="other content")
    assert decided(approval(first), today=REFUSED_TODAY) == Rejected(
        Cause.CONFLICT, "other content"
    )


def test_a_refusal_of_todays_rules_never_overrides_a_final_fact():
    approved = approval(votes=(vote("ana"),), final=final())
    assert decided(approved, today=REFUSED_TODAY) == Approved(by=("ana",), sentence="said")
    refused = approval(final=final(Outcome.REJECT, Cause.TIMEOUT))
    assert decided(refused, today=REFUSED_TODAY) == Rejected(Cause.TIMEOUT, "said")
    remembered = Remembered(final=final(Outcome.REJECT, Cause.PERSON))
    decision = decided(approval(), remembered=remembered, today=REFUSED_TODAY)
    assert decision == Rejected(Cause.PERSON, "said")
    lost = Remembered(final=final())
    assert isinstance(decided(approval(), remembered=lost, today=REFUSED_TODAY), Damaged)


@given(
    st.sampled_from(
        [
            approval(),
            approval(ask(need(count=2)), votes=(vote("ana"),)),
            approval(votes=(vote("bo", Choice.REJECT),)),
            approval(votes=(vote("ana"),)),
            approval(Verdict(effect="reject", cause=Cause.RULE, sentence="refused")),
            approval(votes=(vote("ana"),), final=final()),
        ]
    ),
    st.sampled_from(
        [
            Verdict(effect="approve"),
            ask(),
            ask(need("on_call", 2), strength="ssh", within_ms=1),
            ask(need(people=("ana",)), barred=("bo",)),
        ]
    ),
    st.integers(NOW, NOW + 2_000_000),
)
def test_todays_rules_can_only_refuse(record, today, now):
    assert decided(record, now=now, today=today) == decided(record, now=now)


def test_what_rules_alone_approved_is_refused_where_todays_would_ask():
    rules = (RuleAnswer("sweep", "why", "approve", "yes"),)
    by_rule = approval(Verdict(effect="approve", rules=rules))
    for now in (NOW + 2_000, by_rule.deadline, by_rule.answer_until):
        gone = Rejected(Cause.RULE, "no rule approves it any more (rules: sweep)")
        assert decided(by_rule, now=now, today=ask()) == gone
    assert isinstance(decided(by_rule, today=Verdict(effect="approve")), Approved)
    made_final = replace(by_rule, final=final())
    assert decided(made_final, today=ask()) == Approved(by=(), sentence="said")


@given(
    st.lists(
        st.tuples(
            st.sampled_from(sorted(PEOPLE)),
            st.sampled_from(list(Choice)),
            st.integers(NOW, NOW + 700_000),
            st.sampled_from([DIGEST, "00" * 32]),
        ),
        max_size=8,
    ),
    st.integers(1, 3),
    st.integers(0, 2),
    st.integers(NOW, NOW + 2_000_000),
)
def test_approved_always_means_distinct_people_in_time_and_no_refusal(said, many, others, now):
    needs = (need(count=many), *((need("on_call", others),) if others else ()))
    votes = tuple(vote(who, what, at=at, digest=digest) for who, what, at, digest in said)
    record = approval(ask(*needs), votes=votes)
    if isinstance(decided(record, now=now), Approved):
        counted = [v for v in votes if v.digest == DIGEST]
        assert all(v.choice is Choice.APPROVE for v in counted)
        people = {v.person for v in counted if v.at < record.deadline}
        assert len(people & {"ana", "bo", "chen"}) >= many
        assert len(people & {"dee", "eli"}) >= others
        assert now < record.answer_until


@given(st.permutations([vote("ana"), vote("bo"), vote("dee"), vote("eli", Choice.REJECT)]))
def test_the_order_of_votes_never_matters(votes):
    record = approval(ask(need(count=2), need("on_call")), votes=tuple(votes))
    assert isinstance(decided(record), Rejected)
    assert isinstance(decided(replace(record, votes=tuple(votes[:0]))), Pending)
