"""What became of a decision, as people read it; and what was done without our yes."""

import asyncio
import io
from dataclasses import replace
from typing import Any

import pytest

from approvals.aftermath.doubts import DOUBTS_MEMBER, GRACE_MS
from approvals.aftermath.facts import Report
from approvals.aftermath.hearing import Aftermath
from approvals.audit import Audit, AuditDown
from approvals.ballots import Ballot
from approvals.events import Alarm, AnswerTaken, NodeReported
from approvals.findings import signs_of
from approvals.model import Approval, Choice
from approvals.outbox import Outbox
from approvals.redis.link import StoreDown, key
from approvals.voting import Counted
from gateway.tasks import end
from notifiers.console import Console
from notifiers.ports import NotTold
from notifiers.slack.pace import Pace
from notifiers.slack.posts import SlackPosts
from notifiers.story import names_of, story_of
from notifiers.tellers import Tellers
from notifiers.words.status import status_of
from notifiers.words.text import NO_NAMES, Names
from tests.notifiers.test_telling import Broken, Slow
from tests.notifiers.world import World, all_told
from tests.support.records import click
from tests.support.requests import sample
from tests.support.slack_server import CHANNEL
from tests.support.waiting import PATIENCE_S

SAMPLE = sample("keysign_eip191")
ASKED = SAMPLE.request
TASK = SAMPLE.detail["biz_task_id"]
SIGNS = signs_of(SAMPLE.detail["msg_hash_list"])


def report(stage: Any = "succeeded", **changes: Any) -> Report:
    made = Report(f"e-{stage}", "key_sign", stage, 0, ASKED.request_id, TASK, SIGNS)
    return replace(made, **changes)


async def hear(world: World, *reports: Report, node: str = "node-1") -> None:
    for one in reports:
        await world.service.aftermath.hear(node, replace(one, at=one.at or world.clock.now_ms()))


def alarms(world: World) -> list[str]:
    return [alarm.what for alarm in world.notes.of(Alarm)]


async def overridden(world: World, choice: Choice = Choice.APPROVE) -> Approval:
    """Shown, decided by two of on-call with the node on the line, and told."""
    approval = await world.asked(SAMPLE)
    await world.told()
    for person in ("dee", "eli"):
        await world.override(approval, person, choice)
    done = await asyncio.wait_for(world.ask(SAMPLE), PATIENCE_S)
    await world.told()
    return done


def line(world: World) -> str:
    """The status as notifications say it."""
    return world.slack.message.text


def aside(world: World) -> list[str]:
    """What was said in the thread, and not in the channel too."""
    below = world.slack.message.ts
    return [said.text for said in world.slack.said if said.thread == below and not said.broadcast]


def in_channel(world: World) -> list[str]:
    return [said.text for said in world.slack.said if said.thread is None]


async def test_the_story_goes_on_taken_then_signed_each_said_once_in_the_thread_alone(
    world: World,
) -> None:
    approval = await overridden(world)
    assert "the node was there at" in line(world)
    await world.service.aftermath.taken(approval)
    await world.told()
    assert "· taken by the node at " in line(world)
    await hear(world, report("created"), report("updated"))
    await world.told()
    assert "· taken by the node at " in line(world)
    await hear(world, report())
    for _ in range(3):
        await world.told()
        await world.tellers.refresh(approval.member)
    assert "· signed at " in line(world)
    assert "taken by" not in line(world)
    taken, signed = aside(world)
    assert taken.startswith("Taken by the node at ")
    assert signed.startswith("Signed at ")
    assert alarms(world) == []
    assert len(world.notes.of(AnswerTaken)) == 1


async def test_a_signature_that_comes_first_leaves_nothing_else_to_say(world: World) -> None:
    approval = await overridden(world)
    await hear(world, report())
    await world.service.aftermath.taken(approval)
    await hear(world, report("created"))
    await world.told()
    assert "· signed at " in line(world)
    assert [text[:6] for text in aside(world)] == ["Signed"]


