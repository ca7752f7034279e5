"""Arguments of calls, against eth-abi: the same values, and one encoding for each of them."""

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from approvals.chains.calldata import MAX_ITEMS, NotExact, decode, word

VALUES = {
    "address": st.binary(min_size=20, max_size=20),
    "bool": st.booleans(),
    "uint8": st.integers(0, 2**8 - 1),
    "uint160": st.integers(0, 2**160 - 1),
    "uint256": st.integers(0, 2**256 - 1),
    "bytes32": st.binary(min_size=32, max_size=32),
    "bytes4": st.binary(min_size=4, max_size=4),
    "bytes": st.binary(max_size=70),
}
KINDS = st.recursive(
    st.sampled_from(list(VALUES)),
    lambda inner: (
        st.builds("{}[]".format, inner)
        | st.lists(inner, min_size=1, max_size=3).map(lambda kinds: f"({','.join(kinds)})")
    ),
    max_leaves=4,
)


def values_of(kind):
    """Values of a type, as tuples where there are several."""
    from approvals.chains.methods import split_types

    if kind.endswith("[]"):
        return st.lists(values_of(kind[:-2]), max_size=3).map(tuple)
    if kind.startswith("("):
        return st.tuples(*map(values_of, split_types(kind[1:-1])))
    return VALUES[kind]


@st.composite
def calls(draw):
    kinds = draw(st.lists(KINDS, max_size=4))
    return kinds, tuple(draw(values_of(kind)) for kind in kinds)


@given(calls())
def test_what_eth_abi_writes_is_read_back(call):
    kinds, values = call
    assert decode(kinds, encode(kinds, values)) == values


@given(calls(), st.data())
def test_whatever_is_read_has_exactly_this_encoding(call, data):
    kinds, values = call
    raw = bytearray(encode(kinds, values) + data.draw(st.binary(max_size=2)))
    if raw:
        raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(0, 255))
    try:
        found = decode(kinds, bytes(raw))
    except NotExact:
        return
    assert encode(kinds, found) == bytes(raw)


@given(st.lists(KINDS, max_size=4), st.binary(max_size=200))
def test_any_bytes_are_arguments_or_not_exact(kinds, data):
    try:
        found = decode(kinds, data)
    except NotExact:
        return
    assert encode(kinds, found) == data


WORD = bytes(31)


@pytest.mark.parametrize(
    ("kinds", "data"),
    [
        (["address"], b"\1" + bytes(31)),
        (["address"], bytes(11) + b"\1" + bytes(20)),
        (["bool"], WORD + b"\2"),
        (["uint8"], bytes(30) + b"\1\0"),
        (["bytes4"], bytes(4) + b"\1" + bytes(27)),
        (["uint256"], bytes(31)),
        (["uint256"], bytes(33)),
        ([], b"\0"),
        (["bytes"], WORD + b"\x40" + bytes(32) + bytes(32)),  # a gap
        (["bytes"], WORD + b"\x00"),  # an offset into the head
        (["bytes"], WORD + b"\x40" + bytes(32)),  # an offset that is not where it stands
        (["bytes"], b"\1" + bytes(30) + b"\x20" + bytes(32)),
        (["bytes"], WORD + b"\x20" + WORD + b"\x01" + b"\1"),  # no padding
        (["bytes"], WORD + b"\x20" + WORD + b"\x01" + b"\1" * 32),  # padding that is not zero
        (["bytes"], WORD + b"\x20" + b"\xff" * 32),
        (["bytes"], WORD + b"\x20"),
        (["uint8[]"], WORD + b"\x20" + b"\xff" * 32),
        (["uint8[]"], WORD + b"\x20" + WORD + b"\x02" + bytes(32)),
        (["uint256[]"], encode(["uint256[]"], [[0] * (MAX_ITEMS + 1)])),
    ],
)
def test_every_other_form_is_refused(kinds, data):
    with pytest.raises(NotExact):
        decode(kinds, data)


def test_two_offsets_to_one_place_are_refused():
    shared = WORD + b"\x40" + WORD + b"\x40" + bytes(32)
    with pytest.raises(NotExact):
        decode(["bytes", "bytes"], shared)


def test_as_many_items_as_are_read_are_read():
    assert decode(["uint8[]"], encode(["uint8[]"], [[7] * MAX_ITEMS])) == ((7,) * MAX_ITEMS,)


def test_a_word_is_read_whatever_stands_around_it():
    assert word(b"\1" * 32 + WORD + b"\5" + b"\7", 1) == 5
    assert word(b"", 3) == 0
    assert word(WORD + b"\5\1", 1) == 1 << 248
