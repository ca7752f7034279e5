"""Overrides through a real gateway: what on-call may decide in place of the seats, and what not."""

import asyncio

import pytest
from click.testing import CliRunner

from approvals import statement as statements
from approvals.model import Choice
from approvals.window import Window
from gateway.cli.main import main
from gateway.oncall.terminal import Failure
from keys import ssh_files
from tests.support.requests import sample
from tests.support.world import PEOPLE, RULES, people, ssh_key

ASKED = sample("keysign_erc20_usdt")
OVERRIDE = """
[override]
group = "on_call"
approve = 2
reject = 1
"""
REFUSALS = OVERRIDE.replace("reject = 1", "reject = 2")


@pytest.fixture
def world(world):
    world.window = Window(retry_times=60, sleep_ms=200, timeout_ms=10_000)
    world.rules = RULES + OVERRIDE
    return world


def causes(house):
    return [line["cause"] for line in house.audit() if line["event"] == "ballot_refused"]


async def test_two_on_call_approve_in_place_of_the_seats(world):
    async with world.running() as house:
        asking = asyncio.create_task(house.asks(ASKED))
        told = await house.votes("dee", override=True)
        assert told["state"] == "open"
        member = told["member"]
        command = f"countersign approve {member} --override --reason …"
        assert told["wanted"] == [f"1 of 2: another of on_call must run: {command}"]
        with pytest.raises(
            Failure, match=r"You have already voted on this request\. .*1 of 2: anot"
        ):
            await house.votes("dee", override=True)
        assert not asking.done()
        told = await house.votes("eli", override=True)
        assert told["status"].startswith("Approved by override of dee ")
        assert (await asking).action == "APPROVE"
        stored = [line for line in house.audit() if line["event"] == "overridden"]
        assert [line["vote"]["person"] for line in stored] == ["dee", "eli"]
        assert all("override: yes\n" in line["vote"]["evidence"]["statement"] for line in stored)
        numbers = house.observer.metrics.render().decode()
        assert 'overrides_total{choice="approve"} 2.0' in numbers


async def test_a_seat_and_an_override_do_not_add_up(world):
    world.rules = RULES.replace("count = 1", "count = 2") + OVERRIDE
    async with world.running() as house:
        asking = asyncio.create_task(house.asks(ASKED))
        await house.votes("ana")
        told = await house.votes("dee", override=True)
        assert told["state"] == "open"
        await house.votes("eli", override=True)
        assert (await asking).action == "APPROVE"


async def test_one_refuses_in_place_of_the_seats_or_as_many_as_the_policy_says(world):
    async with world.running() as house:
        asking = asyncio.create_task(house.asks(ASKED))
        await house.votes("dee", Choice.REJECT, override=True)
        assert (await asking).error == "person: refused by override"


async def test_two_refuse_where_it_takes_two(world):
    world.rules = RULES + REFUSALS
    async with world.running() as house:
        asking = asyncio.create_task(house.asks(ASKED))
        told = await house.votes("dee", Choice.REJECT, override=True)
        command = f"countersign reject {told['member']} --override --reason …"
        assert told["wanted"] == [f"1 of 2: another of on_call must run: {command}"]
        assert not asking.done()
        await house.votes("eli", Choice.REJECT, override=True)
        assert (await asking).error == "person: refused by override"


async def test_who_is_not_on_call_does_not_override(world):
    async with world.running() as house:
        asking = asyncio.create_task(house.asks(ASKED))
        with pytest.raises(Failure, match=r"not one of those who may override\. These are: dee, e"):
            await house.votes("ana", override=True)
        with pytest.raises(Failure, match="You are not an approver of this request"):
            await house.votes("dee")
        assert causes(house) == ["not_on_call", "not_an_approver"]
        await house.votes("ana")
        assert (await asking).action == "APPROVE"


async def test_the_initiator_never_counts(world):
    world.policy = people().replace(
        "[people.dee]", '[people.dee]\ninitiates_as = ["treasury-api-key"]'
    )
    async with world.running() as house:
        asking = asyncio.create_task(house.asks(ASKED))
        with pytest.raises(Failure, match="You initiated this transaction"):
            await house.votes("dee", override=True)
        told = await house.votes("eli", override=True)
        assert told["state"] == "open"
        await house.votes("ana")
        assert (await asking).action == "APPROVE"


