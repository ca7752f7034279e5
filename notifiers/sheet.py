"""The facts an approver reads, in order: proved ones first, what Cobo merely says apart, last."""

from dataclasses import dataclass
from typing import Final, assert_never

from approvals.findings import (
    ClaimedOutput,
    Claims,
    ContractCall,
    Effect,
    Findings,
    Operation,
    Passed,
    Signing,
    TokenApproval,
    Transfer,
    Wrap,
)
from approvals.model import Approval
from approvals.wording import counted
from notifiers.readable import visible
from notifiers.text import (
    NO_NAMES,
    Names,
    amount,
    badge,
    chain_name,
    full_address,
    headline,
    pledge,
)

EFFECTS_SHOWN: Final = 6
"""More than this do not fit a message; then it says so, and nobody can approve it by a click."""

_VALUE: Final = 400
_OUTPUTS_SHOWN: Final = 5
_RULES_SHOWN: Final = 8


@dataclass(frozen=True, slots=True)
class Fact:
    """One line that people read: safe to show as it is, its value complete or marked as cut.

    An `exact` value (an address, an amount, an id) is never shortened to make room.
    """

    label: str
    value: str
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that an approver sees of a request that does not change while people decide.

    `pledge` is what the confirm dialog repeats: amount and whole destination.
    `whole` is False where effects did not fit: such a sheet may be refused on sight, but nobody
    can approve what is not shown.
    """

    headline: str
    pledge: str
    verified: bool
    badge: str
    proved: tuple[Fact, ...]
    asked: tuple[Fact, ...]
    claimed: tuple[Fact, ...]
    whole: bool

    @property
    def facts(self) -> tuple[Fact, ...]:
        """Every fact in reading order."""
        first = (Fact("Request", self.headline), Fact("Checked", self.badge))
        return (*first, *self.proved, *self.asked, *self.claimed)


def sheet_of(approval: Approval, findings: Findings, names: Names = NO_NAMES) -> Sheet:
    """Everything that stays the same while people decide."""
    return Sheet(
        headline=headline(findings, names),
        pledge=pledge(findings, names),
        verified=isinstance(findings.integrity, Passed),
        badge=badge(findings),
        proved=_proved(findings, names),
        asked=_asked(approval),
        claimed=_claimed(findings.claims),
        whole=len(findings.effects) <= EFFECTS_SHOWN,
    )


def _proved(findings: Findings, names: Names) -> tuple[Fact, ...]:
    facts: list[Fact] = []
    for number, effect in enumerate(findings.effects[:EFFECTS_SHOWN], start=1):
        which = f" {number}" if len(findings.effects) > 1 else ""
        facts += _effect_facts(effect, which, names)
    hidden = len(findings.effects) - EFFECTS_SHOWN
    if hidden > 0:
        facts.append(
            Fact("Not shown", f"{counted(hidden, 'more effect')}; `countersign show` lists them")
        )
    if findings.effects and not findings.complete:
        facts.append(Fact("Incomplete", "the signature may do more than is shown here"))
    if findings.source is not None:
        facts.append(_exact("From", visible(findings.source.text, 200)))
    if findings.chain is not None:
        facts.append(_exact("Chain", chain_name(findings.chain, names)))
    if findings.fee is not None:
        facts.append(_exact("Fee at most", amount(findings.fee.asset, findings.fee.at_most)))
    return tuple(facts)


def _effect_facts(effect: Effect, which: str, names: Names) -> list[Fact]:
    match effect:
        case Transfer():
            facts = [
                _exact(f"Amount{which}", amount(effect.asset, effect.amount)),
                _exact(f"To{which}", full_address(effect.to, effect.chain, names)),
            ]
            if effect.asset.contract is not None:
                facts.append(_exact(f"Token{which}", visible(effect.asset.contract.text, 200)))
            return facts
        case TokenApproval():
            much = "everything" if effect.amount is None else amount(effect.asset, effect.amount)
            return [
                _exact(f"May move{which}", much),
                _exact(f"Spender{which}", full_address(effect.spender, effect.chain, names)),
            ]
        case Wrap():
            return [_exact(f"Amount{which}", amount(effect.native, effect.amount))]
        case Operation():
            return [_exact(f"Operation{which}", visible(effect.name))]
        case ContractCall():
            to = effect.contract
            address = "a new contract" if to is None else full_address(to, effect.chain, names)
            method = f"{effect.method or 'unknown method'} {effect.selector}".strip()
            return [
                _exact(f"Contract{which}", address),
                _exact(f"Method{which}", visible(f"{method}, {effect.calldata_size:,} bytes")),
                _exact(f"Value{which}", amount(effect.native, effect.value)),
            ]
        case Signing():
            return [
                _exact(f"Standard{which}", visible(effect.standard, _VALUE)),
                _exact(f"Message{which}", visible(effect.preview, 1000) or "empty"),
            ]
        case _ as never:
            assert_never(never)


def _asked(approval: Approval) -> tuple[Fact, ...]:
    """Who wants to know, and which rules sent it to people."""
    facts = [
        Fact(f"Rule {visible(rule.id, 100)}", visible(rule.why, _VALUE) + _doubt(rule.answer))
        for rule in approval.verdict.rules[:_RULES_SHOWN]
    ]
    hidden = len(approval.verdict.rules) - _RULES_SHOWN
    if hidden > 0:
        facts.append(Fact("Rules", f"and {hidden} more; `countersign show` lists them"))
    if not facts and approval.verdict.effect == "ask":
        facts.append(Fact("Rule", "no rule matched; the policy's default is to ask"))
    if not approval.verdict.initiator_known:
        facts.append(
            Fact("Separation of duty", "NOT CHECKED: no person of the policy claims the initiator")
        )
    if approval.verdict.barred:
        barred = ", ".join(visible(person, 80) for person in approval.verdict.barred)
        facts.append(Fact("May not approve", f"{barred} (initiated it)"))
    facts += [
        _exact("Node", visible(approval.node, 100)),
        _exact("Request id", visible(approval.request_id, 200)),
        _exact("Digest", approval.digest),
    ]
    return tuple(facts)


def _claimed(claims: Claims) -> tuple[Fact, ...]:
    """What `extra_info` says and nobody proved."""
    initiator = claims.initiator or "somebody it does not name"
    said = (
        ("Initiator", f"{initiator} ({claims.initiator_type or 'type not stated'})"),
        ("Wallet", _both(claims.wallet_name, claims.wallet_id)),
        ("Vault", _both(claims.vault_name, claims.vault_id)),
        ("Organization", _both(claims.org_name, claims.project_name)),
        ("Transaction", _both(claims.transaction_type, claims.transaction_id)),
        ("Token", claims.token_id),
        ("Chain", claims.chain_id),
        ("Source", claims.source),
        ("Category", ", ".join(claims.categories[:20])),
        ("Description", claims.description),
    )
    facts = [Fact(label, visible(value, _VALUE)) for label, value in said if value]
    for output in reversed(claims.outputs[:_OUTPUTS_SHOWN]):
        facts[1:1] = _output(output)
    if len(claims.outputs) > _OUTPUTS_SHOWN:
        hidden = len(claims.outputs) - _OUTPUTS_SHOWN
        facts.append(Fact("Not shown", counted(hidden, "more destination")))
    return tuple(facts)


def _output(output: ClaimedOutput) -> list[Fact]:
    amount_said = visible(output.amount or "an unstated amount", 100)
    facts = [_exact("Destination", f"{amount_said} -> {visible(output.address, 200)}")]
    return [*facts, Fact("Memo", visible(output.memo, _VALUE))] if output.memo else facts


def _exact(label: str, value: str) -> Fact:
    return Fact(label, value, exact=True)


def _doubt(answer: str) -> str:
    return " (could not be told from the bytes)" if answer == "unknown" else ""


def _both(name: str | None, identity: str | None) -> str:
    return f"{name} ({identity})" if name and identity else name or identity or ""
