"""Events are read leniently, whatever their shape, and nothing in them raises."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.aftermath.facts import HASHES_KEPT, LONGEST_WHY, Report
from approvals.chains.tables import SHIPPED
from approvals.inspect import inspect
from approvals.request import RequestType
from gateway.doors.event_wire import Ping, UnreadableEvent, parse_event
from tests.support.effort import tried
from tests.support.events import AT, event
from tests.support.requests import sample

SIGNS = inspect(sample("keysign_erc20_usdt").request, SHIPPED).signs
BITCOIN = sample("keysign_btc_p2wpkh")


def read(document):
    found = parse_event(json.dumps(document).encode())
    assert isinstance(found, Report)
    return found


def with_data(**changes):
    whole = event()
    return {**whole, "data": {**whole["data"], **changes}}


@pytest.mark.parametrize("shape", ["guide", "sdk"])
def test_both_documented_shapes_say_the_same(shape):
    asked = sample("keysign_erc20_usdt")
    report = read(event(shape=shape, event_id="e1"))
    assert report == Report(
        event_id="e1",
        kind="key_sign",
        stage="succeeded",
        at=AT,
        request_id=asked.request_id,
        task=asked.detail["biz_task_id"],
        signs=SIGNS,
        hashes=tuple(asked.detail["msg_hash_list"]),
    )


@pytest.mark.parametrize("shape", ["guide", "sdk"])
@pytest.mark.parametrize("stage", ["created", "updated", "succeeded", "failed"])
@pytest.mark.parametrize(
    "name", ["keygen_secp256k1", "keyreshare_secp256k1", "keysharesign_type5", "keysign_erc20_usdt"]
)
def test_every_kind_and_stage_is_read(name, stage, shape):
    asked = sample(name)
    report = read(event(stage, asked, shape=shape))
    assert (report.kind, report.stage) == (RequestType(asked.type).label, stage)
    assert (report.request_id, report.task) == (asked.request_id, asked.detail["biz_task_id"])


def test_several_hashes_are_one_name_in_their_order_and_results_in_another_order_are_the_same():
    whole = event(of=BITCOIN)
    whole["data"]["result"]["signatures"].reverse()
    assert read(whole).signs == inspect(BITCOIN.request, SHIPPED).signs
    other = event(of=BITCOIN, hashes=["0x" + "ab" * 32, "0x" + "cd" * 32])
    other["data"]["request_detail"]["msg_hash_list"].reverse()
    assert read(other).signs != read(event(of=BITCOIN, hashes=["0x" + "ab" * 32])).signs


def test_what_the_result_says_was_signed_counts_more_than_what_was_asked_for():
    whole = event()
    whole["data"]["result"]["signatures"][0]["msg_hash"] = "0x" + "ee" * 32
    assert read(whole).hashes == ("0x" + "ee" * 32,)


@pytest.mark.parametrize("hashes", [[1], [None], [{}], [["0x" + "ab" * 32]]])
def test_a_hash_that_is_no_text_does_not_vanish(hashes):
    report = read(with_data(request_detail={"msg_hash_list": hashes}, result={}))
    assert report.signs not in {"", SIGNS}


@pytest.mark.parametrize("status", [3, "3", 100, 190, "190", -1, 2.5, True, None, {}])
def test_no_status_is_wrong(status):
    assert read(with_data(request_status=status)).stage == "succeeded"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ({"failed_reason": "no quorum"}, "no quorum"),
        ({"failed_reason": "x" * 9_999}, "x" * LONGEST_WHY),
        ({"request_status": 160}, "declined"),
        ({"request_status": "180", "failed_reason": " "}, "cancelled"),
        ({"request_status": 170}, ""),
        ({"failed_reason": 7}, ""),
    ],
)
def test_why_it_failed_is_what_the_node_says_bounded(data, why):
    whole = {**event("failed"), "data": data}
    assert read(whole).why == why


@pytest.mark.parametrize("data", [{}, None, [], "", "x", 7])
def test_without_data_there_is_nothing_to_match_and_that_is_said_by_empty_names(data):
    report = read({**event(), "data": data})
    assert (report.request_id, report.task, report.signs, report.hashes) == ("", "", "", ())
    without = event()
    del without["data"]
    assert read(without) == report


def test_a_detail_may_be_a_text():
    detail = json.dumps(event()["data"]["request_detail"])
    assert read(with_data(request_detail=detail, result=None)).signs == SIGNS


def test_unknown_keys_are_ignored_and_much_is_bounded():
    many = [f"0x{number:064x}" for number in range(500)]
    report = read({**event(hashes=many), "news": {"a": [1]}})
    assert len(report.hashes) == HASHES_KEPT
    assert report.signs


@pytest.mark.parametrize("data", [{}, None, {"x": 1}])
def test_a_ping_is_a_ping_with_whatever_it_brings(data):
    assert parse_event(json.dumps({"event_type": "ping", "data": data}).encode()) == Ping()


@pytest.mark.parametrize(
    ("package", "of_signing"),
    [
        (b"", False),
        (b"\xff", False),
        (b"[]", False),
        (b'{"event_type":"request.keysign.succeeded"', True),
        (b'{"event_type":"request.keysign.succeeded","event_id":"a","event_id":"b"}', True),
        (b'{"event_type":"request.keysign.succeeded"}', True),
        (b'{"event_type":"request.keysign.succeeded","event_id":7}', True),
        (b'{"event_type":"request.KeySign.other","event_id":"a"}', True),
        (b'{"event_type":"request.keygen.succeeded"}', False),
        (b'{"event_type":"request.dance.succeeded","event_id":"a"}', False),
        (b'{"event_type":7,"event_id":"a"}', False),
        (b"[" * 100_000, False),
        (b'{"event_id":"a","event_type":"request.keysign.succeeded","data":' + b"[" * 9_999, True),
    ],
)
def test_what_cannot_be_read_says_so_and_whether_it_may_be_about_a_signature(package, of_signing):
    with pytest.raises(UnreadableEvent) as caught:
        parse_event(package)
    assert caught.value.of_signing is of_signing
    assert len(str(caught.value)) < 100


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
KEYS = ["request_id", "request_status", "request_detail", "result", "failed_reason"]


@tried(0.4)
@given(
    data=ANY | st.fixed_dictionaries({}, optional=dict.fromkeys(KEYS, ANY)),
    outer=st.fixed_dictionaries({}, optional={"event_id": ANY, "created_timestamp": ANY}),
    kind=st.sampled_from(["keysign", "keygen"]),
    lists=st.lists(ANY, max_size=3),
)
def test_hostile_json_never_raises_anything_else(data, outer, kind, lists):
    if isinstance(data, dict) and lists:
        data["request_detail"] = {"msg_hash_list": lists, "biz_task_id": lists[0]}
        data["result"] = {"signatures": lists}
    document = {**event(), "event_type": f"request.{kind}.failed", "data": data, **outer}
    try:
        report = parse_event(json.dumps(document).encode())
    except UnreadableEvent:
        return
    assert isinstance(report, Report)
    assert type(report.at) is int
    assert all(type(text) is str for text in (report.why, report.task, *report.hashes))


@given(st.binary(max_size=200))
def test_hostile_bytes_never_raise_anything_else(package):
    with pytest.raises(UnreadableEvent):
        parse_event(package)
