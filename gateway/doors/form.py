"""What a TSS Node posts, for callbacks and for events alike: a form with one field, TSS_JWT_MSG.

What is wrong with it, or with the token in it, is answered unsigned and short, the same for
everybody: a stranger learns nothing.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from starlette.responses import PlainTextResponse

from approvals.events import Event, TokenRefused
from keys.envelope import BadPackage, BadToken, TrustedNode, Verified, unpack, verify

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

BODY_LIMIT: Final = 10 * 1024 * 1024
FIELD: Final = "TSS_JWT_MSG"
MOST_ESCAPES: Final = 1_000
"""Decoding them costs a hundred times as much as other characters: three million, a second."""

_NOT_ALLOWED: Final = 405


class Refused(Exception):  # noqa: N818 - an outcome, named for what it says
    """An unsigned answer: the HTTP status and one plain sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        """Neither says anything about our keys or our state."""
        super().__init__(sentence)
        self.status = status

    async def answer(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Say so."""
        headers = {"allow": "POST"} if self.status == _NOT_ALLOWED else None
        await PlainTextResponse(str(self), self.status, headers)(scope, receive, send)


class NoPackage(Exception):  # noqa: N818 - an outcome, named for what it says
    """A verified token that carries no package; the message says why, without a full stop."""


def verified(
    token: str, nodes: Sequence[TrustedNode], now: int, note: Callable[[Event], None]
) -> Verified:
    """The token, verified for one of these nodes; else it is noted, and Refused.

    `now` is Unix milliseconds. Whatever is wrong with the token, the answer is the same.
    """
    try:
        return verify(token, nodes, now)
    except BadToken as bad:
        note(TokenRefused(now, bad.reason))
        raise Refused(401, "The token does not verify.") from None


def package_of(token: Verified) -> bytes:
    """What `package_data` holds; NoPackage where that is not bytes in base64."""
    if token.package is None:
        raise NoPackage("package_data must be a string")
    try:
        return unpack(token.package)
    except BadPackage:
        raise NoPackage("package_data is not padded standard base64") from None


async def read_token(scope: "Scope", receive: "Receive") -> str:
    """The value of the one field.

    Raises:
        Refused: the method, the size or the form is no TSS Node's.
    """
    return token_of(await _body(scope, receive))


async def _body(scope: "Scope", receive: "Receive") -> bytes:
    """A body that is refused as too large is not read to its end, or not at all."""
    if scope["method"] != "POST":
        raise Refused(_NOT_ALLOWED, "Only POST is answered here.")
    announced = dict(scope["headers"]).get(b"content-length", b"0")
    if int(announced) > BODY_LIMIT:
        raise Refused(413, "The request is too large.")
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refused(400, "The request ended early.")
        body += message.get("body", b"")
        if len(body) > BODY_LIMIT:
            raise Refused(413, "The request is too large.")
        if not message.get("more_body", False):
            return bytes(body)


def token_of(body: bytes) -> str:
    """The one form field; a JWT never needs percent-encoding, but may have some."""
    if body.count(b"%") > MOST_ESCAPES:
        raise Refused(400, f"A form with the field {FIELD} is expected.")
    try:
        fields = parse_qsl(body.decode("ascii"), max_num_fields=8, encoding="ascii")
    except (UnicodeDecodeError, ValueError):
        raise Refused(400, f"A form with the field {FIELD} is expected.") from None
    tokens = [value for name, value in fields if name == FIELD]
    if len(tokens) != 1 or not tokens[0].strip():
        raise Refused(400, f"A form with the field {FIELD} is expected.")
    return tokens[0]
