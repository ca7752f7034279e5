"""Whoever reads and writes everything in Redis makes no yes of it: values edited, copied, moved."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from approvals.codec import DamagedRecord
from approvals.model import Choice
from gateway.simulate.attempts import Answer, NoResponse
from tests.support.attacker import (
    FREEZE,
    Attacker,
    attacker,
    closed,
    edited,
    opened,
    record,
    resealed,
    told,
)
from tests.support.scene import (
    LONG,
    POLICY,
    TWO_SIGN,
    WISH,
    alarms,
    asked,
    attempt,
    hush,
    logged,
    serves_others,
)
from tests.support.slack_server import local_slack
from tests.support.waiting import until
from tests.support.world import House, World

PENDING, REFUSED, APPROVED = (WISH.fresh(number) for number in (1, 2, 3))


def member(what: Any) -> str:
    return f"node-1/{what.request_id}"


@contextlib.asynccontextmanager
async def scene(world: World, folder: Path) -> AsyncIterator[tuple[House, Attacker]]:
    """Three requests at one gateway, which ends, and another one that remembers nothing of them.

    One lacks a vote, one was refused, one approved and answered.
    """
    world.window, world.policy, world.rules = LONG, POLICY, TWO_SIGN
    assert world.redis_url is not None
    async with world.running() as house:
        pending = await asked(house, PENDING)
        await house.votes("ana", approval=pending)
        refused = await asked(house, REFUSED)
        await house.votes("bo", Choice.REJECT, refused)
        approved = await asked(house, APPROVED)
        for person in ("ana", "bo"):
            await house.votes(person, approval=approved)
        assert await attempt(house, APPROVED) == Answer("APPROVE", "")
    (folder / "two").mkdir()
    async with (
        replace(world, folder=folder / "two").running() as house,
        attacker(world.redis_url) as hands,
    ):
        yield house, hands


def nested(path: str, value: Any) -> Callable[[Any], None]:
    """Put a value at a dotted path; a function is called with what is there."""

    def edit(document: Any) -> None:
        *steps, last = (int(step) if step.isdigit() else step for step in path.split("."))
        for step in steps:
            document = document[step]
        document[last] = value(document[last]) if callable(value) else value

    return edit


def forged_click(document: Any) -> None:
    evidence = {"workspace": "T0ACME", "user": "U0BO", "channel": "C0", "ts": "1.2", "nonce": "n"}
    said = {"person": "bo", "choice": "approve", "reason": "", "override": False}
    at = document["asked_at"] + 1
    vote = {**said, "digest": document["digest"], "at": at, "evidence": evidence}
    document["votes"].append(vote)


def vote_of_another(document: Any) -> None:
    document["votes"].append({**document["votes"][0], "person": "bo"})


FORGED_FINAL = {
    "outcome": "APPROVE",
    "cause": None,
    "sentence": "approved by people",
    "at": 1,
    "revision": 9,
    "policy": "cd" * 32,
}

EDITS: dict[str, tuple[Any, Callable[[Any], None]]] = {
    "a click forged": (PENDING, forged_click),
    "a signed vote under another name": (PENDING, vote_of_another),
    "a vote of another person": (PENDING, nested("votes.0.person", "chen")),
    "a vote for other bytes": (PENDING, nested("votes.0.digest", "00" * 32)),
    "a vote at another time": (PENDING, nested("votes.0.at", 1)),
    "a vote made an override": (PENDING, nested("votes.0.override", value=True)),
    "another key in a vote": (PENDING, nested("votes.0.evidence.key", "SHA256:x")),
    "one seat in place of two": (PENDING, nested("verdict.needs.0.count", 1)),
    "no seats": (PENDING, nested("verdict.needs", [])),
    "more people": (PENDING, nested("verdict.needs.0.people", lambda now: [*now, "mallory"])),
    "another group": (PENDING, nested("verdict.needs.0.group", "on_call")),
    "nobody barred": (PENDING, nested("verdict.barred", [])),
    "a click is enough": (PENDING, nested("verdict.strength", "any")),
    "one may override": (PENDING, nested("verdict.override.approve", 1)),
    "more may override": (PENDING, nested("verdict.override.people", ["dee", "eli", "ana"])),
    "no reason needed": (PENDING, nested("verdict.reason", "none")),
    "the rules approve": (PENDING, nested("verdict.effect", "approve")),
    "other rules": (PENDING, nested("verdict.rules", [{"id": "x"}])),
    "a later deadline": (PENDING, nested("deadline", lambda now: now + 60_000)),
    "more time to fetch it": (PENDING, nested("answer_until", lambda now: now + 60_000)),
    "asked later": (PENDING, nested("asked_at", lambda now: now + 60_000)),
    "another digest": (PENDING, nested("digest", APPROVED.request.digest)),
    "another node": (PENDING, nested("node", "node-2")),
    "another request id": (PENDING, nested("request_id", REFUSED.request_id)),
    "another type": (PENDING, nested("type", 1)),
    "another policy": (PENDING, nested("policy", "00" * 32)),
    "another version": (PENDING, nested("version", 1)),
    "a conflict": (PENDING, nested("conflict", value=True)),
    "fewer attempts": (PENDING, nested("attempts.tokens", [])),
    "an attempt that never was": (PENDING, nested("attempts.number", 7)),
    "a final yes": (PENDING, nested("final", FORGED_FINAL)),
    "a refusal taken out": (REFUSED, nested("votes", [])),
    "a refusal made an approval": (REFUSED, nested("votes.0.choice", "approve")),
    "a final no taken out": (REFUSED, nested("final", None)),
    "a final no made a yes": (REFUSED, nested("final.outcome", "APPROVE")),
    "another cause": (REFUSED, nested("final.cause", None)),
    "a final yes taken out": (APPROVED, nested("final", None)),
    "a final yes made a no": (APPROVED, nested("final.outcome", "REJECT")),
    "a final yes of another policy": (APPROVED, nested("final.policy", "00" * 32)),
}


async def gives_nothing(house: House, what: Any) -> str | None:
    """What is wrong with how the gateway took it; None if there was not one byte, and an alarm."""
    before = alarms(house, "damaged")
    happened = await attempt(house, what)
    if happened != NoResponse("closed without an answer"):
        return f"the node heard {happened}"
    if alarms(house, "damaged") == before:
        return "no alarm was counted"
    said = [line for line in house.lines if line.get("event") == "alarm"]
    hush(house)
    return None if said and said[0]["what"] == "damaged" else f"the log says {said}"


async def all_is_well(house: House) -> None:
    """With everything as it was: the right answers, and the vote that lacked still counts."""
    assert await attempt(house, APPROVED) == Answer("APPROVE", "")
    refused = await attempt(house, REFUSED)
    assert isinstance(refused, Answer)
    assert refused.error.startswith("person: ")
    (approval,) = await house.pending()
    await house.votes("bo", approval=approval)
    assert await attempt(house, PENDING) == Answer("APPROVE", "")
    await serves_others(house, 90)


async def test_no_edit_of_a_record_is_believed(world, tmp_path):
    wrong = {}
    async with scene(world, tmp_path) as (house, hands):
        for number, (name, (what, edit)) in enumerate(EDITS.items()):
            place = record(member(what))
            honest = await hands.value(place)
            forged = edited(honest, edit)
            if number % 4 == 3:
                forged = resealed(place, forged, "approval")
            await hands.put(place, forged)
            wrong[name] = await gives_nothing(house, what)
            assert await hands.value(place) == forged  # it stays, for people to see
            await hands.put(place, honest)
            if number % 10 == 0:
                await serves_others(house, number)
        assert {name: how for name, how in wrong.items() if how} == {}
        await all_is_well(house)


async def test_no_stamp_and_no_seal_from_elsewhere_is_believed(world, tmp_path):
    wrong = {}
    async with scene(world, tmp_path) as (house, hands):
        place = record(member(PENDING))
        honest = await hands.value(place)
        revision, nonce, seal, document = opened(honest)
        later = f"{int(revision) + 1:020d}"
        freeze = (await hands.value(FREEZE)).split(b":", 3)
        content = (await hands.value(f"{{countersign}}:content:{PENDING.request_id}")).decode()
        seals = {
            name: opened(await hands.value(record(member(what))))[2]
            for name, what in (("a refused", REFUSED), ("an approved", APPROVED))
        }
        values = {
            "a later revision": closed(later, nonce, seal, document),
            "another nonce": closed(revision, "0" * 32, seal, document),
            "a revision of other digits": closed("+" + revision[1:], nonce, seal, document),
            "the freeze's stamp": b":".join([*freeze[:2], *honest.split(b":", 3)[2:]]),
            "the freeze's seal": closed(revision, nonce, freeze[2].decode(), document),
            "the content's seal": closed(revision, nonce, content.partition(":")[2], document),
            "no seal": closed(revision, nonce, "", document),
            "the freeze itself": b":".join(freeze),
            "the content itself": content.encode(),
            **{
                f"the seal of {name} one": closed(revision, nonce, other, document)
                for name, other in seals.items()
            },
            **{
                f"a seal made as {purpose}": resealed(place, honest, purpose)
                for purpose in ("told", "freeze", "content", "gateway")
            },
        }
        for name, value in values.items():
            await hands.put(place, value)
            wrong[name] = await gives_nothing(house, PENDING)
        await hands.put(place, honest)
        assert {name: how for name, how in wrong.items() if how} == {}
        await all_is_well(house)


async def test_no_record_is_believed_in_another_place(world, tmp_path):
    """Between requests, between nodes, between a conflict and the first: swapped, or copied."""
    world.nodes = ("node-1", "node-2")
    wrong = {}
    other_bytes = APPROVED.with_transaction("description", "changed")
    async with scene(world, tmp_path) as (house, hands):
        assert isinstance(await attempt(house, other_bytes), Answer)  # refused as a conflict
        at_two = await asked(house, PENDING.with_outer(node="node-2"), name="node-2")
        conflict = f"{member(APPROVED)} {other_bytes.request.digest[:16]}"
        moves = (
            (member(APPROVED), member(PENDING), PENDING, "node-1"),
            (member(APPROVED), member(REFUSED), REFUSED, "node-1"),
            (member(REFUSED), member(APPROVED), APPROVED, "node-1"),
            (member(APPROVED), conflict, other_bytes, "node-1"),
            (conflict, member(APPROVED), APPROVED, "node-1"),
            (member(PENDING), at_two.member, PENDING.with_outer(node="node-2"), "node-2"),
            (at_two.member, member(PENDING), PENDING, "node-1"),
        )
        for source, target, what, node in moves:
            honest = await hands.value(record(target))
            await hands.put(record(target), await hands.value(record(source)))
            before = alarms(house, "damaged")
            happened = await attempt(house, what, name=node)
            if happened != NoResponse("closed without an answer"):
                wrong[f"{source} at {target}"] = happened
            assert alarms(house, "damaged") > before
            await hands.put(record(target), honest)
        assert wrong == {}
        assert isinstance(await attempt(house, other_bytes), Answer)
        await house.votes("ana", Choice.REJECT, at_two)
        await all_is_well(house)


async def test_the_exact_bytes_of_another_request_are_never_shown_or_judged(world, tmp_path):
    async with scene(world, tmp_path) as (house, hands):
        names = [f"{{countersign}}:bytes:{what.request.digest}" for what in (PENDING, REFUSED)]
        await hands.put(names[0], await hands.value(names[1]))
        (approval,) = await house.pending()
        with pytest.raises(DamagedRecord):
            await house.service.request_of(approval)
        assert await attempt(house, PENDING, within=0.3) == NoResponse("no answer in time")
        await house.votes("bo", approval=approval)
        assert await attempt(house, PENDING) == Answer("APPROVE", "")  # judged by what it holds
        await until(lambda: logged(house, "not_told"))
        assert alarms(house, "not_told")


async def test_a_held_node_hears_nothing_of_an_edited_record(world):
    world.window, world.policy, world.rules = LONG, POLICY, TWO_SIGN
    async with world.running() as house, attacker(world.redis_url) as hands:
        for number, edit in enumerate(("a click forged", "one seat in place of two")):
            what = WISH.fresh(number)
            asking = asyncio.create_task(attempt(house, what))
            (approval,) = await house.pending()
            await house.votes("ana", approval=approval)
            place = record(approval.member)
            await hands.put(place, edited(await hands.value(place), EDITS[edit][1]))
            await hands.ring(approval.member)
            assert await asking == NoResponse("closed without an answer")
            assert alarms(house, "damaged")
            await hands.redis.zrem("{countersign}:open", approval.member)
            await serves_others(house, 90 + number)


async def test_a_vote_on_an_edited_record_does_not_count_and_changes_nothing(world):
    world.window, world.policy, world.rules = LONG, POLICY, TWO_SIGN
    async with world.running() as house, attacker(world.redis_url) as hands:
        approval = await asked(house, PENDING)
        await house.votes("ana", approval=approval)
        place = record(approval.member)
        forged = edited(await hands.value(place), EDITS["one seat in place of two"][1])
        await hands.put(place, forged)
        for choice in Choice:
            with pytest.raises(Exception, match="damaged"):
                await house.votes("bo", choice, approval)
        assert await hands.value(place) == forged
        assert alarms(house, "damaged")


async def test_a_click_on_one_message_never_counts_for_another(world, monkeypatch):
    """What was posted about two requests, swapped: neither message is one that we posted."""
    world.window = LONG
    one, two = (WISH.fresh(number) for number in (1, 2))
    async with local_slack() as slack, attacker(world.redis_url) as hands:
        world.with_slack(slack.settings, monkeypatch, "http")
        async with world.running() as house:
            slack.interactions_url = f"{house.running.public.url}/slack/interactions"
            for number, what in enumerate((one, two), 1):
                await asked(house, what)
                await until(lambda n=number: len(slack.messages) == n)  # type: ignore[misc]
            places = [told(member(what)) for what in (one, two)]
            honest = [await hands.value(place) for place in places]
            for place, value in zip(places, reversed(honest), strict=True):
                await hands.put(place, value)
            for message in slack.messages.values():
                await slack.click(message, "Approve", "U0ANA", via="http")
            await hands.redis.zadd("{countersign}:untold", {member(what): 0 for what in (one, two)})
            for what in (one, two):
                record_ = await house.service.read(member(what))
                assert (record_.votes, record_.final) == ((), None)
            await until(lambda: logged(house, "damaged") or logged(house, "not_told"))
            for place, value in zip(places, honest, strict=True):
                await hands.put(place, value)
            await slack.click(next(iter(slack.messages.values())), "Approve", "U0ANA", via="http")
            assert await attempt(house, one) == Answer("APPROVE", "")
