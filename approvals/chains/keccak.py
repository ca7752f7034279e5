"""Keccak-256 as Ethereum uses it: the padding from before SHA-3 was fixed."""

from typing import Final

from Crypto.Hash import keccak

_SIZE: Final = 32


def keccak256(data: bytes) -> bytes:
    """The 32-byte Keccak-256 digest."""
    return keccak.Keccak_Hash(data, _SIZE, update_after_digest=False).digest()
