"""Arguments of a call, read so strictly that each list of values has exactly one encoding.

Solidity's ABI lets offsets point anywhere and upper bytes hold anything; contracts differ in what
they then do. Here a number fills its word and no more, tails follow each other in order without
gaps, padding is zero, and nothing is left over: what compilers and wallets write, and only that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from approvals.chains.methods import split_types

WORD: Final = 32
MAX_ITEMS: Final = 1_000
"""Items of one array; with more of them the calldata counts as not understood."""

_ADDRESS_BITS: Final = 160


class NotExact(ValueError):  # noqa: N818 - named like BadRlp
    """The bytes are not the one canonical encoding of such values."""


@dataclass(frozen=True, slots=True)
class _Type:
    """`bits` bounds a number; `size` counts the bytes of a fixed string, left-aligned.

    `parts` are a tuple's; `item` is an array's; a type that is `dynamic` stands behind an offset.
    """

    text: str
    words: int = 1
    dynamic: bool = False
    bits: int = 0
    size: int = 0
    parts: tuple["_Type", ...] = ()
    item: "_Type | None" = None


def decode(types: Sequence[str], data: bytes) -> tuple[Any, ...]:
    """The values that these bytes are, as the types say.

    `bool`, `int` for `uintN`, `bytes` for `bytes`, `bytesN` and (20 of them) `address`, and tuples
    for tuples and for arrays of any length. There are no other types in the table of methods.

    Raises:
        NotExact: they are not, or are encoded in any other way than the canonical one.
    """
    values, end = _fields(_parsed(tuple(types)), data, 0)
    if end != len(data):
        raise NotExact(f"{len(data) - end} bytes follow the arguments")
    return values


def word(data: bytes, index: int) -> int:
    """The word at this place of the arguments as a number, whatever stands around it; 0 if cut."""
    return int.from_bytes(data[index * WORD : (index + 1) * WORD].ljust(WORD, b"\0"), "big")


@lru_cache(maxsize=1024)
def _parsed(types: tuple[str, ...]) -> tuple[_Type, ...]:
    return tuple(map(_type, types))


def _type(text: str) -> _Type:
    if text.endswith("[]"):
        return _Type(text, dynamic=True, item=_type(text[:-2]))
    if text.startswith("("):
        parts = _parsed(split_types(text[1:-1]))
        dynamic = any(part.dynamic for part in parts)
        return _Type(text, 1 if dynamic else sum(p.words for p in parts), dynamic, parts=parts)
    if text == "bytes":
        return _Type(text, dynamic=True)
    if text.startswith("bytes"):
        return _Type(text, size=int(text[5:]))
    bits = {"address": _ADDRESS_BITS, "bool": 1}.get(text)
    return _Type(text, bits=int(text.removeprefix("uint")) if bits is None else bits)


def _fields(types: Sequence[_Type], data: bytes, start: int) -> tuple[tuple[Any, ...], int]:
    """Values side by side: heads first, then what stands behind the offsets; and the end."""
    values: list[Any] = []
    at = start
    tail = start + WORD * sum(kind.words for kind in types)
    if tail > len(data):
        raise NotExact("the arguments are cut short")
    for kind in types:
        if kind.dynamic:
            if int.from_bytes(data[at : at + WORD], "big") != tail - start:
                raise NotExact("an offset does not point at what follows")
            value, tail = _tail(kind, data, tail)
            at += WORD
        elif kind.parts:
            value, at = _fields(kind.parts, data, at)
        else:
            value = _word(kind, data[at : at + WORD])
            at += WORD
        values.append(value)
    return tuple(values), tail


def _tail(kind: _Type, data: bytes, start: int) -> tuple[Any, int]:
    if kind.parts:
        return _fields(kind.parts, data, start)
    body = start + WORD
    length = int.from_bytes(data[start:body], "big")
    if body > len(data) or length > len(data):
        raise NotExact("a length is larger than what follows")
    if kind.item is not None:
        if length > MAX_ITEMS:
            raise NotExact(f"an array has more than {MAX_ITEMS} items")
        return _fields((kind.item,) * length, data, body)
    stop = body + length
    end = stop + -length % WORD
    if end > len(data) or any(data[stop:end]):
        raise NotExact("bytes are cut short or not padded with zeros")
    return data[body:stop], end


def _word(kind: _Type, data: bytes) -> bool | int | bytes:
    if kind.size:
        if any(data[kind.size :]):
            raise NotExact("fixed bytes are not padded with zeros")
        return data[: kind.size]
    number = int.from_bytes(data, "big")
    if number >> kind.bits:
        raise NotExact(f"{kind.text} has dirty upper bytes")
    if kind.text == "address":
        return data[WORD - _ADDRESS_BITS // 8 :]
    return bool(number) if kind.text == "bool" else number
