"""Freezes through real gateways: who may, what stops, what ends them, and what never does."""

import asyncio
import contextlib

import pytest
import redis

from approvals.freezes.store import FREEZE_KEY
from approvals.model import Choice
from approvals.statement import FRESH_MS
from approvals.window import Window
from gateway.oncall.terminal import Failure
from tests.support.requests import ABSENT, sample
from tests.support.slack_server import Fails, local_slack
from tests.support.waiting import until
from tests.support.world import APPROVE_SMALL, RULES, World, people

HOUR = 3_600_000
WALLET = "7fc2bfef-0cad-5764-b4ba-a03dc1266f62"
SOURCE = "0xe4617d0599ee72Ff2c4942550f3a6F4cCcFd03EE"
OTHER = "0xd63134CC52B0CC0bb754A0196bc249F38BDB2A2c"
ASKED = sample("keysign_erc20_usdt")


@pytest.fixture
def world(world):
    world.window = Window(retry_times=60, sleep_ms=200, timeout_ms=10_000)
    return world


@pytest.fixture
def store(redis_url):
    with redis.Redis.from_url(redis_url) as client:
        yield client


def events(house, name):
    return [line for line in house.audit() if line["event"] == name]


async def standing(house):
    return (await asyncio.to_thread(house.desk.freezes))["freezes"]


# Who may, and how it must be signed


@pytest.mark.parametrize("person", ["dee", "eli"])
async def test_anyone_on_call_freezes_alone(world, person):
    async with world.running() as house:
        freeze = await house.freezes(person)
        (entry,) = await standing(house)
        assert (entry["id"], entry["person"], entry["scope"]) == (freeze, person, "everything")
        assert entry["headline"] == f"SIGNING IS FROZEN: everything (freeze {freeze})"
        (change,) = [line for line in house.frozen() if line["what"] == "frozen"]
        (kept,) = change["record"]["freezes"]
        assert (kept["person"], kept["reason"]) == (person, "an alarm")
        assert "freeze: everything\n" in kept["evidence"]["statement"]


async def test_who_is_not_on_call_freezes_and_thaws_nothing(world):
    async with world.running() as house:
        with pytest.raises(Failure, match=r"You are not on call.*these may: dee, eli"):
            await house.freezes("ana")
        assert await standing(house) == []
        freeze = await house.freezes("dee")
        with pytest.raises(Failure, match="You are not on call"):
            await house.thaws("ana", freeze)
        refused = list(events(house, "ballot_refused"))
        assert [(line["member"], line["person"], line["cause"]) for line in refused] == [
            ("freeze", "ana", "not_on_call")
        ] * 2
        assert {line["via"] for line in refused} == {"ssh"}


@pytest.mark.parametrize(
    ("changes", "said", "cause"),
    [
        ({"at": lambda now: now - FRESH_MS - 5_000}, "signed more than 5 minutes ago", "stale"),
        ({"at": lambda now: now + FRESH_MS + 5_000}, "or ahead of us", "stale"),
        ({"gateway": "SHA256:" + "a" * 43}, "signed for another gateway", "other_gateway"),
        ({"namespace": "countersign-vote@v1"}, "signature does not verify", "bad_signature"),
        ({"namespace": "file"}, "signature does not verify", "bad_signature"),
        ({"scope": "source", "name": SOURCE[:-1]}, "no address that we know", "bad_statement"),
        ({"reason": " "}, "a reason is needed", "bad_statement"),
    ],
    ids=lambda value: "",
)
async def test_what_was_not_signed_so_is_refused_and_audited(world, changes, said, cause):
    async with world.running() as house:
        if "at" in changes:
            changes = {"at": changes["at"](house.service._ledger.now())}
        with pytest.raises(Failure, match=said):
            await house.signs("dee", **changes)
        assert await standing(house) == []
        (line,) = events(house, "ballot_refused")
        assert (line["member"], line["cause"], line["via"]) == ("freeze", cause, "ssh")


async def test_a_key_that_nobody_has_freezes_nothing(world):
    async with world.running() as house:
        with pytest.raises(Failure, match="No person of the policy in force has the key SHA256:"):
            await house.signs("stranger")
        assert await standing(house) == []


# What stops


