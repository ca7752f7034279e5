"""The only file that can say Approved: facts and a moment in, a decision out.

No IO, no clock, no randomness. Everything that answers a node, counts a vote or tells people asks
`decide` again from the record, so they cannot disagree.
"""

from collections.abc import Iterable
from typing import assert_never

from approvals.electorate import Electorate
from approvals.eligible import counts, needs_today, override_today, supports
from approvals.model import (
    Approval,
    Approved,
    Cause,
    Choice,
    Damaged,
    Decision,
    Final,
    Outcome,
    Override,
    Pending,
    Rejected,
    Remembered,
    SeatsLeft,
    Today,
    Verdict,
    Vote,
)
from approvals.quorum import can_be_met, seats_left

_OF_THE_RULES = frozenset({Cause.RULE, Cause.PEOPLE, None})


def decide(
    approval: Approval,
    *,
    now: int,
    electorate: Electorate,
    remembered: Remembered,
    today: Today,
) -> Decision:
    """What the facts amount to at `now` (Unix milliseconds).

    `today` can only refuse: what people were asked for stays what they are asked for, and what
    rules alone approved is approved no more where today's do not.

    1. A final fact is the decision, if verdict and votes support it; otherwise the record is
       damaged. What our own audit remembers as final binds as well.
    2. What could never be decided: a contradiction, another body, an unknown type.
    3. A freeze.
    4. A refusal of the rules: of those that the record was made by, else of today's.
    5. The approval of the rules, where no person is needed: of both.
    6. One refusal ends it; a refusal that the record lost but our audit kept counts.
    7. Approvals cast before the deadline, by distinct people who may vote today, fill all seats;
       or as many of those who may override have signed that they do.
    8. Seats that the people left could never fill end it.
    9. The deadline.
    10. Otherwise it is pending.
    """
    if approval.final is not None:
        return _spoken(approval, approval.final, remembered)
    if remembered.final is not None:
        return _as_remembered(remembered.final)
    refusal = _by_verdict(approval, today)
    if refusal is not None:
        return refusal
    if approval.verdict.effect == "approve":
        return _by_rules(approval, now, today.verdict)
    return _by_people(approval, now, electorate, remembered)


def _by_verdict(approval: Approval, today: Today) -> Rejected | None:
    """Rules 2 to 4: what ends it before anybody is asked, or while people are."""
    own = approval.verdict
    if own.effect == "reject" and own.cause not in _OF_THE_RULES:
        return Rejected(own.cause or Cause.RULE, own.sentence)
    if today.frozen is not None:
        return Rejected(Cause.FROZEN, today.frozen.sentence)
    for verdict in (own, today.verdict):
        if verdict is not None and verdict.effect == "reject":
            return Rejected(verdict.cause or Cause.RULE, verdict.sentence)
    return None


def _by_rules(approval: Approval, now: int, today: Verdict | None) -> Decision:
    """Nobody was asked, so nobody can be: where today's rules would ask, it is refused."""
    if today is not None and today.effect != "approve":
        return Rejected(Cause.RULE, f"no rule approves it any more{_rules(approval)}")
    yes = Approved((), f"approved by rule{_rules(approval)}")
    return _in_time(yes, approval, now)


def _by_people(
    approval: Approval, now: int, electorate: Electorate, remembered: Remembered
) -> Decision:
    refusal = _refusal(approval, remembered)
    if refusal is not None:
        return refusal
    needs = needs_today(approval, electorate)
    ballots = [vote for vote in approval.votes if counts(vote, approval, electorate)]
    approvers = {vote.person for vote in ballots if vote.at < approval.deadline}
    left = seats_left(needs, approvers)
    if needs and not left:
        yes = Approved(tuple(sorted(approvers)), f"approved by people{_rules(approval)}")
        return _in_time(yes, approval, now)
    override = override_today(approval, electorate)
    overriding = _overriding(ballots, approval, override)
    if override is not None and len(overriding) >= override.approve:
        yes = Approved(overriding, f"approved by override{_rules(approval)}", override=True)
        return _in_time(yes, approval, now)
    everyone = {person for need in needs for person in need.people}
    if not needs or not can_be_met(needs, everyone):
        return Rejected(Cause.PEOPLE, f"too few people may approve this{_rules(approval)}")
    if now >= approval.deadline:
        return Rejected(Cause.TIMEOUT, f"no decision in time{_rules(approval)}")
    return Pending(left, approval.deadline, _override_left(override, overriding))


