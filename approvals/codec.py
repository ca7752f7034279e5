"""An approval's record to bytes and back: versioned, sealed, bound to its key and revision.

The stored form is `revision:nonce:seal:json`, with the revision as 20 digits, the nonce as 32 and
the seal as 64 hex digits. A script compares the first two to know a record without parsing it;
the seal covers the key's name, the revision, the nonce and the exact JSON.
"""

import json
from dataclasses import dataclass
from typing import Any, Final

from approvals.model import (
    Approval,
    Attempts,
    Brief,
    Cause,
    Choice,
    Escalation,
    Evidence,
    Need,
    Outcome,
    Override,
    RuleAnswer,
    SlackClick,
    SshSignature,
    Verdict,
    Vote,
)
from approvals.model import Final as FinalFact
from approvals.plain import shallow, to_json
from approvals.request import Request
from approvals.strict_json import BadJson, loads
from keys.seals import SealKey

VERSION: Final = 3
_READ: Final = (2, VERSION)
"""Records of version 2 lack what has a default here; gateways of that version read none of ours."""
REVISION_DIGITS: Final = 20
STAMP_LENGTH: Final = REVISION_DIGITS + 1 + 32


class DamagedRecord(Exception):  # noqa: N818 - a state of the record, not a mistake of ours
    """What is stored under one of our keys is not what we stored there."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What identifies one write of a sealed value: a script compares it as a prefix."""

    revision: int
    nonce: str

    def __str__(self) -> str:
        """The stored prefix."""
        return f"{self.revision:020d}:{self.nonce}"


def seal(key: SealKey, purpose: str, name: str, stamp: Stamp, body: str) -> bytes:
    """The stored form of `body` under the Redis key `name`."""
    made = key.seal(purpose, name, f"{stamp}:{body}".encode())
    return f"{stamp}:{made}:{body}".encode()


def unseal(key: SealKey, purpose: str, name: str, stored: bytes) -> tuple[Stamp, str]:
    """The stamp and body of a stored value, if the seal is ours for this key."""
    try:
        revision, nonce, made, body = stored.decode().split(":", 3)
        stamp = Stamp(int(revision), nonce)
    except (ValueError, UnicodeDecodeError):
        raise DamagedRecord("not in the form of a record") from None
    exact = f"{revision}:{nonce}:{body}".encode()
    if len(revision) + 1 + len(nonce) != STAMP_LENGTH or not key.verify(purpose, name, exact, made):
        raise DamagedRecord("the seal does not verify")
    return stamp, body


def approval_to_json(approval: Approval) -> str:
    """The record's facts; the member's name is in the key, the revision in the stamp."""
    facts = {"version": VERSION, **shallow(approval)}
    del facts["stamp"]
    return to_json(facts)


def approval_from_json(body: str) -> Approval:
    """The inverse; a body that is not one of ours raises DamagedRecord."""
    try:
        document = json.loads(body)
        version = document.pop("version")
        if version not in _READ:
            raise DamagedRecord(f"version {version!r} is not known here")
        return approval_from_plain(document)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DamagedRecord(f"not a record: {type(error).__name__}") from None


def request_to_json(request: Request) -> str:
    """The exact request, for those who must see what they approve."""
    kept = shallow(request)
    del kept["digest"]
    return to_json(kept)


def request_from_json(body: str, digest: str) -> Request:
    """The request, proved by its digest: it needs no seal."""
    try:
        document = loads(body)
        request = Request(**document)  # type: ignore[arg-type]
    except (BadJson, TypeError, ValueError, AttributeError) as error:
        raise DamagedRecord(f"not a request: {type(error).__name__}") from None
    if request.digest != digest:
        raise DamagedRecord("the stored request is not the one that was asked")
    return request


def final_from_plain(document: dict[str, Any]) -> FinalFact:
    """A final fact as `plain` wrote it: also how the audit's lines are read back."""
    cause = document.pop("cause")
    return FinalFact(
        outcome=Outcome(document.pop("outcome")),
        cause=None if cause is None else Cause(cause),
        **document,
    )


def vote_from_plain(document: dict[str, Any]) -> Vote:
    """A vote as `plain` wrote it."""
    return Vote(
        choice=Choice(document.pop("choice")),
        evidence=vote_evidence_from_plain(document.pop("evidence")),
        **document,
    )


def verdict_from_plain(document: dict[str, Any]) -> Verdict:
    """A verdict as `plain` wrote it."""
    cause = document.pop("cause")
    return Verdict(
        rules=tuple(RuleAnswer(**rule) for rule in document.pop("rules")),
        needs=tuple(
            Need(need["group"], need["count"], tuple(need["people"]))
            for need in document.pop("needs")
        ),
        barred=tuple(document.pop("barred")),
        cause=None if cause is None else Cause(cause),
        override=_override(document.pop("override")),
        escalations=tuple(_escalation(each) for each in document.pop("escalations", ())),
        **document,
    )


def _override(document: dict[str, Any] | None) -> Override | None:
    if document is None:
        return None
    return Override(people=tuple(document.pop("people")), **document)


def _escalation(document: dict[str, Any]) -> Escalation:
    return Escalation(people=tuple(document.pop("people")), **document)


def approval_from_plain(document: dict[str, Any]) -> Approval:
    """A record as `plain` wrote it, which is taken apart: also how the audit's lines are read."""
    final, brief = document.pop("final"), document.pop("brief", None)
    return Approval(
        verdict=verdict_from_plain(document.pop("verdict")),
        attempts=_attempts(document.pop("attempts")),
        votes=tuple(vote_from_plain(vote) for vote in document.pop("votes")),
        final=None if final is None else final_from_plain(final),
        brief=None if brief is None else Brief(**brief),
        **document,
    )


def _attempts(document: dict[str, Any]) -> Attempts:
    return Attempts(tokens=tuple(document.pop("tokens")), **document)


def vote_evidence_from_plain(document: dict[str, Any]) -> Evidence:
    """The evidence of a vote as `plain` wrote it."""
    return SshSignature(**document) if "signature" in document else SlackClick(**document)
