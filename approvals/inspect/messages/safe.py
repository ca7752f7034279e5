"""A Safe's transaction, signed by one of its owners: the call that it would make, unfolded."""

from collections.abc import Iterator
from typing import Final

from approvals.chains.addresses import evm_address
from approvals.chains.eip712 import TypedData
from approvals.chains.tables import Chain
from approvals.findings import Address, Note
from approvals.inspect.calls import Call, Called, look_at_call
from approvals.inspect.messages.document import hash_notes, signing_of
from approvals.inspect.reasons import Reasons
from approvals.inspect.seen import Case, Seen
from approvals.risks import Flag

_SAFE_TX: Final = (
    "SafeTx(address to,uint256 value,bytes data,uint8 operation,uint256 safeTxGas,"
    "uint256 baseGas,uint256 gasPrice,address gasToken,address refundReceiver,uint256 nonce)"
)
_CALL: Final = 0
_DELEGATECALL: Final = 1


def look_at_safe(
    case: Case, data: TypedData, chain: Chain | None, signer: Address | None, reasons: Reasons
) -> Seen | None:
    """Check 15 of a SafeTx; None for what is none.

    Domains of old Safes name no chain: then the flags are those of the claimed one, and the call
    is not unfolded. It is never complete: other owners sign too, and modules and guards may act.
    """
    safe = data.domain.value("verifyingContract")
    if data.encoded_type != _SAFE_TX or not isinstance(safe, bytes):
        return None
    reasons.unverified(15, "It is a Safe's transaction; what that does is not understood.")
    where = chain or case.chain
    called = None if where is None else _called(case, data, where, safe)
    inner = (called.effect,) if called and chain else ()
    return Seen(
        effects=(signing_of(data, chain, inner),),
        chain=chain.chain_id if chain else None,
        source=signer,
        flags=tuple(_delegates(data)) if called is None else called.flags,
        notes=(*_notes(data, safe), *hash_notes(data)),
    )


def _called(case: Case, data: TypedData, chain: Chain, safe: bytes) -> Called:
    message = data.message
    call = Call(
        chain=chain,
        sender=evm_address(safe),
        contract=evm_address(message.raw("to")),
        value=message.number("value"),
        data=message.raw("data"),
        delegated=message.number("operation") != _CALL,
    )
    return look_at_call(call, case.tables)


def _delegates(data: TypedData) -> Iterator[Flag]:
    operation = data.message.number("operation")
    if operation == _CALL:
        return
    to = evm_address(data.message.raw("to")).text
    how = "delegatecall" if operation == _DELEGATECALL else f"operation {operation}"
    yield Flag("delegatecall", f"The Safe would run the code of {to} as itself ({how}).")


def _notes(data: TypedData, safe: bytes) -> Iterator[Note]:
    message = data.message
    yield Note("Safe", evm_address(safe).text)
    yield Note("Safe nonce", str(message.number("nonce")))
    price, receiver = message.number("gasPrice"), message.raw("refundReceiver")
    if price or any(receiver):
        to = evm_address(receiver).text if any(receiver) else "whoever executes it"
        token = message.raw("gasToken")
        coin = f"in the token {evm_address(token).text}" if any(token) else "in the chain's coin"
        yield Note("Safe refund", f"the Safe pays {to} for gas, at a price of {price} {coin}")
