"""Base58 and Base58Check, the alphabet of Bitcoin, Tron and Solana addresses and of xpubs."""

import hashlib
from typing import Final

MAX_CHARS: Final = 128
"""Longest text that is decoded (decoding is quadratic); an extended key has 112 characters."""

_ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_VALUES: Final = {character: value for value, character in enumerate(_ALPHABET)}
_CHECKSUM: Final = 4


def decode(text: str) -> bytes | None:
    """The bytes, or None if a character is foreign or the text too long."""
    if len(text) > MAX_CHARS:
        return None
    number = 0
    for character in text:
        value = _VALUES.get(character)
        if value is None:
            return None
        number = number * 58 + value
    zeros = len(text) - len(text.lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def encode(data: bytes) -> str:
    """The text that `decode` reads."""
    number = int.from_bytes(data, "big")
    text = ""
    while number:
        number, digit = divmod(number, 58)
        text = _ALPHABET[digit] + text
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + text


def decode_check(text: str) -> bytes | None:
    """The payload, or None if it is not Base58Check."""
    data = decode(text)
    if data is None or len(data) < _CHECKSUM:
        return None
    payload, checksum = data[:-_CHECKSUM], data[-_CHECKSUM:]
    return payload if _checksum(payload) == checksum else None


def encode_check(payload: bytes) -> str:
    """The text that `decode_check` reads."""
    return encode(payload + _checksum(payload))


def _checksum(payload: bytes) -> bytes:
    return hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:_CHECKSUM]
