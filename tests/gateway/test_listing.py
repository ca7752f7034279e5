"""`list` with its filters: what is open, what was decided, and what it honestly leaves out."""

import asyncio
import contextlib
import json
from dataclasses import replace

import pytest
from click import UsageError
from starlette.datastructures import QueryParams

from approvals.birth import brief_of
from approvals.findings import Claims, Findings, Passed
from approvals.model import Choice
from approvals.window import Window
from gateway.config.file import load_for_operator
from gateway.config.settings import Address
from gateway.desk import selecting
from gateway.desk.door import Refused
from gateway.desk.selection import selection_of
from gateway.oncall import listing, votes
from gateway.oncall.listing import Filter
from gateway.oncall.terminal import Failure
from tests.support.events import event, tells
from tests.support.requests import sample
from tests.support.waiting import PATIENCE_S
from tests.support.world import APPROVE_SMALL, RULES

ASKED = {
    "approved": sample("keysign_erc20_usdt"),
    "rejected": sample("keysign_eth_transfer_eip1559"),
    "open": sample("keysign_raw_message_hash"),
}
WALLET = "7fc2bfef-0cad-5764-b4ba-a03dc1266f62"
IDS = {what.request_id: name for name, what in ASKED.items()}


@contextlib.asynccontextmanager
async def decided(world):
    """A gateway where one request was approved, then one rejected, and one waits."""
    world.window = Window(retry_times=60, sleep_ms=200, timeout_ms=10_000)
    async with world.running() as house:
        for name in ("approved", "rejected"):
            asking = asyncio.create_task(house.asks(ASKED[name]))
            choice = Choice.APPROVE if name == "approved" else Choice.REJECT
            await house.votes("ana", choice)
            await asking
        asking = asyncio.create_task(house.asks(ASKED["open"]))
        await house.pending()
        yield house
        asking.cancel()


async def listed(house, **query):
    """The names of what a query finds, and the rest of the answer."""
    answer = await asyncio.to_thread(house.desk.approvals, query)
    found = answer.pop("approvals")
    assert all(entry["request"] is None for entry in found)
    return [IDS[entry["approval"]["request_id"]] for entry in found], answer


ALL = {"more": 0, "unseen": None, "unknown": 0}


async def test_each_state_has_its_own_and_the_newest_decision_comes_first(world, monkeypatch):
    async with decided(world) as house:
        for state, names in {
            "open": ["open"],
            "waiting": ["open"],
            "approved": ["approved"],
            "rejected": ["rejected"],
            "finished": ["rejected", "approved"],
            "all": ["open", "rejected", "approved"],
        }.items():
            assert await listed(house, state=state) == (names, ALL)
        assert await listed(house) == (["open"], ALL)

        # Times: of what is open when it was asked, of what is finished when it was decided.
        ended = {
            name: (await house.service.find(what.request_id))[0].final.at
            for name, what in ASKED.items()
            if name != "open"
        }
        since = ended["approved"] + 1
        assert await listed(house, state="all", since=since) == (["open", "rejected"], ALL)
        assert await listed(house, state="all", until=since) == (["approved"], ALL)
        assert await listed(house, state="finished", since=10**14) == ([], ALL)
        assert await listed(house, since=10**14) == ([], ALL)

        # Wallets: by the names that a freeze knows them by.
        for wallet in (WALLET, "Hot wallet", " hot WALLET "):
            found, _ = await listed(house, state="all", wallet=wallet)
            assert found == ["open", "rejected", "approved"]
        for wallet in ("Hot", "another", "treasury-api-key"):
            assert await listed(house, state="all", wallet=wallet) == ([], ALL)

        # What has no room is counted; what was not looked at is said.
        assert await listed(house, state="all", limit=1) == (["open"], ALL | {"more": 2})
        assert await listed(house, state="all", limit=2) == (
            ["open", "rejected"],
            ALL | {"more": 1},
        )
        monkeypatch.setattr(selecting, "MOST_LOOKED_AT", 1)
        older = ALL | {"unseen": ended["rejected"]}
        assert await listed(house, state="finished") == (["rejected"], older)
        assert await listed(house, state="approved") == ([], older)
        monkeypatch.setattr(selecting, "MOST_LOOKED_AT", 0)
        for query in ({"state": "waiting"}, {"wallet": WALLET}):
            assert await listed(house, **query) == ([], ALL | {"unseen": 0})


