"""Collecting what the checks found; the outcome is the worst of it."""

from typing import Final

from approvals.findings import Integrity, Passed, Reason, Refused, Unverified

MAX_REASONS: Final = 50
"""Reasons kept of each sort: a request can be wrong in a thousand places, people read a few."""

MAX_QUOTE: Final = 80


class Reasons:
    """Every reason so far, by what it leads to."""

    __slots__ = ("_contradictions", "_malformed", "_unsupported", "_unverified")

    def __init__(self) -> None:
        self._malformed: list[Reason] = []
        self._unsupported: list[Reason] = []
        self._contradictions: list[Reason] = []
        self._unverified: list[Reason] = []

    def malformed(self, check: int, text: str) -> None:
        """Something is not what the protocol allows: refused."""
        self._malformed.append(Reason(check, text))

    def unsupported(self, check: int, text: str) -> None:
        """A request of a type that does not exist: refused."""
        self._unsupported.append(Reason(check, text))

    def contradiction(self, check: int, text: str) -> None:
        """Two things that must agree do not: refused."""
        self._contradictions.append(Reason(check, text))

    def unverified(self, check: int, text: str) -> None:
        """Something could not be recomputed, or is not understood: people decide."""
        self._unverified.append(Reason(check, text))

    def integrity(self) -> Integrity:
        """Refused before Unverified before Passed.

        A refusal names its gravest cause and every reason for it; what merely could not be
        verified is left out, as nobody decides about it any more.
        """
        refusals = (*self._malformed, *self._unsupported, *self._contradictions)[:MAX_REASONS]
        if self._malformed:
            return Refused("malformed", refusals)
        if self._unsupported:
            return Refused("unsupported", refusals)
        if self._contradictions:
            return Refused("contradiction", refusals)
        if self._unverified:
            return Unverified(tuple(self._unverified[:MAX_REASONS]))
        return Passed()


def quoted(text: str) -> str:
    """A claim inside a sentence: ASCII, without control characters, not too long."""
    short = text if len(text) <= MAX_QUOTE else text[:MAX_QUOTE] + "…"
    return ascii(short)[1:-1].replace("\\u2026", "...")
