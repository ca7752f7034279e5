"""What is said once: overrides in their approval's thread, freezes and thaws in the channel."""

import asyncio
import io
from dataclasses import replace
from typing import Any

import pytest

from approvals.freezes.model import FreezeRecord
from approvals.freezes.store import FREEZE_MEMBER
from approvals.model import Approval, Choice
from approvals.redis.link import key
from notifiers.console import Console
from notifiers.words.freezes import freeze_news
from tests.notifiers.cases import FREEZES, FROZEN, THAWED, told
from tests.notifiers.world import World
from tests.support.slack_server import CHANNEL, Fails


@pytest.fixture
async def asked(world: World) -> Approval:
    """An approval that people were told of."""
    approval = await world.asked()
    await world.told()
    return approval


async def test_an_override_is_said_in_the_thread_and_shown_to_the_channel(
    world: World, asked: Approval
) -> None:
    await world.override(asked, "dee", reason="asleep <!channel> *all*")
    await world.told()
    assert "Override: 1 of 2 · dee <!date^" in world.slack.message.all_text
    assert "another of on_call must sign" in world.slack.message.all_text
    (said,) = world.slack.said
    assert (said.channel, said.thread, said.broadcast) == (CHANNEL, world.slack.message.ts, True)
    assert said.text.startswith("OVERRIDE to approve, 1 of 2: dee, ")
    assert "asleep &lt;!channel&gt; ∗all∗" in said.text


async def test_each_vote_of_an_override_is_said_once_and_the_last_says_that_it_decides(
    world: World, asked: Approval
) -> None:
    await world.override(asked, "dee")
    await world.told()
    await world.override(asked, "eli")
    for _ in range(2):
        await world.told()
        await world.tellers.refresh(asked.member)
    first, second = world.slack.said
    assert "1 of 2: dee" in first.text
    assert "2 of 2: eli" in second.text
    assert "It decides in place of treasury." in second.text
    assert "Approved by override of dee" in world.slack.message.all_text


async def test_an_override_to_reject_says_so(world: World, asked: Approval) -> None:
    for person in ("dee", "eli"):
        await world.override(asked, person, Choice.REJECT)
    await world.told()
    assert [said.text.split(":")[0] for said in world.slack.said] == [
        "OVERRIDE to reject, 1 of 2",
        "OVERRIDE to reject, 2 of 2",
    ]
    assert "Rejected by override of dee" in world.slack.message.all_text


async def test_a_sentence_that_slack_did_not_take_is_said_later(
    world: World, asked: Approval
) -> None:
    await world.override(asked, "dee")
    world.slack.fail("chat.postMessage", Fails(status=429, retry_after=30), Fails(error="oops"))
    for _ in range(2):
        await world.told()
        assert not world.slack.said
        world.clock.ahead += 61_000
    await world.told()
    await world.told()
    assert len(world.slack.said) == 1


async def test_only_whoever_holds_the_claim_says_what_is_said_once(
    world: World, asked: Approval
) -> None:
    await world.override(asked, "dee")
    await world.tellers.refresh(asked.member)
    assert "Override: 1 of 2" in world.slack.message.all_text
    assert not world.slack.said
    await world.told()
    assert len(world.slack.said) == 1


