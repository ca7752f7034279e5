"""What does not fit into a message: said whole in its thread, in parts, and named there by a hash.

The message names the SHA-256 over the whole text, and so does each part: who reads the thread can
tell that it belongs. Our own records' remarks are left out: they change while people decide, and
stand in the message.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from approvals.model import Approval
from approvals.wording import counted
from notifiers.slack.facts import line_of, packed, section
from notifiers.slack.limits import SECTION_TEXT, Json
from notifiers.slack.text import plain
from notifiers.words.sheet import Sheet
from notifiers.words.text import reading

MOST_PARTS: Final = 10
"""A message a second is what a channel takes; what is longer is for a terminal."""

_SECTIONS: Final = 3
"""Of one part, so that it stays below what Slack takes over all blocks."""


@dataclass(frozen=True, slots=True)
class Overflow:
    """All that follows from the request, as lines, where a message could not hold it.

    `run` is the command that prints it on a terminal.
    """

    text: str
    run: str

    @property
    def sha256(self) -> str:
        """Lower-case hex, over the text as UTF-8."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def says(self) -> str:
        """What the message says of it."""
        texts, more = _parts(self.text)
        parts = f", in {len(texts)} parts" if len(texts) > 1 else ""
        rest = f" as far as {MOST_PARTS} parts hold it; for the rest, run: {self.run}."
        return (
            f"Not all of it fits here. The whole text stands in the thread below{parts}"
            f"{rest if more else '.'}"
            f" It has {counted(len(self.text), 'character')} and the SHA-256 {self.sha256}"
        )


@dataclass(frozen=True, slots=True)
class Part:
    """A message of its own in the thread. `about` tells it from every other of its record."""

    about: str
    text: str
    blocks: list[Json]


def overflow_of(approval: Approval, sheet: Sheet, page: Sheet) -> Overflow:
    """The text of `page`, which has room for everything; what Cobo says is as in the message."""
    warned = (*page.flags, *page.proved)
    claimed = ("Cobo says (none of this is proved)", *map(line_of, sheet.claimed))
    said = (page.headline, page.badge, *map(line_of, (*warned, *page.asked, *page.ids)), *claimed)
    return Overflow("\n".join(said), reading(approval))


def parts_of(overflow: Overflow) -> Iterator[Part]:
    """The parts to post, in order, none folded away by Slack; the last says what is missing."""
    texts, more = _parts(overflow.text)
    for number, sections in enumerate(texts, start=1):
        part = (
            "The whole text," if len(texts) == 1 else f"Part {number} of {len(texts)} of the text"
        )
        head = f"{part} with the SHA-256 {overflow.sha256}"
        missing = f"[cut: {counted(more, 'more character')}] To read it all, run: {overflow.run}"
        last = [missing] if more and number == len(texts) else []
        said = [head, *sections, *last]
        blocks = [
            section(f"part-{place}", plain(text, SECTION_TEXT)) | {"expand": True}
            for place, text in enumerate(said)
        ]
        yield Part(f"part {number} of {overflow.sha256}", head, blocks)


def _parts(text: str) -> tuple[list[list[str]], int]:
    """The text as sections of parts, and how many characters there is no part for."""
    sections = list(packed(text.split("\n"), SECTION_TEXT))
    most = MOST_PARTS * _SECTIONS
    missing = sum(len(each) + 1 for each in sections[most:])
    sections = sections[:most]
    starts = range(0, len(sections), _SECTIONS)
    return [sections[start : start + _SECTIONS] for start in starts], missing
