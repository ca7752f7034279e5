"""Gateways behind one Redis: any of them may take the attempt, the click and the vote."""

import asyncio

from approvals.model import Choice
from approvals.window import Window
from tests.support.requests import sample
from tests.support.scene import two_gateways
from tests.support.slack_server import local_slack
from tests.support.waiting import PATIENCE_S, until
from tests.support.world import APPROVE_SMALL, RULES, House

LONG = Window(retry_times=60, sleep_ms=60_000, timeout_ms=10_000)


def alarms(house: House, *what: str) -> list[str]:
    kinds = ("alarm", "alarm_over")
    return [
        f"{line['event']} {line['what']}"
        for line in house.lines
        if line.get("event") in kinds and line["what"] in what
    ]


def said(house: House, name: str, **labels: str) -> float | None:
    found: float | None = house.observer.metrics.registry.get_sample_value(name, labels)
    return found


async def test_gateways_that_go_by_other_policies_or_clocks_say_so(world, tmp_path, monkeypatch):
    monkeypatch.setattr("gateway.neighbors.LOOK_S", 0.02)
    monkeypatch.setattr("approvals.presence.GRACE_MS", 150)
    async with two_gateways(world, tmp_path) as (one, two):
        await until(lambda: said(one, "countersign_gateways") == 2)
        policy = two.world.folder / "policy.toml"
        before = policy.read_text()
        for change, undo, what in (
            (lambda: policy.write_text(before + APPROVE_SMALL), None, "policies_differ"),
            (lambda: setattr(two.world.clock, "ahead_ms", 2_500), 0, "clocks_differ"),
        ):
            change()
            await two.running.assembly.reloading.reload("operator")
            for house in (one, two):
                await until(lambda: alarms(house, what) == [f"alarm {what}"])  # noqa: B023
                assert said(house, "countersign_gateways_differing", what=what) == 1
            policy.write_text(before)
            two.world.clock.ahead_ms = undo or 0
            await two.running.assembly.reloading.reload("operator")
            for house in (one, two):
                both = [f"alarm {what}", f"alarm_over {what}"]
                await until(lambda: alarms(house, what) == both)  # noqa: B023
                assert said(house, "countersign_gateways_differing", what=what) == 0


async def test_a_gateway_that_ends_is_not_seen_any_more(world, tmp_path, monkeypatch):
    monkeypatch.setattr("gateway.neighbors.LOOK_S", 0.02)
    monkeypatch.setattr("approvals.presence.EXPIRE_MS", 300)
    async with two_gateways(world, tmp_path) as (one, two):
        await until(lambda: said(one, "countersign_gateways") == 2)
        await two.kill()
        await until(lambda: said(one, "countersign_gateways") == 1)
        assert alarms(one, "damaged") == []


async def test_the_attempt_at_one_the_click_at_the_other_and_the_retry_anywhere(
    world, tmp_path, monkeypatch
):
    monkeypatch.setattr("approvals.bell.SWEEP_S", 60)  # nothing but the bell can tell in time
    world.window = LONG
    async with local_slack() as slack:
        world.with_slack(slack.settings, monkeypatch, "http")
        async with two_gateways(world, tmp_path) as (one, two):
            slack.interactions_url = f"{two.running.public.url}/slack/interactions"
            asking = asyncio.create_task(one.asks())
            await until(lambda: slack.messages)
            clicked = await slack.click(slack.message, "Approve", "U0ANA", via="http")
            assert clicked.status == 200
            async with asyncio.timeout(PATIENCE_S):
                assert (await asking).action == "APPROVE"
            again = await two.asks()
            assert (again.action, again.attempts) == ("APPROVE", 1)
            await until(lambda: not slack.message.deciding)
            assert len(slack.messages) == 1  # whichever told it, it was told once
            (voted,) = [line for line in two.audit() if line["event"] == "voted"]
            assert voted["vote"]["person"] == "ana"
            for house in (one, two):
                (answered,) = [line for line in house.audit() if line["event"] == "answered"]
                assert answered["approval"]["final"]["outcome"] == "APPROVE"


async def test_what_a_gateway_held_when_it_died_goes_on_at_the_other(world, tmp_path):
    world.window = LONG
    late, pending = (sample("keysign_erc20_usdt").fresh(number) for number in (1, 2))
    async with two_gateways(world, tmp_path) as (one, two):
        asking = [asyncio.create_task(one.asks(what)) for what in (late, pending)]
        await one.pending(2)
        await one.kill()
        for task in asking:
            task.cancel()  # the node's next attempt goes where the balancer sends it
        again = asyncio.create_task(two.asks(pending))
        await until(lambda: len(two.running.assembly.parked) == 1)
        (mine,) = await two.service.find(f"node-1/{pending.request_id}")
        await two.votes("ana", approval=mine)
        assert (await again).action == "APPROVE"
        (left,) = await two.pending()
        two.world.clock.ahead_ms = left.deadline - two.world.clock.now_ms() + 1_000
        async with asyncio.timeout(PATIENCE_S):
            while (await two.service.read(left.member)).final is None:
                with two.service._ledger.parts.bell.waiting(left.member) as waiter:
                    await waiter.wait(0.2)
        assert (await two.service.read(left.member)).final.cause == "timeout"


async def test_two_votes_at_once_at_two_gateways_fill_two_seats(world, tmp_path):
    world.window = LONG
    world.rules = RULES.replace("count = 1", "count = 2")
    async with two_gateways(world, tmp_path) as (one, two):
        asking = asyncio.create_task(one.asks())
        (approval,) = await two.pending()
        await asyncio.gather(
            one.votes("ana", approval=approval), two.votes("bo", approval=approval)
        )
        assert (await asking).action == "APPROVE"
        stored = await two.service.read(approval.member)
        assert sorted(vote.person for vote in stored.votes) == ["ana", "bo"]


async def test_yes_at_one_and_no_at_the_other_give_one_answer(world, tmp_path):
    async with two_gateways(world, tmp_path) as (one, two):
        for number in range(3):
            what = sample("keysign_erc20_usdt").fresh(number)
            asking = [asyncio.create_task(house.asks(what)) for house in (one, two)]
            (approval,) = await one.pending()
            await asyncio.gather(
                one.votes("ana", approval=approval),
                two.votes("bo", Choice.REJECT, approval),
                return_exceptions=True,
            )
            assert len({conclusion.action for conclusion in await asyncio.gather(*asking)}) == 1
