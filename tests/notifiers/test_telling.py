"""People are told at least once, always from the stored record, and one message says the newest."""

import asyncio
from dataclasses import replace

import pytest

from approvals.ballots import Ballot
from approvals.events import Alarm, Trouble
from approvals.model import Approved, Choice, SlackClick
from approvals.outbox import Outbox
from approvals.told import Post, Told
from approvals.voting import Counted
from gateway.tasks import end
from notifiers.ports import NotTold
from notifiers.setbacks import FIRST_AGAIN_MS
from notifiers.slack.pace import Pace
from notifiers.slack.posts import SlackPosts
from notifiers.story import names_of, story_of
from notifiers.tellers import Tellers
from tests.notifiers.world import World, all_told
from tests.support.evm import dynamic_fee, erc20
from tests.support.requests import sample
from tests.support.slack_server import CHANNEL, Fails
from tests.support.waiting import PATIENCE_S, until


def ballot(person: str, approval, choice: Choice = Choice.APPROVE, reason: str = "") -> Ballot:
    evidence = SlackClick("T0ACME", f"U0{person.upper()}", CHANNEL, "1.2", "n")
    return Ballot(person, choice, approval.digest, reason, evidence)


async def vote(
    world: World, approval, person: str, choice: Choice = Choice.APPROVE, reason: str = ""
) -> None:
    done = await world.service.vote(approval.member, ballot(person, approval, choice, reason))
    assert isinstance(done, Counted), done


async def posts(world: World, approval) -> tuple[Post, ...]:
    return (await world.outbox.read_told(approval.member)).posts


async def test_an_asked_approval_is_posted_once(world: World) -> None:
    await world.asked()
    await world.told()
    await world.told()
    assert world.slack.calls == ["chat.postMessage"]
    assert world.slack.message.buttons.keys() == {"Approve", "Reject", "Freeze", "Details"}


async def test_a_message_holds_what_an_approver_needs(world: World) -> None:
    approval = await world.asked()
    await world.told()
    shown = world.slack.message.all_text
    for needed in (
        "Send 2,500 USDT -&gt; cold_1 (0xd631…2A2c) on Ethereum",
        "0xd63134CC52B0CC0bb754A0196bc249F38BDB2A2c",
        "0xe4617d0599ee72Ff2c4942550f3a6F4cCcFd03EE",
        "decoded from the bytes whose hash 0x9cd98be0",
        "Cobo says",
        "Hot wallet (7fc2bfef-0cad-5764-b4ba-a03dc1266f62)",
        "treasury-api-key (API)",
        "usdt: Tether leaves",
        approval.request_id,
        approval.digest,
        f"<!date^{approval.deadline // 1000}^{{time}}|",
        "0 of 2 · waiting for 2 of treasury",
        "ana, bo",
    ):
        assert needed in shown, needed


async def test_progress_names_who_has_voted_and_what_is_missing(world: World) -> None:
    approval = await world.asked()
    await world.told()
    await vote(world, approval, "ana")
    await world.told()
    assert "1 of 2 · ana <!date^" in world.slack.message.all_text
    assert "waiting for treasury" in world.slack.message.all_text


@pytest.mark.parametrize(
    ("choice", "said"),
    [(Choice.APPROVE, "Approved by ana"), (Choice.REJECT, "Rejected by ana")],
)
async def test_after_a_decision_made_anywhere_the_buttons_are_gone(
    world: World, choice: Choice, said: str
) -> None:
    approval = await world.asked()
    await world.told()
    await vote(world, approval, "ana", choice)
    if choice is Choice.APPROVE:
        await vote(world, approval, "bo")
    await world.told()
    assert not world.slack.message.deciding
    assert said in world.slack.message.all_text


async def test_nobody_reads_of_a_timeout_before_it_is_final(world: World) -> None:
    approval = await world.asked()
    world.clock.ahead = 700_000
    await world.told()
    assert "in time" not in world.slack.message.all_text
    assert not world.slack.message.deciding
    world.clock.ahead = 0
    await world.told()
    world.clock.ahead = 700_000
    await world.service._sweep_one(approval.member)
    await world.told()
    assert "nobody decided in time" in world.slack.message.all_text


