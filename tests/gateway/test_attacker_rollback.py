"""An older revision put back under its own good seal: no refusal is undone, no second opinion."""

import asyncio
import contextlib
from dataclasses import replace

import pytest

from approvals.ledger import lists_of
from approvals.model import Choice
from approvals.swapping import Moved
from approvals.window import Window
from gateway.oncall.terminal import Failure
from gateway.simulate.attempts import Answer, NoResponse
from tests.support.attacker import attacker
from tests.support.scene import (
    LONG,
    POLICY,
    TWO_SIGN,
    WISH,
    alarms,
    asked,
    attempt,
    logged,
    serves_others,
    two_gateways,
)
from tests.support.waiting import until
from tests.support.world import House, World

NOTHING = NoResponse("closed without an answer")
HELD = NoResponse("no answer in time")


@pytest.fixture
def attacked(world: World) -> World:
    """Two of treasury must sign; nobody is in a hurry."""
    world.window, world.policy, world.rules = LONG, POLICY, TWO_SIGN
    return world


def loud(house: House, *what: str) -> None:
    """Each of these alarms was counted and logged."""
    for each in what:
        assert alarms(house, each), each
        assert logged(house, each), each


async def refused_still(house: House, what=WISH, cause: str = "person") -> None:
    """The node hears the refusal, and nobody can vote it away."""
    happened = await attempt(house, what)
    assert isinstance(happened, Answer), happened
    assert (happened.action, happened.error.partition(":")[0]) == ("REJECT", cause)


async def nobody_can_approve(house: House, approval) -> None:
    for person in ("ana", "bo"):
        with pytest.raises(Failure):
            await house.votes(person, approval=approval)


async def test_before_an_approval_people_are_asked_again(attacked):
    async with attacked.running() as house, attacker(attacked.redis_url) as hands:
        approval = await asked(house, WISH)
        before = await hands.everything()
        await house.votes("ana", approval=approval)
        await hands.put_back(before)
        assert (await house.service.read(approval.member)).votes == ()
        loud(house, "rolled_back")
        await house.votes("bo", approval=approval)
        assert await attempt(house, WISH, within=0.3) == HELD  # the forgotten seat is empty
        await house.votes("ana", approval=approval)
        assert await attempt(house, WISH) == Answer("APPROVE", "")
        await serves_others(house, 90)


@pytest.mark.parametrize("restarted", [False, True], ids=["in one life", "after a restart"])
async def test_a_later_deadline_put_back_gives_nobody_more_time(attacked, restarted):
    attacked.window = Window(2, 60_000, 10_000)
    clock = attacked.clock
    async with contextlib.AsyncExitStack() as stack:
        hands = await stack.enter_async_context(attacker(attacked.redis_url))
        house = await stack.enter_async_context(attacked.running())
        first = await asked(house, WISH)
        before = await hands.everything()
        clock.ahead_ms = 122_000  # the node's last attempt, though it had time for another
        await asked(house, WISH)
        moved = await house.service.read(first.member)
        assert moved.deadline < first.deadline
        if restarted:
            await house.end()
            house = await stack.enter_async_context(attacked.running())
        await hands.put_back(before)
        assert (await house.service.read(first.member)).deadline == moved.deadline
        clock.ahead_ms += moved.deadline - clock.now_ms() + 100
        assert clock.now_ms() < first.deadline
        for person in ("ana", "bo"):
            with pytest.raises(Failure):
                await house.votes(person, approval=first)
        await refused_still(house, cause="timeout")
        loud(house, "rolled_back")


@pytest.mark.parametrize("restarted", [False, True], ids=["in one life", "after a restart"])
async def test_before_a_refusal_it_stands_where_it_was_stored(attacked, restarted):
    async with contextlib.AsyncExitStack() as stack:
        hands = await stack.enter_async_context(attacker(attacked.redis_url))
        house = await stack.enter_async_context(attacked.running())
        approval = await asked(house, WISH)
        await house.votes("ana", approval=approval)
        before = await hands.everything()
        await house.votes("bo", Choice.REJECT, approval)
        if restarted:
            await house.end()
            house = await stack.enter_async_context(attacked.running())
        await hands.put_back(before)
        await nobody_can_approve(house, approval)
        await refused_still(house)
        loud(house, "rolled_back")
        await hands.put_back(before)  # and once more, after the final fact
        await refused_still(house)
        await serves_others(house, 90)


