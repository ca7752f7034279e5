"""The fixtures of this room's tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.notifiers.transports import hearing_by
from tests.notifiers.world import World, world_on
from tests.support.requests import Sample, sample
from tests.support.slack_server import LocalSlack, Via, local_slack


@pytest.fixture
async def slack() -> AsyncIterator[LocalSlack]:
    async with local_slack() as server:
        yield server


@pytest.fixture
async def world(redis_url: str, tmp_path: Path, slack: LocalSlack) -> AsyncIterator[World]:
    async with world_on(redis_url, tmp_path, slack) as gateway:
        yield gateway


@pytest.fixture(params=["socket", "http"])
def via(request: pytest.FixtureRequest) -> Via:
    """How clicks arrive: a test that asks for it runs once for each."""
    way: Via = request.param
    return way


@pytest.fixture
def about() -> Sample:
    """What `near` is asked about; a module may say otherwise."""
    return sample("keysign_erc20_usdt")


@pytest.fixture
async def near(world: World, about: Sample) -> World:
    """One message posted."""
    await world.asked(about)
    await world.told()
    return world


@pytest.fixture
async def heard(near: World, via: Via) -> AsyncIterator[World]:
    """The same, and its clicks arrive."""
    async with hearing_by(via, near):
        yield near
