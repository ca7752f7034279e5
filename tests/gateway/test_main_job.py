"""The main job: a node asks, people answer, the node hears one signed decision."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from approvals.model import Choice
from approvals.window import Window
from gateway.simulate.attempts import Ended
from tests.support.requests import sample
from tests.support.waiting import PATIENCE_S, until
from tests.support.world import APPROVE_SMALL, REJECT_BIG, RULES, people

QUICK = Window(retry_times=2, sleep_ms=300, timeout_ms=600)
LONG = Window(retry_times=60, sleep_ms=60_000, timeout_ms=10_000)


async def test_a_person_approves_and_the_waiting_node_hears_it_at_once(world):
    async with world.running() as house:
        asking = asyncio.create_task(house.asks())
        await house.votes("ana")
        conclusion = await asking
    assert (conclusion.action, conclusion.by, conclusion.attempts) == ("APPROVE", "server", 1)
    assert conclusion.error == ""


@pytest.mark.parametrize(
    ("choice", "action"), [(Choice.APPROVE, "APPROVE"), (Choice.REJECT, "REJECT")]
)
async def test_what_the_node_hears_is_stored_and_on_disk(world, choice, action):
    async with world.running() as house:
        asking = asyncio.create_task(house.asks())
        (approval,) = await house.pending()
        await house.votes("ana", choice)
        assert (await asking).action == action
        stored = await house.service.read(approval.member)
        assert (stored.final.outcome, stored.final.revision) == (action, stored.revision)
        (answered,) = [line for line in house.audit() if line["event"] == "answered"]
        assert answered["approval"]["final"]["outcome"] == action
        assert answered["approval"]["revision"] == stored.revision


async def test_one_refusal_is_heard_at_once_without_names_or_reasons(world):
    async with world.running() as house:
        asking = asyncio.create_task(house.asks())
        await house.votes("bo", Choice.REJECT)
        conclusion = await asking
    assert (conclusion.action, conclusion.by) == ("REJECT", "server")
    assert conclusion.error.startswith("person: ")
    assert "bo" not in conclusion.error.split()
    assert "seen" not in conclusion.error


async def test_nobody_answers_and_the_last_attempt_hears_a_signed_timeout(world):
    world.window = Window(retry_times=1, sleep_ms=500, timeout_ms=2_000)
    seen: list[Any] = []
    async with world.running() as house:
        conclusion = await house.asks(on_event=seen.append)
    assert (conclusion.action, conclusion.by, conclusion.attempts) == ("REJECT", "server", 2)
    assert conclusion.error.startswith("timeout: ")
    assert conclusion.elapsed_ms >= 3_900
    ended = [event for event in seen if isinstance(event, Ended)]
    assert ended[0].took_ms >= 1_990


async def test_rules_have_a_deadline_too_and_the_next_attempt_hears_it(world):
    world.window = LONG
    world.rules = RULES.replace("30m", "1s")
    async with world.running() as house:
        conclusion = await house.asks()
    assert (conclusion.action, conclusion.attempts) == ("REJECT", 1)
    assert conclusion.error.startswith("timeout: ")


async def test_a_decision_made_while_the_node_sleeps_is_found_at_once(world):
    world.window = Window(retry_times=2, sleep_ms=1_000, timeout_ms=1_000)
    async with world.running() as house:
        seen: list[Any] = []
        asking = asyncio.create_task(house.asks(on_event=seen.append))
        await until(lambda: any(isinstance(event, Ended) for event in seen))
        await house.votes("ana")
        (waiting,) = await house.pending()
        assert waiting.final is None  # approved, and final only when an attempt is there to hear
        conclusion = await asking
    assert (conclusion.action, conclusion.attempts) == ("APPROVE", 2)
    last = [event for event in seen if isinstance(event, Ended)][-1]
    assert last.took_ms < 900


async def test_a_node_that_hangs_up_frees_everything_it_held(world):
    world.window = QUICK
    async with world.running() as house:
        asking = asyncio.create_task(house.asks())
        await house.pending()
        bell = house.running.assembly.service._ledger.parts.bell
        assert len(house.running.assembly.parked) == 1
        await until(lambda: len(house.running.assembly.parked) == 0)
        assert set(bell._waiters) == {"freeze"}
        (approval,) = await house.pending()
        assert approval.attempts.ended is not None
        await asking


async def test_several_attempts_may_wait_and_hear_the_same(world):
    async with world.running() as house:
        asking = [asyncio.create_task(house.asks()) for _ in range(5)]
        await until(lambda: len(house.running.assembly.parked) == 5)
        await house.votes("chen")
        conclusions = await asyncio.gather(*asking)
        assert {conclusion.action for conclusion in conclusions} == {"APPROVE"}
        assert len([line for line in house.audit() if line["event"] == "answered"]) == 5
        assert len([line for line in house.audit() if line["event"] == "finalized"]) == 1


async def test_rules_answer_without_people(world):
    world.rules = RULES + APPROVE_SMALL
    async with world.running() as house:
        yes = await house.asks()
        assert await house.service.open_approvals() == ()
    world.rules = RULES + APPROVE_SMALL + REJECT_BIG
    async with world.running() as house:
        other = sample("keysign_erc20_usdt").with_outer(request_id="another:1")
        no = await house.asks(other)
    assert (yes.action, yes.attempts, yes.error) == ("APPROVE", 1, "")
    assert (no.action, no.attempts) == ("REJECT", 1)
    assert no.error.startswith("rule: ")
    assert "big" in no.error


async def test_a_contradiction_is_refused_before_any_rule(world):
    world.rules = RULES + APPROVE_SMALL
    async with world.running() as house:
        conclusion = await house.asks(sample("bad_hash_mismatch"))
    assert (conclusion.action, conclusion.attempts) == ("REJECT", 1)
    assert conclusion.error.startswith("contradiction: ")


@pytest.mark.parametrize(
    "name", ["keygen_secp256k1", "keyreshare_secp256k1", "keysign_btc_p2wpkh", "keysign_eip191"]
)
async def test_what_is_not_verified_waits_for_people(world, name):
    world.rules = RULES + APPROVE_SMALL
    async with world.running() as house:
        asking = asyncio.create_task(house.asks(sample(name)))
        await house.votes("ana")
        assert (await asking).action == "APPROVE"


async def test_a_key_share_signature_is_refused_unless_a_rule_says_otherwise(world):
    async with world.running() as house:
        conclusion = await house.asks(sample("keysharesign_type5"))
        assert (conclusion.action, conclusion.by) == ("REJECT", "server")
    world.rules += """
