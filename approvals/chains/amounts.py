"""Amounts between decimal text in coins, as Cobo and people write them, and base units."""

import re
from typing import Final

MAX_CHARS: Final = 100
MAX_DECIMALS: Final = 77
"""A uint256 has at most 78 digits."""

_AMOUNT: Final = re.compile(r"([0-9]+)(?:\.([0-9]+))?")


def is_amount(text: str) -> bool:
    """Plain decimal digits with at most one point; no sign, exponent, space or underscore."""
    return len(text) <= MAX_CHARS and _AMOUNT.fullmatch(text) is not None


def base_units(text: str, decimals: int) -> int | None:
    """Base units, exactly; None if the text is no amount or is finer than one base unit."""
    match = _AMOUNT.fullmatch(text) if len(text) <= MAX_CHARS else None
    if match is None:
        return None
    coins, fraction = match[1], match[2] or ""
    if fraction[decimals:].strip("0"):
        return None
    return int(coins + fraction[:decimals].ljust(decimals, "0"))


def coin_text(amount: int, decimals: int) -> str:
    """Coins, exactly, without trailing zeros: 2500000 with 6 decimals is `2.5`."""
    digits = str(amount).rjust(decimals + 1, "0")
    if decimals == 0:
        return digits
    return f"{digits[:-decimals]}.{digits[-decimals:]}".rstrip("0").rstrip(".")
