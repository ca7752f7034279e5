"""A draft policy on what a real gateway's audit holds, and nothing that it does not hold."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from approvals.audit.packed import pack, unpack
from approvals.model import Choice
from gateway.cli.main import main
from gateway.oncall.times import since_ms
from gateway.rules import replay, replaying
from tests.support.audits import chained
from tests.support.requests import sample
from tests.support.world import APPROVE_SMALL, REJECT_BIG, RULES, World, people

ERC20 = sample("keysign_erc20_usdt")
ETH = sample("keysign_eth_transfer_eip1559")
BLIND = sample("keysign_raw_message_hash")
BAD = sample("bad_hash_mismatch")

TWO = RULES.replace("count = 1", "count = 2")
"""What the audit's gateway asked of people."""


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Where the folder is kept for all tests, once one has been made."""
    return tmp_path_factory.mktemp("audited")


@pytest.fixture
async def audited(world, kept):
    """A stopped gateway's folder; it was asked four things, and approved the first one."""
    world.rules = TWO
    if any(kept.iterdir()):
        shutil.copytree(kept, world.folder, dirs_exist_ok=True)
        return world
    async with world.running() as house:
        asking = asyncio.create_task(house.asks(ERC20))
        await house.votes("ana")
        await house.votes("bo")
        assert (await asking).action == "APPROVE"
        for other in (ETH, BLIND):
            asking = asyncio.create_task(house.asks(other))
            await house.votes("bo", Choice.REJECT)
            await asking
        assert (await house.asks(BAD)).error.startswith("contradiction: ")
    shutil.copytree(world.folder, kept, dirs_exist_ok=True)
    return world


def draft(world: World, rules, text=None):
    path = world.folder / "draft.toml"
    path.write_text((text or people()) + rules)
    return path


def run(world, *arguments):
    words = ["policy", "replay", *arguments, "--config", world.folder / "countersign.toml"]
    return CliRunner().invoke(main, [str(word) for word in words])


def said(world, *arguments):
    result = run(world, *arguments, "--json")
    document = json.loads(result.stdout)
    assert document["ok"] is (result.exit_code == 0)
    return document


def ids(rows):
    return [row["member"].partition("/")[2] for row in rows]


def lines_of(world):
    (path,) = (world.folder / "data" / "audit").glob("*.jsonl")
    return path, [json.loads(line) for line in path.read_text().splitlines()]


def write_lines(path, lines):
    path.write_bytes(chained(lines))


async def test_the_same_policy_changes_nothing(audited):
    result = run(audited, draft(audited, TWO))
    assert result.exit_code == 0, result.output
    assert "on 4 requests asked since" in " ".join(result.output.split())
    assert result.output.rstrip().endswith("Unchanged: 4")
    found = said(audited, draft(audited, TWO))
    assert (found["requests"], found["unchanged"], found["not_replayable"]) == (4, 4, [])


async def test_a_rule_that_approves_is_a_loosening_and_the_exit_status_says_so(audited):
    path = draft(audited, TWO + APPROVE_SMALL)
    result = run(audited, path)
    assert result.exit_code == 1
    said = result.output
    assert "Looser: 1\n  1 by small\n" in said
    assert f"node-1/{ERC20.request_id}" in said
    assert "Send 2,500 USDT" in said
    assert "ask 2 of treasury -> approve" in said
    assert said.index("Looser") < said.index("Unchanged: 3")
    assert said.rstrip().endswith("1 loosening is not allowed: name what is meant with --allow.")


@pytest.mark.parametrize("name", ["small", ERC20.request_id, f"node-1/{ERC20.request_id}"])
async def test_a_loosening_that_is_meant_is_allowed_by_its_rule_or_its_request(audited, name):
    path = draft(audited, TWO + APPROVE_SMALL)
    result = run(audited, path, "--allow", name)
    assert result.exit_code == 0, result.output
    assert "(allowed)" in result.output
    (row,) = said(audited, path, "--allow", name)["loosened"]
    assert row["allowed"] is True


@pytest.mark.parametrize("name", ["other", "default"])
async def test_a_request_that_is_called_like_a_rule_is_not_allowed_with_the_rule(world, name):
    world.rules = TWO
    called = ERC20.with_outer(request_id=name)
    async with world.running() as house:
        asking = asyncio.create_task(house.asks(called))
        await house.votes("bo", Choice.REJECT)
        await asking
    other = APPROVE_SMALL.replace('"small"', '"other"').replace("ETH_USDT", "ETH_USDC")
    path = draft(world, TWO + APPROVE_SMALL + other)
    assert said(world, path, "--allow", name)["not_allowed"] == 1
    assert said(world, path, "--allow", f"node-1/{name}")["not_allowed"] == 0


