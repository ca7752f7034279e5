"""Facts as blocks: in two columns, or in small print."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from notifiers.slack.limits import FIELD_TEXT, FIELDS, Json
from notifiers.slack.text import literal, mrkdwn, plain
from notifiers.words.facts import Fact

_WARNS: Final = ":warning: "


def table(name: str, facts: Sequence[Fact], limit: int, mark: str = "") -> list[Json]:
    """Labels in the left column, values in the right; a section for each paragraph.

    On a phone there is one column, with each value below its label.
    """
    return [
        {
            "type": "section",
            "block_id": f"{name}-{number}",
            "fields": [
                part
                for fact in rows
                for part in (
                    mrkdwn(f"{_WARNS if fact.loud else mark}*{literal(fact.label)}*"),
                    plain(fact.value, FIELD_TEXT if fact.exact else limit),
                )
            ],
        }
        for number, rows in enumerate(_paragraphs(facts))
    ]


def _paragraphs(facts: Sequence[Fact]) -> Iterator[Sequence[Fact]]:
    """What belongs together; in parts of about the same length where that is too long for one."""
    starts = [place for place, fact in enumerate(facts) if fact.begins and place]
    for start, end in pairwise((0, *starts, len(facts))):
        parts = -(-(end - start) // (FIELDS // 2))
        for part in range(parts):
            yield facts[
                start + part * (end - start) // parts : start + (part + 1) * (end - start) // parts
            ]


def small_print(name: str, facts: Sequence[Fact]) -> Json:
    """Labels and values in one line of small type: at most ten of them."""
    said = [plain(f"{fact.label}: {fact.value}", FIELD_TEXT) for fact in facts]
    return {"type": "context", "elements": said, "block_id": name}
