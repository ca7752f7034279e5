"""The table of families: whose transactions we can recompute. Each is imported when first met."""

from functools import cache
from typing import Final

from approvals.findings import Family
from approvals.inspect.seen import Port

_KNOWN: Final[tuple[Family, ...]] = ("evm", "tron", "solana", "bitcoin")


@cache
def port_of(family: Family) -> Port | None:
    """The family's port; None for a family whose transactions stay Unverified."""
    match family:
        case "evm":
            from approvals.inspect.evm import PORT
        case "tron":
            from approvals.inspect.tron import PORT
        case "solana":
            from approvals.inspect.solana import PORT
        case "bitcoin":
            from approvals.inspect.bitcoin import PORT
        case _:
            return None
    return PORT


def family_of(text: str, hashes: tuple[bytes, ...]) -> Family | None:
    """The family whose transaction an unsigned_raw_tx surely is, each reading it in its way."""
    for family in _KNOWN:
        port = port_of(family)
        raw = None if port is None else port.unpack(text)
        if port is not None and raw is not None and port.signs(raw, hashes):
            return family
    return None
