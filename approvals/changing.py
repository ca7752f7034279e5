"""Another policy comes into force: audited, then told, then used; in this order, or not at all."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from approvals.audit import AuditDown
from approvals.events import PolicyChanged, PolicyKept
from approvals.ledger import Ledger
from approvals.policy.model import Policy

Load: TypeAlias = Callable[[], Awaitable[Policy]]
Announce: TypeAlias = Callable[[PolicyChanged], Awaitable[None]]


class NotAnnounced(Exception):  # noqa: N818 - a state of the world, not a mistake of ours
    """People could not be told of a change now. The message is a short word."""


class NotChanged(Exception):  # noqa: N818 - an answer, not a failure
    """The old policy stays in force. The message says why, without a full stop."""


class Changing:
    """Changes the policy of one ledger, one change at a time."""

    def __init__(self, ledger: Ledger) -> None:
        """Nothing changes until asked."""
        self._ledger = ledger
        self._one_at_a_time = asyncio.Lock()

    async def change(self, load: Load, via: str, announce: Announce) -> PolicyChanged | None:
        """Take what `load` gives into use; None where it is in force already.

        1. Load, with nobody else loading: of two changes at once the later one wins.
        2. Into the audit.
        3. To the people.
        4. In force, from one moment to the next, for everything that this process does.

        Raises:
            NotChanged: step 2 or 3 failed. What `load` raises is passed on.
        """
        async with self._one_at_a_time:
            policy = await load()  # 1
            change = self._change_to(policy, via)
            if change is None:
                return None
            try:
                await self._ledger.parts.audit.write(change)  # 2
            except AuditDown as down:
                raise NotChanged(f"the audit cannot be written ({down})") from None
            await self._tell(change, announce)  # 3
            self._ledger.in_force.use(policy)  # 4
            self._ledger.news.tell()
            self._ledger.note(change)
            return change

    def _change_to(self, policy: Policy, via: str) -> PolicyChanged | None:
        old = self._ledger.in_force.policy
        if (policy.digest, policy.tables) == (old.digest, old.tables):
            return None
        return PolicyChanged(
            at=self._ledger.now(),
            old=old.digest,
            new=policy.digest,
            via=via,
            rules=len(policy.rules),
            people=len(policy.electorate.people),
            default=policy.default,
            warnings=len(policy.warnings),
        )

    async def _tell(self, change: PolicyChanged, announce: Announce) -> None:
        """Tell people; if that fails, the audit must not go on saying that it changed."""
        try:
            await announce(change)
        except Exception as error:
            why = str(error) if isinstance(error, NotAnnounced) else type(error).__name__
            kept = PolicyKept(
                at=self._ledger.now(), old=change.old, new=change.new, via=change.via, why=why
            )
            self._ledger.note(kept)
            await self._ledger.audit_or_alarm("", kept)
            if isinstance(error, NotAnnounced):
                raise NotChanged(f"people could not be told ({why})") from None
            raise
