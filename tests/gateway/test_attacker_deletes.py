"""What Redis loses, or holds garbage of: never a yes, never a no undone, and others are served."""

import asyncio
import contextlib
from dataclasses import replace
from typing import Any

import pytest

from approvals.model import Choice, SlackClick
from approvals.redis.link import key
from gateway.oncall.terminal import Failure
from gateway.simulate.attempts import Answer, NoResponse
from tests.support.attacker import FREEZE, Attacker, attacker, record, resealed
from tests.support.scene import (
    LONG,
    POLICY,
    SMALL,
    TWO_SIGN,
    WISH,
    alarms,
    asked,
    attempt,
    hush,
    logged,
    serves_others,
    thaw,
)
from tests.support.waiting import until
from tests.support.world import House, World

PENDING, REFUSED, WAITING, APPROVED = (WISH.fresh(number) for number in (1, 2, 3, 4))
NOTHING = NoResponse("closed without an answer")
HELD = NoResponse("no answer in time")
YES = Answer("APPROVE", "")

BESIDE = (
    "content",
    "bytes",
    "told",
    "open",
    "untold",
    "bell",
    "gateways",
    "gateway",
    "unshown",
    "claims",
)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.watch.LOOK_S", 0.05)
    monkeypatch.setattr("gateway.neighbors.LOOK_S", 0.05)
    monkeypatch.setattr("approvals.service.SWEEP_S", 0.05)
    monkeypatch.setattr("approvals.bell.AGAIN_S", 0.05)
    monkeypatch.setattr("approvals.freezes.freezing.LOOK_S", 0.05)


@pytest.fixture
def attacked(world: World, quick: None) -> World:
    world.window, world.policy, world.rules = LONG, POLICY, TWO_SIGN
    return world


def names_of(what: Any) -> dict[str, str]:
    """The keys that are about one request, by kind."""
    member = f"node-1/{what.request_id}"
    return {
        "approval": record(member),
        "content": key("content", what.request_id),
        "bytes": key("bytes", what.request.digest),
        "told": key("told", member),
    }


async def all_four(house: House) -> None:
    """One vote short; refused; approved but not fetched; answered APPROVE."""
    for what, votes in (
        (PENDING, ("ana",)),
        (REFUSED, ("ana",)),
        (WAITING, ("ana", "bo")),
        (APPROVED, ("ana", "bo")),
    ):
        approval = await asked(house, what)
        for person in votes:
            await house.votes(person, approval=approval)
        if what is REFUSED:
            await house.votes("chen", Choice.REJECT, approval)
    assert await attempt(house, APPROVED) == YES


async def heard(house: House, what: Any, *, held: bool = False) -> str:
    """In a word, what the node hears; one that is to be held need not be waited for."""
    happened = await attempt(house, what, within=0.1 if held else 5.0)
    if isinstance(happened, Answer):
        return happened.error.partition(":")[0] or happened.action
    return "nothing" if happened == NOTHING else "held" if happened == HELD else str(happened)


async def hear(house: House, *expected: tuple[Any, str]) -> None:
    """Each of these requests hears exactly this."""
    found = [await heard(house, what, held=word == "held") for what, word in expected]
    assert found == [word for _, word in expected]


async def deleted(hands: Attacker, *kinds: str) -> None:
    for name in await hands.names():
        if name.split(":")[1] in kinds:
            await hands.redis.delete(name)


async def test_what_is_deleted_beside_the_records_changes_no_answer(attacked):
    async with attacked.running() as house, attacker(attacked.redis_url) as hands:
        await all_four(house)
        for number, kind in enumerate(BESIDE):
            await deleted(hands, kind)
            await hear(house, (PENDING, "held"), (REFUSED, "person"), (APPROVED, "APPROVE"))
            await serves_others(house, 90 + number)
        # What an id was first asked for is remembered, whatever is gone.
        assert await heard(house, APPROVED.with_transaction("description", "x")) == "conflict"
        (approval,) = await house.service.find(f"node-1/{PENDING.request_id}")
        await house.votes("bo", approval=approval)
        await until(lambda: logged(house, "bytes_missing"))  # nobody is shown what is not there
        assert alarms(house, "bytes_missing")
        for what in (PENDING, WAITING):
            assert await heard(house, what) == "APPROVE"


