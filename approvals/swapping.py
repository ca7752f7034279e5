"""Writes a record, with the lists that name it and the bell, if nobody wrote it since.

An error of any kind means "unknown", never "no": whoever wrote reads again and recognizes its own
write by the nonce (a client library may repeat a command that ran).
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from approvals.codec import (
    DamagedRecord,
    Stamp,
    approval_from_json,
    approval_to_json,
    request_to_json,
    seal,
    unseal,
)
from approvals.model import Approval, Outcome
from approvals.redis.link import WRONG_TYPE, Link, StoreDown, bounded, key
from approvals.redis.names import (
    BELL_LENGTH,
    MOST_OPEN,
    MOST_RECORD,
    record_key,
    task_key,
)
from approvals.request import Request
from keys.seals import SealKey

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
class Gone:
    """The record that was to be replaced is not there any more."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """This request id was first asked with other content."""


@dataclass(frozen=True, slots=True)
class Full:
    """As many approvals are open as we are willing to hold."""


@dataclass(frozen=True, slots=True)
class FreezeMoved:
    """What is frozen is not what this APPROVE was decided under: look again."""


Done: TypeAlias = Swapped | Moved | Gone | Conflict | Full | FreezeMoved
"""What can come of a write. A new record is never Gone, a known one never a Conflict, or Full."""


@dataclass(frozen=True, slots=True)
class Lists:
    """Where a write puts its member: times are Unix milliseconds, None takes out or leaves."""

    open_until: int | None
    tell_at: int | None
    ring: bool = True


@dataclass(frozen=True, slots=True)
class Beside:
    """What else a write keeps or compares: nothing, unless it is said.

    `request` is what people must see; `content` what the request id must first have been asked
    for; `under` names what was frozen when a final APPROVE was decided.
    """

    request: Request | None = None
    content: str | None = None
    under: str = ""


class Swapping:
    """The one script that writes records, and what its answers mean."""

    def __init__(self, link: Link, seal_key: SealKey, *, keep_days: int, process: str) -> None:
        """Finished records are kept for `keep_days`; `process` is whom the bell names as writer."""
        self._link = link
        self._key = seal_key
        self._keep_s = keep_days * _SECONDS_A_DAY
        self._process = process

    async def write(
        self, old: Approval | None, new: Approval, lists: Lists, beside: Beside
    ) -> Done:
        """Write `new` where exactly `old` is stored, or nothing where that is None."""
        if _approves(new) and not beside.under:
            msg = "a final APPROVE is written under what is frozen"
            raise ValueError(msg)
        stamp = Stamp(new.revision, secrets.token_hex(16))
        name = record_key(new.member)
        value = bounded(
            seal(self._key, "approval", name, stamp, approval_to_json(new)), MOST_RECORD
        )
        new = replace(new, stamp=str(stamp))
        arguments = self._arguments(old, new, value, lists, beside)
        try:
            answer = await self._link.run("swap", _keys(new), arguments)
        except StoreDown:
            if await self._is_written(new):
                return Swapped(new)
            raise
        return self._judge(answer, new)

    def opened(self, member: str, stored: bytes) -> Approval:
        """A stored value as the record of this member; DamagedRecord for any other."""
        stamp, body = unseal(
            self._key, "approval", record_key(member), bounded(stored, MOST_RECORD)
        )
        approval = replace(approval_from_json(body), stamp=str(stamp))
        if approval.member != member or approval.revision != stamp.revision:
            raise DamagedRecord("the record is another one's")
        return approval

    def _arguments(
        self, old: Approval | None, new: Approval, value: bytes, lists: Lists, beside: Beside
    ) -> list[object]:
        """In the order that `swap.lua` names."""
        final, request, content = new.final, beside.request, beside.content
        return [
            "" if old is None else old.stamp,
            value,
            new.member,
            "" if lists.open_until is None else lists.open_until,
            "" if lists.tell_at is None else lists.tell_at,
            "1" if lists.ring else "",
            BELL_LENGTH,
            "" if final is None else self._keep_s,
            "" if content is None else self._sealed_content(_content_key(new), content),
            "" if request is None else request_to_json(request),
            MOST_OPEN,
            beside.under if _approves(new) else "",
            self._process,
            MOST_RECORD,
            "" if final is None else final.at,
            "" if final is None else final.at - 1000 * self._keep_s,
            "1" if new.task and not new.conflict else "",
        ]

    def _judge(self, answer: Sequence[bytes], new: Approval) -> Done:
        """What the script's answer means; our own nonce in a "moved" is our own repeated write."""
        match answer[0]:
            case b"ok":
                return Swapped(new)
            case b"moved":
                current = self.opened(new.member, answer[1])
                return Swapped(new) if current.stamp == new.stamp else Moved(current)
            case b"gone":
                return Gone()
            case b"conflict":
                self._verify_content(_content_key(new), answer[1])
                return Conflict()
            case b"full":
                return Full()
            case b"frozen":
                return FreezeMoved()
            case b"mend":
                raise StoreDown("a list of ours is of another type, until it is set aside")
            case _:
                raise DamagedRecord(WRONG_TYPE)

    async def _is_written(self, new: Approval) -> bool:
        """After an error: whether our write is what is stored. StoreDown if nobody can say."""
        try:
            stored = await self._link.get(record_key(new.member), MOST_RECORD)
            return stored is not None and self.opened(new.member, stored).stamp == new.stamp
        except DamagedRecord:
            return False

    def _sealed_content(self, name: str, content: str) -> str:
        return f"{content}:{self._key.seal('content', name, content.encode())}"

    def _verify_content(self, name: str, stored: bytes) -> None:
        content, _, made = stored.decode("ascii", "replace").partition(":")
        if not self._key.verify("content", name, content.encode(), made):
            raise DamagedRecord("the note of what this request id was first asked for is damaged")


def _approves(new: Approval) -> bool:
    return new.final is not None and new.final.outcome is Outcome.APPROVE


def _content_key(new: Approval) -> str:
    return key("content", new.request_id)


def _keys(new: Approval) -> list[str]:
    """In the order that `swap.lua` names."""
    lists = [key(name) for name in ("open", "untold", "bell")]
    beside = [key("bytes", new.digest), key("freeze"), key("done")]
    found = [task_key(new.node, new.task), key("unshown")]
    return [record_key(new.member), _content_key(new), *lists, *beside, *found]
