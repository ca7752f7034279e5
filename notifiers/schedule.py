"""When a message must be shown again though nothing was stored: its time is running out."""

from typing import Final, Literal, TypeAlias

from approvals.model import Approval, Decision, Pending

Urgency: TypeAlias = Literal["early", "half", "late"]

_SHARES: Final[tuple[tuple[Urgency, int], ...]] = (("half", 50), ("late", 80))
"""What urgency begins at which percentage of the time that people have."""


def urgency_of(approval: Approval, now: int) -> Urgency:
    """How much of the time from asking to the deadline is over at `now` (Unix ms)."""
    urgency: Urgency = "early"
    for word, percent in _SHARES:
        if now >= _moment(approval, percent):
            urgency = word
    return urgency


def next_look(approval: Approval, decision: Decision, now: int) -> int | None:
    """The next moment, Unix ms, at which the message says something else; None if none is ahead.

    A message whose deadline is near is not rendered every second: twice in its life is enough.
    """
    if not isinstance(decision, Pending):
        return None
    ahead = [moment for _, percent in _SHARES if (moment := _moment(approval, percent)) > now]
    return min(ahead, default=None)


def _moment(approval: Approval, percent: int) -> int:
    """Where that percentage of the time that people have is over."""
    return approval.asked_at + (approval.deadline - approval.asked_at) * percent // 100
