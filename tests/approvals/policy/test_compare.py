"""What a change of verdicts amounts to; nothing looser is ever called anything else."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.model import Cause, Escalation, Need, Override, RuleAnswer, Verdict
from approvals.policy.compare import Loosened, Other, Same, Tightened, compare
from approvals.quorum import seats_left
from tests.support.records import ask, need

APPROVE = Verdict(effect="approve")
REJECT = Verdict(effect="reject", cause=Cause.RULE, sentence="refused by rule big")
PEOPLE = ("ana", "bo", "chen", "dee")
CALLS = (Escalation("on_call", ("dee", "eli"), 300_000),)
TWO = Override("on_call", ("dee", "eli"), approve=2, reject=1)

needs = st.dictionaries(
    st.sampled_from(["treasury", "on_call", "board"]),
    st.tuples(st.integers(1, 3), st.sets(st.sampled_from(PEOPLE), min_size=1)),
    min_size=1,
).map(lambda groups: tuple(Need(g, n, tuple(sorted(p))) for g, (n, p) in sorted(groups.items())))
rules = st.lists(
    st.builds(
        RuleAnswer,
        st.sampled_from(["a", "b"]),
        st.just("why"),
        st.just("ask"),
        st.sampled_from(["yes", "unknown"]),
    ),
    max_size=2,
).map(tuple)
verdicts = st.one_of(
    st.builds(Verdict, st.just("approve"), rules),
    st.builds(
        Verdict,
        st.just("reject"),
        rules,
        cause=st.sampled_from([Cause.RULE, Cause.PEOPLE]),
        sentence=st.sampled_from(["one", "two"]),
    ),
    st.builds(
        Verdict,
        st.just("ask"),
        rules,
        needs,
        st.sampled_from([1_000, 2_000]),
        st.sampled_from(["any", "ssh"]),
        st.sets(st.sampled_from(PEOPLE)).map(lambda names: tuple(sorted(names))),
        st.booleans(),
    ),
)


@pytest.mark.parametrize(
    ("old", "new", "aspects"),
    [
        (REJECT, APPROVE, {"effect"}),
        (ask(), APPROVE, {"effect"}),
        (REJECT, ask(), {"effect"}),
        (ask(need(count=2)), ask(need(count=1)), {"count"}),
        (ask(need(), need("on_call")), ask(need()), {"group"}),
        (ask(need()), ask(need("on_call")), {"group"}),
        (ask(need(people=("ana",))), ask(need(people=("ana", "bo"))), {"people"}),
        (ask(need(people=("ana",))), ask(need(people=("bo",))), {"people"}),
        (ask(strength="ssh"), ask(strength="any"), {"strength"}),
        (ask(reason="both"), ask(reason="approve"), {"asks_reason"}),
        (ask(reason="approve"), ask(reason="reject"), {"asks_reason"}),
        (ask(reason="reject"), ask(), {"asks_reason"}),
        (ask(), ask(override=TWO), {"override"}),
        (ask(override=TWO), ask(override=replace(TWO, approve=1)), {"override"}),
        (ask(override=TWO), ask(override=replace(TWO, people=("dee", "fay"))), {"override"}),
        (ask(override=TWO), ask(override=replace(TWO, reject=2)), {"override"}),
    ],
    ids=lambda value: "",
)
def test_what_is_looser(old, new, aspects):
    said = compare(old, new)
    assert isinstance(said, Loosened)
    assert {one.aspect for one in said.differences if one.direction == "loosens"} == aspects


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (APPROVE, REJECT),
        (APPROVE, ask()),
        (ask(), REJECT),
        (ask(need(count=1)), ask(need(count=2))),
        (ask(need()), ask(need(), need("on_call"))),
        (ask(need(people=("ana", "bo"))), ask(need(people=("ana",)))),
        (ask(strength="any"), ask(strength="ssh")),
        (ask(reason="approve"), ask(reason="both")),
        (ask(override=TWO), ask()),
        (ask(override=TWO), ask(override=replace(TWO, approve=3))),
        (ask(override=TWO), ask(override=replace(TWO, people=("dee",)))),
        (ask(override=replace(TWO, reject=2)), ask(override=TWO)),
    ],
    ids=lambda value: "",
)
def test_what_is_tighter(old, new):
    assert isinstance(compare(old, new), Tightened)


@pytest.mark.parametrize(
    ("old", "new", "aspect"),
    [
        (ask(within_ms=1_000), ask(within_ms=9_000), "within"),
        (ask(within_ms=9_000), ask(within_ms=1_000), "within"),
        (ask(), ask(escalations=CALLS), "escalation"),
        (ask(escalations=CALLS), ask(), "escalation"),
        (ask(), ask(initiator_known=False), "initiator"),
        (ask(), ask(rules=(RuleAnswer("a", "why", "ask", "yes"),)), "rules"),
        (REJECT, replace(REJECT, sentence="refused by rule large"), "reason"),
        (REJECT, replace(REJECT, cause=Cause.PEOPLE), "reason"),
    ],
    ids=lambda value: "",
)
def test_what_is_neither(old, new, aspect):
    said = compare(old, new)
    assert isinstance(said, Other)
    assert [one.aspect for one in said.differences] == [aspect]


def test_a_group_of_overriders_by_another_name_is_the_same():
    assert compare(ask(override=TWO), ask(override=replace(TWO, group="night"))) == Same()


def test_one_looser_thing_outweighs_every_tighter_one():
    old, new = ask(need(count=1), strength="ssh"), ask(need(count=3), need("on_call", 2))
    assert isinstance(compare(old, new), Loosened)


def test_who_may_approve_what_they_initiated_is_one_more_voter():
    barred = ask(need(people=("bo", "chen")), barred=("ana",))
    said = compare(barred, ask(need()))
    assert isinstance(said, Loosened)
    assert ("people", "+ ana") in {(one.aspect, one.new) for one in said.differences}


@given(verdicts)
def test_a_verdict_is_the_same_as_itself(verdict):
    assert compare(verdict, replace(verdict)) == Same()


@given(verdicts, verdicts)
def test_seen_from_the_other_side_every_difference_points_the_other_way(old, new):
    flipped = {"loosens": "tightens", "tightens": "loosens", "differs": "differs"}
    there, back = compare(old, new).differences, compare(new, old).differences
    assert sorted((one.aspect, one.subject, one.direction) for one in there) == sorted(
        (one.aspect, one.subject, flipped[one.direction]) for one in back
    )
    if isinstance(compare(old, new), Tightened):
        assert isinstance(compare(new, old), Loosened)
    if isinstance(compare(old, new), Other | Same):
        assert type(compare(old, new)) is type(compare(new, old))


@given(verdicts, verdicts, st.sets(st.sampled_from(PEOPLE)))
def test_where_nothing_is_looser_nobody_can_approve_who_could_not(old, new, approvers):
    if isinstance(compare(old, new), Loosened) or new.effect == "reject":
        return
    if new.effect == "approve":
        assert old.effect == "approve"
    elif old.effect == "ask" and not seats_left(new.needs, approvers):
        assert not seats_left(old.needs, approvers)
        assert (old.strength, new.strength) != ("ssh", "any")
