import pytest
from hypothesis import given
from hypothesis import strategies as st
from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.hash import Hash
from solders.instruction import AccountMeta, CompiledInstruction, Instruction
from solders.message import (
    Message as SoldersMessage,
)
from solders.message import (
    MessageAddressTableLookup,
    MessageHeader,
    MessageV0,
    from_bytes_versioned,
    to_bytes_versioned,
)
from solders.pubkey import Pubkey

from approvals.chains.solana.message import BadMessage, Foreign, Message, read_transaction
from tests.support.solana import SOL, SPL, coins, message, message_0, raw_of, tokens

KEYS = [Pubkey(bytes([number]) * 32) for number in range(1, 13)]
METAS = st.builds(AccountMeta, st.sampled_from(KEYS[:8]), st.booleans(), st.booleans())
INSTRUCTIONS = st.lists(
    st.builds(
        Instruction,
        st.sampled_from(KEYS[8:]),
        st.binary(max_size=150),
        st.lists(METAS, max_size=9),
    ),
    max_size=4,
)
TABLES = st.lists(
    st.builds(
        AddressLookupTableAccount,
        st.sampled_from([Pubkey(b"\xaa" * 32), Pubkey(b"\xbb" * 32)]),
        st.lists(st.sampled_from(KEYS[2:8]), max_size=5, unique=True),
    ),
    max_size=2,
    unique_by=lambda table: bytes(table.key),
)


