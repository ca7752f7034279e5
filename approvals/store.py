"""What Redis keeps for us of requests: sealed records, and the lists that name them.

Redis is trusted with nothing but keeping: every value is sealed or proved by a digest, and read
back with suspicion.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeAlias

from approvals.codec import REVISION_DIGITS, DamagedRecord, request_from_json
from approvals.model import Approval
from approvals.redis.link import WRONG_TYPE, Link, StoreDown, is_wrong_type, key
from approvals.redis.names import (
    LATEST,
    LONGEST_MEMBER,
    MOST_OPEN,
    MOST_RECORD,
    MOST_REQUEST,
    listed,
    ours,
    record_key,
    task_key,
)
from approvals.request import Request
from approvals.swapping import (
    Beside,
    Conflict,
    FreezeMoved,
    Full,
    Gone,
    Lists,
    Moved,
    Swapped,
    Swapping,
)
from keys.seals import SealKey

MOST_AHEAD_MS: Final = 86_400_000

Written: TypeAlias = Swapped | Moved | Conflict | Full | FreezeMoved


class Store:
    """One store implementation, over any Redis >= 6.2 or Valkey that is told to forget nothing."""

    def __init__(self, link: Link, seal_key: SealKey, *, keep_days: int, process: str = "") -> None:
        """Finished records are kept for `keep_days`; `process` is whom the bell names as writer."""
        self._link = link
        self._swapping = Swapping(link, seal_key, keep_days=keep_days, process=process)

    @property
    def checks(self) -> int:
        """Grows with each (re)connection: the server may have forgotten what it knew before."""
        return self._link.checks

    async def read(self, member: str) -> Approval | None:
        """The record, None if there is none; DamagedRecord if it is not as we wrote it."""
        stored = await self._link.get(record_key(member), MOST_RECORD)
        return None if stored is None else self._swapping.opened(member, stored)

    async def read_many(self, members: Sequence[str]) -> Mapping[str, Approval | DamagedRecord]:
        """The records that exist, damaged ones as the exception that says so."""
        if not members:
            return {}
        found: dict[str, Approval | DamagedRecord] = {}
        for member, stored in zip(members, await self._starts(members, MOST_RECORD), strict=True):
            if stored is None:
                found[member] = DamagedRecord(WRONG_TYPE)
            elif stored:
                try:
                    found[member] = self._swapping.opened(member, stored)
                except DamagedRecord as damage:
                    found[member] = damage
        return found

    async def create(
        self,
        approval: Approval,
        lists: Lists,
        *,
        request: Request | None,
        content: str | None,
        under: str = "",
    ) -> Written:
        """Write a new record once. `request` is kept if people must see it; `content` compared.

        A final APPROVE is written `under` the stamp of what was frozen when it was decided.
        """
        done = await self._swapping.write(None, approval, lists, Beside(request, content, under))
        if isinstance(done, Gone):
            raise StoreDown("the script answered what a new record cannot be answered")
        return done

    async def swap(
        self, old: Approval, new: Approval, lists: Lists, *, under: str = ""
    ) -> Swapped | Moved | FreezeMoved | None:
        """Replace exactly the record that was read; None if it is gone. `under`: see `create`."""
        new = replace(new, revision=old.revision + 1)
        if new.final is not None and old.final is None:
            new = replace(new, final=replace(new.final, revision=new.revision))
        done = await self._swapping.write(old, new, lists, Beside(under=under))
        match done:
            case Gone():
                return None
            case Swapped() | Moved() | FreezeMoved():
                return done
            case Conflict() | Full():
                raise StoreDown("the script answered what a swap cannot be answered")

    async def read_request(self, approval: Approval) -> Request | None:
        """The exact request of an approval, proved by its digest."""
        stored = await self._link.get(key("bytes", approval.digest), MOST_REQUEST)
        if stored is None:
            return None
        return request_from_json(stored.decode("utf-8", "replace"), approval.digest)

    async def open_members(self, *, due: int | None = None, limit: int = MOST_OPEN) -> list[str]:
        """Members of `open` by deadline; with `due`, only those whose time has come."""
        latest = "+inf" if due is None else due
        arguments = [latest, limit, LONGEST_MEMBER]
        found = await self._link.run("list", [key("open")], arguments)
        return listed(self._link, found, "open")

    async def count_open(self) -> tuple[int, int | None]:
        """How many approvals wait, and when the first ends (Unix ms); proof of a server, too."""
        async with self._link.reaching():
            count: int = await self._link.client.zcard(key("open"))
            first = await self._link.client.zrange(key("open"), 0, 0, withscores=True)
        ends = (int(score) for _, score in first if 0 <= score < LATEST)
        return count, next(ends, None)

    async def postpone(self, member: str, until: int) -> None:
        """Look at an open member again later; not a fact, only when to look."""
        async with self._link.reaching():
            await self._link.client.zadd(key("open"), {member: until}, xx=True)

    async def leave_open(self, member: str) -> None:
        """Take a member out of `open` if it has no record; else it would be counted for ever."""
        await self._link.run("leave", [record_key(member), key("open")], [member])

    async def mend(self, more: Sequence[str] = ()) -> list[str]:
        """Set aside what stands where a list of ours should be; their names. `more`: of others."""
        keys = [key(name) for name in ("open", "untold", "bell", "done", "unshown")]
        keys += more
        aside = await self._link.run("mend", keys, [MOST_AHEAD_MS])
        return [name.decode("utf-8", "replace") for name in aside]

    async def done_members(self, *, since: int, until: int, limit: int) -> list[str]:
        """Members that became final from `since` to `until` (Unix ms), the newest first."""
        async with self._link.reaching():
            found = await self._link.client.zrevrangebyscore(
                key("done"), until, since, start=0, num=limit
            )
        return ours(self._link, found, "a member of `done` that no gateway put there")

    async def member_of_task(self, node: str, task: str) -> str | None:
        """The newest record that a task was asked under; unproved, so compare what it says."""
        stored = await self._link.get(task_key(node, task), LONGEST_MEMBER)
        if stored is None:
            return None
        return next(iter(ours(self._link, [stored], "a task's record that no gateway named")), None)

    async def all_members(self, limit: int = 50_000) -> list[str]:
        """Every member with a record, found by scanning: for people, never for deciding."""
        prefix = key("approval", "")
        found: list[str] = []
        async with self._link.reaching():
            async for name in self._link.client.scan_iter(match=f"{prefix}*", count=1_000):
                found += ours(
                    self._link, [name[len(prefix) :]], "a record whose name no gateway gave it"
                )
                if len(found) >= limit:
                    break
        return found

    async def revisions(self, members: Sequence[str]) -> dict[str, int]:
        """The stored revisions, unverified: enough to know that there is something to read."""
        found = await self._starts(members, REVISION_DIGITS - 1)
        return {
            member: int(digits)
            for member, digits in zip(members, found, strict=True)
            if digits is not None and digits.isdigit()
        }

    async def _starts(self, members: Sequence[str], last: int) -> list[bytes | None]:
        """The bytes 0 to `last` of each record: b"" if there is none, None for another type."""
        async with self._link.reaching():
            pipe = self._link.client.pipeline(transaction=False)
            for member in members:
                pipe.getrange(record_key(member), 0, last)
            found = await pipe.execute(raise_on_error=False)
            for answer in found:
                if isinstance(answer, Exception) and not is_wrong_type(answer):
                    raise answer
        return [None if isinstance(answer, Exception) else answer for answer in found]