async def test_a_death_before_the_sentence_loses_nothing_and_after_it_repeats_it_once(
    world: World, asked: Approval, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.override(asked, "dee")
    say = world.client.say

    async def dies_before(*_: object, **__: object) -> str:
        raise asyncio.CancelledError

    async def dies_after(*args: Any, **more: Any) -> str:
        await say(*args, **more)
        raise asyncio.CancelledError

    for death in (dies_before, dies_after):
        monkeypatch.setattr(world.client, "say", death)
        with pytest.raises(asyncio.CancelledError):
            await world.told()
        monkeypatch.setattr(world.client, "say", say)
        stored = (await world.outbox.read_told(asked.member)).posts
        assert [post.about for post in stored if post.ts is None] == ["override approve dee"]
        world.restart()
        world.clock.ahead += 31_000
    assert len(world.slack.said) == 1
    for _ in range(3):
        await world.told()
        world.restart()
        world.clock.ahead += 31_000
    assert len(world.slack.said) == 2, "once more, and never again"


async def test_a_button_of_a_sentence_is_no_button_of_ours(world: World, asked: Approval) -> None:
    await world.override(asked, "dee")
    await world.told()
    (sentence,) = [p for p in (await world.outbox.read_told(asked.member)).posts if p.about]
    button = world.slack.message.buttons["Approve"]
    from notifiers.slack.tokens import read_token

    token = read_token(button["value"])
    assert token is not None
    button["value"] = replace(token, nonce=sentence.nonce).encode()
    await world.press(world.slack.message, "Approve", "U0ANA")
    assert "not one that we posted" in world.slack.whispers[0].text


async def untold(world: World) -> bool:
    score = await world.outbox._link.client.zscore(key("untold"), FREEZE_MEMBER)
    return score is not None


async def test_a_freeze_a_vote_to_thaw_and_a_thaw_are_each_said_once(world: World) -> None:
    await world.told()
    freeze = await world.freeze("dee")
    await world.told()
    await world.thaw(freeze.id, "dee")
    await world.told()
    await world.thaw(freeze.id, "eli")
    for _ in range(3):
        await world.told()
        world.restart()
        world.clock.ahead += 61_000
    first, vote, thawed = [said.text for said in world.slack.said]
    assert first.startswith("FROZEN: everything. ")
    assert "By dee, " in first
    assert "Reason: keys &lt;!channel&gt; leaked" in first
    assert f"countersign thaw {freeze.id} --reason …" in first
    assert vote.startswith("THAW ASKED: dee, ")
    assert "still holds" in vote
    assert thawed.startswith(f"THAWED: freeze {freeze.id} was ended by dee and eli.")
    assert not await untold(world)
    assert len((await world.outbox.read_told(FREEZE_MEMBER)).posts) == 1, (
        "nothing is kept of what is over"
    )


async def test_what_was_frozen_and_thawed_while_slack_was_away_is_said(world: World) -> None:
    await world.service.freezing.look()
    await world.told()
    world.slack.fail("chat.postMessage", *[Fails(status=500)] * 9)
    stays, ends = await world.freeze("eli", wallet="w-1"), await world.freeze("dee")
    await world.told()
    await world.thaw(ends.id, "dee")
    await world.thaw(ends.id, "eli")
    world.slack.recover()
    world.clock.ahead += 61_000
    await world.told()
    first, second = [said.text for said in world.slack.said]
    assert first.startswith("FROZEN: wallet w-1. ")
    assert stays.id in first
    assert second.startswith(f"THAWED: freeze {ends.id} was ended by dee and eli.")


async def test_a_change_while_the_last_one_is_told_is_told_too(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.freeze("dee", wallet="w-1")
    say = world.client.say

    async def meanwhile(*args: Any, **more: Any) -> str:
        monkeypatch.setattr(world.client, "say", say)
        await world.freeze("eli", wallet="w-2")
        return await say(*args, **more)

    monkeypatch.setattr(world.client, "say", meanwhile)
    await world.told()
    await world.told()
    assert [said.text.split(".")[0] for said in world.slack.said] == [
        "FROZEN: wallet w-1",
        "FROZEN: wallet w-2",
    ]


async def test_a_lost_record_is_said_to_be_frozen_by_countersign_itself(world: World) -> None:
    await world.service.freezing.look()
    await world.outbox._link.client.delete(key("freeze"))
    await world.service.freezing.look()
    await world.told()
    (said,) = world.slack.said
    assert said.text.startswith("FROZEN: everything. ")
    assert "By Countersign itself, " in said.text
    assert "was lost: it is gone." in said.text


async def test_what_was_said_of_freezes_may_be_lost_and_what_stands_is_said_again(
    world: World,
) -> None:
    freeze = await world.freeze("dee")
    await world.told()
    await world.outbox._link.client.delete(key("told", FREEZE_MEMBER))
    await world.thaw(freeze.id, "eli")
    await world.told()
    assert [said.text.split(":")[0] for said in world.slack.said] == [
        "FROZEN",
        "FROZEN",
        "THAW ASKED",
    ]


def test_an_old_thaw_is_not_said_where_nobody_knows_what_was_said() -> None:
    assert [name for name, _ in freeze_news(THAWED, (), None)] == ["frozen 8-90ab", "frozen 9-77aa"]
    names = [name for name, _ in freeze_news(THAWED, (), 6)]
    assert names[-1] == "thawed 7-3fa1"
    assert freeze_news(THAWED, (), 7)[-1][0] != "thawed 7-3fa1"
    assert freeze_news(FreezeRecord(3, ended=("odd",)), (), 0) == []


async def test_the_terminal_is_told_the_same_in_words() -> None:
    out = io.StringIO()
    console = Console(out)
    await console.tell_freezes(FROZEN)
    for freeze in FREEZES:
        assert f"countersign thaw {freeze.id} --reason …" in out.getvalue()
    assert "THAW ASKED: eli" in out.getvalue()
    once = out.getvalue()
    await console.tell_freezes(FROZEN)
    assert out.getvalue() == once
    await console.tell_freezes(THAWED)
    assert "THAWED: freeze 7-3fa1 was ended by eli and dee." in out.getvalue()


async def test_the_terminal_says_of_overrides_and_freezes_what_slack_says() -> None:
    from tests.notifiers.cases import CASES

    out = io.StringIO()
    for name in ("override_asked", "override_heard", "frozen", "reason_given"):
        await Console(out).tell(told(*CASES[name]))
    for words in (
        "Override: 1 of 2 · dee 14:13 UTC · another of on_call must sign",
        "Seats: 1 of 2 · ana 14:13 UTC · waiting for treasury",
        "Approved by override of dee 14:13 UTC and eli 14:16 UTC, after 3 min 4 s",
        "Reason of dee: Treasury is asleep; the invoice <2041> is due",
        "Rejected: signing is frozen (freeze 7-3fa1 by dee: Keys may be stolen), 14:13 UTC",
        "Reason of ana: I called the payee",
    ):
        assert words in out.getvalue()
