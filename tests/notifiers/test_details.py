"""Everything about an approval opens for anybody in the channel, and for nobody else."""

import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest

from approvals.events import BallotRefused
from approvals.model import Approval, Choice
from approvals.redis.link import StoreDown
from notifiers.slack.details import details_view
from notifiers.slack.limits import Json
from notifiers.slack.sentences import UNREAD
from notifiers.slack.text import unescape
from notifiers.slack.tokens import Token, read_token
from tests.notifiers.examples import NOW, TRANSFER, findings, story
from tests.notifiers.world import World
from tests.support.requests import Sample, sample
from tests.support.slack_rules import refusal_of_view
from tests.support.slack_server import CHANNEL, Fails, Message, Via
from tests.support.waiting import until

USDT = sample("keysign_erc20_usdt")


async def record(world: World) -> Approval:
    found = await world.service.read(f"node-1/{USDT.request_id}")
    assert found is not None
    return found


def read(view: Json) -> str:
    return unescape(json.dumps(view["blocks"], ensure_ascii=False))


async def test_anybody_in_the_channel_reads_everything_and_votes_for_nothing(
    heard: World, via: Via
) -> None:
    answer = await heard.slack.click(heard.slack.message, "Details", "U0STRANGER", via=via)
    assert (answer.status, answer.payload) == (200, None)
    await until(lambda: heard.slack.views)
    (view,) = heard.slack.views.values()
    assert "submit" not in view
    shown = read(view)
    raw = USDT.extra["transaction"]["raw_tx_info"]["unsigned_raw_tx"].removeprefix("0x")
    wanted = (
        "0xd63134CC52B0CC0bb754A0196bc249F38BDB2A2c (cold_1)",
        "usdt: Tether leaves",
        "2 of treasury: ana, bo",
        "treasury-api-key",
        f"```{raw}```",
        hashlib.sha256(bytes.fromhex(raw)).hexdigest(),
        *USDT.detail["msg_hash_list"],
        USDT.request.digest,
    )
    assert [text for text in wanted if text not in shown] == []
    assert not (await record(heard)).votes
    assert not heard.slack.whispers
    assert not heard.notes.of(BallotRefused)


async def test_details_stay_after_the_decision_and_say_who_decided(near: World) -> None:
    for user in ("U0ANA", "U0BO"):
        await near.press(near.slack.message, "Approve", user)
    await near.told()
    assert [*near.slack.message.buttons] == ["Details"]
    await near.press(near.slack.message, "Details", "U0STRANGER")
    (view,) = near.slack.views.values()
    assert "approve, clicked 20" in read(view)
    assert "Approved by ana" in read(view)


async def test_a_refusal_that_nobody_was_asked_about_has_details_too(world: World) -> None:
    answered = await world.asked_and_answered(sample("bad_hash_mismatch"))
    assert answered.done()
    await world.told()
    await world.press(world.slack.message, "Details", "U0STRANGER")
    (view,) = world.slack.views.values()
    assert "REFUSED (contradiction): The hash to be signed is not the hash" in read(view)


def _elsewhere(message: Message, **_: Any) -> dict[str, Any]:
    return {
        "container": {"message_ts": message.ts, "channel_id": "C0OTHER"},
        "channel": {"id": "C0OTHER"},
    }


STRANGE: dict[str, tuple[Any, str]] = {
    "workspace": (lambda _: {"team": {"id": "T0OTHER"}}, "outside our workspace"),
    "guest": (lambda _: {"user": {"id": "U0X", "team_id": "T0PARTNER"}}, "outside our workspace"),
    "channel": (_elsewhere, "another channel"),
    "no message": (lambda _: {"message": None}, "does not show what we rendered"),
}


