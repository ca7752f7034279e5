"""The gallery draws everything, and what it draws is what is sent. No browser is needed here."""

import json
import re
from functools import cache, partial
from typing import Any

from approvals.model import Approval, Approved, Cause, Damaged, Pending, Rejected
from notifiers.slack.blocks import render
from notifiers.slack.modal import VIEWS
from notifiers.slack.tokens import Act, Token
from tests.gallery.__main__ import HERE
from tests.gallery.pictures import pictures
from tests.notifiers.cases import CASES, standing, told
from tests.notifiers.states import states
from tests.notifiers.test_golden import DETAILS, FORMS, LONG, SAID
from tests.support.requests import FOLDER

NOT_SHOWN = {"manifest", "ping", "ping_empty_objects", "ping_omitempty"}


@cache
def drawn() -> dict[str, dict[str, Any]]:
    """Every picture by its name."""
    return {picture["name"]: picture for picture in pictures()}


def test_every_sample_and_every_state_is_drawn() -> None:
    samples = {path.stem for path in FOLDER.glob("*.json")} - NOT_SHOWN
    assert {f"sample_{name}" for name in samples} <= set(drawn())
    assert set(states()) <= set(drawn())
    long = {f"{kind}_{name}" for kind in ("review", "parts") for name in LONG}
    assert set(drawn()) == {*CASES, *FORMS, *DETAILS, *long, *SAID}


def test_every_way_that_an_approval_can_stand_is_drawn() -> None:
    stands = [told(*case).decision for case in CASES.values()]
    assert {type(each) for each in stands} == {Pending, Approved, Rejected, Damaged}
    assert {each.cause for each in stands if isinstance(each, Rejected)} == set(Cause)
    decided = [told(*case).approval for case in CASES.values()]
    yes = [
        (bool(each.final), isinstance(how, Approved))
        for each, how in zip(decided, stands, strict=True)
    ]
    assert {(False, True), (True, True), (False, False), (True, False)} <= set(yes)
    assert any(isinstance(each, Approved) and each.override for each in stands)


def test_every_hour_and_every_end_of_a_story_is_drawn() -> None:
    stories = [standing(name) for name in CASES]
    assert {story.urgency for story in stories} == {"early", "half", "late"}
    assert {call.group for story in stories for call in story.said} == {"", "on_call"}
    assert {story.overdue for story in stories} == {True, False}
    stages = {each.stage for story in stories for each in story.after.reported}
    assert stages >= {"succeeded", "failed"}


def test_every_form_is_drawn() -> None:
    forms = {picture["view"]["callback_id"] for picture in drawn().values() if "view" in picture}
    assert forms == {*VIEWS, "countersign.details"}


def test_what_is_drawn_is_what_render_makes() -> None:
    for name in CASES:
        story = standing(name)
        nonce = partial(_token, story.approval)
        message = render(story, nonce)
        assert drawn()[name] == {"name": name, "text": message.text, "blocks": message.blocks}


def _token(approval: Approval, act: Act) -> str:
    return Token("nonce", approval.member, approval.digest, act).encode()


def test_what_draws_is_locked_by_hash_and_runs_no_script_of_its_own() -> None:
    packages = json.loads((HERE / "package-lock.json").read_text("utf-8"))["packages"]
    fetched = [package for path, package in packages.items() if path]
    assert len(fetched) > 50
    assert all(package["integrity"].startswith("sha512-") for package in fetched)
    assert not any("resolved" in package for package in fetched)
    assert "ignore-scripts=true" in (HERE / ".npmrc").read_text("utf-8").split()


def test_what_draws_fetches_nothing() -> None:
    drawing = (HERE / "render.mjs").read_text("utf-8")
    assert "offline: true" in drawing
    look = (HERE / "look.css").read_text("utf-8")
    assert re.findall(r"https?://(?!www\.w3\.org/2000/svg)", drawing + look) == []
