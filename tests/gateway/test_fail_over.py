"""The master dies: nobody hears anything wrong, and what was pending goes on."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from approvals.model import Approval, Choice, Final, Outcome
from approvals.redis.link import StoreDown
from approvals.window import Window
from gateway.simulate.attempts import Answer, Ended
from tests.support.requests import sample
from tests.support.sentinels import Fleet
from tests.support.waiting import PATIENCE_S, until
from tests.support.world import RULES, House, World

PATIENT = Window(retry_times=30, sleep_ms=100, timeout_ms=1_500)
TWO_SEATS = RULES.replace("count = 1", "count = 2")


@contextlib.asynccontextmanager
async def two_gateways(
    fleet: Fleet, folder: Path, rules: str = RULES
) -> AsyncIterator[tuple[House, House]]:
    for name in ("one", "two"):
        (folder / name).mkdir()
    one = World(folder / "one", fleet.url, window=PATIENT, rules=rules)
    two = replace(one, folder=folder / "two")
    async with one.running() as first, two.running() as second:
        yield first, second


def copied(fleet: Fleet) -> None:
    """Until the replica has all that the master has."""
    assert fleet.first.ask("WAIT", 1, 5_000) == 1


def cut_off_the_replica(fleet: Fleet) -> None:
    """From now on the master writes what no fail-over will find."""
    fleet.second.pause()
    fleet.first.ask("CLIENT", "KILL", "TYPE", "REPLICA")


async def fail_over(fleet: Fleet, *houses: House) -> None:
    """The master dies; return when these gateways read at the new one."""
    fleet.first.kill()
    fleet.second.resume()
    await until(lambda: fleet.second.role() == "master")
    for house in houses:
        await stored(house)


async def stored(house: House) -> tuple[Approval, ...]:
    """What is open, once the gateway can tell."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            with contextlib.suppress(StoreDown):
                found: tuple[Approval, ...] = await house.service.open_approvals()
                return found
            await asyncio.sleep(0.02)


async def final(house: House, member: str) -> Final:
    """A record's final fact, once it has one, without anybody asking this gateway for it."""
    with house.running.assembly.service._ledger.parts.bell.waiting(member) as waiter:
        async with asyncio.timeout(PATIENCE_S):
            while (found := (await house.service.read(member)).final) is None:
                await waiter.wait(1)
    assert isinstance(found, Final)
    return found


async def test_what_is_pending_when_the_master_dies_is_decided_at_the_new_one(fleet, tmp_path):
    seen: list[Any] = []
    async with two_gateways(fleet, tmp_path) as (one, two):
        asking = asyncio.create_task(one.asks(on_event=seen.append))
        (approval,) = await one.pending()
        copied(fleet)
        await fail_over(fleet, one, two)
        assert not asking.done()
        await two.votes("ana", approval=approval)
        conclusion = await asking
    assert (conclusion.action, conclusion.by) == ("APPROVE", "server")
    answers = [event.what for event in seen if isinstance(event, Ended)]
    assert [type(answer) is Answer for answer in answers[:-1]] == [False] * (len(answers) - 1)


async def test_what_the_fail_over_forgot_cannot_become_a_yes_that_nobody_gave(fleet, tmp_path):
    first, second = (sample("keysign_erc20_usdt").fresh(number) for number in (1, 2))
    async with two_gateways(fleet, tmp_path, TWO_SEATS) as (one, two):
        asking = [asyncio.create_task(one.asks(what)) for what in (first, second)]
        found = {approval.request_id: approval for approval in await one.pending(2)}
        approved, refused = found[first.request_id], found[second.request_id]
        copied(fleet)
        cut_off_the_replica(fleet)
        await one.votes("ana", approval=approved)
        await one.votes("bo", Choice.REJECT, refused)
        assert (await asking[1]).action == "REJECT"
        await fail_over(fleet, one, two)

        # The approval is gone: a seat is empty again, and people are asked for it.
        await two.votes("bo", approval=approved)
        votes = (await two.service.read(approved.member)).votes
        assert [vote.person for vote in votes] == ["bo"]
        assert not asking[0].done()
        await one.votes("ana", approval=approved)
        assert (await asking[0]).action == "APPROVE"

        # The refusal is gone, too, and who knows of it writes it again before anybody asks.
        known = await final(two, refused.member)
        assert known.outcome is Outcome.REJECT
        assert (await two.asks(second)).action == "REJECT"
