"""Elementary values of EIP-712 in JSON, each in the notations that leave no doubt about it."""

import re
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from approvals.chains.addresses import EVM_SIZE
from approvals.chains.eip712_types import Atom, remembered_hash
from approvals.chains.keccak import keccak256

_DECIMAL: Final = re.compile(r"0|-?[1-9][0-9]{0,77}")
_HEX_NUMBER: Final = re.compile(r"0x[0-9a-fA-F]{1,64}")
_HEX: Final = re.compile(r"0x(?:[0-9a-fA-F]{2})*")
_WORD: Final = 32

_Read: TypeAlias = tuple[bool | int | str | bytes, bytes] | None


def read_atom(kind: Atom, value: object) -> _Read:
    """The value, and the word of 32 bytes that stands for it; None if it is not of this type.

    Numbers are JSON integers, or texts of decimal digits without leading zeros, or of `0x` and
    hex (then never negative); bytes and addresses are `0x` and hex of the exact length.
    """
    return _READERS[kind.kind](value, kind.size)


def _number(value: object) -> int | None:
    if type(value) is int:
        return value
    if type(value) is not str:
        return None
    if _DECIMAL.fullmatch(value):
        return int(value)
    return int(value, 16) if _HEX_NUMBER.fullmatch(value) else None


def _uint(value: object, bits: int) -> _Read:
    number = _number(value)
    if number is None or not 0 <= number < 1 << bits:
        return None
    return number, number.to_bytes(_WORD, "big")


def _int(value: object, bits: int) -> _Read:
    number = _number(value)
    if number is None or not -(1 << bits - 1) <= number < 1 << bits - 1:
        return None
    return number, number.to_bytes(_WORD, "big", signed=True)


def _bool(value: object, _size: int) -> _Read:
    return (value, int(value).to_bytes(_WORD, "big")) if type(value) is bool else None


def _string(value: object, _size: int) -> _Read:
    return (value, remembered_hash(value.encode())) if type(value) is str else None


def _raw(value: object) -> bytes | None:
    if type(value) is not str or _HEX.fullmatch(value) is None:
        return None
    return bytes.fromhex(value[2:])


def _bytes(value: object, _size: int) -> _Read:
    raw = _raw(value)
    return None if raw is None else (raw, keccak256(raw))


def _fixed(value: object, size: int) -> _Read:
    raw = _raw(value)
    return None if raw is None or len(raw) != size else (raw, raw.ljust(_WORD, b"\0"))


def _address(value: object, _size: int) -> _Read:
    raw = _raw(value)
    return None if raw is None or len(raw) != EVM_SIZE else (raw, raw.rjust(_WORD, b"\0"))


_READERS: Final[Mapping[str, Callable[[object, int], _Read]]] = {
    "uint": _uint,
    "int": _int,
    "bool": _bool,
    "string": _string,
    "bytes": _bytes,
    "fixed": _fixed,
    "address": _address,
}