@pytest.mark.parametrize("strange", STRANGE)
async def test_a_strangers_click_opens_nothing(heard: World, via: Via, strange: str) -> None:
    changes, words = STRANGE[strange]
    message = heard.slack.message
    await heard.slack.click(message, "Details", "U0ANA", via=via, **changes(message))
    await until(lambda: heard.slack.whispers)
    (whisper,) = heard.slack.whispers
    assert words in whisper.text
    assert "Nothing is shown." in whisper.text
    assert not heard.slack.views


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"nonce": "made-up"}, "not one that we posted"),
        ({"member": "node-1/gone"}, "no longer stored"),
    ],
)
async def test_a_made_up_token_opens_nothing(
    near: World, changes: dict[str, Any], words: str
) -> None:
    button = near.slack.message.buttons["Details"]
    token = read_token(button["value"])
    assert isinstance(token, Token)
    button["value"] = replace(token, **changes).encode()
    await near.press(near.slack.message, "Details", "U0ANA")
    (whisper,) = near.slack.whispers
    assert words in whisper.text
    assert not near.slack.views


async def test_details_that_do_not_open_leave_the_command(near: World) -> None:
    near.slack.fail("views.open", Fails(error="expired_trigger_id"))
    await near.press(near.slack.message, "Details", "U0ANA")
    (whisper,) = near.slack.whispers
    assert (whisper.channel, whisper.user) == (CHANNEL, "U0ANA")
    assert f"or run: countersign show node-1/{USDT.request_id}" in whisper.text


async def test_details_that_cannot_be_read_now_are_owned_up_to(
    near: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def down(*_: object) -> None:
        raise StoreDown("away")

    monkeypatch.setattr(near.service, "request_of", down)
    await near.press(near.slack.message, "Details", "U0ANA")
    (whisper,) = near.slack.whispers
    assert whisper.text == UNREAD


async def test_details_handed_in_as_a_form_are_nothing(near: World) -> None:
    await near.press(near.slack.message, "Details", "U0ANA")
    (view,) = near.slack.views.values()
    for name in (view["callback_id"], "countersign.approve", "countersign.freeze"):
        payload = near.slack.submission({**view, "callback_id": name}, "U0ANA", "why")
        heard = await near.clicks.hear(payload)
        refused = heard.answer is not None and heard.answer["response_action"] == "errors"
        assert refused == (name != view["callback_id"])
    assert not (await record(near)).votes


async def test_what_is_told_of_votes_and_overrides_is_all_there(near: World) -> None:
    await near.press(near.slack.message, "Approve", "U0ANA")
    await near.override(await record(near), "dee", Choice.APPROVE, "treasury <!channel> sleeps")
    await near.press(near.slack.message, "Details", "U0STRANGER")
    (view,) = near.slack.views.values()
    assert "approve, overrides 20" in read(view)
    assert "treasury <!channel> sleeps" in read(view)
    assert "<!channel>" not in json.dumps(view["blocks"])
    assert "2 of on_call, with signatures: dee, eli" in read(view)


def view_of(asked: Sample, *effects: Any) -> Json:
    found = findings(*effects)
    view = details_view(story(found), asked.request, found, NOW)
    assert refusal_of_view(view) is None
    return view


def test_what_no_modal_holds_is_measured_hashed_and_left_to_a_terminal() -> None:
    shown = read(view_of(USDT, *[TRANSFER] * 3_000))
    assert "[cut: " in shown
    assert "and the SHA-256 " in shown
    assert "To read it all, run: countersign show node-1/" in shown
    raw = "0x" + "ab" * 200_000
    asked = USDT.with_transaction("raw_tx_info.unsigned_raw_tx", raw)
    shown = read(view_of(asked))
    assert "unsigned_raw_tx: 200,000 bytes, SHA-256 " in shown
    assert hashlib.sha256(b"\xab" * 200_000).hexdigest() in shown
    assert f"node-1/{story().approval.request_id} --raw" in shown


def test_of_many_hashes_the_first_are_listed() -> None:
    found = findings(hashes=tuple(f"0x{number:064x}" for number in range(1_000)))
    view = details_view(story(found), USDT.request, found, NOW)
    assert refusal_of_view(view) is None
    assert "[cut: of 1,000 hashes the first]" in read(view)


def test_bytes_that_are_not_kept_are_said_to_be_gone() -> None:
    shown = read(details_view(story(), None, None, NOW))
    assert "are not kept here any more: countersign audit show node-1/" in shown