async def test_a_failure_is_said_with_its_reason_escaped_and_bounded_and_alarms_nobody(
    world: World,
) -> None:
    await overridden(world)
    await hear(world, report("failed", why="<!channel> *no* " + "x" * 300))
    await world.told()
    (said,) = aside(world)
    assert said.startswith("Failed at ")
    assert "&lt;!channel&gt; ∗no∗ xxx" in said
    assert "more characters]" in said
    assert "<!channel>" not in world.slack.message.all_text
    assert alarms(world) == []


async def test_an_event_is_heard_once_whoever_hears_it_again(world: World) -> None:
    approval = await overridden(world)
    await hear(world, report(), report())
    again = Aftermath(world.service._ledger)
    await again.hear("node-1", report())
    after = await world.service.after_of(approval)
    assert len(after.reported) == len(world.notes.of(NodeReported)) == 1


async def test_a_task_finds_the_record_where_the_request_id_does_not(world: World) -> None:
    approval = await overridden(world)
    await hear(world, report(request_id="another:9"))
    (reported,) = (await world.service.after_of(approval)).reported
    assert reported.agrees is True
    assert alarms(world) == []


@pytest.mark.parametrize(
    ("changes", "alarm"),
    [
        ({"request_id": "nobody:1", "task": "nobody"}, "signed_unknown"),
        ({"request_id": "", "task": "", "signs": ""}, "signed_unknown"),
        ({"request_id": "nobody:1", "task": "", "kind": "key_gen"}, "used_unknown"),
        ({"signs": signs_of(["0x" + "ee" * 32])}, "signed_other"),
    ],
)
async def test_what_was_done_without_our_yes_is_an_alarm_and_is_said_in_the_channel_once(
    world: World, changes: dict[str, Any], alarm: str
) -> None:
    await overridden(world)
    said_before = len(in_channel(world))
    await hear(world, report(**changes))
    for _ in range(3):
        await world.told()
        world.clock.ahead += GRACE_MS + 100
    assert alarms(world) == [alarm]
    (said,) = in_channel(world)[said_before:]
    assert said.startswith(f"ALARM {alarm}: node-1 ")
    assert "countersign freeze" in said


async def test_what_was_rejected_and_signed_all_the_same_is_an_alarm_at_once(world: World) -> None:
    await overridden(world, Choice.REJECT)
    await hear(world, report())
    await world.told()
    assert alarms(world) == ["signed_rejected"]
    assert "BUT the node says: signed at" in line(world)
    assert "ALARM signed_rejected" in in_channel(world)[-1]
    assert aside(world) == []


async def test_a_failure_of_what_was_rejected_is_no_news(world: World) -> None:
    await overridden(world, Choice.REJECT)
    before = line(world)
    await hear(world, report("failed", why="rejected by callback"))
    await world.told()
    assert line(world) == before
    assert aside(world) == alarms(world) == []


async def test_what_signs_otherwise_is_marked_in_the_status(world: World) -> None:
    approval = await overridden(world)
    await hear(world, report(signs=signs_of(["0x" + "ee" * 32])))
    await world.told()
    assert "BUT NOT what was approved" in line(world)
    after = await world.service.after_of(approval)
    assert after.reported[0].agrees is False


async def test_something_else_under_an_approved_name_is_said_though_what_was_approved_is_signed(
    world: World,
) -> None:
    await overridden(world)
    await hear(world, report())
    await world.told()
    other = signs_of(["0x" + "ee" * 32])
    await hear(world, report(signs=other, event_id="e2", at=world.clock.now_ms() + 1))
    await world.told()
    assert "BUT NOT what was approved" in line(world)
    signed, other_one = aside(world)
    assert signed.startswith("Signed at ")
    assert other_one.endswith("BUT NOT what was approved.")
    assert alarms(world) == ["signed_other"]


async def test_a_signature_that_does_not_say_what_it_is_of_is_not_said_to_be_what_was_approved(
    world: World,
) -> None:
    await overridden(world)
    await hear(world, report(signs=""))
    await world.told()
    (said,) = aside(world)
    assert said.startswith("Signed at ")
    assert said.endswith("; the node does not say what.")
    assert alarms(world) == []


