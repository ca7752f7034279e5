"""JSON without duplicate keys, NaN, unbounded nesting, endless numbers or lone surrogates."""

import json
import math
import re
from collections.abc import Iterable
from typing import Final, Never

MAX_DEPTH: Final = 64
"""Objects and arrays inside each other; real requests have six."""

MAX_NESTED: Final = 200_000
"""Objects and arrays in one document: millions keep the garbage collector busy for seconds."""

MAX_DIGITS: Final = 100
"""Digits of an integer: `int` takes quadratic time, and no field needs more than 78."""


class BadJson(Exception):  # noqa: N818 - named for what it says, as JSON is the subject
    """The text is not JSON that we accept; the message is one plain sentence for people."""


def loads(text: str) -> object:
    """Parse a document into dicts, lists, strings, numbers, booleans and None.

    Raises:
        BadJson: for everything wrong with it, and nothing else is raised.
    """
    check_depth(text)
    try:
        value: object = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise BadJson(f"It is not JSON: {error.msg} at character {error.pos}.") from None
    # Half a surrogate pair comes as it is or escaped; the walk is for the rare text with either.
    if ("\\" in text and "\\u" in text) or not _encodes(text):
        _walk(value)
    return value


def check_depth(text: str) -> None:
    """Refuse deep nesting, and nesting without end, before a decoder sees it.

    The decoder recurses in C as deep as `sys.getrecursionlimit()` lets it, and libraries raise
    that limit (py_ecc, below eth-account, to 100,000): a text of brackets would end the process.
    Pairs are taken away level by level, each level in one pass. Brackets without their other half
    stay: few of them are left to the decoder to refuse.
    """
    if text.count("{") + text.count("[") <= MAX_DEPTH:
        return
    brackets = _STRING.sub("", text).encode(errors="replace").translate(_ALIKE, _NO_BRACKETS)
    if brackets.count(b"[") > MAX_NESTED:
        raise BadJson(f"It has more than {MAX_NESTED} objects and arrays.")
    for _ in range(MAX_DEPTH):
        outer = brackets.replace(b"[]", b"")
        if outer == brackets:
            break
        brackets = outer
    if b"[]" in brackets or brackets.count(b"[") > MAX_DEPTH:
        raise BadJson(f"It nests deeper than {MAX_DEPTH} levels.")


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadJson("A key stands twice in one object.")
    return found


def _constant(name: str) -> Never:
    raise BadJson(f"{name} is not a JSON number.")


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise BadJson(f"A number has more than {MAX_DIGITS} digits.")
    return int(digits)


def _float(digits: str) -> float:
    number = float(digits)
    if len(digits) > MAX_DIGITS or not math.isfinite(number):
        raise BadJson("A number is out of range.")
    return number


_STRING: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
"""A string, which may be cut short at the end of the text."""

_ALIKE: Final = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))

_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_constant=_constant,
    parse_int=_integer,
    parse_float=_float,
)


def _walk(value: object) -> None:
    """Look at every string, level by level; the depth is bounded by now."""
    level = [value]
    while level:
        level = [inner for outer in level for inner in _inside(outer)]


def _inside(value: object) -> Iterable[object]:
    if type(value) is str and not _encodes(value):
        raise BadJson("A string holds half of a surrogate pair.")
    if type(value) is dict:
        return [*value, *value.values()]
    return value if type(value) is list else ()


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
