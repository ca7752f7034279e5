"""The form behind Reject: an optional reason, which everybody in the channel will read."""

from typing import Final

from notifiers.ports import Story
from notifiers.slack_limits import Json, check_view
from notifiers.slack_text import plain

REJECT_VIEW: Final = "countersign.reject"
REASON: Final = "reason"
LONGEST_REASON: Final = 500


def reject_view(story: Story, token: str) -> Json:
    """What is refused, word for word as in the message, and a field for why."""
    view: Json = {
        "type": "modal",
        "callback_id": REJECT_VIEW,
        "private_metadata": token,
        "title": plain("Reject this request", 24),
        "submit": plain("Reject", 24),
        "close": plain("Cancel", 24),
        "blocks": [
            {"type": "section", "block_id": "what", "text": plain(story.sheet.headline, 1_000)},
            {
                "type": "section",
                "block_id": "which",
                "text": plain(f"Request id: {story.approval.request_id}", 1_000),
            },
            {
                "type": "input",
                "block_id": REASON,
                "optional": True,
                "label": plain("Why? Everybody in the channel will read this.", 200),
                "element": {
                    "type": "plain_text_input",
                    "action_id": REASON,
                    "multiline": True,
                    "max_length": LONGEST_REASON,
                },
            },
        ],
    }
    check_view(view)
    return view


def view_error(sentence: str) -> Json:
    """Slack's answer that keeps the form open and says why under the field."""
    return {"response_action": "errors", "errors": {REASON: sentence}}