async def test_an_override_replaces_neither_the_deadline_nor_a_freeze(world):
    async with world.running() as house:
        asking = asyncio.create_task(house.asks(ASKED))
        (approval,) = await house.pending()
        await house.votes("dee", override=True)
        await house.freezes("eli")
        assert (await asking).error.startswith("frozen: ")
        with pytest.raises(Failure, match=r"Already decided\. Rejected: signing is frozen"):
            await house.votes("eli", approval=approval, override=True)


async def test_after_the_deadline_no_override_counts(world):
    world.rules = RULES.replace("30m", "1s") + OVERRIDE
    async with world.running() as house:
        asking = asyncio.create_task(house.asks(ASKED))
        (approval,) = await house.pending()
        await house.votes("dee", override=True)
        assert (await asking).error == "timeout: no decision in time"
        with pytest.raises(Failure, match=r"Already decided\. Rejected: nobody decided in time"):
            await house.votes("eli", approval=approval, override=True)


async def test_a_contradiction_cannot_be_overridden(world):
    async with world.running() as house:
        bad = sample("bad_hash_mismatch")
        assert (await house.asks(bad)).error.startswith("contradiction: ")
        (approval,) = await house.service.find(f"node-1/{bad.request_id}")
        for person in ("dee", "eli"):
            with pytest.raises(Failure, match="Already decided"):
                await house.votes(person, approval=approval, override=True)
        assert (await house.asks(bad)).error.startswith("contradiction: ")


@pytest.mark.parametrize(("then", "now"), [("", OVERRIDE), (OVERRIDE, "")], ids=["then", "now"])
async def test_the_policy_must_name_who_may_override_then_and_now(world, then, now):
    world.rules = RULES + then
    async with world.running() as house:
        asking = asyncio.create_task(house.asks(ASKED))
        await house.pending()
        (world.folder / "policy.toml").write_text(people() + RULES + now)
        assert (await asyncio.to_thread(house.desk.reload_policy))["outcome"] == "changed"
        with pytest.raises(Failure, match="the policy had no"):
            await house.votes("dee", override=True)
        await house.votes("ana")
        assert (await asking).action == "APPROVE"


@pytest.mark.parametrize("override", [True, False])
async def test_a_signature_counts_for_what_it_says_and_for_nothing_else(world, override):
    """Sent again as the other kind, a vote is no vote: the line is part of what was signed."""
    async with world.running() as house:
        asking = asyncio.create_task(house.asks(ASKED))
        person = "dee" if override else "ana"
        told = await house.votes(person, override=override)
        evidence = told["approval"]["votes"][0]["evidence"]
        text, line = evidence["statement"], "override: yes\n"
        other = text.replace(line, "") if override else text.replace("reason:", f"{line}reason:")
        assert statements.read(other).override is not override
        with pytest.raises(Failure, match="The signature does not verify"):
            await asyncio.to_thread(house.desk.vote, other, evidence["signature"])
        assert causes(house) == ["bad_signature"]
        if override:
            await house.votes("ana")
        await asking


async def test_the_terminal_says_that_it_is_an_override_and_what_is_missing(world, monkeypatch):
    async with world.running() as house:
        keys = {name: world.folder / f"{name}_key" for name in PEOPLE}
        for name, path in keys.items():
            ssh_files.write_private_key(path, ssh_key(name))
        desk = house.desk
        monkeypatch.setattr("gateway.oncall.client.DeskClient.of", lambda _settings, **_: desk)

        async def run(*arguments):
            words = [*arguments, "--config", str(world.folder / "countersign.toml")]
            return await asyncio.to_thread(CliRunner().invoke, main, words)

        asking = asyncio.create_task(house.asks(ASKED))
        (approval,) = await house.pending()
        by_override = ["--override", "--reason", "treasury sleeps", "--key"]
        said = await run("approve", approval.request_id, *by_override, str(keys["dee"]))
        assert said.exit_code == 0, said.output
        lines = said.output.splitlines()
        assert "OVERRIDE: to approve in place of 1 of treasury" in lines
        assert f"Counted: override approve {approval.member}" in lines
        command = f"countersign approve {approval.member} --override --reason …"
        assert lines[-1] == f"1 of 2: another of on_call must run: {command}"
        shown = (await run("show", approval.request_id)).output
        assert "Override: 1 of 2 · dee " in shown
        assert "Reason of dee: treasury sleeps" in shown
        assert shown.splitlines()[-1] == lines[-1]
        assert "Override: 1 of 2 · dee " in (await run("list")).output
        said = await run("approve", approval.request_id, *by_override, str(keys["eli"]), "--json")
        assert '"override": true' in said.output
        assert '"counted": true' in said.output
        assert (await asking).action == "APPROVE"
