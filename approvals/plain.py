"""Frozen dataclasses to JSON-able values: for what is stored, audited and shown to machines."""

from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any


def plain(value: object) -> Any:
    """Dataclasses become dicts by field name, tuples lists, bytes hex; the rest must be JSON's."""
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, tuple | list | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, bytes):
        return value.hex()
    if is_dataclass(value) and not isinstance(value, type):
        return {name: plain(getattr(value, name)) for name in _names(type(value))}
    msg = f"{type(value).__name__} has no plain form"
    raise TypeError(msg)


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))
