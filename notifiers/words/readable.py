"""Text that a stranger wrote, made safe to read: visible, on one line, bounded."""

import unicodedata
from collections.abc import Iterator
from typing import Final

_BLANK_LETTERS: Final = frozenset("\u115f\u1160\u3164\uffa0\u034f\u17b4\u17b5")
"""Letters and marks that Unicode says are shown as nothing."""

_DROPPED: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})

_VARIANTS: Final = frozenset(map(chr, (*range(0x180B, 0x1810), *range(0xFE00, 0xFE10))))
"""Selectors of another drawing of the character before; the others are on plane 14."""

_PLANE_14: Final = "\U000e0000"
_MARKS: Final = 3
"""Marks in a row on one letter: what languages need. More of them paint over the lines around."""

_OVERLAY: Final = 1
"""Unicode's combining class of marks that strike a letter through."""


def visible(text: str, limit: int = 500) -> str:
    """What a reader may see of `text`, at most about `limit` characters.

    Control, bidirectional, zero-width and unassigned characters go; every run of white space
    becomes one space. Symbols beyond ASCII are spelled as `[U+2705]`, so that a memo cannot draw
    the check mark that we draw; so are letters that are drawn bold or in another type without
    being so, and marks that would strike letters through or paint over what stands around them.
    What is cut is said so, with how much. Only a beginning of `text` is looked at: a memo of
    megabytes costs no more than a long one.
    """
    seen, beyond = _seen(text, limit)
    return cut(seen, limit, beyond=beyond)


def fits(text: str, limit: int) -> bool:
    """Whether `visible` shows `text` without cutting it."""
    seen, beyond = _seen(text, limit)
    return not beyond and len(seen) <= limit


def cut(text: str, limit: int, *, beyond: int = 0) -> str:
    """`text`, or its beginning and a marker that counts what is missing; never over `limit`.

    `beyond` counts characters that are missing already. A `limit` too small for the marker keeps
    the marker's beginning: nothing looks whole that is not.
    """
    if len(text) <= limit and not beyond:
        return text
    kept = limit
    marker = ""
    for _ in range(3):  # the marker's own length moves the cut, at most by a digit or a comma
        marker = f" … [cut: {max(0, len(text) - kept) + beyond:,} more characters]"
        kept = max(0, limit - len(marker))
    return (text[:kept] + marker)[:limit]


def short_address(address: str) -> str:
    """`0xd631…2A2c`: to recognize an address by, next to where it stands in full."""
    return address if len(address) <= 14 else f"{address[:6]}…{address[-4:]}"  # noqa: PLR2004


def grouped(base_units: int, decimals: int) -> str:
    """`2,500.25` for 2500250000 with 6 decimals: exact, by digits alone."""
    sign = "-" if base_units < 0 else ""
    digits = str(abs(base_units)).rjust(decimals + 1, "0")
    whole, fraction = digits[: len(digits) - decimals], digits[len(digits) - decimals :]
    fraction = fraction.rstrip("0")
    return f"{sign}{int(whole):,}" + (f".{fraction}" if fraction else "")


def listed(items: tuple[str, ...]) -> str:
    """`ana`, `ana and bo`, `ana, bo and chen`."""
    if len(items) < 2:  # noqa: PLR2004
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def lasted(milliseconds: int) -> str:
    """`38 s`, `3 min 12 s`, `10 min`, `1 h 4 min`."""
    seconds = max(0, milliseconds) // 1000
    minutes, hours = seconds // 60, seconds // 3600
    if not minutes:
        return f"{seconds} s"
    large, small = (hours, minutes % 60) if hours else (minutes, seconds % 60)
    units = ("h", "min") if hours else ("min", "s")
    return f"{large} {units[0]} {small} {units[1]}" if small else f"{large} {units[0]}"


def _seen(text: str, limit: int) -> tuple[str, int]:
    """What is seen of the beginning of `text`, and how many characters nobody looked at."""
    looked_at = text[: 4 * limit + 64]
    if looked_at.isascii() and looked_at.isprintable():
        shown = looked_at
    else:
        shown = unicodedata.normalize("NFC", "".join(_drawn(_composed(looked_at))))
    return " ".join(shown.split()), len(text) - len(looked_at)


def _composed(text: str) -> str:
    """Without what is not seen, and each letter with its marks as one character if there is one."""
    return unicodedata.normalize("NFC", "".join(map(_one_seen, text)))


def _drawn(text: str) -> Iterator[str]:
    """Each character, or its number where it is a mark that there is no letter for."""
    marks = _MARKS  # a mark at the beginning would be drawn on what we wrote before it
    for character in text:
        if unicodedata.category(character) == "Mn":
            marks += 1
            strikes = unicodedata.combining(character) == _OVERLAY
            yield _spelled(character) if strikes or marks > _MARKS else character
        else:
            marks = _MARKS if character == " " else 0
            yield character


def _one_seen(character: str) -> str:
    if character.isspace():
        return " "
    category = unicodedata.category(character)
    unseen = character in _BLANK_LETTERS or character in _VARIANTS or character >= _PLANE_14
    if category in _DROPPED or unseen:
        return ""
    stands_out = unicodedata.decomposition(character).startswith("<font>")
    if category in {"So", "Me"} or "\U0001f3fb" <= character <= "\U0001f3ff" or stands_out:
        return _spelled(character)
    return character


def _spelled(character: str) -> str:
    return f"[U+{ord(character):04X}]"
