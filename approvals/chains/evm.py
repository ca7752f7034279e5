"""Unsigned EVM transactions, decoded exactly: EIP-155, EIP-2930 and EIP-1559."""

from dataclasses import dataclass
from typing import Final

from approvals.chains.addresses import EVM_SIZE
from approvals.chains.keccak import keccak256
from approvals.chains.rlp import BadRlp, Item, decode, whole_number

TRANSFER: Final = bytes.fromhex("a9059cbb")
"""Selector of ERC-20's `transfer(address,uint256)`."""

_LAST_ENVELOPE: Final = 0x7F
_FIRST_LIST: Final = 0xC0
_ACCESS_LIST: Final = 1
_DYNAMIC_FEE: Final = 2
_OTHER_ENVELOPES: Final = {
    3: "a blob transaction (EIP-4844)",
    4: "a set-code transaction (EIP-7702)",
}
_BEFORE_EIP155: Final = 6
_EIP155: Final = 9
_WORD: Final = 32


class BadTransaction(ValueError):  # noqa: N818 - named like BadRlp
    """The bytes are not the exact encoding of an unsigned transaction."""


@dataclass(frozen=True, slots=True)
class EvmTransaction:
    """What an unsigned transaction says. Prices are in wei; `priority` is None before EIP-1559.

    `gas_price` is the highest price a unit of gas may cost. `to` is empty for a creation.
    """

    chain_id: int
    nonce: int
    gas_price: int
    priority: int | None
    gas_limit: int
    to: bytes
    value: int
    data: bytes

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


@dataclass(frozen=True, slots=True)
class TokenTransfer:
    """A call of ERC-20's `transfer`. `exact`: there is exactly one way to read the calldata."""

    to: bytes
    amount: int
    exact: bool


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


def token_transfer(data: bytes) -> TokenTransfer | None:
    """The call of `transfer` in calldata, also where it carries more than a wallet would write."""
    size = len(TRANSFER) + 2 * _WORD
    if not data.startswith(TRANSFER) or len(data) < size:
        return None
    padding, to = data[4:16], data[16:36]
    exact = len(data) == size and not any(padding)
    return TokenTransfer(to, int.from_bytes(data[36:size], "big"), exact)


def _decode(raw: bytes) -> EvmTransaction | Foreign:
    if not raw:
        raise BadTransaction("there are no bytes")
    lead = raw[0]
    if lead >= _FIRST_LIST:
        return _legacy(_list(decode(raw)))
    if lead in (_ACCESS_LIST, _DYNAMIC_FEE):
        fields = _list(decode(raw[1:]))
        return _access_list(fields) if lead == _ACCESS_LIST else _dynamic_fee(fields)
    if lead <= _LAST_ENVELOPE:
        known = lead in _OTHER_ENVELOPES
        unknown = f"a transaction of the unknown type {lead} (EIP-2718)"
        return Foreign(_OTHER_ENVELOPES.get(lead, unknown), hashed=known)
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
