"""A click is stored, then acknowledged, then shown; and none is ever silently ignored."""

import asyncio
from typing import Any

import pytest

from approvals.events import BallotRefused
from approvals.model import Approval, Choice, SlackClick
from approvals.redis.link import StoreDown
from gateway.tasks import end
from notifiers.slack.sentences import UNSURE
from notifiers.slack.tokens import Act, Token, read_token
from tests.notifiers.transports import hearing_by
from tests.notifiers.world import World
from tests.support.requests import sample
from tests.support.slack_server import CHANNEL, WORKSPACE, Fails, Message, Via
from tests.support.waiting import until


async def record(world: World) -> Approval:
    approval = await world.service.read(f"node-1/{sample('keysign_erc20_usdt').request_id}")
    assert approval is not None
    return approval


async def whispered(world: World, user: str, words: str) -> None:
    """This and only this was said, to this user alone."""
    await until(lambda: world.slack.whispers)
    (whisper,) = world.slack.whispers
    assert (whisper.channel, whisper.user) == (CHANNEL, user)
    assert words in whisper.text


async def test_a_click_is_a_vote_by_the_person_with_that_slack_id(heard: World, via: Via) -> None:
    answer = await heard.slack.click(heard.slack.message, "Approve", "U0ANA", via=via)
    assert (answer.status, answer.payload) == (200, None)
    (vote,) = (await record(heard)).votes
    assert (vote.person, vote.choice) == ("ana", Choice.APPROVE)
    assert isinstance(vote.evidence, SlackClick)
    assert vote.evidence.workspace == WORKSPACE
    assert vote.evidence.ts == heard.slack.message.ts
    await heard.told()
    assert "1 of 2 · ana" in heard.slack.message.all_text
    assert not heard.slack.whispers


