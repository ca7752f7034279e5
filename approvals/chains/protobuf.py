"""Protocol buffers, read so strictly that each message has exactly one encoding.

A schema says which fields a message may have; whatever it leaves open is refused: fields that are
unknown, out of order or written twice, numbers that are not in their shortest form or do not fit
their type, and values that proto3 leaves out because they are the default. So writing again what
was read gives the same bytes. (https://protobuf.dev/programming-guides/encoding/)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, TypeAlias

Kind: TypeAlias = Literal["int64", "int32", "bool", "bytes", "text", "message"]

MAX_FIELDS: Final = 100
"""Fields of one message; a Tron transaction that the network takes stays far below."""

_NUMBER: Final = 0
_BYTES: Final = 2
_MAX_VARINT: Final = 10
_BITS: Final = 64
_MORE: Final = 0x80
_RANGES: Final[Mapping[Kind, range]] = {
    "int64": range(-(2**63), 2**63),
    "int32": range(-(2**31), 2**31),
    "bool": range(2),
}


class BadProtobuf(ValueError):  # noqa: N818 - named like BadJson
    """The bytes are not the one encoding of any message of this schema."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A field that a message may have. Enums are `int32`; `inner` is the schema of a message.

    Only messages are repeated: proto3 packs other things in a way that is not read here.
    """

    name: str
    kind: Kind
    inner: "Schema | None" = None
    repeated: bool = False


Schema: TypeAlias = Mapping[int, Slot]


class Field(NamedTuple):
    """A field that is there: bytes `start` to `end`, its tag included, its value from `begin`."""

    slot: Slot
    start: int
    begin: int
    end: int
    number: int = 0
    data: bytes = b""
    message: "Message | None" = None


class Message:
    """The fields that were read, in order; what is absent reads as its default."""

    __slots__ = ("_first", "fields")

    def __init__(self, fields: tuple[Field, ...]) -> None:
        self.fields = fields
        self._first = {field.slot.name: field for field in reversed(fields)}

    def number(self, name: str) -> int:
        """A number, an enum or a truth value (0 or 1)."""
        field = self._first.get(name)
        return field.number if field else 0

    def data(self, name: str) -> bytes:
        """Bytes, or a text in UTF-8."""
        field = self._first.get(name)
        return field.data if field else b""

    def messages(self, name: str) -> tuple["Message", ...]:
        """Every message of this name; at most one where the field is not repeated."""
        return tuple(
            field.message for field in self.fields if field.slot.name == name and field.message
        )

    def field(self, name: str) -> Field | None:
        """The first field of this name, with where it stands."""
        return self._first.get(name)


def read(data: bytes, schema: Schema, start: int = 0, end: int | None = None) -> Message:
    """The message that bytes `start` to `end` are.

    Raises:
        BadProtobuf: they are none of this schema, or not written as canonical.
    """
    at, end = start, len(data) if end is None else end
    fields: list[Field] = []
    last = 0
    while at < end:
        if len(fields) == MAX_FIELDS:
            raise BadProtobuf(f"a message has more than {MAX_FIELDS} fields")
        tag, begin = _varint(data, at, end)
        last, slot = tag >> 3, _slot(schema, tag, last)
        value, after = _varint(data, begin, end)
        if slot.kind in _RANGES:
            fields.append(Field(slot, at, begin, after, _number(value, slot)))
            at = after
            continue
        stop = after + value
        if stop > end:
            raise BadProtobuf(f"the field {slot.name} is cut short")
        if slot.inner is None:
            fields.append(Field(slot, at, after, stop, 0, _content(data[after:stop], slot)))
        else:
            inner = read(data, slot.inner, after, stop)
            fields.append(Field(slot, at, after, stop, message=inner))
        at = stop
    return Message(tuple(fields))


def _slot(schema: Schema, tag: int, last: int) -> Slot:
    """What a tag announces, after the field `last`."""
    number = tag >> 3
    slot = schema.get(number)
    if slot is None:
        raise BadProtobuf(f"there is no field {number} here")
    if number < last:
        raise BadProtobuf(f"the field {slot.name} is out of order")
    if number == last and not slot.repeated:
        raise BadProtobuf(f"the field {slot.name} is there twice")
    if tag & 7 != (_NUMBER if slot.kind in _RANGES else _BYTES):
        raise BadProtobuf(f"the field {slot.name} has another wire type")
    return slot


def _number(value: int, slot: Slot) -> int:
    if value >> _BITS - 1:
        value -= 1 << _BITS
    if value not in _RANGES[slot.kind]:
        raise BadProtobuf(f"the number {slot.name} does not fit its type")
    if value == 0:
        raise BadProtobuf(f"the field {slot.name} is there and says nothing")
    return value


def _content(content: bytes, slot: Slot) -> bytes:
    if not content:
        raise BadProtobuf(f"the field {slot.name} is there and says nothing")
    if slot.kind == "text":
        try:
            content.decode()
        except UnicodeDecodeError:
            raise BadProtobuf(f"the text {slot.name} is not UTF-8") from None
    return content


def _varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    """An unsigned number of up to 64 bits in its shortest form, and where it ends."""
    if at < end and data[at] < _MORE:
        return data[at], at + 1
    value = 0
    for place in range(at, min(end, at + _MAX_VARINT)):
        byte = data[place]
        if byte < _MORE:
            value |= byte << 7 * (place - at)
            if byte == 0:
                raise BadProtobuf("a number is not written in its shortest form")
            if value >> _BITS:
                raise BadProtobuf("a number is longer than 64 bits")
            return value, place + 1
        value |= (byte - _MORE) << 7 * (place - at)
    raise BadProtobuf("a number is cut short, or longer than 64 bits")