async def test_a_contradiction_is_told_without_buttons(world: World) -> None:
    await (await world.asked_and_answered(sample("bad_hash_mismatch")))
    await world.told()
    assert "REFUSED: " in world.slack.message.all_text
    assert ":no_entry: *REFUSED* · nobody can approve this" in world.slack.message.all_text
    assert not world.slack.message.deciding


async def test_a_second_body_under_a_known_id_is_told_without_buttons(world: World) -> None:
    first = await world.asked()
    other = sample("keysign_erc20_usdt").with_detail("task_id", "another")
    await (await world.asked_and_answered(other))
    await world.told()
    told = list(world.slack.messages.values())
    assert sorted(bool(message.deciding) for message in told) == [False, True]
    refused = next(message for message in told if not message.deciding)
    assert "first asked with other content" in refused.all_text
    assert first.request_id in refused.all_text


@pytest.mark.parametrize(
    "failure",
    [
        Fails(status=500),
        Fails(status=503),
        Fails(status=429, retry_after=30),
        Fails(error="channel_not_found"),
        Fails(error="invalid_auth"),
        Fails(hangs=True),
    ],
)
async def test_whatever_slack_fails_with_the_approval_is_told_later(
    world: World, failure: Fails
) -> None:
    await world.asked()
    world.slack.fail("chat.postMessage", failure)
    await world.told()
    assert not world.slack.messages
    await world.told()
    assert not world.slack.messages, "not before its time"
    world.clock.ahead += 61_000
    await world.told()
    assert world.slack.message.deciding


async def test_a_wish_to_be_left_alone_is_honored(world: World) -> None:
    await world.asked()
    world.slack.fail("chat.postMessage", Fails(status=429, retry_after=30))
    await world.told()
    world.clock.ahead += 29_000
    await world.told()
    assert not world.slack.messages
    world.clock.ahead += 2_000
    await world.told()
    assert world.slack.messages


async def test_failures_come_back_ever_later_up_to_a_minute(world: World) -> None:
    world.clock.stands_at = world.clock.now_ms()
    await world.asked()
    world.slack.fail("chat.postMessage", *[Fails(status=500)] * 9)
    waits = []
    for _ in range(9):
        await world.told()
        before = world.clock.ahead
        tries = len(world.slack.calls)
        while len(world.slack.calls) == tries:
            assert world.clock.ahead < before + 61_000
            world.clock.ahead += 500
            await world.told()
        waits.append(world.clock.ahead - before)
    assert waits == sorted(waits)
    assert waits[0] <= 1_500
    assert 59_000 <= waits[-1] <= 61_000


async def test_what_needs_a_person_is_alarmed_and_what_passes_is_noted_once(world: World) -> None:
    await world.asked()
    world.slack.fail("chat.postMessage", Fails(error="invalid_auth"))
    await world.told()
    assert [alarm.detail for alarm in world.notes.of(Alarm)] == [
        "invalid_auth: make another token, set it in the environment, and start again"
    ]
    world.slack.fail("chat.postMessage", Fails(status=500), Fails(status=500))
    for _ in range(3):
        world.clock.ahead += 61_000
        await world.told()
    assert [trouble.down for trouble in world.notes.of(Trouble)] == [True, False]


async def test_a_post_that_may_have_arrived_is_not_taken_for_the_next_one(world: World) -> None:
    approval = await world.asked()
    world.slack.fail("chat.postMessage", Fails(status=500, done=True))
    await world.told()
    world.clock.ahead += 2_000
    await world.told()
    assert len(world.slack.messages) == 2
    first, second = await posts(world, approval)
    assert first.nonce != second.nonce
    assert first.ts is None
    assert second.ts is not None


async def test_a_post_that_surely_did_not_arrive_leaves_no_second_nonce(world: World) -> None:
    approval = await world.asked()
    for _ in range(4):
        world.slack.fail("chat.postMessage", Fails(status=429, retry_after=10))
        await world.told()
        world.clock.ahead += 61_000
    await world.told()
    (post,) = await posts(world, approval)
    assert post.ts == world.slack.message.ts


