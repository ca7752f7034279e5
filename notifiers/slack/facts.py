"""Facts as Slack's blocks where there is room for all of them: side by side, or line by line.

All that comes from a request stands in `plain_text`, as in a message. Nothing is cut here: a text
that is too long for one place goes on in the next.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final

from notifiers.slack.limits import FIELD_TEXT, FIELDS, SECTION_TEXT, Json
from notifiers.slack.text import escape, literal, mrkdwn, plain
from notifiers.words.facts import Fact

_ROWS: Final = FIELDS // 2
_WARNS: Final = ":warning: "
_BREAK: Final = "\\n"
"""A new line, as JSON writes it."""
_LABEL: Final = 400
"""Room for a label as escaped, and for which part of how many this is."""


def title(name: str, words: str) -> Json:
    """A line in bold; the words are ours."""
    return section(name, mrkdwn(f"*{words}*"))


def section(name: str, text: Json) -> Json:
    """A paragraph."""
    return {"type": "section", "block_id": name, "text": text}


def table(name: str, facts: Sequence[Fact]) -> list[Json]:
    """Labels in the left column, values in the right; a long value takes paragraphs of its own."""
    blocks: list[Json] = []
    for short, group in groupby(facts, key=_is_short):
        rows = list(group)
        if short:
            pairs = [rows[start : start + _ROWS] for start in range(0, len(rows), _ROWS)]
            blocks += [_pairs(each) for each in pairs]
        else:
            blocks += [part for fact in rows for part in _long(fact)]
    return [{**block, "block_id": f"{name}-{number}"} for number, block in enumerate(blocks)]


def lines(name: str, texts: Iterable[str]) -> list[Json]:
    """Each text on a line of its own, in as few paragraphs as hold them."""
    return [
        section(f"{name}-{number}", plain(text, SECTION_TEXT))
        for number, text in enumerate(packed(texts, SECTION_TEXT))
    ]


def line_of(fact: Fact) -> str:
    """`To: 0xd631…`; a warning says so."""
    return f"{'WARNING: ' if fact.loud else ''}{fact.label}: {fact.value}"


def packed(texts: Iterable[str], limit: int) -> Iterator[str]:
    """The texts as lines, in order, in pieces of at most `limit` characters as they travel."""
    held: list[str] = []
    room = limit
    for part in (part for text in texts for part in pieces(text, limit)):
        size = _size(part) + len(_BREAK)
        if held and size > room:
            yield "\n".join(held)
            held, room = [], limit
        held.append(part)
        room -= size
    if held:
        yield "\n".join(held)


def pieces(text: str, limit: int) -> Iterator[str]:
    """A text in pieces of at most `limit` characters as they travel; joined they are the text."""
    while _size(text[: limit + 1]) > limit:
        room = limit
        while _size(text[:room]) > limit:
            room -= max(1, (_size(text[:room]) - limit) // 6)
        yield text[:room]
        text = text[room:]
    yield text


def _size(text: str) -> int:
    """Characters of a text as it travels: escaped for Slack, then for JSON."""
    return len(json.dumps(escape(text), ensure_ascii=False)) - 2


def _is_short(fact: Fact) -> bool:
    return _size(fact.value) <= FIELD_TEXT


def _pairs(facts: Iterable[Fact]) -> Json:
    fields: list[Json] = []
    for fact in facts:
        mark = _WARNS if fact.loud else ""
        fields += [mrkdwn(f"{mark}*{literal(fact.label)}*"), plain(fact.value, FIELD_TEXT)]
    return {"type": "section", "fields": fields}


def _long(fact: Fact) -> Iterator[Json]:
    parts = list(pieces(fact.value, SECTION_TEXT - _LABEL))
    for number, part in enumerate(parts, start=1):
        said = f"{fact.label} ({number} of {len(parts)}): {part}"
        yield {"type": "section", "text": plain(said, SECTION_TEXT)}
