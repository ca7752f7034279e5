"""Finds the approvals of a selection, and says honestly what it did not look at."""

from collections.abc import Iterable
from typing import Any, Final

from approvals.freezes.model import Reach, is_of_wallet, reach_of, reach_of_brief
from approvals.model import Approval, Outcome
from approvals.service import Service
from gateway.desk.entries import Entries
from gateway.desk.selection import Selection

MOST_LOOKED_AT: Final = 1_000
"""Finished approvals, and open ones whose wallet matters: each costs a look at its bytes."""

_LATEST: Final = 10**15 - 1
_OUTCOMES: Final = {"approved": Outcome.APPROVE, "rejected": Outcome.REJECT}


class Lists:
    """Answers `GET /approvals`."""

    def __init__(self, service: Service, entries: Entries) -> None:
        self._service = service
        self._entries = entries

    async def select(self, wanted: Selection) -> dict[str, Any]:
        """`{"approvals": […], "more": n, "unseen": …, "unknown": n}`.

        What is open comes first, by deadline; then what is finished, the newest first. `more`
        counts what was found beyond the limit. `unseen` is None, or says from when on backwards
        (Unix milliseconds) nobody looked; 0 where even open ones were left out. `unknown` counts
        those that were looked at and whose wallet nobody can tell any more.
        """
        entries: list[dict[str, Any]] = []
        more, unseen, unknown = 0, None, 0
        if wanted.wants_open:
            entries, more, whole = await self._open(wanted)
            unseen = None if whole else 0
        if wanted.wants_finished:
            found, unseen_before, unknown = await self._finished(wanted)
            room = max(0, wanted.limit - len(entries))
            entries += await self._entries.of(found[:room])
            more += max(0, len(found) - room)
            unseen = unseen_before if unseen is None else unseen
        return {"approvals": entries, "more": more, "unseen": unseen, "unknown": unknown}

    async def _open(self, wanted: Selection) -> tuple[list[dict[str, Any]], int, bool]:
        """Those with room, how many more there are, and whether all were looked at."""
        everything = [
            each for each in await self._service.open_approvals() if wanted.covers(each.asked_at)
        ]
        whole = True
        if wanted.wallet is not None:
            whole = len(everything) <= MOST_LOOKED_AT
            everything, _ = await self._of_wallet(everything[:MOST_LOOKED_AT], wanted.wallet)
        if wanted.state != "waiting":
            entries = await self._entries.of(everything[: wanted.limit])
            return entries, max(0, len(everything) - wanted.limit), whole
        whole = whole and len(everything) <= MOST_LOOKED_AT
        waiting = [
            entry
            for entry in await self._entries.of(everything[:MOST_LOOKED_AT])
            if entry["state"] == "open"
        ]
        return waiting[: wanted.limit], max(0, len(waiting) - wanted.limit), whole

    async def _finished(self, wanted: Selection) -> tuple[list[Approval], int | None, int]:
        """The newest, before which time nobody looked, and of how many the wallet is not known."""
        until = _LATEST if wanted.until is None else wanted.until
        found, older = await self._service.finished(
            since=wanted.since, until=until, limit=MOST_LOOKED_AT
        )
        unseen = None
        if older:
            unseen = min((each.final.at for each in found if each.final), default=until)
        outcome = _OUTCOMES.get(wanted.state)
        kept = [
            each
            for each in found
            if each.final is not None and outcome in {None, each.final.outcome}
        ]
        unknown = 0
        if wanted.wallet is not None:
            kept, unknown = await self._of_wallet(kept, wanted.wallet)
        return kept, unseen, unknown

    async def _of_wallet(
        self, approvals: Iterable[Approval], wallet: str
    ) -> tuple[list[Approval], int]:
        """Those that say they are of a wallet, by any of the names that a freeze knows it by.

        Beside them, how many cannot be asked.
        """
        found, unknown = [], 0
        for approval in approvals:
            reach = await self._reach_of(approval)
            if reach is None:
                unknown += 1
            elif is_of_wallet(reach, wallet):
                found.append(approval)
        return found, unknown

    async def _reach_of(self, approval: Approval) -> Reach | None:
        """Whom it is about; None where neither its bytes nor a summary of them are kept."""
        if approval.brief is not None:
            return reach_of_brief(approval.brief)
        request = await self._entries.request_of(approval)
        return None if request is None else reach_of(self._service.findings_of(request))
