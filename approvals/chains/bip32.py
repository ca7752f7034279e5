"""Public derivation of keys: from a root and a path to the key that signs, on either curve.

For secp256k1 it is CKDpub of BIP-32. For ed25519 it is Cobo's own: the same serialization and the
same HMAC, but the key field is 0x00 and a point, and the child is the parent plus IL (reduced
modulo the order) times the base point.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

from approvals.chains import base58, ed25519, secp256k1
from approvals.chains.addresses import EVM_SIZE, evm_address
from approvals.chains.keccak import keccak256
from approvals.findings import Address

Path: TypeAlias = tuple[int, ...]

HARDENED: Final = 2**31
MAX_LEVELS: Final = 10
XPUB: Final = bytes.fromhex("0488b21e")
"""Version bytes of a public secp256k1 key of the main network, the only ones Cobo uses."""

CPUB: Final = bytes.fromhex("02e8de90")
"""Version bytes of Cobo's public ed25519 keys."""

_SIZE: Final = 78
_MAX_PATH: Final = len("m") + MAX_LEVELS * len("/4294967295")
_COMPONENT: Final = re.compile(r"0|[1-9][0-9]{0,9}")


class BadKey(ValueError):  # noqa: N818 - named like BadJson
    """The text is not an extended public key, or has no such child."""


@dataclass(frozen=True, slots=True)
class _Curve:
    """What derivation asks of a curve. `child_key` is None where there is no such child."""

    is_key: Callable[[bytes], bool]
    child_key: Callable[[bytes, bytes], bytes | None]


_CURVES: Final[Mapping[bytes, _Curve]] = {
    XPUB: _Curve(secp256k1.is_key, secp256k1.child_key),
    CPUB: _Curve(ed25519.is_key, ed25519.child_key),
}


@dataclass(frozen=True, slots=True)
class ExtendedKey:
    """A public key that can be derived from.

    `version` (XPUB or CPUB) says the curve. `key` is 33 bytes: a compressed point of secp256k1, or
    0x00 and a point of ed25519.
    """

    version: bytes
    depth: int
    parent: bytes
    index: int
    chain_code: bytes
    key: bytes

    @property
    def text(self) -> str:
        """The key as `xpub...` or `cpub...`."""
        head = self.version + bytes([self.depth]) + self.parent + self.index.to_bytes(4, "big")
        return base58.encode_check(head + self.chain_code + self.key)


def parse_path(text: str) -> Path | None:
    """`m/44/60/1/0/0` as numbers; None unless each is decimal, below 2^31 and not hardened.

    The leading `m` is optional; `m` alone is the root itself.
    """
    return _path(text) if len(text) <= _MAX_PATH else None


@lru_cache(maxsize=4096)
def _path(text: str) -> Path | None:
    parts = text.split("/", MAX_LEVELS + 1)
    if parts[0] == "m":
        parts = parts[1:]
    if len(parts) > MAX_LEVELS or not all(map(_COMPONENT.fullmatch, parts)):
        return None
    path = tuple(map(int, parts))
    return path if all(index < HARDENED for index in path) else None


@lru_cache(maxsize=4096)
def parse_key(text: str) -> ExtendedKey:
    """Read an `xpub` or a `cpub`.

    Raises:
        BadKey: it is something else, damaged, or its point is no public key of its curve.
    """
    data = base58.decode_check(text)
    curve = None if data is None else _CURVES.get(data[:4])
    if data is None or curve is None or len(data) != _SIZE:
        raise BadKey("it is neither an xpub nor a cpub")
    key = data[45:]
    if not curve.is_key(key):
        raise BadKey("its point is no public key of its curve")
    depth, parent, index = data[4], data[5:9], int.from_bytes(data[9:13], "big")
    if depth == 0 and (index or any(parent)):
        raise BadKey("it claims to be a root and to have a parent")
    return ExtendedKey(data[:4], depth, parent, index, data[13:45], key)


@lru_cache(maxsize=4096)
def derive(root: str, path: Path) -> ExtendedKey:
    """The key at a path below an `xpub` or a `cpub`.

    Raises:
        BadKey: the root is no key, or (with probability 2^-127 or less) the child does not exist.
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
    if parent.depth == 255:  # noqa: PLR2004 - it is one byte
        raise BadKey("it is as deep as a key can be")
    seed = parent.key + index.to_bytes(4, "big")
    digest = hmac.new(parent.chain_code, seed, hashlib.sha512).digest()
    key = _CURVES[parent.version].child_key(parent.key, digest[:32])
    if key is None:
        raise BadKey("this child does not exist")
    fingerprint = hash160(parent.key)[:4]
    return ExtendedKey(parent.version, parent.depth + 1, fingerprint, index, digest[32:], key)


def hash160(data: bytes) -> bytes:
    """RIPEMD-160 of SHA-256: how keys and scripts are named in addresses and fingerprints."""
    from Crypto.Hash import RIPEMD160

    return RIPEMD160.new(hashlib.sha256(data).digest()).digest()
