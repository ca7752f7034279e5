"""Who cannot click is told each thing once, with the commands to run."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from approvals.events import Alarm, Trouble
from approvals.freezes.store import FREEZE_MEMBER
from approvals.model import Approval, Choice
from notifiers.elsewhere.bulletin import MOST_SUBJECT, MOST_TEXT, Bulletin, of_story
from notifiers.elsewhere.one_way import LONGEST_REST_MS
from notifiers.once import HOLD_MS
from notifiers.ports import NotTold, Story
from notifiers.schedule import Due
from notifiers.story import names_of, story_of
from notifiers.words.escalating import calls_made
from tests.notifiers.second import Second, one_way, pager, second
from tests.notifiers.test_telling import vote
from tests.notifiers.world import World
from tests.support.receiver import HANGS, Receiver, receiving
from tests.support.requests import sample


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as server:
        yield server


@pytest.fixture
def both(world: World, receiver: Receiver) -> Second:
    return second(world, pager(receiver))


async def story_about(world: World, approval: Approval) -> Story:
    now = world.clock.now_ms()
    return await story_of(world.service, approval, lambda: names_of(world.service.policy), now)


async def test_what_is_asked_is_told_once_with_the_commands(
    world: World, receiver: Receiver, both: Second
) -> None:
    approval = await world.asked()
    await both.told()
    await vote(world, approval, "ana")
    await both.told()
    (posted,) = receiver.posted
    said = posted.document
    name = f"node-1/{approval.request_id}"
    assert said["approval"]["commands"] == [
        f"countersign show {name}",
        f"countersign approve {name} --reason …",
        f"countersign reject {name} --reason …",
    ]
    assert said["text"].split("\n") == [
        "Send 2,500 USDT -> cold_1 (0xd631…2A2c) on Ethereum",
        "VERIFIED",
        said["text"].split("\n")[2],
        "0 of 2 · waiting for 2 of treasury",
        f"Read it: countersign show {name}",
        f"Then: countersign approve {name} --reason …",
    ]
    assert said["text"].split("\n")[2].startswith("Decide before 20")
    assert said["text"].split("\n")[2].endswith(" UTC")
    assert said["subject"].startswith("Countersign: Approve? Send 2,500 USDT -> cold_1")
    assert said["approval"]["deadline"] == approval.deadline
    assert said["approval"]["digest"] == approval.digest


async def test_a_doubt_comes_first_and_the_worst_warning_is_named(
    world: World, receiver: Receiver, both: Second
) -> None:
    await world.asked(sample("keysign_raw_message_hash"))
    await both.told()
    said = receiver.posted[0].document
    assert said["text"].startswith("NOT VERIFIED: Sign a bare hash")
    assert "\nWarning: BLIND SIGNATURE\nA bare hash is to be signed; what " in said["text"]
    assert said["text"].count("NOT VERIFIED") == 1
    assert any(warning.startswith("BLIND SIGNATURE: ") for warning in said["approval"]["warnings"])


async def test_the_end_is_told_only_where_the_beginning_was(
    world: World, receiver: Receiver, both: Second
) -> None:
    approval = await world.asked()
    await both.told()
    await vote(world, approval, "ana", Choice.REJECT)
    await both.told()
    await both.told()
    assert receiver.events == ["asked", "decided"]
    told = receiver.posted[1].document
    assert told["subject"].startswith("Countersign: Rejected: Send 2,500 USDT -> cold_1")
    assert told["text"].startswith("Rejected by ana ")
    assert receiver.posted[1].document["approval"]["commands"] == [
        f"countersign show {approval.member}"
    ]


async def test_the_end_of_what_was_never_told_is_not_told(
    world: World, receiver: Receiver, both: Second
) -> None:
    approval = await world.asked()
    await vote(world, approval, "ana", Choice.REJECT)
    await both.told()
    assert receiver.posted == []


async def test_only_what_it_is_for_is_told(world: World, receiver: Receiver) -> None:
    only = second(world, pager(receiver, "frozen"))
    approval = await world.asked()
    await only.told()
    await vote(world, approval, "ana", Choice.REJECT)
    await world.freeze()
    await only.told()
    assert receiver.events == ["frozen"]
    assert "FROZEN: everything" in receiver.posted[0].document["text"]


async def test_freezes_and_thaws_are_told_once_beside_slack(
    world: World, receiver: Receiver, both: Second
) -> None:
    freeze = await world.freeze()
    await both.told()
    await world.thaw(freeze.id, "dee")
    await both.told()
    await world.thaw(freeze.id, "eli")
    await both.told()
    await both.told()
    subjects = [post.document["subject"] for post in receiver.posted]
    assert [subject.split(" ")[1] for subject in subjects] == ["FROZEN:", "THAW", "THAWED:"]
    assert len(world.slack.said) == 3
    left = (await world.outbox.read_told(FREEZE_MEMBER)).posts
    assert sorted((post.notifier, post.about) for post in left) == [
        ("pager", "through"),
        ("slack", "through"),
    ]


async def test_what_it_notes_of_freezes_leaves_the_notes_of_others(
    world: World, receiver: Receiver
) -> None:
    await world.freeze()
    record = await world.service.freezing.look()
    await world.posts.tell_freezes(record)
    before = (await world.outbox.read_told(FREEZE_MEMBER)).posts
    await one_way(world, pager(receiver)).tell_freezes(record)
    after = (await world.outbox.read_told(FREEZE_MEMBER)).posts
    assert [post for post in after if post.notifier == "slack"] == list(before)
    assert len(before) == 2


async def test_what_it_said_first_slack_says_as_well(world: World, receiver: Receiver) -> None:
    await world.freeze()
    record = await world.service.freezing.look()
    await one_way(world, pager(receiver)).tell_freezes(record)
    await world.posts.tell_freezes(record)
    assert receiver.events == ["frozen"]
    assert len(world.slack.said) == 1


async def test_a_place_that_fails_is_tried_again_under_the_same_id(
    world: World, receiver: Receiver, both: Second
) -> None:
    receiver.answers.extend([503, 429])
    await world.asked()
    await both.told()
    for ahead in (2_000, 5_000):
        world.clock.ahead = ahead
        await both.told()
    assert receiver.events == ["asked"] * 3
    assert len({post.document["id"] for post in receiver.posted}) == 1
    assert len(world.slack.messages) == 1
    assert [(one.part, one.down) for one in world.notes.of(Trouble)] == [
        ("notify_pager", True),
        ("notifier", True),
        ("notify_pager", False),
        ("notifier", False),
    ]


async def test_a_place_that_hangs_holds_the_others_up_once_and_not_for_each_approval(
    world: World, receiver: Receiver, both: Second
) -> None:
    receiver.answers.append(HANGS)
    for number in range(4):
        await world.asked(sample("keysign_erc20_usdt").fresh(number))
    await both.told()
    assert len(world.slack.messages) == 4
    assert len(receiver.posted) == 1
    world.clock.ahead = LONGEST_REST_MS
    await both.told()
    assert receiver.events == ["asked"] * 5


async def test_what_nobody_foresaw_in_a_carrier_is_a_failure_of_that_place_alone(
    world: World, receiver: Receiver
) -> None:
    class Broken:
        async def send(self, _bulletin: Bulletin, _id: str) -> None:
            raise RuntimeError

    way = one_way(world, pager(receiver))
    way._carrier = Broken()
    with pytest.raises(NotTold, match=r"^pager: bug: RuntimeError$") as caught:
        await way.tell_alarm(Alarm(0, "conflict", "", ""), 0, "id-1")
    assert caught.value.alarm
    (trouble,) = world.notes.of(Trouble)
    assert (trouble.part, trouble.down) == ("notify_pager", True)


async def test_a_death_between_saying_and_noting_repeats_it_once_under_the_same_id(
    world: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    approval = await world.asked()
    dying = second(world, pager(receiver))
    write, writes = world.outbox.write_told, []

    async def dies(member, told):
        writes.append(told)
        if any(post.notifier == "pager" and post.ts for post in told.posts):
            raise asyncio.CancelledError
        return await write(member, told)

    monkeypatch.setattr(world.outbox, "write_told", dies)
    story_task = asyncio.create_task(dying.told())
    await asyncio.wait({story_task})
    assert story_task.cancelled()
    monkeypatch.undo()
    world.restart()
    world.clock.ahead = HOLD_MS + 11_000
    living = second(world, pager(receiver))
    await living.told()
    await living.told()
    assert receiver.events == ["asked", "asked"]
    assert len({post.document["id"] for post in receiver.posted}) == 1
    assert approval.member


async def test_while_one_gateway_is_saying_it_another_does_not(
    world: World, receiver: Receiver
) -> None:
    ways = [one_way(world, pager(receiver)) for _ in range(2)]
    approval = await world.asked()
    story = await story_about(world, approval)
    came = await asyncio.gather(*(way.tell(story) for way in ways), return_exceptions=True)
    assert receiver.events == ["asked"]
    assert all(one is None or isinstance(one, NotTold) for one in came)
    await ways[1].tell(story)
    assert receiver.events == ["asked"]


async def test_who_is_called_because_it_waits_is_told_once(
    world: World, receiver: Receiver, both: Second
) -> None:
    approval = await world.asked(sample("keysign_tron_trx"))
    story = await story_about(world, approval)
    at = world.clock.now_ms()
    calls = (Due("on_call", at, ("dee", "eli")), Due("", at, ("ana",)))
    for _ in range(2):
        await both.way.tell(replace(story, escalations=calls))
    assert receiver.events == ["asked", "escalated"]
    said = receiver.posted[1].document
    assert said["text"].startswith("on_call is called: dee and eli.\n")
    assert said["subject"].startswith("Countersign: STILL WAITING ")
    noted = await world.outbox.read_told(approval.member)
    assert calls_made(noted) == ()  # nobody was mentioned in Slack by that


async def test_a_show_without_the_claim_says_nothing(
    world: World, receiver: Receiver, both: Second
) -> None:
    approval = await world.asked()
    await both.tellers.refresh(approval.member)
    assert receiver.posted == []


async def test_whatever_the_request_says_a_subject_is_one_short_line(
    world: World, receiver: Receiver
) -> None:
    approval = await world.asked()
    story = await story_about(world, approval)
    evil = "Send\r\nBcc: thief@evil.example\r\n\r\n<b>x</b>" + "\u2028y" * 5_000
    hostile = replace(
        story,
        sheet=replace(story.sheet, headline=evil, worst="w" * 900, integrity="NOT VERIFIED"),
        approval=replace(approval, request_id="r" * 120 + "<a b='c'>", node="n" * 64),
    )
    bulletin = of_story(hostile, "asked", 0, remark="Slack cannot be reached.")
    assert bulletin.subject.isprintable()
    assert len(bulletin.subject) <= MOST_SUBJECT
    assert len(bulletin.text) <= MOST_TEXT
    read, then = bulletin.text.split("\n")[-2:]
    assert read.startswith("Read it: countersign show 'n")
    assert then.startswith("Then: countersign approve 'n")
    assert then.endswith("--reason …")


async def test_an_announcement_wakes_nobody(world: World, receiver: Receiver) -> None:
    house = second(world, pager(receiver))
    await house.tellers.announce("Policy change")
    assert [said.text for said in world.slack.said] == ["Policy change"]
    assert receiver.posted == []