REFUSES_TRX = """
[[rule]]
id = "no-tron"
why = "Nothing leaves on Tron"
effect = "reject"
when.chain = "TRON"
"""


async def test_what_the_rules_decided_is_found_by_its_wallet_and_says_what_it_was(world, capsys):
    world.rules = RULES + APPROVE_SMALL + REFUSES_TRX
    world.with_events = True
    async with world.running() as house:
        assert (await house.asks(ASKED["approved"])).action == "APPROVE"
        assert (await house.asks(sample("keysign_tron_trx"))).action == "REJECT"
        assert (await tells(house, event()))[0] == 200
        for wallet in (WALLET, " hot WALLET "):
            answer = await asyncio.to_thread(
                house.desk.approvals, {"state": "finished", "wallet": wallet}
            )
            assert answer | {"approvals": len(answer["approvals"])} == ALL | {"approvals": 2}
        assert (await listed(house, state="finished", wallet="another")) == ([], ALL)
        told = (await said(house, capsys, Filter("finished"))).out.splitlines()
        columns = [line.split("\t") for line in told]
        assert [(row[1], row[3]) for row in columns] == [
            ("REJECT", "Send 12.5 TRX -> TVaK22…XrjH on Tron"),
            ("APPROVE", "Send 2,500 USDT -> 0xd631…2A2c on Ethereum"),
        ]
        assert all(row[5].endswith(" UTC") for row in columns)
        machine = json.loads((await said(house, capsys, Filter("approved"), as_json=True)).out)
        (one,) = machine
        (report,) = one["after"].pop("reports")
        wanted = {"request_type": "key_sign", "rules": ["small"], "verified": True, "votes": []}
        wanted |= {"wallet": {"id": WALLET, "name": "Hot wallet"}, "needs": []}
        wanted |= {"after": {"taken_at": None, "overdue": False, "alarming": False}}
        assert {name: one[name] for name in wanted} == wanted
        assert (report["stage"], report["agrees"], report["why"]) == ("succeeded", True, "")
        settings = house_settings(house)
        await asyncio.to_thread(votes.show, settings, ASKED["approved"].request_id, as_json=False)
        page = capsys.readouterr().out
        assert page.startswith("Send 2,500 USDT -> 0xd631…2A2c on Ethereum\nThe bytes of this")
        assert f"countersign audit show node-1/{ASKED['approved'].request_id}" in page
        for line in (
            "  Cobo says:           wallet Hot wallet (7fc2bfef-0cad-5764-b4ba-a03dc1266f62)",
            "  Rule:                small: Small transfers need nobody",
            "  Signed:              2026-",
        ):
            assert f"\n{line}" in page
        # Its bytes are in the audit, and only there; the record's own line there has no summary.
        assert all("brief" not in line.get("approval", {}) for line in house.audit())
        with pytest.raises(Failure, match="Its bytes are in the audit: countersign audit show"):
            await asyncio.to_thread(
                votes.show, settings, ASKED["approved"].request_id, as_json=False, raw=True
            )


async def test_what_a_list_cannot_tell_by_its_wallet_is_counted(world, capsys, monkeypatch):
    monkeypatch.setattr("approvals.arriving.brief_of", lambda *_: None)  # as of an older version
    world.rules = RULES + APPROVE_SMALL
    async with world.running() as house:
        assert (await house.asks(ASKED["approved"])).action == "APPROVE"
        told = await said(house, capsys, Filter("finished", wallet=WALLET))
        assert told.out == ""
        assert told.err.startswith("Of 1 finished request nothing is kept that says its wallet")


