"""Findings and a policy in, a verdict out: the most restrictive rule wins; no default is yes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from approvals.findings import Claims, Findings, Refused
from approvals.model import Cause, Need, RuleAnswer, Verdict
from approvals.policy.answers import NO, UNKNOWN, YES, Answer
from approvals.policy.facts import Facts, facts_of, folded
from approvals.policy.model import APPROVABLE, Policy, Rule
from approvals.policy.terms import Terms, can_be_filled, stacked
from approvals.request import RequestType
from approvals.wording import in_a_row

_MOST_REASONS: Final = 5
_SEVERITY: Final = {"reject": 0, "ask": 1, "approve": 2}
_TYPES: Final = {kind.value: kind for kind in RequestType}


@dataclass(frozen=True, slots=True)
class Reading:
    """What one rule says about one request.

    `settled` means that the answer rests on proved facts alone: only then does the rule stand in
    for the policy's default.
    """

    rule: Rule
    answer: Answer
    settled: bool


def judge(findings: Findings, policy: Policy) -> Verdict:
    """What the rules say.

    1. A request that the integrity checks refuse, or of a type that nobody knows, is refused
       before any rule is read.
    2. All rules are read.
    3. A reject rule that matches ends it.
    4. Where no rule matches on proved facts, the default is added; key_share_sign's is reject.
    5. Every ask rule that matches or cannot tell asks, and so does every reject rule that cannot
       tell, by the terms of `[ask]`. Asks stack.
    6. Seats that nobody can fill once the initiator is barred are a refusal at once.
    7. An approve rule has the last word only where nobody asked.
    """
    barred, initiator_known = barred_by(findings.claims, policy)
    kind = known_type(findings.type)
    if isinstance(findings.integrity, Refused):  # 1
        verdict = _refused(findings.integrity)
    elif kind is None:
        verdict = _reject((), Cause.UNSUPPORTED, "the request type is not supported")
    else:
        facts = facts_of(findings, kind, policy.tables, policy.initiators)
        verdict = weigh(read_rules(facts, policy), facts, policy, frozenset(barred))
    return Verdict(  # by hand: `dataclasses.replace` costs as much as reading all rules
        effect=verdict.effect,
        rules=verdict.rules,
        needs=verdict.needs,
        within_ms=verdict.within_ms,
        strength=verdict.strength,
        barred=barred,
        initiator_known=initiator_known,
        cause=verdict.cause,
        sentence=verdict.sentence,
        reason=verdict.reason,
        override=verdict.override,
        escalations=verdict.escalations,
    )


def read_rules(facts: Facts, policy: Policy) -> tuple[Reading, ...]:
    """The rules that match or cannot tell; an approve rule that cannot tell does not match."""
    rules = policy.by_type[facts.type]
    readings = []
    if is_approvable(facts):
        readings += [
            Reading(rule, YES, settled=True)
            for rule in rules.approving.meeting_all(facts.rows)
            if _meets(rule, facts)
        ]
    for rule in rules.restricting.meeting_any(facts.rows):
        answer = restricts(rule, facts)
        if answer is not NO:
            readings.append(Reading(rule, answer, _is_settled(rule, answer, facts)))
    return tuple(readings)


def is_approvable(facts: Facts) -> bool:
    """Whether a rule may approve it at all.

    A signature only if it passed every check and its effects are complete, at least one, each of
    a kind we know. The making or moving of a key only if pins are all that it lacks.
    """
    if facts.type is not RequestType.KEY_SIGN:
        return facts.pinnable
    if not (facts.passed and facts.complete and facts.rows):
        return False
    return all(row.kind in APPROVABLE for row in facts.rows)


def approves(rule: Rule, facts: Facts) -> bool:
    """Whether an approve rule matches: everything it asks is known, and so.

    Of a signature it asks every effect; `on_effects` holds a bound on the fee. A rule about keys
    has none, and holds pins instead.
    """
    return is_approvable(facts) and _meets(rule, facts)


def _meets(rule: Rule, facts: Facts) -> bool:
    if facts.type is not RequestType.KEY_SIGN and rule.on_effects:
        return False
    for row in facts.rows:
        for matcher in rule.on_effects:
            if matcher.answer(row) is not YES:
                return False
    return all(each.answer(facts) is YES for each in (*rule.on_keys, *rule.on_claims))


def restricts(rule: Rule, facts: Facts) -> Answer:
    """Whether any one effect matches all that an ask or reject rule says of effects.

    Where effects are not complete, what Cobo says can make the rule say yes, never no.
    """
    answer = YES if rule.flags is None else rule.flags.answer(facts)
    for matcher in rule.on_keys:
        answer = min(answer, matcher.answer(facts))
    for claim in rule.on_claims:
        said = claim.answer(facts)
        answer = min(answer, said if facts.complete else max(said, UNKNOWN))
    if answer is NO or not rule.on_effects:
        return answer
    return min(answer, _any_effect(rule, facts))


def _any_effect(rule: Rule, facts: Facts) -> Answer:
    """Or over effects of and over matchers; the loops leave as soon as nothing can change."""
    best = NO
    for row in facts.rows:
        matched = YES
        for matcher in rule.on_effects:
            said = matcher.answer(row)
            if said is NO:
                matched = NO
                break
            if said is UNKNOWN:
                matched = UNKNOWN
        if matched is YES:
            return YES
        if matched is UNKNOWN:
            best = UNKNOWN
    return best


def _is_settled(rule: Rule, answer: Answer, facts: Facts) -> bool:
    """Whether an ask or reject rule's yes rests on proved facts alone.

    A backend that could claim its way to a weaker ask could take a default's place with it. And a
    share of a key is asked about only by rules that name key_share_sign.
    """
    if answer is not YES or rule.on_claims:
        return False
    if rule.flags is not None and not rule.flags.is_proved(facts):
        return False
    if facts.type is RequestType.KEY_SHARE_SIGN and rule.types is None:
        return False
    return facts.complete or not rule.on_effects


def weigh(
    readings: Sequence[Reading], facts: Facts, policy: Policy, barred: frozenset[str]
) -> Verdict:
    """Steps 3 to 7; `readings` is step 2."""
    rejecting = [r for r in readings if r.rule.effect == "reject" and r.answer is YES]
    if rejecting:  # 3
        return _reject(readings, Cause.RULE, f"refused by {_named(rejecting)}")
    by_default = not any(reading.settled for reading in readings)
    if by_default and (policy.default == "reject" or facts.type is RequestType.KEY_SHARE_SIGN):  # 4
        return _reject(readings, Cause.RULE, "no rule allows it (default)")
    asking = [r for r in readings if r.rule.effect != "approve"]
    if asking or by_default:
        terms = stacked(_asked(asking, policy, by_default=by_default))  # 5
        return _ask(asking, terms, policy, barred)  # 6
    return Verdict(effect="approve", rules=_answers(readings))  # 7


def _asked(asking: Iterable[Reading], policy: Policy, *, by_default: bool) -> Iterable[Terms]:
    """The terms of every ask; a reject rule that cannot tell asks by those of `[ask]`."""
    if by_default and policy.ask is not None:
        yield policy.ask
    for reading in asking:
        terms = reading.rule.terms if reading.rule.effect == "ask" else policy.ask
        if terms is not None:
            yield terms


def _ask(
    asking: Sequence[Reading], terms: Terms | None, policy: Policy, barred: frozenset[str]
) -> Verdict:
    if terms is None:
        return _reject(asking, Cause.PEOPLE, "nobody is named who could approve this")
    needs = terms.seats
    if barred:
        needs = tuple(
            Need(need.group, need.count, tuple(p for p in need.people if p not in barred))
            for need in needs
        )
    if not needs or not can_be_filled(needs, terms.strength, policy.electorate.people):
        tail = f" ({_named(asking)})" if asking else ""
        return _reject(asking, Cause.PEOPLE, f"too few people may approve this{tail}")
    return Verdict(
        effect="ask",
        rules=_answers(asking),
        needs=needs,
        within_ms=terms.within_ms,
        strength=terms.strength,
        reason=terms.reason,
        override=policy.electorate.override,
        escalations=terms.escalations,
    )


def _reject(readings: Sequence[Reading], cause: Cause, sentence: str) -> Verdict:
    """A refusal. The sentence travels to Cobo: rule ids, never a person's name."""
    restricting = [reading for reading in readings if reading.rule.effect != "approve"]
    return Verdict(effect="reject", rules=_answers(restricting), cause=cause, sentence=sentence)


