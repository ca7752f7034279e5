"""What nodes tell of their own accord, over real HTTP: who is heard, and what comes of it."""

import asyncio

import aiohttp
import pytest
import redis

from approvals.aftermath.hearing import Aftermath
from approvals.aftermath.store import AfterStore
from approvals.audit import Audit, AuditDown
from approvals.redis.link import StoreDown, key
from gateway.config.file import ConfigError, load
from gateway.doors.callback import Callback
from gateway.evidence.story import show
from gateway.evidence.verify import Wanted, report_of
from tests.support.events import event, tells, token
from tests.support.requests import sample
from tests.support.scene import two_gateways
from tests.support.slack_server import local_slack
from tests.support.waiting import until
from tests.support.world import APPROVE_SMALL, REJECT_BIG, RULES

ASKED = sample("keysign_erc20_usdt")


@pytest.fixture
async def house(world, monkeypatch):
    monkeypatch.setattr("approvals.aftermath.hearing.GRACE_MS", 200)
    world.with_events = True
    world.rules = RULES + APPROVE_SMALL
    async with world.running() as house:
        yield house


def alarms(house):
    return [line["what"] for line in house.lines if line["event"] == "alarm"]


def reported(house):
    return [line for line in house.audit() if line["event"] == "node_reported"]


async def test_a_signature_is_matched_with_what_was_approved_and_audited_once(house, capsys):
    assert (await house.asks()).action == "APPROVE"
    signed = event(shape="guide")
    for one in (signed, event("created"), signed):
        assert await tells(house, one) == (200, "")
    assert [(line["report"]["stage"], line["agrees"]) for line in reported(house)] == [
        ("succeeded", True),
        ("created", True),
    ]
    assert alarms(house) == []
    (approval,) = await house.service.find(ASKED.request_id)
    dossier = await asyncio.to_thread(house.desk.find, ASKED.request_id)
    assert "· signed at " in dossier[0]["status"]
    assert (await house.service.after_of(approval)).taken is None  # nobody was asked
    settings = load(house.world.folder / "countersign.toml")
    show(settings, ASKED.request_id, as_json=False)
    told = capsys.readouterr().out
    assert "node-1 reports key sign succeeded" in told
    assert report_of(settings, Wanted((), (), (), as_json=False)).findings == []
    _, metrics = await house.get("/metrics", base=house.running.operator.url)
    assert 'countersign_events_total{kind="key_sign",stage="succeeded"} 1.0' in metrics


async def test_neither_key_opens_the_others_door(house):
    assert (await tells(house, event(), key="node-1"))[0] == 401
    assert (await tells(house, ASKED.package, path="/v2/check"))[0] == 401
    assert (await tells(house, event(), key="stranger"))[0] == 401
    assert reported(house) == house.audit() == []
    assert (await tells(house, event()))[0] == 200


async def test_without_an_event_key_that_nodes_events_are_refused_like_a_strangers(world):
    async with world.running() as house:
        assert await tells(house, event()) == (401, "The token does not verify.")


async def test_one_key_for_both_doors_stops_the_start(world):
    world.with_events = True
    path = world.write()
    keys = world.folder / "keys"
    (keys / "node-1-events.pub").write_bytes((keys / "node-1.pub").read_bytes())
    with pytest.raises(ConfigError, match="this key for events, and node-1 for callbacks"):
        load(path)


async def test_two_event_keys_are_accepted_while_they_rotate(world):
    world.with_events = True
    path = world.write()
    config = path.read_text()
    one = '"keys/node-1-events.pub"'
    path.write_text(config.replace(one, f'[{one}, "keys/node-2.pub"]'))
    world.write = lambda: path
    async with world.running() as house:
        for key in ("node-1-events", "node-2"):
            assert (await tells(house, {"event_type": "ping"}, key=key))[0] == 200


async def test_what_is_no_form_is_refused_as_at_the_callback(house):
    url = house.running.public.url + "/v2/event"
    headers = {"content-type": "application/x-www-form-urlencoded"}
    async with aiohttp.ClientSession() as session:
        for data in (b"", b"TSS_JWT_MSG=", b"x=1", b"TSS_JWT_MSG=" + b"%41" * 2_000):
            async with session.post(url, data=data, headers=headers) as answer:
                assert answer.status == 400
        async with session.get(url) as answer:
            assert (answer.status, answer.headers["allow"]) == (405, "POST")


async def test_a_ping_is_200_and_nothing_else(house):
    for ping in ({"event_type": "ping"}, {"event_type": "ping", "event_id": "p", "data": {}}):
        assert await tells(house, ping) == (200, "")
    assert house.audit() == []


