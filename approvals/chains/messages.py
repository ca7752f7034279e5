"""The hashes that are signed for a message: EIP-191 and BIP-137."""

import hashlib
from typing import Final

from approvals.chains.keccak import keccak256

_ETHEREUM: Final = b"\x19Ethereum Signed Message:\n"
_BITCOIN: Final = b"\x18Bitcoin Signed Message:\n"
_ONE_BYTE: Final = 0xFD


def personal_hash(message: bytes) -> bytes:
    """EIP-191, version 0x45: what `personal_sign` and `eth_sign` sign."""
    return keccak256(_ETHEREUM + str(len(message)).encode() + message)


def bitcoin_message_hash(message: bytes) -> bytes:
    """BIP-137: twice SHA-256 over the magic and the message with its length."""
    payload = _BITCOIN + _compact_size(len(message)) + message
    return hashlib.sha256(hashlib.sha256(payload).digest()).digest()


def _compact_size(number: int) -> bytes:
    """A length as Bitcoin writes it, up to the 4 GiB that no message reaches."""
    if number < _ONE_BYTE:
        return number.to_bytes(1, "little")
    if number < 1 << 16:
        return b"\xfd" + number.to_bytes(2, "little")
    return b"\xfe" + number.to_bytes(4, "little")
