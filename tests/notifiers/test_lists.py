"""A place's lists: nothing loses its turn, nothing is put off, and what changed is told again."""

from functools import partial

from approvals.aftermath.doubts import DOUBTS_MEMBER, GRACE_MS
from approvals.freezes.store import FREEZE_MEMBER
from approvals.model import Approval
from approvals.outbox import Outbox
from approvals.redis.link import key
from approvals.untold import CLAIM_MS
from tests.notifiers.test_aftermath import hear, overridden, report
from tests.notifiers.test_burst import swept
from tests.notifiers.test_telling import vote
from tests.notifiers.world import World
from tests.support.requests import sample
from tests.support.slack_server import Fails
from tests.support.waiting import until


async def shown(world: World, count: int) -> list[Approval]:
    """Approvals that were told, at a time that does not pass."""
    world.clock.stands_at = world.clock.now_ms()
    asked = [await world.asked(sample("keysign_erc20_usdt").fresh(n)) for n in range(count)]
    await world.told()
    return asked


async def voted_unseen(world: World, record: Approval) -> None:
    """A vote that its message does not show, and that nobody is to tell any more."""
    await vote(world, record, "ana")
    voted = await world.stored(record)
    assert await world.untold.claim(world.clock.now_ms(), 9) == (record.member,)
    await world.untold.settle(voted.member, voted.revision, again_at=None)


async def test_what_is_written_again_loses_no_turn(world: World) -> None:
    first, other = await shown(world, 2)
    now = world.clock.now_ms()
    await world.untold.settle(first.member, first.revision, again_at=now)
    await world.untold.settle(other.member, other.revision, again_at=now + 1_000)
    world.clock.ahead = 2_000
    await vote(world, first, "ana")
    assert await world.untold.claim(now + 3_000, 1) == (first.member,)


async def test_a_refresh_that_failed_puts_nothing_off(world: World) -> None:
    (record,) = await shown(world, 1)
    now = world.clock.now_ms()
    await world.untold.settle(record.member, record.revision, again_at=now + 5_000)
    await world.untold.again(record.member, now + 60_000)
    assert await world.untold.comes_at(record.member) == now + 5_000
    await world.untold.again(record.member, now + 1_000)
    assert await world.untold.claim(now + 1_000, 9) == (record.member,)


async def test_what_is_to_be_told_again_since_it_was_claimed_is_though_nothing_was_written(
    world: World,
) -> None:
    (record,) = await shown(world, 1)
    now = world.clock.now_ms()
    await world.untold.settle(record.member, record.revision, again_at=now)
    assert await world.untold.claim(now, 9) == (record.member,)
    await world.untold.again(record.member, now + 1_000)
    assert await world.untold.claim(now + 1_000, 9) == (), "while it is claimed"
    await world.untold.settle(record.member, record.revision, again_at=None)
    assert await world.untold.claim(now + 1_000, 9) == (record.member,)


async def test_what_comes_is_looked_for_in_both_lists(world: World) -> None:
    await hear(world, report(request_id="nobody:1", task=""))
    due = await world._link.client.zscore(key("untold"), DOUBTS_MEMBER)
    assert await world.untold.comes_at(DOUBTS_MEMBER) == due, "nobody handed it out yet"
    world.clock.ahead += GRACE_MS + 100
    now = world.clock.now_ms()
    assert await world.untold.claim(now, 9) == (DOUBTS_MEMBER,)
    assert await world.untold.comes_at(DOUBTS_MEMBER) == now + CLAIM_MS


async def test_since_when_people_were_not_told_counts_from_the_first_time(world: World) -> None:
    world.clock.stands_at = began = world.clock.now_ms()
    (record,) = await swept(world, 1)
    assert await world.untold.claim(began, 9) == (record.member,)
    await world._link.client.delete(key("approval", record.member))
    world.clock.ahead = 5_000
    await swept(world, 1)  # asked anew after Redis forgot it
    await world.untold.claim(began + 5_000, 9)
    assert await world.untold.never_shown() == (1, began)


async def test_doubts_are_handed_to_the_screen_alone_and_freezes_to_everyone(world: World) -> None:
    both = Outbox(world._link, world.seal_key, ("slack", "pager"))
    await hear(world, report(request_id="nobody:1", task=""))
    await world.freeze(wallet="w")
    world.clock.ahead += GRACE_MS + 100
    now = world.clock.now_ms()
    assert await both.at("pager").claim(now, 9) == (FREEZE_MEMBER,)
    assert set(await both.at("slack").claim(now, 9)) == {DOUBTS_MEMBER, FREEZE_MEMBER}


async def test_who_told_an_older_state_too_slowly_takes_nothing_from_who_tells_the_newer(
    world: World,
) -> None:
    (record,) = await shown(world, 1)
    now = world.clock.now_ms()
    await world.untold.settle(record.member, record.revision, again_at=now)
    assert await world.untold.claim(now, 9) == (record.member,)
    await vote(world, record, "ana")
    late = now + CLAIM_MS + 1
    assert await world.untold.claim(late, 9) == (record.member,), "another tells of the vote"
    await world.untold.settle(record.member, record.revision, again_at=None)
    assert await world.untold.claim(late, 9) == (record.member,), "and may have died"


async def test_a_refresh_that_failed_is_made_up_for_by_whoever_claims_it(world: World) -> None:
    (record,) = await shown(world, 1)
    await voted_unseen(world, record)
    world.slack.fail("chat.update", Fails(status=429, retry_after=20))
    for _ in range(3):
        await world.tellers.refresh(record.member)
    assert world.slack.calls == ["chat.postMessage", "chat.update"], "Slack is left alone"
    assert "1 of 2" not in world.slack.message.all_text
    world.clock.ahead += 20_000
    await world.told()
    assert "1 of 2 · ana" in world.slack.message.all_text


async def test_who_told_too_slowly_what_had_become_of_it_takes_nothing_from_who_tells_more(
    world: World,
) -> None:
    record = await overridden(world)
    now, before = world.clock.now_ms(), (await world.service.after_of(record)).revision
    settle = partial(world.untold.settle, record.member, record.revision, after=before)
    await settle(again_at=now)
    assert await world.untold.claim(now, 9) == (record.member,)
    await hear(world, report())
    late = now + CLAIM_MS + 60_000
    assert await world.untold.claim(late, 9) == (record.member,), "another tells who signed"
    await settle(again_at=None)
    assert await world.untold.claim(late, 9) == (record.member,), "and may have died"


async def test_a_click_in_vain_brings_a_stale_message_up_to_date(world: World) -> None:
    (record,) = await shown(world, 1)
    await voted_unseen(world, record)
    await world.press(world.slack.message, "Approve", "U0STRANGER")
    await until(lambda: "1 of 2 · ana" in world.slack.message.all_text)
    assert len((await world.stored(record)).votes) == 1
