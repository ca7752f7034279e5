"""Risk flags: what people must see before anything else, and what rules may refuse or ask for."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

Risk: TypeAlias = Literal[
    "permission_change",
    "owner_change",
    "delegatecall",
    "unlimited_allowance",
    "blind",
    "unverified",
    "calldata_mismatch",
    "replacement",
    "fee_unusual",
    "unknown_initiator",
]

RISKS: Final[tuple[Risk, ...]] = get_args(Risk)
"""Every risk, the worst first."""

_RANK: Final = {risk: rank for rank, risk in enumerate(RISKS)}


@dataclass(frozen=True, slots=True)
class Flag:
    """One risk and the sentence that says where it was seen.

    `proved`: it follows from the bytes that are signed, or from what our checks could not do;
    otherwise it rests on what Cobo says.
    """

    risk: Risk
    text: str
    proved: bool = True


def worst_first(flags: Iterable[Flag]) -> tuple[Flag, ...]:
    """Each flag once, in the order that people should read them."""
    return tuple(sorted(dict.fromkeys(flags), key=lambda flag: _RANK[flag.risk]))
