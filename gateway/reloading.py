"""The policy file is read again, for an operator or on SIGHUP: all of it counts, or nothing does.

It is read exactly as at the start. Whatever keeps it from coming into force, the old policy goes
on deciding, and whoever asked hears why.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

from approvals.changing import NotAnnounced, NotChanged
from approvals.events import Alarm, PolicyChanged
from approvals.policy.mistakes import PolicyError
from approvals.policy.model import Policy
from approvals.service import Service
from approvals.wording import counted
from gateway.clock import Clock
from gateway.observe.observer import Observer
from gateway.policy_file import PolicyUnreadable, load_policy
from notifiers.ports import NotTold
from notifiers.tellers import Tellers
from notifiers.words.news import policy_news

Outcome: TypeAlias = Literal["changed", "unchanged", "refused"]

OPERATOR: Final = "operator"
SIGNAL: Final = "signal"


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What came of it. `digest` is of the policy that is in force now, `old` of the one before.

    `mistakes` are sentences about the file; `warnings` those of a policy that came into force.
    """

    outcome: Outcome
    sentence: str
    old: str
    digest: str
    mistakes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class Reloading:
    """Reads one policy file again for one service."""

    def __init__(
        self, service: Service, path: Path, tellers: Tellers, observer: Observer, clock: Clock
    ) -> None:
        """`tellers` know where people are told before a policy is used."""
        self._service = service
        self._path = path
        self._tellers = tellers
        self._observer = observer
        self._clock = clock

    async def reload(self, via: str) -> Reloaded:
        """Read the file and take it into use, or say why not."""
        old = self._service.policy.digest
        try:
            change = await self._service.change_policy(self._load, via, self._announce)
        except PolicyUnreadable as error:
            return self._refused(f"{error}", old)
        except PolicyError as error:
            mistakes = tuple(mistake.sentence for mistake in error.mistakes)
            has = counted(len(mistakes), "mistake")
            return self._refused(f"{self._path} has {has}", old, mistakes)
        except NotChanged as error:
            tail = "a restart would load the file as it is now"
            return self._refused(f"{error}; {tail}", old)
        if change is None:
            sentence = f"{self._path} is what is in force already: nothing changes."
            return Reloaded("unchanged", sentence, old=old, digest=old)
        return self._changed(change)

    async def reload_on(self, hangups: asyncio.Event) -> None:
        """For ever: reload whenever `hangups` is set; what goes wrong is an alarm."""
        while True:
            await hangups.wait()
            hangups.clear()
            try:
                done = await self.reload(SIGNAL)
            except Exception as error:  # noqa: BLE001 - the old policy decides, whatever happened
                self._observer.bug(error)
                continue
            if done.outcome == "refused":
                for mistake in done.mistakes:
                    self._observer.say(mistake)
                self._observer.note(
                    Alarm(self._clock.now_ms(), "policy_refused", "", done.sentence)
                )
            else:
                self._observer.say(done.sentence)

    async def _load(self) -> Policy:
        """In a thread: a long policy takes a while, and nobody shall wait for it."""
        return await asyncio.to_thread(load_policy, self._path)

    async def _announce(self, change: PolicyChanged) -> None:
        try:
            await self._tellers.announce(policy_news(change))
        except NotTold as failure:
            raise NotAnnounced(failure.why) from None

    def _refused(self, why: str, old: str, mistakes: tuple[str, ...] = ()) -> Reloaded:
        digest = self._service.policy.digest
        sentence = f"{why}. The policy in force stays {digest[:16]}."
        return Reloaded("refused", sentence, old=old, digest=digest, mistakes=mistakes)

    def _changed(self, change: PolicyChanged) -> Reloaded:
        holds = (
            f"{counted(change.rules, 'rule')}, {counted(change.people, 'person', 'people')},"
            f" otherwise {change.default}"
        )
        return Reloaded(
            "changed",
            f"In force: {change.new[:16]} ({holds}); before: {change.old[:16]}.",
            old=change.old,
            digest=change.new,
            warnings=self._service.policy.warnings,
        )
