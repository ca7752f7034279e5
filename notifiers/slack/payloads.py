"""What Slack sends when somebody clicks, read with suspicion into two small types."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

_ENTERPRISE: Final = "E"
_FILLED_IN: Final = ("view", "state", "values")


@dataclass(frozen=True, slots=True)
class Click:
    """A button of a message (`block_actions`). Missing parts are empty, so that no check passes.

    `answers` is Slack's `response_url`: the second way to say something to the one who clicked.
    """

    workspace: str
    user: str
    home: str
    channel: str
    ts: str
    trigger: str
    action: str
    value: str
    app: str
    posted_by: str
    answers: str
    blocks: object


@dataclass(frozen=True, slots=True)
class Submission:
    """A filled-in modal (`view_submission`). `value` is what we bound it to, `blocks` its texts."""

    workspace: str
    user: str
    home: str
    callback: str
    value: str
    reason: str
    scope: str
    blocks: object


Payload: TypeAlias = Click | Submission


def read_payload(payload: object) -> Payload | None:
    """A click or a submission; None for everything else, which is none of our business."""
    match _at(payload, "type"):
        case "block_actions":
            return _click(payload)
        case "view_submission":
            return _submission(payload)
        case _:
            return None


def is_of_workspace(payload: Payload, workspace: str) -> bool:
    """Sent in our workspace, by somebody who belongs to it.

    In a channel shared with another company, `user.team_id` is theirs. Within an Enterprise
    organization it names the organization (`E…`) for everybody.
    """
    return payload.workspace == workspace and (
        payload.home in ("", workspace) or payload.home.startswith(_ENTERPRISE)
    )


def _click(payload: object) -> Click:
    action = _at(payload, "actions", 0)
    # Two places name the message; where they disagree neither is believed.
    channel = _agreed(_text(payload, "container", "channel_id"), _text(payload, "channel", "id"))
    ts = _agreed(_text(payload, "container", "message_ts"), _text(payload, "message", "ts"))
    return Click(
        workspace=_text(payload, "team", "id"),
        user=_text(payload, "user", "id"),
        home=_text(payload, "user", "team_id"),
        channel=channel,
        ts=ts,
        trigger=_text(payload, "trigger_id"),
        action=_text(action, "action_id"),
        value=_text(action, "value"),
        app=_text(payload, "api_app_id"),
        posted_by=_text(payload, "message", "app_id"),
        answers=_text(payload, "response_url"),
        blocks=_visible(payload),
    )


def _submission(payload: object) -> Submission:
    return Submission(
        workspace=_text(payload, "team", "id"),
        user=_text(payload, "user", "id"),
        home=_text(payload, "user", "team_id"),
        callback=_text(payload, "view", "callback_id"),
        value=_text(payload, "view", "private_metadata"),
        reason=_text(payload, *_FILLED_IN, "reason", "reason", "value"),
        scope=_text(payload, *_FILLED_IN, "scope", "scope", "selected_option", "value"),
        blocks=_at(payload, "view", "blocks"),
    )


def _agreed(one: str, other: str) -> str:
    return one or other if not (one and other) or one == other else ""


def _text(document: object, *path: str | int) -> str:
    found = _at(document, *path)
    return found if type(found) is str else ""


def _at(document: object, *path: str | int) -> Any:
    """The value at a path of keys and positions, or None."""
    for step in path:
        if isinstance(document, Mapping):
            document = document.get(step)
        elif isinstance(document, list) and type(step) is int and step < len(document):
            document = document[step]
        else:
            return None
    return document


def _visible(payload: object) -> object:
    """All that the clicked message shows: attachments stand below its blocks."""
    blocks, attached = (_at(payload, "message", key) for key in ("blocks", "attachments"))
    return [blocks, attached] if attached else blocks
