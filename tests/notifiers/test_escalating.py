"""People are called when it takes long: once, never too many of them, and never for nothing."""

import asyncio
import io
from dataclasses import replace

import pytest

from approvals.model import Approval, Choice, Escalation, Pending, SeatsLeft
from approvals.policy import load
from notifiers.console import Console
from notifiers.schedule import Due, due, next_look
from notifiers.words.escalating import MOST_TRIES
from tests.notifiers.test_telling import vote
from tests.notifiers.world import POLICY, World, world_on
from tests.support.records import NOW, approval, ask
from tests.support.requests import sample
from tests.support.slack_server import Fails
from tests.support.waiting import PATIENCE_S

CALLS = (
    Escalation("on_call", ("dee", "eli"), 120_000),
    Escalation("night", ("eli", "fay"), 240_000),
)
WAITS = approval(ask(escalations=CALLS))
PENDING = Pending((SeatsLeft("treasury", 1, 1, ("ana", "bo")),), WAITS.deadline)
CALLING = POLICY.replace(
    'within = "10m"',
    'within = "10m"\nescalate = [{ after = "2m", notify = "on_call" },'
    ' { after = "7m", notify = "treasury" }]',
)


@pytest.fixture
async def calling(redis_url, tmp_path, slack):
    async with world_on(redis_url, tmp_path, slack, CALLING) as gateway:
        yield gateway


async def at(world: World, asked: Approval, minutes: float) -> None:
    """Everything that is due is told when so many minutes are over."""
    world.clock.ahead = 0
    world.clock.ahead = asked.asked_at + int(minutes * 60_000) - world.clock.now_ms()
    await world.told()


def people(found: tuple[Due, ...]) -> dict[str, tuple[str, ...]]:
    return {call.name: call.people for call in found}


class TestWhoIsDue:
    def test_each_group_at_its_moment_and_those_who_are_missing_at_four_fifths(self):
        assert due(WAITS, PENDING, NOW + 119_999) == ()
        assert people(due(WAITS, PENDING, NOW + 120_000)) == {"called on_call": ("dee", "eli")}
        assert people(due(WAITS, PENDING, NOW + 480_000)) == {
            "called on_call": ("dee", "eli"),
            "called night": ("eli", "fay"),
            "reminded voters": ("ana", "bo"),
        }

    def test_nobody_after_the_deadline_or_the_decision(self):
        assert due(WAITS, PENDING, WAITS.deadline) == ()
        assert next_look(WAITS, PENDING, WAITS.deadline) is None

    def test_nobody_who_has_voted_or_initiated_it(self):
        verdict = replace(WAITS.verdict, barred=("eli", "bo"))
        assert people(due(replace(WAITS, verdict=verdict), PENDING, NOW + 480_000)) == {
            "called on_call": ("dee",),
            "called night": ("fay",),
            "reminded voters": ("ana",),
        }

    def test_no_reminder_for_whoever_was_called_a_few_minutes_ago(self):
        late = (Escalation("all", ("ana", "dee"), 240_000),)
        calls = due(approval(ask(escalations=late)), PENDING, NOW + 480_000)
        assert people(calls) == {"called all": ("ana", "dee"), "reminded voters": ("bo",)}

    def test_the_next_look_is_at_the_next_moment_of_any_kind(self):
        looks, now = [], NOW
        while (now := next_look(WAITS, PENDING, now)) is not None:  # type: ignore[assignment]
            looks.append(now - NOW)
        assert looks == [120_000, 240_000, 300_000, 480_000]


async def test_people_are_mentioned_once_in_the_thread_and_the_message_says_so(calling) -> None:
    asked = await calling.asked()
    await at(calling, asked, 1.9)
    assert not calling.slack.said
    for minutes in (2, 2, 3):
        await at(calling, asked, minutes)
        await calling.tellers.refresh(asked.member)
    (said,) = calling.slack.said
    assert said.text.startswith("<@U0DEE>, <@U0ELI> (on_call): this still waits for 2 of ")
    assert " treasury after 2 min. Decide before <!date^" in said.text
    assert "Send 2,500 USDT -&gt; cold_1" in said.text
    assert (said.thread, said.broadcast) == (calling.slack.message.ts, True)
    assert ":mega: dee, eli called at <!date^" in calling.slack.message.all_text
    assert calling.slack.calls == ["chat.postMessage", "chat.postMessage", "chat.update"]


