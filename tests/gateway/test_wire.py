"""The eight wire fields, read exactly: what is nearly a CallbackRequest is none."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.model import Cause, Final, Outcome
from approvals.request import Request
from gateway.doors.wire import NotACallbackRequest, Ping, decided, invalid, parse, pong
from tests.support.requests import FOLDER, sample

ASKED = {"request_id": "r:1", "request_type": 2, "request_detail": "{}", "extra_info": "{}"}


def read(document):
    text = document if isinstance(document, str) else json.dumps(document)
    return parse(text.encode("utf-8", "surrogatepass"), "node-1")


@pytest.mark.parametrize("name", ["ping", "ping_omitempty", "ping_empty_objects"])
def test_every_recorded_ping_is_a_ping(name):
    assert parse((FOLDER / f"{name}.json").read_bytes(), "node-1") == Ping()


@pytest.mark.parametrize(
    "document",
    [
        {"request_type": 0},
        {"request_type": None},
        {"request_id": "", "request_detail": None, "extra_info": "{}"},
        {"request_type": 0, "request_id": "{}", "request_detail": "", "extra_info": {}},
    ],
)
def test_a_ping_may_be_spelled_with_nothing_in_many_ways(document):
    assert read(document) == Ping()


@pytest.mark.parametrize(
    "document",
    [
        {**ASKED, "request_type": 0},
        {"request_type": 0, "request_id": "r:1"},
        {"request_type": 0, "other": 1},
        {"request_type": False},
        {"request_type": 0, "request_id": []},
        {"request_type": 0, "extra_info": 0},
        {"request_id": "r:1"},
    ],
)
def test_a_ping_with_anything_in_it_is_malformed(document):
    with pytest.raises(NotACallbackRequest):
        read(document)


def test_a_request_is_kept_byte_for_byte():
    recorded = sample("keysign_erc20_usdt")
    assert parse(recorded.package, "node-1") == recorded.request


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("request_type", "2"),
        ("request_type", 2.0),
        ("request_type", True),
        ("request_type", None),
        ("request_type", [2]),
        ("request_id", 7),
        ("request_id", None),
        ("request_id", ""),
        ("request_id", "a b"),
        ("request_id", "r\n"),
        ("request_id", "é"),
        ("request_id", "x" * 129),
        ("request_id", "\ud800"),
        ("request_detail", {}),
        ("request_detail", None),
        ("request_detail", 5),
        ("request_detail", "\udfff"),
        ("extra_info", []),
        ("extra_info", None),
    ],
)
def test_an_outer_field_of_another_type_is_malformed(field, value):
    with pytest.raises(NotACallbackRequest):
        read({**ASKED, field: value})


@pytest.mark.parametrize("field", list(ASKED))
def test_a_missing_outer_field_is_malformed(field):
    with pytest.raises(NotACallbackRequest):
        read({name: value for name, value in ASKED.items() if name != field})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        '"x"',
        "{",
        '{"request_type":2,"request_type":2}',
        '{"request_type":NaN}',
        '{"request_type":' + "9" * 5_000 + "}",
        "[" * 10_000,
        '{"a":' * 10_000,
        "\x00",
    ],
)
def test_what_is_not_strict_json_is_malformed(text):
    with pytest.raises(NotACallbackRequest):
        read(text)


def test_bytes_that_are_not_utf_8_are_malformed():
    with pytest.raises(NotACallbackRequest):
        parse(b"\xff\xfe", "node-1")


def test_the_request_id_is_echoed_where_it_is_a_string():
    with pytest.raises(NotACallbackRequest) as caught:
        read({**ASKED, "request_id": "a b", "request_detail": 5})
    assert json.loads(invalid(caught.value)) == {
        "status": 10,
        "request_id": "a b",
        "action": "REJECT",
        "error": "malformed: request_id must be 1 to 128 printable ASCII characters",
    }


def test_an_unknown_type_is_still_a_request():
    assert read({**ASKED, "request_type": 4}) == Request("node-1", "r:1", 4, "{}", "{}")


def test_fields_that_the_protocol_does_not_name_are_part_of_what_is_approved():
    plain, more = read(ASKED), read({**ASKED, "sudo": True})
    assert more.surplus == '{"sudo":true}'
    assert more.digest != plain.digest


def test_a_pong_has_no_action():
    assert json.loads(pong()) == {"status": 0, "request_id": "", "error": ""}


def test_every_decision_has_status_0_and_only_a_refusal_says_why():
    yes = Final(Outcome.APPROVE, None, "approved by people", 1, 2, "p")
    no = Final(Outcome.REJECT, Cause.TIMEOUT, "no decision in time", 1, 2, "p")
    assert json.loads(decided("r:1", yes)) == {
        "status": 0,
        "request_id": "r:1",
        "action": "APPROVE",
        "error": "",
    }
    assert json.loads(decided("r:1", no))["error"] == "timeout: no decision in time"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
    | st.fixed_dictionaries(
        {}, optional=dict.fromkeys(ASKED, st.none() | st.text() | st.integers())
    )
)
def test_anything_at_all_is_a_ping_a_request_or_malformed(document):
    try:
        parsed = read(document)
    except NotACallbackRequest:
        return
    assert isinstance(parsed, Ping | Request)
