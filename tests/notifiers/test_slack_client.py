"""What a failure means: try again, ask a person, forget the message; and what is repeated."""

from dataclasses import replace

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from notifiers.slack.client import SlackClient
from notifiers.slack.limits import OverLimit
from notifiers.slack.pace import Pace
from notifiers.slack.trouble import MessageGone, SlackAway, SlackRefused, SlackTrouble
from tests.support.slack_server import APP_TOKEN, BOT_TOKEN, CHANNEL, Fails, LocalSlack

BLOCKS = [{"type": "section", "text": {"type": "plain_text", "text": "hello"}}]


@pytest.fixture
def client(slack: LocalSlack) -> SlackClient:
    return SlackClient(slack.settings, timeout_s=1)


async def test_messages_are_posted_updated_and_whispered(
    slack: LocalSlack, client: SlackClient
) -> None:
    ts = await client.post(CHANNEL, "hello", BLOCKS)
    await client.update(CHANNEL, ts, "hello again", BLOCKS)
    await client.whisper(CHANNEL, "U0ANA", "psst")
    assert slack.message.text == "hello again"
    assert slack.whispers[0].text == "psst"
    assert (await client.who_am_i()).workspace == "T0ACME"


@pytest.mark.parametrize(
    ("failure", "kind", "done"),
    [
        (Fails(status=500), SlackAway, None),
        (Fails(status=503), SlackAway, None),
        (Fails(error="internal_error"), SlackAway, None),
        (Fails(error="service_unavailable"), SlackAway, None),
        (Fails(hangs=True), SlackAway, None),
        (Fails(status=429, retry_after=30), SlackAway, False),
        (Fails(error="ratelimited"), SlackAway, False),
        (Fails(error="invalid_auth"), SlackRefused, False),
        (Fails(error="token_revoked"), SlackRefused, False),
        (Fails(error="channel_not_found"), SlackRefused, False),
        (Fails(error="is_archived"), SlackRefused, False),
        (Fails(error="invalid_blocks"), SlackRefused, False),
        (Fails(error="an_error_of_tomorrow"), SlackRefused, False),
    ],
)
async def test_failures_are_told_apart(
    slack: LocalSlack, client: SlackClient, failure: Fails, kind: type, done: bool | None
) -> None:
    slack.fail("chat.postMessage", failure)
    with pytest.raises(SlackTrouble) as caught:
        await client.post(CHANNEL, "hello", BLOCKS)
    assert type(caught.value) is kind
    assert caught.value.done is done


@pytest.mark.parametrize("body", ["[1]", '"ok"', "7", "", "<html>", '{"ok": 1'])
async def test_an_answer_that_slack_would_not_give_passes_by_itself(
    slack: LocalSlack, body: str
) -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(text=body, content_type="application/json")

    app = web.Application()
    app.router.add_post("/{path:.*}", answer)
    async with TestServer(app) as server:
        settings = replace(slack.settings, api_url=str(server.make_url("/api/")))
        with pytest.raises(SlackAway) as caught:
            await SlackClient(settings, timeout_s=1).who_am_i()
    assert caught.value.done is None


async def test_a_long_retry_after_is_handed_on_and_a_short_one_waited_for(
    slack: LocalSlack, client: SlackClient
) -> None:
    slack.fail("chat.postMessage", Fails(status=429, retry_after=30))
    with pytest.raises(SlackAway) as caught:
        await client.post(CHANNEL, "hello", BLOCKS)
    assert caught.value.retry_after == 30
    slack.fail("chat.postMessage", Fails(status=429, retry_after=1))
    await client.post(CHANNEL, "hello", BLOCKS)
    assert slack.calls == ["chat.postMessage"] * 3


async def test_after_slack_said_that_we_are_too_fast_the_next_turn_is_a_whole_one(
    slack: LocalSlack,
) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    pace = Pace(lambda: 1_790_000_000_000, every_ms=1_000, sleep=sleep)
    quick = SlackClient(slack.settings, timeout_s=1, limited=pace.spent)
    await pace.turn()
    assert not slept
    slack.fail("chat.postMessage", Fails(status=429, retry_after=0))
    await quick.say(CHANNEL, "text")
    await pace.turn()
    assert slept == [1.0]


async def test_a_post_that_may_have_arrived_is_not_repeated(
    slack: LocalSlack, client: SlackClient
) -> None:
    slack.fail("chat.postMessage", Fails(status=500, done=True))
    with pytest.raises(SlackAway):
        await client.post(CHANNEL, "hello", BLOCKS)
    assert len(slack.messages) == 1


async def test_an_update_is_repeated(slack: LocalSlack, client: SlackClient) -> None:
    ts = await client.post(CHANNEL, "hello", BLOCKS)
    slack.fail("chat.update", Fails(status=503))
    await client.update(CHANNEL, ts, "again", BLOCKS)
    assert slack.message.text == "again"


async def test_a_deleted_message_is_gone(slack: LocalSlack, client: SlackClient) -> None:
    with pytest.raises(MessageGone):
        await client.update(CHANNEL, "1.2", "hello", BLOCKS)


async def test_nobody_listening_is_surely_unsent(slack: LocalSlack) -> None:
    from dataclasses import replace

    nowhere = replace(slack.settings, api_url="http://127.0.0.1:9/api/")
    with pytest.raises(SlackAway) as caught:
        await SlackClient(nowhere).post(CHANNEL, "hello", BLOCKS)
    assert caught.value.done is False


async def test_what_is_over_the_limits_never_leaves(slack: LocalSlack, client: SlackClient) -> None:
    with pytest.raises(OverLimit):
        await client.post(CHANNEL, "", BLOCKS)
    assert not slack.calls


async def test_an_expired_trigger_is_a_refusal(slack: LocalSlack, client: SlackClient) -> None:
    from approvals.model import Choice
    from notifiers.slack.modal import bound, vote_view
    from tests.notifiers.examples import story

    with pytest.raises(SlackRefused, match="exchanged_trigger_id"):
        await client.open_view("used", bound(vote_view(story(), Choice.REJECT), "token"))


async def test_no_token_is_in_an_error_or_a_repr(
    slack: LocalSlack, client: SlackClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    slack.fail("chat.postMessage", Fails(error="invalid_auth"))
    with pytest.raises(SlackRefused) as caught:
        await client.post(CHANNEL, "hello", BLOCKS)
    assert caught.value.__cause__ is None
    for text in (str(caught.value), repr(slack.settings), caplog.text):
        assert BOT_TOKEN not in text
        assert APP_TOKEN not in text
