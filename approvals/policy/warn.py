"""What `policy check` warns of: rules that load, and may not do what their author meant."""

from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import Final

from approvals.model import Need
from approvals.policy.approving import PINNED
from approvals.policy.facts import CLAIMABLE
from approvals.policy.matchers import (
    AmountAtMost,
    AmountOver,
    ContractIs,
    KindIs,
    MethodIs,
    SentFrom,
    SentTo,
    TokenIs,
)
from approvals.policy.model import APPROVABLE, Policy, Rule
from approvals.policy.request_matchers import ThresholdAtLeast
from approvals.policy.terms import Terms, can_be_filled, stacked
from approvals.request import RequestType

_DENIABLE: Final = CLAIMABLE - {"blind", "unverified"}
"""The risks that a lie can hide: those two are what our checks say where the truth is not told."""

_WRAPPING: Final = frozenset(("0xd0e30db0", "0x2e1a7d4d"))
"""The selectors of `deposit()` and `withdraw(uint256)`."""


def warnings(policy: Policy) -> tuple[str, ...]:
    """Every warning, with file and line where it is about a rule."""
    about_rules = [
        f"{policy.source}:{rule.line}: rule {rule.id}: {sentence}"
        for rule in policy.rules
        for sentence in _of_rule(rule, policy)
    ]
    about_people = [f"{policy.source}: {sentence}" for sentence in _of_people(policy)]
    return (*about_rules, *about_people)


def _of_rule(rule: Rule, policy: Policy) -> Iterator[str]:
    yield from _of_claims(rule, policy)
    for matcher in rule.on_effects:
        if isinstance(matcher, SentTo | SentFrom | ContractIs) and matcher.places.bare:
            examples = ", ".join(sorted(matcher.places.bare.values())[:3])
            yield (
                f"when.{matcher.key} holds EVM addresses for which neither the entry nor"
                f" when.chain names a chain, so that they never match for sure: {examples}"
            )
    if not (rule.types or rule.on_effects or rule.on_keys or rule.flags or rule.on_claims):
        yield "it names nothing, and so matches every request"
    if rule.effect == "approve":
        yield from _of_approval(rule, policy)
    else:
        yield from _of_amounts(rule)


def _of_claims(rule: Rule, policy: Policy) -> Iterator[str]:
    """Rules whose outcome a lying backend could change."""
    flags = rule.flags
    keys = [f"when.{claim.key}" for claim in rule.on_claims]
    if keys:
        verb = "approve" if rule.effect == "approve" else "match, or not"
        said = " and ".join(keys)
        yield f"it rests on {said}, which Cobo only claims: a lying backend could make it {verb}"
    swayed = sorted(flags.risks & _DENIABLE) if flags else []
    if swayed:
        yield (
            f"it rests on when.flags_any ({', '.join(swayed)}), which Cobo's claims show or hide:"
            " a lying backend could make it match, or not"
        )
    if rule.effect == "ask" and (keys or (flags and flags.risks <= CLAIMABLE)):
        what = "a claim" if keys else "what is not known, or only claimed"
        yield f'resting on {what}, it never takes the place of default = "{policy.default}"'


def _of_amounts(rule: Rule) -> Iterator[str]:
    """An amount's unit is no condition: where another token moves, the answer is unknown."""
    if any(isinstance(matcher, TokenIs) for matcher in rule.on_effects):
        return
    for matcher in rule.on_effects:
        if isinstance(matcher, AmountAtMost | AmountOver):
            yield (
                f"when.{matcher.key} without when.token: how much another token's amount is in"
                " this unit is unknown, so that the rule also asks for every other token"
            )


def _of_approval(rule: Rule, policy: Policy) -> Iterator[str]:
    types = rule.types or frozenset()
    if RequestType.KEY_SIGN in types:
        yield from _of_signatures(rule)
    for kind in sorted(types & PINNED):
        others = [each.id for each in policy.rules if _asks_about_keys(each, kind)]
        if others:
            yield (
                f"a {kind.label} has no effects, so what {', '.join(others)} asks of them is"
                " unknown there, and people are asked: name when.type in such rules"
            )
    if RequestType.KEY_SHARE_SIGN in types:
        yield "no rule can approve key_share_sign: people are asked, or it is refused"


def _asks_about_keys(rule: Rule, kind: RequestType) -> bool:
    mine = rule.types is None or kind in rule.types
    return mine and rule.effect != "approve" and bool(rule.on_effects)


def _of_signatures(rule: Rule) -> Iterator[str]:
    kinds = next((m.kinds for m in rule.on_effects if isinstance(m, KindIs)), frozenset())
    only_calls = kinds == {"contract_call"}
    if not any(isinstance(matcher, AmountAtMost) for matcher in rule.on_effects):
        yield "it approves without a bound on the amount (when.amount_at_most)"
    places = SentTo | ContractIs if only_calls else SentTo
    if not any(isinstance(matcher, places) for matcher in rule.on_effects):
        yield "it approves whatever the destination (when.to)"
    never = sorted(kinds - APPROVABLE)
    if never:
        yield f"no rule can approve {', '.join(never)}: people are asked"
    methods = [m.selectors for m in rule.on_effects if isinstance(m, MethodIs)]
    if "contract_call" in kinds and not any(each <= _WRAPPING for each in methods):
        yield (
            "of contract calls a rule can approve only those that wrap or unwrap a coin"
            ' (when.method = ["deposit", "withdraw"]): about all others people are asked'
        )
    if any(isinstance(matcher, ThresholdAtLeast) for matcher in rule.on_keys):
        yield "a request to sign states no threshold: it never approves one"


def _of_people(policy: Policy) -> Iterator[str]:
    everybody = policy.electorate.people
    asks = list(_asks(policy))
    for name, terms in asks:
        keyless = [p for p in _voters(terms.seats) if everybody[p].ssh_key is None]
        if terms.strength == "ssh" and keyless:
            yield f'{name}: strength = "ssh", but {", ".join(keyless)} has no ssh_key'
        for barred in sorted(set(policy.initiators.values())):
            if not _without(terms, barred, policy):
                names = ", ".join(barred)
                yield f"{name}: what {names} initiated cannot be approved: too few are left"
        for call in terms.escalations:
            if not any(everybody[person].slack for person in call.people):
                yield (
                    f"{name}: escalate calls {call.group}, of whom nobody has a slack id:"
                    " Slack can mention none of them"
                )
    for (name, terms), (other, more) in combinations(asks, 2):
        both = stacked((terms, more))
        if both is not None and not can_be_filled(both.seats, both.strength, everybody):
            yield f"{name} and {other}: where both ask, there are too few people: it is refused"


def _asks(policy: Policy) -> Iterator[tuple[str, Terms]]:
    """Every distinct demand of the policy, with the name of the first that makes it."""
    seen: set[Terms] = set()
    named = [("[ask]", policy.ask), *((f"rule {rule.id}", rule.terms) for rule in policy.rules)]
    for name, terms in named:
        if terms is not None and terms not in seen:
            seen.add(terms)
            yield name, terms


def _voters(seats: Iterable[Need]) -> list[str]:
    return sorted({person for need in seats for person in need.people})


def _without(terms: Terms, barred: tuple[str, ...], policy: Policy) -> bool:
    left = [
        Need(need.group, need.count, tuple(p for p in need.people if p not in barred))
        for need in terms.seats
    ]
    return can_be_filled(left, terms.strength, policy.electorate.people)
