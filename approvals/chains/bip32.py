"""Public derivation of secp256k1 keys (BIP-32 CKDpub): from a root and a path to an address."""

import hashlib
import hmac
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

from approvals.chains import base58
from approvals.chains.addresses import EVM_SIZE, evm_address
from approvals.chains.keccak import keccak256
from approvals.findings import Address

Path: TypeAlias = tuple[int, ...]

HARDENED: Final = 2**31
MAX_LEVELS: Final = 10
XPUB: Final = bytes.fromhex("0488b21e")
"""Version bytes of a public secp256k1 key of the main network, the only ones Cobo uses."""

_SIZE: Final = 78
_COMPONENT: Final = re.compile(r"0|[1-9][0-9]{0,9}")


class BadKey(ValueError):  # noqa: N818 - named like BadJson
    """The text is not an extended public key, or has no such child."""


@dataclass(frozen=True, slots=True)
class ExtendedKey:
    """A public key that can be derived from. `key` is 33 bytes, compressed."""

    depth: int
    parent: bytes
    index: int
    chain_code: bytes
    key: bytes

    @property
    def text(self) -> str:
        """The key as `xpub...`."""
        head = XPUB + bytes([self.depth]) + self.parent + self.index.to_bytes(4, "big")
        return base58.encode_check(head + self.chain_code + self.key)


def parse_path(text: str) -> Path | None:
    """`m/44/60/1/0/0` as numbers; None unless each is decimal, below 2^31 and not hardened.

    The leading `m` is optional; `m` alone is the root itself.
    """
    parts = text.split("/", MAX_LEVELS + 1)
    if parts[0] == "m":
        parts = parts[1:]
    if len(parts) > MAX_LEVELS or not all(map(_COMPONENT.fullmatch, parts)):
        return None
    path = tuple(map(int, parts))
    return path if all(index < HARDENED for index in path) else None


@lru_cache(maxsize=4096)
def parse_key(text: str) -> ExtendedKey:
    """Read an `xpub`.

    Raises:
        BadKey: it is something else, damaged, or its point is not on the curve.
    """
    from btclib_libsecp256k1 import keys

    data = base58.decode_check(text)
    if data is None or len(data) != _SIZE or data[:4] != XPUB:
        raise BadKey("it is not an xpub")
    key = data[45:]
    try:
        keys.parse(key)
    except ValueError:
        raise BadKey("its point is not on the curve") from None
    depth, parent, index = data[4], data[5:9], int.from_bytes(data[9:13], "big")
    if depth == 0 and (index or any(parent)):
        raise BadKey("it claims to be a root and to have a parent")
    return ExtendedKey(depth, parent, index, data[13:45], key)


@lru_cache(maxsize=4096)
def derive(root: str, path: Path) -> ExtendedKey:
    """The key at a path below an `xpub`.

    Raises:
        BadKey: the root is no key, or (with probability 2^-127) the child does not exist.
    """
    if not path:
        return parse_key(root)
    return _child(derive(root, path[:-1]), path[-1])


@lru_cache(maxsize=4096)
def evm_account(key: bytes) -> Address:
    """The EVM account of a compressed public key: the end of Keccak-256 over x and y."""
    from btclib_libsecp256k1 import keys

    return evm_address(keccak256(keys.serialize(keys.parse(key), compressed=False)[1:])[-EVM_SIZE:])


def _child(parent: ExtendedKey, index: int) -> ExtendedKey:
    from btclib_libsecp256k1 import keys

    seed = parent.key + index.to_bytes(4, "big")
    digest = hmac.new(parent.chain_code, seed, hashlib.sha512).digest()
    if parent.depth == 255:  # noqa: PLR2004 - it is one byte
        raise BadKey("it is as deep as a key can be")
    try:
        key = keys.pubkey_tweak_add(parent.key, digest[:32])
    except ValueError:
        raise BadKey("this child does not exist") from None
    fingerprint = _hash160(parent.key)[:4]
    return ExtendedKey(parent.depth + 1, fingerprint, index, digest[32:], key)


def _hash160(data: bytes) -> bytes:
    from Crypto.Hash import RIPEMD160

    return RIPEMD160.new(hashlib.sha256(data).digest()).digest()
