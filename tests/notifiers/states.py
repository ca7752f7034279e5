"""Every state that the message of one transfer can be in, from the first second to the last."""

from dataclasses import dataclass, replace
from typing import Final as Constant

from approvals.aftermath.facts import NOTHING_AFTER, After, Reported, Stage, Taken
from approvals.model import (
    Approval,
    Cause,
    Choice,
    Final,
    Outcome,
    Override,
    RuleAnswer,
    Verdict,
)
from notifiers.schedule import Said, Urgency
from tests.notifiers.examples import approval, ask, need
from tests.support.records import NOW, POLICY, signed, vote

ON_CALL: Constant = Override("on_call", ("dee", "eli"), approve=2, reject=2)
BIG: Constant = RuleAnswer("big", "More than 50k leaves", "ask", "yes")
HOT: Constant = RuleAnswer("hot-wallet", "The hot wallet is watched this week", "ask", "unknown")
NEW_PAYEE: Constant = RuleAnswer("new-payee", "Nobody paid this address before", "reject", "yes")

_TWO = ask(need("treasury", 2), need("on_call"), rules=(BIG, HOT), override=ON_CALL)
_ANA = vote("ana", at=NOW + 41_000)
_BO = replace(vote("bo", at=NOW + 192_000), reason="Matches invoice 2041")
_ELI = vote("eli", at=NOW + 95_000)
_DEE = signed("dee", override=True, reason="Treasury is asleep; the invoice <2041> is due")
_ELI_TOO = signed("eli", override=True, reason="I called the payee", at=NOW + 184_000)


@dataclass(frozen=True, slots=True)
class Moment:
    """What has to do with a state beside its record: the clock, the calls, the node's answer."""

    urgency: Urgency = "early"
    said: tuple[Said, ...] = ()
    after: After = NOTHING_AFTER
    overdue: bool = False


_CALL: Constant = Said("on_call", ("dee", "eli"), NOW + 300_000)
_REMINDER: Constant = Said("", ("bo", "chen"), NOW + 480_000)
_TAKEN: Constant = Taken(NOW + 231_000)


def _reported(stage: Stage, why: str = "", *, agrees: bool | None = True) -> After:
    report = Reported("evt-1", stage, NOW + 238_000, NOW + 239_000, why, agrees)
    return After(_TAKEN, (report,))


def moments() -> dict[str, Moment]:
    """What is known beside the record, by the name of the state."""
    known = {
        "half_over": Moment("half"),
        "called": Moment("half", (_CALL,)),
        "four_fifths_over": Moment("late", (_CALL, _REMINDER)),
        "overdue": Moment(overdue=True),
        "taken": Moment(after=After(_TAKEN)),
        "signed": Moment(after=_reported("succeeded")),
        "failed": Moment(after=_reported("failed", "node coboWSdAU7eb… is *offline*")),
        "signed_other": Moment(after=_reported("succeeded", agrees=False)),
        "signed_without_yes": Moment(after=_reported("succeeded")),
    }
    return {f"state_{name}": moment for name, moment in known.items()}


def _ended(cause: Cause, sentence: str, after: int = 600_000) -> Final:
    return Final(Outcome.REJECT, cause, sentence, NOW + after, 5, POLICY)


def states() -> dict[str, Approval]:
    """Records by the name of the state."""
    yes = Final(Outcome.APPROVE, None, "approved by people", NOW + 230_000, 5, POLICY)
    voted = (_ANA, _ELI, _BO)
    refusal = replace(vote("chen", Choice.REJECT, at=NOW + 65_000), reason="Not our payee")
    bare = replace(vote("chen", Choice.REJECT, at=NOW + 65_000))
    no_time = "no decision in time (rules big, hot-wallet)"
    records = {
        "pending": approval(_TWO),
        "one_of_two": approval(_TWO, votes=(_ANA,)),
        "two_of_three": approval(_TWO, votes=(_ANA, _ELI)),
        "approved_waiting": approval(_TWO, votes=voted),
        "approved": approval(_TWO, votes=voted, final=yes),
        "approved_by_rules": approval(Verdict("approve", rules=(BIG,)), final=yes),
        "rejected_by_person": approval(_TWO, votes=(_ANA, refusal)),
        "rejected_by_person_final": approval(
            _TWO, votes=(_ANA, bare), final=_ended(Cause.PERSON, "rejected by a person", 66_000)
        ),
        "rejected_by_rules": approval(
            Verdict("reject", cause=Cause.RULE, sentence="new-payee", rules=(NEW_PAYEE,)),
            notice=True,
            final=_ended(Cause.RULE, "refused by rule new-payee", 0),
        ),
        "seats_cannot_be_filled": approval(
            _TWO, final=_ended(Cause.PEOPLE, "too few people may approve this (rule big)", 0)
        ),
        "timing_out": approval(_TWO, votes=(_ANA,), deadline=NOW),
        "timed_out": approval(_TWO, votes=(_ANA,), final=_ended(Cause.TIMEOUT, no_time)),
        "not_fetched": approval(
            _TWO,
            votes=voted,
            final=_ended(Cause.TIMEOUT, "approved, but not fetched in time", 1_200_000),
        ),
        "overriding": approval(_TWO, votes=(_ANA, _DEE)),
        "overridden": approval(_TWO, votes=(_ANA, _DEE, _ELI_TOO), final=yes),
        "frozen_meanwhile": approval(
            _TWO,
            votes=(_ANA,),
            final=_ended(Cause.FROZEN, "signing is frozen (freeze 7-3fa1)", 6_000),
        ),
        "conflict": approval(
            Verdict("reject", cause=Cause.CONFLICT),
            notice=True,
            final=_ended(Cause.CONFLICT, "this request id was first asked with other content", 0),
        ),
        "unsupported": approval(
            Verdict("reject", cause=Cause.UNSUPPORTED),
            notice=True,
            final=_ended(Cause.UNSUPPORTED, "request type 9 is not known", 0),
        ),
        "malformed": approval(
            Verdict("reject", cause=Cause.MALFORMED),
            notice=True,
            final=_ended(Cause.MALFORMED, "request_detail is no JSON object", 0),
        ),
        "damaged": approval(_TWO, votes=(_ANA,), final=yes),
        "half_over": approval(_TWO),
        "called": approval(_TWO),
        "four_fifths_over": approval(_TWO, votes=(_ANA,)),
        "overdue": approval(_TWO, votes=voted),
        "taken": approval(_TWO, votes=voted, final=yes),
        "signed": approval(_TWO, votes=voted, final=yes),
        "failed": approval(_TWO, votes=voted, final=yes),
        "signed_other": approval(_TWO, votes=voted, final=yes),
        "signed_without_yes": approval(
            _TWO, votes=(_ANA, bare), final=_ended(Cause.PERSON, "rejected by a person", 66_000)
        ),
        "barred_initiator": approval(replace(_TWO, barred=("chen",))),
        "strength_ssh": approval(replace(_TWO, strength="ssh")),
    }
    return {f"state_{name}": record for name, record in records.items()}
