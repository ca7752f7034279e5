"""The outcome of reading an inner document, and the first step of it."""

from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from approvals.details.fields import Fields
from approvals.strict_json import BadJson, loads

MAX_CHARS: Final = 8 * 1024 * 1024
"""Longest document that is read; a body of 10 MiB cannot hold more."""

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Document(Generic[T_co]):
    """A value with the keys nobody knows, or no value and every fault as a sentence."""

    value: T_co | None
    faults: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


def open_document(name: str, text: str) -> Fields | str:
    """The fields of a JSON object, or the sentence that says why there are none."""
    if len(text) > MAX_CHARS:
        return f"{name} is longer than {MAX_CHARS} characters."
    try:
        value = loads(text)
    except BadJson as error:
        return f"{name} cannot be read. {error}"
    if type(value) is not dict:
        return f"{name} is not a JSON object."
    return Fields(name, value, [])
