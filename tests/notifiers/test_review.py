"""What no message shows whole is approved by a form that does, for exactly what that form shows."""

from typing import Any

import pytest

from approvals.events import BallotRefused
from approvals.model import Approval, Choice, SlackClick
from notifiers.slack.limits import Json
from notifiers.slack.tokens import Act, read_token
from tests.notifiers.composed import many_payees
from tests.notifiers.world import World
from tests.support.requests import Sample
from tests.support.slack_server import Via
from tests.support.waiting import until

MANY = many_payees(30)


@pytest.fixture
def about() -> Sample:
    return MANY


async def record(world: World) -> Approval:
    found = await world.service.read(f"node-1/{MANY.request_id}")
    assert found is not None
    return found


async def opened(world: World, button: str = "Review…", user: str = "U0ANA") -> Json:
    await world.press(world.slack.message, button, user)
    return [*world.slack.views.values()][-1]


async def handed_in(world: World, view: Json, user: str = "U0ANA") -> str:
    """Why it counted for nothing; empty where it counted."""
    heard = await world.clicks.hear(world.slack.submission(view, user, ""))
    return str(heard.answer["errors"]["reason"]) if heard.answer else ""


async def test_the_form_shows_everything_and_is_the_vote(heard: World, via: Via) -> None:
    assert [*heard.slack.message.buttons] == ["Review…", "Reject", "Freeze", "Details"]
    answer = await heard.slack.click(heard.slack.message, "Review…", "U0ANA", via=via)
    assert (answer.status, answer.payload) == (200, None)
    await until(lambda: heard.slack.views)
    assert not (await record(heard)).votes
    (view,) = heard.slack.views.values()
    shown = str(view["blocks"])
    for number in range(30):
        assert f"{number + 1} Amount" in shown
        assert f"0.0000{1_000 + number}".rstrip("0") in shown
    answer = await heard.slack.submit_view(view, "U0ANA", "checked all", via=via)
    assert (answer.status, answer.payload) == (200, None)
    (vote,) = (await record(heard)).votes
    assert (vote.person, vote.choice, vote.reason) == ("ana", Choice.APPROVE, "checked all")
    assert isinstance(vote.evidence, SlackClick)
    await heard.told()
    assert "Approved by ana" in heard.slack.message.all_text


def _changed(view: Json) -> list[list[Json]]:
    """The form's blocks with one changed, missing, moved or added."""
    blocks = view["blocks"]
    said = next(number for number, block in enumerate(blocks) if "fields" in block)
    other: Any = {**blocks[said], "fields": [dict(part) for part in blocks[said]["fields"]]}
    other["fields"][1]["text"] = f"not {other['fields'][1]['text']}"
    return [
        [*blocks[:said], other, *blocks[said + 1 :]],
        [*blocks[:said], *blocks[said + 1 :]],
        [*blocks[:said], blocks[said + 1], blocks[said], *blocks[said + 2 :]],
        [*blocks, blocks[said]],
        blocks[-1:],
        [],
    ]


async def test_a_form_that_shows_anything_else_counts_for_nothing(near: World) -> None:
    view = await opened(near)
    for blocks in _changed(view):
        said = await handed_in(near, {**view, "blocks": blocks})
        assert "does not show what we asked" in said
    assert not (await record(near)).votes
    assert await handed_in(near, view) == ""


async def test_a_form_of_another_record_counts_for_nothing_here(near: World) -> None:
    view = await opened(near)
    other = many_payees(31).fresh(1)
    another = await near.asked(other)
    await near.told()
    (message,) = [each for each in near.slack.messages.values() if other.request_id in each.text]
    await near.press(message, "Review…", "U0ANA")
    second = [*near.slack.views.values()][-1]
    for mine, theirs in ((view, second), (second, view)):
        said = await handed_in(near, {**mine, "blocks": theirs["blocks"]})
        assert "does not show what we asked" in said
    assert not (await record(near)).votes
    assert not (await near.stored(another)).votes


async def test_a_form_handed_in_as_another_one_counts_for_nothing(near: World) -> None:
    view = await opened(near)
    reject = await opened(near, "Reject")
    for one, name in ((view, "approve"), (view, "reject"), (reject, "review"), (reject, "approve")):
        said = await handed_in(near, {**one, "callback_id": f"countersign.{name}"})
        assert "not one that we opened" in said
    assert not (await record(near)).votes


async def test_a_message_that_is_not_whole_is_never_approved_by_a_click_on_it(near: World) -> None:
    """Whoever can edit our messages can put another value into a button."""
    button = near.slack.message.buttons["Review…"]
    token = read_token(button["value"])
    assert token is not None
    forged = type(token)(token.nonce, token.member, token.digest, Act.APPROVE).encode()
    for changes in ({"value": forged, "action_id": "countersign.approve"}, {"value": forged}):
        button.update({"action_id": "countersign.review"} | changes)
        await near.press(near.slack.message, "Review…", "U0ANA")
    first, second = near.slack.whispers
    assert "does not show what we rendered" in first.text
    assert "not one that we posted" in second.text
    assert not (await record(near)).votes


@pytest.mark.parametrize(
    ("user", "words"),
    [("U0DEE", "You are not an approver"), ("U0CHEN", "You initiated this transaction")],
)
async def test_whoever_may_not_approve_never_sees_the_form(
    near: World, user: str, words: str
) -> None:
    await near.press(near.slack.message, "Review…", user)
    (whisper,) = near.slack.whispers
    assert words in whisper.text
    assert "Who may: 1 of treasury: ana, bo." in whisper.text
    assert not near.slack.views


async def test_bytes_that_are_gone_open_no_form(near: World) -> None:
    await near.store._link.client.delete(*await near.store._link.client.keys("*bytes:*"))
    await near.press(near.slack.message, "Review…", "U0ANA")
    (whisper,) = near.slack.whispers
    assert "no longer fits into a form, so nothing was stored" in whisper.text
    assert "To approve, run: countersign approve node-1/" in whisper.text
    assert not near.slack.views
    assert near.notes.of(BallotRefused)[-1].cause == "no_review"
