"""A year later: who approved what, and who froze, from the directory of whoever answered alone."""

import asyncio
import json
import os

import pytest
import redis
from click.testing import CliRunner

from approvals.audit.lines import request_of
from approvals.window import Window
from gateway.cli.main import main
from gateway.rules.replay_tally import NEVER_ASKED
from tests.support.requests import sample
from tests.support.scene import two_gateways
from tests.support.waiting import PATIENCE_S, until
from tests.support.world import RULES

ASKED = sample("keysign_erc20_usdt")
OVERRIDE = """
[override]
group = "on_call"
approve = 2
reject = 1
"""


@pytest.fixture
def world(world):
    world.window = Window(retry_times=60, sleep_ms=200, timeout_ms=10_000)
    world.rules = RULES + OVERRIDE
    return world


def run(house, *arguments):
    config = house.world.folder / "countersign.toml"
    return CliRunner().invoke(main, [*map(str, arguments), "--config", str(config)])


def shown(house, wanted):
    """What `audit show` prints, as rows, none wider than a terminal."""
    result = run(house, "audit", "show", wanted)
    assert result.exit_code == 0, result.output
    rows = result.output.splitlines()
    assert max(map(len, rows)) <= 80
    return rows


def events(rows):
    return [row[25:50].strip() for row in rows if not row.startswith(" ")]


