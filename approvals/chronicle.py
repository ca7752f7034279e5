"""Tells what happened: the journals at once, and the audit where nobody waits for the disk."""

from collections.abc import Callable, Sequence

from approvals.audit import Audit, AuditDown
from approvals.events import Alarm, Event, Journal


class Chronicle:
    """One for each part that has something to tell."""

    def __init__(
        self, audit: Audit, journals: Sequence[Journal], now_ms: Callable[[], int]
    ) -> None:
        """`now_ms` gives the time of alarms, in Unix milliseconds."""
        self._audit = audit
        self._journals = journals
        self._now = now_ms

    def note(self, event: Event) -> None:
        """Tell the log and the metrics."""
        for journal in self._journals:
            journal.note(event)

    def alarm(self, what: str, member: str, detail: str) -> None:
        """Tell them something that a person must look at."""
        self.note(Alarm(self._now(), what, member, detail))

    async def audit_or_alarm(self, member: str, *events: Event) -> None:
        """What is stored stays stored when the audit fails; only answers wait for the disk."""
        try:
            await self._audit.write(*events)
        except AuditDown as down:
            self.alarm("audit_down", member, str(down))
