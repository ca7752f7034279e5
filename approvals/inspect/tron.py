"""Checks 9 to 15 of a Tron transaction: its bytes, their hash, and each claim about them.

No field says on which network it is valid: only the reference block ties it to one. So check 11
is left with the source addresses; the tables know one Tron network.
"""

from typing import Final

from approvals.chains.amounts import base_units
from approvals.chains.tables import Chain
from approvals.chains.tron import (
    BadTransaction,
    OtherContract,
    SeveralContracts,
    Trigger,
    TronTransaction,
    TrxTransfer,
    decode_transaction,
    signing_hash,
    tron_account,
)
from approvals.chains.tron_contracts import PERMISSION_UPDATE
from approvals.findings import ContractCall, Fee, Note, Operation, Transfer
from approvals.inspect.calls import Call, Called, look_at_call
from approvals.inspect.claims import check_call, check_kind, check_transfer, claimed_transfer
from approvals.inspect.reasons import Reasons
from approvals.inspect.seen import NOTHING_SEEN, Case, Port, Seen, Span
from approvals.inspect.source import check_source, check_source_chains
from approvals.inspect.tron_fields import SUN_DECIMALS, details, memo_text, moment, spans, trx
from approvals.risks import Flag

SUN_PER_BYTE: Final = 1_000
"""What a byte of bandwidth costs that is neither staked for nor free (chain parameter
getTransactionFee)."""

BYTES_BESIDE: Final = 4 + 67 + 64
"""Bytes that are charged beside Transaction.raw: its frame, one signature with its own, and what
java-tron sets aside for the result (BandwidthProcessor: MAX_RESULT_SIZE_IN_TX)."""

ACTIVATION: Final = 1_100_000
"""Sun for an account that receives its first TRX: 1 TRX (getCreateNewAccountFeeInSystemContract),
and 0.1 TRX in place of bandwidth (getCreateAccountFee)."""

MEMO: Final = 1_000_000
"""Sun for any memo (getMemoFee)."""


def look_at_tron(case: Case, raw: bytes, reasons: Reasons) -> Seen:
    """Read the transaction, compare it with the hash and with every claim."""
    source = check_source(case, tron_account, reasons)
    signed = case.signing.hashes == (signing_hash(raw),)
    if not signed:
        reasons.contradiction(10, "The hash to be signed is not the hash of unsigned_raw_tx.")
    try:
        transaction = decode_transaction(raw)
    except SeveralContracts as error:
        reasons.malformed(9, f"unsigned_raw_tx is no unsigned Tron transaction: {error}.")
        return NOTHING_SEEN
    except BadTransaction as error:
        reasons.unverified(9, f"unsigned_raw_tx is no unsigned Tron transaction: {error}.")
        return NOTHING_SEEN
    owner = transaction.contract.owner
    if source is not None and owner is not None and owner != source:
        said = f"The transaction is that of {owner.text}"
        reasons.contradiction(14, f"{said}, the key that signs belongs to {source.text}.")
    if case.chain is None:
        reasons.unverified(11, "The transaction does not say on which network it is valid.")
        return Seen(source=source)
    check_source_chains(case, case.chain, reasons)
    called = _look(case, case.chain, transaction)
    _check_claims(case, case.chain, transaction, called, reasons)
    for doubt in (*called.doubts, *_doubts(transaction)):
        reasons.unverified(15, doubt)
    if not signed:
        return NOTHING_SEEN
    return Seen(
        effects=(called.effect,),
        complete=not called.doubts and not transaction.unusual,
        chain=case.chain.chain_id,
        source=source,
        fee=_fee(case.chain, transaction),
        flags=called.flags,
        notes=_notes(case, case.chain, transaction),
    )


def _look(case: Case, chain: Chain, transaction: TronTransaction) -> Called:
    """What the one contract does."""
    contract = transaction.contract
    match contract:
        case TrxTransfer():
            moved = Transfer(
                chain.chain_id, chain.native, contract.owner, contract.to, contract.amount
            )
            return Called(moved)
        case Trigger():
            return _look_at_trigger(case, chain, contract)
        case OtherContract():
            return _look_at_other(chain, contract)


def _look_at_trigger(case: Case, chain: Chain, contract: Trigger) -> Called:
    """A call; unlike an EVM transaction it runs code even where it carries no calldata."""
    call = _call(chain, contract)
    doubts: tuple[str, ...] = ()
    if contract.token_value or contract.token_id:
        doubts = ("It sends a TRC-10 token along with a call, which is not understood.",)
    if contract.data:
        called = look_at_call(call, case.tables)
        return Called(called.effect, (*called.doubts, *doubts), called.flags)
    bare = ContractCall(
        chain.chain_id, contract.contract, contract.owner, contract.value, chain.native, "", 0
    )
    return Called(bare, ("It calls a contract without calldata; what that does is unknown.",))


