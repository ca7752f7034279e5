"""The record of freezes to JSON and back, for Redis and for the audit."""

import json
from typing import Any, Final

from approvals.codec import DamagedRecord, vote_evidence_from_plain
from approvals.freezes.model import Freeze, FreezeRecord, ThawVote
from approvals.model import SshSignature
from approvals.plain import shallow, to_json

VERSION: Final = 1


def freeze_to_json(record: FreezeRecord) -> str:
    """The record's facts; the stamp stands before them."""
    facts = {"version": VERSION, **shallow(record)}
    del facts["stamp"]
    return to_json(facts)


def freeze_from_json(body: str) -> FreezeRecord:
    """The inverse; a body that is not one of ours raises DamagedRecord."""
    try:
        document = json.loads(body)
        version = document.pop("version")
        if version != VERSION:
            raise DamagedRecord(f"version {version!r} is not known here")
        return freeze_from_plain(document)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise DamagedRecord(f"not a freeze: {type(error).__name__}") from None


def freeze_from_plain(document: dict[str, Any]) -> FreezeRecord:
    """A record as `plain` wrote it, as in the audit; its stamp, which was Redis's, is left out."""
    return FreezeRecord(
        epoch=document["epoch"],
        freezes=tuple(_freeze(freeze) for freeze in document["freezes"]),
        thaws=tuple(thaw_from_plain(vote) for vote in document["thaws"]),
        ended=tuple(document["ended"]),
    )


def _freeze(document: dict[str, Any]) -> Freeze:
    said = document["evidence"]
    evidence = None if said is None else vote_evidence_from_plain(said)
    return Freeze(**{**document, "evidence": evidence})


def thaw_from_plain(document: dict[str, Any]) -> ThawVote:
    """A vote to thaw as `plain` wrote it."""
    return ThawVote(**{**document, "evidence": SshSignature(**document["evidence"])})
