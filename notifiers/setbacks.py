"""What a place did not take: when it is tried again, and who hears that it fails."""

from collections.abc import Callable
from typing import Final

from approvals.codec import DamagedRecord
from approvals.events import Alarm, Journal, Trouble
from approvals.recent import Recent
from notifiers.once import Held
from notifiers.ports import NotTold

FIRST_AGAIN_MS: Final = 1_000
LONGEST_AGAIN_MS: Final = 60_000
PART: Final = "notifier"
_MEMBERS: Final = 10_000


class Failing:
    """The places that take nothing: said once when the first stops, once when the last is back."""

    def __init__(self, journal: Journal, now_ms: Callable[[], int]) -> None:
        """One for all places of a gateway."""
        self._journal = journal
        self._now = now_ms
        self._places: set[str] = set()

    def fails(self, place: str, why: str) -> None:
        """It did not take something, for a reason that may pass."""
        if not self._places:
            self._journal.note(Trouble(self._now(), PART, down=True, detail=why))
        self._places.add(place)

    def works(self, place: str) -> None:
        """It took something."""
        if place in self._places:
            self._places.remove(place)
            if not self._places:
                self._journal.note(Trouble(self._now(), PART, down=False, detail=""))


class Setbacks:
    """Of one place."""

    def __init__(
        self, place: str, failing: Failing, journal: Journal, now_ms: Callable[[], int]
    ) -> None:
        """`failing` is every place's."""
        self._place = place
        self._failing = failing
        self._journal = journal
        self._now = now_ms
        self._in_a_row: Recent[str, int] = Recent(_MEMBERS)

    def overcome(self, member: str) -> None:
        """It was told."""
        self._in_a_row.pop(member, None)
        self._failing.works(self._place)

    def again_at(self, member: str, failure: NotTold) -> int:
        """When to try again: when the place says it may be, else after 1 s, 2 s, 4 s … 60 s."""
        if failure.alarm:
            self._journal.note(Alarm(self._now(), "not_told", member, failure.why))
        elif not isinstance(failure, Held):
            self._failing.fails(self._place, failure.why)
        if failure.retry_after is not None:
            return self._now() + int(1000 * failure.retry_after)
        count = self._in_a_row.get(member, 0)
        self._in_a_row[member] = count + 1
        return self._now() + min(LONGEST_AGAIN_MS, FIRST_AGAIN_MS << min(count, 10))


def why_not(error: Exception) -> NotTold:
    """Why a place, or a record, could not be told of."""
    match error:
        case NotTold():
            return error
        case DamagedRecord():
            return NotTold(f"damaged: {error}", alarm=True)
        case TimeoutError():
            return NotTold("too slow")
        case _:
            return NotTold(f"bug: {type(error).__name__}", alarm=True)