def _look_at_other(chain: Chain, contract: OtherContract) -> Called:
    name = f"{contract.type.does} ({contract.type.message})"
    effect = Operation(chain.chain_id, name, contract.owner, details(contract))
    doubt = f"It is neither a transfer nor a call: {contract.type.message}."
    if contract.number != PERMISSION_UPDATE:
        return Called(effect, (doubt,))
    flag = Flag("permission_change", "It changes who can sign for this account.")
    return Called(effect, (doubt,), (flag,))


def _call(chain: Chain, contract: TrxTransfer | Trigger) -> Call:
    if isinstance(contract, Trigger):
        return Call(chain, contract.owner, contract.contract, contract.value, contract.data)
    return Call(chain, contract.owner, contract.to, contract.amount, b"")


def _check_claims(
    case: Case, chain: Chain, transaction: TronTransaction, called: Called, reasons: Reasons
) -> None:
    """Check 12."""
    claims, contract = case.extra.claims, transaction.contract
    match claims.kind:
        case "transfer":
            call = None if isinstance(contract, OtherContract) else _call(chain, contract)
            moved = claimed_transfer(call, called.effect, case.tables)
            check_transfer(claims, moved, case.tables, reasons, transaction.memo)
        case "contract_call":
            if isinstance(contract, OtherContract):
                reasons.contradiction(12, "The claim is a call; the bytes do something else.")
            else:
                check_call(case, _call(chain, contract), called.effect, reasons)
            if transaction.memo:
                reasons.unverified(12, "The bytes have a memo; the claim of a call has none.")
        case _:
            check_kind(claims.kind, reasons)


def _doubts(transaction: TronTransaction) -> tuple[str, ...]:
    """Check 15, of what surrounds the contract."""
    return tuple(
        f"It fills the field {name}, which no wallet does." for name in transaction.unusual
    )


def _fee(chain: Chain, transaction: TronTransaction) -> Fee | None:
    """The most it can cost with one signature, at the prices that Tron's chain parameters set.

    `fee_limit` bounds what a call pays for energy, bandwidth and memo come on top; what other
    contract types cost is not in the bytes. A vote of the super representatives can change a
    price: the bound rests on those of proposals 65 to 68.
    """
    if isinstance(transaction.contract, OtherContract):
        return None
    called = isinstance(transaction.contract, Trigger)
    own = transaction.fee_limit if called else ACTIVATION
    bandwidth = (transaction.size + BYTES_BESIDE) * SUN_PER_BYTE
    return Fee(chain.native, own + bandwidth + (MEMO if transaction.memo else 0))


def _notes(case: Case, chain: Chain, transaction: TronTransaction) -> tuple[Note, ...]:
    notes = []
    if transaction.memo:
        notes.append(Note("Memo", memo_text(transaction.memo)))
    if isinstance(transaction.contract, Trigger):
        notes += _fee_notes(case, chain, transaction)
    if transaction.permission_id:
        notes.append(Note("Permission", f"{transaction.permission_id}, not that of the owner (0)"))
    notes.append(Note("Valid until", moment(transaction.expiration)))
    notes.append(Note("Made at", moment(transaction.timestamp)))
    notes.append(Note("Reference block", transaction.ref_block.hex() or "none"))
    return tuple(notes)


def _fee_notes(case: Case, chain: Chain, transaction: TronTransaction) -> list[Note]:
    """The bound in the bytes, and Cobo's where it is another.

    They need not be equal: `max_fee_amount` is for all that the transaction costs, `fee_limit`
    for its energy, and the samples have a higher one in the bytes.
    """
    notes = [Note("Fee limit", trx(transaction.fee_limit))]
    fee = case.extra.fee
    if fee is None or fee.max_fee_amount is None:
        return notes
    same_coin = fee.is_in(chain.native.token_id)
    if same_coin and base_units(fee.max_fee_amount, SUN_DECIMALS) != transaction.fee_limit:
        notes.append(Note("Highest fee", f"{fee.max_fee_amount} TRX", proved=False))
    return notes


def signs(raw: bytes, hashes: tuple[bytes, ...]) -> bool:
    """Whether the bytes decode as a Tron transaction and the one hash is theirs."""
    if hashes != (signing_hash(raw),):
        return False
    try:
        decode_transaction(raw)
    except BadTransaction:
        return False
    return True


def dissect(raw: bytes) -> tuple[Span, ...]:
    """The fields of the transaction, in order."""
    try:
        return spans(decode_transaction(raw))
    except BadTransaction:
        return ()


PORT: Final = Port(look=look_at_tron, signs=signs, dissect=dissect)