def is_whole(house):
    """Its own directory, with no other; how much was counted."""
    result = run(house, "audit", "verify", "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def lines(house, event):
    return [line for line in house.audit() if line["event"] == event]


def signers(approval):
    return [(vote["person"], vote["evidence"]["key"][:7]) for vote in approval["votes"]]


async def test_votes_at_one_gateway_are_proved_by_the_chain_of_the_one_that_answered(
    world, tmp_path
):
    async with two_gateways(world, tmp_path) as (one, two):
        asking = asyncio.create_task(two.asks(ASKED))
        await one.votes("ana", approval=(await one.pending())[0])
        assert (await asking).action == "APPROVE"
        await until(lambda: lines(one, "learned"))
    (asked,), (answered,) = lines(two, "asked"), lines(two, "answered")
    approval = answered["approval"]
    assert request_of(asked) == ASKED.request
    assert asked["findings"]["effects"]
    assert approval["verdict"]["needs"][0]["group"] == "treasury"
    assert approval["policy"] == approval["final"]["policy"]
    assert signers(approval) == [("ana", "SHA256:")]
    assert approval["final"]["outcome"] == "APPROVE"
    counts = is_whole(two)
    assert (counts["requests"], counts["answers"], counts["signatures"]) == (1, 1, 1)
    assert [line["vote"]["person"] for line in lines(one, "voted")] == ["ana"]
    assert is_whole(one)["votes"] == 1
    told = ["asked", "finalized", "answered", "answer taken"]
    assert events(shown(two, ASKED.request_id)) == told
    rows = shown(one, ASKED.request_id)
    assert events(rows) == ["voted", "learned"]
    assert "    At another gateway, APPROVE approved by people" in rows
    replayed = json.loads(run(one, "policy", "replay", tmp_path / "policy.toml", "--json").stdout)
    (left,) = replayed["not_replayable"]
    assert (left["why"], left["where"]) == (NEVER_ASKED, f"node-1/{ASKED.request_id}")


async def test_what_a_gateway_ends_itself_it_never_learns_from_the_bell_of_the_vote(
    world, tmp_path, monkeypatch
):
    """Its own end is stored, and read by whoever follows the bell, before it knows that it is."""
    async with two_gateways(world, tmp_path) as (one, two):
        store, hearsay = two.service._ledger.store, two.service.hearsay
        real = store.swap

        async def slow(old, new, *args, **more):
            done = await real(old, new, *args, **more)
            if new.final is not None:
                hearsay.hear(old.member)
                await asyncio.sleep(0.2)
            return done

        monkeypatch.setattr(store, "swap", slow)
        asking = asyncio.create_task(two.asks(ASKED))
        await one.votes("ana", approval=(await one.pending())[0])
        assert (await asking).action == "APPROVE"
        await until(lambda: lines(one, "learned") and not hearsay._waiting)
    assert [line["event"] for line in two.audit()].count("learned") == 0


async def test_overrides_stand_apart_and_are_proved_by_whoever_answered(world, tmp_path):
    async with two_gateways(world, tmp_path) as (one, two):
        asking = asyncio.create_task(two.asks(ASKED))
        (approval,) = await one.pending()
        for person in ("dee", "eli"):
            await one.votes(person, approval=approval, override=True)
        assert (await asking).action == "APPROVE"
        again = await two.asks(ASKED)
        assert again.action == "APPROVE"
    first, second = lines(two, "answered")
    assert signers(first["approval"]) == [("dee", "SHA256:"), ("eli", "SHA256:")]
    assert is_whole(two)["signatures"] == 2
    counts = is_whole(one)
    assert (counts["votes"], counts["overrides"]) == (2, 2)
    rows = shown(one, ASKED.request_id)
    assert "    OVERRIDE by dee, to approve: seen" in rows
    assert "    OVERRIDE by eli, to approve: seen" in rows
    rows = shown(two, ASKED.request_id)
    assert "    or 2 of on_call by override (dee, eli)" in rows
    assert "    APPROVE approved by override" in rows
    assert first["approval"]["attempts"]["number"] == 0
    signed = [row for row in rows if "signed for" in row]
    assert signed == [
        f"    APPROVE, signed for attempt 1 (token {first['token']})",
        f"    APPROVE, signed for one that came after attempt 1 (token {second['token']})",
    ]


async def test_a_freeze_and_its_thaw_are_proved_by_every_chain_and_told(world, tmp_path):
    async with two_gateways(world, tmp_path) as (one, two):
        freeze = await one.freezes("dee")
        # Asked before it heard of the freeze, it would ask people, and end that (`finalized`).
        await until(lambda: two.frozen()[-1]["record"]["freezes"])
        assert (await two.asks(ASKED)).error.startswith("frozen: ")
        await one.thaws("dee", freeze)
        await one.thaws("eli", freeze)
        await until(lambda: not two.frozen()[-1]["record"]["freezes"])
        asking = asyncio.create_task(two.asks(ASKED.fresh(2)))
        await two.votes("ana")
        assert (await asking).action == "APPROVE"
        await until(lambda: len(lines(one, "learned")) == 2)
    for house in (one, two):
        counts = is_whole(house)
        assert (counts["freezes"], counts["signatures"]) == (1, 4)
        assert not any("at another gateway" in note for note in counts["notes"])
    rows = shown(two, ASKED.request_id)
    assert events(rows) == ["freeze changed", "asked", "answered"]
    assert f"    FROZEN by dee: everything (freeze {freeze})" in rows
    assert "    because: an alarm" in rows
    assert f"    REJECT frozen: signing is frozen (freeze {freeze})" in rows
    rows = shown(one, freeze)
    assert events(rows) == ["freeze changed"] * 5
    told = [row.strip() for row in rows if "signed with" not in row and "because" not in row]
    assert [row for row in told if "freeze changed" not in row] == [
        f"FROZEN by dee: everything (freeze {freeze})",
        f"dee wants to end freeze {freeze}",
        f"The vote of dee is stored; freeze {freeze} still holds.",
        f"eli wants to end freeze {freeze}",
        f"THAWED by dee and eli: freeze {freeze}",
    ]
    assert f"    THAWED by dee and eli: freeze {freeze}" in shown(two, freeze)
    assert events(shown(one, "freeze"))[1:] == ["freeze changed"] * 5
    result = run(one, "audit", "export", "--since", "1d")
    exported = [json.loads(line) for line in result.stdout.splitlines()]
    (frozen,) = [line for line in exported if line.get("what") == "frozen"]
    assert frozen["record"]["freezes"][0]["at_iso"].endswith("Z")


async def test_a_freeze_outlives_the_days_that_the_audit_is_remembered(world, redis_url):
    """The lines about it are old, a newer file carries it along, and that is old by now too."""
    async with world.running() as house:
        freeze = await house.freezes("dee")
    async with world.running():
        pass
    files = sorted((world.folder / "data" / "audit").glob("*.jsonl"))
    for path in files:
        os.utime(path, (path.stat().st_mtime - 40 * 86_400,) * 2)
    with redis.Redis.from_url(redis_url) as store:
        store.flushdb()
    async with world.running() as house:
        async with asyncio.timeout(PATIENCE_S):
            conclusion = await house.asks(ASKED)
        assert conclusion.error == f"frozen: signing is frozen (freeze {freeze})"
        standing = house.frozen()[-1]["record"]["freezes"]
        assert [kept["person"] for kept in standing] == ["dee", None]
    files[0].unlink()
    rows = shown(house, freeze)
    assert events(rows)[0] == "continued"
    assert "    Known from before:" in rows
