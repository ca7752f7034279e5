"""The deadline follows the node's own schedule, and only ever moves earlier."""

import asyncio
import contextlib

import pytest

from approvals.hearing import Hearing, NoAnswer
from approvals.window import Window
from tests.support.requests import sample
from tests.support.waiting import until
from tests.support.world import RULES

WINDOW = Window(retry_times=2, sleep_ms=1_000, timeout_ms=60_000)
FIRST_DEADLINE = WINDOW.people_have_ms


@contextlib.asynccontextmanager
async def attempt(house, token, began):
    """One attempt that is held while this is entered, then the node hangs up."""
    hearing = Hearing(token, began)
    asking = asyncio.create_task(
        house.service.answer(sample("keysign_erc20_usdt").request, hearing)
    )
    await until(lambda: hearing.waiter.revision)
    try:
        yield hearing
    finally:
        hearing.hang_up()
        with pytest.raises(NoAnswer):
            await asking


async def deadline(house):
    (approval,) = await house.pending()
    return approval.deadline


async def test_an_attempt_beside_an_open_one_moves_no_deadline(world):
    world.window = WINDOW
    async with world.running() as house:
        began = house.service._ledger.now()
        async with attempt(house, "first", began), attempt(house, "second", began + 2):
            assert await deadline(house) == began + FIRST_DEADLINE


async def test_a_replayed_token_moves_no_deadline(world):
    world.window = WINDOW
    async with world.running() as house:
        began = house.service._ledger.now()
        for later in (0, 2):
            async with attempt(house, "first", began + later):
                assert await deadline(house) == began + FIRST_DEADLINE


async def test_an_attempt_that_comes_early_leaves_less_time(world):
    world.window = WINDOW
    async with world.running() as house:
        began = house.service._ledger.now()
        async with attempt(house, "first", began):
            pass
        async with attempt(house, "second", began + 2):
            left = WINDOW.people_have_ms - WINDOW.sleep_ms - WINDOW.timeout_ms
            assert await deadline(house) == began + 2 + left


async def test_no_attempt_gives_people_more_time_than_the_rules_do(world):
    world.window = WINDOW
    world.rules = RULES.replace("30m", "20s")
    async with world.running() as house:
        began = house.service._ledger.now()
        for token, later in (("first", 0), ("second", 2)):
            async with attempt(house, token, began + later):
                assert await deadline(house) == began + 20_000
