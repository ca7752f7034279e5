"""Bytes, JSON and HTTP that are nearly right: structured mutations from a seed."""

import json
import random
import string
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

STRANGE: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2, 5, 0.0, 1.5, 1e308),
    *(2**31, 2**53 + 1, 2**64, 10**99, -(10**99)),
    *("", " ", "\0", "é", "ﬀ", "٣", "\ud800", "\u202e", "A" * 10_000, "f" * 63),
    *("0", "-1", "1e9", "1_000", "0x", "0X00", "0x0", "{}", "[]", "null", "NaN"),
    *("../../etc/passwd", "%s%n", "<!here>"),
    *([], {}, [[]], [None], {"": None}, {"a": {"b": {}}}, ["x"] * 1_000, [[[[[[[[]]]]]]]]),
)
WORDS = (
    *(b"\0", b"\r\n", b"\n", b"\r", b" ", b"\t", b'"', b"\\", b"{", b"}", b"[", b"]"),
    *(b"%", b"&", b"=", b";", b":", b",", b"+", b"-0", b"NaN", b"1e999"),
    *(b"\xff", b"\xc3\x28", b"\xef\xbb"),
)


@dataclass
class Mutations:
    """One stream of random choices."""

    random: random.Random

    def noise(self, data: bytes, most: int = 4) -> bytes:
        """A few places changed."""
        for _ in range(self.random.randint(1, most)):
            at = self.random.randrange(len(data) + 1)
            to = min(len(data), at + self.random.choice((1, 1, 2, 8, 64)))
            word = self.random.choice(WORDS)
            flipped = bytes(byte ^ (1 << self.random.randrange(8)) for byte in data[at:to])
            middle = self.random.choice(
                (b"", word, word + data[at:to], flipped, data[at:to] * 2, word * 50)
            )
            data = data[:at] + middle + data[to:]
        return data[: self.random.randrange(len(data) + 1)] if self._seldom() else data

    def json(self, document: Any, most: int = 3) -> str:
        """A few values changed, now and then also the text."""
        for _ in range(self.random.randint(1, most)):
            document = self.value(document)
        text = json.dumps(document)
        if self._seldom():
            text = self.noise(text.encode()).decode("latin-1")
        if self._seldom() and text.startswith("{"):
            text = text[:-1] + "," + text[1:]  # every key twice
        if self._seldom():
            text = text.replace("null", "NaN").replace("true", "-Infinity")
        return text

    def value(self, value: Any) -> Any:
        """The same with one change, somewhere inside."""
        if isinstance(value, dict) and value and not self._seldom():
            return self._in_object(dict(value))
        if isinstance(value, list) and value and not self._seldom():
            changed = list(value)
            at = self.random.randrange(len(changed))
            changed[at : at + 1] = self.random.choice(
                ([self.value(changed[at])], [], [changed[at]] * 2, [self._strange()])
            )
            return changed
        if isinstance(value, str) and len(value) > 1 and not self._seldom():
            return self._in_text(value)
        return self._deep() if self._seldom() else self._strange()

    def _in_object(self, value: dict[str, Any]) -> dict[str, Any]:
        key = self.random.choice(list(value))
        match self.random.randrange(8):
            case 0:
                del value[key]
            case 1:
                value[key + self.random.choice(("", " ", "_", "\0", "x"))] = value.pop(key)
            case 2:
                value[self.random.choice(("x", "type", "__class__", "\ud800"))] = self._strange()
            case 3:
                other = self.random.choice(list(value))
                value[key], value[other] = value[other], value[key]
            case _:
                value[key] = self.value(value[key])
        return value

    def _in_text(self, text: str) -> str:
        try:
            inner = json.loads(text)
        except ValueError:
            inner = None
        if isinstance(inner, dict | list):
            return json.dumps(self.value(inner))
        at = self.random.randrange(len(text))
        to = min(len(text), at + self.random.choice((1, 2, 20)))
        same = "".join(self.random.choice(string.hexdigits) for _ in text[at:to])
        other = self.random.choice((same, same, same, "", same * 2, text[at:to] * 2, "ﬀ", "\ud800"))
        return text[:at] + other + text[to:]

    def _strange(self) -> Any:
        return self.random.choice(STRANGE)

    def _deep(self) -> Any:
        value: Any = []
        for _ in range(self.random.choice((10, 63, 64, 65, 500))):
            value = [value] if self.random.random() < 0.5 else {"a": value}
        return value

    def _seldom(self) -> bool:
        return self.random.random() < 0.06

    def any_of(self, makers: list[Callable[[], bytes]]) -> bytes:
        """What one of these makes."""
        return self.random.choice(makers)()
