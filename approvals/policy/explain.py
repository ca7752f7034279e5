"""Why a verdict is what it is: every rule's and every matcher's answer, for `policy explain`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from approvals.findings import ContractCall, Findings, Operation, Refused
from approvals.policy.answers import NO, UNKNOWN, YES, Answer, known
from approvals.policy.facts import Facts, facts_of
from approvals.policy.judge import approves, known_type, restricts
from approvals.policy.model import APPROVABLE, Policy, Rule, RuleEffect
from approvals.policy.rows import Row, rows_of
from approvals.request import RequestType


@dataclass(frozen=True, slots=True)
class MatcherAnswer:
    """One matcher's answer over all effects. `proved` False: it rests on what Cobo says."""

    key: str
    answer: Answer
    proved: bool = True


@dataclass(frozen=True, slots=True)
class Decider:
    """A matcher that decided: the first that made a rule no or unknown.

    `of` says of which effect, empty where it asked the request as a whole.
    """

    key: str
    answer: Answer
    of: str = ""


@dataclass(frozen=True, slots=True)
class RuleExplanation:
    """One rule's answer and its matchers'. A rule's yes needs one effect that meets them all.

    `deciders` say why it is no or unknown: one matcher that asks the request, or one for each
    effect. A yes has none, for every matcher agreed.
    """

    id: str
    why: str
    effect: RuleEffect
    answer: Answer
    matchers: tuple[MatcherAnswer, ...]
    deciders: tuple[Decider, ...]


def explain(findings: Findings, policy: Policy) -> tuple[RuleExplanation, ...]:
    """Every rule, in the order of the file; none where the request is refused before the rules."""
    kind = known_type(findings.type)
    if kind is None or isinstance(findings.integrity, Refused):
        return ()
    facts = facts_of(findings, kind, policy.tables, policy.initiators)
    rows = tuple(zip(_names(findings, facts), facts.rows, strict=True))
    return tuple(_explained(rule, facts, rows) for rule in policy.rules)


def _explained(rule: Rule, facts: Facts, rows: Sequence[tuple[str, Row]]) -> RuleExplanation:
    typed = known(rule.types is None or facts.type in rule.types)
    approving = rule.effect == "approve"
    said = known(approves(rule, facts)) if approving else restricts(rule, facts)
    answer = min(typed, said)
    before = [] if rule.types is None else [MatcherAnswer("type", typed)]
    if approving:
        before += _demands(facts)
    after = _of_request(rule, facts)
    decisive = _each_decider(rule, rows)
    over = min if approving else max
    of_effects = [
        MatcherAnswer(matcher.key, over((matcher.answer(row) for _, row in rows), default=UNKNOWN))
        for matcher in rule.on_effects
    ]
    return RuleExplanation(
        id=rule.id,
        why=rule.why,
        effect=rule.effect,
        answer=answer,
        matchers=(*before, *of_effects, *after),
        deciders=_deciders(answer, (*before, *after), decisive, approving=approving),
    )


def _demands(facts: Facts) -> list[MatcherAnswer]:
    """What every approve rule asks, whatever it says."""
    if facts.type is not RequestType.KEY_SIGN:
        return [MatcherAnswer("(nothing is missing but pins)", known(facts.pinnable))]
    approvable = all(row.kind in APPROVABLE for row in facts.rows)
    return [
        MatcherAnswer("(every check passed)", known(facts.passed)),
        MatcherAnswer("(every effect known)", known(facts.complete and approvable)),
    ]


def _of_request(rule: Rule, facts: Facts) -> list[MatcherAnswer]:
    found = [MatcherAnswer(each.key, each.answer(facts)) for each in rule.on_keys]
    if rule.flags is not None:
        said, proved = rule.flags.answer(facts), rule.flags.is_proved(facts)
        found.append(MatcherAnswer(rule.flags.key, said, proved=proved or said is not YES))
    for claim in rule.on_claims:
        said = claim.answer(facts)
        weak = said is NO and not facts.complete and rule.effect != "approve"
        found.append(MatcherAnswer(claim.key, UNKNOWN if weak else said, proved=False))
    return found


def _each_decider(rule: Rule, rows: Sequence[tuple[str, Row]]) -> list[Decider]:
    """For each effect the first matcher that says no, or else the first that cannot tell."""
    found = []
    for name, row in rows if rule.on_effects else ():
        answers = [(matcher.answer(row), matcher.key) for matcher in rule.on_effects]
        least = min(answer for answer, _ in answers)
        key = next(key for answer, key in answers if answer is least)
        found.append(Decider(key, least, name))
    return found


def _deciders(
    answer: Answer,
    of_request: Sequence[MatcherAnswer],
    of_effects: Sequence[Decider],
    *,
    approving: bool,
) -> tuple[Decider, ...]:
    if answer is YES:
        return ()
    for each in of_request:
        if each.answer is answer or (approving and each.answer is not YES):
            return (Decider(each.key, each.answer),)
    return tuple(
        each
        for each in of_effects
        if each.answer is answer or (approving and each.answer is not YES)
    )


def _names(findings: Findings, facts: Facts) -> Iterator[str]:
    """What each row of the facts stands for, in their order."""
    for number, effect in enumerate(findings.effects, start=1):
        name = f"effect {number}"
        yield name
        unseen = isinstance(effect, ContractCall | Operation)
        for _ in range(len(rows_of(effect, None)) - 1 - unseen):
            yield f"{name}, inside it"
        if unseen:
            yield f"{name}, what else it may do"
    if not facts.complete:
        for _ in findings.claims.outputs or (None,):
            yield "what Cobo claims"
        yield "what may be missing"
