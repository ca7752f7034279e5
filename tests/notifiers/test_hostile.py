"""Whatever a hostile initiator writes, and wherever, it fits and never looks like our own words.

`mallory` stands in each text that is put into a recorded request, so that it can be found again.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Any, TypeAlias

from hypothesis import given
from hypothesis import strategies as st

from approvals.findings import Findings
from approvals.model import Choice
from notifiers.console import lines
from notifiers.elsewhere.bulletin import MOST_SUBJECT, MOST_TEXT, of_story
from notifiers.ports import Story
from notifiers.slack.details import details_view
from notifiers.slack.draft import message_of
from notifiers.slack.freezing import scopes_of
from notifiers.slack.limits import Json
from notifiers.slack.modal import bound, freeze_view, vote_view
from notifiers.slack.overflow import parts_of
from notifiers.slack.review import review_view
from notifiers.words.headline import integrity_of
from tests.notifiers.cases import read, told
from tests.support.effort import tried
from tests.support.records import NOW
from tests.support.requests import FOLDER, Sample, sample
from tests.support.slack_rules import refusal_of, refusal_of_view

Place: TypeAlias = tuple[str, str, str]
"""A sample, which of its documents, and a path into it."""

SEALS = {"VERIFIED": ":mag:", "NOT VERIFIED": ":rotating_light:", "REFUSED": ":no_entry:"}
EMOJI = re.compile(r":[\w+'-]+:")
TEXTS = (
    "mallory <!channel> <@U0ANA> <https://evil.example|ok>",
    "mallory :white_check_mark: *VERIFIED* ~no~ `mono` ```block``` _soft_",
    "mallory\n\n*Rule*\n    small: Nothing to see\n\u2028:mag: *VERIFIED*",
    "mallory \U0001d5e9\U0001d5d8\U0001d5e5\U0001d5dc\U0001d5d9\U0001d5dc\U0001d5d8\U0001d5d7",
    "mallory \u202egnp\u202c \u2066x\u2069 a\u200bb\ufeffc \u05e9\u05dc\u05d5\u05dd 5,000",
    "mallory V\u0336\u0336" + "\u0300" * 60,
    "mallory &lt;!here&gt; &amp;amp; &#60;",
    "mallory \u2705\U0001f50d\u26a0\ufe0f 1\ufe0f\u20e3 \U0001f1fa\U0001f1f8",
    "mallory" + "W" * 6_000,
    "mallory" + "<&>" * 3_000,
    "mallory" + "\ufdfa" * 2_000,
    "mallory\x1b[31m\x07\x00\r\t",
    "mallory \\u0041 %s {0} $(id) '; countersign approve",
)


@cache
def places() -> tuple[Place, ...]:
    """Everywhere a value stands in a sample, however deep."""
    stems = sorted(path.stem for path in FOLDER.glob("*.json"))
    names = [stem for stem in stems if stem != "manifest" and not stem.startswith("ping")]
    return tuple(
        (name, document, path)
        for name in names
        for document in ("detail", "extra")
        for path in _paths(getattr(sample(name), document))
    )


def _paths(value: Any, before: tuple[str, ...] = ()) -> Iterator[str]:
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    for key, each in inside:
        path = (*before, str(key))
        if isinstance(each, dict | list):
            yield from _paths(each, path)
        else:
            yield ".".join(path)


def forged(place: Place, text: str) -> Sample:
    name, document, path = place
    whole = sample(name)
    change = whole.with_detail if document == "detail" else whole.with_extra
    return change(path, text)


def marked(part: object) -> Iterator[str]:
    """Every text in which Slack reads markup."""
    if isinstance(part, dict):
        if part.get("type") == "mrkdwn":
            yield part["text"]
        for value in part.values():
            yield from marked(value)
    elif isinstance(part, list):
        for value in part:
            yield from marked(value)


def spoken(part: object) -> Iterator[str]:
    """Every text that is shown at all."""
    if isinstance(part, dict):
        if isinstance(part.get("text"), str):
            yield part["text"]
        for value in part.values():
            yield from spoken(value)
    elif isinstance(part, list):
        for value in part:
            yield from spoken(value)


def views(asked: Sample, found: Findings, story: Story) -> Iterator[Json]:
    """Every form that a click may open about it."""
    yield details_view(story, asked.request, found, NOW)
    yield freeze_view(scopes_of(found))
    yield from (vote_view(story, choice) for choice in Choice)
    review = review_view(story)
    if review is not None:
        yield review


def looks_like_ours(text: str) -> str:
    """What a stranger must not draw, as far as a text holds it; our lines may end."""
    for number, character in enumerate(text):
        marks = text[number : number + 4]
        if (
            unicodedata.category(character) in {"Cf", "Cs", "Co", "Cn", "So", "Me", "Zl", "Zp"}
            or (unicodedata.category(character) == "Cc" and character != "\n")
            or unicodedata.decomposition(character).startswith("<font>")
            or (len(marks) == 4 and all(map(unicodedata.combining, marks)))
        ):
            return f"U+{ord(character):04X}"
    return ""


HOSTILE = given(st.sampled_from(places()), st.sampled_from(TEXTS))


@tried(1)
@HOSTILE
def test_slack_takes_it_and_only_our_words_carry_markup(place: Place, text: str) -> None:
    asked = forged(place, text)
    found, record, _ = read(asked)
    story = told(found, record)
    message = message_of(story, "nonce")
    assert refusal_of(message.text, message.blocks) is None
    shown: list[object] = [message.blocks]
    for part in parts_of(message.overflow) if message.overflow else ():
        assert refusal_of(part.text, part.blocks) is None
        shown.append(part.blocks)
    for view in views(asked, found, story):
        assert refusal_of_view(bound(view, "metadata")) is None
        shown.append(view)
    assert [each for each in marked(shown) if "mallory" in each] == []
    assert [each for each in spoken(shown) if looks_like_ours(each)] == []
    word = integrity_of(found)
    seals = [each for each in marked(message.blocks) if each.startswith(tuple(SEALS.values()))]
    assert [seal.split(" · ")[0] for seal in seals] == [f"{SEALS[word]} *{word}*"]


@tried(1)
@HOSTILE
def test_no_notification_pager_or_terminal_is_led_astray(place: Place, text: str) -> None:
    found, record, _ = read(forged(place, text))
    story = told(found, record)
    message = message_of(story, "nonce")
    assert not re.search(r"[*`~]|<[!@#h]", message.text)
    assert not EMOJI.search(message.text)
    bulletin = of_story(story, "asked", NOW)
    assert len(bulletin.subject) <= MOST_SUBJECT
    assert len(bulletin.text) <= MOST_TEXT
    assert "\n" not in bulletin.subject
    last = "countersign show " if record.final else "countersign approve "
    assert last in bulletin.text.split("\n")[-1]
    ours = ("Send", "Let", "Sign", "Create", "Reshare", "NOT VERIFIED", "REFUSED", "Call")
    assert bulletin.text.startswith((*ours, "Refused: "))
    for said in (message.text, bulletin.subject, bulletin.text, *lines(story)):
        assert not looks_like_ours(said)
