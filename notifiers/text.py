"""The sentences people read about a request: its headline, its badge, its amounts.

Slack, the terminal and the command line share them. Everything is a pure function of the bytes
that the stored record names; what a stranger wrote passes through `visible` first.
"""

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, assert_never

from approvals.findings import (
    Address,
    Asset,
    ContractCall,
    Effect,
    Findings,
    Operation,
    Passed,
    Refused,
    Signing,
    TokenApproval,
    Transfer,
    Unverified,
    Wrap,
)
from approvals.model import Approval
from approvals.request import RequestType
from approvals.wording import counted, in_a_row
from notifiers.readable import grouped, short_address, visible

_HASHES_SHOWN: Final = 8
_REASONS_SHOWN: Final = 8

_TYPES: Final = {
    RequestType.KEY_GEN: "Generate a key",
    RequestType.KEY_SIGN: "Sign",
    RequestType.KEY_RESHARE: "Reshare a key",
    RequestType.KEY_SHARE_SIGN: "Sign with key shares",
}


@dataclass(frozen=True, slots=True)
class Names:
    """What the policy calls things: an address by the list it is in, a chain by its name."""

    address: Callable[[Address, str], str | None] = lambda _address, _chain: None
    chain: Callable[[str], str] = lambda chain: chain


NO_NAMES: Final = Names()


def headline(findings: Findings, names: Names = NO_NAMES) -> str:
    """`Send 2,500 USDT -> cold-1 (0xd631…2A2c) on Ethereum`; a doubt comes before everything."""
    if findings.effects:
        more = len(findings.effects) - 1
        said = _deed(findings.effects[0], names) + (
            f", and {counted(more, 'more effect')}" if more else ""
        )
        whole = findings.complete or isinstance(findings.effects[0], Signing)
        said = said if whole else f"{said}, and possibly more"
    else:
        said = visible(findings.summary, 200) or _unread(findings)
    match findings.integrity:
        case Passed():
            return said
        case Unverified():
            return f"NOT VERIFIED: {said}"
        case Refused():
            return f"REFUSED: {said}"
        case _ as never:
            assert_never(never)


def pledge(findings: Findings, names: Names = NO_NAMES) -> str:
    """What a person confirms: amount and whole destination; otherwise the headline."""
    match findings.effects:
        case (Transfer() as sent, *_) if isinstance(findings.integrity, Passed):
            to = full_address(sent.to, sent.chain, names)
            more = "" if len(findings.effects) == 1 else " (and more: see the message)"
            return f"{amount(sent.asset, sent.amount)} to {to} on {_on(sent, names)}{more}"
        case _:
            return headline(findings, names)


def badge(findings: Findings) -> str:
    """Whether the facts come from the very bytes that will be signed, and if not, why not."""
    match findings.integrity:
        case Passed():
            return f"VERIFIED: {_source_of_truth(findings.hashes)}"
        case Unverified(reasons=reasons):
            return _with_reasons("NOT VERIFIED", [reason.text for reason in reasons])
        case Refused(cause=cause, reasons=reasons):
            return _with_reasons(f"REFUSED ({cause})", [reason.text for reason in reasons])
        case _ as never:
            assert_never(never)


def amount(asset: Asset, base_units: int) -> str:
    """`2,500 USDT`, exactly; base units where nobody told us the decimals."""
    if asset.decimals is not None:
        name = visible(asset.symbol or asset.token_id or "of an unnamed token", 40)
        return f"{grouped(base_units, asset.decimals)} {name}"
    token = short_address(visible(asset.contract.text, 80)) if asset.contract else "?"
    return f"{grouped(base_units, 0)} base units of unknown token {token}"


def command(verb: str, approval: Approval) -> str:
    """The command that decides this from a terminal; safe to paste whatever the id contains."""
    return f"countersign {verb} {shlex.quote(f'{approval.node}/{approval.request_id}')} --reason …"


def full_address(address: Address, chain: str, names: Names) -> str:
    """The whole address, and the name of the list it is in."""
    label = names.address(address, chain)
    full = visible(address.text, 200)
    return f"{full} ({visible(label, 80)})" if label else full


def chain_name(chain: str, names: Names) -> str:
    """`Ethereum (ETH)`."""
    name = visible(names.chain(chain), 80)
    return name if name == chain else f"{name} ({visible(chain, 80)})"


def _deed(effect: Effect, names: Names) -> str:
    match effect:
        case Transfer():
            to = _named(effect.to, effect.chain, names)
            return f"Send {amount(effect.asset, effect.amount)} -> {to} on {_on(effect, names)}"
        case TokenApproval():
            to = _named(effect.spender, effect.chain, names)
            much = "everything" if effect.amount is None else amount(effect.asset, effect.amount)
            return f"Let {to} move {much} on {_on(effect, names)}"
        case Wrap():
            verb = "Unwrap" if effect.unwraps else "Wrap"
            return f"{verb} {amount(effect.native, effect.amount)} on {_on(effect, names)}"
        case Operation():
            return f"{visible(effect.name, 80)} on {_on(effect, names)}"
        case ContractCall():
            sending = f", sending {amount(effect.native, effect.value)}," if effect.value else ""
            if effect.contract is None:
                return f"Create a contract{sending} on {_on(effect, names)}"
            method = visible(effect.method or effect.selector or "an empty call", 60)
            to = _named(effect.contract, effect.chain, names)
            return f"Call {method} of {to}{sending} on {_on(effect, names)}"
        case Signing(kind="message"):
            return f"Sign a message ({visible(effect.standard, 40)})"
        case Signing():
            return f"Sign a bare hash ({visible(effect.standard, 40)})"
        case _ as never:
            assert_never(never)


def _unread(findings: Findings) -> str:
    """A request whose bytes told us nothing: its type, and what Cobo says it is."""
    try:
        said = _TYPES[RequestType(findings.type)]
    except ValueError:
        return f"Request of unknown type {findings.type}"
    claims = findings.claims
    if not claims.outputs:
        return (
            f"{said}: {visible(claims.transaction_type, 40)}" if claims.transaction_type else said
        )
    first = claims.outputs[0]
    token = visible(claims.token_id or "", 40)
    what = f"{visible(first.amount or 'an unknown amount', 80)} {token}".strip()
    return f"Cobo says: send {what} -> {short_address(visible(first.address, 100))}"


def _source_of_truth(hashes: tuple[str, ...]) -> str:
    if not hashes:
        return "every check could be made, and agreed"
    noun = "hash" if len(hashes) == 1 else "hashes"
    more = len(hashes) - _HASHES_SHOWN
    shown = ", ".join(hashes[:_HASHES_SHOWN]) + (f" and {more} more" if more > 0 else "")
    return f"decoded from the bytes whose {noun} {shown} will be signed"


def _with_reasons(verdict: str, reasons: list[str]) -> str:
    shown = [visible(reason, 240) for reason in reasons[:_REASONS_SHOWN]]
    more = len(reasons) - _REASONS_SHOWN
    tail = [f"and {more} more"] if more > 0 else []
    return f"{verdict}: {in_a_row([*shown, *tail]) or 'no reason given'}"


def _named(address: Address, chain: str, names: Names) -> str:
    short = short_address(visible(address.text, 200))
    label = names.address(address, chain)
    return f"{visible(label, 40)} ({short})" if label else short


def _on(effect: Transfer | TokenApproval | Wrap | Operation | ContractCall, names: Names) -> str:
    return visible(names.chain(effect.chain), 40)
