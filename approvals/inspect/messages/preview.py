"""Messages as people may read them: bounded, what is cut is marked, what is hidden is named."""

import unicodedata
from collections.abc import Iterable
from typing import Final, Literal

from approvals.findings import Effect, Note, Signing
from approvals.wording import counted

PREVIEW_CHARS: Final = 20_000
"""As much of a message as findings hold: more than a chat shows, and enough for a terminal."""

NOTE_CHARS: Final = 1_000
"""As much of any other text."""

_PLAIN: Final = frozenset("\t\n\r").union(map(chr, range(0x20, 0x7F)))
"""White space and the ASCII that is drawn: what nearly every message is made of."""

_NAMED: Final = 8
_BLANKS: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Characters that count as letters or symbols and draw nothing."""


def signing_over(
    text: str,
    standard: str,
    *,
    kind: Literal["message", "blind"] = "message",
    chain: str | None = None,
    inner: tuple[Effect, ...] = (),
) -> Signing:
    """A signature over what people read as `text`; it knows whether they read all of it."""
    preview = bounded(text, PREVIEW_CHARS)
    return Signing(chain, kind, standard, preview, inner, whole=preview == text)


def bounded(text: str, most: int = NOTE_CHARS) -> str:
    """The text, or its beginning and how much is missing."""
    more = len(text) - most
    if more <= 0:
        return text
    return f"{text[:most]} [cut: {counted(more, 'more character')}]"


def text_of(message: bytes) -> str | None:
    """The message as text; None where it is not UTF-8, or holds control characters."""
    try:
        text = message.decode()
    except UnicodeDecodeError:
        return None
    controls = (each for each in set(text) - _PLAIN if unicodedata.category(each) == "Cc")
    return None if any(controls) else text


def shown(message: bytes) -> str:
    """What people read of a message, all of it: text where it is one, else hex."""
    text = text_of(message)
    return "0x" + message.hex() if text is None else text


def hidden(texts: Iterable[str]) -> tuple[Note, ...]:
    """A note that names the characters that nobody sees, if there are any."""
    found = {each for text in texts for each in set(text) - _PLAIN if _is_hidden(each)}
    if not found:
        return ()
    names = [f"U+{ord(each):04X}" for each in sorted(found)]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return (Note("Invisible characters", ", ".join(names[:_NAMED]) + more),)


def _is_hidden(character: str) -> bool:
    return character in _BLANKS or not character.isprintable()
