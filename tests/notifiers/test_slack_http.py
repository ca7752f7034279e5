"""Clicks by HTTP come from Slack, are fresh, and never end in a traceback."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from urllib.parse import urlencode

import pytest
from aiohttp import ClientSession

from tests.notifiers.transports import by_http
from tests.notifiers.world import World
from tests.support.waiting import PATIENCE_S, until

PING = urlencode({"payload": json.dumps({"type": "view_closed"})})


@pytest.fixture
async def posted(world: World) -> AsyncIterator[World]:
    await world.asked()
    await world.told()
    async with by_http(world):
        yield world


async def status(world: World, body: str = PING, **changes: str) -> int:
    return (await world.slack.post_signed(body, **changes))[0]


async def test_a_signed_payload_is_acknowledged_with_an_empty_200(posted: World) -> None:
    assert await posted.slack.post_signed(PING) == (200, None)


@pytest.mark.parametrize("age", [301, 3_600, -301])
async def test_a_signature_older_than_five_minutes_is_refused(posted: World, age: int) -> None:
    assert await status(posted, at=str(int(time.time()) - age)) == 401


async def test_a_signature_of_four_minutes_is_good(posted: World) -> None:
    assert await status(posted, at=str(int(time.time()) - 240)) == 200


@pytest.mark.parametrize("signature", ["v0=" + "0" * 64, "v0=", "", "v0=ü", "v1=abc"])
async def test_a_wrong_signature_is_refused(posted: World, signature: str) -> None:
    answer = await posted.slack.post_signed(PING, signature=signature or "none")
    assert answer[0] == 401


@pytest.mark.parametrize(
    "at", ["yesterday", "", "1e9", "²", "9" * 400, "-" + "9" * 400, "9" * 5_000]
)
async def test_a_timestamp_that_is_no_number_is_refused(posted: World, at: str) -> None:
    assert await status(posted, at=at or " ") == 401


async def test_a_body_other_than_the_signed_one_is_refused(posted: World) -> None:
    payload = posted.slack.payload(posted.slack.message, "Approve", "U0ANA")
    body = urlencode({"payload": json.dumps(payload)})
    made = posted.slack.sign(body)
    assert await status(posted, body + "+", signature=made) == 401
    assert not posted.slack.whispers


async def test_unsigned_requests_are_refused(posted: World) -> None:
    async with (
        ClientSession() as session,
        session.post(posted.slack.interactions_url, data=PING) as response,
    ):
        assert response.status == 401


@pytest.mark.parametrize(
    "body",
    [
        "",
        "payload",
        "payload=",
        "payload=%7B",
        "payload=%ff%fe",
        "payload=[]",
        "payload=[[1,2]]",
        "payload=3",
        "payload=" + "[" * 100_000,
        "payload=%7B%7D&payload=%7B%7D",
        "other=%7B%7D",
    ],
)
async def test_a_signed_body_without_a_payload_is_a_plain_400(posted: World, body: str) -> None:
    code, said = await posted.slack.post_signed(body)
    assert (code, said) == (400, "Expected a form with a payload.")


async def test_a_body_that_nobody_would_send_is_refused_unread(posted: World) -> None:
    assert await status(posted, "payload=" + "x" * 1_100_000) == 413


async def test_only_posts_are_taken(posted: World) -> None:
    async with (
        ClientSession() as session,
        session.get(posted.slack.interactions_url) as response,
    ):
        assert response.status == 405


async def test_an_end_does_not_wait_until_slack_shows_a_vote(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    shown = []

    async def never(member: str) -> None:
        shown.append(member)
        await asyncio.Event().wait()

    await world.asked()
    await world.told()
    monkeypatch.setattr(world.tellers, "refresh", never)
    async with by_http(world):
        payload = world.slack.payload(world.slack.message, "Approve", "U0ANA")
        click = urlencode({"payload": json.dumps(payload)})
        assert await world.slack.post_signed(click) == (200, None)
        await until(lambda: shown)
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []
    async with asyncio.timeout(PATIENCE_S):
        await world.clicks.close()
