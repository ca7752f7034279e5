"""Keccak-256 as Ethereum uses it: the padding from before SHA-3 was fixed."""

from Crypto.Hash import keccak


def keccak256(data: bytes) -> bytes:
    """The 32-byte Keccak-256 digest."""
    return keccak.new(data=data, digest_bits=256).digest()
