"""A click in Slack decides what a node hears: gateway, real clients, a local Slack, a node."""

import asyncio

import pytest

from approvals.model import Choice
from tests.support.requests import sample
from tests.support.scene import asked
from tests.support.slack_server import Fails, local_slack
from tests.support.waiting import until
from tests.support.world import RULES


@pytest.fixture
async def slack():
    async with local_slack() as slack:
        yield slack


@pytest.fixture(params=["socket", "http"])
async def house(request, world, slack, monkeypatch):
    """A gateway whose people are in Slack; `via` is the way their clicks come."""
    world.with_slack(slack.settings, monkeypatch, request.param)
    async with world.running() as house:
        slack.interactions_url = f"{house.running.public.url}/slack/interactions"
        if request.param == "socket":
            await until(lambda: slack.sockets == 2)
        house.via = request.param
        yield house


async def posted(slack):
    await until(lambda: len(slack.messages) == 1)
    return slack.message


async def test_a_click_on_approve_is_what_the_node_hears(house, slack):
    asking = asyncio.create_task(house.asks())
    message = await posted(slack)
    assert "2,500 USDT" in message.all_text
    assert sample("keysign_erc20_usdt").request_id in message.all_text
    answer = await slack.click(message, "Approve", "U0ANA", via=house.via)
    assert (answer.status, answer.took_s < 3) == (200, True)
    conclusion = await asking
    assert (conclusion.action, conclusion.attempts) == ("APPROVE", 1)
    await until(lambda: not slack.message.deciding and "ana" in slack.message.all_text)


async def test_a_refusal_with_its_reason_is_heard_and_shown(house, slack):
    asking = asyncio.create_task(house.asks())
    message = await posted(slack)
    await slack.click(message, "Reject", "U0BO", via=house.via)
    await until(lambda: slack.views)
    (view,) = slack.views.values()
    await slack.submit_view(view, "U0BO", "never heard of them", via=house.via)
    conclusion = await asking
    assert conclusion.action == "REJECT"
    assert "never heard" not in conclusion.error
    await until(lambda: not slack.message.deciding)
    (voted,) = [line for line in house.audit() if line["event"] == "voted"]
    assert (voted["vote"]["person"], voted["vote"]["reason"]) == ("bo", "never heard of them")


async def test_somebody_who_may_not_vote_is_told_so_in_private_and_nothing_changes(house, slack):
    asking = asyncio.create_task(house.asks())
    message = await posted(slack)
    for user, button in (("U0DEE", "Approve"), ("U0STRANGER", "Approve"), ("U0DEE", "Reject")):
        await slack.click(message, button, user, via=house.via)
    await until(lambda: len(slack.whispers) == 3)
    assert not slack.views
    (approval,) = await house.pending()
    assert approval.votes == ()
    await house.votes("chen")
    assert (await asking).action == "APPROVE"


async def test_a_decision_from_the_terminal_updates_the_message(house, slack):
    asking = asyncio.create_task(house.asks())
    message = await posted(slack)
    await house.votes("bo", Choice.REJECT)
    assert (await asking).action == "REJECT"
    await until(lambda: not slack.message.deciding)
    await until(lambda: "bo" in slack.message.all_text)
    pressed = message  # the message as somebody still has it on an old screen
    assert pressed.ts == slack.message.ts


async def test_an_outcome_that_no_vote_brought_is_shown_too(world, slack, monkeypatch):
    world.rules = RULES.replace("30m", "2s")
    world.with_slack(slack.settings, monkeypatch, "http")
    async with world.running() as house:
        asking = asyncio.create_task(house.asks())
        message = await posted(slack)
        assert message.deciding
        assert (await asking).error.startswith("timeout: ")
        await until(lambda: "nobody decided in time" in slack.message.all_text)
        assert not slack.message.deciding


async def test_slack_down_leaves_the_node_unaffected_and_is_told_later(house, slack, monkeypatch):
    slack.fail("chat.postMessage", *[Fails(status=500)] * 3, Fails(status=429, retry_after=1))
    asking = asyncio.create_task(house.asks())
    await house.pending()
    await house.votes("ana")
    assert (await asking).action == "APPROVE"
    monkeypatch.setattr("notifiers.teller.POLL_S", 0.05)

    def passes_and_told():
        house.world.clock.ahead_ms += 100
        return len(slack.messages) == 1

    await until(passes_and_told)
    assert not slack.message.deciding
    assert "Approved" in slack.message.all_text


async def test_a_forged_click_over_http_is_401(world, slack, monkeypatch):
    world.with_slack(slack.settings, monkeypatch, "http")
    async with world.running() as house:
        slack.interactions_url = f"{house.running.public.url}/slack/interactions"
        status, _ = await slack.post_signed("payload=%7B%7D", signature="v0=" + "0" * 64)
        assert status == 401
        status, _ = await slack.post_signed("payload=%7B%7D", at="1700000000")
        assert status == 401


async def test_a_restart_orphans_no_button(world, slack, monkeypatch):
    world.with_slack(slack.settings, monkeypatch, "http")
    async with world.running() as house:
        world.port = house.running.public.port
        asking = asyncio.create_task(house.asks())
        message = await posted(slack)
    async with world.running() as house:
        slack.interactions_url = f"{house.running.public.url}/slack/interactions"
        await slack.click(message, "Approve", "U0ANA", via="http")
        assert (await asking).action == "APPROVE"


async def test_where_a_signature_is_asked_for_the_message_shows_the_command(
    world, slack, monkeypatch
):
    world.with_slack(slack.settings, monkeypatch, "http")
    world.rules = RULES.replace('within = "30m"', 'within = "30m"\nstrength = "ssh"')
    async with world.running() as house:
        asking = asyncio.create_task(house.asks())
        message = await posted(slack)
        assert list(message.buttons) == ["Reject", "Freeze", "Details"]
        assert "countersign approve" in message.all_text
        await house.votes("ana")
        assert (await asking).action == "APPROVE"


async def test_a_wrong_token_does_not_stop_the_start_and_readiness_says_it(
    world, slack, monkeypatch
):
    world.with_slack(slack.settings, monkeypatch, "http")
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-wrong")
    slack.fail("auth.test", *[Fails(error="invalid_auth")] * 5)
    async with world.running() as house:
        await until(lambda: any(line.get("part") == "slack" for line in house.lines))
        asking = asyncio.create_task(house.asks())
        await house.votes("ana")
        assert (await asking).action == "APPROVE"
        assert '"slack": "cannot be used"' in (await house.get("/readyz"))[1].replace('":"', '": "')
        assert not any("xoxb-wrong" in str(line) for line in house.lines)


async def test_a_gateway_that_gets_slack_later_shows_what_already_waits(world, slack, monkeypatch):
    """Handed out to the terminal by then, and told there."""
    async with world.running() as house:
        approval = await asked(house, sample("keysign_erc20_usdt"))
        shown = {"event": "told", "place": "console", "how": "posted"}
        await until(lambda: any(shown.items() <= line.items() for line in house.lines))
    world.with_slack(slack.settings, monkeypatch, "http")
    async with world.running():
        message = await posted(slack)
    assert approval.request_id in message.all_text
    assert message.deciding
