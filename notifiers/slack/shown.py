"""What a message says to a reader, as a hash: of what we send and of what Slack echoes."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from notifiers.slack.text import unescape

_SAYING: Final = (
    *("text", "fields", "elements", "accessory", "title", "confirm", "deny"),
    *("alt_text", "image_url", "fallback", "pretext", "author_name", "blocks", "footer"),
    "action_id",
)
"""Where a block, or an attachment, can hold something to read; and what a button is for."""


def shown_of(blocks: object) -> str:
    """SHA-256, hex, over everything that blocks say, in order; of ours or of Slack's echo.

    Nothing may be added to a message, or changed in it, that a person could read: every block's
    kind and every text of it counts, confirm dialogs and pictures' words too; and so does what each
    button is for, so that none can say one thing and do another. Slack echoes `&` as
    `&amp;` and may add keys of its own: only what is shown is read, unescaped, with runs of white
    space as one.
    """
    return hash_of(" ".join(unescape(text).split()) for text in _said(blocks))


def _said(part: object) -> Iterator[str]:
    """The words of a block or of a part of one, in an order that does not hang on its keys'."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, list):
        for each in part:
            yield from _said(each)
    elif isinstance(part, Mapping):
        yield str(part.get("type", ""))
        for key in _SAYING:
            if key in part:
                yield from _said(part[key])


def hash_of(texts: Iterable[str]) -> str:
    """SHA-256, hex, over texts in order."""
    return hashlib.sha256(json.dumps(list(texts)).encode()).hexdigest()
