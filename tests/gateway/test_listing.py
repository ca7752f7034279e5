"""`list` with its filters: what is open, what was decided, and what it honestly leaves out."""

import asyncio
import contextlib
import json
from dataclasses import replace

import pytest
from starlette.datastructures import QueryParams

from approvals.model import Choice
from approvals.window import Window
from gateway.config.file import load_for_operator
from gateway.config.settings import Address
from gateway.desk import selecting
from gateway.desk.door import Refused
from gateway.desk.selection import selection_of
from gateway.oncall import listing
from gateway.oncall.listing import Filter
from gateway.oncall.terminal import Failure
from tests.support.requests import sample

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


ALL = {"more": 0, "unseen": None}


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
        older = {"more": 0, "unseen": ended["rejected"]}
        assert await listed(house, state="finished") == (["rejected"], older)
        assert await listed(house, state="approved") == ([], older)
        monkeypatch.setattr(selecting, "MOST_LOOKED_AT", 0)
        for query in ({"state": "waiting"}, {"wallet": WALLET}):
            assert await listed(house, **query) == ([], {"more": 0, "unseen": 0})


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


async def said(house, capsys, wanted, *, as_json=False):
    """What `list` prints, and what it says on standard error."""
    operator = house.running.operator
    settings = load_for_operator(house.world.folder / "countersign.toml")
    settings = replace(settings, operator_listen=Address(operator.host, operator.port))
    capsys.readouterr()
    await asyncio.to_thread(listing.list_approvals, settings, wanted, as_json=as_json)
    return capsys.readouterr()


async def test_people_and_machines_read_what_was_decided_and_what_was_left_out(
    world, capsys, monkeypatch
):
    async with decided(world) as house:
        told = ""
        async with asyncio.timeout(10):
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
