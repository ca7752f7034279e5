"""What an effect does, in a sentence: for a first line, and for what people confirm."""

from typing import Final, assert_never

from approvals.findings import (
    Address,
    ContractCall,
    Effect,
    Operation,
    Signing,
    TokenApproval,
    Transfer,
    Wrap,
)
from notifiers.words.readable import short_address, visible
from notifiers.words.text import Names, allowance, amount, asset_name, named, quantity

_TYPED: Final = "EIP-712"
"""What it says begins with names of fields, which tell nothing in a line."""

_QUOTED: Final = 48
"""Characters of a message to be signed, in a first line."""


def deed(effect: Effect, source: Address | None, names: Names) -> str:
    """`Send 2,500 USDT -> cold-1 (0xd631…2A2c) on Ethereum`."""
    match effect:
        case Transfer():
            to = named(effect.to, effect.chain, names)
            what = quantity(effect.asset, effect.amount, effect.item)
            whose = _whose(effect.sender, source, effect.chain, names)
            return f"Send {what}{whose} -> {to} on {on(effect, names)}"
        case TokenApproval():
            to = named(effect.spender, effect.chain, names)
            if effect.amount == 0:
                what = f"Take back what {to} may move of {asset_name(effect.asset)}"
                return f"{what} on {on(effect, names)}"
            whose = _whose(effect.owner, source, effect.chain, names)
            return f"Let {to} move {allowance(effect)}{whose} on {on(effect, names)}"
        case Wrap():
            was, becomes = effect.native, effect.wrapped
            if effect.unwraps:
                was, becomes = becomes, was
            verb = "Unwrap" if effect.unwraps else "Wrap"
            into = asset_name(becomes)
            return f"{verb} {amount(was, effect.amount)} into {into} on {on(effect, names)}"
        case Operation():
            return f"{visible(effect.name, 80)} on {on(effect, names)}"
        case ContractCall():
            contract = effect.contract
            called = None if contract is None else named(contract, effect.chain, names)
            return call(effect, called, names)
        case Signing():
            whose = "" if source is None else named(source, effect.chain or "", names)
            return signing(effect, whose) + "".join(
                f": {deed(inside, source, names)}" for inside in effect.inner[:1]
            )
        case _ as never:
            assert_never(never)


def signing(effect: Signing, whose: str, room: int = _QUOTED) -> str:
    """`Sign the message “Log in, nonce 42” as 0xe461…03EE (EIP-191)`.

    Of typed data its name alone, of a bare hash both ends if there is no room for all of it; of a
    message that is known to have an effect the standard, as the effect is told beside it.
    """
    standard = visible(effect.standard, 40)
    of = f" ({standard})" if standard else ""
    signer = f" as {whose}" if whose else ""
    if effect.kind == "blind":
        bare = visible(effect.preview, 200)
        bare = bare if len(bare) <= room else short_address(bare)
        return f"Sign a bare hash{f' {bare}' if bare else ''}{signer}{of}"
    if effect.standard.startswith(_TYPED):
        return f"Sign typed data{signer}{of}"
    if effect.inner or not effect.preview:
        return f"Sign a message{signer}{of}"
    return f"Sign the message {_quoted(effect.preview, room)}{signer}{of}"


def _quoted(text: str, room: int) -> str:
    """Its beginning between quotation marks that nothing inside can close."""
    said = visible(text, 4 * room).translate({ord(mark): '"' for mark in "“”„‟"})
    return f"“{said}”" if len(said) <= room else f"“{said[:room]}…”"


def _whose(whose: Address | None, source: Address | None, chain: str, names: Names) -> str:
    """Of another account than the one that signs."""
    return "" if whose is None or whose == source else f" of {named(whose, chain, names)}"


def call(effect: ContractCall, to: str | None, names: Names) -> str:
    """`Call approve(address,uint256) of 0xdAC1…1ec7 on Ethereum`."""
    sending = f", sending {amount(effect.native, effect.value)}," if effect.value else ""
    if to is None:
        return f"Create a contract{sending} on {on(effect, names)}"
    method = visible(effect.method or effect.selector or "an empty call", 60)
    return f"Call {method} of {to}{sending} on {on(effect, names)}"


def on(effect: Transfer | TokenApproval | Wrap | Operation | ContractCall, names: Names) -> str:
    """The chain by its name."""
    return visible(names.chain(effect.chain), 40)
