"""An approval as a Slack message: pure, within Slack's limits, and nothing in it can be forged.

All that comes from a request stands in `plain_text` objects with `emoji` off, where Slack reads
no markup at all, and is escaped besides: a memo cannot mention a channel, draw a link, or paint
our check mark.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from approvals.freeze import Freeze
from approvals.model import Approval, Decision
from approvals.wording import counted
from notifiers.facts import Fact
from notifiers.headline import itemized
from notifiers.readable import cut, visible
from notifiers.schedule import Urgency
from notifiers.sheet import Sheet
from notifiers.slack_buttons import ways_to_decide
from notifiers.slack_limits import (
    ALL_BLOCKS,
    FALLBACK_TEXT,
    FIELD_TEXT,
    FIELDS,
    HEADER,
    SECTION_TEXT,
    Json,
    check_message,
    size,
)
from notifiers.slack_shown import hash_of, shown_of
from notifiers.slack_text import SLACK_INK, date, escape, literal, mrkdwn, plain
from notifiers.slack_tokens import Act
from notifiers.status import Status, status_of

_SQUEEZES: Final = (400, 200, 100, 60)
"""How long a claim, a reason or a rule's `why` may be, in turn, until the message fits."""

_LINE: Final = 300
_SHORT_LINE: Final = 200
_LINES: Final = 9

_DOUBT: Final = "what this does could not be proved"
_SEALS: Final = {
    "VERIFIED": ":white_check_mark: *VERIFIED*",
    "NOT VERIFIED": f":rotating_light: *NOT VERIFIED* · {_DOUBT}",
    "REFUSED": ":no_entry: *REFUSED* · nobody can approve this",
}
_HURRY: Final[Mapping[Urgency, str]] = {
    "early": "Decide",
    "half": ":hourglass_flowing_sand: *Half of the time is over.* Decide",
    "late": ":alarm_clock: *Four fifths of the time are over.* Decide",
}
_WARNS: Final = ":warning: "
_REMARKS: Final = ":eyes: "
_SAYS: Final = ":speech_balloon: *Cobo says* · nothing below is proved"


@dataclass(frozen=True, slots=True)
class Message:
    """`shown` names all that it says, `face` that and the buttons' values."""

    text: str
    blocks: list[Json]
    shown: str

    @property
    def face(self) -> str:
        """Equal faces need no second call to Slack."""
        seen = [{key: block[key] for key in block if key != "block_id"} for block in self.blocks]
        return hash_of([self.text, json.dumps(seen, sort_keys=True)])


@dataclass(frozen=True, slots=True)
class _Standing:
    """Where the approval stands, once with Slack's markup and once without any."""

    marked: Status
    bare: Status
    urgency: Urgency


def render(
    approval: Approval,
    sheet: Sheet,
    decision: Decision,
    token: Callable[[Act], str],
    *,
    freezes: Sequence[Freeze] = (),
    urgency: Urgency = "early",
) -> Message:
    """The message as the record stands. What does not fit is cut with a marker that says so.

    Where even short claims leave no room, proved facts go too, and with them the Approve button:
    nobody can approve by a click what the message does not show.
    """
    standing = _Standing(
        status_of(approval, decision, SLACK_INK, freezes=freezes),
        status_of(approval, decision, freezes=freezes),
        urgency,
    )
    blocks: list[Json] = []
    for fewer, limit in _fits(_as_slack_shows(sheet)):
        blocks = _blocks(approval, fewer, standing, token, limit)
        if size(blocks) <= ALL_BLOCKS:
            break
    message = Message(_fallback(approval, sheet, standing), blocks, shown_of(blocks))
    check_message(message.text, message.blocks)
    return message


def _as_slack_shows(sheet: Sheet) -> Sheet:
    """Not whole where a field cannot hold, escaped, what must be read in full."""
    shown = (*sheet.flags, *sheet.remarks, *sheet.proved)
    fits = all(len(escape(fact.value)) <= FIELD_TEXT for fact in shown)
    return sheet if fits else replace(sheet, whole=False)


def _fits(sheet: Sheet) -> Iterator[tuple[Sheet, int]]:
    """What to try in turn: shorter texts, no claims, fewer proved facts, shorter warnings."""
    least = _SQUEEZES[-1]
    yield from ((sheet, limit) for limit in _SQUEEZES)
    sheet = replace(sheet, claimed=(_not_shown(len(sheet.claimed)),))
    yield sheet, least
    for kept in range(len(sheet.proved) - 1, -1, -1):
        note = _not_shown(len(sheet.proved) - kept)
        yield replace(sheet, proved=(*sheet.proved[:kept], note), whole=False), least
    yield _least_of(sheet), least


