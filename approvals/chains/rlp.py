"""RLP as Ethereum writes it, read so strictly that each value has exactly one encoding.

Every rule of the Yellow Paper's appendix B is enforced, so decoding followed by encoding gives
the same bytes; `encode` exists to say so in tests and to build what tests need.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple, TypeAlias, Union

Item: TypeAlias = Union[bytes, "list[Item]"]

MAX_DEPTH: Final = 8
"""Lists inside each other; an access list needs four."""

_SHORT: Final = 55
_STRING: Final = 0x80
_LONG_STRING: Final = 0xB7
_LIST: Final = 0xC0
_LONG_LIST: Final = 0xF7


class BadRlp(ValueError):  # noqa: N818 - named like BadJson
    """The bytes are not the one canonical encoding of anything."""


class Place(NamedTuple):
    """An item and the bytes that it is, from `start` up to `end`; `body` is behind its length.

    `depth` counts the lists around it.
    """

    start: int
    end: int
    depth: int
    body: int
    item: Item


def decode(data: bytes) -> Item:
    """The one item that these bytes are, with nothing before, after or in between."""
    return _whole(data, 0, None)


def locate(data: bytes, start: int = 0) -> list[Place]:
    """The item that these bytes are from `start` on, and every one inside, outer ones first."""
    places: list[Place] = []
    _whole(data, start, places)
    return places


def encode(item: bytes | Sequence[Item]) -> bytes:
    """The canonical encoding."""
    if isinstance(item, bytes):
        if len(item) == 1 and item[0] < _STRING:
            return item
        return _prefix(len(item), _STRING) + item
    body = b"".join(map(encode, item))
    return _prefix(len(body), _LIST) + body


def whole_number(item: Item) -> int:
    """A number as RLP holds it: big-endian, no leading zero, zero is empty, at most 32 bytes."""
    if not isinstance(item, bytes):
        raise BadRlp("a list stands where a number belongs")
    if item[:1] == b"\0":
        raise BadRlp("a number has a leading zero")
    if len(item) > 32:  # noqa: PLR2004 - the size of an EVM word
        raise BadRlp("a number is longer than 32 bytes")
    return int.from_bytes(item, "big")


def _prefix(length: int, offset: int) -> bytes:
    if length <= _SHORT:
        return bytes([offset + length])
    digits = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([offset + _SHORT + len(digits)]) + digits


def _whole(data: bytes, start: int, places: list[Place] | None) -> Item:
    item, end = _item(data, start, len(data), MAX_DEPTH, places)
    if end != len(data):
        raise BadRlp(f"{len(data) - end} bytes follow the item")
    return item


def _item(
    data: bytes, at: int, end: int, depth: int, places: list[Place] | None
) -> tuple[Item, int]:
    """The item that begins at `at` and must not go beyond `end`; and where it stops."""
    if at >= end:
        raise BadRlp("an item is missing")
    start, stop = _body(data, at, end)
    item: Item = [] if data[at] >= _LIST else data[start:stop]
    if places is not None:
        places.append(Place(at, stop, MAX_DEPTH - depth, start, item))
    if isinstance(item, list):
        if depth == 0:
            raise BadRlp(f"lists nest deeper than {MAX_DEPTH}")
        while start < stop:
            lead = data[start]
            if lead < _STRING and places is None:  # a number below 128, as most fields are
                item.append(data[start : start + 1])
                start += 1
                continue
            inner, start = _item(data, start, stop, depth - 1, places)
            item.append(inner)
    return item, stop


def _body(data: bytes, at: int, end: int) -> tuple[int, int]:
    """Where the body of the item at `at` begins and stops; a byte below 0x80 is its own."""
    lead = data[at]
    if lead < _STRING:
        return at, at + 1
    offset, long = (_STRING, _LONG_STRING) if lead < _LIST else (_LIST, _LONG_LIST)
    start, length = at + 1, lead - offset
    if lead > long:
        start, length = _long(data, at + 1, end, lead - long)
    stop = start + length
    if stop > end:
        raise BadRlp("an item is cut short")
    if length == 1 and lead < _LIST and data[start] < _STRING:
        raise BadRlp("a single byte is written as a string of one")
    return start, stop


def _long(data: bytes, at: int, end: int, size: int) -> tuple[int, int]:
    """Where the body of a long item begins, and its length."""
    start = at + size
    if start > end:
        raise BadRlp("a length is cut short")
    length = int.from_bytes(data[at:start], "big")
    if data[at] == 0 or length <= _SHORT:
        raise BadRlp("a length is not written in its shortest form")
    return start, length
