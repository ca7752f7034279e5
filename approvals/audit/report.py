"""What a verification came to, in sentences."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

MOST_FINDINGS: Final = 100


@dataclass(slots=True)
class Report:
    """What was found, in sentences; `findings` are what must not be, `notes` what may be.

    `more` is how many findings are left out. Times are Unix milliseconds.
    """

    findings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    more: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    began: int | None = None
    ended: int | None = None

    def find(self, sentence: str) -> None:
        """Something is not as it was written."""
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(sentence)
        else:
            self.more += 1

    def span(self, at: Any) -> None:
        """An entry was written then."""
        if type(at) is int:
            self.began = at if self.began is None else min(self.began, at)
            self.ended = at if self.ended is None else max(self.ended, at)
