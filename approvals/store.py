"""What Redis keeps for us: sealed records, written only by compare-and-swap.

Redis is trusted with nothing but keeping: every value is sealed or proved by a digest, and read
back with suspicion. An error of any kind means "unknown", never "no": whoever wrote reads again
and recognizes its own write by the nonce (a client library may repeat a command that ran).

Keys, all under one hash tag: `approval:<member>` (the record), `content:<request_id>` (what this
id was first asked for), `bytes:<digest>` (the exact request of an asked approval), `told:<member>`
(what was posted), `after:<member>` (what happened after the decision), `doubts` (what nodes did
without our yes), `freeze` (what is frozen), `task:<node>/<biz_task_id>` (which record a task's
is), the sorted sets `open` (by deadline), `done` (by when it became final), `untold` (by when to
tell next) and `unshown` (by since when some place never showed it), and the stream `bell`.
"""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

from approvals.codec import (
    REVISION_DIGITS,
    DamagedRecord,
    Stamp,
    approval_from_json,
    approval_to_json,
    request_from_json,
    request_to_json,
    seal,
    unseal,
)
from approvals.model import Approval, Outcome
from approvals.redis.link import WRONG_TYPE, Link, StoreDown, bounded, is_wrong_type
from approvals.redis.link import key as full_key
from approvals.request import Request
from keys.seals import SealKey

MOST_OPEN: Final = 10_000
BELL_LENGTH: Final = 10_000
MOST_RECORD: Final = 1 << 20
MOST_REQUEST: Final = 1 << 25
LONGEST_MEMBER: Final = 64 + 1 + 128 + 1 + 16
MEMBER: Final = re.compile(rb"[A-Za-z0-9_.-]{1,64}/[!-~]{1,128}(?: [0-9a-f]{16})?")
MOST_AHEAD_MS: Final = 86_400_000
LATEST: Final = 1 << 53
"""No time of ours is later (Unix ms): past it, floating-point scores are not exact."""
BELL: Final = full_key("bell")
_SECONDS_A_DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class Swapped:
    """The write happened; the record as it is stored now."""

    approval: Approval


@dataclass(frozen=True, slots=True)
class Moved:
    """Somebody else wrote: the record as it is stored now."""

    approval: Approval


@dataclass(frozen=True, slots=True)
class Conflict:
    """This request id was first asked with other content."""


@dataclass(frozen=True, slots=True)
class Full:
    """As many approvals are open as we are willing to hold."""


@dataclass(frozen=True, slots=True)
class FreezeMoved:
    """What is frozen is not what this APPROVE was decided under: look again."""


Written: TypeAlias = Swapped | Moved | Conflict | Full | FreezeMoved


@dataclass(frozen=True, slots=True)
class Lists:
    """Where a write puts its member: times are Unix milliseconds, None takes out or leaves."""

    open_until: int | None
    tell_at: int | None
    ring: bool = True