async def test_a_slack_that_is_away_for_hours_does_not_fill_the_store(world: World) -> None:
    approval = await world.asked()
    world.slack.fail("chat.postMessage", *[Fails(status=500)] * 20)
    for _ in range(21):
        await world.told()
        world.clock.ahead += 61_000
    assert len(await posts(world, approval)) <= 6


async def test_a_death_between_the_post_and_its_note_is_repaired(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    approval = await world.asked()
    member = approval.member

    async def dies(*args: object) -> None:
        raise asyncio.CancelledError

    told = world.outbox.write_told
    writes = 0

    async def write_once(name, value):
        nonlocal writes
        writes += name == member
        if writes == 2:
            await dies()
        return await told(name, value)

    monkeypatch.setattr(world.outbox, "write_told", write_once)
    with pytest.raises(asyncio.CancelledError):
        await world.told()
    monkeypatch.setattr(world.outbox, "write_told", told)
    assert [post.ts for post in await posts(world, approval)] == [None]
    world.restart()
    world.clock.ahead += 31_000
    await world.told()
    assert len(world.slack.messages) == 2
    orphan, known = world.slack.messages.values()
    answer = await world.press(orphan, "Approve", "U0ANA")
    assert answer.answer is None
    assert [v.person for v in (await world.stored(approval)).votes] == ["ana"]
    await world.told()
    assert {post.ts for post in await posts(world, approval)} == {orphan.ts, known.ts}
    for message in (orphan, known):
        assert "1 of 2 · ana" in message.all_text
    assert member


async def test_a_restart_does_not_orphan_buttons(world: World) -> None:
    approval = await world.asked()
    await world.told()
    world.restart()
    await world.press(world.slack.message, "Approve", "U0ANA")
    assert (await world.stored(approval)).votes
    await world.told()
    assert "1 of 2" in world.slack.message.all_text
    assert len(world.slack.messages) == 1


async def test_a_message_that_says_it_already_is_left_alone(world: World) -> None:
    approval = await world.asked()
    await world.told()
    await world.tellers.refresh(approval.member)
    assert world.slack.calls == ["chat.postMessage"]


async def test_an_older_revision_never_overwrites_a_newer_one(world: World) -> None:
    approval = await world.asked()
    await world.told()
    old = await world.stored(approval)
    await vote(world, approval, "ana")
    await world.told()
    assert "1 of 2" in world.slack.message.all_text
    story = await story_of(
        world.service, old, lambda: names_of(world.service.policy), world.clock.now_ms()
    )
    calls = len(world.slack.calls)
    await world.posts.show(story)
    await world.posts.tell(story)
    assert len(world.slack.calls) == calls
    assert "1 of 2" in world.slack.message.all_text


class Slow:
    """Another gateway's way to Slack: messages are on their way until they are let through."""

    def __init__(self, world: World) -> None:
        self._client = world.client
        self.sent, self.arrive = asyncio.Event(), asyncio.Event()

    async def post(self, channel, text, blocks, *, thread=None) -> str:
        self.sent.set()
        await self.arrive.wait()
        return await self._client.post(channel, text, blocks, thread=thread)

    async def update(self, channel, ts, text, blocks) -> None:
        self.sent.set()
        await self.arrive.wait()
        await self._client.update(channel, ts, text, blocks)

    async def say(self, channel, text, *, thread=None, aside=False) -> str:
        return await self._client.say(channel, text, thread=thread, aside=aside)

    async def call(self, channel, text, *, thread, shown) -> str:
        return await self._client.call(channel, text, thread=thread, shown=shown)


async def test_what_another_gateway_posted_while_a_message_was_rendered_is_updated_too(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    approval = await world.asked()
    await world.told()
    await vote(world, approval, "ana")
    first, read = world.slack.message, world.outbox.read_told

    async def read_and_overtaken(member: str) -> Told:
        monkeypatch.setattr(world.outbox, "read_told", read)
        told = await read(member)
        ts = await world.client.post(CHANNEL, first.text, first.blocks)
        other = replace(told.posts[0], nonce="n" * 22, ts=ts)
        await world.outbox.write_told(member, replace(told, posts=(*told.posts, other)))
        return told

    monkeypatch.setattr(world.outbox, "read_told", read_and_overtaken)
    await world.told()
    assert [("1 of 2" in each.all_text) for each in world.slack.messages.values()] == [True, True]


async def test_what_another_gateway_showed_too_late_is_put_right(world: World) -> None:
    approval = await world.asked()
    await world.told()
    await vote(world, approval, "ana")
    old = await story_of(
        world.service,
        await world.stored(approval),
        lambda: names_of(world.service.policy),
        world.clock.now_ms(),
    )
    await vote(world, approval, "bo")
    slow = Slow(world)
    pace = Pace(world.clock.now_ms, every_ms=1, burst=100)
    late = asyncio.create_task(SlackPosts(slow, CHANNEL, world.outbox, pace).show(old))
    await slow.sent.wait()
    await world.told()
    assert "Approved by ana" in world.slack.message.all_text
    slow.arrive.set()
    await late
    assert "1 of 2" in world.slack.message.all_text
    await world.tellers.refresh(approval.member)  # as the outbox wants, for `old` was shown
    assert "Approved by ana" in world.slack.message.all_text


async def test_a_deleted_message_is_posted_again_while_people_are_needed(world: World) -> None:
    approval = await world.asked()
    await world.told()
    world.slack.messages.clear()
    await vote(world, approval, "ana")
    await world.told()
    assert "1 of 2" in world.slack.message.all_text


async def test_of_many_the_earliest_deadline_is_told_first(world: World) -> None:
    for number in (3, 1, 2):
        world.clock.ahead = number * 10_000
        await world.asked(sample("keysign_erc20_usdt").fresh(number))
    world.clock.ahead = 40_000
    await world.told()
    ids = [sample("keysign_erc20_usdt").fresh(n).request_id for n in (1, 2, 3)]
    told = [message.text for message in world.slack.messages.values()]
    assert [identity in text for identity, text in zip(ids, told, strict=True)] == [True] * 3


async def test_the_loop_tells_at_once_when_woken(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("notifiers.teller.POLL_S", 60)  # nothing but the wake can bring it
    loop = asyncio.create_task(world.teller.run())
    try:
        await asyncio.sleep(0.1)
        await world.asked()
        world.teller.wake()
        await until(lambda: world.slack.messages)
    finally:
        await end([loop])


async def test_the_loop_ends_when_cancelled_though_a_library_swallows_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    untold = world.teller._untold
    real = untold.claim
    swallowed = asyncio.Event()

    async def swallows(now: int, limit: int, *, with_line: bool) -> tuple[str, ...]:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            swallowed.set()
        return await real(now, limit, with_line=with_line)

    monkeypatch.setattr(untold, "claim", swallows)
    loop = asyncio.create_task(world.teller.run())
    await asyncio.sleep(0.05)
    loop.cancel()
    done, _ = await asyncio.wait({loop}, timeout=PATIENCE_S)
    assert swallowed.is_set()
    assert done


async def test_a_bug_in_one_story_does_not_silence_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.asked()
    broken = world.posts.tell
    calls = 0

    async def breaks_once(story) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise ZeroDivisionError
        await broken(story)

    monkeypatch.setattr(world.posts, "tell", breaks_once)
    await world.asked(sample("keysign_erc20_usdt").fresh(1))
    await world.told()
    assert len(world.slack.messages) == 1
    assert "ZeroDivisionError" in world.notes.of(Alarm)[0].detail
    world.clock.ahead += 2_000
    await world.told()
    assert len(world.slack.messages) == 2


async def test_a_look_alike_of_a_listed_address_is_remarked_in_the_message(world: World) -> None:
    twin = "0xd6319999999999999999999999999999999a2a2c"
    raw = dynamic_fee(data=erc20(bytes.fromhex(twin[2:]), 2_500_000_000))
    asked = sample("keysign_erc20_usdt").with_evm_bytes(raw)
    await world.asked(asked.with_transaction("destination.account_output.address", twin))
    await world.told()
    shown = world.slack.message.all_text
    assert ":warning: *LOOK-ALIKE ADDRESS*" in shown
    assert "begins and ends like 0xd63134CC52B0CC0bb754A0196bc249F38BDB2A2c" in shown
    assert "in the list cold_1" in shown


async def test_a_wallet_is_new_until_a_yes_of_ours_was_heard(world: World) -> None:
    first = await world.asked()
    await world.told()
    assert "no earlier payment of this wallet is on record" in world.slack.message.all_text
    before = world.slack.message.all_text
    await vote(world, first, "ana")
    await vote(world, first, "bo")
    await asyncio.wait(world._asking, timeout=PATIENCE_S)
    await world.asked(sample("keysign_erc20_usdt").fresh(2))
    await world.told()
    one, two = world.slack.messages.values()
    assert "no earlier payment" in before
    assert "no earlier payment of this wallet is on record" in one.all_text, "it was new then"
    assert "FIRST TIME" not in two.all_text


async def test_a_request_that_was_refused_makes_no_wallet_known(world: World) -> None:
    first = await world.asked()
    await vote(world, first, "ana", Choice.REJECT)
    await asyncio.wait(world._asking, timeout=PATIENCE_S)
    await world.asked(sample("keysign_erc20_usdt").fresh(2))
    await world.told()
    (second,) = [each for each in world.slack.messages.values() if each.deciding]
    assert "no earlier payment of this wallet is on record" in second.all_text


async def test_a_message_says_when_half_and_when_most_of_the_time_is_over(world: World) -> None:
    approval = await world.asked()
    lasts = approval.deadline - approval.asked_at
    said = ("Half of the time is over", "Four fifths of the time are over")
    await world.told()
    assert not any(words in world.slack.message.all_text for words in said)
    for share, words in zip((0.5, 0.8), said, strict=True):
        world.clock.ahead = int(lasts * share) - 60_000
        await world.told()
        assert words not in world.slack.message.all_text
        world.clock.ahead += 60_000
        await world.told()
        assert words in world.slack.message.all_text
        await world.told()
    reminded = ["chat.postMessage", "chat.update"]
    assert world.slack.calls == ["chat.postMessage", "chat.update", *reminded]


async def test_after_the_decision_no_message_speaks_of_the_time_that_is_left(world: World) -> None:
    approval = await world.asked()
    world.clock.ahead = (approval.deadline - approval.asked_at) * 9 // 10
    await world.told()
    await vote(world, approval, "ana", Choice.REJECT)
    await world.told()
    assert "of the time" not in world.slack.message.all_text
    assert await world.untold.claim(world.clock.now_ms() + 86_400_000, 9) == ()


class Broken:
    """A place that fails in its own way."""

    name = "broken"

    def __init__(self, error: Exception) -> None:
        self.error = error

    async def tell(self, story) -> None:
        raise self.error

    async def tell_freezes(self, record) -> None:
        raise self.error


@pytest.mark.parametrize("error", [NotTold("away"), TimeoutError(), ValueError("a bug")])
async def test_a_place_that_fails_silences_no_other_and_is_tried_again(
    world: World, error: Exception
) -> None:
    approval = await world.asked()
    lists = Outbox(world._link, world.seal_key, (world.posts.name, Broken.name))
    tellers = Tellers(
        world.service,
        lists,
        world.posts,
        (Broken(error),),
        names=lambda: names_of(world.service.policy),
        journal=world.notes,
        now_ms=world.clock.now_ms,
    )
    await all_told(tellers)
    assert world.slack.calls == ["chat.postMessage"]
    later = world.clock.now_ms() + FIRST_AGAIN_MS
    assert approval.member in await lists.at(Broken.name).claim(later, 9)
    assert await lists.at(world.posts.name).claim(later, 9) == ()


async def test_what_became_final_while_it_was_looked_at_is_not_called_a_contradiction(
    world: World,
) -> None:
    approval = await world.asked()
    await vote(world, approval, "ana")
    await vote(world, approval, "bo")
    await asyncio.wait(world._asking)
    final = await world.stored(approval)
    old = replace(final, final=None, revision=final.revision - 1)
    assert isinstance(await world.service.decision_of(old), Approved)
