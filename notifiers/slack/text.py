"""Text objects that say what they say: escaped, and free of markup that is not ours."""

import re
from typing import Any, Final

from notifiers.words.ink import Ink, clock, day
from notifiers.words.readable import cut, visible
from notifiers.words.status import Status

_OURS: Final = 1_500
"""The longest text with markup that we ever send; it is cut before the escaping can grow it."""


def escape(text: str) -> str:
    """Slack's three control characters, as its formatting guide says."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def literal(text: str) -> str:
    """Text of a person, safe inside `mrkdwn`: escaped, and free of what Slack reads as markup."""
    return escape(_swapped(visible(text)))


def bare(text: str, limit: int) -> str:
    """What a message says beside its blocks: notifications and threads draw `:names:` of emoji.

    Slack reads markup there even where it was told not to, once the message was updated.
    """
    return str(plain(_swapped(text), limit)["text"])


def _swapped(text: str) -> str:
    """Characters that only look like those that Slack reads as markup."""
    looks_like = {ord("*"): "∗", ord("~"): "∼", ord("`"): "ˋ"}  # noqa: RUF001
    return re.sub(r":(?=[\w+'-]+:)", "∶", text.translate(looks_like))  # noqa: RUF001


def date(milliseconds: int) -> str:
    """A time in the reader's own zone, with UTC for clients that cannot."""
    return f"<!date^{milliseconds // 1000}^{{time}}|{clock(milliseconds)}>"


def dated(milliseconds: int) -> str:
    """The same with its day: `tomorrow at 14:02`."""
    shown = "{date_short_pretty} at {time}"
    return f"<!date^{milliseconds // 1000}^{shown}|{day(milliseconds)}>"


SLACK_INK: Final = Ink(text=literal, time=date, day=dated)


def plain(text: str, limit: int) -> dict[str, Any]:
    """A text object in which Slack reads no markup; cut, with a marker, to `limit` as escaped."""
    room = limit
    while len(escape(cut(text, room))) > limit:
        room -= max(1, (len(escape(cut(text, room))) - limit) // 4)
    return {"type": "plain_text", "text": escape(cut(text, room)) or "-", "emoji": False}


def mrkdwn(text: str) -> dict[str, Any]:
    """Our own words, with markup; what is not ours in them must have passed `literal`."""
    return {"type": "mrkdwn", "text": cut(text, _OURS), "verbatim": True}


def standing(status: Status) -> str:
    """How it stands, in bold; below that what became of it, in bold as well if it is trouble."""
    first, *then = status.lines
    below = [f":warning: *{line}*" if status.trouble else line for line in then]
    return "\n".join((f"*{first}*", *below))


def unescape(text: str) -> str:
    """The inverse of `escape`, for what Slack echoes."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
