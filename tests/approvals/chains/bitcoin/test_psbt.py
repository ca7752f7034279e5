"""Partially signed transactions: what is read is checked, and the rest is named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.chains.bitcoin.psbt import MAGIC, MAX_DOUBTS, Psbt, decode_psbt
from approvals.chains.bitcoin.transaction import (
    BadTransaction,
    Output,
    decode,
    encode,
    output_bytes,
    string_bytes,
)
from tests.support.bitcoin import Plan, Spent, plan, psbt

PLAN = plan("P2WPKH")
RAW = PLAN.raw
OUTPUT = Output(PLAN.spent[0].value, PLAN.spent[0].script)
WITNESS = {b"\1": output_bytes(OUTPUT)}
NOTHING: list[dict[bytes, bytes]] = [{}, {}]


def made_by(value):
    """A transaction whose first output is what `spending` spends."""
    return Plan((Spent(),), paid=((PLAN.spent[0].address, value),))


def spending(previous):
    """A transaction that spends the first output of another one."""
    txid = bytes(previous.tx.id)[::-1]
    return RAW[:5] + txid + RAW[37:]


def refused(raw, why):
    with pytest.raises(BadTransaction, match=why):
        decode_psbt(raw)
    return True


def test_what_it_says_of_an_output_that_is_spent_is_read():
    found = decode_psbt(psbt(RAW, [WITNESS | {b"\3": bytes([1, 0, 0, 0])}], NOTHING))
    assert found.transaction == decode(RAW)
    assert (found.inputs[0].spent, found.inputs[0].proved) == (OUTPUT, False)
    assert (found.inputs[0].sighash, found.doubts) == (1, ())


def test_where_the_transaction_begins_is_known():
    raw = psbt(RAW, [{}], NOTHING)
    start = decode_psbt(raw).start
    assert raw[start : start + len(RAW)] == RAW


def test_the_whole_transaction_proves_an_amount():
    previous = made_by(500_000)
    found = decode_psbt(psbt(spending(previous), [{b"\0": previous.raw}], NOTHING))
    assert (found.inputs[0].spent, found.inputs[0].proved) == (OUTPUT, True)


def test_another_transaction_proves_nothing():
    previous = made_by(500_000)
    raw = spending(previous)
    assert refused(psbt(raw, [{b"\0": made_by(500_001).raw}], NOTHING), "another transaction")
    beyond = raw[:37] + bytes([9, 0, 0, 0]) + raw[41:]
    assert refused(psbt(beyond, [{b"\0": previous.raw}], NOTHING), "does not exist")


def test_two_descriptions_of_one_output_agree():
    previous = made_by(500_000)
    both = {b"\0": previous.raw, b"\1": output_bytes(OUTPUT)}
    assert decode_psbt(psbt(spending(previous), [both], NOTHING)).inputs[0].proved
    both[b"\1"] = output_bytes(Output(500_001, OUTPUT.script))
    assert refused(psbt(spending(previous), [both], NOTHING), "in two ways")


@pytest.mark.parametrize("sighash", [2, 3, 0x81, 0x82, 0x83, 0x100, 0xFFFFFFFF])
def test_signatures_of_a_part_are_not_read(sighash):
    field = {b"\3": sighash.to_bytes(4, "little")}
    assert refused(psbt(RAW, [field], NOTHING), "hold for the whole transaction")


@pytest.mark.parametrize("value", [b"", b"\1", b"\1" + bytes(4)])
def test_a_sighash_type_has_four_bytes(value):
    assert refused(psbt(RAW, [{b"\3": value}], NOTHING), "hold for the whole transaction")


@pytest.mark.parametrize(
    ("common", "inputs", "outputs", "doubt"),
    [
        ({b"\1" + bytes(78): bytes(4)}, {}, {}, "has a field of type 0x01 that is not read"),
        ({}, {b"\2" + bytes(33): b"sig"}, {}, "has a field of type 0x02 for input 1"),
        ({}, {b"\7": b"final"}, {}, "has a field of type 0x07 for input 1"),
        ({}, {b"\1\0": b""}, {}, "has a field of type 0x01 for input 1"),
        ({}, {}, {b"\2" + bytes(33): bytes(8)}, "has a field of type 0x02 for output 1"),
        ({b"\xfc": b"mine"}, {}, {}, "has a field of type 0xfc that is not read"),
    ],
)
def test_what_is_not_read_is_named(common, inputs, outputs, doubt):
    found = decode_psbt(psbt(RAW, [inputs], [outputs, {}], {b"\0": RAW} | common))
    assert len(found.doubts) == 1
    assert found.doubts[0].startswith(doubt)


def test_doubts_are_bounded():
    fields = {bytes([9, n]): b"" for n in range(50)}
    assert len(decode_psbt(psbt(RAW, [fields], NOTHING)).doubts) == MAX_DOUBTS


def test_versions_but_0_are_not_read():
    zero = {b"\0": RAW, b"\xfb": bytes(4)}
    assert decode_psbt(psbt(RAW, [{}], NOTHING, zero)).doubts == ()
    second = {b"\0": RAW, b"\xfb": bytes([2, 0, 0, 0])}
    assert refused(psbt(RAW, [{}], NOTHING, second), "version 0")
    assert refused(psbt(RAW, [{}], NOTHING, {b"\2": bytes(4)}), "no unsigned transaction")


def test_each_map_is_there_and_nothing_follows():
    raw = psbt(RAW, [{}], NOTHING)
    assert refused(raw + b"\0", "1 bytes follow")
    assert refused(raw[:-1], "cut short")
    assert refused(psbt(RAW, [], NOTHING), "cut short")
    assert refused(psbt(RAW, [{}, {}], NOTHING), "1 bytes follow")
    assert refused(b"psbt\0" + raw[5:], "begin as a PSBT")


def test_a_field_stands_once():
    twice = (string_bytes(b"\0") + string_bytes(RAW)) * 2
    assert refused(MAGIC + twice + bytes(4), "field twice")


def test_the_transaction_inside_is_read_as_strictly():
    assert refused(psbt(RAW + b"\0", [{}], NOTHING), "1 bytes follow")


@given(st.binary(max_size=200))
def test_any_bytes_get_an_answer(raw):
    for each in (raw, MAGIC + raw, MAGIC + string_bytes(b"\0") + string_bytes(RAW) + raw):
        try:
            found = decode_psbt(each)
        except BadTransaction:
            continue
        assert isinstance(found, Psbt)
        assert encode(found.transaction) == each[found.start :][: len(encode(found.transaction))]
