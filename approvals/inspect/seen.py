"""What a look at the bytes of one family yields, and the port that every family has."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from approvals.chains.tables import Chain, Tables
from approvals.details import Extra, KeySign
from approvals.details.fields import hex_bytes
from approvals.findings import Address, Effect, Fee, Note
from approvals.inspect.reasons import Reasons
from approvals.risks import Flag


@dataclass(frozen=True, slots=True)
class Seen:
    """Facts for `Findings`: only what follows from bytes whose hash is the one to be signed.

    A flag or a note that rests on a claim says so itself.
    """

    effects: tuple[Effect, ...] = ()
    complete: bool = False
    chain: str | None = None
    source: Address | None = None
    fee: Fee | None = None
    flags: tuple[Flag, ...] = ()
    notes: tuple[Note, ...] = ()


NOTHING_SEEN = Seen()


@dataclass(frozen=True, slots=True)
class Case:
    """One KeySign, ready to be looked at. `chain` is the claimed one, None if it is unknown."""

    signing: KeySign
    extra: Extra
    chain: Chain | None
    tables: Tables


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes `start` up to `end` of unsigned_raw_tx (as the family unpacks it), and what they say.

    `depth` is how far the line stands below the one that contains it.
    """

    start: int
    end: int
    label: str
    value: str
    depth: int = 0


class Look(Protocol):
    """One family's checks 9 to 15 of a transaction's raw bytes."""

    def __call__(self, case: Case, raw: bytes, reasons: Reasons) -> Seen:
        """Note every reason; return what the bytes do."""


@dataclass(frozen=True, slots=True)
class Port:
    """What every family of chains can do with unsigned_raw_tx; found by `families.port_of`.

    `unpack` turns the text into bytes, None where it is not in the family's notation. `signs`
    says whether the bytes are surely this family's transaction: they decode exactly, and the
    hashes are theirs. `dissect` lays the bytes open, in order, for `policy explain`; it is empty
    for bytes that do not decode, and never raises. `documented` says whether it is known how Cobo
    writes the family's transactions: where it is not, text in another notation is Unverified.
    """

    look: Look
    signs: Callable[[bytes, tuple[bytes, ...]], bool]
    dissect: Callable[[bytes], tuple[Span, ...]]
    unpack: Callable[[str], bytes | None] = hex_bytes
    documented: bool = True
