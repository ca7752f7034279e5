"""No byte and no claim of a Solana request can change and still pass; any bytes get an answer."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from approvals.findings import Passed, Refused, Unverified
from approvals.inspect.families import port_of
from tests.approvals.inspect.test_properties import COMPARED_OF_ALL, JSON, OF_TRANSFERS, at
from tests.support.effort import working_under
from tests.support.looking import seen
from tests.support.requests import ABSENT
from tests.support.solana import (
    BUDGET,
    SOL,
    SPL,
    asking,
    coins,
    memo,
    message,
    opening,
    packed,
    raw_of,
    tokens,
)

MEMO = asking(
    SOL.with_transaction("destination.account_output.memo", "invoice 42"),
    message(*BUDGET, memo("invoice 42"), coins()),
)
OPENING = asking(SPL, message(*BUDGET, opening(), tokens()))
PASSING = [SOL, SPL, MEMO, OPENING]
COMPARED = [*COMPARED_OF_ALL, *OF_TRANSFERS]
MADE = [
    "extra.source_addresses.0.path",
    "extra.source_addresses.0.pubkey",
    "extra.source_addresses.0.root_pubkey",
    "extra.transaction.fee.compute_unit_price",
    "extra.transaction.fee.compute_unit_limit",
]


@pytest.mark.parametrize("base", PASSING)
def test_the_requests_of_this_file_pass(base):
    assert seen(base).integrity == Passed()


@given(st.sampled_from(PASSING), st.data())
def test_no_byte_of_the_transaction_can_change(base, data):
    """Alone it is not what is signed; signed as well, what passes does and costs just the same.

    That is another recent blockhash, an account that is read-only or not, the other way to open an
    account. Anything else is claimed, or not understood.
    """
    raw = bytearray(raw_of(base))
    where = data.draw(st.integers(0, len(raw) - 1))
    raw[where] ^= data.draw(st.integers(1, 255))
    changed = base.with_transaction("raw_tx_info.unsigned_raw_tx", packed(bytes(raw)))
    assert seen(changed).integrity != Passed()
    signed = changed.with_detail("msg_hash_list", ["0x" + raw[1:].hex()])
    findings, same = seen(signed), seen(base)
    if findings.integrity == Passed():
        assert (findings.effects, findings.fee, findings.notes, findings.flags) == (
            same.effects,
            same.fee,
            same.notes,
            same.flags,
        )
        assert where in free(base)


def free(base):
    """The bytes that may differ: read-only accounts, blockhash, the form of opening an account."""
    raw = raw_of(base)
    blockhash = 5 + 32 * raw[4]
    opens = raw.rfind(b"\1\1") if base is OPENING else -1
    return {3, *range(blockhash, blockhash + 32), opens + 1}


@given(st.sampled_from(PASSING), st.binary(min_size=1, max_size=40), st.booleans())
def test_nothing_can_be_added_to_the_transaction(base, more, in_front):
    raw = raw_of(base)
    longer = more + raw if in_front else raw + more
    changed = base.with_transaction("raw_tx_info.unsigned_raw_tx", packed(longer))
    assert seen(changed).integrity != Passed()
    assert seen(changed.with_detail("msg_hash_list", [longer[1:].hex()])).integrity != Passed()


@pytest.mark.parametrize("path", COMPARED)
@pytest.mark.parametrize("base", PASSING)
def test_no_claim_that_is_compared_can_be_left_out(base, path):
    _, change = at(path, base)
    assert seen(change(ABSENT)).integrity != Passed()
    assert path.endswith(".0") or seen(change(None)).integrity != Passed()


@given(st.sampled_from(PASSING), st.sampled_from(COMPARED), JSON)
def test_no_claim_that_is_compared_can_change(base, path, value):
    found, change = at(path, base)
    if value != found:
        assert seen(change(value)).integrity != Passed()


@given(st.sampled_from(PASSING), st.sampled_from(MADE), JSON.filter(lambda value: value != ""))
def test_no_claim_that_is_made_can_change(base, path, value):
    found, change = at(path, base)
    if value not in (found, None):
        assert seen(change(value)).integrity != Passed()


@given(st.sampled_from(PASSING), st.sampled_from(COMPARED + MADE), st.data())
def test_no_character_of_a_claim_can_change(base, path, data):
    found, change = at(path, base)
    if not isinstance(found, str):
        return
    where = data.draw(st.integers(0, len(found) - 1))
    character = data.draw(st.sampled_from("0123456789abcdefxXmT/.-_ é٣'"))
    changed = found[:where] + character + found[where + 1 :]
    if path.endswith(("unsigned_raw_tx", "msg_hash_list.0")) and changed.lower() == found.lower():
        return
    if changed != found:
        assert seen(change(changed)).integrity != Passed()


@given(
    st.binary(max_size=1_300)
    | st.binary(max_size=400).map(lambda tail: raw_of(SPL)[:197] + tail)
    | st.binary(max_size=200).map(lambda tail: raw_of(SPL)[:229] + b"\1" + tail)
)
@example(b"\0\1\0\1\2" + bytes(1_200))
def test_any_bytes_get_an_answer(raw):
    changed = SPL.with_transaction("raw_tx_info.unsigned_raw_tx", packed(raw)).with_detail(
        "msg_hash_list", ["0x" + raw[1:].hex()]
    )
    findings = seen(changed)
    assert isinstance(findings.integrity, Refused | Unverified | Passed)
    found = port_of("solana")
    assert found is not None
    spans = found.dissect(raw)
    assert all(0 <= span.start <= span.end <= len(raw) for span in spans)
    if findings.integrity == Passed():
        assert findings.complete
        assert findings.effects


@given(st.text(max_size=300) | st.binary(max_size=300).map(bytes.hex))
def test_any_text_is_unpacked_or_not(text):
    found = port_of("solana")
    assert found is not None
    raw = found.unpack(text)
    assert raw is None or packed(raw) == text.lower().removeprefix("0x")


@pytest.mark.parametrize(
    "base",
    [
        asking(SPL, message(*[opening()] * 90)),
        asking(SPL, message(*[tokens()] * 60)),
        asking(SOL, message(*[memo("")] * 300)),
        SOL.with_transaction("raw_tx_info.unsigned_raw_tx", "41" * 1_000_000),
    ],
)
def test_the_longest_messages_are_read_in_bounded_time(base):
    with working_under(1):
        seen(base)
