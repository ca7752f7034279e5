"""Without Slack, the terminal says the same, with the commands that decide."""

import io

from approvals.model import Approved
from notifiers.console import Console, lines
from tests.notifiers.cases import standing
from tests.notifiers.examples import HASH, TO, approval, findings, story, unverified


class Screen(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        return True


def test_the_terminal_says_what_slack_says() -> None:
    record = approval()
    told = "\n".join(lines(story(record=record)))
    for needed in (
        "Send 2,500 USDT -> cold-1 (0xd631…2A2c) on Ethereum",
        f"VERIFIED: decoded from the bytes whose hash {HASH} will be signed",
        TO.text,
        "0 of 1 · waiting for treasury",
        "Decide before 2026-09-21 14:23:20 UTC",
        "Cobo says (none of this is proved):",
        "treasury-api-key (API)",
        record.request_id,
        f"countersign approve {record.member} --reason …",
        f"countersign reject {record.member} --reason …",
    ):
        assert needed in told


def test_after_the_decision_there_is_nothing_to_run() -> None:
    assert "countersign" not in "\n".join(lines(story(decision=Approved(("ana",), ""))))


def test_what_nobody_should_be_content_with_is_marked_like_a_warning() -> None:
    assert "! Signed at 14:17 UTC, BUT NOT what was approved" in lines(
        standing("state_signed_other")
    )
    assert "  Signed at 14:17 UTC" in lines(standing("state_signed"))


async def test_the_same_is_written_once() -> None:
    out = io.StringIO()
    console = Console(out)
    await console.tell(story())
    once = out.getvalue()
    await console.tell(story())
    assert out.getvalue() == once
    await console.tell(story(decision=Approved(("ana",), "")))
    assert "Approved by ana" in out.getvalue()


async def test_a_pipe_gets_plain_lines() -> None:
    out = io.StringIO()
    await Console(out).tell(story())
    assert "\x1b" not in out.getvalue()


async def test_a_terminal_gets_a_frame_and_no_markup_of_a_stranger() -> None:
    out = Screen()
    nasty = findings(integrity=unverified("[bold]no[/bold] \x1b[31mred"))
    await Console(out).tell(story(nasty))
    assert "[bold]no[/bold] [31mred" in " ".join(out.getvalue().split())
    assert "\x1b[31mred" not in out.getvalue()
