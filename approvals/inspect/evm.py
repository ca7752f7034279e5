"""Checks 9 to 15 of an EVM transaction: its bytes, their hash, and each claim about them."""

from typing import Final

from approvals.chains.addresses import evm_address
from approvals.chains.bip32 import evm_account
from approvals.chains.evm import (
    TRANSFER,
    BadTransaction,
    EvmTransaction,
    Foreign,
    decode_transaction,
    signing_hash,
    token_transfer,
)
from approvals.chains.tables import Chain, Tables
from approvals.findings import Address, Asset, ContractCall, Fee, Transfer
from approvals.inspect.claims import check_call, check_fee, check_nonce, check_transfer
from approvals.inspect.reasons import Reasons, quoted
from approvals.inspect.seen import NOTHING_SEEN, Case, Port, Seen, Span
from approvals.inspect.source import check_source

_SELECTOR: Final = 4


def look_at_evm(case: Case, raw: bytes, reasons: Reasons) -> Seen:
    """Read the transaction, compare it with the hash and with every claim."""
    source = check_source(case, evm_account, reasons)
    try:
        transaction = decode_transaction(raw)
    except BadTransaction as error:
        reasons.malformed(9, f"unsigned_raw_tx is no unsigned EVM transaction: {error}.")
        return NOTHING_SEEN
    if isinstance(transaction, Foreign):
        reasons.unverified(9, f"unsigned_raw_tx is {transaction.what}, which we do not read.")
        if transaction.hashed:
            _check_hash(case, raw, reasons)
        return Seen(source=source)
    signed = _check_hash(case, raw, reasons)
    chain = _check_chain(case, transaction, reasons)
    if chain is None:
        return Seen(source=source)
    effect = _effect(transaction, chain, source, case.tables)
    _check_claims(case, transaction, chain, effect, reasons)
    if not signed:
        return NOTHING_SEEN
    return Seen(
        effects=(effect,),
        complete=isinstance(effect, Transfer),
        chain=chain.chain_id,
        source=source,
        fee=Fee(chain.native, transaction.fee_at_most),
    )


def _check_hash(case: Case, raw: bytes, reasons: Reasons) -> bool:
    """Check 10."""
    if case.signing.hashes == (signing_hash(raw),):
        return True
    reasons.contradiction(10, "The hash to be signed is not the hash of unsigned_raw_tx.")
    return False


def _check_chain(case: Case, transaction: EvmTransaction, reasons: Reasons) -> Chain | None:
    """Check 11; the chain that the bytes are for."""
    number, claimed = transaction.chain_id, case.chain
    chain = case.tables.chain_by_eip155(number)
    if chain is None:
        reasons.unverified(11, f"The transaction is for EIP-155 chain {number}, not in our tables.")
    if claimed is not None and claimed.eip155 != number:
        what = f"The transaction is for EIP-155 chain {number}"
        reasons.contradiction(11, f"{what}, and the claim is {claimed.chain_id}.")
    if chain is None:
        return None
    for source in case.extra.sources:
        if source.chain_id is None:
            reasons.unverified(11, "A source address does not say its chain.")
        elif source.chain_id != chain.chain_id:
            sentence = f"A source address is on {quoted(source.chain_id)}, not {chain.chain_id}."
            if case.tables.chain(source.chain_id):
                reasons.contradiction(11, sentence)
            else:
                reasons.unverified(11, sentence)
    return chain


def _effect(
    transaction: EvmTransaction, chain: Chain, source: Address | None, tables: Tables
) -> Transfer | ContractCall:
    """What the transaction does: a transfer where there is one way to read it, else a call."""
    data = transaction.data
    to = evm_address(transaction.to) if transaction.to else None
    moved = token_transfer(data)
    if to is not None and not data:
        return Transfer(chain.chain_id, chain.native, source, to, transaction.value)
    if to is not None and moved is not None and moved.exact and not transaction.value:
        asset = _asset(chain, to, tables)
        to = evm_address(moved.to)
        return Transfer(
            chain.chain_id, asset, source, to, moved.amount, selector="0x" + TRANSFER.hex()
        )
    return ContractCall(
        chain=chain.chain_id,
        contract=to,
        sender=source,
        value=transaction.value,
        native=chain.native,
        selector="0x" + data[:_SELECTOR].hex() if len(data) >= _SELECTOR else "",
        calldata_size=len(data),
    )


def _asset(chain: Chain, contract: Address, tables: Tables) -> Asset:
    token = tables.token_by_contract(chain.chain_id, contract)
    return token.asset if token else Asset(chain.chain_id, None, None, contract, None)


def _check_claims(
    case: Case,
    transaction: EvmTransaction,
    chain: Chain,
    effect: Transfer | ContractCall,
    reasons: Reasons,
) -> None:
    """Checks 12, 13 and 15."""
    claims = case.extra.claims
    match claims.kind:
        case "transfer":
            moved = _as_transfer(transaction, chain, effect, case.tables)
            check_transfer(claims, moved, case.tables, reasons)
        case "contract_call":
            check_call(case, transaction, chain, effect, reasons)
        case None:
            reasons.unverified(12, "The transaction does not say what kind it is.")
        case kind:
            reasons.contradiction(12, f"The claim is to sign a {kind}; this is a transaction.")
    check_nonce(case.extra, transaction, reasons)
    check_fee(case.extra.fee, transaction, chain, reasons)
    _check_understood(transaction, effect, reasons)


def _as_transfer(
    transaction: EvmTransaction, chain: Chain, effect: Transfer | ContractCall, tables: Tables
) -> Transfer | None:
    """The transfer that a claim of one has to equal, also where the calldata is untidy."""
    if isinstance(effect, Transfer):
        return effect
    moved = token_transfer(transaction.data)
    if moved is None or effect.contract is None:
        return None
    asset = _asset(chain, effect.contract, tables)
    return Transfer(chain.chain_id, asset, effect.sender, evm_address(moved.to), moved.amount)


def _check_understood(
    transaction: EvmTransaction, effect: Transfer | ContractCall, reasons: Reasons
) -> None:
    """Check 15."""
    if transaction.priority is not None and transaction.priority > transaction.gas_price:
        reasons.unverified(15, "It offers a higher priority fee than it allows to be paid at all.")
    if isinstance(effect, Transfer):
        if effect.asset.token_id is None:
            reasons.unverified(15, "The token is not in our tables, so its amount cannot be read.")
    elif effect.contract is None:
        reasons.unverified(15, "It creates a contract; what that does is not understood.")
    elif transaction.data.startswith(TRANSFER):
        reasons.unverified(15, "It calls `transfer` in an unusual form, which is not understood.")
    else:
        reasons.unverified(15, "It calls a contract; what that does is not understood.")


def signs(raw: bytes, hashes: tuple[bytes, ...]) -> bool:
    """Whether the bytes decode as an EVM transaction and the one hash is theirs."""
    try:
        transaction = decode_transaction(raw)
    except BadTransaction:
        return False
    return isinstance(transaction, EvmTransaction) and hashes == (signing_hash(raw),)


def dissect(raw: bytes) -> tuple[Span, ...]:
    """The fields of the transaction, in order."""
    raise NotImplementedError


PORT: Final = Port(look=look_at_evm, signs=signs, dissect=dissect)
