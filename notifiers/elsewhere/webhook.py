"""A webhook: each bulletin as JSON, signed, to one address. Nothing that comes back is believed.

What travels, and how to verify it, is documented in docs/notifiers.md.
"""

import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Final

import aiohttp

from keys.secret import Secret
from notifiers.elsewhere.bulletin import About, Bulletin
from notifiers.ports import NotTold

SCHEMA: Final = "countersign-notice@v1"
TIMEOUT_S: Final = 6.0
"""For all of one call: with what goes before, it ends within what the teller gives one member."""

_AGAIN: Final = frozenset({408, 425, 429})
_OK: Final = range(200, 300)
_BROKEN: Final = 500
_MOST_WAIT_S: Final = 3_600.0


class Webhook:
    """Posts to one address, which is a secret: nothing here ever shows it."""

    def __init__(
        self,
        url: Secret,
        secret: Secret,
        now_ms: Callable[[], int],
        *,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        """No connection is opened before the first bulletin, and none is kept."""
        self._url = url
        self._secret = secret
        self._now = now_ms
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)

    async def send(self, bulletin: Bulletin, id_: str) -> None:
        """Post it once. A redirect is not followed: it would carry what is said to a stranger.

        Raises:
            NotTold: it was not accepted; with an alarm where a repetition would not help.
        """
        body = body_of(bulletin, id_)
        timestamp = str(self._now() // 1000)
        headers = {
            "Content-Type": "application/json",
            "Countersign-Id": id_,
            "Countersign-Timestamp": timestamp,
            "Countersign-Signature": signature(self._secret, timestamp, body),
            "User-Agent": "countersign",
        }
        try:
            async with (
                aiohttp.ClientSession(timeout=self._timeout) as session,
                session.post(
                    self._url.reveal(), data=body, headers=headers, allow_redirects=False
                ) as response,
            ):
                status, wish = response.status, response.headers.get("Retry-After")
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise NotTold(_why(error)) from None
        if status not in _OK:
            passes = status in _AGAIN or status >= _BROKEN
            raise NotTold(f"http_{status}", alarm=not passes, retry_after=_seconds(wish))


def _why(error: Exception) -> str:
    """In our own words: those of the error would show the address."""
    match error:
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientConnectorSSLError():
            return "its certificate is not trusted, or it speaks no TLS"
        case aiohttp.ClientConnectorError():
            return "it cannot be connected to"
        case TimeoutError():
            return "no answer in time"
        case _:
            return type(error).__name__


def body_of(bulletin: Bulletin, id_: str) -> bytes:
    """The JSON document that is posted: ASCII, keys in this order."""
    document: dict[str, object] = {
        "schema": SCHEMA,
        "id": id_,
        "event": bulletin.event,
        "at": bulletin.at,
        "subject": bulletin.subject,
        "text": bulletin.text,
    }
    if bulletin.about is not None:
        document["approval"] = _approval(bulletin.about)
    return json.dumps(document, separators=(",", ":")).encode()


def signature(secret: Secret, timestamp: str, body: bytes) -> str:
    """`v1=` and the HMAC-SHA-256, hex, over the timestamp, a dot, and the body's bytes."""
    signed = f"{timestamp}.".encode() + body
    return f"v1={hmac.new(secret.reveal().encode(), signed, hashlib.sha256).hexdigest()}"


def _approval(about: About) -> dict[str, object]:
    return {
        "member": about.member,
        "node": about.node,
        "request_id": about.request_id,
        "digest": about.digest,
        "headline": about.headline,
        "badge": about.badge,
        "warnings": list(about.warnings),
        "deadline": about.deadline,
        "status": about.status,
        "commands": list(about.commands),
    }


def _seconds(header: str | None) -> float | None:
    """A Retry-After in seconds, no longer than an hour; a date is not read."""
    if header is None or not (header.isascii() and header.isdecimal() and len(header) < 10):  # noqa: PLR2004
        return None
    return min(float(header), _MOST_WAIT_S)