async def test_before_a_refusal_it_stands_where_it_was_heard_of(attacked, tmp_path):
    async with (
        two_gateways(attacked, tmp_path) as (one, two),
        attacker(attacked.redis_url) as hands,
    ):
        approval = await asked(one, WISH)
        await one.votes("ana", approval=approval)
        before = await hands.everything()
        await one.votes("bo", Choice.REJECT, approval)
        memory = two.service._ledger.parts.memory
        await until(lambda: memory.of(approval.digest).refusals)
        await hands.put_back(before)
        await nobody_can_approve(two, approval)
        await refused_still(two)
        loud(two, "rolled_back")
        await serves_others(two, 90)


async def test_a_gateway_kept_from_hearing_is_corrected_by_the_one_that_refused(attacked, tmp_path):
    """The attacker hides the refusal from the other gateway; its next write gives that away."""
    async with (
        two_gateways(attacked, tmp_path) as (one, two),
        attacker(attacked.redis_url) as hands,
    ):
        two.service._ledger.parts.bell._hearers_of_others.clear()
        approval = await asked(one, WISH)
        before = await hands.everything()
        await one.votes("chen", Choice.REJECT, approval)
        await hands.put_back(before)
        holding = asyncio.create_task(attempt(two, WISH))
        await until(lambda: len(two.running.assembly.parked) == 1)
        with contextlib.suppress(Failure):
            await two.votes("ana", approval=approval)  # the first thing that anybody writes
        happened = await holding
        assert isinstance(happened, Answer)
        assert happened.error.startswith("person: ")
        loud(one, "damaged")
        await serves_others(two, 90)


async def test_a_yes_behind_the_back_of_a_refusal_is_an_alarm_at_once(attacked, tmp_path):
    """Two gateways kept apart until one has answered: what is possible does not stay hidden."""
    async with (
        two_gateways(attacked, tmp_path) as (one, two),
        attacker(attacked.redis_url) as hands,
    ):
        hearers = [house.service._ledger.parts.bell._hearers_of_others for house in (one, two)]
        cut = [list(each) for each in hearers]
        for each in hearers:
            each.clear()
        approval = await asked(one, WISH)
        before = await hands.everything()
        await one.votes("chen", Choice.REJECT, approval)
        await hands.put_back(before)
        for person in ("ana", "bo"):
            await two.votes(person, approval=approval)  # honest, and kept from the refusal
        assert await attempt(two, WISH) == Answer("APPROVE", "")
        for each, hear in zip(hearers, cut, strict=True):
            each.extend(hear)
        await hands.redis.xadd("{countersign}:bell", {"m": approval.member, "p": "two"})
        await until(lambda: alarms(one, "damaged"))
        assert await attempt(one, WISH) == NOTHING  # and the refusing gateway never says yes
        loud(one, "damaged")


@pytest.mark.parametrize("restarted", [False, True], ids=["in one life", "after a restart"])
async def test_before_a_final_decision_there_is_never_a_second_opinion(attacked, restarted):
    late, approved = WISH.fresh(1), WISH.fresh(2)
    async with contextlib.AsyncExitStack() as stack:
        hands = await stack.enter_async_context(attacker(attacked.redis_url))
        house = await stack.enter_async_context(attacked.running())
        records = [await asked(house, what) for what in (late, approved)]
        before = await hands.everything()
        for person in ("ana", "bo"):
            await house.votes(person, approval=records[1])
        assert await attempt(house, approved) == Answer("APPROVE", "")
        attacked.clock.ahead_ms = 1_801_000
        await refused_still(house, late, "timeout")
        attacked.clock.ahead_ms = 0  # the attacker cannot do that; the refusal stands all the same
        if restarted:
            await house.end()
            house = await stack.enter_async_context(attacked.running())
        for _ in range(2):
            await hands.put_back(before)
            await refused_still(house, late, "timeout")
            assert await attempt(house, approved) == NOTHING
            with pytest.raises(Failure):
                await house.votes("chen", Choice.REJECT, records[1])
            assert await attempt(house, approved) == NOTHING
        loud(house, "rolled_back", "damaged")
        await serves_others(house, 90)


