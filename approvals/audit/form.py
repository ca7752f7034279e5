"""The form of the audit: how a line names the one before it, and how files are named.

A line is `{"version":2,"chain":…,"seq":…,"prev":…,` and then what happened. `prev` is the SHA-256
of the exact bytes of the line before, without its newline; a chain's first line has 64 zeros.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any, Final, Self

from approvals.strict_json import BadJson, check_depth

VERSION: Final = 2
NO_LINE: Final = "0" * 64
"""What stands for the hash of the line before a chain's first."""

OPENED: Final = "opened"
CONTINUED: Final = "continued"
HEAD: Final = "head"
OWN: Final = (OPENED, CONTINUED, HEAD)
"""The events that a chain writes about itself."""

MOST_LINE: Final = 64 << 20
"""Bytes of a line that is read; the longest of ours, of a request as large as is taken, is less."""

_MANY_BRACKETS: Final = 1_000
"""So many may stand inside each other and be read; of more it is looked at whether they do."""

_NAME: Final = re.compile(r"([0-9a-f]{8})-([0-9]{6})-([0-9]{8})\.jsonl", re.ASCII)
_FRONT: Final = re.compile(
    rb'\{"version":2,"chain":"([0-9a-f]{8})","seq":(0|[1-9][0-9]{0,14}),"prev":"([0-9a-f]{64})",'
)


class AuditUnreadable(Exception):  # noqa: N818 - a state of the file, not a mistake of ours
    """The audit is not as we wrote it. What it recorded may not be forgotten in silence."""


@dataclass(frozen=True, slots=True, order=True)
class FileName:
    """`<chain>-<6 digits>-<YYYYMMDD>.jsonl`: sorted by name, a chain's files are in their order."""

    chain: str
    number: int
    day: str

    def __str__(self) -> str:
        """The name."""
        return f"{self.chain}-{self.number:06d}-{self.day}.jsonl"

    @classmethod
    def read(cls, name: str) -> Self | None:
        """The inverse; None for a name that is none of ours."""
        match = _NAME.fullmatch(name)
        return None if match is None else cls(match[1], int(match[2]), match[3])


@dataclass(frozen=True, slots=True)
class Link:
    """Where a line belongs: in which chain, as which entry, after which line."""

    chain: str
    seq: int
    prev: str


def linked(link: Link, body: bytes) -> bytes:
    """A line without its newline: the link, and what happened (`body` lacks the first brace)."""
    front = f'{{"version":2,"chain":"{link.chain}","seq":{link.seq},"prev":"{link.prev}",'
    return front.encode() + body


def link_of(line: bytes) -> Link | None:
    """The link at the front of a line, exactly as we write it; None for any other line."""
    match = _FRONT.match(line)
    if match is None:
        return None
    return Link(match[1].decode(), int(match[2]), match[3].decode())


def hash_of(line: bytes) -> str:
    """What the next line calls this one: SHA-256 in hex, of a line without its newline."""
    return hashlib.sha256(line).hexdigest()


def document_of(line: bytes, where: str) -> dict[str, Any]:
    """A whole line, read.

    Raises:
        AuditUnreadable: it is no JSON of ours; `where` names the file and line for a person.
    """
    try:
        text = line.decode()
        if text.count("[") + text.count("{") > _MANY_BRACKETS:
            check_depth(text)
        document = json.loads(text)
    except (BadJson, ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise AuditUnreadable(f"{where} is not JSON of ours: was it edited?")
    return document