def test_a_summary_is_short_whatever_cobo_says():
    claims = Claims(wallet_id="w" * 201, wallet_name="n" * 200)
    brief = brief_of(Findings("ab", 2, Passed(), claims), "h" * 9_999)
    assert (len(brief.headline), brief.wallet_id, brief.wallet_name) == (300, "", "n" * 200)


def test_times_that_enclose_nothing_are_wrong_usage(world):
    with pytest.raises(UsageError, match="--until is before --since"):
        listing.list_approvals(
            load_for_operator(world.write()), Filter(since=2, until=1), as_json=True
        )


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("state=Open", "A state is one of open, waiting, approved, rejected, finished, all."),
        ("state=", "A state is one of"),
        ("since=-1", "A time is a whole number of milliseconds"),
        ("since=%D9%A3", "A time is a whole number"),
        ("until=1e3", "A time is a whole number"),
        ("until=9999999999999999", "A time is a whole number"),
        ("wallet=%20", "A wallet is an id or a name of at most 200 characters."),
        (f"wallet={'w' * 201}", "A wallet is an id or a name"),
        ("limit=0", "A limit is a whole number from 1 to 500."),
        ("limit=501", "A limit is a whole number"),
        ("limit=1_0", "A limit is a whole number"),
        ("colour=red", "A list is asked for by state, since, until, wallet, limit, each once"),
        ("state=open&state=all", "each once at most"),
    ],
    ids=lambda value: "",
)
def test_a_query_that_is_none_is_one_sentence(query, said):
    with pytest.raises(Refused) as told:
        selection_of(QueryParams(query))
    assert told.value.status == 400
    assert said in str(told.value)


async def test_the_gateway_refuses_a_query_that_is_none(world):
    async with world.running() as house:
        with pytest.raises(Failure, match="A state is one of open, waiting"):
            await listed(house, state="open or so")


def house_settings(house):
    """As the commands read them, with the port that the system chose."""
    operator = house.running.operator
    settings = load_for_operator(house.world.folder / "countersign.toml")
    return replace(settings, operator_listen=Address(operator.host, operator.port))


async def said(house, capsys, wanted, *, as_json=False):
    """What `list` prints, and what it says on standard error."""
    capsys.readouterr()
    await asyncio.to_thread(listing.list_approvals, house_settings(house), wanted, as_json=as_json)
    return capsys.readouterr()


async def test_people_and_machines_read_what_was_decided_and_what_was_left_out(
    world, capsys, monkeypatch
):
    async with decided(world) as house:
        told = ""
        async with asyncio.timeout(PATIENCE_S):
            while f"countersign reject node-1/{ASKED['open'].request_id}" not in told:
                told += capsys.readouterr().out  # the console is told of it, and then is quiet
                await asyncio.sleep(0.01)
        lines = (await said(house, capsys, Filter())).out.splitlines()
        assert [line.split("\t")[0] for line in lines] == [f"node-1/{ASKED['open'].request_id}"]
        # A time without a state means: what happened.
        lines = (await said(house, capsys, Filter(since=0))).out.splitlines()
        columns = [line.split("\t") for line in lines]
        assert [row[1] for row in columns[1:]] == ["REJECT", "APPROVE"]
        assert columns[1][2].startswith("Rejected by ana ")
        done = await said(house, capsys, Filter("finished"), as_json=True)
        assert [each["final"]["outcome"] for each in json.loads(done.out)] == ["REJECT", "APPROVE"]
        assert done.err == ""
        monkeypatch.setattr(selecting, "MOST_LOOKED_AT", 1)
        done = await said(house, capsys, Filter("finished"), as_json=True)
        assert len(json.loads(done.out)) == 1
        assert done.err.startswith("What ended before 20")
        until = done.err.split("--until ")[1].rstrip(".\n")
        assert done.err.endswith(f" was not looked at: go on with --until {until}.\n")
