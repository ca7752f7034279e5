"""Checks 12 and 13: what the transaction is claimed to do, against what its bytes do."""

from collections.abc import Mapping
from typing import Final

from approvals.chains.addresses import account_address, claimed_address
from approvals.chains.amounts import base_units, coin_text
from approvals.chains.calldata import WORD, word
from approvals.chains.evm import EvmTransaction
from approvals.chains.methods import SELECTOR_SIZE
from approvals.chains.tables import Chain, Tables
from approvals.details import Extra, FeeClaim
from approvals.details.fields import hex_bytes
from approvals.findings import (
    Address,
    Asset,
    Claims,
    ContractCall,
    Effect,
    Family,
    Kind,
    TokenApproval,
    Transfer,
    Wrap,
)
from approvals.inspect.calls import Call
from approvals.inspect.reasons import Reasons, quoted
from approvals.inspect.seen import Case

_TRANSFER: Final = "0xa9059cbb"
_TRANSFER_SIZE: Final = 2 * WORD
_FAMILY_NAMES: Final[Mapping[Family, str]] = {
    "evm": "EVM",
    "tron": "Tron",
    "bitcoin": "Bitcoin",
    "solana": "Solana",
    "other": "known",
}


def check_transfer(
    claims: Claims,
    moved: Transfer | None,
    tables: Tables,
    reasons: Reasons,
    memo: bytes | None = None,
) -> None:
    """Check 12 of a claimed transfer: token, destination, amount, memo.

    `moved` is what the bytes move; `memo` is None where transactions have none.
    """
    claimed = claimed_asset(claims, tables, reasons)
    if moved is None:
        if claimed is not None:
            reasons.contradiction(12, "The claim is a transfer; the bytes do something else.")
        return
    check_asset(claimed, moved.asset, reasons)
    if len(claims.outputs) > 1:
        reasons.contradiction(12, "The claim has several destinations, the transaction one.")
        return
    if not claims.outputs:
        reasons.unverified(12, "The claim states neither destination nor amount.")
        return
    output = claims.outputs[0]
    check_destination(output.address, moved.to, moved.to.family, reasons)
    check_amount(output.amount, moved.amount, moved.asset, reasons)
    if memo is not None:
        _check_memo(output.memo or "", memo, reasons)
    elif output.memo:
        reasons.unverified(12, "The claim has a memo; the transaction has none.")


def claimed_transfer(call: Call | None, effect: Effect, tables: Tables) -> Transfer | None:
    """The transfer that a claim of one has to equal: of coins, or by `transfer` of a token.

    Also where the calldata is untidy, but not `transferFrom`, which moves what is somebody's.
    """
    if isinstance(effect, Transfer) and effect.selector in ("", _TRANSFER):
        return effect
    if call is None or not isinstance(effect, ContractCall) or effect.selector != _TRANSFER:
        return None
    arguments, contract = call.data[SELECTOR_SIZE:], call.contract
    if contract is None or len(arguments) < _TRANSFER_SIZE:
        return None
    chain_id = call.chain.chain_id
    asset = tables.asset_of(chain_id, contract)
    to = account_address(call.chain.family, arguments[12:32])
    return Transfer(chain_id, asset, call.sender, to, word(arguments, 1))


def check_call(case: Case, call: Call, effect: Effect, reasons: Reasons) -> None:
    """Check 12 of a claimed contract call: contract, value, calldata.

    Cobo gives a call the token id of the chain's coin; that of the token it moves is as good.
    """
    claims, calldata_text = case.extra.claims, case.extra.calldata
    claimed, native = claimed_asset(claims, case.tables, reasons), call.chain.native
    if claimed not in (None, native, _named_asset(effect)):
        reasons.contradiction(12, "The claim names a token that the bytes do not move.")
    output = claims.outputs[0] if claims.outputs else None
    address = output.address if output else ""
    check_destination(address, call.contract, call.chain.family, reasons)
    check_amount(output.amount if output else None, call.value, native, reasons)
    if calldata_text is None:
        reasons.unverified(12, "The claim states no calldata.")
        return
    calldata = hex_bytes(calldata_text)
    if calldata is None:
        reasons.malformed(12, "The claimed calldata is not hex.")
    elif calldata != call.data:
        reasons.contradiction(12, "The claimed calldata is not that of the transaction.")


def _named_asset(effect: Effect) -> Asset | None:
    """The token that the call moves, allows or wraps."""
    match effect:
        case Transfer() | TokenApproval():
            return effect.asset
        case Wrap():
            return effect.wrapped
        case _:
            return None


