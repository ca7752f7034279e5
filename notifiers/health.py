"""Whether Slack shows approvals and brings the clicks back: one place where all evidence is.

Down at the first evidence; up again only after a while without any, ever longer when it keeps
coming back: people are called by another way at once, and not again every minute.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from approvals.events import Alarm, Event, Journal, Trouble
from approvals.recent import Recent
from approvals.wording import counted
from notifiers.ports import NotTold
from notifiers.slack.socket import PART as SOCKET
from notifiers.words.readable import listed
from notifiers.words.status import day_and_clock

PART: Final = "slack_path"
LOOK_S: Final = 1.0
QUIET_MS: Final = 15_000
"""Without evidence for so long, it is up again: twice as long after each relapse."""
LONGEST_QUIET_MS: Final = 480_000
RELAPSE_MS: Final = 600_000
"""An outage that begins so soon after the last one is a relapse."""
BELIEVED_MS: Final = 150_000
"""A failure counts until the member is shown after all, or this long: the teller tries again
within 60 seconds for as long as there is something to tell."""
PATIENCE_MS: Final = 10_000
"""Slack may ask to be left alone for so long without being ill."""
_MEMBERS: Final = 1_000
_TOLD: Final = 10_000
_SENTENCES: Final = 2


@dataclass(slots=True)
class _Outage:
    since: int
    why: str
    away: bool
    told: dict[str, Recent[str, None]] = field(default_factory=dict)
    """Of which members each notifier told, however often."""


@dataclass(frozen=True, slots=True)
class _Failure:
    """That a member could not be shown: believed `until`. `local`: only this one could not."""

    why: str
    until: int
    local: bool


@dataclass(frozen=True, slots=True)
class _Row:
    """Slack's wishes to be left alone, one upon the other, as far as a member was kept by them.

    One that comes long after the last ended begins a new row: what lay between was not Slack's.
    """

    began: int
    until: int


class SlackHealth:
    """Takes evidence from the start-up introduction, the posts and, as a Journal, the sockets."""

    def __init__(
        self, journal: Journal, now_ms: Callable[[], int], *, clicks_by_http: bool
    ) -> None:
        """`clicks_by_http`: clicks come in though Socket Mode is deaf."""
        self._journal = journal
        self._now = now_ms
        self._clicks_by_http = clicks_by_http
        self._introduction: str | None = None
        self._deaf: str | None = None
        self._failing: Recent[str, _Failure] = Recent(_MEMBERS)
        self._rows: Recent[str, _Row] = Recent(_MEMBERS)
        self._outage: _Outage | None = None
        self._sentences: list[str] = []
        self._quiet_since: int | None = None
        self._ended = -RELAPSE_MS
        self._quiet_ms = QUIET_MS
        self._listeners: list[Callable[[], None]] = []

    def also(self, hear: Callable[[], None]) -> None:
        """Call `hear` whenever there is new evidence against Slack."""
        self._listeners.append(hear)

    @property
    def ailing(self) -> bool:
        """Whether it is down, or something cannot be shown: somebody else should look."""
        return self._outage is not None or bool(self._believed())

    @property
    def deaf(self) -> bool:
        """Whether a click on a message that is shown may not reach us."""
        return self._introduction is not None or self._deaf is not None

    def away(self, member: str) -> bool:
        """Whether a member that is not shown yet will surely not be shown at once."""
        believed = self._believed()
        return self.deaf or member in believed or any(not one.local for one in believed.values())

    def introduced(self, trouble: str | None) -> None:
        """What came of asking Slack who we are."""
        self._introduction = trouble
        self._evidence()
        if trouble is None and self._outage is None:
            self._journal.note(Trouble(self._now(), PART, down=False, detail=""))

    def shown(self, member: str) -> None:
        """Slack shows the newest of a member."""
        self._failing.pop(member, None)
        self._rows.pop(member, None)

    def failed(self, member: str, failure: NotTold, *, local: bool = False) -> None:
        """Slack does not show a member. A short wish to be left alone is none, a row of them is."""
        now, wait = self._now(), int(1000 * (failure.retry_after or 0))
        if wait and not failure.alarm:
            row = self._rows.get(member)
            began = now if row is None or now > row.until + PATIENCE_MS else row.began
            self._rows[member] = _Row(began, now + wait)
            if now + wait - began <= PATIENCE_MS:
                return
        until = now + max(BELIEVED_MS, 2 * wait)
        self._failing[member] = _Failure(failure.why, until, local)
        self._evidence()

    def note(self, event: Event) -> None:
        """The watchdog of Socket Mode speaks as a Journal."""
        match event:
            case Trouble(part=part) if part == SOCKET:
                self._deaf = event.detail if event.down else None
            case Alarm(what="slack_refused"):
                self._deaf = event.detail
            case _:
                return
        if self._clicks_by_http:
            self._deaf = None
        self._evidence()

    def told_by(self, notifier: str, member: str) -> None:
        """Another way told of an approval because of this outage: one, however much is said."""
        if self._outage is not None:
            self._outage.told.setdefault(notifier, Recent(_TOLD))[member] = None

    def look(self) -> None:
        """End the outage where there was no evidence for long enough."""
        now = self._now()
        why = self._why()
        outage = self._outage
        if why is not None:
            self._quiet_since = None
            if outage is None:
                self._begin(now, why)
            elif self._unreachable():
                outage.away = True
            return
        if outage is None:
            return
        self._quiet_since = now if self._quiet_since is None else self._quiet_since
        if now - self._quiet_since >= self._quiet_ms:
            self._end(now, outage)

    async def run(
        self,
        announce: Callable[[str], Awaitable[None]],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """For ever. When it is over, those who look at Slack are told what they missed."""
        while True:
            self.look()
            try:
                while self._sentences and self._outage is None:
                    await announce(self._sentences[0])
                    self._sentences.pop(0)
            except NotTold:
                pass  # at the next look
            await sleep(LOOK_S)

    def _begin(self, now: int, why: str) -> None:
        relapse = now - self._ended < RELAPSE_MS
        self._quiet_ms = min(LONGEST_QUIET_MS, 2 * self._quiet_ms) if relapse else QUIET_MS
        self._outage = _Outage(now, why, away=self._unreachable())
        self._journal.note(Trouble(now, PART, down=True, detail=why))

    def _end(self, now: int, outage: _Outage) -> None:
        self._outage, self._ended = None, now
        ended = self._quiet_since or now
        self._quiet_since = None
        self._journal.note(Trouble(now, PART, down=False, detail=outage.why))
        if outage.told:
            self._sentences = [*self._sentences[-_SENTENCES:], _sentence(outage, ended)]

    def _evidence(self) -> None:
        self.look()
        if self.ailing or self.deaf:
            for hear in self._listeners:
                hear()

    def _why(self) -> str | None:
        """The worst that is known; None where all works."""
        lasting = (one.why for one in self._believed().values() if not one.local)
        return (
            self._introduction
            or next(lasting, None)
            or (f"clicks do not come back: {self._deaf}" if self._deaf else None)
        )

    def _unreachable(self) -> bool:
        return self._introduction is not None or any(
            not one.local for one in self._believed().values()
        )

    def _believed(self) -> dict[str, _Failure]:
        now = self._now()
        return {member: one for member, one in self._failing.items() if one.until > now}


def _sentence(outage: _Outage, ended: int) -> str:
    """`Slack was not reachable from 14:02 to 14:09 UTC; 3 approvals were told by pager`."""
    what = "Slack was not reachable" if outage.away else "Clicks did not reach Countersign"
    began, end = _clock(outage.since), _clock(ended)
    when = f"at {began}" if began == end else f"from {began} to {end}"
    told = listed(
        tuple(
            f"{counted(len(members), 'approval was', 'approvals were')} told by {name}"
            for name, members in sorted(outage.told.items())
        )
    )
    return f"{what} {when} UTC; {told}."


def _clock(milliseconds: int) -> str:
    """`14:02`."""
    return day_and_clock(milliseconds)[11:16]
