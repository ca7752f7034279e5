"""What the judge finds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Violation:
    """A promise that was not kept: which, about which request, in one sentence."""

    promise: str
    case: str
    sentence: str
