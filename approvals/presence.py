"""Who else answers from this Redis, and whether it goes by the same policy and the same clock.

Each gateway keeps one sealed value of its own, that ends soon after the gateway does. What it
says of itself is compared; nothing is decided by it.
"""

import json
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeAlias

from approvals.codec import DamagedRecord, Stamp, seal, unseal
from approvals.plain import to_json
from approvals.redis.link import Link, key
from keys.seals import SealKey

PURPOSE: Final = "gateway"
EXPIRE_MS: Final = 10_000
GRACE_MS: Final = 15_000
MOST_APART_MS: Final = 2_000
MOST_SEEN: Final = 64
_MOST_BYTES: Final = 1_000
_PROCESS: Final = re.compile(r"[0-9a-f]{8}")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")

Kind: TypeAlias = Literal["policies_differ", "clocks_differ"]
KINDS: Final[tuple[Kind, ...]] = ("policies_differ", "clocks_differ")


@dataclass(frozen=True, slots=True)
class Presence:
    """What a gateway says of itself: its policy's digest, its version, its Unix milliseconds."""

    process: str
    policy: str
    version: str
    now: int


@dataclass(frozen=True, slots=True)
class Look:
    """The others, their clocks moved on to this moment, and the names of values that are none."""

    others: tuple[Presence, ...]
    damaged: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """One way in which another gateway differs from us. `since` is our Unix milliseconds."""

    kind: Kind
    process: str
    since: int
    detail: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """What to say after a look: differences that lasted, and those that are over."""

    lasting: tuple[Difference, ...]
    over: tuple[Difference, ...]


class Differences:
    """Remembers since when others differ, so that a rolling reload alarms nobody."""

    def __init__(self) -> None:
        """Nobody differs."""
        self._since: dict[tuple[Kind, str], Difference] = {}
        self._said: set[tuple[Kind, str]] = set()

    def of(self, kind: Kind) -> int:
        """How many others differ now in this way, for long enough to have been said."""
        return sum(said[0] == kind for said in self._said)

    def look(self, own: Presence, others: Sequence[Presence]) -> Comparison:
        """Compare ourselves with the others; each difference is news once, and once again over."""
        found = {(one.kind, one.process): one for other in others for one in _apart(own, other)}
        over = tuple(one for at, one in self._since.items() if at not in found and at in self._said)
        self._said &= set(found)
        self._since = {
            at: replace(one, since=self._since[at].since if at in self._since else own.now)
            for at, one in found.items()
        }
        lasting = tuple(
            one
            for at, one in self._since.items()
            if own.now - one.since >= GRACE_MS and at not in self._said
        )
        self._said |= {(one.kind, one.process) for one in lasting}
        return Comparison(lasting, over)


def _apart(own: Presence, other: Presence) -> list[Difference]:
    found: list[Difference] = []
    if other.policy != own.policy:
        detail = f"gateway {other.process} goes by {other.policy[:16]}, we by {own.policy[:16]}"
        found.append(Difference("policies_differ", other.process, own.now, detail))
    apart = other.now - own.now
    if abs(apart) > MOST_APART_MS:
        way = "ahead of" if apart > 0 else "behind"
        detail = f"the clock of gateway {other.process} is {abs(apart) / 1000:.1f} s {way} ours"
        found.append(Difference("clocks_differ", other.process, own.now, detail))
    return found


class Presences:
    """The values of all gateways, over the same link as the store."""

    def __init__(self, link: Link, seal_key: SealKey) -> None:
        """Nothing is written until asked."""
        self._link = link
        self._key = seal_key
        self._revision = 0

    async def exchange(self, own: Presence, now_ms: Callable[[], int]) -> Look:
        """Write our own value, read the others'. StoreDown if that cannot be done."""
        self._revision += 1
        name = _name(own.process)
        stamp = Stamp(self._revision, secrets.token_hex(16))
        value = seal(self._key, PURPOSE, name, stamp, to_json(own))
        arguments = [own.process, value, EXPIRE_MS, MOST_SEEN, _MOST_BYTES]
        found = await self._link.run("present", [name, key("gateways")], arguments)
        others: list[Presence] = []
        damaged: list[str] = []
        for member, stored, left_ms in zip(*[iter(found)] * 3, strict=True):
            process = member.decode("ascii", "replace")
            try:
                other = _presence(self._key, process, stored)
            except DamagedRecord:
                damaged.append(process)
                continue
            # It spoke when the value was written, which is as long ago as its end came nearer.
            aged = min(max(0, EXPIRE_MS - int(left_ms)), EXPIRE_MS)
            others.append(replace(other, now=other.now + aged))
        late = max(0, now_ms() - own.now) // 2
        return Look(tuple(replace(other, now=other.now - late) for other in others), tuple(damaged))


def _name(process: str) -> str:
    return key("gateway", process)


def _presence(seal_key: SealKey, process: str, stored: bytes) -> Presence:
    """Raises DamagedRecord for what no gateway of ours wrote under this name."""
    if not _PROCESS.fullmatch(process):
        raise DamagedRecord("no name of a gateway")
    _, body = unseal(seal_key, PURPOSE, _name(process), stored)
    try:
        document: Mapping[str, Any] = json.loads(body)
        found = Presence(**document)
    except (TypeError, ValueError) as error:
        raise DamagedRecord(f"not a presence: {type(error).__name__}") from None
    kinds = [type(found.process), type(found.policy), type(found.version), type(found.now)]
    if kinds != [str, str, str, int] or found.process != process:
        raise DamagedRecord("not a presence of this gateway")
    if not _DIGEST.fullmatch(found.policy):
        raise DamagedRecord("not a digest of a policy")
    return found
