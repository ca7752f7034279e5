"""What must never happen, looked at where it would: the sentence of the invariant, or None."""

from typing import Final

from approvals.ballots import NotCountedCause
from approvals.model import Approval, Cause, Outcome
from tests.model.rules import Rules, policy_of, remembers_refusal
from tests.model.state import Actor, Scene, State, Step

TWO_ANSWERS: Final = "one digest hears two answers"
NOT_FINAL: Final = "an answer without a final fact in the store"
NO_EVIDENCE: Final = "an answer without its evidence in the speaker's audit"
NOT_SUPPORTED: Final = "an APPROVE without enough votes in time"
NO_FORGOTTEN: Final = "an APPROVE of a gateway whose audit has a refusal"
FACT_LOST: Final = "a stored fact is overwritten"
NOBODY_HEARS: Final = "an APPROVE is final with no attempt there to hear it"
TIMEOUT_OVER_VOTES: Final = "a timeout is final though enough votes came in time"
AFTER_FREEZE: Final = "an APPROVE is final after a freeze"
WHILE_FROZEN: Final = "an APPROVE of a gateway whose audit has a freeze"
AGAINST_TODAY: Final = "an APPROVE is final against the rules in force"
VOTE_DENIED: Final = "a person is told that a vote does not count which is stored"
FORSAKEN: Final = "a node that asks gets no answer"


def write(s: State, actor: Actor, record: int, rules: Rules) -> str | None:
    """Of what is about to be stored."""
    old: Approval | None = rules.records[s.record]
    new: Approval = rules.records[record]
    if old is not None and not (
        set(old.votes) <= set(new.votes) and (old.final is None or old.final == new.final)
    ):
        return FACT_LOST
    final = new.final
    if final is None or (old is not None and old.final is not None):
        return None
    if final.outcome is Outcome.REJECT:
        in_time = rules.moments[s.now] < new.answer_until and final.cause is Cause.TIMEOUT
        return TIMEOUT_OVER_VOTES if in_time and rules.supports(record, new.deadline) else None
    if actor.kind != "attempt":
        return NOBODY_HEARS
    if s.freeze > 0 and s.freeze % 2 == 0:
        return AFTER_FREEZE
    if final.policy == policy_of(rules.seats, refusing=True).digest:
        return AGAINST_TODAY
    known = rules.deadline(s.gateways[actor.at].memory)
    return None if rules.supports(record, known) else NOT_SUPPORTED


def evidence(s: State, actor: Actor, step: Step, rules: Rules) -> str | None:
    """Of an answer that is about to be audited: its order in the audit is the order of speech."""
    gateway = s.gateways[actor.at]
    final = rules.final(step.record)
    if final is None or final.outcome is Outcome.REJECT:
        return None
    if gateway.epoch % 2 == 0:
        return WHILE_FROZEN
    return NO_FORGOTTEN if remembers_refusal(rules.knowledge[gateway.kept]) else None


def speech(s: State, actor: Actor, step: Step, rules: Rules, scene: Scene) -> str | None:
    """Of an answer that is about to be signed.

    Where the store may forget, what another gateway knows is not known here: then it is each
    gateway that never speaks twice.
    """
    final = rules.final(step.record)
    if final is None or str(final.outcome) not in s.wrote:
        return NOT_FINAL
    outcome = str(final.outcome)
    if outcome not in s.gateways[actor.at].answered:
        return NO_EVIDENCE
    apart = scene.kept_apart
    heard = {said for at, said in s.spoken if at == actor.at or not apart}
    if heard - {outcome}:
        return TWO_ANSWERS
    if final.outcome is Outcome.APPROVE:
        known = rules.deadline(0 if apart else s.gateways[actor.at].memory)
        return None if rules.supports(step.record, known) else NOT_SUPPORTED
    return None


def told(step: Step) -> str | None:
    """Of what a person is told: a refusal of a vote that is there."""
    denied = step.next == "done" and step.said in set(NotCountedCause)
    return VOTE_DENIED if denied and step.stored else None


def end(s: State, scene: Scene, rules: Rules) -> str | None:
    """Of a state in which nothing can happen any more."""
    excused = {"hung up", "crashed"}
    if any(fault.startswith(("put", "unfreeze")) for fault in scene.faults):
        excused |= {"damaged"}
    if any(actor.kind == "freezer" for actor in scene.actors):
        excused |= {"frozen"}
    for actor, step in zip(scene.actors, s.steps, strict=True):
        if actor.kind == "attempt" and step.said not in set(Outcome) | excused:
            approval: Approval | None = rules.records[s.record]
            if step.next != "wait" or (approval and rules.moments[s.now] >= approval.deadline):
                return FORSAKEN
    return None
