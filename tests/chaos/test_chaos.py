"""`make chaos` in seconds: a seed without a broken promise, and guards whose loss shows.

How many requests end how is never asserted, nor that none is given up: a machine may be slow, and
slowness breaks no promise that is kept by seconds here and by minutes in real use.
"""

import asyncio

import pytest

from tests.chaos.city import Plan
from tests.chaos.judge import judged, not_forgotten
from tests.chaos.mood import Mood
from tests.chaos.preflight import PROBES, season_of
from tests.chaos.report import story
from tests.chaos.sabotage import GUARDS
from tests.chaos.season import Outcome, Season, lived

TWO = Plan(gateways=2, fsync="always")
WITHIN_S = 150
"""Ten seconds, in truth; ten times that where others keep this machine busy."""
_BRISK = Mood(nodes=("node-1",), pace=0.3, freeze_every_s=1.0)


async def bounded(season: Season) -> Outcome:
    """A season that hangs is a failure that says where, not a suite that never ends."""
    async with asyncio.timeout(WITHIN_S):
        return await lived(season)


async def test_no_promise_is_broken_while_everything_breaks() -> None:
    season = Season("short", TWO, 30, seed=11, a_second=25, every_s=0.4, settle_s=0, mood=_BRISK)
    trial = (await bounded(season)).trial
    found = judged(trial, but=not_forgotten)
    assert "\n".join(line for wrong in found for line in story(wrong, trial)) == ""
    assert trial.faults


def test_each_guard_that_can_be_broken_has_a_season_that_shows_it() -> None:
    assert PROBES.keys() == GUARDS.keys()


@pytest.mark.parametrize("guard", ["evidence"])
async def test_a_broken_guard_is_seen(guard: str) -> None:
    found = judged((await bounded(season_of(guard, seed=1))).trial)
    assert PROBES[guard].promises & {violation.promise for violation in found}