async def test_what_cannot_be_read_is_200_recorded_and_an_alarm_if_it_may_be_a_signature(house):
    for package in (b"nonsense", {"event_type": "request.keygen.succeeded"}):
        assert await tells(house, package) == (200, "")
    assert alarms(house) == []
    assert await tells(house, {"event_type": "request.keysign.succeeded"}) == (200, "")
    assert alarms(house) == ["event_unreadable"]
    assert [line["what"] for line in house.audit()] == [
        "",
        "request.keygen.succeeded",
        "request.keysign.succeeded",
    ]
    registry = house.observer.metrics.registry
    assert registry.get_sample_value("countersign_events_unreadable_total", {"node": "node-1"}) == 3


async def test_what_cannot_be_kept_is_503_so_that_the_node_repeats_it(house, monkeypatch):
    assert (await house.asks()).action == "APPROVE"

    async def store_down(*_args, **_more):
        raise StoreDown("away")

    async def disk_full(*_args):
        raise AuditDown("full")

    with monkeypatch.context() as down:
        down.setattr(AfterStore, "write", store_down)
        assert (await tells(house, event()))[0] == 503
    with monkeypatch.context() as down:
        down.setattr(Audit, "write", disk_full)
        for package in (event(), b"nonsense"):
            assert (await tells(house, package))[0] == 503
    (approval,) = await house.service.find(ASKED.request_id)
    assert not (await house.service.after_of(approval)).reported
    assert (await tells(house, event()))[0] == 200
    assert (await house.service.after_of(approval)).reported


async def test_an_error_nobody_foresaw_is_silence_so_that_the_node_repeats_it(house, monkeypatch):
    async def breaks(*_args):
        raise RuntimeError

    monkeypatch.setattr("approvals.aftermath.hearing.Aftermath.hear", breaks)
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await tells(house, event())


async def test_a_signature_that_nobody_approved_is_an_alarm_after_a_moment(house):
    assert (await tells(house, event(request_id="nobody:1", task="nobody")))[0] == 200
    await until(lambda: alarms(house) == ["signed_unknown"])


async def test_a_start_finds_in_the_audit_what_people_were_not_told_before(
    world, redis_url, monkeypatch
):
    """It died within the grace, and what it kept is gone from Redis."""
    monkeypatch.setattr("approvals.aftermath.hearing.GRACE_MS", 1_000)
    world.with_events = True
    async with world.running() as house:
        assert (await tells(house, event(request_id="nobody:1", task="nobody")))[0] == 200
        await house.kill()
        assert alarms(house) == []
    with redis.Redis.from_url(redis_url) as store:
        assert store.delete(key("doubts"), key("untold")) == 2
    async with world.running() as house:
        await until(lambda: alarms(house) == ["signed_unknown"])


async def test_events_never_decide(world):
    """A node that says that it signed changes nothing about what it is answered."""
    world.with_events = True
    world.rules = RULES + REJECT_BIG
    async with world.running() as house:
        for stage in ("created", "succeeded"):
            assert (await tells(house, event(stage)))[0] == 200
        conclusion = await house.asks()
        assert (conclusion.action, conclusion.error[:5]) == ("REJECT", "rule:")


async def test_the_whole_story_in_slack_through_two_gateways(world, tmp_path, monkeypatch):
    async with local_slack() as slack:
        world.with_events = True
        world.with_slack(slack.settings, monkeypatch, "http")
        async with two_gateways(world, tmp_path) as (one, two):
            asking = asyncio.create_task(one.asks())
            await until(lambda: len(slack.messages) == 1)
            await one.votes("ana")
            assert (await asking).action == "APPROVE"
            await until(lambda: "taken by the node" in slack.message.all_text)
            assert (await tells(two, event()))[0] == 200
            assert (await tells(one, event()))[0] == 200
            await until(lambda: "· signed at" in slack.message.text)
            assert len(reported(one)) + len(reported(two)) == 1
            assert alarms(one) == alarms(two) == []
            await until(lambda: any(said.text.startswith("Signed at") for said in slack.said))
            events = [line["event"] for line in one.audit()]
            assert events.index("answered") < events.index("answer_taken")


async def test_a_node_that_left_before_the_answer_was_written_took_nothing(house, monkeypatch):
    noted, gone, signed = [], asyncio.Event(), asyncio.Event()
    real = Callback._signed

    async def taken(_aftermath, approval):
        noted.append(approval.request_id)

    async def slowly(*args):
        signed.set()
        await gone.wait()
        return await real(*args)

    monkeypatch.setattr(Aftermath, "taken", taken)
    monkeypatch.setattr(Callback, "_signed", slowly)
    public = house.running.public
    _, writer = await asyncio.open_connection(public.host, public.port)
    body = f"TSS_JWT_MSG={token(house, ASKED.package, 'node-1')}".encode()
    head = f"POST /v2/check HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    await signed.wait()
    writer.transport.abort()
    await until(lambda: not public.connections)
    gone.set()
    assert (await house.asks()).action == "APPROVE"
    assert noted == [ASKED.request_id]