class Store:
    """One store implementation, over any Redis >= 6.2 or Valkey that is told to forget nothing."""

    def __init__(self, link: Link, seal_key: SealKey, *, keep_days: int, process: str = "") -> None:
        """Finished records are kept for `keep_days`; `process` is whom the bell names as writer."""
        self._link = link
        self._key = seal_key
        self._process = process
        self._keep_s = keep_days * _SECONDS_A_DAY

    @property
    def checks(self) -> int:
        """Grows with each (re)connection: the server may have forgotten what it knew before."""
        return self._link.checks

    async def read(self, member: str) -> Approval | None:
        """The record, None if there is none; DamagedRecord if it is not as we wrote it."""
        stored = await self._link.get(_record_key(member), MOST_RECORD)
        return None if stored is None else self._approval(member, stored)

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
                    found[member] = self._approval(member, stored)
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
        done: Written = await self._swap(
            None, approval, lists, request=request, content=content, under=under
        )
        return done

    async def swap(
        self, old: Approval, new: Approval, lists: Lists, *, under: str = ""
    ) -> Swapped | Moved | FreezeMoved | None:
        """Replace exactly the record that was read; None if it is gone. `under`: see `create`."""
        new = replace(new, revision=old.revision + 1)
        if new.final is not None and old.final is None:
            new = replace(new, final=replace(new.final, revision=new.revision))
        done = await self._swap(old, new, lists, request=None, content=None, under=under)
        if done is None or isinstance(done, Swapped | Moved | FreezeMoved):
            return done
        raise StoreDown("the script answered what a swap cannot be answered")

    async def read_request(self, approval: Approval) -> Request | None:
        """The exact request of an approval, proved by its digest."""
        stored = await self._link.get(full_key("bytes", approval.digest), MOST_REQUEST)
        if stored is None:
            return None
        return request_from_json(stored.decode("utf-8", "replace"), approval.digest)

    async def open_members(self, *, due: int | None = None, limit: int = MOST_OPEN) -> list[str]:
        """Members of `open` by deadline; with `due`, only those whose time has come."""
        latest = "+inf" if due is None else due
        arguments = [latest, limit, LONGEST_MEMBER]
        found = await self._link.run("list", [full_key("open")], arguments)
        return our_names(self._link, found, "open")

    async def count_open(self) -> tuple[int, int | None]:
        """How many approvals wait, and when the first ends (Unix ms); proof of a server, too."""
        async with self._link.reaching():
            count: int = await self._link.client.zcard(full_key("open"))
            first = await self._link.client.zrange(full_key("open"), 0, 0, withscores=True)
        ends = (int(score) for _, score in first if 0 <= score < LATEST)
        return count, next(ends, None)

    async def postpone(self, member: str, until: int) -> None:
        """Look at an open member again later; not a fact, only when to look."""
        async with self._link.reaching():
            await self._link.client.zadd(full_key("open"), {member: until}, xx=True)

    async def leave_open(self, member: str) -> None:
        """Take a member out of `open` if it has no record; else it would be counted for ever."""
        await self._link.run("leave", [_record_key(member), full_key("open")], [member])

    async def mend(self) -> list[str]:
        """Set aside what stands where `open`, `untold` or the bell should be; their names."""
        keys = [full_key(name) for name in ("open", "untold", "bell", "done", "unshown")]
        aside = await self._link.run("mend", keys, [MOST_AHEAD_MS])
        return [name.decode("utf-8", "replace") for name in aside]

    async def done_members(self, *, since: int, until: int, limit: int) -> list[str]:
        """Members that became final from `since` to `until` (Unix ms), the newest first."""
        async with self._link.reaching():
            found = await self._link.client.zrevrangebyscore(
                full_key("done"), until, since, start=0, num=limit
            )
        return self._ours(found, "a member of `done` that no gateway put there")

    async def member_of_task(self, node: str, task: str) -> str | None:
        """The newest record that a task was asked under; unproved, so compare what it says."""
        stored = await self._link.get(task_key(node, task), LONGEST_MEMBER)
        if stored is None:
            return None
        return next(iter(self._ours([stored], "a task's record that no gateway named")), None)

    async def all_members(self, limit: int = 50_000) -> list[str]:
        """Every member with a record, found by scanning: for people, never for deciding."""
        prefix = full_key("approval", "")
        found: list[str] = []
        async with self._link.reaching():
            async for name in self._link.client.scan_iter(match=f"{prefix}*", count=1_000):
                found += self._ours([name[len(prefix) :]], "a record whose name no gateway gave it")
                if len(found) >= limit:
                    break
        return found

    def _ours(self, names: Sequence[bytes], otherwise: str) -> list[str]:
        """Those that a gateway could have written; `otherwise` is what is said of others."""
        ours = [name for name in names if MEMBER.fullmatch(name) is not None]
        for _ in range(len(names) - len(ours)):
            self._link.foreign(otherwise)
        return [name.decode("ascii") for name in ours]

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
                pipe.getrange(_record_key(member), 0, last)
            found = await pipe.execute(raise_on_error=False)
            for answer in found:
                if isinstance(answer, Exception) and not is_wrong_type(answer):
                    raise answer
        return [None if isinstance(answer, Exception) else answer for answer in found]

    async def _swap(
        self,
        old: Approval | None,
        new: Approval,
        lists: Lists,
        *,
        request: Request | None,
        content: str | None,
        under: str,
    ) -> Any:
        approves = new.final is not None and new.final.outcome is Outcome.APPROVE
        if approves and not under:
            msg = "a final APPROVE is written under what is frozen"
            raise ValueError(msg)
        member, key = new.member, _record_key(new.member)
        stamp = Stamp(new.revision, secrets.token_hex(16))
        value = seal(self._key, "approval", key, stamp, approval_to_json(new))
        new = replace(new, stamp=str(stamp))
        content_key = full_key("content", new.request_id)
        keys = [key, content_key, *(full_key(name) for name in ("open", "untold", "bell"))]
        keys += [full_key("bytes", new.digest), full_key("freeze"), full_key("done")]
        keys += [task_key(new.node, new.task), full_key("unshown")]
        arguments = [
            "" if old is None else old.stamp,
            value,
            member,
            "" if lists.open_until is None else lists.open_until,
            "" if lists.tell_at is None else lists.tell_at,
            "1" if lists.ring else "",
            BELL_LENGTH,
            "" if new.final is None else self._keep_s,
            "" if content is None else self._sealed_content(content_key, content),
            "" if request is None else request_to_json(request),
            MOST_OPEN,
            under if approves else "",
            self._process,
            MOST_RECORD,
            "" if new.final is None else new.final.at,
            "" if new.final is None else new.final.at - 1000 * self._keep_s,
            "1" if new.task and not new.conflict else "",
        ]
        bounded(value, MOST_RECORD)
        try:
            answer = await self._link.run("swap", keys, arguments)
        except StoreDown:
            if await self._is_written(member, new.stamp):
                return Swapped(new)
            raise
        return self._judge(answer, new, content_key)

    def _judge(self, answer: list[bytes], new: Approval, content_key: str) -> Any:
        """What a script's answer means; our own nonce in a "moved" is our own repeated write."""
        match answer[0]:
            case b"ok":
                return Swapped(new)
            case b"moved":
                current = self._approval(new.member, answer[1])
                return Swapped(new) if current.stamp == new.stamp else Moved(current)
            case b"gone":
                return None
            case b"conflict":
                self._verify_content(content_key, answer[1])
                return Conflict()
            case b"full":
                return Full()
            case b"frozen":
                return FreezeMoved()
            case b"mend":
                raise StoreDown("a list of ours is of another type, until it is set aside")
            case _:
                raise DamagedRecord(WRONG_TYPE)

    async def _is_written(self, member: str, stamp: str) -> bool:
        """After an error: whether our write is what is stored. StoreDown if nobody can say."""
        try:
            current = await self.read(member)
        except DamagedRecord:
            return False
        return current is not None and current.stamp == stamp

    def _approval(self, member: str, stored: bytes) -> Approval:
        stored = bounded(stored, MOST_RECORD)
        stamp, body = unseal(self._key, "approval", _record_key(member), stored)
        approval = replace(approval_from_json(body), stamp=str(stamp))
        if approval.member != member or approval.revision != stamp.revision:
            raise DamagedRecord("the record is another one's")
        return approval

    def _sealed_content(self, key: str, content: str) -> str:
        return f"{content}:{self._key.seal('content', key, content.encode())}"

    def _verify_content(self, key: str, stored: bytes) -> None:
        content, _, made = stored.decode("ascii", "replace").partition(":")
        if not self._key.verify("content", key, content.encode(), made):
            raise DamagedRecord("the note of what this request id was first asked for is damaged")


def our_names(link: Link, found: Sequence[Any], name: str) -> list[str]:
    """Members as a script found them in a list; how many it dropped is told to `foreign`."""
    dropped, *members = found
    for _ in range(dropped):
        link.foreign(f"a member of `{name}` that no gateway put there")
    return [member.decode("ascii", "replace") for member in members]


def task_key(node: str, task: str) -> str:
    """Where the newest record of a node's biz_task_id is named."""
    return full_key("task", f"{node}/{task}")


def _record_key(member: str) -> str:
    return full_key("approval", member)
