"""EIP-7702: accounts that let the code of a contract run as their own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from approvals.chains.addresses import EVM_SIZE
from approvals.chains.keccak import keccak256
from approvals.chains.rlp import BadRlp, Item, encode, whole_number

_MAGIC: Final = b"\x05"
_FIELDS: Final = 6
_HALF_ORDER: Final = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
"""Half the order of secp256k1: EIP-2 allows no larger `s`."""


@dataclass(frozen=True, slots=True)
class Authorization:
    """One account's word that the code of `contract` (20 bytes) is its own from now on.

    `chain_id` 0 is every chain; a contract of zeros takes an earlier word back. The account is not
    named, it is who signed: `authority`.
    """

    chain_id: int
    contract: bytes
    nonce: int
    y_parity: int
    r: int
    s: int


def read_authorizations(items: Sequence[Item]) -> tuple[Authorization, ...]:
    """The authorization list of a set-code transaction.

    Raises:
        BadRlp: it is none, by the bounds that EIP-7702 sets.
    """
    if not items:
        raise BadRlp("it authorizes nothing, which EIP-7702 does not allow")
    return tuple(map(_authorization, items))


def authority(said: Authorization) -> bytes | None:
    """The account that signed, 20 bytes; None if nobody can have."""
    from btclib_libsecp256k1 import recovery

    message = encode([_number(said.chain_id), said.contract, _number(said.nonce)])
    if said.y_parity > 1 or said.s > _HALF_ORDER:
        return None
    signature = said.r.to_bytes(32, "big") + said.s.to_bytes(32, "big")
    digest = keccak256(_MAGIC + message)
    try:
        key = recovery.recover(digest, signature, said.y_parity, compressed=False)
    except ValueError:
        return None
    return keccak256(key[1:])[-EVM_SIZE:]


def _authorization(item: Item) -> Authorization:
    if isinstance(item, bytes) or len(item) != _FIELDS:
        raise BadRlp(f"an authorization is not a list of {_FIELDS}")
    chain_id, contract, nonce, y_parity, r, s = item
    if not isinstance(contract, bytes) or len(contract) != EVM_SIZE:
        raise BadRlp(f"an authorization names a contract that is not {EVM_SIZE} bytes")
    found = Authorization(
        chain_id=whole_number(chain_id),
        contract=contract,
        nonce=whole_number(nonce),
        y_parity=whole_number(y_parity),
        r=whole_number(r),
        s=whole_number(s),
    )
    if found.nonce >> 64 or found.y_parity >> 8:
        raise BadRlp("an authorization has a number that is too large")
    return found


def _number(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8, "big")
