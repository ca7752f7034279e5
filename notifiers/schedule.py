"""What is due by the clock though nothing was stored: that time runs out, and whom to call."""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from approvals.model import Approval, Approved, Decision, Pending

Urgency: TypeAlias = Literal["early", "half", "late"]

_SHARES: Final[tuple[tuple[Urgency, int], ...]] = (("half", 50), ("late", 80))
"""What urgency begins at which percentage of the time that people have."""

_REMIND_AT: Final = 80
QUIET_MS: Final = 300_000
"""Who was called so short a time before the reminder needs none."""


@dataclass(frozen=True, slots=True)
class Due:
    """People who are to be called, because the moment `at` (Unix ms) has come and nothing else.

    `group` is the one that the rules name; empty for the reminder of those whose vote is missing.
    """

    group: str
    at: int
    people: tuple[str, ...]

    @property
    def name(self) -> str:
        """What it is noted under: `called on_call`, `reminded voters`. No group has a space."""
        return f"called {self.group}" if self.group else "reminded voters"


@dataclass(frozen=True, slots=True)
class Said:
    """A call that was made, for certain; `at` is when (Unix ms), `group` empty for a reminder."""

    group: str
    people: tuple[str, ...]
    at: int


def due(approval: Approval, decision: Decision, now: int) -> tuple[Due, ...]:
    """Who is to be called as of `now` (Unix ms), said already or not; the earliest moment first.

    Nobody after the decision or the deadline; never who has voted or initiated it; each group once,
    and one reminder. A place that says these once, by name, mentions nobody without end.
    """
    if not isinstance(decision, Pending) or now >= approval.deadline:
        return ()
    done = {*approval.verdict.barred, *(vote.person for vote in approval.votes)}
    found = [
        Due(each.group, moment, tuple(person for person in each.people if person not in done))
        for each in approval.verdict.escalations
        if (moment := approval.asked_at + each.after_ms) <= now
    ]
    reminder = _moment(approval, _REMIND_AT)
    if reminder <= now:
        recent = (call.people for call in found if reminder - QUIET_MS < call.at)
        left_out = done.union(*recent)
        missing = dict.fromkeys(
            person for seat in decision.seats if seat.missing for person in seat.people
        )
        found.append(Due("", reminder, tuple(name for name in missing if name not in left_out)))
    return tuple(sorted((call for call in found if call.people), key=lambda call: call.at))


def calls_at(approval: Approval) -> tuple[int, ...]:
    """The moments (Unix ms) at which groups are called, whoever is in them; not the reminder's."""
    return tuple(approval.asked_at + each.after_ms for each in approval.verdict.escalations)


def urgency_of(approval: Approval, now: int) -> Urgency:
    """How much of the time from asking to the deadline is over at `now` (Unix ms)."""
    urgency: Urgency = "early"
    for word, percent in _SHARES:
        if now >= _moment(approval, percent):
            urgency = word
    return urgency


def is_overdue(approval: Approval, decision: Decision, node_due: int | None, now: int) -> bool:
    """Whether it is approved, and its node should have come back for that by now."""
    waits = isinstance(decision, Approved) and approval.final is None
    return waits and node_due is not None and now >= node_due


def next_look(
    approval: Approval, decision: Decision, now: int, *, node_due: int | None = None
) -> int | None:
    """The next moment, Unix ms, at which there is something else to say; None if none is ahead.

    A message whose deadline is near is not rendered every second: twice in its life is enough.
    `node_due` is when the node should have come back; it matters once people have approved.
    """
    if isinstance(decision, Approved) and approval.final is None and node_due is not None:
        return node_due if node_due > now else None
    if not isinstance(decision, Pending):
        return None
    moments = [_moment(approval, percent) for _, percent in _SHARES]
    moments += calls_at(approval)
    ahead = [moment for moment in moments if now < moment < approval.deadline]
    return min(ahead, default=None)


def _moment(approval: Approval, percent: int) -> int:
    """Where that percentage of the time that people have is over."""
    return approval.asked_at + (approval.deadline - approval.asked_at) * percent // 100