def _in_time(yes: Approved, approval: Approval, now: int) -> Decision:
    """A yes that no attempt came for in time is given up."""
    if now >= approval.answer_until:
        return Rejected(Cause.TIMEOUT, f"approved, but not fetched in time{_rules(approval)}")
    return yes


def _overriding(
    ballots: Iterable[Vote], approval: Approval, override: Override | None
) -> tuple[str, ...]:
    """Those who signed that they decide in place of the seats, whether or not they suffice."""
    if override is None:
        return ()
    people = {
        vote.person
        for vote in ballots
        if vote.override and vote.at < approval.deadline and vote.person in override.people
    }
    return tuple(sorted(people))


def _override_left(override: Override | None, overriding: tuple[str, ...]) -> SeatsLeft | None:
    """How many more it takes, and of whom."""
    if override is None:
        return None
    people = tuple(person for person in override.people if person not in overriding)
    missing = override.approve - len(overriding)
    return SeatsLeft(override.group, override.approve, missing, people)


def _spoken(approval: Approval, final: Final, remembered: Remembered) -> Decision:
    """Rule 1: exactly the final fact, or Damaged; never a second opinion."""
    if remembered.final is not None and remembered.final.outcome is not final.outcome:
        return Damaged("the record's final decision is not the one that this gateway audited")
    if final.outcome is Outcome.REJECT:
        if final.cause is None:
            return Damaged("a final refusal without a cause")
        refusal = _refusal(approval, remembered) if final.cause is Cause.PERSON else None
        return Rejected(final.cause, final.sentence, None if refusal is None else refusal.by)
    match approval.verdict.effect:
        case "approve":
            return Approved(by=(), sentence=final.sentence)
        case "reject":
            return Damaged("a final approval against the verdict of the rules")
        case "ask":
            return _spoken_by_people(approval, final, remembered)
        case _ as never:
            assert_never(never)


def _spoken_by_people(approval: Approval, final: Final, remembered: Remembered) -> Decision:
    """Whether the votes in the record carry the yes; who may vote today is asked no more."""
    if _refusal(approval, remembered) is not None:
        return Damaged("a final approval beside a refusal")
    verdict = approval.verdict
    ballots = [vote for vote in approval.votes if supports(vote, approval)]
    approvers = {vote.person for vote in ballots}
    if verdict.needs and not seats_left(verdict.needs, approvers):
        return Approved(by=tuple(sorted(approvers)), sentence=final.sentence)
    overriding = _overriding(ballots, approval, verdict.override)
    if verdict.override is not None and len(overriding) >= verdict.override.approve:
        return Approved(by=overriding, sentence=final.sentence, override=True)
    return Damaged("a final approval that its votes do not support")


def _as_remembered(final: Final) -> Decision:
    """The record forgot a final decision that our audit knows: a no stands, a yes gives none."""
    match final.outcome:
        case Outcome.REJECT:
            return Rejected(final.cause or Cause.RULE, final.sentence)
        case Outcome.APPROVE:
            return Damaged("the record lost the final approval that this gateway audited")
        case _ as never:
            assert_never(never)


def _refusal(approval: Approval, remembered: Remembered) -> Rejected | None:
    """Rule 6: the first refusal in the record, else one that only our audit still knows.

    Of refusals by override as many are needed as the record says, but for those who may refuse
    anyway: they sit in a group that is asked.
    """
    seated = {person for need in approval.verdict.needs for person in need.people}
    overriding: set[str] = set()
    for vote in (*approval.votes, *remembered.refusals):
        if vote.choice is not Choice.REJECT or vote.digest != approval.digest:
            continue
        if not vote.override or vote.person in seated:
            return Rejected(Cause.PERSON, f"refused by an approver{_rules(approval)}", vote.person)
        overriding.add(vote.person)
        override = approval.verdict.override
        if override is None or len(overriding) >= override.reject:
            return Rejected(Cause.PERSON, f"refused by override{_rules(approval)}", vote.person)
    return None


def _rules(approval: Approval) -> str:
    """The ids of the rules that decided, as the tail of a sentence that travels to the node."""
    ids = ", ".join(rule.id for rule in approval.verdict.rules)
    return f" (rules: {ids})" if ids else ""
