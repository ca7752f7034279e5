"""What is drawn: the very messages, forms and sentences that are kept as golden texts."""

from typing import Any

from notifiers.slack.draft import message_of
from notifiers.slack.limits import FALLBACK_TEXT
from notifiers.slack.text import bare
from tests.notifiers.cases import CASES, standing
from tests.notifiers.test_golden import DETAILS, FORMS, LONG, SAID, details, parts, review
from tests.support.requests import Sample

Picture = dict[str, Any]
"""`name`, and what is drawn: `text` with `blocks`, a `view`, or a `text` alone."""


def pictures() -> list[Picture]:
    """All of them, in the order of the index: states, samples, other requests, forms, sentences."""
    drawn = [_message(name) for name in sorted(CASES, key=_place)]
    drawn += [{"name": name, "view": view} for name, view in FORMS.items()]
    drawn += [{"name": name, "view": details(asked)} for name, asked in DETAILS.items()]
    drawn += [{"name": f"review_{name}", "view": review(asked)} for name, asked in LONG.items()]
    drawn += [_part(f"parts_{name}", asked) for name, asked in LONG.items()]
    return drawn + [{"name": name, "text": _as_sent(name)} for name in SAID]


def _message(name: str) -> Picture:
    message = message_of(standing(name), "nonce")
    return {"name": name, "text": message.text, "blocks": message.blocks}


def _part(name: str, asked: Sample) -> Picture:
    """The first of those that go below a message: the others look like it."""
    first = parts(asked)[0]
    return {"name": name, "text": first.text, "blocks": first.blocks}


def _as_sent(name: str) -> str:
    """Only a call holds markup of ours: its mentions."""
    return SAID[name] if name == "said_calls" else bare(SAID[name], FALLBACK_TEXT)


def _place(name: str) -> int:
    return 0 if name.startswith("state_") else 1 if name.startswith("sample_") else 2