def parts(header=(1, 0, 1), keys=3, instructions=None, tail=b"", blockhash=bytes(32)):
    """A legacy message by hand: three accounts, the last one called with the others."""
    listed = keys if isinstance(keys, bytes) else b"".join(bytes([n + 1]) * 32 for n in range(keys))
    called = b"\1" + b"\2" + b"\2\0\1" + b"\1\x07" if instructions is None else instructions
    return bytes(header) + bytes([len(listed) // 32]) + listed + blockhash + called + tail


def agrees(seen, theirs):
    """Whether every field is what solders reads."""
    assert tuple(map(bytes, theirs.account_keys)) == seen.keys
    header = theirs.header
    assert header.num_required_signatures == seen.signers
    assert header.num_readonly_signed_accounts == seen.readonly_signers
    assert header.num_readonly_unsigned_accounts == seen.readonly
    assert bytes(theirs.recent_blockhash) == seen.blockhash
    assert [
        (bytes(theirs.account_keys[each.program_id_index]), bytes(each.accounts), bytes(each.data))
        for each in theirs.instructions
    ] == [(each.program, each.indexes, each.data) for each in seen.instructions]
    lookups = theirs.address_table_lookups if isinstance(theirs, MessageV0) else []
    assert [
        (bytes(each.account_key), bytes(each.writable_indexes), bytes(each.readonly_indexes))
        for each in lookups
    ] == [(each.table, each.writable, each.readonly) for each in seen.lookups]
    assert [theirs.is_signer(index) for index in range(len(seen.keys))] == [
        seen.is_signer(index) for index in range(len(seen.keys))
    ]
    return True


@pytest.mark.parametrize("base", [SOL, SPL])
def test_the_samples_are_read_as_solders_does(base):
    raw = raw_of(base)
    seen = read_transaction(raw)
    assert isinstance(seen, Message)
    assert seen.signed == raw[1:]
    assert agrees(seen, SoldersMessage.from_bytes(raw[1:]))


@given(INSTRUCTIONS)
def test_a_legacy_message_is_read_as_solders_does(instructions):
    theirs = SoldersMessage.new_with_blockhash(instructions, KEYS[0], Hash(bytes(32)))
    seen = read_transaction(b"\0" + bytes(theirs))
    assert isinstance(seen, Message)
    assert (seen.version, seen.signed) == (None, bytes(theirs))
    assert agrees(seen, theirs)


@given(INSTRUCTIONS, TABLES)
def test_a_message_of_version_0_is_read_as_solders_does(instructions, tables):
    theirs = MessageV0.try_compile(KEYS[0], instructions, tables, Hash(bytes(32)))
    seen = read_transaction(b"\0" + to_bytes_versioned(theirs))
    assert isinstance(seen, Message)
    assert (seen.version, seen.signed) == (0, to_bytes_versioned(theirs))
    assert agrees(seen, theirs)


SMALL = st.integers(0, 5)


@given(
    st.tuples(SMALL, SMALL, SMALL),
    st.lists(st.sampled_from(KEYS), max_size=5),
    st.lists(
        st.builds(CompiledInstruction, SMALL, st.binary(max_size=3), st.lists(SMALL).map(bytes))
    ),
    st.none()
    | st.lists(
        st.builds(
            MessageAddressTableLookup,
            st.sampled_from(KEYS),
            st.binary(max_size=2),
            st.binary(max_size=2),
        ),
        max_size=2,
    ),
)
def test_what_solders_calls_unsound_is_refused(header, keys, instructions, lookups):
    """And what is sound, and names no account twice, is read."""
    theirs = MessageV0(MessageHeader(*header), keys, Hash(bytes(32)), instructions, lookups or [])
    raw = to_bytes_versioned(theirs)
    if lookups is None:
        # solders has no `sanitize` of a legacy message, but one of version 0 has the same rules;
        # its bytes are the same but for the first, the version, and the last, the lookups.
        raw = raw[1:-1]
    sound = is_sound(theirs)
    try:
        seen = read_transaction(b"\0" + raw)
    except BadMessage:
        assert not sound or len(set(keys)) < len(keys)
        return
    assert sound
    assert isinstance(seen, Message)
    assert agrees(seen, theirs)


def is_sound(theirs):
    try:
        theirs.sanitize()
    except Exception:  # noqa: BLE001 - solders raises one of its own
        return False
    return True


@given(st.sampled_from([raw_of(SOL), raw_of(SPL), b"\0" + message_0(coins(), tokens())]), st.data())
def test_bytes_that_differ_never_read_the_same(raw, data):
    at = data.draw(st.integers(0, len(raw) - 1))
    changed = bytearray(raw)
    changed[at] ^= data.draw(st.integers(1, 255))
    try:
        seen = read_transaction(bytes(changed))
    except BadMessage:
        return
    assert seen != read_transaction(raw)
    if isinstance(seen, Message):
        assert from_bytes_versioned(seen.signed) != from_bytes_versioned(raw[1:])


@given(st.binary(max_size=1_500) | st.binary(max_size=300).map(lambda tail: b"\0\1\0\1\2" + tail))
def test_any_bytes_are_a_message_or_bad(raw):
    try:
        seen = read_transaction(raw)
    except BadMessage:
        return
    if isinstance(seen, Message):
        assert to_bytes_versioned(from_bytes_versioned(seen.signed)) == seen.signed


def test_the_message_by_hand_is_read():
    seen = read_transaction(b"\0" + parts())
    assert isinstance(seen, Message)
    assert len(seen.instructions) == 1
    assert [seen.is_writable(index) for index in range(3)] == [True, True, False]


@pytest.mark.parametrize(
    "signed",
    [
        b"",
        parts()[:-1],
        parts(tail=b"\0"),
        parts(header=(0, 0, 1)),  # nobody pays
        parts(header=(1, 1, 1)),  # who pays cannot be written to
        parts(header=(2, 0, 2)),
        parts(header=(4, 0, 0)),
        parts(keys=b"\1" * 32 + b"\2" * 32 + b"\1" * 32),
        parts(instructions=b"\1\3\0\0"),  # a program that is not listed
        parts(instructions=b"\1\0\0\0"),  # who pays, as a program
        parts(instructions=b"\1\2\1\3\0"),
        parts(instructions=b"\1\2\x80\0\0"),  # a length longer than need be
        parts(instructions=b"\1\2\0\x81\0\7"),
        parts(instructions=b"\1\2\0\x80\x80\1" + bytes(100)),
        parts(instructions=b"\1\2\0\x80\x80\0"),
        parts(instructions=b"\1\2\0\5"),
        parts(instructions=b"\2\2\0\0"),
        b"\x80" + parts(),  # no lookup tables, not even none
        b"\x80" + parts(tail=b"\1" + b"\7" * 32 + b"\0\0"),
        b"\x80" + parts(tail=b"\1" + b"\7" * 32 + b"\xff\1" + bytes(256)),
        b"\x80" + parts(instructions=b"\1\3\0\0", tail=b"\1" + b"\7" * 32 + b"\1\0\0"),
    ],
)
def test_what_is_not_exact_is_refused(signed):
    with pytest.raises(BadMessage):
        read_transaction(b"\0" + signed)


@pytest.mark.parametrize("slots", [0, 1])
def test_empty_signatures_may_be_there_for_each_signer(slots):
    seen = read_transaction(bytes([slots]) + bytes(64 * slots) + parts())
    assert isinstance(seen, Message)
    assert seen.signed == parts()


@pytest.mark.parametrize(
    "before",
    [
        b"",
        b"\2" + bytes(128),
        b"\1" + bytes(63),
        b"\1" + bytes(63) + b"\1",
        b"\1" + b"\1" + bytes(63),
        b"\x7f",
    ],
)
def test_other_signatures_are_refused(before):
    with pytest.raises(BadMessage):
        read_transaction(before + parts())


@pytest.mark.parametrize("slots", [0, 1])
def test_what_no_packet_holds_once_signed_is_not_read(slots):
    def sized(size):
        data = size - len(parts(instructions=b"\1\2\0\x80\1"))
        length = bytes([data & 0x7F | 0x80, data >> 7])
        signed = parts(instructions=b"\1\2\0" + length + bytes(data))
        return read_transaction(bytes([slots]) + bytes(64 * slots) + signed)

    assert isinstance(sized(1232 - 65), Message)
    assert isinstance(sized(1232 - 64), Foreign)
    assert isinstance(sized(5_000), Foreign)


def test_more_than_a_packet_is_not_looked_into():
    assert read_transaction(bytes(1233)) == Foreign("longer than a packet")
    with pytest.raises(BadMessage):
        read_transaction(bytes(1232))


@pytest.mark.parametrize("raw", [b"\0\x81" + parts(), b"\0\xff", b"\x81" + parts(), b"\x80"])
def test_later_versions_are_not_read(raw):
    assert read_transaction(raw) == Foreign("of a version after 0")


def test_accounts_in_a_lookup_table_are_unknown():
    table = AddressLookupTableAccount(KEYS[11], [KEYS[5], KEYS[6]])
    instruction = Instruction(
        KEYS[9], b"", [AccountMeta(KEYS[5], False, True), AccountMeta(KEYS[1], False, True)]
    )
    seen = read_transaction(b"\0" + message_0(instruction, tables=[table], payer=KEYS[0]))
    assert isinstance(seen, Message)
    assert seen.instructions[0].accounts == (None, bytes(KEYS[1]))
    assert [each.table for each in seen.lookups] == [bytes(KEYS[11])]


def test_a_message_without_instructions_is_read():
    seen = read_transaction(b"\0" + message())
    assert isinstance(seen, Message)
    assert seen.instructions == ()
