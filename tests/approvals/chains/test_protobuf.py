"""The strict reader against Google's library: whatever it reads has exactly one encoding."""

import pytest
from google.protobuf.message import DecodeError  # type: ignore[import-untyped] # it ships no types
from hypothesis import example, given
from hypothesis import strategies as st

from approvals.chains.protobuf import MAX_FIELDS, BadProtobuf, Message, Slot, read
from tests.support.tron import message, parsed

KEY = {1: Slot("address", "bytes"), 2: Slot("weight", "int64")}
PERMISSION = {
    1: Slot("type", "int32"),
    2: Slot("id", "int32"),
    3: Slot("permission_name", "text"),
    4: Slot("threshold", "int64"),
    5: Slot("parent_id", "int32"),
    6: Slot("operations", "bytes"),
    7: Slot("keys", "message", KEY, repeated=True),
}
DELEGATE = {
    1: Slot("owner_address", "bytes"),
    2: Slot("resource", "int32"),
    3: Slot("balance", "int64"),
    4: Slot("receiver_address", "bytes"),
    5: Slot("lock", "bool"),
    6: Slot("lock_period", "int64"),
}
INT32 = st.integers(-(2**31), 2**31 - 1)
INT64 = st.integers(-(2**63), 2**63 - 1)


def same(ours: Message, theirs) -> None:
    """Field by field."""
    for descriptor in theirs.DESCRIPTOR.fields:
        value = getattr(theirs, descriptor.name)
        if descriptor.message_type is not None:
            inner = ours.messages(descriptor.name)
            assert len(inner) == len(value)
            for one, other in zip(inner, value, strict=True):
                same(one, other)
        elif isinstance(value, bytes | str):
            expected = value.encode() if isinstance(value, str) else value
            assert ours.data(descriptor.name) == expected
        else:
            assert ours.number(descriptor.name) == value


@given(
    INT32,
    st.text(max_size=20),
    INT64,
    st.binary(max_size=40),
    st.lists(st.tuples(st.binary(max_size=25), INT64), max_size=5),
)
def test_what_the_library_writes_is_read_as_it_was_meant(number, name, limit, bits, keys):
    theirs = message(
        "Permission",
        type=number,
        id=-number - 1,
        permission_name=name,
        threshold=limit,
        operations=bits,
        keys=[message("Key", address=address, weight=weight) for address, weight in keys],
    )
    data = theirs.SerializeToString(deterministic=True)
    ours = read(data, PERMISSION)
    same(ours, theirs)
    assert [(field.start, field.end) for field in ours.fields] == spans(ours, len(data))


def spans(ours, size):
    """Fields lie side by side, without a gap."""
    ends = [field.end for field in ours.fields]
    assert (ends[-1] if ends else 0) == size
    return list(zip([0, *ends[:-1]], ends, strict=True)) if ends else []


@given(st.binary(max_size=60))
@example(b"\x0a\x00")
@example(b"\x08\x80\x00")
@example(b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02")
@example(b"\x10\x80\x80\x80\x80\x10")
def test_any_bytes_are_refused_or_written_again_as_they_were(data):
    for schema, name in ((PERMISSION, "Permission"), (DELEGATE, "DelegateResourceContract")):
        try:
            ours = read(data, schema)
        except BadProtobuf:
            continue
        theirs = parsed(name, data)
        same(ours, theirs)
        assert theirs.SerializeToString(deterministic=True) == data


@given(INT32.filter(bool), INT64.filter(bool), st.data())
def test_no_other_bytes_say_the_same(resource, balance, data):
    theirs = message(
        "DelegateResourceContract",
        owner_address=b"o",
        resource=resource,
        balance=balance,
        lock=True,
    )
    right = theirs.SerializeToString(deterministic=True)
    assert read(right, DELEGATE).number("lock") == 1
    wrong = bytearray(right)
    wrong[data.draw(st.integers(0, len(right) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        ours = read(bytes(wrong), DELEGATE)
    except BadProtobuf:
        return
    try:
        assert parsed("DelegateResourceContract", bytes(wrong)) != theirs
    except DecodeError:
        pytest.fail(f"we read what the library refuses: {ours.fields}")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ("5001", "there is no field 10 here"),
        ("18011001", "the field resource is out of order"),
        ("10011001", "the field resource is there twice"),
        ("1200", "the field resource has another wire type"),
        ("0801", "the field owner_address has another wire type"),
        ("1500000000", "the field resource has another wire type"),
        ("11" + "00" * 8, "the field resource has another wire type"),
        ("1b1c", "the field balance has another wire type"),
        ("1000", "the field resource is there and says nothing"),
        ("0a00", "the field owner_address is there and says nothing"),
        ("2800", "the field lock is there and says nothing"),
        ("2802", "the number lock does not fit its type"),
        ("108080808010", "the number resource does not fit its type"),
        ("10ffffffff0f", "the number resource does not fit its type"),
        ("188100", "a number is not written in its shortest form"),
        ("900001", "a number is not written in its shortest form"),
        ("18ffffffffffffffffff02", "a number is longer than 64 bits"),
        ("1880808080808080808080", "a number is cut short, or longer than 64 bits"),
        ("18", "a number is cut short, or longer than 64 bits"),
        ("0a0541", "the field owner_address is cut short"),
        ("0a", "a number is cut short, or longer than 64 bits"),
    ],
)
def test_each_looseness_is_refused(data, why):
    with pytest.raises(BadProtobuf, match=f"^{why}$"):
        read(bytes.fromhex(data), DELEGATE)


def test_a_text_is_utf8():
    with pytest.raises(BadProtobuf, match=r"^the text permission_name is not UTF-8$"):
        read(bytes.fromhex("1a01ff"), PERMISSION)


def test_a_message_inside_ends_where_it_says():
    inside = bytes.fromhex("3a031002")  # a key of three bytes, of which two are there
    with pytest.raises(BadProtobuf, match=r"^the field keys is cut short$"):
        read(inside, PERMISSION)
    longer = bytes.fromhex("3a031802" + "01")
    with pytest.raises(BadProtobuf, match=r"^there is no field 3 here$"):
        read(longer, PERMISSION)


def test_an_empty_message_inside_is_one():
    (key,) = read(bytes.fromhex("3a00"), PERMISSION).messages("keys")
    assert (key.data("address"), key.number("weight"), key.fields) == (b"", 0, ())


def test_a_message_has_a_bounded_number_of_fields():
    keys = bytes.fromhex("3a00") * MAX_FIELDS
    assert len(read(keys, PERMISSION).fields) == MAX_FIELDS
    with pytest.raises(BadProtobuf, match=r"^a message has more than 100 fields$"):
        read(keys + bytes.fromhex("3a00"), PERMISSION)


def test_what_is_absent_reads_as_its_default():
    nothing = read(b"", DELEGATE)
    assert (nothing.number("balance"), nothing.data("owner_address")) == (0, b"")
    assert (nothing.messages("keys"), nothing.field("balance")) == ((), None)