def _least_of(sheet: Sheet) -> Sheet:
    """What is left in the worst case: each flag by its name, and how much is missing."""
    return replace(
        sheet,
        flags=tuple(replace(fact, value=cut(fact.value, _SQUEEZES[-1])) for fact in sheet.flags),
        remarks=(_not_shown(len(sheet.remarks)),) if sheet.remarks else (),
        proved=(_not_shown(len(sheet.proved)),) if sheet.proved else (),
        whole=False,
    )


def _not_shown(count: int) -> Fact:
    return Fact("Not shown", f"{counted(count, 'fact')}; `countersign show` lists them", exact=True)


def _blocks(
    approval: Approval,
    sheet: Sheet,
    standing: _Standing,
    token: Callable[[Act], str],
    limit: int,
) -> list[Json]:
    """In reading order: what, warnings, where it stands, can it be trusted, facts, buttons."""
    why = plain("\n".join(itemized(sheet.grounds)), min(SECTION_TEXT, 4 * limit + 400))
    blocks: list[Json] = [
        {"type": "header", "text": plain(sheet.headline, HEADER), "block_id": "fact-what"},
        *_table("fact-flags", sheet.flags, limit),
        *_table("fact-remarks", sheet.remarks, limit, mark=_REMARKS),
        {"type": "section", "text": mrkdwn(f"*{standing.marked.line}*"), "block_id": "status"},
        *_about(approval, standing, limit),
        {"type": "section", "text": mrkdwn(_SEALS[sheet.integrity]), "block_id": "fact-seal"},
        {"type": "section", "text": why, "block_id": "fact-why"},
        *_table("fact-proved", sheet.proved, limit),
        *_table("fact-asked", sheet.asked, limit),
        {"type": "divider", "block_id": "rule"},
        {"type": "section", "text": mrkdwn(_SAYS), "block_id": "fact-says"},
        *_table("fact-claimed", sheet.claimed, limit),
    ]
    if standing.bare.state == "open" and not approval.notice:
        blocks += ways_to_decide(approval, sheet, token)
    return [_iterated(block, approval.revision) for block in blocks]


def _about(approval: Approval, standing: _Standing, limit: int) -> list[Json]:
    """Who may vote and until when; after the decision, why it ended as it did."""
    status = standing.bare
    lines = [
        plain(line, max(_SHORT_LINE, min(_LINE, limit)))
        for line in (*status.details, *status.wanted)
    ]
    if status.state == "open":
        hurry = _HURRY[standing.urgency]
        lines.insert(0, mrkdwn(f"{hurry} before {date(approval.deadline)}"))
    if len(lines) > _LINES:
        lines[_LINES:] = [
            plain(f"and {counted(len(lines) - _LINES, 'more line')}, not shown here", _LINE)
        ]
    return [{"type": "context", "elements": lines, "block_id": "about"}] if lines else []


def _table(name: str, facts: Sequence[Fact], limit: int, mark: str = "") -> list[Json]:
    """Labels in the left column, values in the right; as many sections as the rows need.

    On a phone there is one column, with each value below its label.
    """
    rows = FIELDS // 2
    return [
        {
            "type": "section",
            "block_id": f"{name}-{start // rows}",
            "fields": [
                part
                for fact in facts[start : start + rows]
                for part in (
                    mrkdwn(f"{_WARNS if fact.loud else mark}*{literal(fact.label)}*"),
                    plain(fact.value, FIELD_TEXT if fact.exact else limit),
                )
            ],
        }
        for start in range(0, len(facts), rows)
    ]


def _iterated(block: Json, revision: int) -> Json:
    """Slack asks for new block ids in each version of a message."""
    return {**block, "block_id": f"{block['block_id']}-r{revision}"}


def _fallback(approval: Approval, sheet: Sheet, standing: _Standing) -> str:
    """What notifications and screen readers say."""
    line = standing.bare.line
    worst = f" · {sheet.worst}" if sheet.worst else ""
    said = f"{sheet.headline}{worst} · {line} · {visible(approval.request_id, 200)}"
    return str(plain(said, FALLBACK_TEXT)["text"])
