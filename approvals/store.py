"""What Redis keeps for us: sealed records, written only by compare-and-swap.

Redis is trusted with nothing but keeping: every value is sealed or proved by a digest, and read
back with suspicion. An error of any kind means "unknown", never "no": whoever wrote reads again
and recognizes its own write by the nonce (a client library may repeat a command that ran).

Keys, all under one hash tag: `approval:<member>` (the record), `content:<request_id>` (what this
id was first asked for), `bytes:<digest>` (the exact request of an asked approval), `told:<member>`
(what was posted), the sorted sets `open` (by deadline) and `untold` (by when to tell next), and
the stream `bell`.
"""

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from approvals.codec import (
    DamagedRecord,
    Stamp,
    approval_from_json,
    approval_to_json,
    request_from_json,
    request_to_json,
    seal,
    unseal,
)
from approvals.model import Approval
from approvals.request import Request
from approvals.told import Told, told_from_json, told_to_json
from keys.seals import SealKey

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TAG: Final = "{countersign}"
MOST_OPEN: Final = 10_000
BELL_LENGTH: Final = 10_000
CLAIM_MS: Final = 30_000
CONNECTIONS: Final = 32
ANSWER_WITHIN_S: Final = 2.0
CONNECT_WITHIN_S: Final = 1.0
_SECONDS_A_DAY: Final = 86_400


class StoreDown(Exception):  # noqa: N818 - a state of the world, not a mistake of ours
    """Nothing can be read or written now, or it is unknown whether a write happened."""


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
class Lists:
    """Where a write puts its member: times are Unix milliseconds, None takes out or leaves."""

    open_until: int | None
    tell_at: int | None
    ring: bool = True