async def test_an_allowance_that_names_nothing_is_pointed_out_and_allows_nothing(audited):
    result = run(audited, draft(audited, TWO + APPROVE_SMALL), "--allow", "smal")
    assert result.exit_code == 1
    assert "--allow smal: no rule of the draft" in result.output


async def test_fewer_people_by_the_default_alone_is_a_loosening_of_all_of_them(audited):
    path = draft(audited, RULES)
    found = said(audited, path)
    assert sorted(ids(found["loosened"])) == sorted(
        [ERC20.request_id, ETH.request_id, BLIND.request_id]
    )
    (difference, *_) = found["loosened"][0]["differences"]
    assert (difference["aspect"], difference["subject"]) == ("count", "treasury")
    assert said(audited, path, "--allow", "default")["not_allowed"] == 0
    assert said(audited, path, "--allow", ERC20.request_id)["not_allowed"] == 2
    assert "- treasury: 2 -> 1" in run(audited, path).output


async def test_of_several_rules_that_ask_every_one_must_be_allowed(audited):
    asks = '[[rule]]\nid = "{}"\nwhy = "w"\neffect = "ask"\nwhen.type = "key_sign"\n'
    weak = '\n[[rule]]\nid = "one"\nwhy = "w"\neffect = "ask"\nwhen.type = "key_sign"\n'
    path = draft(audited, RULES + weak + asks.format("other"))
    assert said(audited, path, "--allow", "one")["not_allowed"] == 3
    assert said(audited, path, "--allow", "one", "--allow", "other")["not_allowed"] == 0


async def test_a_tightening_is_shown_and_is_no_failure(audited):
    result = run(audited, draft(audited, TWO + REJECT_BIG))
    assert result.exit_code == 0
    found = said(audited, draft(audited, TWO + REJECT_BIG))
    rejected = [row for row in found["tightened"] if row["member"].endswith(ERC20.request_id)]
    assert [row["new"]["verdict"] for row in rejected] == ["reject (rule)"]
    assert "Tighter: " in result.output
    assert found["loosened"] == []


async def test_more_time_is_a_change_and_no_loosening(audited):
    path = draft(audited, TWO.replace("30m", "2h"))
    found = said(audited, path)
    assert (len(found["other"]), found["loosened"], found["ok"]) == (3, [], True)
    assert "~ time: 30 min -> 2 h" in run(audited, path).output


async def test_one_more_person_and_one_less_are_named(audited):
    text = people().replace('treasury = ["ana", "bo", "chen"]', 'treasury = ["bo", "chen", "dee"]')
    result = run(audited, draft(audited, TWO, text))
    assert result.exit_code == 1
    assert "- treasury: + dee" in result.output
    assert "+ treasury: - ana" in result.output


async def test_it_fits_a_terminal(audited):
    for rules in (RULES + APPROVE_SMALL, TWO + REJECT_BIG, TWO.replace("30m", "2h")):
        lines = run(audited, draft(audited, rules)).output.splitlines()
        ours = [line for line in lines if str(audited.folder) not in line]
        assert max(map(len, ours)) <= 80, max(ours, key=len)


async def test_only_so_many_are_shown_unless_all_are_wanted(audited, monkeypatch):
    monkeypatch.setattr("gateway.rules.replay_page.ROWS", 1)
    path = draft(audited, RULES)
    shown = run(audited, path).output
    assert ERC20.request_id in shown
    assert BLIND.request_id not in shown
    assert "and 2 more: see them with --all" in shown
    assert BLIND.request_id in run(audited, path, "--all").output
    assert len(said(audited, path)["loosened"]) == 3


# What counts, and what does not


async def test_of_several_lines_about_one_request_the_earliest_counts(audited):
    path, lines = lines_of(audited)
    (asked,) = [
        line
        for line in lines
        if line["event"] == "asked" and line["approval"]["request_id"] == ERC20.request_id
    ]
    later = json.loads(json.dumps(asked))
    later["at"] += 1
    later["approval"]["verdict"]["effect"] = "approve"
    earlier = json.loads(json.dumps(asked))
    earlier["at"] -= 1
    earlier["approval"]["verdict"]["effect"] = "reject"
    write_lines(path, [*lines, later])
    assert said(audited, draft(audited, TWO))["unchanged"] == 4
    for order in ([*lines, earlier], [earlier, *lines]):
        write_lines(path, order)
        found = said(audited, draft(audited, TWO))
        assert (ids(found["loosened"]), found["requests"]) == ([ERC20.request_id], 4)