async def test_what_waits_is_refused_at_once_and_so_is_what_rules_approve(world):
    world.rules = RULES + APPROVE_SMALL
    async with world.running() as house:
        waiting = asyncio.create_task(house.asks(sample("keysign_eth_transfer_eip1559")))
        await house.pending()
        freeze = await house.freezes("dee")
        conclusion = await waiting
        assert conclusion.error == f"frozen: signing is frozen (freeze {freeze})"
        conclusion = await house.asks(ASKED)
        assert (conclusion.action, conclusion.attempts) == ("REJECT", 1)
        assert conclusion.error == f"frozen: signing is frozen (freeze {freeze})"
        (entry,) = await asyncio.to_thread(house.desk.find, ASKED.request_id)
        who = f"(freeze {freeze} by dee: an alarm)"
        assert entry["status"].startswith(f"Rejected: signing is frozen {who}, ")
        assert entry["headline"] == "Send 2,500 USDT -> 0xd631…2A2c on Ethereum"


async def test_the_channel_reads_what_a_freeze_refused_at_once(world, monkeypatch):
    async with local_slack() as slack:
        world.with_slack(slack.settings, monkeypatch, "http")
        async with world.running() as house:
            await house.freezes("dee")
            await house.asks(ASKED)
            await until(lambda: any(ASKED.request_id in each.text for each in slack.said))
    (said,) = [each.text for each in slack.said if ASKED.request_id in each.text]
    assert said.startswith(
        "Refused at once: Send 2,500 USDT -&gt; 0xd631…2A2c on Ethereum\nRejected"
    )


async def test_a_final_refusal_is_still_spoken(world):
    async with world.running() as house:
        asking = asyncio.create_task(house.asks(ASKED))
        await house.votes("ana", Choice.REJECT)
        assert (await asking).error == "person: refused by an approver"
        await house.freezes("dee")
        assert (await house.asks(ASKED)).error == "person: refused by an approver"


async def test_a_final_approval_is_not_spoken_before_the_thaw(world):
    world.rules = RULES + APPROVE_SMALL
    async with world.running() as house:
        assert (await house.asks(ASKED)).action == "APPROVE"
        freeze = await house.freezes("dee")
        heard: list[object] = []
        again = asyncio.create_task(house.asks(ASKED, on_event=heard.append))
        await until(lambda: len(heard) > 2)
        assert not again.done()
        assert {line["reason"] for line in house.lines if line["event"] == "unanswered"} == {
            "frozen"
        }
        await house.thaws("dee", freeze)
        await house.thaws("eli", freeze)
        assert (await again).action == "APPROVE"


@pytest.mark.parametrize(
    ("scope", "name", "what", "frozen"),
    [
        ("wallet", WALLET, ASKED, True),
        ("wallet", "another-wallet", ASKED, False),
        ("wallet", "another-wallet", ASKED.with_extra("wallet.wallet_id", ABSENT), True),
        ("wallet", "another-wallet", ASKED.with_extra("wallet.wallet_id", ""), True),
        ("wallet", "treasury", ASKED.with_extra("wallet.name", "Treasury"), True),
        ("wallet", WALLET, ASKED.with_extra("wallet.wallet_id", "another-wallet"), True),
        ("source", SOURCE, ASKED, True),
        ("source", SOURCE.lower(), ASKED, True),
        ("source", OTHER, ASKED, False),
        ("source", OTHER, sample("keygen_secp256k1"), True),
    ],
    ids=[
        *("wallet", "other wallet", "unknown wallet", "empty wallet", "wallet's name"),
        *("wallet of the transaction", "source", "lower case", "other", "no source"),
    ],
)
async def test_a_wallet_or_source_stops_what_is_its_own_or_unknown(
    world, scope, name, what, frozen
):
    world.rules = RULES + APPROVE_SMALL
    async with world.running() as house:
        await house.freezes("dee", scope, name)
        asking = asyncio.create_task(house.asks(what))
        if frozen:
            assert (await asking).error.startswith("frozen: ")
        else:
            assert (await asking).action == "APPROVE"


