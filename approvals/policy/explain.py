"""Why a verdict is what it is: every rule's and every matcher's answer, for `policy explain`."""

from collections.abc import Iterable
from dataclasses import dataclass

from approvals.findings import Findings, Refused, Unverified
from approvals.model import Verdict
from approvals.policy.answers import NO, UNKNOWN, Answer, known
from approvals.policy.facts import Facts, facts_of
from approvals.policy.judge import approves, known_type, restricts
from approvals.policy.model import Policy, Rule, RuleEffect
from approvals.wording import in_a_row


@dataclass(frozen=True, slots=True)
class MatcherAnswer:
    """One matcher's answer over all effects. `proved` False: it rests on what Cobo says."""

    key: str
    answer: Answer
    proved: bool = True


@dataclass(frozen=True, slots=True)
class RuleExplanation:
    """One rule's answer and its matchers'. A rule's yes needs one effect that meets them all."""

    id: str
    why: str
    effect: RuleEffect
    answer: Answer
    matchers: tuple[MatcherAnswer, ...]


def explain(findings: Findings, policy: Policy) -> tuple[RuleExplanation, ...]:
    """Every rule, in the order of the file; none where the request is refused before the rules."""
    kind = known_type(findings.type)
    if kind is None or isinstance(findings.integrity, Refused):
        return ()
    facts = facts_of(findings, kind, policy.tables)
    return tuple(_explained(rule, facts) for rule in policy.rules)


def render_explanation(findings: Findings, policy: Policy, verdict: Verdict) -> list[str]:
    """Plain lines: the pre-checks, each rule, the verdict."""
    lines = [f"checks: {_checks(findings)}"]
    for rule in explain(findings, policy):
        lines.append(f"rule {rule.id} ({rule.effect}): {rule.answer.word}")
        lines += [
            f"  {matcher.key}: {matcher.answer.word}{'' if matcher.proved else ' (Cobo says)'}"
            for matcher in rule.matchers
        ]
    return [*lines, f"verdict: {_verdict(verdict)}"]


def _explained(rule: Rule, facts: Facts) -> RuleExplanation:
    typed = known(rule.types is None or facts.type in rule.types)
    if rule.effect == "approve":
        answer = min(typed, known(approves(rule, facts)))
    else:
        answer = min(typed, restricts(rule, facts))
    matchers = [] if rule.types is None else [MatcherAnswer("type", typed)]
    if rule.effect == "approve":
        matchers += [
            MatcherAnswer("(every check passed)", known(facts.passed)),
            MatcherAnswer("(every effect known)", known(facts.complete)),
        ]
    matchers += [
        MatcherAnswer(matcher.key, _over(rule, [matcher.answer(row) for row in facts.rows]))
        for matcher in rule.on_effects
    ]
    for claim in rule.on_claims:
        said = claim.answer(facts)
        weak = said is NO and not facts.complete and rule.effect != "approve"
        matchers.append(MatcherAnswer(claim.key, UNKNOWN if weak else said, proved=False))
    return RuleExplanation(rule.id, rule.why, rule.effect, answer, tuple(matchers))


def _over(rule: Rule, answers: Iterable[Answer]) -> Answer:
    """An approve rule asks every effect, the others any."""
    if rule.effect == "approve":
        return min(answers, default=UNKNOWN)
    return max(answers, default=UNKNOWN)


def _checks(findings: Findings) -> str:
    match findings.integrity:
        case Refused(cause=cause, reasons=reasons):
            return f"refused, {cause}: {in_a_row([reason.text for reason in reasons])}"
        case Unverified(reasons=reasons):
            return f"not verified: {in_a_row([reason.text for reason in reasons])}"
        case _:
            return "passed"


def _verdict(verdict: Verdict) -> str:
    if verdict.effect == "ask":
        seats = ", ".join(f"{need.count} of {need.group}" for need in verdict.needs)
        ssh = ", by signed votes from the command line" if verdict.strength == "ssh" else ""
        return f"ask {seats}, within {_time(verdict.within_ms)}{ssh}"
    if verdict.effect == "reject":
        return f"reject, {verdict.cause}: {verdict.sentence}"
    return f"approve, by {', '.join(rule.id for rule in verdict.rules)}"


def _time(milliseconds: int) -> str:
    """`30 min`, `1 h 30 min`: exact to the second."""
    minutes, seconds = divmod(milliseconds // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "min"), (seconds, "s"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number)