async def test_what_another_process_wrote_counts_once(audited):
    path, lines = lines_of(audited)
    other = path.with_name("0123abcd-000001-20990101.jsonl")
    other.write_bytes(chained(lines, chain="0123abcd"))
    assert said(audited, draft(audited, TWO))["requests"] == 4


async def test_a_conflict_is_not_replayable(world):
    world.rules = TWO + APPROVE_SMALL
    async with world.running() as house:
        assert (await house.asks(ERC20)).action == "APPROVE"
        other = ERC20.with_transaction("description", "changed")
        assert (await house.asks(other)).error.startswith("conflict: ")
    (left,) = said(world, draft(world, TWO + APPROVE_SMALL))["not_replayable"]
    assert left["digest"] == other.request.digest
    assert "another body under a known id" in left["why"]


async def test_what_was_no_request_is_not_replayable(world):
    async with world.running() as house:
        await house.asks(b'{"request_type": 99}', on_event=id)
    left, *_ = said(world, draft(world, TWO))["not_replayable"]
    _, lines = lines_of(world)
    first = 1 + next(n for n, line in enumerate(lines) if line["event"] == "malformed")
    where = f"line {first}"
    assert (left["why"], left["where"].partition(", ")[2]) == ("no request could be read", where)


def without_request(line):
    del line["request"]


def with_another_request(line):
    line["request"] = pack(unpack(line["request"]).replace('"extra":"', '"extra":" '))


def with_half_a_request(line):
    line["request"] = line["request"][:-8]


def without_verdict(line):
    del line["approval"]["verdict"]


def with_an_effect_nobody_knows(line):
    line["approval"]["verdict"]["effect"] = "maybe"


def with_a_request_of_wrong_types(line):
    line["request"] = {"node": 1}


def with_a_digest_that_is_none(line):
    line["approval"]["digest"] = "xyz"


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (without_request, "its line holds no request"),
        (with_another_request, "its request is not the one of its digest"),
        (without_verdict, "not as we write it (KeyError)"),
        (with_an_effect_nobody_knows, "not as we write it (ValueError)"),
        (with_half_a_request, "its request is not the one of its digest"),
        (with_a_request_of_wrong_types, "not as we write it (TypeError)"),
        (with_a_digest_that_is_none, "not as we write it (ValueError)"),
    ],
)
async def test_what_was_not_recorded_is_counted_and_named_and_never_guessed(audited, damage, why):
    path, lines = lines_of(audited)
    number = next(i for i, line in enumerate(lines) if line["event"] == "asked")
    damage(lines[number])
    write_lines(path, lines)
    result = run(audited, draft(audited, TWO))
    assert result.exit_code == 0
    found = said(audited, draft(audited, TWO))
    assert (found["requests"], found["unchanged"]) == (3, 3)
    assert (why, f"{path.name}, line {number + 1}") in {
        (left["why"], left["where"]) for left in found["not_replayable"]
    }
    assert f"{path.name}, line {number + 1}" in result.output


async def test_what_was_decided_without_a_line_that_asked_is_named(audited):
    path, lines = lines_of(audited)
    write_lines(path, [line for line in lines if line["event"] != "asked"])
    found = said(audited, draft(audited, TWO))
    assert found["requests"] == 0
    assert {left["where"] for left in found["not_replayable"]} == {
        f"node-1/{one.request_id}" for one in (ERC20, ETH, BLIND, BAD)
    }


@pytest.mark.parametrize("line", [b'{"event":\n', b"[1]\n", b"\xff\n", b"[" * 100_000 + b"\n"])
async def test_a_damaged_line_is_named_and_nothing_else_is_said(audited, line):
    path, lines = lines_of(audited)
    path.write_bytes(path.read_bytes() + line)
    result = run(audited, draft(audited, TWO))
    assert result.exit_code == 1
    assert f"{path}, line {len(lines) + 1} is not JSON of ours: was it edited?" in result.output
    assert "Unchanged" not in result.output


