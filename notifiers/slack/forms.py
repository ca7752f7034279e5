"""What a form is bound to: sealed, so that only one that we opened counts, and for whom we did.

Slack hands a form's `private_metadata` back with what was filled in. The seal says that we wrote
it after a sound click; so the click's own checks need not be made again on what Slack no longer
sends, and nobody who can write to Slack in our name can make up a form, or change what one shows.
"""

import base64
import binascii
import json
from dataclasses import dataclass, fields
from typing import Final

from keys.seals import SealKey
from notifiers.slack.shown import shown_of
from notifiers.slack.tokens import Token, read_token

LASTS_MS: Final = 1_800_000
"""A form that is older must be opened again."""

_LONGEST: Final = 3_000
_PURPOSE: Final = "form"


@dataclass(frozen=True, slots=True)
class Binding:
    """The click that opened a form, and the form.

    `token` is the button's, `ts` and `shown` are the clicked message's, `user` who clicked on it;
    `asks` is what the form says; `at` is when it was opened, Unix milliseconds. `last_ended` is the
    freeze that was thawed last before that: of a form to freeze.
    """

    token: Token
    user: str
    ts: str
    shown: str
    asks: str
    at: int
    last_ended: str = ""


class Forms:
    """Writes bindings and reads them back."""

    def __init__(self, seal_key: SealKey) -> None:
        """Gateways that share the key know each other's forms."""
        self._key = seal_key

    def write(self, binding: Binding) -> str:
        """For `private_metadata`: at most 3,000 ASCII characters."""
        parts = [binding.token.encode(), binding.user, binding.ts, binding.shown, binding.asks]
        parts.append(binding.last_ended)
        body = json.dumps([*parts, binding.at], separators=(",", ":")).encode()
        sealed = self._key.seal(_PURPOSE, "", body)
        return f"{base64.urlsafe_b64encode(body).decode()}.{sealed}"

    def read(self, text: str) -> Binding | None:
        """The binding, or None for anything that `write` did not write with this key."""
        if len(text) > _LONGEST or not text.isascii():
            return None
        encoded, _, sealed = text.partition(".")
        try:
            body = base64.b64decode(encoded, altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        if not self._key.verify(_PURPOSE, "", body, sealed):
            return None
        parts = json.loads(body)
        if len(parts) != len(fields(Binding)):
            return None  # of a gateway of another version, which was upgraded meanwhile
        value, user, ts, shown, asks, last_ended, at = parts
        token = read_token(value)
        if token is None:
            return None
        return Binding(token, user, ts, shown, asks, at, last_ended)


def asks_of(blocks: object) -> str:
    """What a form says, as a hash: of ours and of Slack's echo. Fields to fill in do not count."""
    said = blocks if isinstance(blocks, list) else []
    return shown_of([b for b in said if not (isinstance(b, dict) and b.get("type") == "input")])
