"""Every effect as the facts that people read: who, what, how much, in full, and what is inside."""

from collections.abc import Iterator
from itertools import islice
from typing import Final, assert_never

from approvals.findings import (
    Address,
    ContractCall,
    Effect,
    Findings,
    Operation,
    Signing,
    TokenApproval,
    Transfer,
    Unverified,
    Wrap,
)
from approvals.wording import counted
from notifiers.words.facts import Fact, Room, exact, exact_address, not_shown, pairs, paragraph
from notifiers.words.text import Names, allowance, amount, quantity

_OF_A_CALL: Final = "for reading only: whether this happens, and what else, is unknown"
_OF_A_MESSAGE: Final = "that it would allow, for reading only: what else happens is unknown"


def effect_facts(findings: Findings, names: Names, room: Room) -> list[Fact]:
    """What the bytes do, effect by effect; calls inside a call are numbered below it: 1.1, 1.2."""
    many = _count(findings.effects)
    facts: list[Fact] = []
    last: list[Fact] = []  # a message, after what it would allow in words
    for number, effect in islice(_numbered(findings.effects), room.effects):
        alone = len(findings.effects) == 1 and effect is findings.effects[0]
        prefix = "" if alone else f"{number} "
        facts += paragraph(_facts(effect, prefix, findings.source, names, room))
        inner = _inner(effect)
        if inner:
            about = f" {_OF_A_MESSAGE}" if isinstance(effect, Signing) else f", {_OF_A_CALL}"
            facts.append(exact(f"{prefix}Inside", counted(len(inner), "effect") + about))
        if inner and isinstance(effect, Signing):
            last += paragraph([_text_of(effect, prefix, room)])
    facts += last
    facts += not_shown(many - room.effects, "more effect")
    if findings.effects and not findings.complete and not _is_said(findings):
        facts.append(Fact("Incomplete", "the signature may do more than is shown here"))
    return facts


def _numbered(effects: tuple[Effect, ...]) -> Iterator[tuple[str, Effect]]:
    """Every effect with its number, each followed by what is inside it."""
    waiting = _reversed(effects, "")
    while waiting:
        number, effect = waiting.pop()
        yield number, effect
        waiting += _reversed(_inner(effect), f"{number}.")


def _reversed(effects: tuple[Effect, ...], before: str) -> list[tuple[str, Effect]]:
    return [(f"{before}{place}", effect) for place, effect in enumerate(effects, start=1)][::-1]


def _count(effects: tuple[Effect, ...]) -> int:
    """All of them, those inside others too."""
    count, waiting = 0, list(effects)
    while waiting:
        waiting += _inner(waiting.pop())
        count += 1
    return count


def _inner(effect: Effect) -> tuple[Effect, ...]:
    return effect.inner if isinstance(effect, ContractCall | Signing) else ()


def _facts(
    effect: Effect, prefix: str, source: Address | None, names: Names, room: Room
) -> list[Fact]:
    match effect:
        case Transfer():
            return [
                exact(f"{prefix}Amount", quantity(effect.asset, effect.amount, effect.item)),
                exact_address(f"{prefix}To", effect.to, effect.chain, names),
                *_whose(f"{prefix}Taken from", effect.sender, source, effect.chain, names),
                *_token(prefix, effect.asset.contract, effect.chain, names),
            ]
        case TokenApproval():
            return _approval(effect, prefix, source, names)
        case Wrap():
            coins = amount(effect.native, effect.amount)
            tokens = amount(effect.wrapped, effect.amount)
            verb = "Unwraps" if effect.unwraps else "Wraps"
            said = f"{tokens} -> {coins}" if effect.unwraps else f"{coins} -> {tokens}"
            return [
                exact(f"{prefix}{verb}", said),
                *_token(prefix, effect.wrapped.contract, effect.chain, names),
                *_whose(f"{prefix}Of", effect.sender, source, effect.chain, names),
            ]
        case Operation():
            return [
                exact(f"{prefix}Operation", effect.name),
                *_whose(f"{prefix}Of", effect.sender, source, effect.chain, names),
                *pairs(prefix, effect.details, room),
            ]
        case ContractCall():
            return _call(effect, prefix, source, names, room)
        case Signing():
            standard = exact(f"{prefix}Standard", effect.standard or "unknown")
            return [standard] if effect.inner else [_text_of(effect, prefix, room), standard]
        case _ as never:
            assert_never(never)


def _is_said(findings: Findings) -> bool:
    """Of a mere signature, what it may do besides is why it is not verified."""
    signs = all(isinstance(effect, Signing) for effect in findings.effects)
    return signs and isinstance(findings.integrity, Unverified)


def _text_of(effect: Signing, prefix: str, room: Room) -> Fact:
    label = "Message" if effect.kind == "message" else "Hash"
    return exact(f"{prefix}{label}", effect.preview or "empty", room.text, whole=effect.whole)


def _approval(
    effect: TokenApproval, prefix: str, source: Address | None, names: Names
) -> list[Fact]:
    takes_back = effect.amount == 0
    much = f"{allowance(effect)}: this takes back the approval" if takes_back else allowance(effect)
    unsaid = effect.item is not None and not effect.amount
    return [
        exact(f"{prefix}May move", much),
        exact_address(f"{prefix}Spender", effect.spender, effect.chain, names),
        *_whose(f"{prefix}Moves from", effect.owner, source, effect.chain, names),
        *([exact(f"{prefix}Item", str(effect.item))] if unsaid else ()),
        *_token(prefix, effect.asset.contract, effect.chain, names),
        exact(f"{prefix}Given by", f"{effect.via} {effect.selector}"),
    ]


def _call(
    effect: ContractCall, prefix: str, source: Address | None, names: Names, room: Room
) -> list[Fact]:
    to = effect.contract
    size = f"{effect.calldata_size:,} bytes"
    method = f"{effect.method or 'unknown method'} {effect.selector}".strip()
    called = (
        (Fact(f"{prefix}Contract", f"a new one, made by {size} of code", exact=True),)
        if to is None
        else (
            exact_address(f"{prefix}Contract", to, effect.chain, names),
            exact(f"{prefix}Method", f"{method}, {size}", room.text),
        )
    )
    return [
        *called,
        *pairs(f"{prefix}Argument ", effect.arguments, room),
        exact(f"{prefix}Sends along", amount(effect.native, effect.value)),
        *_whose(f"{prefix}Made by", effect.sender, source, effect.chain, names),
    ]


def _whose(
    label: str, whose: Address | None, source: Address | None, chain: str, names: Names
) -> list[Fact]:
    """Whose it is, where that is not the account that signs."""
    if whose is None or whose == source:
        return []
    return [exact_address(label, whose, chain, names)]


def _token(prefix: str, contract: Address | None, chain: str, names: Names) -> list[Fact]:
    return [] if contract is None else [exact_address(f"{prefix}Token", contract, chain, names)]