async def test_a_line_that_a_crash_tore_is_passed_over(audited):
    path, _ = lines_of(audited)
    path.write_bytes(path.read_bytes() + b'{"event":"as')
    assert said(audited, draft(audited, TWO))["unchanged"] == 4


# From when on


async def test_since_looks_at_when_a_node_asked_first(audited):
    path, lines = lines_of(audited)
    for line in lines:
        if line.get("approval", {}).get("request_id") == ETH.request_id:
            line["approval"]["asked_at"] -= 3 * 86_400_000
    write_lines(path, lines)
    assert said(audited, draft(audited, TWO), "--since", "2d")["requests"] == 3
    assert said(audited, draft(audited, TWO), "--since", "4d")["requests"] == 4
    today = time.strftime("%Y-%m-%d", time.gmtime(lines[0]["at"] / 1000))
    assert said(audited, draft(audited, TWO), "--since", today)["requests"] == 3


def test_since_is_a_span_a_day_or_a_moment():
    assert since_ms("90d", lambda: 90 * 86_400_000) == 0
    assert since_ms("2w", lambda: 14 * 86_400_000) == 0
    assert since_ms("12h", lambda: 43_200_000) == 0
    assert since_ms("2026-08-01") == 1_785_542_400_000
    assert since_ms("2026-08-01T00:01") == 1_785_542_460_000
    assert since_ms("2026-08-01T00:00:01") == 1_785_542_401_000
    for same in ("T00:00:01Z", "T00:00:01.000Z", " 00:00:01 UTC", "T02:00:01+02:00"):
        assert since_ms(f"2026-08-01{same}") == 1_785_542_401_000
    for wrong in (
        "",
        "soon",
        "0d",
        "90",
        "-1d",
        "2026-02-30",
        "2026-8-1",
        "2026-08-01T25:00",
        "2026-08-01T00:00+99:00",
        "2026-08-01Z",
        "1h30m",
        "٩d",
        "1d ",
    ):
        with pytest.raises(click.UsageError):
            since_ms(wrong)


async def test_wrong_usage_and_a_bad_draft_are_one_sentence_each(audited):
    assert run(audited, draft(audited, TWO), "--since", "soon").exit_code == 2
    assert run(audited, audited.folder / "absent.toml").exit_code == 2
    result = run(audited, draft(audited, "colour = 1\n", 'default = "ask"\n'))
    assert result.exit_code == 1
    assert "draft.toml:" in result.output
    assert "Traceback" not in result.output


async def test_without_an_audit_there_is_nothing_to_say(world):
    world.write()
    found = said(world, draft(world, TWO))
    assert (found["requests"], found["ok"]) == (0, True)


# In workers


async def test_workers_come_to_the_same(audited, monkeypatch):
    monkeypatch.setattr(replaying, "CHUNK_BYTES", 2_000)
    path = draft(audited, RULES + APPROVE_SMALL)
    alone = said(audited, path)
    monkeypatch.setattr(replay, "WORTH_WORKERS", 0)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    assert said(audited, path) | {"since": 0} == alone | {"since": 0}
    kept, lines = lines_of(audited)
    kept.write_bytes(kept.read_bytes() + b"[1]\n")
    result = run(audited, path)
    assert result.exit_code == 1
    assert f"line {len(lines) + 1} is not JSON of ours" in result.output


def begun_by(process):
    """The processes it began: the workers, and one that tidies up after them."""
    lists = Path(f"/proc/{process.pid}/task").glob("*/children")
    return [child for found in lists for child in found.read_text().split()]


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one core has no workers")
@pytest.mark.parametrize("later_s", [0, 1.5], ids=["as workers begin", "at work"])
def test_ctrl_c_ends_it_cleanly(tmp_path, redis_url, later_s):
    world = World(tmp_path, redis_url)
    world.write()
    folder = tmp_path / "data" / "audit"
    folder.mkdir(parents=True)
    line = chained([{"event": "opened"}])
    (folder / "0123abcd-000001-20260101.jsonl").write_bytes(line * 600_000)
    command = [sys.executable, "-m", "gateway", "policy", "replay", str(draft(world, TWO))]
    process = subprocess.Popen(
        [*command, "--config", str(tmp_path / "countersign.toml")],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    until = time.monotonic() + 30
    while not begun_by(process):
        assert time.monotonic() < until
    time.sleep(later_s)
    assert process.poll() is None, process.communicate()
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all of them
    output, _ = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "Traceback" not in output
    assert "Aborted!" in output