@pytest.mark.parametrize("kinds", [("approval",), ("approval", *BESIDE)], ids=["alone", "all"])
async def test_records_that_are_deleted_make_nothing_forgotten_but_approvals(attacked, kinds):
    attacked.nodes = ("node-1", "node-2")
    async with attacked.running() as house, attacker(attacked.redis_url) as hands:
        await all_four(house)
        await deleted(hands, *kinds)
        other = APPROVED.with_transaction("description", "x")
        for name in ("node-1", "node-2"):  # what an id was first asked for, whichever node asks
            happened = await attempt(house, other.with_outer(node=name), name=name)
            assert isinstance(happened, Answer)
            assert happened.error.startswith("conflict: ")
        await hear(house, (REFUSED, "person"), (APPROVED, "nothing"))
        await hear(house, (PENDING, "held"), (WAITING, "held"))
        for what in ("forgotten", "damaged"):
            assert alarms(house, what)
            assert logged(house, what)
        again = {one.request_id: one for one in await house.pending(2)}
        assert [one.votes for one in again.values()] == [(), ()]
        for person in ("ana", "bo"):
            await house.votes(person, approval=again[PENDING.request_id])
        assert await heard(house, PENDING) == "APPROVE"
        await serves_others(house, 90)


async def test_a_vote_on_a_record_that_is_gone_says_so_loudly(attacked):
    async with attacked.running() as house, attacker(attacked.redis_url) as hands:
        approval = await asked(house, PENDING)
        await deleted(hands, "approval")
        with pytest.raises(Failure):
            await house.votes("ana", Choice.REJECT, approval)
        assert alarms(house, "record_vanished")
        assert logged(house, "record_vanished")


FROZEN = ((PENDING, "frozen"), (REFUSED, "person"), (WAITING, "frozen"), (APPROVED, "nothing"))


@pytest.mark.parametrize("restarted", [False, True], ids=["in one life", "after a restart"])
async def test_a_flushed_server_freezes_everything_until_two_people_thaw(attacked, restarted):
    async with contextlib.AsyncExitStack() as stack:
        hands = await stack.enter_async_context(attacker(attacked.redis_url))
        house = await stack.enter_async_context(attacked.running())
        await all_four(house)
        if restarted:
            await house.end()
        await hands.redis.flushall()
        if restarted:
            house = await stack.enter_async_context(attacked.running())
        await until(lambda: logged(house, "freeze_lost"))
        await hear(house, *FROZEN)
        assert await heard(house, WISH.fresh(50)) == "frozen"
        record_ = house.service.freezing.record
        (freeze,) = record_.freezes
        assert (freeze.of_everything, freeze.person) == (True, None)
        await thaw(house, freeze.id, "dee")
        assert await heard(house, WISH.fresh(51)) == "frozen"
        await thaw(house, freeze.id, "eli")
        # A refusal is final, a frozen one too; everything else goes on.
        await hear(house, *FROZEN)
        assert alarms(house, "freeze_lost")
        await serves_others(house, 90)


GARBAGE = (b"", b"\xff\xfe", b":::", b"0" * 20 + b":x:y:{}", b"[" * 2_000_000)


async def test_garbage_beside_or_in_place_of_a_record(attacked):
    """Whatever stands there: what is heard is what was decided, or nothing."""
    async with attacked.running() as house, attacker(attacked.redis_url) as hands:
        await all_four(house)
        for what, right in ((REFUSED, "person"), (APPROVED, "APPROVE")):
            for kind, name in names_of(what).items():
                honest = await hands.redis.get(name)
                for garbage in (*GARBAGE, None):
                    await (hands.hash(name) if garbage is None else hands.put(name, garbage))
                    found = await heard(house, what)
                    expected = "nothing" if kind == "approval" else right
                    assert found == expected, (kind, garbage and garbage[:40])
                    if kind == "approval":
                        assert alarms(house, "damaged")
                        assert logged(house, "damaged")
                        hush(house)
                await (hands.put(name, honest) if honest else hands.redis.delete(name))
                assert await heard(house, what) == right
        for kind, name in reversed(names_of(PENDING).items()):
            await hands.put(name, b"garbage")
            await hear(house, (PENDING, "nothing" if kind == "approval" else "held"))
        await serves_others(house, 90)


# What is frozen.


async def frozen_twice(house: House, hands: Attacker) -> bytes:
    """Freeze two wallets; the stored record between the one and the other."""
    await house.service.freezing.look()
    for wallet in ("w-1", "w-2"):
        between = await hands.value(FREEZE)
        await house.service.freezing.freeze(
            wallet=wallet,
            source=None,
            person="dee",
            reason="odd",
            evidence=SlackClick("T0ACME", "U0DEE", "C0APPROVALS", "1.2", wallet),
            electorate=house.service.policy.electorate,
        )
    return between  # type: ignore[possibly-undefined]


