"""The buttons below an approval, and what stands there instead of one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from approvals.ballots import wants_reason
from approvals.model import Approval, Choice
from notifiers.slack.limits import CONFIRM_TEXT, Json
from notifiers.slack.text import plain
from notifiers.slack.tokens import Act
from notifiers.words.sheet import Sheet
from notifiers.words.text import command, reading

APPROVE: Final = "countersign.approve"
REVIEW: Final = "countersign.review"
REJECT: Final = "countersign.reject"
FREEZE: Final = "countersign.freeze"
DETAILS: Final = "countersign.details"

ACTS: Final = {
    APPROVE: Act.APPROVE,
    REVIEW: Act.REVIEW,
    REJECT: Act.REJECT,
    FREEZE: Act.FREEZE,
    DETAILS: Act.DETAILS,
}
"""What each button's `action_id` stands for."""


@dataclass(frozen=True, slots=True)
class Ways:
    """What there is beside refusing. `review`: a form shows what the message does not hold.

    `freeze`: somebody is on call, who may.
    """

    review: bool = False
    freeze: bool = True


def ways_to_decide(
    approval: Approval, sheet: Sheet, token: Callable[[Act], str], ways: Ways
) -> list[Json]:
    """The buttons; where no click can approve, the command that does.

    What decides this one request stands in a row of its own, and "Reject" alone is red: nobody is
    to open a freeze by a finger that slipped.
    """
    approve = _way_to_approve(approval, sheet, token, ways)
    reject = _button(REJECT, "Reject", token(Act.REJECT), "danger")
    freeze = [_button(FREEZE, "Freeze", token(Act.FREEZE))] if ways.freeze else []
    how = {"how": f"No click can approve this. To approve, run: {command('approve', approval)}"}
    if not sheet.whole:
        how = {"read": f"Not all of it fits here. To read it, run: {reading(approval)}"} | how
    said = [
        {"type": "section", "text": plain(text, 1000), "block_id": name}
        for name, text in how.items()
        if not approve
    ]
    return [*said, _row("decide", [*approve, reject]), _row("more", [*freeze, _details(token)])]


def ways_to_read(token: Callable[[Act], str]) -> list[Json]:
    """What stays when nothing is to be decided."""
    return [_row("read-on", [_details(token)])]


def _way_to_approve(
    approval: Approval, sheet: Sheet, token: Callable[[Act], str], ways: Ways
) -> list[Json]:
    """A click approves only what it comes from shows whole: the message, or the form it opens."""
    if approval.verdict.strength != "any" or sheet.integrity == "REFUSED":
        return []
    if sheet.whole:
        return [_approve(approval, sheet, token)]
    return [_button(REVIEW, "Review…", token(Act.REVIEW), "primary")] if ways.review else []


def _row(name: str, buttons: list[Json]) -> Json:
    return {"type": "actions", "elements": buttons, "block_id": name}


def _details(token: Callable[[Act], str]) -> Json:
    return _button(DETAILS, "Details", token(Act.DETAILS))


def _approve(approval: Approval, sheet: Sheet, token: Callable[[Act], str]) -> Json:
    """Confirmed by a dialog; where a reason is wanted, by the form that asks for it."""
    button = _button(APPROVE, "Approve", token(Act.APPROVE), "primary")
    if wants_reason(approval, Choice.APPROVE):
        return button
    confirm = {
        "title": plain("Approve this request?", 100),
        "text": plain(sheet.confirmed, CONFIRM_TEXT),
        "confirm": plain("Approve", 30),
        "deny": plain("Cancel", 30),
        "style": "primary",
    }
    return {**button, "confirm": confirm}


def _button(action: str, word: str, value: str, style: str = "") -> Json:
    button = {"type": "button", "action_id": action, "text": plain(word, 75), "value": value}
    return {**button, "style": style} if style else button
