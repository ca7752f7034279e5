"""Contracts that an operator names: what their methods are called, for people to read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from approvals.chains.methods import Method, is_signature, split_types
from approvals.strict_json import BadJson, loads

MAX_ABI_BYTES: Final = 1024 * 1024
MAX_METHODS: Final = 1_000
MAX_PARAMETERS: Final = 64
MAX_NAME: Final = 64
_MAX_TUPLES: Final = 8


class BadAbi(ValueError):  # noqa: N818 - named like BadJson
    """The text is no ABI that we read; the message is one plain sentence."""


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract by the operator's name, and its methods by selector."""

    name: str
    methods: Mapping[bytes, Method]


def read_abi(text: str) -> Mapping[bytes, Method]:
    """The functions of a contract's ABI (the JSON that Solidity's compiler writes), by selector.

    An array of entries, or an object that has it under `abi`, as build tools write it. Entries
    that are no functions are passed over.

    Raises:
        BadAbi: it is something else, or has a type that no call can have.
    """
    try:
        value = loads(text)
    except BadJson as error:
        raise BadAbi(str(error)) from None
    entries = value.get("abi") if isinstance(value, dict) else value
    if not isinstance(entries, list):
        raise BadAbi('It is neither an array nor an object with one under "abi".')
    methods: dict[bytes, Method] = {}
    for entry in entries:
        if not isinstance(entry, dict):
            raise BadAbi("It holds an entry that is no object.")
        if entry.get("type") != "function":
            continue
        method = _method(entry)
        twin = methods.setdefault(method.selector, method)
        if twin.signature != method.signature:
            raise BadAbi(f"{twin.signature} and {method.signature} have the same selector.")
    if not 0 < len(methods) <= MAX_METHODS:
        raise BadAbi(f"It has {len(methods)} functions, not 1 to {MAX_METHODS}.")
    return methods


def _method(entry: Mapping[str, object]) -> Method:
    name, inputs = entry.get("name"), _objects(entry.get("inputs", []))
    types = tuple(_type(each, _MAX_TUPLES) for each in inputs)
    if not isinstance(name, str):
        raise BadAbi("A function has no name.")
    signature = f"{name}({','.join(types)})"
    if not is_signature(signature) or split_types(",".join(types)) != types:
        raise BadAbi(f"{signature[:80]!a} is no function that can be called.")
    return Method(signature, types, tuple(map(_name, inputs)))


def _type(parameter: Mapping[str, object], levels: int) -> str:
    """The canonical type; `tuple[2]` is written out from its components."""
    said = parameter.get("type")
    if not isinstance(said, str):
        raise BadAbi("A parameter has no type.")
    if not said.startswith("tuple"):
        return said
    if not levels:
        raise BadAbi(f"Tuples nest deeper than {_MAX_TUPLES}.")
    parts = (_type(each, levels - 1) for each in _objects(parameter.get("components")))
    return f"({','.join(parts)}){said.removeprefix('tuple')}"


def _objects(value: object) -> list[Mapping[str, object]]:
    if not isinstance(value, list) or len(value) > MAX_PARAMETERS:
        raise BadAbi(f"Parameters are no list of at most {MAX_PARAMETERS}.")
    if not all(isinstance(each, dict) for each in value):
        raise BadAbi("A parameter is no object.")
    return value


def _name(parameter: Mapping[str, object]) -> str:
    """What the parameter is called, if that can be shown."""
    name = parameter.get("name")
    usable = isinstance(name, str) and name.isascii() and name.isidentifier()
    return str(name) if usable and len(str(name)) <= MAX_NAME else ""
