"""Slack's documented limits, checked before anything is sent: nothing of ours is cut by Slack.

Numbers are from Slack's Block Kit reference. `ALL_BLOCKS` and `VIEW_SIZE` are ours: Slack refuses
about 13,200 characters over all blocks (`msg_blocks_too_long`) and says so nowhere, and a view of
more than 250 kB (`view_too_large`). A form comes back whole when it is handed in, over HTTP with
three characters for one, and must still be below what we take.
"""

import json
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

Json: TypeAlias = dict[str, Any]

BLOCKS: Final = 50
VIEW_BLOCKS: Final = 100
SECTION_TEXT: Final = 3_000
FIELDS: Final = 10
FIELD_TEXT: Final = 2_000
HEADER: Final = 150
CONTEXT_ELEMENTS: Final = 10
ACTIONS: Final = 25
BUTTON_TEXT: Final = 75
BUTTON_VALUE: Final = 2_000
IDENTITY: Final = 255
CONFIRM_TITLE: Final = 100
CONFIRM_TEXT: Final = 300
CONFIRM_BUTTON: Final = 30
MODAL_TITLE: Final = 24
PRIVATE_METADATA: Final = 3_000
LABEL: Final = 2_000
OPTIONS: Final = 10
OPTION_TEXT: Final = 75
FALLBACK_TEXT: Final = 4_000
ALL_BLOCKS: Final = 10_000
VIEW_SIZE: Final = 100_000


class OverLimit(Exception):  # noqa: N818 - what it says, as the others of this room
    """Something of ours does not fit into a Slack message: a mistake in rendering."""


def check_message(text: str, blocks: Sequence[Json]) -> None:
    """Raise OverLimit unless Slack will take the message as it is."""
    _between(1, len(text), FALLBACK_TEXT, "the fallback text")
    _between(1, len(blocks), BLOCKS, "blocks")
    _between(1, size(blocks), ALL_BLOCKS, "all blocks together")
    _check_blocks(blocks)


def check_view(view: Json) -> None:
    """Raise OverLimit unless Slack will open the modal as it is."""
    parts = ("title", "close", "submit") if has_fields(view["blocks"]) else ("title", "close")
    for part in parts:
        _between(1, len(view[part]["text"]), MODAL_TITLE, f"the modal's {part}")
    _between(0, len(view["private_metadata"]), PRIVATE_METADATA, "private_metadata")
    _between(1, len(view["callback_id"]), IDENTITY, "callback_id")
    _between(1, len(view["blocks"]), VIEW_BLOCKS, "blocks")
    _between(1, view_size(view["blocks"]), VIEW_SIZE, "all blocks together")
    _check_blocks(view["blocks"])


def has_fields(blocks: Sequence[Json]) -> bool:
    """Whether there is something to fill in; then a modal needs a button to hand it in."""
    return any(block["type"] == "input" for block in blocks)


def view_size(blocks: Sequence[Json]) -> int:
    """Characters of a modal's blocks where each that is not ASCII is spelled as Slack spells it."""
    return len(json.dumps(blocks))


def size(blocks: Sequence[Json]) -> int:
    """Characters of all blocks, in the form they travel in."""
    return len(json.dumps(blocks, ensure_ascii=False, separators=(",", ":")))


def _check_blocks(blocks: Sequence[Json]) -> None:
    names = [block["block_id"] for block in blocks if "block_id" in block]
    if len(set(names)) != len(names):
        raise OverLimit("two blocks have one block_id")
    for block in blocks:
        _between(0, len(block.get("block_id", "")), IDENTITY, "block_id")
        _check_block(block)


def _check_block(block: Json) -> None:
    match block["type"]:
        case "header":
            _between(1, len(block["text"]["text"]), HEADER, "header")
        case "section":
            if "text" in block:
                _between(1, len(block["text"]["text"]), SECTION_TEXT, "section text")
            _between(0 if "text" in block else 1, len(block.get("fields", ())), FIELDS, "fields")
            _check_texts(block.get("fields", ()), FIELD_TEXT, "field")
        case "context":
            _between(1, len(block["elements"]), CONTEXT_ELEMENTS, "context elements")
            _check_texts(block["elements"], SECTION_TEXT, "context text")
        case "actions":
            _between(1, len(block["elements"]), ACTIONS, "actions")
            for button in block["elements"]:
                _check_button(button)
        case "input":
            _between(1, len(block["label"]["text"]), LABEL, "label")
            _between(1, len(block["element"]["action_id"]), IDENTITY, "action_id")
            if block["element"]["type"] == "radio_buttons":
                _check_options(block["element"]["options"])
        case "divider":
            pass
        case other:
            raise OverLimit(f"a block of type {other} is not one of ours")


def _check_texts(objects: Sequence[Json], most: int, what: str) -> None:
    for part in objects:
        _between(1, len(part["text"]), most, what)


def _check_options(options: Sequence[Json]) -> None:
    _between(1, len(options), OPTIONS, "options")
    for option in options:
        for part in ("text", "description"):
            _between(1, len(option[part]["text"]), OPTION_TEXT, f"an option's {part}")


def _check_button(button: Json) -> None:
    _between(1, len(button["text"]["text"]), BUTTON_TEXT, "button text")
    _between(1, len(button["action_id"]), IDENTITY, "action_id")
    _between(0, len(button.get("value", "")), BUTTON_VALUE, "button value")
    confirm = button.get("confirm")
    if confirm is not None:
        _between(1, len(confirm["title"]["text"]), CONFIRM_TITLE, "confirm title")
        _between(1, len(confirm["text"]["text"]), CONFIRM_TEXT, "confirm text")
        _between(1, len(confirm["confirm"]["text"]), CONFIRM_BUTTON, "confirm button")
        _between(1, len(confirm["deny"]["text"]), CONFIRM_BUTTON, "deny button")


def _between(least: int, actual: int, most: int, what: str) -> None:
    if not least <= actual <= most:
        raise OverLimit(f"{what}: {actual}, where Slack takes {least} to {most}")
