"""EIP-712 typed data: a JSON document becomes typed values, and the hash that is signed.

Nothing is guessed: a document that could be read in two ways, or says more than is signed, is
refused. Work is bounded by MAX_VALUES and MAX_DEPTH, and else linear in the document.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias, assert_never

from approvals.chains.eip712_atoms import read_atom
from approvals.chains.eip712_types import (
    DOMAIN,
    DOMAIN_MEMBERS,
    ArrayOf,
    Atom,
    BadTypedData,
    Declared,
    Member,
    Named,
    Type,
    check_domain,
    domain_of,
    encode_type,
    reached,
    read_types,
    remembered_hash,
)
from approvals.chains.keccak import keccak256

__all__ = ["BadTypedData", "Field", "Struct", "TypedData", "Value", "read_typed_data"]

MAX_VALUES: Final = 10_000
"""Members and array elements of one document."""

MAX_DEPTH: Final = 32
"""Structs and arrays inside each other."""

_REMEMBERED: Final = 2_000
"""Characters of the longest types that are remembered."""

_ENCODER: Final = json.JSONEncoder()
_KEYS: Final = {"types", "primaryType", "domain", "message"}

Value: TypeAlias = "bool | int | str | bytes | tuple[Value, ...] | Struct"
"""A number, a text, an address or bytes, the elements of an array, a struct."""


@dataclass(frozen=True, slots=True)
class Field:
    """One member of a struct, with its value."""

    name: str
    type: Type
    value: Value


@dataclass(frozen=True, slots=True)
class Struct:
    """The values of a struct, in the order of its declaration; `hash` is its `hashStruct`."""

    name: str
    fields: tuple[Field, ...]
    hash: bytes

    def value(self, name: str) -> "Value | None":
        """The value of a member; None where there is no such member."""
        return next((field.value for field in self.fields if field.name == name), None)

    def number(self, name: str) -> int:
        """A number or a bool of a struct whose type is known.

        Raises:
            TypeError: the member is something else.
        """
        value = self.value(name)
        if isinstance(value, int):
            return value
        raise TypeError(f"{name} is no number")

    def raw(self, name: str) -> bytes:
        """An address or bytes of a struct whose type is known.

        Raises:
            TypeError: the member is something else.
        """
        value = self.value(name)
        if isinstance(value, bytes):
            return value
        raise TypeError(f"{name} is not bytes")

    def structs(self, name: str) -> "tuple[Struct, ...]":
        """A struct, or an array of structs, inside a struct whose type is known."""
        value = self.value(name)
        inside = value if isinstance(value, tuple) else (value,)
        return tuple(each for each in inside if isinstance(each, Struct))


@dataclass(frozen=True, slots=True)
class TypedData:
    """A document. `encoded_type` is the `encodeType` of its primary type."""

    domain: Struct
    message: Struct
    encoded_type: str

    @property
    def signing_hash(self) -> bytes:
        """The hash that is signed: of 0x1901, the domain's hash and the message's."""
        return keccak256(b"\x19\x01" + self.domain.hash + self.message.hash)


def read_typed_data(document: object) -> TypedData:
    """Read a JSON document as `eth_signTypedData` takes it.

    Numbers are JSON integers, or texts of decimal digits or of `0x` and hex; bytes and addresses
    are `0x` and hex of the exact length. The type of the domain may be left out.

    Raises:
        BadTypedData: it cannot be read, in one way and without a rest.
    """
    if type(document) is not dict or document.keys() != _KEYS:
        raise BadTypedData("it does not have types, primaryType, domain and message alone")
    types, primary, domain = document["types"], document["primaryType"], document["domain"]
    if type(primary) is not str:
        raise BadTypedData("its primary type is not declared")
    said = domain if type(domain) is dict else {}
    names = tuple(name for name in DOMAIN_MEMBERS if name in said)
    text = _ENCODER.encode(types)
    known = _known_schema if len(text) <= _REMEMBERED else _schema
    schema = known(text, primary, names)
    reader = _Reader(schema)
    return TypedData(
        domain=reader.struct(DOMAIN, domain, 0),
        message=reader.struct(primary, document["message"], 0),
        encoded_type=schema.encoded[primary],
    )


@dataclass(frozen=True, slots=True)
class _Schema:
    """The types of a document, checked; `encoded` is the `encodeType` of each."""

    declared: Declared
    encoded: Mapping[str, str]


def _schema(text: str, primary: str, names: tuple[str, ...]) -> _Schema:
    """The types in this JSON text; `names` are the domain's members, for one left undeclared."""
    declared = read_types(json.loads(text))
    if primary == DOMAIN or primary not in declared:
        raise BadTypedData("its primary type is not declared")
    if DOMAIN in declared:
        check_domain(declared[DOMAIN])
    else:
        declared = {**declared, DOMAIN: domain_of(names)}
    if declared.keys() - reached(primary, declared) - {DOMAIN}:
        raise BadTypedData("it declares types that it does not use")
    return _Schema(declared, {name: encode_type(name, declared) for name in declared})


