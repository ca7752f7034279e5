"""Checks 9 to 15 of an EVM transaction: its bytes, their hash, and each claim about them."""

from typing import Final

from approvals.chains.addresses import evm_address
from approvals.chains.bip32 import evm_account
from approvals.chains.evm import (
    BadTransaction,
    EvmTransaction,
    Foreign,
    decode_transaction,
    signing_hash,
)
from approvals.chains.tables import Chain
from approvals.findings import Address, Effect, Fee, Note
from approvals.inspect.calldata_info import mismatches
from approvals.inspect.calls import Call, look_at_call
from approvals.inspect.claims import (
    check_call,
    check_fee,
    check_kind,
    check_nonce,
    check_transfer,
    claimed_transfer,
)
from approvals.inspect.delegations import MAX_SHOWN, look_at_delegations
from approvals.inspect.eip155 import check_chain
from approvals.inspect.evm_spans import dissect
from approvals.inspect.reasons import Reasons
from approvals.inspect.seen import NOTHING_SEEN, Case, Port, Seen
from approvals.inspect.source import check_source
from approvals.wording import counted


def look_at_evm(case: Case, raw: bytes, reasons: Reasons) -> Seen:
    """Read the transaction, compare it with the hash and with every claim."""
    source = check_source(case, evm_account, reasons)
    try:
        transaction = decode_transaction(raw)
    except BadTransaction as error:
        reasons.unverified(9, f"unsigned_raw_tx is no unsigned EVM transaction: {error}.")
        _check_hash(case, raw, reasons)
        return Seen(source=source)
    if isinstance(transaction, Foreign):
        reasons.unverified(9, f"unsigned_raw_tx is {transaction.what}, which we do not read.")
        if transaction.hashed:
            _check_hash(case, raw, reasons)
        return Seen(source=source)
    signed = _check_hash(case, raw, reasons)
    chain = check_chain(case, transaction.chain_id, "The transaction", reasons)
    if chain is None:
        return Seen(source=source)
    call = _call(transaction, chain, source)
    called = look_at_call(call, case.tables)
    _check_claims(case, transaction, call, called.effect, reasons)
    _check_understood(transaction, called.doubts, reasons)
    if not signed:
        return NOTHING_SEEN
    delegations, dangers = look_at_delegations(transaction.authorizations, chain, case.tables)
    info = case.extra.calldata_info
    return Seen(
        effects=(called.effect, *delegations),
        complete=not called.doubts and not delegations,
        chain=chain.chain_id,
        source=source,
        fee=Fee(chain.native, transaction.fee_at_most),
        flags=(*called.flags, *dangers, *(mismatches(info, transaction, chain) if info else ())),
        notes=(Note("Nonce", str(transaction.nonce)),),
    )


def _check_hash(case: Case, raw: bytes, reasons: Reasons) -> bool:
    """Check 10."""
    if case.signing.hashes == (signing_hash(raw),):
        return True
    reasons.contradiction(10, "The hash to be signed is not the hash of unsigned_raw_tx.")
    return False


def _call(transaction: EvmTransaction, chain: Chain, source: Address | None) -> Call:
    """The transaction's one call."""
    to = evm_address(transaction.to) if transaction.to else None
    return Call(chain, source, to, transaction.value, transaction.data)


def _check_claims(
    case: Case, transaction: EvmTransaction, call: Call, effect: Effect, reasons: Reasons
) -> None:
    """Checks 12 and 13."""
    claims = case.extra.claims
    match claims.kind:
        case "transfer":
            moved = claimed_transfer(call, effect, case.tables)
            check_transfer(claims, moved, case.tables, reasons)
        case "contract_call":
            check_call(case, call, effect, reasons)
        case _:
            check_kind(claims.kind, reasons)
    check_nonce(case.extra, transaction, reasons)
    check_fee(case.extra.fee, transaction, call.chain, reasons)


def _check_understood(
    transaction: EvmTransaction, doubts: tuple[str, ...], reasons: Reasons
) -> None:
    """Check 15."""
    if transaction.priority is not None and transaction.priority > transaction.gas_price:
        reasons.unverified(15, "It offers a higher priority fee than it allows to be paid at all.")
    for doubt in doubts:
        reasons.unverified(15, doubt)
    many = len(transaction.authorizations)
    if many:
        delegates = f"It delegates {counted(many, 'account')} (EIP-7702)"
        reasons.unverified(15, f"{delegates}; what their code then does is unknown.")
    if many > MAX_SHOWN:
        reasons.unverified(15, f"Only the first {MAX_SHOWN} delegations are shown.")


def signs(raw: bytes, hashes: tuple[bytes, ...]) -> bool:
    """Whether the bytes decode as an EVM transaction and the one hash is theirs."""
    try:
        transaction = decode_transaction(raw)
    except BadTransaction:
        return False
    return isinstance(transaction, EvmTransaction) and hashes == (signing_hash(raw),)


PORT: Final = Port(look=look_at_evm, signs=signs, dissect=dissect)