async def _spoil(hands: Attacker, how: str, older: bytes = b"", frozen: bytes = b"") -> None:
    current = await hands.value(FREEZE)
    stamp = b":".join(current.split(b":", 3)[:2])
    another = next(name for name in await hands.names() if ":approval:" in name)
    values = {
        "older": older,
        "from before a thaw": frozen,
        "empty": b"",
        "garbage": b"garbage",
        "its stamp and nothing else": stamp,
        "its stamp before garbage": stamp + b":" + b"0" * 64 + b":{}",
        "without the freezes": current.replace(b'"w-2"', b'"w-3"'),
        "an own seal": resealed(FREEZE, current, "freeze"),
        "of another purpose": await hands.value(another),
    }
    match how:
        case "deleted":
            await hands.redis.delete(FREEZE)
        case "another type":
            await hands.hash(FREEZE)
        case "without end":
            await hands.redis.setrange(FREEZE, 40_000_000, b"x")
        case _:
            await hands.put(FREEZE, values[how])


SPOILED = (
    "deleted",
    "older",
    "from before a thaw",
    "empty",
    "another type",
    "garbage",
    "its stamp and nothing else",
    "its stamp before garbage",
    "without the freezes",
    "an own seal",
    "without end",
    "of another purpose",
)


async def test_whatever_is_done_to_what_is_frozen_everything_is_frozen(attacked):
    """Each time two people thaw it, and then the freezes that stood still stand."""
    async with attacked.running() as house, attacker(attacked.redis_url) as hands:
        await serves_others(house, 1)
        older, frozen = await frozen_twice(house, hands), b""
        freezing = house.service.freezing
        for number, how in enumerate(SPOILED):
            hush(house)
            before, sent = alarms(house, "freeze_lost"), await hands.sent()
            await _spoil(hands, how, older, frozen)
            happened = await attempt(house, WISH.fresh(100 + number), within=0.15)
            await until(lambda: logged(house, "freeze_lost"))
            assert alarms(house, "freeze_lost") > before, how
            assert not isinstance(happened, Answer) or happened.error.startswith("frozen: "), how
            assert await heard(house, WISH.fresh(200 + number)) == "frozen", how
            own = [freeze for freeze in freezing.record.freezes if freeze.person is None]
            assert len(own) == 1, how
            frozen = await hands.value(FREEZE)
            await thaw(house, own[0].id, "dee", "eli")
            wallets = [freeze.wallet for freeze in (await freezing.look()).freezes]
            assert wallets == ["w-1", "w-2"], how
            await serves_others(house, 300 + number)
            assert await hands.sent() - sent < 10_000_000, how  # nothing without end is read


async def test_a_record_that_is_lost_again_and_again_is_still_thawed_by_two_votes(attacked):
    """Or an attacker's loop would leave a freeze for each second that it ran."""
    async with attacked.running() as house, attacker(attacked.redis_url) as hands:
        freezing = house.service.freezing
        for number in range(6):
            await hands.put(FREEZE, b"garbage %d" % number)
            await until(lambda n=number: alarms(house, "freeze_lost") > n)  # type: ignore[misc]
        await until(lambda: freezing.record.epoch >= 7)
        (own,) = freezing.record.freezes
        await thaw(house, own.id, "dee", "eli")
        await serves_others(house, 1)


async def test_a_yes_is_not_written_under_a_freeze_that_was_taken_away_or_not_seen(
    attacked, monkeypatch
):
    """The very write of a yes compares: what this gateway has not seen yet holds all the same."""

    async def never(_self: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr("approvals.freezes.freezing.Freezing.follow", never)
    async with attacked.running() as house, attacker(attacked.redis_url) as hands:
        await serves_others(house, 1)
        for number, how in enumerate(("garbage", "another type", "deleted")):
            await _spoil(hands, how)
            assert await heard(house, SMALL.fresh(10 + number)) == "frozen", how
            own = house.service.freezing.record.freezes[-1]
            await thaw(house, own.id, "dee", "eli")


async def test_a_gateway_that_knows_nothing_is_corrected_by_one_that_knows(attacked, tmp_path):
    """A first start over an emptied server believes that nothing is frozen; the other does not."""
    async with contextlib.AsyncExitStack() as stack:
        hands = await stack.enter_async_context(attacker(attacked.redis_url))
        one = await stack.enter_async_context(attacked.running())
        await frozen_twice(one, hands)
        await one.end()
        await hands.redis.flushall()
        (tmp_path / "two").mkdir()
        new = replace(attacked, folder=tmp_path / "two")
        two = await stack.enter_async_context(new.running())
        await serves_others(two, 1)
        one = await stack.enter_async_context(attacked.running())
        await until(lambda: logged(one, "freeze_lost"))
        await hear(two, (SMALL.fresh(2), "frozen"))
        own = two.service.freezing.record.freezes[-1]
        await thaw(two, own.id, "dee", "eli")
        wallets = [freeze.wallet for freeze in (await one.service.freezing.look()).freezes]
        assert wallets == ["w-1", "w-2"]  # what stood before stands again, at both
