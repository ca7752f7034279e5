"""What a look at the bytes of one family yields, and the port that every family has."""

from dataclasses import dataclass
from typing import Protocol

from approvals.chains.tables import Chain, Tables
from approvals.details import Extra, KeySign
from approvals.findings import Address, Effect, Fee
from approvals.inspect.reasons import Reasons


@dataclass(frozen=True, slots=True)
class Seen:
    """Facts for `Findings`: only what follows from bytes whose hash is the one to be signed."""

    effects: tuple[Effect, ...] = ()
    complete: bool = False
    chain: str | None = None
    source: Address | None = None
    fee: Fee | None = None


NOTHING_SEEN = Seen()


@dataclass(frozen=True, slots=True)
class Case:
    """One KeySign, ready to be looked at. `chain` is the claimed one, None if it is unknown."""

    signing: KeySign
    extra: Extra
    chain: Chain | None
    tables: Tables


class Look(Protocol):
    """One family's checks 9 to 15 of a transaction's raw bytes."""

    def __call__(self, case: Case, raw: bytes, reasons: Reasons) -> Seen:
        """Note every reason; return what the bytes do."""
