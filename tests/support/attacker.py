"""Somebody who can read and write everything in Redis, at any moment, and lacks the seal key."""

import copy
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from redis.asyncio import Redis

from approvals.redis.link import key
from keys.seals import SealKey

OWN_SEAL: Final = SealKey(b"attacker" * 4)
BELL: Final = key("bell")
FREEZE: Final = key("freeze")

Edit = Callable[[Any], Any]
"""Changes the document in place."""

Everything = dict[str, bytes]
"""Each key's value, as DUMP gives it."""


def record(member: str) -> str:
    """The key of a member's record."""
    return key("approval", member)


def told(member: str) -> str:
    """The key of what was told about a member."""
    return key("told", member)


def opened(stored: bytes) -> tuple[str, str, str, Any]:
    """Revision, nonce, seal and document of a sealed value: all of it is there to be read."""
    revision, nonce, seal, body = stored.decode().split(":", 3)
    return revision, nonce, seal, json.loads(body)


def closed(revision: str, nonce: str, seal: str, document: Any) -> bytes:
    """The stored form, with whatever seal."""
    return f"{revision}:{nonce}:{seal}:{_text(document)}".encode()


def resealed(name: str, stored: bytes, purpose: str) -> bytes:
    """The value with a seal that is right in every way but for the key."""
    revision, nonce, _, document = opened(stored)
    body = f"{revision}:{nonce}:{_text(document)}"
    made = OWN_SEAL.seal(purpose, name, body.encode())
    return closed(revision, nonce, made, document)


def edited(stored: bytes, edit: Edit) -> bytes:
    """The value with one change to its document, under the seal that it had."""
    revision, nonce, seal, document = opened(stored)
    changed = copy.deepcopy(document)
    edit(changed)
    assert changed != document
    return closed(revision, nonce, seal, changed)


@dataclass
class Attacker:
    """The hands: nothing here knows anything that is not in Redis."""

    redis: Any

    async def value(self, name: str) -> bytes:
        """A value that must be there."""
        found: bytes | None = await self.redis.get(name)
        assert found is not None, name
        return found

    async def put(self, name: str, value: bytes) -> None:
        """Whatever stood there, of whatever type, is replaced."""
        pipe = self.redis.pipeline(transaction=True)
        pipe.delete(name)
        pipe.set(name, value)
        await pipe.execute()

    async def hash(self, name: str) -> None:
        """A value of a type that none of ours has."""
        pipe = self.redis.pipeline(transaction=True)
        pipe.delete(name)
        pipe.hset(name, "x", "y")
        await pipe.execute()

    async def ring(self, member: str) -> None:
        """Wake whoever waits for this member."""
        await self.redis.xadd(BELL, {"m": member, "p": "attacker"})

    async def sent(self) -> int:
        """Bytes that the server has sent to everybody so far."""
        said: dict[str, int] = await self.redis.info("stats")
        return said["total_net_output_bytes"]

    async def names(self) -> list[str]:
        """Every key of ours."""
        return sorted(
            [name.decode() async for name in self.redis.scan_iter(match="{countersign}:*")]
        )

    async def everything(self, *, but: str = "freeze") -> Everything:
        """A copy of all; without what is frozen, which is an attack of its own."""
        names = [name for name in await self.names() if name != key(but)]
        return {name: found for name in names if (found := await self.redis.dump(name))}

    async def put_back(self, before: Everything) -> None:
        """All is as it was, in one moment; what came since is gone."""
        now = set(await self.everything())
        pipe = self.redis.pipeline(transaction=True)
        for name in now:
            pipe.delete(name)
        for name, found in before.items():
            pipe.restore(name, 0, found, replace=True)
        await pipe.execute()


@asynccontextmanager
async def attacker(url: str) -> AsyncIterator[Attacker]:
    """An attacker with a client of their own."""
    async with Redis.from_url(url) as client:
        yield Attacker(client)


def _text(document: Any) -> str:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)
