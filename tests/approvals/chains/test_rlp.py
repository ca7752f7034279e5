import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.chains.rlp import MAX_DEPTH, BadRlp, Item, decode, encode, whole_number

ITEMS = st.recursive(st.binary(max_size=80), lambda inner: st.lists(inner, max_size=5))


def depth(item):
    return 0 if isinstance(item, bytes) else 1 + max(map(depth, item), default=0)


@given(ITEMS.filter(lambda item: depth(item) <= MAX_DEPTH))
def test_what_is_encoded_is_read_back(item):
    assert decode(encode(item)) == item


@given(st.binary(max_size=120))
def test_whatever_decodes_has_exactly_this_encoding(data):
    try:
        item = decode(data)
    except BadRlp:
        return
    assert encode(item) == data


@pytest.mark.parametrize(
    ("data", "item"),
    [  # the examples of the Ethereum wiki
        ("83646f67", b"dog"),
        ("c88363617483646f67", [b"cat", b"dog"]),
        ("80", b""),
        ("c0", []),
        ("0f", b"\x0f"),
        ("820400", b"\x04\x00"),
        ("c7c0c1c0c3c0c1c0", [[], [[]], [[], [[]]]]),
        ("b838" + "61" * 56, b"a" * 56),
    ],
)
def test_the_known_examples_are_read(data, item):
    assert decode(bytes.fromhex(data)) == item


@pytest.mark.parametrize(
    "data",
    [
        "",  # nothing
        "8100",  # a byte below 0x80 as a string of one
        "817f",
        "b800",  # a long form of length 0
        "b801ff",
        "b837" + "61" * 55,  # a long form where the short one fits
        "b90038" + "61" * 56,  # a length with a leading zero
        "f800",
        "f837" + "61" * 55,
        "f90038" + "61" * 56,
        "83646f",  # cut short
        "c883636174",
        "b8",
        "b9ff",
        "b838",
        "f838",
        "bf" + "ff" * 8,  # longer than any memory
        "ff" + "ff" * 8,
        "83646f6700",  # something follows
        "c000",
        "c1c1",  # an inner item longer than its list
        "c283646f67",
        "c4c1826161",
        "c0" * 2,
        ("c1" * 200) + "c0",
    ],
)
def test_every_other_encoding_is_refused(data):
    with pytest.raises(BadRlp):
        decode(bytes.fromhex(data))


def test_nesting_is_bounded():
    def nested(levels):
        item: Item = []
        for _ in range(levels - 1):
            item = [item]
        return encode(item)

    assert decode(nested(MAX_DEPTH))
    with pytest.raises(BadRlp):
        decode(nested(MAX_DEPTH + 1))
    with pytest.raises(BadRlp):
        decode(nested(300))


def test_numbers_have_one_form():
    assert whole_number(b"") == 0
    assert whole_number(b"\x01\x00") == 256
    wrong: list[Item] = [b"\0", b"\0\1", b"\1" * 33, []]
    for item in wrong:
        with pytest.raises(BadRlp):
            whole_number(item)
