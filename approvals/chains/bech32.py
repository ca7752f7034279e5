"""Segwit addresses: bech32 (BIP-173) and bech32m (BIP-350)."""

from functools import reduce
from operator import xor
from typing import Final

MAX_CHARS: Final = 90
"""BIP-173: a bech32 string is at most 90 characters long."""

_ALPHABET: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_VALUES: Final = {character: value for value, character in enumerate(_ALPHABET)}
_GENERATOR: Final = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_STEPS: Final = tuple(
    reduce(xor, (part for bit, part in enumerate(_GENERATOR) if top >> bit & 1), 0)
    for top in range(32)
)
"""What the five bits that leave the checksum do to it."""

_BECH32: Final = 1
_BECH32M: Final = 0x2BC830A3
_CHECKSUM: Final = 6
_MAX_VERSION: Final = 16
_V0_SIZES: Final = (20, 32)


def decode_segwit(text: str) -> tuple[str, int, bytes] | None:
    """The prefix, witness version and program of a segwit address, or None if it is none."""
    lower = text.lower()
    prefix, one, rest = lower.rpartition("1")
    if len(text) > MAX_CHARS or text not in (lower, text.upper()) or not (prefix and one):
        return None
    if not text.isascii() or any(character not in _VALUES for character in rest):
        return None
    values = [_VALUES[character] for character in rest]
    if len(values) <= _CHECKSUM:
        return None
    version, program = values[0], _bytes(values[1:-_CHECKSUM])
    constant = _BECH32 if version == 0 else _BECH32M
    if program is None or version > _MAX_VERSION or _polymod(prefix, values) != constant:
        return None
    sizes = _V0_SIZES if version == 0 else range(2, 41)
    return (prefix, version, program) if len(program) in sizes else None


def encode_segwit(prefix: str, version: int, program: bytes) -> str:
    """The address that `decode_segwit` reads, in lower case."""
    values = [version, *_groups(program)]
    constant = _BECH32 if version == 0 else _BECH32M
    check = _polymod(prefix, values + [0] * _CHECKSUM) ^ constant
    values += [check >> 5 * (_CHECKSUM - 1 - place) & 31 for place in range(_CHECKSUM)]
    return f"{prefix}1{''.join(_ALPHABET[value] for value in values)}"


def _polymod(prefix: str, values: list[int]) -> int:
    expanded = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]
    check = 1
    for value in expanded + values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value ^ _STEPS[top]
    return check


def _bytes(values: list[int]) -> bytes | None:
    """Five-bit groups as bytes; None if what is left over is more than padding of zeros."""
    bits = len(values) * 5
    number = 0
    for value in values:
        number = number << 5 | value
    spare = bits % 8
    if spare >= 5 or number & ((1 << spare) - 1):  # noqa: PLR2004 - a whole group is no padding
        return None
    return (number >> spare).to_bytes(bits // 8, "big")


def _groups(data: bytes) -> list[int]:
    """Bytes as five-bit groups, the last one filled with zeros."""
    count = (len(data) * 8 + 4) // 5
    number = int.from_bytes(data, "big") << (count * 5 - len(data) * 8)
    return [number >> 5 * place & 31 for place in reversed(range(count))]