async def test_the_vote_is_stored_before_slack_is_answered(
    heard: World, via: Via, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = heard.slack.events
    order.clear()
    real = heard.service.vote

    async def slow(member, ballot):
        await asyncio.sleep(0.3)
        result = await real(member, ballot)
        order.append("stored")
        return result

    monkeypatch.setattr(heard.service, "vote", slow)
    loop = asyncio.create_task(heard.teller.run())
    try:
        await heard.slack.click(heard.slack.message, "Approve", "U0ANA", via=via)
        await until(lambda: "chat.update ok" in order)
    finally:
        await end([loop])
    assert order == ["stored", "ack block_actions", "chat.update ok"]


async def test_a_store_slower_than_slack_waits_is_owned_up_to(
    heard: World, via: Via, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert heard.clicks._within == 2.0, "Slack waits for three seconds"
    monkeypatch.setattr(heard.clicks, "_within", 0.2)
    real = heard.service.vote
    answered, ended = asyncio.Event(), asyncio.Event()

    async def slow(member, ballot):
        await asyncio.wait_for(answered.wait(), 5)
        try:
            return await real(member, ballot)
        finally:
            ended.set()

    monkeypatch.setattr(heard.service, "vote", slow)
    answer = await heard.slack.click(heard.slack.message, "Approve", "U0ANA", via=via)
    assert answer.status == 200
    await whispered(heard, "U0ANA", UNSURE)
    answered.set()
    await ended.wait()
    assert (await record(heard)).votes, "it is stored in the end, and the message will show it"


async def test_a_store_that_is_down_is_owned_up_to(
    heard: World, via: Via, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def down(*_: object) -> None:
        raise StoreDown("away")

    monkeypatch.setattr(heard.service, "vote", down)
    answer = await heard.slack.click(heard.slack.message, "Approve", "U0ANA", via=via)
    assert answer.status == 200
    await whispered(heard, "U0ANA", "We could not confirm your vote")


async def test_a_bug_is_owned_up_to(
    heard: World, via: Via, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def bug(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(heard.service, "vote", bug)
    answer = await heard.slack.click(heard.slack.message, "Approve", "U0ANA", via=via)
    assert answer.status == 200
    await whispered(heard, "U0ANA", "nothing was stored")


async def test_reject_asks_for_a_reason_and_stores_it(heard: World, via: Via) -> None:
    answer = await heard.slack.click(heard.slack.message, "Reject", "U0BO", via=via)
    assert answer.status == 200
    await until(lambda: heard.slack.views)
    assert not (await record(heard)).votes
    (view,) = heard.slack.views.values()
    answer = await heard.slack.submit_view(view, "U0BO", "not <!channel> ours", via=via)
    assert (answer.status, answer.payload) == (200, None)
    (vote,) = (await record(heard)).votes
    assert (vote.person, vote.choice, vote.reason) == ("bo", Choice.REJECT, "not <!channel> ours")
    await heard.told()
    assert "Rejected by bo" in heard.slack.message.all_text
    assert "not &lt;!channel&gt; ours" in heard.slack.message.all_text
    assert "<!channel>" not in heard.slack.message.all_text
    assert not heard.slack.message.deciding


async def test_a_form_answered_too_late_says_so_in_the_form(heard: World, via: Via) -> None:
    await heard.slack.click(heard.slack.message, "Reject", "U0BO", via=via)
    await until(lambda: heard.slack.views)
    (view,) = heard.slack.views.values()
    await heard.slack.click(heard.slack.message, "Reject", "U0ANA", via=via)
    await until(lambda: len(heard.slack.views) == 2)
    await heard.slack.submit_view([*heard.slack.views.values()][1], "U0ANA", via=via)
    answer = await heard.slack.submit_view(view, "U0BO", via=via)
    assert answer.payload["response_action"] == "errors"
    assert "Already decided. Rejected by ana" in answer.payload["errors"]["reason"]


async def test_a_form_whose_vote_cannot_be_stored_stays_open(
    heard: World, via: Via, monkeypatch: pytest.MonkeyPatch
) -> None:
    await heard.slack.click(heard.slack.message, "Reject", "U0BO", via=via)
    await until(lambda: heard.slack.views)

    async def down(*_: object) -> None:
        raise StoreDown("away")

    monkeypatch.setattr(heard.service, "vote", down)
    (view,) = heard.slack.views.values()
    answer = await heard.slack.submit_view(view, "U0BO", "no", via=via)
    assert answer.payload == {"response_action": "errors", "errors": {"reason": UNSURE}}


async def test_somebody_who_may_not_vote_never_sees_the_form(heard: World, via: Via) -> None:
    await heard.slack.click(heard.slack.message, "Reject", "U0DEE", via=via)
    await whispered(heard, "U0DEE", "You are not an approver of this request.")
    assert not heard.slack.views


async def test_a_form_that_does_not_open_leaves_a_command(heard: World, via: Via) -> None:
    heard.slack.fail("views.open", Fails(error="expired_trigger_id"))
    await heard.slack.click(heard.slack.message, "Reject", "U0BO", via=via)
    await whispered(heard, "U0BO", "countersign reject node-1/2026")


@pytest.mark.parametrize(
    ("user", "words"),
    [
        ("U0DEE", "You are not an approver of this request."),
        ("U0STRANGER", "The policy does not know you"),
        ("U0CHEN", "You initiated this transaction"),
    ],
)
async def test_whoever_may_not_approve_is_told_so_alone(
    heard: World, via: Via, user: str, words: str
) -> None:
    await heard.slack.click(heard.slack.message, "Approve", user, via=via)
    await whispered(heard, user, words)
    assert not (await record(heard)).votes
    assert heard.notes.of(BallotRefused)


async def test_a_second_click_is_told_that_it_was_counted_already(heard: World, via: Via) -> None:
    for _ in range(2):
        await heard.slack.click(heard.slack.message, "Approve", "U0ANA", via=via)
    await whispered(heard, "U0ANA", "You have already voted")
    assert len((await record(heard)).votes) == 1


async def test_a_click_after_the_decision_hears_who_decided_and_when(
    heard: World, via: Via
) -> None:
    stale = Message(**vars(heard.slack.message))
    for user in ("U0ANA", "U0BO"):
        await heard.slack.click(heard.slack.message, "Approve", user, via=via)
    await until(lambda: any(task.done() for task in heard._asking))
    await heard.slack.click(stale, "Approve", "U0ANA", via=via)
    await whispered(heard, "U0ANA", "Already decided. Approved by ana <!date^")


async def test_an_ineffective_click_refreshes_the_message_it_came_from(
    heard: World, via: Via
) -> None:
    for user in ("U0ANA", "U0BO"):
        await heard.slack.click(heard.slack.message, "Approve", user, via=via)
    assert heard.slack.message.deciding, "nobody has told yet"
    await heard.slack.click(heard.slack.message, "Approve", "U0ANA", via=via)
    await until(lambda: not heard.slack.message.deciding)


async def test_a_click_past_the_deadline_is_too_late(heard: World, via: Via) -> None:
    heard.clock.ahead, heard.slack.ahead_s = 700_000, 700
    await heard.slack.click(heard.slack.message, "Approve", "U0ANA", via=via)
    await whispered(heard, "U0ANA", "The deadline of this request has passed. It was <!date^")


async def test_a_click_from_another_workspace_counts_for_nothing(heard: World, via: Via) -> None:
    other = {"id": "T0OTHER", "domain": "other"}
    await heard.slack.click(heard.slack.message, "Approve", "U0ANA", via=via, team=other)
    await whispered(heard, "U0ANA", "from outside our workspace")
    assert not (await record(heard)).votes


async def test_a_guest_of_a_shared_channel_counts_for_nothing(heard: World, via: Via) -> None:
    guest = {"id": "U0ANA", "team_id": "T0PARTNER"}
    await heard.slack.click(heard.slack.message, "Approve", "U0ANA", via=via, user=guest)
    await whispered(heard, "U0ANA", "from outside our workspace")
    assert not (await record(heard)).votes


async def test_a_click_from_another_channel_counts_for_nothing(heard: World, via: Via) -> None:
    moved = heard.slack.payload(heard.slack.message, "Approve", "U0ANA")
    container = {**moved["container"], "channel_id": "C0OTHER"}
    channel = {"id": "C0OTHER"}
    answer = await heard.slack.deliver({**moved, "container": container, "channel": channel}, via)
    assert answer.status == 200
    await until(lambda: "chat.postEphemeral channel_not_found" in heard.slack.events)
    assert not (await record(heard)).votes
    assert heard.notes.of(BallotRefused)[-1].cause == "other_channel"


async def test_a_message_that_was_not_ours_counts_for_nothing(heard: World, via: Via) -> None:
    copy = Message(**{**vars(heard.slack.message), "ts": "1790848800.999999"})
    await heard.slack.click(copy, "Approve", "U0ANA", via=via)
    await whispered(heard, "U0ANA", "not the message posted for this request")
    assert not (await record(heard)).votes


async def test_a_nonce_that_we_never_stored_counts_for_nothing(heard: World, via: Via) -> None:
    press(heard.slack.message, "Approve", nonce="made-up")
    await heard.slack.click(heard.slack.message, "Approve", "U0ANA", via=via)
    await whispered(heard, "U0ANA", "not one that we posted")
    assert not (await record(heard)).votes


async def test_a_token_of_another_digest_counts_for_nothing(heard: World, via: Via) -> None:
    press(heard.slack.message, "Approve", digest="ab" * 32)
    await heard.slack.click(heard.slack.message, "Approve", "U0ANA", via=via)
    await whispered(heard, "U0ANA", "names other bytes")
    assert not (await record(heard)).votes


async def test_swapped_buttons_count_for_nothing(heard: World, via: Via) -> None:
    buttons = heard.slack.message.buttons
    buttons["Approve"]["value"] = buttons["Reject"]["value"]
    await heard.slack.click(heard.slack.message, "Approve", "U0ANA", via=via)
    await whispered(heard, "U0ANA", "not one that we posted")


async def test_a_button_of_another_request_counts_for_nothing(heard: World, via: Via) -> None:
    await heard.asked(sample("keysign_erc20_usdt").fresh(1))
    await heard.told()
    first, second = heard.slack.messages.values()
    first.buttons["Approve"]["value"] = second.buttons["Approve"]["value"]
    await heard.slack.click(first, "Approve", "U0ANA", via=via)
    await whispered(heard, "U0ANA", "not the message posted")
    assert not (await record(heard)).votes


@pytest.mark.parametrize(
    "fact", ["2,500 USDT", "0xd63134CC52B0CC0bb754A0196bc249F38BDB2A2c", "Verified"]
)
async def test_a_message_that_shows_other_facts_counts_for_nothing(
    heard: World, via: Via, fact: str
) -> None:
    payload = heard.slack.payload(heard.slack.message, "Approve", "U0ANA")
    blocks = payload["message"]["blocks"]
    if fact == "Verified":
        blocks[:] = [b for b in blocks if not b.get("block_id", "").startswith("fact-seal")]
    else:
        field = next(f for b in blocks for f in b.get("fields", []) if fact in f["text"])
        field["text"] = field["text"].replace("2", "3", 1)
    await heard.slack.deliver(payload, via)
    await whispered(heard, "U0ANA", "does not show what we rendered")
    assert not (await record(heard)).votes


async def test_a_payload_without_its_message_counts_for_nothing(heard: World, via: Via) -> None:
    await heard.slack.click(heard.slack.message, "Approve", "U0ANA", via=via, message=None)
    await whispered(heard, "U0ANA", "does not show what we rendered")


async def test_an_earlier_rendering_of_ours_still_counts(heard: World, via: Via) -> None:
    earlier = heard.slack.payload(heard.slack.message, "Approve", "U0BO")
    await heard.slack.click(heard.slack.message, "Approve", "U0ANA", via=via)
    await heard.told()
    assert heard.slack.message.updates
    await heard.slack.deliver(earlier, via)
    assert [vote.person for vote in (await record(heard)).votes] == ["ana", "bo"]


WORDS = {"type": "plain_text", "text": "Actually it is 1 USDT"}
ADDITIONS: dict[str, Any] = {
    "section": {"type": "section", "text": WORDS},
    "status": {"type": "section", "block_id": "status-r1", "text": WORDS},
    "fields": {"type": "section", "fields": [WORDS]},
    "picture": {"type": "image", "image_url": "https://x.example/1.png", "alt_text": "1 USDT"},
    "rich text": {"type": "rich_text", "elements": [{"type": "text", "text": "1 USDT"}]},
}


@pytest.mark.parametrize("kind", [*ADDITIONS, "attachment", "status line", "confirm", "button"])
async def test_a_message_with_something_added_or_changed_counts_for_nothing(
    heard: World, via: Via, kind: str
) -> None:
    payload = heard.slack.payload(heard.slack.message, "Approve", "U0ANA")
    blocks = payload["message"]["blocks"]
    buttons, _ = [block for block in blocks if block["type"] == "actions"]
    if kind in ADDITIONS:
        blocks.insert(2, ADDITIONS[kind])
    elif kind == "attachment":
        payload["message"]["attachments"] = [{"fallback": "1 USDT", "text": "1 USDT"}]
    elif kind == "status line":
        (status,) = [block for block in blocks if block["block_id"].startswith("status")]
        status["text"]["text"] += " for 1 USDT"
    elif kind == "confirm":
        buttons["elements"][0]["confirm"]["text"]["text"] = "1 USDT"
    else:
        buttons["elements"][1]["text"]["text"] = "Reject later"
    await heard.slack.deliver(payload, via)
    await whispered(heard, "U0ANA", "does not show what we rendered")
    assert not (await record(heard)).votes


async def test_what_needs_a_signature_has_no_approve_button(world: World, via: Via) -> None:
    approval = await world.asked(sample("keysign_eip191"))
    await world.told()
    assert [*world.slack.message.buttons] == ["Reject", "Freeze", "Details"]
    assert f"countersign approve {approval.member} --reason" in world.slack.message.all_text
    forged = Token(
        nonce=(await world.outbox.read_told(approval.member)).posts[0].nonce,
        member=approval.member,
        digest=approval.digest,
        act=Act.APPROVE,
    )
    button = world.slack.message.buttons["Reject"]
    button["value"], button["action_id"] = forged.encode(), "countersign.approve"
    async with hearing_by(via, world):
        await world.slack.click(world.slack.message, "Reject", "U0ANA", via=via)
        await whispered(world, "U0ANA", "does not show what we rendered")
    assert not (await world.stored(approval)).votes


async def test_a_button_that_says_one_thing_and_is_for_another_counts_for_nothing(
    heard: World, via: Via
) -> None:
    buttons = heard.slack.message.buttons
    approve = {key: buttons["Approve"][key] for key in ("value", "action_id")}
    buttons["Reject"].update(approve)
    await heard.slack.click(heard.slack.message, "Reject", "U0ANA", via=via)
    await whispered(heard, "U0ANA", "does not show what we rendered")
    assert not (await record(heard)).votes


@pytest.mark.parametrize(
    "payload",
    [
        {"type": "block_actions"},
        {"type": "block_actions", "actions": []},
        {"type": "block_actions", "actions": [{"action_id": "countersign.approve", "value": 3}]},
        {"type": "view_submission", "view": {"callback_id": "countersign.reject"}},
        {"type": "view_closed"},
        {"type": ["block_actions"]},
        {},
    ],
)
async def test_odd_payloads_are_acknowledged_and_change_nothing(
    heard: World, via: Via, payload: dict[str, object]
) -> None:
    answer = await heard.slack.deliver({"type": None, **payload}, via)
    assert answer.status == 200
    assert not (await record(heard)).votes


def press(message: Message, button: str, **changes: str) -> None:
    """Change what a button carries."""
    token = read_token(message.buttons[button]["value"])
    assert token is not None
    parts = {name: getattr(token, name) for name in ("nonce", "member", "digest", "act")}
    message.buttons[button]["value"] = Token(**{**parts, **changes}).encode()
