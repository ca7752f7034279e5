"""Whatever a message, a document or a claim about it holds: an answer, and no wrong Passed."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from approvals.chains.tables import SHIPPED
from approvals.details import read_extra
from approvals.findings import Passed, Refused, Signing, Unverified
from approvals.inspect import inspect
from approvals.inspect.messages import dissect_message
from tests.approvals.inspect.test_properties import JSON, at, places
from tests.support.effort import working_under
from tests.support.looking import seen
from tests.support.requests import ABSENT
from tests.support.typed_data import (
    PERMIT,
    TEXT,
    changed,
    claiming,
    dai,
    details,
    permit,
    permit2,
    safe_tx,
    saying,
    signing,
)

DOCUMENTS = [
    permit(),
    dai(),
    permit2("PermitSingle", details()),
    permit2("PermitBatch", details(), details(amount=3)),
    permit2("PermitTransferFrom", details()),
    permit2("PermitBatchTransferFrom", details()),
]
PASSING = [signing(whole) for whole in DOCUMENTS]
COMPARED = [
    "detail.root_pub_key",
    "detail.bip32_path_list.0",
    "detail.msg_hash_list",
    "detail.msg_hash_list.0",
    "detail.signature_type",
    "detail.biz_task_id",
    "extra.source_addresses",
    "extra.source_addresses.0.address",
    "extra.source_addresses.0.chain_id",
    "extra.transaction.transaction_id",
    "extra.transaction.chain_id",
    "extra.transaction.token_id",
    "extra.transaction.source.address",
    "extra.transaction.destination",
    "extra.transaction.destination.destination_type",
]
FORMS = ["raw_structured_data", "structured_data"]
SECONDS = 5.0
"""Longest that one hostile request of the largest size that is read may keep a processor busy."""


@pytest.mark.parametrize("base", PASSING)
def test_every_document_here_can_pass(base):
    assert seen(base).integrity == Passed()


@given(st.sampled_from(PASSING), st.sampled_from(COMPARED), JSON | st.just(ABSENT))
def test_no_claim_about_a_permit_can_change(base, path, value):
    found, change = at(path, base)
    if value != found:
        assert seen(change(value)).integrity != Passed()


@given(st.sampled_from(PASSING), st.sampled_from(COMPARED), st.data())
def test_no_character_of_a_claim_about_a_permit_can_change(base, path, data):
    found, change = at(path, base)
    if not isinstance(found, str):
        return
    where = data.draw(st.integers(0, len(found) - 1))
    character = data.draw(st.sampled_from("0123456789abcdefxXmT/.-_ é٣'"))
    other = found[:where] + character + found[where + 1 :]
    if other.lower() != found.lower():
        assert seen(change(other)).integrity != Passed()


@given(st.sampled_from(PASSING), st.sampled_from(FORMS), JSON | st.just(ABSENT), JSON)
def test_no_form_of_a_document_can_be_replaced(base, form, value, other):
    """A form may be left out; what stands there must be the document."""
    asked = base.with_transaction(f"destination.{form}", value)
    if value is not ABSENT and value not in (None, ""):
        assert seen(asked).integrity != Passed()
    rest = FORMS[1 - FORMS.index(form)]
    if other not in (None, ""):
        assert seen(asked.with_transaction(f"destination.{rest}", other)).integrity != Passed()


@given(st.sampled_from(DOCUMENTS), JSON, st.booleans(), st.data())
def test_no_value_of_a_document_can_change(whole, value, both, data):
    """Neither in one form nor in both; numbers may be spelled in another way."""
    base = signing(whole)
    path = data.draw(st.sampled_from(list(places(whole))))
    other = changed(whole, path, value)
    if json.dumps(other, sort_keys=True) == json.dumps(whole, sort_keys=True):
        return
    one = base.with_transaction("destination.structured_data", other)
    asked = claiming(base, other) if both else one
    findings = seen(asked)
    if both and findings.integrity == Passed():
        assert findings.effects == seen(base).effects
        assert isinstance(value, int | str)
    else:
        assert findings.integrity != Passed()


@given(st.sampled_from(DOCUMENTS), st.data())
def test_no_character_of_the_raw_document_can_change(whole, data):
    base, raw = signing(whole), json.dumps(whole)
    where = data.draw(st.integers(0, len(raw) - 1))
    character = data.draw(st.characters(codec="utf-8"))
    other = raw[:where] + character + raw[where + 1 :]
    try:
        same = json.loads(other) == whole
    except ValueError:
        same = False
    if not same:
        asked = base.with_transaction("destination.raw_structured_data", other)
        assert seen(asked).integrity != Passed()


@given(st.sampled_from(DOCUMENTS), JSON, st.data())
def test_a_document_with_anything_in_it_has_effects_only_as_it_hashes(whole, value, data):
    """Signed for what it then is: it passes, if at all, as an approval by the signer."""
    path = data.draw(st.sampled_from(list(places(whole))))
    other = changed(whole, path, value)
    try:
        asked = signing(other)
    except ValueError:
        asked = claiming(PERMIT, other)
    findings = seen(asked)
    assert isinstance(findings.integrity, Passed | Refused | Unverified)
    if findings.integrity == Passed():
        assert findings.complete
        assert findings.effects
        assert all(effect.owner == findings.source for effect in findings.effects)
        assert all(effect.asset.token_id for effect in findings.effects)


@given(st.binary(max_size=200), st.data())
@example(bytes(32), None)
def test_any_text_gets_an_answer_and_never_passes(message, data):
    findings = seen(saying(message))
    assert isinstance(findings.integrity, Unverified)
    (effect,) = findings.effects
    assert isinstance(effect, Signing)
    assert len(effect.preview) < 1_100
    assert not findings.complete
    if data is None or not message:
        return
    other = bytearray(message)
    other[data.draw(st.integers(0, len(message) - 1))] ^= data.draw(st.integers(1, 255))
    (digest,) = saying(message).detail["msg_hash_list"]
    asked = saying(bytes(other)).with_detail("msg_hash_list", [digest])
    assert isinstance(seen(asked).integrity, Refused)


@given(st.sampled_from([PERMIT, TEXT, signing(safe_tx())]), JSON, st.data())
def test_anything_as_a_message_gets_an_answer(base, value, data):
    key = data.draw(st.sampled_from(["message", *FORMS]))
    findings = seen(base.with_transaction(f"destination.{key}", value))
    assert isinstance(findings.integrity, Passed | Refused | Unverified)
    if findings.integrity != Passed():
        assert not findings.complete or base is PERMIT
    extra = read_extra(base.with_transaction(f"destination.{key}", value).request.extra).value
    if extra is not None:
        assert len(dissect_message(extra)) <= 201


@pytest.mark.parametrize(
    "asked",
    [
        saying(b"\xff" * 780_000),
        saying("\u202e".encode() * 260_000),
        claiming(PERMIT, {"types": {f"T{n}": [] for n in range(50_000)}}),
        claiming(PERMIT, changed(permit(), "message.value", [0] * 300_000)),
        claiming(PERMIT, changed(permit(), "message.value", "9" * 900_000)),
        claiming(PERMIT, changed(permit(), "domain.name", "x" * 900_000)),
        claiming(PERMIT, changed(permit(), "types.Permit.0.type", "uint8" + "[]" * 300_000)),
        claiming(PERMIT, changed(permit(), "types.Permit.0.type", "a" * 900_000)),
        PERMIT.with_transaction("destination.raw_structured_data", "[" * 1_000_000),
        PERMIT.with_transaction("destination.raw_structured_data", None).with_transaction(
            "destination.structured_data", changed(permit(), "message.value", [[]] * 300_000)
        ),
    ],
)
def test_a_message_as_large_as_is_read_gets_an_answer_in_bounded_time(asked):
    request = asked.request
    with working_under(SECONDS):
        findings = inspect(request, SHIPPED)
    assert findings.integrity != Passed()
    assert all(len(note.text) < 1_100 for note in findings.notes)


def test_many_types_that_hold_each_other_are_hashed_in_bounded_time():
    """The worst that the bounds allow: each type's hash is over all 32 of them."""
    names = [f"T{number:02}{'x' * 60}" for number in range(31)]
    types = {
        name: [
            {"name": f"m{number:02}{'y' * 60}", "type": f"{names[(at + number) % 31]}[]"}
            for number in range(64)
        ]
        for at, name in enumerate(names)
    }
    message: dict[str, list[Any]] = {member["name"]: [] for member in types[names[0]]}
    for name in names[1:]:
        empty: dict[str, list[Any]] = {member["name"]: [] for member in types[name]}
        place = next(m["name"] for m in types[names[0]] if m["type"] == f"{name}[]")
        message[place] = [empty]
    whole = {**permit(), "primaryType": names[0], "message": message}
    whole["types"] = {"EIP712Domain": permit()["types"]["EIP712Domain"], **types}
    with working_under(SECONDS):
        asked = signing(whole)
    findings = seen(asked)
    assert isinstance(findings.integrity, Unverified)
    assert isinstance(findings.effects[0], Signing)