async def test_a_freeze_works_with_slack_down(world, monkeypatch):
    async with local_slack() as slack:
        world.with_slack(slack.settings, monkeypatch, "http")
        slack.fail("chat.postMessage", Fails(hangs=True))
        async with world.running() as house:
            async with asyncio.timeout(6):  # Slack's own timeout is longer
                await house.freezes("dee")
                assert (await house.asks(ASKED)).error.startswith("frozen: ")


async def test_a_freeze_works_with_a_broken_policy_on_disk(world):
    async with world.running() as house:
        (world.folder / "policy.toml").write_text("nonsense")
        await house.freezes("dee")
        assert (await house.asks(ASKED)).error.startswith("frozen: ")


# What ends it


async def test_a_thaw_takes_two_people_and_one_person_twice_is_one(world):
    async with world.running() as house:
        freeze = await house.freezes("dee")
        told = await house.thaws("dee", freeze)
        assert told["what"] == "thaw_voted"
        command = f"countersign thaw {freeze} --reason …"
        assert told["told"][1] == f"1 of 2: another of on_call must run: {command}"
        with pytest.raises(Failure, match=r"You have voted to thaw it already\. 1 of 2: another"):
            await house.thaws("dee", freeze)
        assert (await house.asks(ASKED)).error.startswith("frozen: ")
        told = await house.thaws("eli", freeze)
        assert told["what"] == "thawed"
        assert told["told"] == [
            f"Thawed: everything (freeze {freeze}). Nothing is frozen any more."
        ]
        assert await standing(house) == []
        asking = asyncio.create_task(house.asks(ASKED.fresh(7)))
        await house.votes("ana")
        assert (await asking).action == "APPROVE"
        whats = [line["what"] for line in house.frozen()]
        assert whats == ["begun", "frozen", "thawing", "thaw_voted", "thawing", "thawed"]


async def test_votes_more_than_an_hour_apart_do_not_add_up(world):
    async with world.running() as house:
        freeze = await house.freezes("dee")
        await house.thaws("dee", freeze)
        world.clock.ahead_ms = HOUR + 60_000
        assert (await house.thaws("eli", freeze))["what"] == "thaw_voted"
        (entry,) = await standing(house)
        assert [vote["person"] for vote in entry["thaws"]] == ["eli"]
        assert (await house.thaws("dee", freeze))["what"] == "thawed"


async def test_only_the_freeze_that_was_named_ends(world):
    async with world.running() as house:
        first, second = await house.freezes("dee"), await house.freezes("eli", "wallet", WALLET)
        with pytest.raises(Failure, match="No freeze 99-abcd stands"):
            await house.thaws("dee", "99-abcd")
        await house.thaws("dee", first)
        told = await house.thaws("eli", second)
        assert told["what"] == "thaw_voted"
        told = await house.thaws("eli", first)
        assert told["told"] == [
            f"Thawed: everything (freeze {first}). Still frozen: wallet {WALLET} (freeze {second})."
        ]


async def test_a_freeze_for_which_there_is_no_room_is_refused_with_what_to_do(
    world, store, monkeypatch
):
    async with world.running() as house:
        await house.freezes("dee")
        room = store.strlen(FREEZE_KEY) + 100
        monkeypatch.setattr("approvals.freezes.store.MOST_RECORD", room)
        with pytest.raises(Failure) as refused:
            await house.freezes("eli", "wallet", WALLET)
        monkeypatch.undo()
        assert str(refused.value).startswith(
            "So much is frozen that no more fits into its record, and nothing was stored:"
        )
        assert refused.value.exit_code == 1
        assert len(await standing(house)) == 1


async def test_who_left_on_call_does_not_thaw(world):
    async with world.running() as house:
        freeze = await house.freezes("dee")
        await house.thaws("dee", freeze)
        text = people().replace('on_call = ["dee", "eli"]', 'on_call = ["chen", "eli"]')
        (world.folder / "policy.toml").write_text(text + RULES)
        assert (await asyncio.to_thread(house.desk.reload_policy))["outcome"] == "changed"
        assert (await house.thaws("eli", freeze))["what"] == "thaw_voted"
        assert (await house.thaws("chen", freeze))["what"] == "thawed"


# What never does


