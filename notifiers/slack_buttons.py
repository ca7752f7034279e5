"""The buttons below an open approval, and what stands there instead of one."""

from collections.abc import Callable
from typing import Final

from approvals.ballots import wants_reason
from approvals.model import Approval, Choice
from notifiers.sheet import Sheet
from notifiers.slack_limits import CONFIRM_TEXT, Json
from notifiers.slack_text import plain
from notifiers.slack_tokens import Act
from notifiers.text import command, reading

APPROVE: Final = "countersign.approve"
REJECT: Final = "countersign.reject"
FREEZE: Final = "countersign.freeze"

ACTS: Final = {APPROVE: Act.APPROVE, REJECT: Act.REJECT, FREEZE: Act.FREEZE}
"""What each button's `action_id` stands for."""


def ways_to_decide(approval: Approval, sheet: Sheet, token: Callable[[Act], str]) -> list[Json]:
    """The buttons; without Approve, the command that approves, where a click is not enough."""
    by_click = approval.verdict.strength == "any" and sheet.whole and sheet.integrity != "REFUSED"
    approve = [_approve(approval, sheet, token)] if by_click else []
    reject = _button(REJECT, "Reject", "danger", token(Act.REJECT))
    freeze = _button(FREEZE, "Freeze", "danger", token(Act.FREEZE))
    how = {"how": f"To approve, run: {command('approve', approval)}"}
    if not sheet.whole:
        how = {"read": f"Not all of it fits here. To read it, run: {reading(approval)}"} | how
    said = [
        {"type": "section", "text": plain(text, 1000), "block_id": name}
        for name, text in how.items()
        if not by_click
    ]
    buttons = [*approve, reject, freeze]
    return [*said, {"type": "actions", "elements": buttons, "block_id": "decide"}]


def _approve(approval: Approval, sheet: Sheet, token: Callable[[Act], str]) -> Json:
    """Confirmed by a dialog; where a reason is wanted, by the form that asks for it."""
    button = _button(APPROVE, "Approve", "primary", token(Act.APPROVE))
    if wants_reason(approval, Choice.APPROVE):
        return button
    confirm = {
        "title": plain("Approve this request?", 100),
        "text": plain(sheet.pledge, CONFIRM_TEXT),
        "confirm": plain("Approve", 30),
        "deny": plain("Cancel", 30),
        "style": "primary",
    }
    return {**button, "confirm": confirm}


def _button(action: str, word: str, style: str, value: str) -> Json:
    return {
        "type": "button",
        "action_id": action,
        "style": style,
        "text": plain(word, 75),
        "value": value,
    }
