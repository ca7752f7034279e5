"""What a button carries: which message, which record, which bytes, what for. Opaque to all.

A token is no secret and proves nothing by itself. It names what must agree: its nonce with a post
that we stored for this member, its digest with the record, its act with the button. So a value
moved to another button, message or record counts for nothing.
"""

import base64
import binascii
import json
from dataclasses import dataclass
from enum import StrEnum

from notifiers.words.readable import visible

_LONGEST = 2_000


class Act(StrEnum):
    """What a button is for: the two choices of a vote, and to freeze.

    REVIEW approves too, by a form that shows everything; DETAILS only shows, to anybody.
    """

    APPROVE = "approve"
    REVIEW = "review"
    REJECT = "reject"
    FREEZE = "freeze"
    DETAILS = "details"


@dataclass(frozen=True, slots=True)
class Token:
    """`nonce` is the post's, stored before the message that carries it."""

    nonce: str
    member: str
    digest: str
    act: Act

    def encode(self) -> str:
        """At most 2,000 ASCII characters, for names as long as the gateway takes them."""
        parts = [self.nonce, self.member, self.digest, self.act.value]
        return base64.urlsafe_b64encode(json.dumps(parts, separators=(",", ":")).encode()).decode()


def read_token(value: object) -> Token | None:
    """The token, or None for anything that `encode` did not write."""
    if type(value) is not str or len(value) > _LONGEST:
        return None
    try:
        parts = json.loads(base64.b64decode(value.encode("ascii"), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        return None
    if type(parts) is not list or [type(part) for part in parts] != [str] * 4:
        return None
    if parts[3] not in set(Act):
        return None
    token = Token(parts[0], parts[1], parts[2], Act(parts[3]))
    return token if token.encode() == value else None


def meant(value: object) -> str:
    """The member that a token names, to stand in an alarm: nothing has proved it."""
    token = read_token(value)
    return "" if token is None else visible(token.member, 400)
