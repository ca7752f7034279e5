"""Unsigned EVM transactions, decoded exactly: EIP-155, EIP-2930, EIP-1559 and EIP-7702."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from approvals.chains.addresses import EVM_SIZE
from approvals.chains.delegation import Authorization, read_authorizations
from approvals.chains.keccak import keccak256
from approvals.chains.rlp import BadRlp, Item, decode, whole_number

_LAST_ENVELOPE: Final = 0x7F
_FIRST_LIST: Final = 0xC0
_ACCESS_LIST: Final = 1
_DYNAMIC_FEE: Final = 2
_BLOB: Final = 3
_SET_CODE: Final = 4
_BEFORE_EIP155: Final = 6
_EIP155: Final = 9
_WORD: Final = 32


class BadTransaction(ValueError):  # noqa: N818 - named like BadRlp
    """The bytes are not the exact encoding of an unsigned transaction."""


@dataclass(frozen=True, slots=True)
class EvmTransaction:
    """What an unsigned transaction says. Prices are in wei; `priority` is None before EIP-1559.

    `gas_price` is the highest price a unit of gas may cost. `to` is empty for a creation.
    `authorizations` are those of a set-code transaction (EIP-7702), which has at least one.
    """

    chain_id: int
    nonce: int
    gas_price: int
    priority: int | None
    gas_limit: int
    to: bytes
    value: int
    data: bytes
    authorizations: tuple[Authorization, ...] = ()

    @property
    def fee_at_most(self) -> int:
        """Gas limit times highest gas price, in wei.

        Roll-ups of the OP stack charge for data beside it; no field of a transaction bounds that.
        """
        return self.gas_limit * self.gas_price


@dataclass(frozen=True, slots=True)
class Foreign:
    """A transaction of a form we do not read. `hashed` says that its hash is surely known."""

    what: str
    hashed: bool


def signing_hash(raw: bytes) -> bytes:
    """What is signed for an unsigned transaction, of every form (EIP-155, EIP-2718)."""
    return keccak256(raw)


def decode_transaction(raw: bytes) -> EvmTransaction | Foreign:
    """Read an unsigned transaction.

    Raises:
        BadTransaction: there is no such transaction, or it is not encoded canonically.
    """
    try:
        return _decode(raw)
    except BadRlp as error:
        raise BadTransaction(str(error)) from error


def _decode(raw: bytes) -> EvmTransaction | Foreign:
    if not raw:
        raise BadTransaction("there are no bytes")
    lead = raw[0]
    if lead >= _FIRST_LIST:
        return _legacy(_list(decode(raw)))
    read = _ENVELOPES.get(lead)
    if read is not None:
        return read(_list(decode(raw[1:])))
    if lead == _BLOB:
        return Foreign("a blob transaction (EIP-4844)", hashed=True)
    if lead <= _LAST_ENVELOPE:
        return Foreign(f"a transaction of the unknown type {lead} (EIP-2718)", hashed=False)
    raise BadTransaction("they begin like no transaction")


def _legacy(fields: list[Item]) -> EvmTransaction | Foreign:
    if len(fields) not in (_BEFORE_EIP155, _EIP155):
        raise BadTransaction(f"a legacy transaction does not have {len(fields)} fields")
    nonce, price, gas, to, value, data, *tail = fields
    chain_id = 0
    if tail:
        chain_id = whole_number(tail[0])
        if tail[1:] != [b"", b""]:
            raise BadTransaction("it does not end as an unsigned transaction does (EIP-155)")
    transaction = EvmTransaction(
        chain_id=chain_id,
        nonce=whole_number(nonce),
        gas_price=whole_number(price),
        priority=None,
        gas_limit=whole_number(gas),
        to=_to(to),
        value=whole_number(value),
        data=_bytes(data),
    )
    if tail:
        return transaction
    return Foreign("a transaction from before EIP-155, valid on every chain", hashed=True)


def _access_list(fields: list[Item]) -> EvmTransaction:
    if len(fields) != 8:  # noqa: PLR2004 - EIP-2930
        raise BadTransaction(f"type 1 has 8 unsigned fields, not {len(fields)}")
    chain_id, nonce, price, gas, to, value, data, access = fields
    _check_access(access)
    return EvmTransaction(
        chain_id=whole_number(chain_id),
        nonce=whole_number(nonce),
        gas_price=whole_number(price),
        priority=None,
        gas_limit=whole_number(gas),
        to=_to(to),
        value=whole_number(value),
        data=_bytes(data),
    )


def _dynamic_fee(fields: list[Item]) -> EvmTransaction:
    if len(fields) != 9:  # noqa: PLR2004 - EIP-1559
        raise BadTransaction(f"type 2 has 9 unsigned fields, not {len(fields)}")
    chain_id, nonce, priority, price, gas, to, value, data, access = fields
    _check_access(access)
    return EvmTransaction(
        chain_id=whole_number(chain_id),
        nonce=whole_number(nonce),
        gas_price=whole_number(price),
        priority=whole_number(priority),
        gas_limit=whole_number(gas),
        to=_to(to),
        value=whole_number(value),
        data=_bytes(data),
    )


def _set_code(fields: list[Item]) -> EvmTransaction:
    """EIP-7702: as EIP-1559, but never a creation, and with authorizations at the end."""
    if len(fields) != 10:  # noqa: PLR2004 - EIP-7702
        raise BadTransaction(f"type 4 has 10 unsigned fields, not {len(fields)}")
    transaction = _dynamic_fee(fields[:9])
    if not transaction.to:
        raise BadTransaction("type 4 cannot create a contract (EIP-7702)")
    return replace(transaction, authorizations=read_authorizations(_list(fields[9])))


_ENVELOPES: Final[Mapping[int, Callable[[list[Item]], EvmTransaction]]] = {
    _ACCESS_LIST: _access_list,
    _DYNAMIC_FEE: _dynamic_fee,
    _SET_CODE: _set_code,
}


def _check_access(item: Item) -> None:
    """An access list only changes what gas costs, so its shape is all that matters."""
    for entry in _list(item):
        account, keys = _pair(entry)
        if len(_bytes(account)) != EVM_SIZE:
            raise BadTransaction("an access list names an account that is not 20 bytes")
        if any(len(_bytes(key)) != _WORD for key in _list(keys)):
            raise BadTransaction("an access list names a key that is not 32 bytes")


def _pair(item: Item) -> tuple[Item, Item]:
    fields = _list(item)
    if len(fields) != 2:  # noqa: PLR2004 - a pair
        raise BadTransaction("an access list entry is not a pair")
    return fields[0], fields[1]


def _to(item: Item) -> bytes:
    to = _bytes(item)
    if len(to) not in (0, EVM_SIZE):
        raise BadTransaction(f"the recipient is {len(to)} bytes long, not {EVM_SIZE}")
    return to


def _list(item: Item) -> list[Item]:
    if isinstance(item, bytes):
        raise BadTransaction("a string stands where a list belongs")
    return item


def _bytes(item: Item) -> bytes:
    if not isinstance(item, bytes):
        raise BadTransaction("a list stands where a string belongs")
    return item