_known_schema = lru_cache(maxsize=256)(_schema)
"""An application signs under the same types again and again, by their exact text."""


class _Reader:
    """Reads and encodes the values of one document at once."""

    __slots__ = ("_left", "_schema")

    def __init__(self, schema: _Schema) -> None:
        self._schema = schema
        self._left = MAX_VALUES

    def struct(self, name: str, value: object, depth: int) -> Struct:
        """A struct: exactly the declared members."""
        members = self._schema.declared[name]
        if type(value) is not dict or len(value) != len(members):
            raise BadTypedData(f"a {name} does not have exactly the members of its type")
        self._count(len(members), depth)
        fields, words = [], [remembered_hash(self._schema.encoded[name].encode())]
        for member in members:
            if member.name not in value:
                raise BadTypedData(f"a {name} has no {member.name}")
            found, word = self._read(member, member.type, value[member.name], depth)
            fields.append(Field(member.name, member.type, found))
            words.append(word)
        hashed = remembered_hash if name == DOMAIN else keccak256
        return Struct(name, tuple(fields), hashed(b"".join(words)))

    def _read(self, member: Member, kind: Type, value: object, depth: int) -> tuple[Value, bytes]:
        """A value, and the word of 32 bytes that stands for it inside a struct."""
        match kind:
            case Atom():
                read = read_atom(kind, value)
                if read is None:
                    raise BadTypedData(f"{member.name} is no {kind.text}")
                return read
            case Named():
                struct = self.struct(kind.text, value, depth + 1)
                return struct, struct.hash
            case ArrayOf():
                return self._array(member, kind, value, depth + 1)
            case _ as never:
                assert_never(never)

    def _array(
        self, member: Member, kind: ArrayOf, value: object, depth: int
    ) -> tuple[Value, bytes]:
        if type(value) is not list or kind.length not in (None, len(value)):
            raise BadTypedData(f"{member.name} is no {kind.text}")
        self._count(len(value), depth)
        read = [self._read(member, kind.element, item, depth) for item in value]
        return tuple(found for found, _ in read), keccak256(b"".join(word for _, word in read))

    def _count(self, values: int, depth: int) -> None:
        self._left -= values
        if self._left < 0:
            raise BadTypedData(f"it has more than {MAX_VALUES} values")
        if depth > MAX_DEPTH:
            raise BadTypedData(f"it nests deeper than {MAX_DEPTH} levels")


def values_of(struct: Struct) -> Iterator[Value]:
    """Every value inside, however deep."""
    waiting: list[Value] = [struct]
    while waiting:
        value = waiting.pop()
        if isinstance(value, Struct):
            waiting += (field.value for field in value.fields)
        elif isinstance(value, tuple):
            waiting += value
        else:
            yield value
