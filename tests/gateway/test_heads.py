"""Heads of the audit reach the log and the channel, and a gateway goes on with its own chain."""

import asyncio

from approvals.audit import writing
from approvals.audit.heads import Head
from approvals.audit.verifying import outside_heads, verify_audits
from approvals.window import Window
from gateway import heads as publishing
from gateway.heads import Heads
from keys.rsa import fingerprint
from notifiers.ports import NotTold
from tests.support.slack_server import local_slack
from tests.support.waiting import until
from tests.support.world import APPROVE_SMALL, RULES, rsa_key

PUBLIC = rsa_key("server").public_key()
KEYS = {fingerprint(PUBLIC): PUBLIC}


def checked(world, text=""):
    return verify_audits([world.folder / "data" / "audit"], KEYS, outside_heads(text, "a text"))


async def test_heads_are_in_the_log_and_but_for_starts_in_the_channel(world, monkeypatch):
    monkeypatch.setattr(writing, "EVERY", 2)
    world.rules = RULES + APPROVE_SMALL
    async with local_slack() as slack:
        world.with_slack(slack.settings, monkeypatch, "http")
        async with world.running() as house:
            assert (await house.asks()).action == "APPROVE"
            await until(lambda: any("countersign-head-v1" in said for said in texts(slack)))
        logged = [line["head"] for line in house.lines if line["event"] == "audit_head"]
        whys = [line["why"] for line in house.lines if line["event"] == "audit_head"]
        assert whys == ["start", "entries"]  # what came after it is the head itself
        posted = " ".join(texts(slack))
        assert [head for head in logged if head in posted] == logged[1:]
        report = checked(world, posted)
        assert (report.findings, report.counts["heads_outside"]) == ([], len(logged) - 1)


def texts(slack):
    return [message.text for message in slack.messages.values()]


async def test_a_gateway_goes_on_with_its_chain_and_does_not_write_evidence_twice(world):
    world.rules = RULES + APPROVE_SMALL
    world.window = Window(retry_times=0, sleep_ms=500, timeout_ms=2_000)
    async with world.running() as house:
        assert (await house.asks()).action == "APPROVE"
    async with world.running() as house:
        assert (await house.asks()).action == "APPROVE"
        events = [line["event"] for line in house.audit()]
    assert (events.count("asked"), events.count("answered")) == (1, 2)
    report = checked(world)
    assert (report.findings, report.counts["chains"], report.counts["files"]) == ([], 1, 2)


class Channel:
    """Takes what is announced, unless it is down."""

    def __init__(self):
        self.down = True
        self.tried = 0
        self.said: list[str] = []

    async def __call__(self, text):
        self.tried += 1
        if self.down:
            raise NotTold("away")
        self.said.append(text)


class Silent:
    def note(self, event):
        pass


def head(seq):
    return Head("0123abcd", seq, "0" * 64, 1, "SHA256:x", "c2ln")


async def test_a_head_that_the_channel_did_not_take_is_told_when_it_is_back(monkeypatch):
    monkeypatch.setattr(publishing, "AGAIN_S", (0.01,) * 500)
    heads, channel = Heads(Silent()), Channel()
    heads.tell_too(channel)
    task = asyncio.create_task(heads.run())
    heads.publish(head(1), "entries")
    await until(lambda: channel.tried > 1)
    channel.down = False
    await until(lambda: channel.said)
    task.cancel()
    await heads.end()
    assert channel.said == [f"Head of the audit: {head(1).token}"]


async def test_the_newest_head_replaces_those_before_and_is_tried_once_more_at_the_end():
    heads, channel = Heads(Silent()), Channel()
    heads.tell_too(channel)
    for seq in (1, 2, 3):
        heads.publish(head(seq), "stop")
    await asyncio.sleep(0)
    await heads.end()
    assert (channel.tried, channel.said) == (1, [])
    channel.down = False
    await heads.end()
    assert channel.said == [f"Head of the audit: {head(3).token}"]


async def test_a_deadline_that_an_attempt_moves_earlier_is_kept(world):
    def moved():
        return [line for line in house.audit() if line["event"] == "deadline_moved"]

    async with world.running() as house:
        impatient = Window(retry_times=50, sleep_ms=150, timeout_ms=400)
        asking = asyncio.create_task(house.asks(window=impatient))
        await until(moved)
        line = moved()[0]
        (approval,) = await house.pending()
        asking.cancel()
        assert line["digest"] == approval.digest
        assert line["old"] > line["new"] >= approval.deadline
        known = house.service._ledger.parts.memory.of(approval.digest)
        assert known.deadline is not None
        assert known.deadline <= line["new"]
