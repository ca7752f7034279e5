"""What does not fit into a message stands whole in its thread, once, named there by its hash."""

import hashlib
import json

import pytest

from notifiers.slack.facts import table
from notifiers.slack.overflow import MOST_PARTS, Overflow, parts_of
from notifiers.slack.text import unescape
from notifiers.words.facts import Fact
from tests.notifiers.composed import many_payees
from tests.notifiers.world import World
from tests.support.requests import sample
from tests.support.slack_server import Fails, Message

MANY = many_payees(200)


def words(part: Message) -> list[str]:
    return [unescape(block["text"]["text"]) for block in part.blocks]


@pytest.fixture
async def told(world: World) -> World:
    await world.asked(MANY)
    await world.told()
    return world


async def test_the_whole_text_stands_below_and_the_message_names_its_hash(told: World) -> None:
    message, parts = told.slack.message, told.slack.parts
    assert len(parts) > 1
    text = "\n".join(line for part in parts for line in words(part)[1:])
    digest = hashlib.sha256(text.encode()).hexdigest()
    assert f"the SHA-256 {digest}" in message.all_text
    assert f"{len(text):,} characters" in message.all_text
    for number, part in enumerate(parts, start=1):
        assert (
            words(part)[0] == f"Part {number} of {len(parts)} of the text with the SHA-256 {digest}"
        )
        assert (part.thread, part.broadcast) == (message.ts, False)
    for number in range(200):
        assert f"{number + 1} Amount: 0.0000{1_000 + number}".rstrip("0") in text


async def test_each_part_is_posted_once_however_often_it_is_told(told: World) -> None:
    before = [part.ts for part in told.slack.parts]
    await told.press(told.slack.message, "Reject", "U0BO")
    await told.clicks.hear(told.slack.submission([*told.slack.views.values()][-1], "U0BO", "no"))
    told.restart()
    await told.told()
    assert "Rejected by bo" in told.slack.message.all_text
    assert [part.ts for part in told.slack.parts] == before


async def test_a_part_that_failed_is_posted_later_and_no_other_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = await world.asked(MANY)
    await world.tellers.refresh(record.member)
    assert not world.slack.messages, "only who holds the claim says what is said once"
    turn = world.paced.turn

    async def fails_next() -> None:
        await turn()
        if world.slack.calls:
            world.slack.fail("chat.postMessage", Fails(error="internal_error"))

    with monkeypatch.context() as second:
        second.setattr(world.paced, "turn", fails_next)
        await world.told()
    assert not world.slack.parts
    assert world.slack.message.deciding, "the message does not wait for them"
    for _ in range(2):
        world.clock.ahead += 5_000
        await world.told()
    heads = [words(part)[0] for part in world.slack.parts]
    assert len(heads) == len(set(heads)) > 1
    assert f"Part 1 of {len(heads)}" in heads[0]


async def test_a_message_that_shows_everything_has_nothing_below_it(world: World) -> None:
    await world.asked(sample("keysign_erc20_usdt"))
    await world.told()
    assert not world.slack.parts
    assert "Not all of it fits" not in world.slack.message.all_text


def test_a_text_cannot_mention_link_or_draw() -> None:
    nasty = "<!channel> <@U0ANA> <http://evil|x> :fire: *b* & http://x.example"
    for part in parts_of(Overflow(nasty, "countersign show x")):
        dumped = json.dumps([part.text, part.blocks])
        assert "<!" not in dumped
        assert "<@" not in dumped
        assert "<http" not in dumped
        for block in part.blocks:
            assert block["text"]["type"] == "plain_text"
            assert block["text"]["emoji"] is False
            assert block["expand"] is True, "Slack would fold it away"


def test_a_text_without_end_ends_with_the_command() -> None:
    overflow = Overflow("line of text\n" * 100_000, "countersign show x")
    parts = list(parts_of(overflow))
    assert len(parts) == MOST_PARTS
    assert "more characters] To read it all, run: countersign show x" in str(parts[-1].blocks)
    assert "as far as 10 parts hold it; for the rest, run: countersign show x" in overflow.says
    assert overflow.sha256 in overflow.says


def test_a_line_that_is_longer_than_a_paragraph_goes_on_in_the_next() -> None:
    line = 'a & "b" <c>; ' * 1_500
    sections = [block for part in parts_of(Overflow(line, "x")) for block in part.blocks[1:]]
    assert max(len(block["text"]["text"]) for block in sections) <= 3_000
    assert unescape("".join(block["text"]["text"] for block in sections)) == line
    fact = Fact("Message", line, exact=True)
    (*first, last) = table("facts", [fact, Fact("To", "0xd631")])
    said = [unescape(block["text"]["text"]) for block in first]
    assert all(
        text.startswith(f"Message ({n} of {len(first)}): ") for n, text in enumerate(said, 1)
    )
    assert "".join(text.partition(": ")[2] for text in said) == line
    assert last["fields"][1]["text"] == "0xd631"
