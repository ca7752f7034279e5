"""What became of telling people at one place, as events for the log and the metrics."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from approvals.events import Event, Journal, PlaceNotTold, PlaceTold, TellHow
from approvals.model import Approval


class _Nobody:
    """Listens to nothing."""

    def note(self, event: Event) -> None:
        """See Journal."""


@dataclass(frozen=True, slots=True)
class Noting:
    """Of one place; `now_ms` is the clock that says how long after it was asked."""

    place: str
    journal: Journal
    now_ms: Callable[[], int]

    def told(self, approval: Approval, how: TellHow) -> None:
        """The place took it."""
        now = self.now_ms()
        after = max(0, now - approval.asked_at)
        node, id_, digest = approval.node, approval.request_id, approval.digest
        self.journal.note(PlaceTold(now, node, id_, digest, self.place, how, after))

    def untold(self, approval: Approval, why: str) -> None:
        """The place did not."""
        node, id_, digest = approval.node, approval.request_id, approval.digest
        self.journal.note(PlaceNotTold(self.now_ms(), node, id_, digest, self.place, why))


UNHEARD: Final = Noting("", _Nobody(), lambda: 0)
"""Where nobody asks what became of it."""
