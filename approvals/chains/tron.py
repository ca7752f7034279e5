"""Unsigned Tron transactions (the protobuf message Transaction.raw), decoded exactly."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

from approvals.chains.addresses import tron_address
from approvals.chains.bip32 import evm_account
from approvals.chains.protobuf import BadProtobuf, Message, Schema, Slot, read
from approvals.chains.tron_contracts import CONTRACT_TYPES, TRANSFER, TRIGGER, ContractType
from approvals.findings import Address

ADDRESS_PREFIX: Final = b"\x41"
ADDRESS_SIZE: Final = 21

_TYPE_URL: Final = b"type.googleapis.com/protocol."
_UNUSUAL: Final = ("auths", "scripts")
_UNUSUAL_IN_CONTRACT: Final = ("provider", "ContractName")

_AUTHORITY: Final[Schema] = {
    1: Slot("account", "message", {1: Slot("name", "bytes"), 2: Slot("address", "bytes")}),
    2: Slot("permission_name", "bytes"),
}
_PARAMETER: Final[Schema] = {1: Slot("type_url", "text"), 2: Slot("value", "bytes")}
_CONTRACT: Final[Schema] = {
    1: Slot("type", "int32"),
    2: Slot("parameter", "message", _PARAMETER),
    3: Slot("provider", "bytes"),
    4: Slot("ContractName", "bytes"),
    5: Slot("Permission_id", "int32"),
}
_RAW: Final[Schema] = {
    1: Slot("ref_block_bytes", "bytes"),
    3: Slot("ref_block_num", "int64"),
    4: Slot("ref_block_hash", "bytes"),
    8: Slot("expiration", "int64"),
    9: Slot("auths", "message", _AUTHORITY, repeated=True),
    10: Slot("data", "bytes"),
    11: Slot("contract", "message", _CONTRACT, repeated=True),
    12: Slot("scripts", "bytes"),
    14: Slot("timestamp", "int64"),
    18: Slot("fee_limit", "int64"),
}


class BadTransaction(ValueError):  # noqa: N818 - named like BadProtobuf
    """The bytes are not the exact encoding of an unsigned transaction."""


class SeveralContracts(BadTransaction):
    """It has not one contract but several, or none, which Tron does not take."""


@dataclass(frozen=True, slots=True)
class TrxTransfer:
    """`amount` sun go from `owner` to `to`."""

    owner: Address
    to: Address
    amount: int


@dataclass(frozen=True, slots=True)
class Trigger:
    """A call of a contract with `value` sun, and `token_value` of the TRC-10 token `token_id`."""

    owner: Address
    contract: Address
    value: int
    data: bytes
    token_value: int
    token_id: int


@dataclass(frozen=True, slots=True)
class OtherContract:
    """A contract of another type; `owner` and `message` are None where we do not read it."""

    number: int
    type: ContractType
    owner: Address | None
    message: Message | None


Contract: TypeAlias = TrxTransfer | Trigger | OtherContract


@dataclass(frozen=True, slots=True)
class TronTransaction:
    """What an unsigned transaction says. Times are in milliseconds since 1970, amounts in sun.

    `memo` is the field `data`; `unusual` names fields that no wallet fills. `message` is all of
    it as it was read, `parameter` what the contract's `value` holds, both with their positions.
    """

    contract: Contract
    memo: bytes
    permission_id: int
    ref_block: bytes
    expiration: int
    timestamp: int
    fee_limit: int
    unusual: tuple[str, ...]
    size: int
    message: Message
    parameter: Message | None


@lru_cache(maxsize=4096)
def tron_account(key: bytes) -> Address:
    """The Tron account of a compressed public key: the 20 bytes are those of the EVM account."""
    return tron_address(evm_account(key).raw)


def signing_hash(raw: bytes) -> bytes:
    """What is signed, and the transaction's id."""
    return hashlib.sha256(raw).digest()


def decode_transaction(raw: bytes) -> TronTransaction:
    """Read an unsigned transaction.

    Raises:
        BadTransaction: there is no such transaction, or it is not encoded canonically;
            SeveralContracts where that is what is wrong.
    """
    try:
        return _transaction(raw, read(raw, _RAW))
    except BadProtobuf as error:
        raise BadTransaction(str(error)) from error


def _transaction(raw: bytes, message: Message) -> TronTransaction:
    contracts = message.messages("contract")
    if len(contracts) != 1:
        raise SeveralContracts(f"it has {len(contracts)} contracts, and Tron takes exactly one")
    (outer,) = contracts
    contract, parameter = _contract(raw, outer)
    return TronTransaction(
        contract=contract,
        memo=message.data("data"),
        permission_id=_positive(outer, "Permission_id"),
        ref_block=message.data("ref_block_bytes") + message.data("ref_block_hash"),
        expiration=_positive(message, "expiration"),
        timestamp=_positive(message, "timestamp"),
        fee_limit=_positive(message, "fee_limit"),
        unusual=(
            *(name for name in _UNUSUAL if message.field(name)),
            *(name for name in _UNUSUAL_IN_CONTRACT if outer.field(name)),
        ),
        size=len(raw),
        message=message,
        parameter=parameter,
    )


def _contract(raw: bytes, outer: Message) -> tuple[Contract, Message | None]:
    """The contract, and its message where we read it."""
    number = outer.number("type")
    known = CONTRACT_TYPES.get(number)
    parameters = outer.messages("parameter")
    parameter = parameters[0] if parameters else Message(())
    if known is None:
        unknown = ContractType(f"contract type {number}", "Do what we know no name for")
        return OtherContract(number, unknown, None, None), None
    if parameter.data("type_url") != _TYPE_URL + known.message.encode():
        raise BadTransaction(f"its type says {known.message} and its parameter does not")
    if known.schema is None:
        return OtherContract(number, known, None, None), None
    value = parameter.field("value")
    start, end = (value.begin, value.end) if value else (0, 0)
    if number not in (TRANSFER, TRIGGER):
        return _other(raw, number, known, start, end)
    message = read(raw, known.schema, start, end)
    return _understood(number, message), message


def _understood(number: int, message: Message) -> TrxTransfer | Trigger:
    owner = _address(message, "owner_address")
    if number == TRANSFER:
        to = _address(message, "to_address")
        return TrxTransfer(owner, to, _positive(message, "amount"))
    return Trigger(
        owner=owner,
        contract=_address(message, "contract_address"),
        value=_positive(message, "call_value"),
        data=message.data("data"),
        token_value=_positive(message, "call_token_value"),
        token_id=_positive(message, "token_id"),
    )


def _other(
    raw: bytes, number: int, known: ContractType, start: int, end: int
) -> tuple[OtherContract, Message | None]:
    """A contract that people read and no rule: what cannot be read of it is left out."""
    try:
        message = read(raw, known.schema or {}, start, end)
    except BadProtobuf:
        return OtherContract(number, known, None, None), None
    owner = account_of(message.data("owner_address"))
    return OtherContract(number, known, owner, message), message


def account_of(data: bytes) -> Address | None:
    """The account that a field holds; None if it holds something else."""
    if len(data) == ADDRESS_SIZE and data.startswith(ADDRESS_PREFIX):
        return tron_address(data[len(ADDRESS_PREFIX) :])
    return None


def _address(message: Message, name: str) -> Address:
    account = account_of(message.data(name))
    if account is None:
        raise BadTransaction(f"its {name} is no Tron address")
    return account


def _positive(message: Message, name: str) -> int:
    number = message.number(name)
    if number < 0:
        raise BadTransaction(f"its {name} is negative")
    return number
