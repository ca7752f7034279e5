"""Whoever searches the log for a request id reads that request's whole story, in order."""

import asyncio
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from approvals.events import Alarm, BallotRefused, PlaceNotTold
from gateway.observe.lines import line_of
from gateway.observe.log import make_log
from gateway.observe.observer import Observer
from tests.support.events import event, tells
from tests.support.golden import same_as_golden
from tests.support.records import DIGEST, NODE, NOW, REQUEST_ID
from tests.support.requests import sample
from tests.support.slack_server import local_slack
from tests.support.waiting import until

ASKED = sample("keysign_erc20_usdt")
GOLDEN = Path(__file__).parent / "golden" / "log_story"


class Logs:
    """Another log of the same gateway, as JSON or as on a terminal."""

    def __init__(self, house: Any, *, terminal: bool) -> None:
        self.stream = io.StringIO()
        now_ms = house.world.clock.now_ms
        house.observer.also(Observer(make_log(now_ms, self.stream, terminal=terminal), now_ms))

    @property
    def found(self) -> list[str]:
        """What a search for the request id finds."""
        return [line for line in self.stream.getvalue().splitlines() if ASKED.request_id in line]


async def one_story(house: Any, slack: Any) -> None:
    """Asked, shown, clicked in vain, voted, decided, taken, reported; each after the last."""

    def told(*texts: str) -> bool:
        return all(any(text in one.all_text for one in slack.messages.values()) for text in texts)

    asking = asyncio.create_task(house.asks())
    await until(lambda: slack.messages)
    await slack.click(slack.message, "Approve", "U0DEE", via="socket")
    await until(lambda: slack.whispers)
    await slack.click(slack.message, "Approve", "U0ANA", via="socket")
    assert (await asking).action == "APPROVE"
    await until(lambda: told("taken by the node at"))
    await tells(house, event())
    await until(lambda: told("signed at"))


def is_about_time(line: str) -> bool:
    """What is shown again, or beside it, comes when the place is ready, and as often."""
    return re.search(r'"?how"?[=:]"?(updated|said)', line) is not None


def without_times(line: str) -> str:
    line = re.sub(r'"time":"[^"]+",|^[\d:.]+ ', "", line)
    line = re.sub(r'(_ms"?[=:])\d+', r"\1…", line)
    return re.sub(r'(attempt"?[=:]"?)[0-9a-f]+', r"\1…", line)


async def test_one_request_id_tells_the_whole_story_in_order(world, monkeypatch) -> None:
    world.with_events = True
    async with local_slack() as slack:
        world.with_slack(slack.settings, monkeypatch, "socket")
        async with world.running() as house:
            logs = {kind: Logs(house, terminal=kind == "terminal") for kind in ("json", "terminal")}
            await until(lambda: slack.sockets == 2)
            await one_story(house, slack)
    for kind, log in logs.items():
        assert sum(is_about_time(line) for line in log.found) >= 2
        story = [without_times(line) for line in log.found if not is_about_time(line)]
        assert same_as_golden(GOLDEN / f"{kind}.txt", "\n".join(story) + "\n")
    lines = [json.loads(line) for line in logs["json"].found]
    assert {(line["node"], line["request_id"]) for line in lines} == {("node-1", ASKED.request_id)}
    assert len({line["attempt"] for line in lines if "attempt" in line}) == 1
    names = [line["event"] for line in lines]
    assert names.count("told") == len([line for line in lines if line.get("place") == "slack"])
    assert all(line["after_ms"] >= 0 for line in lines if line["event"] == "told")


@pytest.mark.parametrize(
    ("member", "fields"),
    [
        (f"{NODE}/{REQUEST_ID}", {"node": NODE, "request_id": REQUEST_ID}),
        ("node-1/a/b", {"node": "node-1", "request_id": "a/b"}),
        (
            f"{NODE}/{REQUEST_ID} {DIGEST[:16]}",
            {"node": NODE, "request_id": REQUEST_ID, "digest": DIGEST[:16]},
        ),
        ("freeze", {"about": "freeze"}),
        ("", {}),
    ],
)
def test_alarms_and_refused_clicks_name_their_record_in_fields(member, fields) -> None:
    alarm = line_of(Alarm(NOW, "damaged", member, "why")).fields
    refused = line_of(BallotRefused(NOW, member, None, "too_late", "slack")).fields
    assert alarm == {"what": "damaged", "detail": "why"} | fields
    assert refused == {"person": "unknown", "cause": "too_late", "via": "slack"} | fields


def test_a_place_that_takes_nothing_is_a_warning_with_its_reason() -> None:
    line = line_of(PlaceNotTold(NOW, NODE, REQUEST_ID, DIGEST, "slack", "ratelimited"))
    assert (line.level, line.name) == ("warning", "untold")
    assert line.fields == {
        "node": NODE,
        "request_id": REQUEST_ID,
        "digest": DIGEST[:16],
        "place": "slack",
        "why": "ratelimited",
    }