async def test_an_event_that_overtook_its_record_is_no_alarm(world: World) -> None:
    await hear(world, report())
    approval = await overridden(world)
    world.clock.ahead += GRACE_MS + 100
    await world.told()
    await world.told()
    assert alarms(world) == []
    assert "· signed at " in line(world)
    assert (await world.service.doubting.kept()).kept == ()
    assert (await world.service.after_of(approval)).knows("e-succeeded")


async def test_an_event_that_overtook_its_final_fact_is_an_alarm_only_if_none_comes(
    world: World,
) -> None:
    await world.asked(SAMPLE)
    await hear(world, report())
    await world.told()
    assert alarms(world) == []
    world.clock.ahead += GRACE_MS + 100
    await world.told()
    assert alarms(world) == ["signed_rejected"]


async def test_an_alarm_is_raised_though_no_place_can_be_told_and_is_said_later(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hear(world, report(request_id="nobody:1", task=""))
    world.clock.ahead += GRACE_MS + 100

    async def down(text: str) -> None:
        raise NotTold("down")

    with monkeypatch.context() as away:
        away.setattr(world.posts, "announce", down)
        await world.told()
        world.clock.ahead += 61_000
        await world.told()
    assert alarms(world) == ["signed_unknown"]
    assert in_channel(world) == []
    world.clock.ahead += 61_000
    await world.told()
    await world.told()
    assert len(in_channel(world)) == 1
    assert alarms(world) == ["signed_unknown"]


async def test_an_alarm_is_said_on_the_screen_once_whatever_becomes_of_other_places(
    world: World,
) -> None:
    out = io.StringIO()
    lists = Outbox(world._link, world.seal_key, ("console", Broken.name))
    tellers = Tellers(
        world.service,
        lists,
        Console(out),
        (Broken(NotTold("away")),),
        names=lambda: NO_NAMES,
        journal=world.notes,
        now_ms=world.clock.now_ms,
    )
    await hear(world, report(request_id="nobody:1", task=""))
    for _ in range(3):
        world.clock.ahead += 61_000
        await all_told(tellers)
    assert out.getvalue().count("ALARM") == 1
    assert alarms(world) == ["signed_unknown"]


async def test_an_alarm_does_not_repeat_those_that_were_said_before(world: World) -> None:
    for number in range(2):
        await hear(world, report(request_id=f"nobody:{number}", task="", event_id=f"e{number}"))
        world.clock.ahead += GRACE_MS + 100
        await world.told()
    assert len(in_channel(world)) == 2


async def test_many_alarms_at_once_are_a_few_messages_and_delay_nobody(world: World) -> None:
    for number in range(40):
        await hear(world, report(request_id=f"nobody:{number}", task="", event_id=f"e{number}"))
    world.clock.ahead += GRACE_MS + 100
    approval = await world.asked(SAMPLE)
    assert await world.teller.tell_due() is False
    assert len(in_channel(world)) == 4
    assert in_channel(world)[-1] == (
        "ALARM: 37 more such reports: 37 signed_unknown of node-1.\n"
        "Each is in the log, event node_reported."
    )
    assert approval.request_id in line(world)
    assert alarms(world) == ["signed_unknown"] * 40
    world.clock.ahead += 61_000
    await world.told()
    assert len(in_channel(world)) == 4


async def test_a_death_between_keeping_and_telling_loses_no_alarm(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hear(world, report(request_id="nobody:1", task=""))
    world.clock.ahead += GRACE_MS + 100

    async def dies(*_: object) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as death:
        death.setattr(world.posts, "announce", dies)
        with pytest.raises(asyncio.CancelledError):
            await world.told()
    world.restart()
    assert in_channel(world) == []
    world.clock.ahead += 31_000  # the claim of the dead one runs out
    await world.told()
    assert len(in_channel(world)) == 1


async def test_what_cannot_be_audited_is_not_kept_and_must_be_repeated(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    approval = await overridden(world)

    async def full(*_: object) -> None:
        raise AuditDown("disk full")

    with monkeypatch.context() as disk:
        disk.setattr(Audit, "write", full)
        with pytest.raises(AuditDown):
            await hear(world, report())
        assert not (await world.service.after_of(approval)).reported
    await hear(world, report())
    assert (await world.service.after_of(approval)).reported


async def test_what_cannot_be_kept_must_be_repeated(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    approval = await overridden(world)
    store = world.service._ledger.parts.after

    async def down(*_: object, **__: object) -> None:
        raise StoreDown("away")

    with monkeypatch.context() as away:
        away.setattr(type(store), "write", down)
        await world.service.aftermath.taken(approval)
        with pytest.raises(StoreDown):
            await hear(world, report())
    await hear(world, report())
    assert (await world.service.after_of(approval)).reported


async def test_facts_that_are_not_ours_are_an_alarm_and_stop_nothing(world: World) -> None:
    approval = await overridden(world)
    await world._link.client.set(key("after", approval.member), "forged")
    await hear(world, report())
    await world.service.aftermath.taken(approval)
    assert (await world.service.after_of(approval)).whole is False
    assert alarms(world) == ["damaged"]
    await world.told()
    assert await world.teller.tell_due() is False
    assert "the node was there at" in line(world)


async def test_a_refusal_is_shown_though_what_nodes_reported_before_it_was_lost(
    world: World,
) -> None:
    approval = await world.asked(SAMPLE)
    await hear(world, *(report("updated", event_id=f"e-{number}") for number in range(4)))
    await world.told()
    await world._link.client.delete(key("after", approval.member))
    ballot = Ballot("ana", Choice.REJECT, approval.digest, "no", click("ana"))
    assert isinstance(await world.service.vote(approval.member, ballot), Counted)
    await world.told()
    assert "Rejected by ana" in line(world)
    assert world.slack.message.buttons.keys() == {"Details"}


async def test_facts_of_another_record_are_not_ours(world: World) -> None:
    approval = await overridden(world)
    await hear(world, report())
    client = world._link.client
    await client.copy(key("after", approval.member), key("after", "node-1/other:1"))
    other = replace(approval, request_id="other:1")
    assert (await world.service.after_of(other)).whole is False


async def test_what_nothing_can_clear_up_is_an_alarm_before_redis_may_forget_it(
    world: World,
) -> None:
    await overridden(world, Choice.REJECT)
    await hear(world, report())
    assert alarms(world) == ["signed_rejected"]
    await world._link.client.delete(key("doubts"))
    await world.told()
    assert alarms(world) == ["signed_rejected"]


async def test_a_flood_of_doubts_is_bounded_and_each_is_an_alarm(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("approvals.aftermath.doubts.MOST_DOUBTS", 5)
    for number in range(5 + 3):
        await hear(world, report(request_id="nobody:1", task="", event_id=f"e{number}"))
    assert alarms(world) == ["signed_unknown"] * 3
    assert len((await world.service.doubting.kept()).kept) == 5


async def test_a_pointer_that_somebody_bent_leads_to_no_record(world: World) -> None:
    approval = await overridden(world)
    await world._link.client.set(key("task", "node-1/mine"), approval.member)
    await hear(world, report(request_id="nobody:1", task="mine"))
    world.clock.ahead += GRACE_MS + 100
    await world.told()
    assert alarms(world) == ["signed_unknown"]


async def test_facts_go_when_their_record_goes(world: World) -> None:
    approval = await overridden(world)
    await hear(world, report())
    left = await world._link.client.pttl(key("approval", approval.member))
    beside = await world._link.client.pttl(key("after", approval.member))
    told = await world._link.client.pttl(key("told", approval.member))
    assert left - 60_000 < told <= left
    assert left - 5_000 < beside <= left + 5_000
    waiting = await world.asked()  # has no end yet, and what stands beside it has one all the same
    await hear(world, report("created", event_id="c", request_id=waiting.request_id))
    assert await world._link.client.pttl(key("approval", waiting.member)) == -1
    assert await world._link.client.pttl(key("after", waiting.member)) > left


async def test_another_writer_of_the_same_facts_loses_none_of_them(world: World) -> None:
    approval = await overridden(world)
    await asyncio.gather(
        world.service.aftermath.taken(approval),
        *(hear(world, report("updated", event_id=f"u{number}")) for number in range(5)),
    )
    after = await world.service.after_of(approval)
    assert after.taken is not None
    assert len(after.reported) == 5


async def test_what_is_written_while_people_are_told_is_told_too(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    approval = await overridden(world)
    await world.service.aftermath.taken(approval)
    real = world.posts.tell

    async def tell(*args: Any, **more: Any) -> None:
        await hear(world, report())  # after it was read, before it is settled
        await real(*args, **more)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(world.posts, "tell", tell)
        await world.teller.tell_due()
    await world.told()
    assert "· signed at " in line(world)


async def test_what_another_gateway_showed_too_late_is_put_right(world: World) -> None:
    approval = await overridden(world)

    def names() -> Names:
        return names_of(world.service.policy)

    now = world.clock.now_ms()
    old = await story_of(world.service, await world.stored(approval), names, now)
    await world.service.aftermath.taken(approval)
    slow = Slow(world)
    pace = Pace(world.clock.now_ms, every_ms=1, burst=100)
    late = asyncio.create_task(SlackPosts(slow, CHANNEL, world.outbox, pace).show(old))
    await slow.sent.wait()
    await world.told()
    assert "taken by the node" in line(world)
    slow.arrive.set()
    await late
    assert "the node was there at" in line(world)
    await world.tellers.refresh(approval.member)  # as the outbox wants, for `old` was shown
    assert "taken by the node" in line(world)


class TestNotComeBack:
    """Approved, and the node does not come for the answer."""

    @pytest.fixture
    async def approved(self, world: World) -> Approval:
        """Approved after the node hung up, a second before it is to come back."""
        approval = await world.asked(sample("keysign_eth_transfer_legacy"))
        await end(world._asking)
        ballot = Ballot("ana", Choice.APPROVE, approval.digest, "fine", click("ana"))
        assert isinstance(await world.service.vote(approval.member, ballot), Counted)
        await world.told()
        return await world.stored(approval)

    async def test_it_is_said_once_when_it_is_overdue_and_withdrawn_when_it_comes(
        self, world: World, approved: Approval
    ) -> None:
        assert "waiting for the node" in line(world)
        due = world.service.node_due(approved)
        assert due is not None
        world.clock.ahead += due - world.clock.now_ms() - 1_000
        await world.told()
        assert "waiting for the node" in line(world)
        assert aside(world) == []
        world.clock.ahead += 1_100
        for _ in range(3):
            await world.told()
            await world.tellers.refresh(approved.member)
        assert "the node has not come back for the answer; it last asked at" in line(world)
        (said,) = aside(world)
        assert said.startswith("Approved, but the node has not come back")
        assert "<@" not in said
        done = await asyncio.wait_for(world.ask(sample("keysign_eth_transfer_legacy")), PATIENCE_S)
        await world.service.aftermath.taken(done)
        await world.told()
        assert "not come back" not in line(world)
        assert "taken by the node" in line(world)
        assert len(aside(world)) == 2

    async def test_it_is_said_too_that_it_never_came_and_that_somebody_must_ask_again(
        self, world: World, approved: Approval
    ) -> None:
        world.clock.ahead += approved.answer_until - world.clock.now_ms() + 1
        await world.service._settle(await world.stored(approved))
        for _ in range(2):
            await world.told()
        assert "the node did not come for it in time" in line(world)
        (said,) = aside(world)
        assert said.startswith("The node did not come for the answer until ")
        assert said.endswith(", so this is rejected. Whoever asked must ask again.")

    async def test_the_status_elsewhere_says_so_too(self, world: World, approved: Approval) -> None:
        decision = await world.service.decision_of(approved)
        assert "not come back" in status_of(approved, decision, overdue=True).said
        assert "waiting for the node" in status_of(approved, decision).said


def test_the_member_of_doubts_can_be_no_record() -> None:
    assert "/" not in DOUBTS_MEMBER