[[rule]]
id = "share-check"
why = "People look at share verifications"
effect = "ask"
when.type = "key_share_sign"
"""
    async with world.running() as house:
        other = sample("keysharesign_type5").with_outer(request_id="another:1")
        asking = asyncio.create_task(house.asks(other))
        await house.votes("ana")
        assert (await asking).action == "APPROVE"


async def test_a_restart_orphans_nobody(world):
    world.window = Window(retry_times=5, sleep_ms=500, timeout_ms=2_000)
    async with world.running() as house:
        asking = asyncio.create_task(house.asks(sample("keysign_erc20_usdt")))
        (approval,) = await house.pending()
        world.port = house.running.public.port
    async with world.running() as house:
        (again,) = await house.pending()
        assert again.digest == approval.digest
        await house.votes("ana")
        conclusion = await asking
    assert conclusion.action == "APPROVE"
    assert conclusion.attempts >= 2


async def test_a_retry_resolves_to_the_stored_decision_for_ever(world):
    async with world.running() as house:
        asking = asyncio.create_task(house.asks())
        await house.votes("bo", Choice.REJECT)
        first = await asking
    async with world.running() as house:
        again = await house.asks()
    assert (again.action, again.error) == (first.action, first.error)


async def test_the_same_id_with_other_content_is_refused_and_the_first_is_untouched(world):
    world.nodes = ("node-1", "node-2")
    first = sample("keysign_erc20_usdt")
    other = first.with_transaction("description", "changed")
    async with world.running() as house:
        asking = asyncio.create_task(house.asks(first))
        (before,) = await house.pending()
        for node in ("node-1", "node-2"):
            refused = await house.asks(other.with_outer(node=node), name=node)
            assert refused.error.startswith("conflict: ")
        (after,) = await house.pending()
        assert after == before
        asked = [line for line in house.audit() if line["event"] == "asked"]
        assert [line["approval"]["conflict"] for line in asked] == [False, True, True]
        assert sum(line.get("what") == "conflict" for line in house.lines) == 2
        await house.votes("ana")
        assert (await asking).action == "APPROVE"
        assert (await house.asks(other)).error.startswith("conflict: ")


async def test_the_same_request_from_another_node_is_asked_anew(world):
    world.nodes = ("node-1", "node-2")
    async with world.running() as house:
        first = asyncio.create_task(house.asks())
        await house.votes("ana")
        assert (await first).action == "APPROVE"
        second = asyncio.create_task(house.asks(name="node-2"))
        (approval,) = await house.pending()
        assert approval.node == "node-2"
        await house.votes("bo", Choice.REJECT)
        assert (await second).action == "REJECT"


def initiated_by_ana(name):
    return people().replace('slack = "U0ANA"', f'initiates_as = ["{name}"]\nslack = "U0ANA"')


async def test_nobody_approves_what_they_initiated(world):
    world.policy = initiated_by_ana("Treasury-API-Key ")
    async with world.running() as house:
        asking = asyncio.create_task(house.asks())
        (approval,) = await house.pending()
        assert approval.verdict.barred == ("ana",)
        with pytest.raises(Exception, match="initiated"):
            await house.votes("ana")
        await house.votes("ana", Choice.REJECT)
        assert (await asking).action == "REJECT"


async def test_a_quorum_that_the_initiator_leaves_unmet_is_refused_at_once(world):
    world.policy = initiated_by_ana("treasury-api-key")
    world.rules = RULES.replace("count = 1", "count = 3")
    async with world.running() as house:
        conclusion = await house.asks()
    assert conclusion.error.startswith("people: ")


async def test_a_vote_at_one_gateway_is_heard_at_another_at_once(world, tmp_path, monkeypatch):
    monkeypatch.setattr("approvals.bell.SWEEP_S", 60)  # nothing but the bell can tell in time
    world.window = LONG
    (tmp_path / "two").mkdir()
    async with world.running() as house, replace(world, folder=tmp_path / "two").running() as other:
        asking = asyncio.create_task(house.asks())
        (approval,) = await other.pending()
        await until(lambda: len(house.running.assembly.parked) == 1)
        await other.votes("ana", approval=approval)
        async with asyncio.timeout(PATIENCE_S):
            assert (await asking).action == "APPROVE"


async def test_a_vote_at_the_same_gateway_is_heard_even_while_the_bell_is_deaf(world, monkeypatch):
    async def deaf(_bell, _last):
        await asyncio.Event().wait()

    monkeypatch.setattr("approvals.bell.Bell._follow", deaf)
    monkeypatch.setattr("approvals.bell.SWEEP_S", 60)
    world.window = LONG
    async with world.running() as house:
        asking = asyncio.create_task(house.asks())
        await house.pending()
        await until(lambda: len(house.running.assembly.parked) == 1)
        await house.votes("ana")
        async with asyncio.timeout(PATIENCE_S):
            assert (await asking).action == "APPROVE"


async def test_the_sweeper_refuses_what_is_late_and_leaves_a_yes_to_who_hears_it(world):
    world.window = Window(retry_times=60, sleep_ms=60_000, timeout_ms=1_000)
    world.rules = RULES.replace("30m", "60s")
    late, approved = (sample("keysign_erc20_usdt").fresh(number) for number in (1, 2))
    async with world.running() as house:
        asking = [asyncio.create_task(house.asks(what)) for what in (late, approved)]
        await house.pending(2)
        (mine,) = await house.service.find(f"node-1/{approved.request_id}")
        await until(lambda: len(house.running.assembly.parked) == 0)
        await house.votes("ana", approval=mine)
        world.clock.ahead_ms = 61_000
        for what in (late, approved):
            await house.service._sweep_one(f"node-1/{what.request_id}")
        (waiting,) = await house.service.open_approvals()
        assert (waiting.member, waiting.final) == (mine.member, None)
        for task in asking:
            task.cancel()


async def test_a_stored_refusal_is_remembered_by_the_gateway_that_stored_it(world):
    async with world.running() as house:
        asking = asyncio.create_task(house.asks())
        (approval,) = await house.pending()
        await house.votes("bo", Choice.REJECT)
        known = house.service._ledger.parts.memory.of(approval.digest)
        assert known.final is not None
        assert [vote.person for vote in known.refusals] == ["bo"]
        await asking
