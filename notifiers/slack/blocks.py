"""An approval as a Slack message: pure, within Slack's limits, and nothing in it can be forged.

All that comes from a request stands in `plain_text` objects with `emoji` off, where Slack reads
no markup at all, and is escaped besides: a memo cannot mention a channel, draw a link, or paint
our check mark.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, assert_never

from approvals.model import Approval, Approved, Cause, Damaged, Decision, Pending, Rejected
from approvals.wording import counted
from notifiers.ports import Story
from notifiers.schedule import Said, Urgency
from notifiers.slack.buttons import Ways, ways_to_decide, ways_to_read
from notifiers.slack.fits import fits
from notifiers.slack.limits import (
    ALL_BLOCKS,
    BLOCKS,
    FALLBACK_TEXT,
    HEADER,
    SECTION_TEXT,
    Json,
    check_message,
    size,
)
from notifiers.slack.overflow import Overflow, overflow_of
from notifiers.slack.review import can_review
from notifiers.slack.shown import hash_of, shown_of
from notifiers.slack.tables import small_print, table
from notifiers.slack.text import SLACK_INK, bare, mrkdwn, plain
from notifiers.slack.text import standing as standing_of
from notifiers.slack.tokens import Act
from notifiers.words.aftermath import was_not_ours
from notifiers.words.escalating import called_lines
from notifiers.words.headline import itemized
from notifiers.words.ink import PLAIN, deadline
from notifiers.words.readable import visible
from notifiers.words.sheet import Sheet
from notifiers.words.status import Status, status_of

_LINE: Final = 300
_SHORT_LINE: Final = 200
_LINES: Final = 9
_GLANCE: Final = 100
"""Characters that a lock screen surely shows of a notification."""

_DOUBT: Final = "what this does could not be proved"
_SEALS: Final = {
    "VERIFIED": ":mag: *VERIFIED*",
    "NOT VERIFIED": f":rotating_light: *NOT VERIFIED* · {_DOUBT}",
    "REFUSED": ":no_entry: *REFUSED* · nobody can approve this",
}
_HURRY: Final[Mapping[Urgency, str]] = {
    "early": "Decide",
    "half": "*Half of the time is over.* Decide",
    "late": "*Four fifths of the time are over.* Decide",
}
_CALLED: Final = ":mega: "
_REMARKS: Final = ":eyes: "
_SAYS: Final = ":speech_balloon: *Cobo says* · none of this is proved"
_WAITS: Final = ":hourglass_flowing_sand:"
_ALARM: Final = ":rotating_light:"


@dataclass(frozen=True, slots=True)
class Message:
    """`shown` names all that it says, `face` that and the buttons' values.

    `overflow` is what must stand below it, as it says itself; None where it holds everything.
    """

    text: str
    blocks: list[Json]
    shown: str
    overflow: Overflow | None = None

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
    mark: str
    urgency: Urgency
    called: Sequence[Said]
    version: int


def render(story: Story, token: Callable[[Act], str]) -> Message:
    """The message as the record stands. What does not fit is cut with a marker that says so.

    Where even short claims leave no room, proved facts go too, and with them the Approve button:
    nobody can approve by a click what the message does not show. If a form can show all of the
    page, a button opens that form; and the page's text goes into the thread.
    """
    approval, sheet = story.approval, story.sheet
    standing = _standing_of(story)
    blocks: list[Json] = []
    ways, below = Ways(freeze=story.freezable), None
    for fewer, limit in fits(sheet):
        lacks = below is None and not fewer.whole and not approval.notice
        if lacks and (page := story.page) is not None:
            ways = Ways(can_review(approval, sheet, page), story.freezable)
            below = overflow_of(approval, sheet, page)
        blocks = _blocks(approval, fewer, standing, token, limit, ways=ways, below=below)
        if size(blocks) <= ALL_BLOCKS and len(blocks) <= BLOCKS:
            break
    message = Message(_fallback(approval, sheet, standing), blocks, shown_of(blocks), below)
    check_message(message.text, message.blocks)
    return message


def _standing_of(story: Story) -> _Standing:
    approval, decision = story.approval, story.decision
    marked, bare = (
        status_of(
            approval,
            decision,
            ink,
            freezes=story.freezes,
            after=story.after,
            overdue=story.overdue,
        )
        for ink in (SLACK_INK, PLAIN)
    )
    wrong = was_not_ours(approval, story.after)
    mark = _ALARM if wrong else _mark(approval, decision)
    return _Standing(marked, bare, mark, story.urgency, story.said, story.version)


def _mark(approval: Approval, decision: Decision) -> str:
    """What is seen from afar. Only what is final has a mark of its own; all else waits."""
    match decision:
        case Damaged():
            return _ALARM
        case _ if approval.final is None:
            return _WAITS
        case Approved():
            return ":white_check_mark:"
        case Rejected(cause=Cause.FROZEN):
            return ":snowflake:"
        case Rejected():
            return ":x:"
        case Pending():
            return _WAITS
        case _ as never:
            assert_never(never)


def _blocks(
    approval: Approval,
    sheet: Sheet,
    standing: _Standing,
    token: Callable[[Act], str],
    limit: int,
    *,
    ways: Ways,
    below: Overflow | None,
) -> list[Json]:
    """In reading order: what, warnings, where it stands, can it be trusted, facts, buttons."""
    blocks: list[Json] = [
        {"type": "header", "text": plain(sheet.headline, HEADER), "block_id": "fact-what"},
        *table("fact-flags", sheet.flags, limit),
        *table("fact-remarks", sheet.remarks, limit, mark=_REMARKS),
        *_progress(approval, standing),
        *_about(standing, limit),
        {"type": "section", "text": mrkdwn(_SEALS[sheet.integrity]), "block_id": "fact-seal"},
        _why(sheet, limit),
        *table("fact-proved", sheet.proved, limit),
        *table("fact-asked", sheet.asked, limit),
        {"type": "divider", "block_id": "rule"},
        {"type": "section", "text": mrkdwn(_SAYS), "block_id": "fact-says"},
        *table("fact-claimed", sheet.claimed, limit),
        {"type": "divider", "block_id": "end"},
        small_print("ids", sheet.ids),
    ]
    if below is not None:
        blocks.append({"type": "section", "text": plain(below.says, 600), "block_id": "below"})
    if standing.bare.state == "open" and not approval.notice:
        blocks += ways_to_decide(approval, sheet, token, ways)
    else:
        blocks += ways_to_read(token)
    return [_iterated(block, standing.version) for block in blocks]


def _progress(approval: Approval, standing: _Standing) -> list[Json]:
    """Who has voted and who is missing, or how it ended; while it is open, until when."""
    said = {"status": f"{standing.mark} {standing_of(standing.marked)}"}
    if standing.bare.state == "open":
        hurry = _HURRY[standing.urgency]
        said["deadline"] = f":alarm_clock: {hurry} before *{deadline(approval, SLACK_INK)}*"
    return [
        {"type": "section", "text": mrkdwn(text), "block_id": name} for name, text in said.items()
    ]


def _why(sheet: Sheet, limit: int) -> Json:
    """Why to believe it, in small print; why not, large, and never folded away by Slack."""
    text = plain("\n".join(itemized(sheet.grounds)), min(SECTION_TEXT, 4 * limit + 400))
    if sheet.verified:
        return {"type": "context", "elements": [text], "block_id": "fact-why"}
    return {"type": "section", "text": text, "block_id": "fact-why", "expand": True}


def _about(standing: _Standing, limit: int) -> list[Json]:
    """Who was called, and who may vote; after the decision, why it ended as it did."""
    status = standing.bare
    lines = [
        plain(line, max(_SHORT_LINE, min(_LINE, limit)))
        for line in (*status.details, *status.wanted)
    ]
    called = (mrkdwn(f"{_CALLED}{said}") for said in called_lines(standing.called, SLACK_INK))
    lines[:0] = called if status.state == "open" else ()
    if len(lines) > _LINES:
        lines[_LINES:] = [
            plain(f"and {counted(len(lines) - _LINES, 'more line')}, not shown here", _LINE)
        ]
    return [{"type": "context", "elements": lines, "block_id": "about"}] if lines else []


def _iterated(block: Json, version: int) -> Json:
    """Slack asks for new block ids in each version of a message."""
    return {**block, "block_id": f"{block['block_id']}-r{version}"}


def _fallback(approval: Approval, sheet: Sheet, standing: _Standing) -> str:
    """What notifications and screen readers say: in the first characters what, and how proved.

    A doubt comes first of all, as it does in the first line.
    """
    what, line = sheet.headline, standing.bare.said
    if sheet.verified:
        what = f"{what} · {sheet.integrity}"
        what = what if len(what) <= _GLANCE else f"{sheet.integrity}: {sheet.headline}"
    if standing.bare.state == "open":
        line = f"{line} · decide before {deadline(approval, PLAIN)}"
    worst = f" · {sheet.worst}" if sheet.worst else ""
    said = f"{what}{worst} · {line} · {visible(approval.request_id, 200)}"
    return bare(said, FALLBACK_TEXT)