class Store:
    """One store implementation, over any Redis >= 6.2 or Valkey that is told to forget nothing."""

    def __init__(
        self,
        url: str,
        key: SealKey,
        *,
        keep_days: int,
        check: Callable[["Redis[bytes]"], Awaitable[None]],
    ) -> None:
        """`check` reads the server's settings at each (re)connection and raises what it minds."""
        self._pool = BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS,
            timeout=ANSWER_WITHIN_S,
            socket_timeout=ANSWER_WITHIN_S,
            socket_connect_timeout=CONNECT_WITHIN_S,
            retry=Retry(NoBackoff(), 0),
        )
        self._redis: Redis[bytes] = Redis.from_pool(self._pool)
        self._key = key
        self._keep_s = keep_days * _SECONDS_A_DAY
        self._check = check
        self._checked = False
        self._scripts = {name: self._redis.register_script(_lua(name)) for name in _SCRIPTS}

    @property
    def client(self) -> "Redis[bytes]":
        """The connection pool, for the bell's tail and for health checks."""
        return self._redis

    async def close(self) -> None:
        """Give the connections back."""
        await self._redis.aclose()
        await self._pool.disconnect()

    async def check(self) -> None:
        """Reach the server and read whether it may forget; StoreDown says why it is not used."""
        async with self._reaching():
            await self._redis.ping()

    async def read(self, member: str) -> Approval | None:
        """The record, None if there is none; DamagedRecord if it is not as we wrote it."""
        async with self._reaching():
            stored = await self._redis.get(_record_key(member))
        return None if stored is None else self._approval(member, stored)

    async def read_many(self, members: Sequence[str]) -> Mapping[str, Approval | DamagedRecord]:
        """The records that exist, damaged ones as the exception that says so."""
        if not members:
            return {}
        async with self._reaching():
            values = await self._redis.mget([_record_key(member) for member in members])
        found: dict[str, Approval | DamagedRecord] = {}
        for member, stored in zip(members, values, strict=True):
            if stored is not None:
                try:
                    found[member] = self._approval(member, stored)
                except DamagedRecord as damage:
                    found[member] = damage
        return found

    async def create(
        self, approval: Approval, lists: Lists, *, request: Request | None, content: str | None
    ) -> Swapped | Moved | Conflict | Full:
        """Write a new record once. `request` is kept if people must see it; `content` compared."""
        return await self._swap(None, approval, lists, request=request, content=content)

    async def swap(self, old: Approval, new: Approval, lists: Lists) -> Swapped | Moved | None:
        """Replace exactly the record that was read; None if it is gone."""
        new = replace(new, revision=old.revision + 1)
        if new.final is not None and old.final is None:
            new = replace(new, final=replace(new.final, revision=new.revision))
        done = await self._swap(old, new, lists, request=None, content=None)
        if done is None or isinstance(done, Swapped | Moved):
            return done
        raise StoreDown("the script answered what a swap cannot be answered")

    async def read_request(self, approval: Approval) -> Request | None:
        """The exact request of an approval, proved by its digest."""
        async with self._reaching():
            stored = await self._redis.get(_key("bytes", approval.digest))
        if stored is None:
            return None
        return request_from_json(stored.decode("utf-8", "replace"), approval.digest)

    async def open_members(self, *, due: int | None = None, limit: int = MOST_OPEN) -> list[str]:
        """Members of `open` by deadline; with `due`, only those whose time has come."""
        latest = "+inf" if due is None else due
        async with self._reaching():
            members = await self._redis.zrangebyscore(_key("open"), "-inf", latest, 0, limit)
        return [member.decode() for member in members]

    async def postpone(self, member: str, until: int) -> None:
        """Look at an open member again later; not a fact, only when to look."""
        async with self._reaching():
            await self._redis.zadd(_key("open"), {member: until}, xx=True)

    async def finished_members(self, limit: int = 50_000) -> list[str]:
        """Every member with a record, found by scanning: for people who look, never for deciding."""
        prefix = _key("approval", "")
        found: list[str] = []
        async with self._reaching():
            async for key in self._redis.scan_iter(match=f"{prefix}*", count=1_000):
                found.append(key.decode()[len(prefix) :])
                if len(found) >= limit:
                    break
        return found

    async def claim_untold(self, now: int, limit: int) -> tuple[str, ...]:
        """Members to tell people about; nobody else gets them for the next 30 seconds."""
        members = await self._run("claim", [_key("untold")], [now, now + CLAIM_MS, limit])
        return tuple(member.decode() for member in members)

    async def settle_untold(self, member: str, revision: int, *, again_at: int | None) -> None:
        """Told as of `revision`: done, or again at a later time, or at once if it changed."""
        keys = [_record_key(member), _key("untold"), _key("told", member)]
        again = "" if again_at is None else again_at
        await self._run("settle", keys, [member, f"{revision:020d}", again])

    async def read_told(self, member: str) -> Told:
        """What was posted about a member; empty if nothing was."""
        async with self._reaching():
            stored = await self._redis.get(_key("told", member))
        if stored is None:
            return Told(posts=(), stamp="")
        stamp, body = unseal(self._key, "told", _key("told", member), stored)
        return told_from_json(body, str(stamp))

    async def write_told(self, member: str, told: Told) -> Told | None:
        """Write what was posted if nobody else did since it was read; None if somebody did."""
        revision = int(told.stamp[:20]) + 1 if told.stamp else 1
        stamp = Stamp(revision, secrets.token_hex(16))
        key = _key("told", member)
        value = seal(self._key, "told", key, stamp, told_to_json(told))
        answer = await self._run("put", [key], [told.stamp, value])
        if answer[0] == b"ok" or (len(answer) > 1 and answer[1] == value):
            return replace(told, stamp=str(stamp))
        return None

    def stamped(self, member: str, stored: bytes) -> Approval:
        """A record from its stored bytes (for readers that fetch many at once)."""
        return self._approval(member, stored)

    async def _swap(
        self,
        old: Approval | None,
        new: Approval,
        lists: Lists,
        *,
        request: Request | None,
        content: str | None,
    ) -> Any:
        member, key = new.member, _record_key(new.member)
        stamp = Stamp(new.revision, secrets.token_hex(16))
        value = seal(self._key, "approval", key, stamp, approval_to_json(new))
        new = replace(new, stamp=str(stamp))
        content_key = _key("content", new.request_id)
        keys = [key, content_key, *(_key(name) for name in ("open", "untold", "bell"))]
        keys.append(_key("bytes", new.digest))
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
        ]
        try:
            answer = await self._run("swap", keys, arguments)
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
            case _:
                raise DamagedRecord("a key of ours holds a value of another type")

    async def _is_written(self, member: str, stamp: str) -> bool:
        """After an error: whether our write is what is stored. StoreDown if nobody can say."""
        try:
            current = await self.read(member)
        except DamagedRecord:
            return False
        return current is not None and current.stamp == stamp

    def _approval(self, member: str, stored: bytes) -> Approval:
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

    async def _run(self, name: str, keys: list[str], arguments: list[Any]) -> Any:
        async with self._reaching():
            return await self._scripts[name](keys=keys, args=arguments)

    @asynccontextmanager
    async def _reaching(self) -> "AsyncIterator[None]":
        """Turn every failure into StoreDown, and look the server over after each reconnection."""
        try:
            if not self._checked:
                await self._check(self._redis)
                self._checked = True
            yield
        except (RedisError, OSError, TimeoutError) as error:
            self._checked = False
            await self._pool.disconnect(inuse_connections=False)
            raise StoreDown(f"{type(error).__name__}") from None


_SCRIPTS: Final = ("swap", "claim", "settle", "put")


def _lua(name: str) -> str:
    return files("approvals").joinpath("lua", f"{name}.lua").read_text(encoding="utf-8")


def _key(*parts: str) -> str:
    return ":".join((TAG, *parts))


def _record_key(member: str) -> str:
    return _key("approval", member)
