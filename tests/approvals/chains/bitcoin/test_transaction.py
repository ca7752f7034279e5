"""The serialization without witnesses: one form for each transaction, in bounded time."""

import pytest
from btclib.tx.tx import Tx
from hypothesis import example, given
from hypothesis import strategies as st

from approvals.chains.bitcoin.transaction import (
    MAX_AMOUNT,
    MAX_SIZE,
    BadTransaction,
    Input,
    Output,
    Transaction,
    decode,
    decode_relayed,
    encode,
    length_bytes,
    outpoint,
    output_number,
    transaction_id,
)
from tests.support.bitcoin import SAMPLE, plan

RAW = bytes.fromhex(SAMPLE.extra["transaction"]["raw_tx_info"]["unsigned_raw_tx"])
WORDS = st.integers(0, 2**32 - 1)


def transactions(most=MAX_AMOUNT):
    """Any transaction, of amounts up to `most`."""
    inputs = st.builds(
        Input,
        st.builds(outpoint, st.binary(min_size=32, max_size=32), WORDS),
        st.binary(max_size=300),
        WORDS,
    )
    outputs = st.builds(Output, st.integers(0, most), st.binary(max_size=300))
    return st.builds(
        Transaction,
        WORDS,
        st.lists(inputs, min_size=1, max_size=4).map(tuple),
        st.lists(outputs, min_size=1, max_size=4).map(tuple),
        WORDS,
    )


def refused(raw, why):
    with pytest.raises(BadTransaction, match=why):
        decode(raw)
    return True


@given(transactions())
def test_every_transaction_reads_back_as_it_was_written(transaction):
    assert decode(encode(transaction)) == transaction


@given(st.binary(max_size=400))
@example(b"")
@example(bytes(4))
@example(b"\2\0\0\0\xff" + b"\xff" * 8)
@example(b"\2\0\0\0\xfe\xff\xff\xff\x7f")
def test_any_bytes_are_the_one_encoding_of_something_or_refused(raw):
    try:
        transaction = decode(raw)
    except BadTransaction:
        return
    assert encode(transaction) == raw


@given(st.integers(0, len(RAW) - 1), st.integers(1, 255))
def test_no_two_encodings_say_the_same(place, flip):
    changed = bytearray(RAW)
    changed[place] ^= flip
    try:
        transaction = decode(bytes(changed))
    except BadTransaction:
        return
    assert transaction != decode(RAW)


@given(transactions())
def test_ids_are_those_of_btclib(transaction):
    raw = encode(transaction)
    theirs = Tx.parse(raw, check_validity=False)
    assert transaction_id(decode(raw))[::-1] == bytes(theirs.id)


def test_the_sample_is_read_field_by_field():
    transaction = decode(RAW)
    assert (transaction.version, transaction.locktime) == (2, 0)
    spent = [each.outpoint for each in transaction.inputs]
    assert [each[:32][::-1].hex() for each in spent] == [
        "e09cf137a508fc3fc8e0e203ab4b3123b267b71c8d916dd13ab2ad1343514a04",
        "9a1c6d6b49ae7339c9dbd3d2df7ebcc2f431263d31b0380f7ae2863aff93de73",
    ]
    assert [output_number(each) for each in spent] == [1, 0]
    assert {each.sequence for each in transaction.inputs} == {0xFFFFFFFD}
    assert [output.amount for output in transaction.outputs] == [600_000, 147_000]


@pytest.mark.parametrize("end", range(len(RAW)))
def test_it_cannot_be_cut_short(end):
    with pytest.raises(BadTransaction):
        decode(RAW[:end])


def test_nothing_follows_it():
    assert refused(RAW + b"\0", "1 bytes follow")


@pytest.mark.parametrize(
    "length", [b"\xfd\x02\x00", b"\xfe\x02\x00\x00\x00", b"\xff\x02" + bytes(7)]
)
def test_a_length_has_one_form(length):
    assert refused(RAW[:4] + length + RAW[5:], "shortest form")


@pytest.mark.parametrize("length", [0, 252, 253, 0xFFFF, 0x10000, 0xFFFFFFFF, 2**32, 2**64 - 1])
def test_lengths_are_written_in_their_shortest_form(length):
    from approvals.chains.bitcoin.transaction import Reader

    assert Reader(length_bytes(length)).length() == length
    assert (
        len(length_bytes(length))
        == 1 + (0, 2, 4, 8)[sum(length >= least for least in (0xFD, 0x10000, 2**32))]
    )


def test_the_form_with_witnesses_is_not_read():
    assert refused(RAW[:4] + b"\0\1" + RAW[4:-4] + b"\0\0" + RAW[-4:], "with witnesses")


def test_it_spends_and_pays_something():
    assert refused(b"\2\0\0\0" + b"\0" + b"\1" + bytes(9) + bytes(4), "no inputs")
    assert refused(RAW[:4] + b"\1" + bytes(36) + b"\0" + bytes(4) + b"\0" + bytes(4), "no outputs")


def test_an_amount_is_no_negative_number():
    whole = decode(RAW)
    most = Output(MAX_AMOUNT, b"")
    raw = encode(Transaction(2, whole.inputs, (most,), 0))
    assert decode(raw).outputs == (most,)
    assert refused(raw.replace(b"\xff" * 7 + b"\x7f", b"\xff" * 8), "larger than there can be")


def test_the_longest_is_what_nodes_relay():
    whole = decode(RAW)
    room = MAX_SIZE - len(encode(Transaction(2, whole.inputs, (Output(1, b""),), 0))) - 4
    longest = encode(Transaction(2, whole.inputs, (Output(1, b"x" * room),), 0))
    assert len(longest) == MAX_SIZE
    assert encode(decode(longest)) == longest
    assert refused(longest + b"\0", "longer than 100000 bytes")


@pytest.mark.parametrize("count", [0xFD, 0xFFFF, 2**32, 2**64 - 1])
def test_a_count_that_cannot_be_true_allocates_nothing(count):
    assert refused(RAW[:4] + length_bytes(count) + RAW[5:], "cut short")


def with_witnesses(raw, *stacks):
    """BIP-144: marker, flag, and for each input a stack."""
    body = b"".join(
        length_bytes(len(stack)) + b"".join(length_bytes(len(each)) + each for each in stack)
        for stack in stacks
    )
    return raw[:4] + b"\0\1" + raw[4:-4] + body + raw[-4:]


def test_witnesses_of_a_relayed_transaction_are_left_out():
    raw = plan("P2WPKH", "P2WPKH").raw
    assert decode_relayed(with_witnesses(raw, [b"sig", b"key"], [])) == decode(raw)
    assert decode_relayed(raw) == decode(raw)
    for broken in (
        with_witnesses(raw, [], []),
        with_witnesses(raw, [b"sig"]),
        with_witnesses(raw, [b"sig"], []) + b"\0",
    ):
        with pytest.raises(BadTransaction):
            decode_relayed(broken)
