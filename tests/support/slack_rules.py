"""What Slack refuses, by Slack's own error names, and how it echoes what it took.

Written from Slack's Block Kit reference and from threads about its echo; on purpose not shared
with the code under test.
"""

import json
import re
from typing import Any

_TEXT_OBJECTS = {"plain_text", "mrkdwn"}
_ENTITY = re.compile(r"&(?!amp;|lt;|gt;)")
_URL = re.compile(r"(?<![<|])\bhttps?://[^\s<>|]+")
_EMOJI = {"🔥": ":fire:", "✅": ":white_check_mark:"}


def refusal_of(text: str, blocks: list[dict[str, Any]]) -> str | None:
    """The error that Slack would answer a message with, or None."""
    if not text and not blocks:
        return "no_text"
    if len(text) > 40_000:
        return "msg_too_long"
    if len(json.dumps(blocks, ensure_ascii=False)) > 13_200:
        return "msg_blocks_too_long"
    if len(blocks) > 50 or any(_bad_block(block) for block in blocks):
        return "invalid_blocks"
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    return "invalid_blocks" if len(set(ids)) != len(ids) else None


def refusal_of_view(view: dict[str, Any]) -> str | None:
    """The error that Slack would answer views.open with, or None."""
    blocks = view.get("blocks", [])
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    words = {"title", *({"submit", "close"} & view.keys())}
    words |= {"submit"} if any(block.get("type") == "input" for block in blocks) else set()
    bad = (
        view.get("type") != "modal"
        or any(_bad_text(view.get(part), 24, {"plain_text"}) for part in words)
        or len(view.get("private_metadata", "")) > 3_000
        or len(view.get("callback_id", "")) > 255
        or not 0 < len(blocks) <= 100
        or len(set(ids)) != len(ids)
        or any(_bad_block(block) for block in blocks)
    )
    if len(json.dumps(view)) > 250_000:
        return "view_too_large"
    return "invalid_arguments" if bad else None


def echo(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The blocks as a click's payload shows them: same texts, another spelling."""
    return [_echoed(block) for block in json.loads(json.dumps(blocks))]


def _echoed(part: Any) -> Any:
    if isinstance(part, list):
        return [_echoed(item) for item in part]
    if not isinstance(part, dict):
        return part
    if part.get("type") in _TEXT_OBJECTS and isinstance(part.get("text"), str):
        return _echoed_text(part)
    return {key: _echoed(part[key]) for key in sorted(part)}


def _echoed_text(part: dict[str, Any]) -> dict[str, Any]:
    text = _ENTITY.sub("&amp;", part["text"])
    if part["type"] == "plain_text":
        text = text.replace("<", "&lt;").replace(">", "&gt;")
        if part.get("emoji", True):
            for drawn, named in _EMOJI.items():
                text = text.replace(drawn, named)
        return {"type": "plain_text", "text": text, "emoji": part.get("emoji", True)}
    if not part.get("verbatim", False):
        text = _URL.sub(lambda found: f"<{found.group()}>", text)
    return {"type": "mrkdwn", "text": text, "verbatim": part.get("verbatim", False)}


def _bad_block(block: dict[str, Any]) -> bool:
    if len(block.get("block_id", "")) > 255:
        return True
    match block.get("type"):
        case "header":
            return _bad_text(block.get("text"), 150, {"plain_text"})
        case "section":
            fields = block.get("fields", [])
            return (
                ("text" not in block and not fields)
                or ("text" in block and _bad_text(block["text"], 3_000))
                or len(fields) > 10
                or any(_bad_text(field, 2_000) for field in fields)
            )
        case "context":
            elements = block.get("elements", [])
            return not 0 < len(elements) <= 10 or any(_bad_text(e, 3_000) for e in elements)
        case "actions":
            elements = block.get("elements", [])
            return not 0 < len(elements) <= 25 or any(_bad_button(e) for e in elements)
        case "input":
            return _bad_text(block.get("label"), 2_000, {"plain_text"}) or _bad_field(
                block.get("element", {})
            )
        case "divider":
            return False
        case _:
            return True


def _bad_field(element: dict[str, Any]) -> bool:
    if not 0 < len(element.get("action_id", "")) <= 255:
        return True
    match element.get("type"):
        case "plain_text_input":
            return not 0 < element.get("max_length", 1) <= 3_000
        case "radio_buttons":
            options = element.get("options", [])
            return not 0 < len(options) <= 10 or any(
                _bad_text(option.get("text"), 75)
                or _bad_text(option.get("description"), 75)
                or not 0 < len(option.get("value", "")) <= 150
                for option in options
            )
        case _:
            return True


def _bad_button(button: dict[str, Any]) -> bool:
    confirm = button.get("confirm")
    return (
        button.get("type") != "button"
        or _bad_text(button.get("text"), 75, {"plain_text"})
        or len(button.get("value", "")) > 2_000
        or not 0 < len(button.get("action_id", "")) <= 255
        or button.get("style", "primary") not in {"primary", "danger"}
        or (
            confirm is not None
            and (
                _bad_text(confirm.get("title"), 100, {"plain_text"})
                or _bad_text(confirm.get("text"), 300)
                or _bad_text(confirm.get("confirm"), 30, {"plain_text"})
                or _bad_text(confirm.get("deny"), 30, {"plain_text"})
            )
        )
    )


def _bad_text(part: Any, most: int, kinds: set[str] = _TEXT_OBJECTS) -> bool:
    return (
        not isinstance(part, dict)
        or part.get("type") not in kinds
        or not 0 < len(part.get("text", "")) <= most
        or ("emoji" in part and part["type"] != "plain_text")
        or ("verbatim" in part and part["type"] != "mrkdwn")
    )
