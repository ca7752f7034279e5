"""The types that an EIP-712 document declares, read exactly, and their hashes.

Names are ASCII identifiers, so that two different declarations never encode alike.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, TypeAlias

from approvals.chains.keccak import keccak256

MAX_TYPES: Final = 32
MAX_MEMBERS: Final = 64
"""Members of one struct; the longest in use (Seaport's orders) has eleven."""

DOMAIN: Final = "EIP712Domain"
DOMAIN_MEMBERS: Final = {
    "name": "string",
    "version": "string",
    "chainId": "uint256",
    "verifyingContract": "address",
    "salt": "bytes32",
}
"""Every member that a domain can have, in the order in which those that are there stand."""

_NAME: Final = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]{0,63}")
_STRUCT: Final = re.compile(r"[A-Za-z_$][A-Za-z0-9_$:]{0,63}")
"""Some applications set a colon between their name and that of the struct; it stays unambiguous."""

_SOLIDITY: Final = re.compile(r"(u?int|bytes)[0-9]*|u?fixed[0-9x]*|bool|address|string|function")
_ARRAY: Final = re.compile(r"(.+)\[([1-9][0-9]{0,3})?\]")
_MAX_CHARS: Final = 160
_REMEMBERED: Final = 1_000


class BadTypedData(ValueError):  # noqa: N818 - named like BadRlp
    """The document is not one that can be hashed in exactly one way; the message is a clause."""


@dataclass(frozen=True, slots=True)
class Atom:
    """An elementary type. `size` counts bits of a number, bytes of a `bytesN`, else it is 0."""

    text: str
    kind: Literal["uint", "int", "bool", "address", "string", "bytes", "fixed"]
    size: int = 0


@dataclass(frozen=True, slots=True)
class ArrayOf:
    """An array; `length` None where it may have any."""

    text: str
    element: "Type"
    length: int | None


@dataclass(frozen=True, slots=True)
class Named:
    """A struct, by its name."""

    text: str


Type: TypeAlias = Atom | ArrayOf | Named


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a struct, as it is declared."""

    name: str
    type: Type


Declared: TypeAlias = Mapping[str, tuple[Member, ...]]
"""Structs by name."""


def _atoms() -> Iterable[Atom]:
    for bits in range(8, 257, 8):
        yield Atom(f"uint{bits}", "uint", bits)
        yield Atom(f"int{bits}", "int", bits)
    for size in range(1, 33):
        yield Atom(f"bytes{size}", "fixed", size)
    yield from (Atom("bool", "bool"), Atom("address", "address"))
    yield from (Atom("string", "string"), Atom("bytes", "bytes"))


_ATOMS: Final = {atom.text: atom for atom in _atoms()}


def read_types(value: object) -> Declared:
    """The member `types` of a document.

    Raises:
        BadTypedData: a declaration is malformed, or uses a struct that is not declared.
    """
    if type(value) is not dict or not 0 < len(value) <= MAX_TYPES:
        raise BadTypedData(f"it does not declare 1 to {MAX_TYPES} types")
    declared = {name: _members(name, members) for name, members in value.items()}
    for members in declared.values():
        for member in members:
            used = _struct_of(member.type)
            if used is not None and used not in declared:
                raise BadTypedData(f"its type {used} is not declared")
    return declared


def check_domain(members: tuple[Member, ...]) -> None:
    """Refuse a domain with other members than the EIP's, or with those in another order.

    Raises:
        BadTypedData: it is so.
    """
    found = [(member.name, member.type.text) for member in members]
    names = {name for name, _ in found}
    if found != [(name, kind) for name, kind in DOMAIN_MEMBERS.items() if name in names]:
        raise BadTypedData("its domain is declared otherwise than EIP-712 does")


def domain_of(names: Iterable[str]) -> tuple[Member, ...]:
    """The domain's members where a document leaves them undeclared: those that it has."""
    present = set(names)
    return tuple(
        Member(name, _ATOMS[kind]) for name, kind in DOMAIN_MEMBERS.items() if name in present
    )


def reached(name: str, declared: Declared) -> set[str]:
    """The struct and every one inside it, however deep."""
    found, open_names = {name}, [name]
    while open_names:
        used = {_struct_of(member.type) for member in declared[open_names.pop()]}
        fresh = {each for each in used if each is not None} - found
        found |= fresh
        open_names += fresh
    return found


def encode_type(name: str, declared: Declared) -> str:
    """`encodeType`: the struct, then those inside it in alphabetical order."""
    names = [name, *sorted(reached(name, declared) - {name})]
    return "".join(
        f"{each}({','.join(f'{member.type.text} {member.name}' for member in declared[each])})"
        for each in names
    )


def remembered_hash(data: bytes) -> bytes:
    """Keccak-256 of what comes again and again: types, domains, the texts in them."""
    return _short_hash(data) if len(data) <= _REMEMBERED else keccak256(data)


@lru_cache(maxsize=1024)
def _short_hash(data: bytes) -> bytes:
    return keccak256(data)


def _members(name: str, value: object) -> tuple[Member, ...]:
    if _STRUCT.fullmatch(name) is None or _SOLIDITY.fullmatch(name):
        raise BadTypedData("it declares a type with a name that cannot be one")
    if type(value) is not list or len(value) > MAX_MEMBERS:
        raise BadTypedData(f"{name} is not declared as a list of at most {MAX_MEMBERS} members")
    members = tuple(_member(name, item) for item in value)
    if len({member.name for member in members}) != len(members):
        raise BadTypedData(f"{name} has two members of one name")
    return members


def _member(struct: str, value: object) -> Member:
    if type(value) is not dict or value.keys() != {"name", "type"}:
        raise BadTypedData(f"a member of {struct} is not declared by name and type alone")
    name, kind = value["name"], value["type"]
    if type(name) is not str or _NAME.fullmatch(name) is None:
        raise BadTypedData(f"a member of {struct} has a name that cannot be one")
    if type(kind) is not str or len(kind) > _MAX_CHARS:
        raise BadTypedData(f"{name} in {struct} is declared without a type")
    return Member(name, _type(kind))


@lru_cache(maxsize=1024)
def _type(text: str) -> Type:
    atom = _ATOMS.get(text)
    if atom is not None:
        return atom
    array = _ARRAY.fullmatch(text)
    if array is not None:
        return ArrayOf(text, _type(array[1]), int(array[2]) if array[2] else None)
    if _STRUCT.fullmatch(text) is None:
        raise BadTypedData("a member is of a type that EIP-712 does not have")
    return Named(text)


def _struct_of(kind: Type) -> str | None:
    """The struct that a type leads to, through arrays of it."""
    while isinstance(kind, ArrayOf):
        kind = kind.element
    return kind.text if isinstance(kind, Named) else None