async def test_what_fell_due_while_no_gateway_ran_is_one_sentence(calling) -> None:
    asked = await calling.asked()
    await at(calling, asked, 9)
    (said,) = calling.slack.said
    assert said.text.startswith("<@U0DEE>, <@U0ELI>, <@U0ANA>, <@U0BO> (on_call, treasury): ")
    assert said.text.count("<@") == 4
    shown = calling.slack.message.all_text
    assert "dee, eli called at" in shown
    assert "ana, bo called at" in shown


async def test_a_reminder_is_for_the_thread_alone_and_for_those_whose_vote_is_missing(
    world: World,
) -> None:
    asked = await world.asked()
    await vote(world, asked, "ana")
    for minutes in (1, 8, 9):
        await at(world, asked, minutes)
    (said,) = world.slack.said
    assert said.text.startswith(
        "<@U0BO> (reminder): this still waits for 1 of treasury after 8 min"
    )
    assert not said.broadcast
    assert ":mega: bo reminded at" in world.slack.message.all_text


@pytest.mark.parametrize("choice", [Choice.APPROVE, Choice.REJECT])
async def test_nobody_is_called_after_the_decision(calling, choice) -> None:
    asked = await calling.asked()
    await calling.told()
    for person in ("ana", "bo") if choice is Choice.APPROVE else ("bo",):
        await vote(calling, asked, person, choice)
    async with asyncio.timeout(PATIENCE_S):  # the node is on the line; later it would be overdue
        while (await calling.stored(asked)).final is None:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    await at(calling, asked, 9)
    assert not calling.slack.said
    assert "called" not in calling.slack.message.all_text


async def test_only_whom_todays_policy_still_names_is_called(calling) -> None:
    asked = await calling.asked()
    today = load(CALLING.replace('on_call = ["dee", "eli"]', 'on_call = ["eli", "bo"]'))
    calling.service._ledger.in_force.use(today)
    await at(calling, asked, 2)
    (said,) = calling.slack.said
    assert said.text.startswith("<@U0ELI> (on_call): ")


async def test_a_sweep_is_no_storm(calling) -> None:
    asked = [await calling.asked(sample("keysign_erc20_usdt").fresh(n)) for n in range(5)]
    await at(calling, asked[-1], 2)
    assert sum("<@U0DEE>" in said.text for said in calling.slack.said) == 1
    shown = [each.all_text for each in calling.slack.messages.values() if each.blocks]
    assert len(shown) == 5
    assert all("dee, eli called at" in each for each in shown)


async def test_where_slack_never_says_whether_it_took_a_call_it_is_not_said_for_ever(
    calling,
) -> None:
    asked = await calling.asked()
    await calling.told()
    calling.slack.fail("chat.postMessage", *[Fails(status=500, done=True)] * 20)
    for second in range(0, 200, 20):
        await at(calling, asked, 2 + second / 60)
    assert len(calling.slack.said) == MOST_TRIES


async def test_a_call_that_slack_surely_did_not_take_is_made_when_it_may(calling) -> None:
    asked = await calling.asked()
    await calling.told()
    for tries in range(3 * MOST_TRIES):
        calling.slack.fail("chat.postMessage", Fails(status=429, retry_after=3))
        await at(calling, asked, 2 + tries / 12)
    calling.slack.recover()
    await at(calling, asked, 5)
    (said,) = calling.slack.said
    assert "<@U0DEE>" in said.text


async def test_a_death_between_a_call_and_its_note_repeats_it_once(calling, monkeypatch) -> None:
    asked = await calling.asked()
    await calling.told()
    write, writes = calling.outbox.write_told, 0

    async def dies(name, value):
        nonlocal writes
        writes += any(post.about for post in value.posts)
        if writes == 2:
            raise asyncio.CancelledError
        return await write(name, value)

    monkeypatch.setattr(calling.outbox, "write_told", dies)
    with pytest.raises(asyncio.CancelledError):
        await at(calling, asked, 2)
    monkeypatch.setattr(calling.outbox, "write_told", write)
    calling.restart()
    for minutes in (3, 4, 5):
        await at(calling, asked, minutes)
    assert len(calling.slack.said) == 2


async def test_a_terminal_prints_a_line_for_each_call_once(calling) -> None:
    asked = await calling.asked()
    out = io.StringIO()
    calling.teller._place = Console(out)
    for minutes in (2, 3, 7.5):
        await at(calling, asked, minutes)
    lines = [line for line in out.getvalue().splitlines() if line.startswith("CALLED")]
    assert lines == [
        f"CALLED on_call: dee, eli. After 2 min {asked.member} still waits.",
        f"CALLED treasury: ana, bo. After 7 min {asked.member} still waits.",
    ]
