"""`make chaos` in seconds: a seed without a broken promise, and guards whose loss shows.

Only whether a promise was broken is asserted, never how many requests ended how: a machine may be
slow, and slowness breaks none.
"""

import pytest

from gateway.attempts import NoResponse
from tests.chaos.city import Plan
from tests.chaos.judge import judged
from tests.chaos.report import story
from tests.chaos.season import Outcome, Season, lived

THREE = Plan(gateways=2, fsync="always")


def said(outcome: Outcome) -> str:
    found = judged(outcome.trial)
    return "\n".join(line for wrong in found for line in story(wrong, outcome.trial))


async def test_no_promise_is_broken_while_everything_breaks() -> None:
    season = Season("short", THREE, 60, seed=4, a_second=20, every_s=0.5, settle_s=0)
    outcome = await lived(season)
    assert said(outcome) == ""
    heard = [h.what for case in outcome.trial.cases.values() for h in case.heard.values()]
    assert len(outcome.trial.faults) >= 3
    assert any(isinstance(what, NoResponse) for what in heard)


@pytest.mark.parametrize(("guard", "promise"), [("evidence", "6 evidence")])
async def test_a_broken_guard_is_seen(guard: str, promise: str) -> None:
    plan = Plan(gateways=2, fsync="always", guard=guard)
    season = Season(guard, plan, 12, seed=1, faults=False, settle_s=0)
    found = judged((await lived(season)).trial)
    assert promise in {violation.promise for violation in found}