@pytest.mark.parametrize("kept", ["redis", "audit"])
async def test_a_restart_keeps_it(world, store, kept):
    async with world.running() as house:
        await house.freezes("dee")
        await house.kill()
    if kept == "audit":
        store.flushdb()
    async with world.running() as house:
        assert (await house.asks(ASKED)).error.startswith("frozen: ")
        assert len(await standing(house)) == (1 if kept == "redis" else 2)
        frozen = [line["event"] for line in house.lines if "SIGNING IS FROZEN" in line["event"]]
        assert len(frozen) == (1 if kept == "redis" else 2)
        assert any("everything" in line and "by dee" in line for line in frozen)
        assert all("To thaw it, 2 of on_call must run: countersign" in line for line in frozen)


def lose(store, how, before):
    match how:
        case "deleted":
            store.delete(FREEZE_KEY)
        case "older":
            store.set(FREEZE_KEY, before)
        case "garbage":
            store.set(FREEZE_KEY, b"\x00" * 90)
        case "another type":
            store.delete(FREEZE_KEY)
            store.rpush(FREEZE_KEY, "x")
        case _:
            raise AssertionError(how)


@pytest.mark.parametrize("how", ["deleted", "older", "garbage", "another type"])
async def test_a_lost_record_freezes_everything_until_two_people_thaw(world, store, how):
    async with world.running() as house:
        narrow = await house.freezes("dee", "source", OTHER)
        before = store.get(FREEZE_KEY)
        for person in ("dee", "eli"):
            await house.thaws(person, narrow)
        lose(store, how, before)
        await until(lambda: any(line.get("what") == "freeze_lost" for line in house.lines))
        assert (await house.asks(ASKED)).error.startswith("frozen: ")
        numbers = house.observer.metrics.render().decode()
        assert 'alarms_total{what="freeze_lost"} 1.0' in numbers
        (entry,) = await standing(house)
        assert (entry["person"], entry["scope"]) == (None, "everything")
        assert "was lost" in entry["reason"]
        await house.thaws("dee", entry["id"])
        await house.thaws("eli", entry["id"])
        asking = asyncio.create_task(house.asks(ASKED.fresh(7)))
        await house.votes("ana")
        assert (await asking).action == "APPROVE"


async def test_two_gateways_learn_of_each_others_freezes(world, redis_url, tmp_path):
    (tmp_path / "two").mkdir()
    two = World(tmp_path / "two", redis_url, window=world.window)
    async with world.running() as one, two.running() as other:
        asking = asyncio.create_task(other.asks(ASKED))
        await other.pending()
        freeze = await one.freezes("dee")
        assert (await asking).error.startswith("frozen: ")
        assert [entry["id"] for entry in await standing(other)] == [freeze]
        learned = [line for line in other.frozen() if line["what"] == "learned"]
        assert any(line["record"]["freezes"] for line in learned)
        await one.thaws("dee", freeze)
        assert (await other.thaws("eli", freeze))["what"] == "thawed"
        assert await standing(one) == []


async def test_no_approval_becomes_final_after_a_freeze_it_was_not_decided_under(world):
    """The freeze lands between the decision and its write: the write itself must see it."""
    world.rules = RULES + APPROVE_SMALL
    async with world.running() as house:
        ledger = house.service._ledger
        create = ledger.store.create
        raced: list[str] = []

        async def late(*arguments, **options):
            if not raced:
                raced.append(options["under"])
                await house.freezes("dee")
                ledger.freezing._seen = None  # as in a gateway that has not heard of it yet
            return await create(*arguments, **options)

        ledger.store.create = late
        conclusion = await house.asks(ASKED)
        assert raced
        assert raced[0] != ""
        assert conclusion.error.startswith("frozen: ")


async def test_no_vote_makes_it_final_after_a_freeze_either(world):
    async with world.running() as house:
        ledger = house.service._ledger
        swap = ledger.store.swap
        raced: list[str] = []

        async def late(old, new, lists, *, under=""):
            if new.final is not None and not raced:
                raced.append(under)
                with contextlib.suppress(Failure):
                    await house.freezes("dee")
                ledger.freezing._seen = None
            return await swap(old, new, lists, under=under)

        ledger.store.swap = late
        asking = asyncio.create_task(house.asks(ASKED))
        await house.votes("ana")
        assert (await asking).error.startswith("frozen: ")
        assert raced[0] != ""
