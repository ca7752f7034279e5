"""What of an event stands in the audit: the body of a line, which the chain puts a link before."""

from functools import cache
from typing import Any, Final

from approvals.audit.packed import BadPacked, pack, unpack
from approvals.codec import DamagedRecord, request_from_json, request_to_json
from approvals.events import (
    Answered,
    AnswerTaken,
    Asked,
    BallotRefused,
    DeadlineMoved,
    Event,
    EventUnreadable,
    Finalized,
    FreezeChanged,
    Learned,
    Malformed,
    NodeReported,
    Overridden,
    PolicyChanged,
    PolicyKept,
    Voted,
)
from approvals.plain import plain, shallow, to_json
from approvals.request import Request

KEPT: Final = (
    Asked,
    Voted,
    Overridden,
    BallotRefused,
    DeadlineMoved,
    Finalized,
    Learned,
    Answered,
    AnswerTaken,
    NodeReported,
    EventUnreadable,
    Malformed,
    PolicyChanged,
    PolicyKept,
    FreezeChanged,
)


def body_of(event: Event, process: str) -> bytes:
    """The line's body for an event of KEPT.

    The exact request is compressed; beside it stands `content`, which a start needs of it.
    """
    fields = shallow(event)
    if "approval" in fields:
        fields["approval"] = approval = shallow(fields["approval"])
        del approval["stamp"], approval["brief"]  # the audit keeps the request itself
    if isinstance(event, Asked):
        fields["content"] = event.request.content
        fields["request"] = pack(request_to_json(event.request))
    return own_body(name_of(type(event).__name__), process, fields.pop("at"), fields)


def own_body(name: str, process: str, at: int, fields: dict[str, Any]) -> bytes:
    """The same for what is no event: what the chain says about itself."""
    return to_json({"process": process, "at": at, "event": name, **fields})[1:].encode()


def request_of(document: dict[str, Any]) -> Request:
    """The exact request in a line that asked, proved by the digest that the line names.

    Raises:
        BadPacked, DamagedRecord: it holds none, or another one.
        KeyError, TypeError: it is no line that asked.
    """
    return request_from_json(unpack(document["request"]), document["approval"]["digest"])


@cache
def name_of(name: str) -> str:
    """`BallotRefused` is `ballot_refused` in a line."""
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


def readable(document: dict[str, Any]) -> dict[str, Any]:
    """A line with its request unfolded, or with why it cannot be, under `request_damaged`."""
    if document.get("event") != "asked":
        return document
    try:
        return {**document, "request": plain(request_of(document))}
    except (BadPacked, DamagedRecord, KeyError, TypeError, AttributeError) as error:
        return {**document, "request": None, "request_damaged": str(error)}