async def test_under_a_held_node_it_goes_on_with_what_is_left(attacked):
    async with attacked.running() as house, attacker(attacked.redis_url) as hands:
        holding = asyncio.create_task(attempt(house, WISH))
        (approval,) = await house.pending()
        before = await hands.everything()
        await house.votes("ana", approval=approval)
        await hands.put_back(before)
        await hands.ring(approval.member)
        await until(lambda: logged(house, "rolled_back"))
        await house.votes("bo", approval=approval)
        assert not holding.done()
        await house.votes("ana", approval=approval)
        assert await holding == Answer("APPROVE", "")


async def test_a_record_that_goes_while_a_node_is_held_is_asked_about_again(attacked, monkeypatch):
    monkeypatch.setattr("approvals.bell.SWEEP_S", 0.05)
    async with attacked.running() as house, attacker(attacked.redis_url) as hands:
        holding = asyncio.create_task(attempt(house, WISH))
        (approval,) = await house.pending()
        await house.votes("ana", approval=approval)
        await hands.put_back({})
        (again,) = await house.pending()
        assert (again.digest, again.votes) == (approval.digest, ())
        assert again.deadline == approval.deadline  # no more time than they had
        for person in ("ana", "bo"):
            await house.votes(person, approval=again)
        assert await holding == Answer("APPROVE", "")
        loud(house, "forgotten")


async def test_between_a_read_and_the_write_that_rests_on_it(attacked):
    async with attacked.running() as house, attacker(attacked.redis_url) as hands:
        approval = await asked(house, WISH)
        before = await hands.everything()
        await house.votes("ana", approval=approval)
        newer = await house.service.read(approval.member)
        await hands.put_back(before)
        ledger = house.service._ledger
        changed = replace(newer, votes=(*newer.votes, *newer.votes))
        assert isinstance(await ledger.fact(newer, changed, lists_of(newer)), Moved)
        await house.service.read(approval.member)
        loud(house, "rolled_back")


async def test_a_later_deadline_than_was_known_is_said_whatever_its_revision(attacked):
    """Of a record that was deleted and asked about anew, the first one may have the higher one."""
    async with attacked.running() as house:
        approval = await asked(house, WISH)
        house.service._ledger.parts.memory.learn_deadline(approval.digest, approval.deadline - 1)
        found = await house.service.read(approval.member)
        assert found.deadline == approval.deadline - 1
        loud(house, "rolled_back")


async def test_older_than_what_the_audit_is_read_for_it_is_too_late(attacked):
    """A month later its own sealed times end a yes; the newest file of the audit is still read."""
    async with contextlib.AsyncExitStack() as stack:
        hands = await stack.enter_async_context(attacker(attacked.redis_url))
        house = await stack.enter_async_context(attacked.running())
        refused, approved = [await asked(house, WISH.fresh(number)) for number in (1, 2)]
        for person in ("ana", "bo"):
            await house.votes(person, approval=refused)
        all_but_fetched = await hands.everything()
        await house.votes("chen", Choice.REJECT, refused)
        for person in ("ana", "bo"):
            await house.votes(person, approval=approved)
        assert await attempt(house, WISH.fresh(2)) == Answer("APPROVE", "")
        final = await hands.everything()
        await house.end()
        attacked.clock.ahead_ms = 31 * 86_400_000
        house = await stack.enter_async_context(attacked.running())
        await hands.put_back(final)
        assert await attempt(house, WISH.fresh(2)) == NOTHING
        loud(house, "approve_too_late")
        await hands.put_back(all_but_fetched)
        await refused_still(house, WISH.fresh(1), "person")