def _refused(integrity: Refused) -> Verdict:
    said = [reason.text for reason in integrity.reasons[:_MOST_REASONS]]
    more = len(integrity.reasons) - len(said)
    tail = [f"and {more} more"] if more else []
    sentence = in_a_row([*said, *tail]) or "the integrity checks refuse it"
    return Verdict(effect="reject", cause=Cause(integrity.cause), sentence=sentence)


def _answers(readings: Iterable[Reading]) -> tuple[RuleAnswer, ...]:
    """For people: the severest first, then by id, whatever the order in the file."""
    ordered = sorted(readings, key=lambda r: (_SEVERITY[r.rule.effect], r.rule.id))
    return tuple(
        RuleAnswer(r.rule.id, r.rule.why, r.rule.effect, "yes" if r.answer is YES else "unknown")
        for r in ordered
    )


def _named(readings: Sequence[Reading]) -> str:
    """`rule big` or `rules big, large`."""
    ids = sorted(reading.rule.id for reading in readings)
    return f"{'rule' if len(ids) == 1 else 'rules'} {', '.join(ids)}"


def barred_by(claims: Claims, policy: Policy) -> tuple[tuple[str, ...], bool]:
    """The people who initiate as the claimed initiator, and whether there is one."""
    initiator = folded(claims.initiator)
    barred = () if initiator is None else policy.initiators.get(initiator, ())
    return barred, bool(barred)


def known_type(number: int) -> RequestType | None:
    """The request type, compared exactly: `True == 1` and `2.0 == 2` in Python."""
    return _TYPES.get(number) if type(number) is int else None
