"""Reading an untrusted JSON object field by field, with exact types and every fault collected."""

from collections.abc import Callable, Collection, Sequence
from typing import Any, Final, TypeVar

T = TypeVar("T")

MAX_ITEMS: Final = 1_000
"""Longest list that is read: signatures of one task, addresses, outputs, nodes."""

_TEXT: Final = frozenset((str,))
_TEXT_OR_NULL: Final = frozenset((str, type(None)))


class Fields:
    """One JSON object. A key that is absent or null reads as None; a wrong type is a fault.

    `faults` is shared by an object and everything inside it. Its name is put together only when a
    fault has to be told: from its own key, and `parent`, whose key that is.
    """

    __slots__ = ("_key", "_parent", "_values", "faults")

    def __init__(
        self,
        key: str,
        values: dict[str, Any],
        faults: list[str],
        parent: "Fields | None" = None,
    ) -> None:
        self.faults = faults
        self._key = key
        self._parent = parent
        self._values = values

    @property
    def name(self) -> str:
        """The path to the object, `extra_info.transaction`."""
        return self._key if self._parent is None else f"{self._parent.name}.{self._key}"

    def __bool__(self) -> bool:
        """Whether there is anything inside."""
        return bool(self._values)

    def has(self, key: str) -> bool:
        """Whether a key is there and not null."""
        return self._values.get(key) is not None

    def text(self, key: str) -> str | None:
        """A string."""
        value = self._values.get(key)
        if value is None or type(value) is str:
            return value
        self._fault(key, "a string")
        return None

    def texts_at(self, keys: Sequence[str]) -> tuple[str | None, ...]:
        """The string at each of these keys, in their order."""
        found = tuple(map(self._values.get, keys))
        if _TEXT_OR_NULL.issuperset(map(type, found)):
            return found
        return tuple(map(self.text, keys))  # which tells each one that is none

    def number(self, key: str) -> int | None:
        """A whole number: not 2.0, not true, not "2"."""
        value = self._values.get(key)
        if value is None or type(value) is int:
            return value
        self._fault(key, "a whole number")
        return None

    def flag(self, key: str) -> bool | None:
        """True or false: not 1, not "true"."""
        value = self._values.get(key)
        if value is None or type(value) is bool:
            return value
        self._fault(key, "true or false")
        return None

    def texts(self, key: str) -> tuple[str, ...] | None:
        """A list of strings."""
        if self._values.get(key) is None:
            return None
        items = self._items(key)
        if items is None:
            return None
        if not _TEXT.issuperset(map(type, items)):
            self._fault(key, "a list of strings")
            return None
        return tuple(items)

    def document(self, key: str) -> dict[str, Any] | None:
        """An object as it stands there, for a reader of its own."""
        value = self._values.get(key)
        if value is None or type(value) is dict:
            return value
        self._fault(key, "an object")
        return None

    def child(self, key: str) -> "Fields":
        """An object; an empty one where it is absent."""
        return Fields(key, self.document(key) or {}, self.faults, self)

    def part(self, key: str, read: "Callable[[Fields], T]") -> T | None:
        """An object as `read` reads it; None where it is absent or empty."""
        if self._values.get(key) is None:
            return None  # most parts of a request are absent, and it has many
        values = self.document(key)
        return read(Fields(key, values, self.faults, self)) if values else None

    def parts(self, key: str, read: "Callable[[Fields], T]") -> tuple[T, ...]:
        """A list of objects as `read` reads each; an empty one where it is absent."""
        if self._values.get(key) is None:
            return ()
        return tuple(map(read, self.children(key)))

    def children(self, key: str) -> "tuple[Fields, ...]":
        """A list of objects; an empty one where it is absent."""
        items = self._items(key)
        if not items:
            return ()
        found = []
        for number, item in enumerate(items):
            if type(item) is not dict:
                self._fault(key, "a list of objects")
                return ()
            found.append(Fields(f"{key}[{number}]", item, self.faults, self))
        return tuple(found)

    def required_text(self, key: str) -> str:
        """A string that must be there."""
        value = self.text(key)
        return "" if value is None and self._missing(key) else value or ""

    def required_number(self, key: str) -> int:
        """A whole number that must be there."""
        value = self.number(key)
        return 0 if value is None and self._missing(key) else value or 0

    def required_texts(self, key: str) -> tuple[str, ...]:
        """A list of strings that must be there."""
        value = self.texts(key)
        return () if value is None and self._missing(key) else value or ()

    def unknown(self, known: Collection[str]) -> tuple[str, ...]:
        """The keys that are not among the known ones."""
        return tuple(key for key in self._values if key not in known)

    def fault(self, sentence: str) -> None:
        """Note what is wrong inside."""
        self.faults.append(sentence)

    def _items(self, key: str) -> list[Any] | None:
        value = self._values.get(key)
        if value is None:
            return None
        if type(value) is not list:
            self._fault(key, "a list")
            return None
        if len(value) > MAX_ITEMS:
            self._fault(key, f"a list of at most {MAX_ITEMS} items")
            return None
        return value

    def _missing(self, key: str) -> bool:
        if self._values.get(key) is None:
            self.fault(f"{self.name}.{key} is missing.")
        return True

    def _fault(self, key: str, expected: str) -> None:
        self.faults.append(f"{self.name}.{key} is not {expected}.")


def hex_bytes(text: str) -> bytes | None:
    """The bytes of ASCII hex with or without one `0x`; None for anything else."""
    digits = text[2:] if text[:2] in ("0x", "0X") else text
    try:
        data = bytes.fromhex(digits)
    except ValueError:
        return None
    return data if 2 * len(data) == len(digits) else None  # it passes over white space
