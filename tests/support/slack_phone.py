"""A Slack message as a phone shows it: one column, each value below its label."""

import re
from collections.abc import Iterator
from typing import Any

from notifiers.slack.text import unescape

_DATE = re.compile(r"<!date\^\d+\^[^|]*\|([^>]*)>")


def phone(text: str, blocks: list[dict[str, Any]]) -> str:
    """The notification, then the message from top to bottom, then what the buttons confirm."""
    lines = [f"({_read(text)})", ""]
    for block in blocks:
        lines += [*_block(block), ""]
    return "\n".join(lines).rstrip() + "\n"


def form(view: dict[str, Any]) -> str:
    """A form, from its title to its buttons."""
    lines = [f"== {_read(view['title']['text'])} ==", ""]
    for block in view["blocks"]:
        lines += [*_block(block), ""]
    words = [view[part]["text"] for part in ("close", "submit") if part in view]
    return "\n".join([*lines, " ".join(f"[{word}]" for word in words)]) + "\n"


def _block(block: dict[str, Any]) -> Iterator[str]:
    match block["type"]:
        case "header":
            yield f"# {_read(block['text']['text'])}"
        case "divider":
            yield "---"
        case "actions":
            for button in block["elements"]:
                asks = button.get("confirm", {}).get("text", {}).get("text")
                name = f"[{button['text']['text']}]"
                yield f"{name} asks: {_read(asks)}" if asks else name
        case "input":
            optional = " (optional)" if block.get("optional") else ""
            yield f"{_read(block['label']['text'])}{optional}"
            for option in block["element"].get("options", ()):
                more = _read(option["description"]["text"])
                yield f"( ) {_read(option['text']['text'])}: {more}"
            if block["element"]["type"] == "plain_text_input":
                yield "[          ]"
        case _:
            if "text" in block:
                yield _read(block["text"]["text"])
            for part in (*block.get("fields", ()), *block.get("elements", ())):
                yield ("" if part["type"] == "mrkdwn" else "    ") + _read(part["text"])


def _read(text: str) -> str:
    return unescape(_DATE.sub(r"\1", text))