def check_nonce(extra: Extra, transaction: EvmTransaction, reasons: Reasons) -> None:
    """Check 13, the nonce."""
    if extra.used_nonce is not None and extra.used_nonce != transaction.nonce:
        said = f"The claimed nonce is {extra.used_nonce}"
        reasons.contradiction(13, f"{said}, that of the transaction {transaction.nonce}.")


def check_fee(
    fee: FeeClaim | None, transaction: EvmTransaction, chain: Chain, reasons: Reasons
) -> None:
    """Check 13, the fee: each part that is claimed, where the bytes have such a part.

    A price in another coin, or in the terms of another transaction type, cannot be compared and
    says nothing; `fee_type` says nothing of the chain. Gas is counted alike in all of them.
    """
    if fee is None:
        return
    _check_part("gas limit", fee.gas_limit, transaction.gas_limit, reasons)
    if not fee.is_in(chain.native.token_id):
        return
    if transaction.priority is None:
        _check_part("gas price", fee.gas_price, transaction.gas_price, reasons)
        return
    _check_part("gas price", fee.max_fee_per_gas, transaction.gas_price, reasons)
    _check_part("priority fee", fee.max_priority_fee_per_gas, transaction.priority, reasons)


def check_kind(kind: Kind | None, reasons: Reasons) -> None:
    """Check 12 of a transaction that is claimed to be neither a transfer nor a call."""
    if kind is None:
        reasons.unverified(12, "The transaction does not say what kind it is.")
    else:
        reasons.contradiction(12, "The claim is to sign a message; this is a transaction.")


def claimed_asset(claims: Claims, tables: Tables, reasons: Reasons) -> Asset | None:
    """The claimed token, if our tables have it."""
    if claims.token_id is None:
        reasons.unverified(12, "The claim names no token.")
        return None
    token = tables.token(claims.token_id)
    if token is None:
        reasons.unverified(12, f"The token {quoted(claims.token_id)} is not in our tables.")
        return None
    return token.asset


def check_asset(claimed: Asset | None, moved: Asset, reasons: Reasons) -> None:
    """Check 12, the token; `claimed` is None where `claimed_asset` has said why."""
    if claimed is not None and claimed != moved:
        found = moved.token_id or "a token that is not in our tables"
        reasons.contradiction(12, f"The claim is {claimed.token_id}, the bytes move {found}.")


def check_destination(
    claimed: str,
    found: Address | None,
    family: Family,
    reasons: Reasons,
    place: bytes | None = None,
) -> None:
    """Check 12, the destination. `found` is None where a contract is created.

    `place` is the token account of `found` that tokens go to, which is as good a name for it.
    """
    if not claimed:
        if found:
            reasons.unverified(12, "The claim states no destination address.")
        return
    address = claimed_address(claimed)
    if address is None or address.family != family:
        sentence = (
            f"The claimed destination {quoted(claimed)} is no {_FAMILY_NAMES[family]} address."
        )
        reasons.contradiction(12, sentence)
    elif address != found and (place is None or address.raw != place):
        sentence = f"The claimed destination {address.text} is not that of the transaction."
        reasons.contradiction(12, sentence)


def _check_memo(claimed: str, found: bytes, reasons: Reasons) -> None:
    if claimed and claimed.encode() != found:
        sentence = f"The claimed memo is '{quoted(claimed)}', the bytes have "
        memo = f"'{quoted(found.decode(errors='replace'))}'" if found else "none"
        reasons.contradiction(12, f"{sentence}{memo}.")
    elif found and not claimed:
        reasons.unverified(12, "The bytes have a memo; the claim has none.")


def check_amount(claimed: str | None, found: int, asset: Asset, reasons: Reasons) -> None:
    """Check 12, the amount. Of a token without decimals no amount can be compared."""
    if claimed is None:
        reasons.unverified(12, "The claim states no amount.")
    elif asset.decimals is not None and base_units(claimed, asset.decimals) != found:
        exact = f"{coin_text(found, asset.decimals)} {asset.symbol}"
        reasons.contradiction(
            12, f"The claimed amount is {quoted(claimed)}, the bytes say {exact}."
        )


def _check_part(name: str, claimed: str | None, found: int | None, reasons: Reasons) -> None:
    if claimed is None or found is None or claimed == str(found):
        return  # the fast way: the same text is the same number
    if base_units(claimed, 0) != found:
        reasons.contradiction(
            13, f"The claimed {name} is {quoted(claimed)}, the bytes say {found}."
        )
