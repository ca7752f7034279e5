"""The fixtures of this room's tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.notifiers.world import World, world_on
from tests.support.slack_server import LocalSlack, local_slack


@pytest.fixture
async def slack() -> AsyncIterator[LocalSlack]:
    async with local_slack() as server:
        yield server


@pytest.fixture
async def world(redis_url: str, tmp_path: Path, slack: LocalSlack) -> AsyncIterator[World]:
    async with world_on(redis_url, tmp_path, slack) as gateway:
        yield gateway
