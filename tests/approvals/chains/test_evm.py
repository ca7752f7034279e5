import pytest
from eth_account import Account
from eth_keys.datatypes import Signature
from eth_utils.address import to_checksum_address
from hypothesis import given
from hypothesis import strategies as st

from approvals.chains.evm import (
    BadTransaction,
    EvmTransaction,
    Foreign,
    decode_transaction,
    signing_hash,
)
from approvals.chains.rlp import encode
from tests.support.evm import TO, access_list, dynamic_fee, legacy, number

ACCOUNT = Account.from_key("0x" + "4c" * 32)

WORDS = st.integers(0, 2**256 - 1)
GAS = st.integers(0, 2**63)
COMMON = {
    "chain_id": st.integers(1, 2**31),
    "nonce": st.integers(0, 2**63),
    "gas": GAS,
    "to": st.binary(min_size=20, max_size=20) | st.just(b""),
    "value": WORDS,
    "data": st.binary(max_size=100),
}
ACCESS = st.lists(
    st.tuples(
        st.binary(min_size=20, max_size=20),
        st.lists(st.binary(min_size=32, max_size=32), max_size=2),
    ),
    max_size=2,
)


def signed_by(raw, wish):
    """Who eth-account's signature over the wish belongs to, if ours is the hash it signed."""
    signed = ACCOUNT.sign_transaction(wish)
    parity = signed.v if signed.v < 2 else (signed.v + 1) % 2
    signature = Signature(vrs=(parity, signed.r, signed.s))
    return signature.recover_public_key_from_msg_hash(signing_hash(raw)).to_checksum_address()


def wish_of(parts):
    names = {"chain_id": "chainId"}
    wish = {names.get(name, name): value for name, value in parts.items()}
    wish["to"] = to_checksum_address(wish["to"]) if wish["to"] else ""
    return wish


@given(st.fixed_dictionaries({**COMMON, "gas_price": WORDS}))
def test_a_legacy_transaction_is_read_and_hashed_as_eth_account_does(parts):
    raw = legacy(**parts)
    seen = decode_transaction(raw)
    assert seen == EvmTransaction(
        chain_id=parts["chain_id"],
        nonce=parts["nonce"],
        gas_price=parts["gas_price"],
        priority=None,
        gas_limit=parts["gas"],
        to=parts["to"],
        value=parts["value"],
        data=parts["data"],
    )
    wish = wish_of(parts)
    wish["gasPrice"] = wish.pop("gas_price")
    assert signed_by(raw, wish) == ACCOUNT.address


@given(st.fixed_dictionaries({**COMMON, "gas_price": WORDS, "access": ACCESS}))
def test_an_access_list_transaction_is_read_and_hashed_as_eth_account_does(parts):
    raw = access_list(**{**parts, "access": [[a, list(k)] for a, k in parts["access"]]})
    seen = decode_transaction(raw)
    assert isinstance(seen, EvmTransaction)
    assert (seen.gas_price, seen.priority, seen.data) == (parts["gas_price"], None, parts["data"])
    wish = wish_of(parts)
    wish |= {"type": 1, "gasPrice": wish.pop("gas_price"), "accessList": listed(wish)}
    assert signed_by(raw, wish) == ACCOUNT.address


@given(st.fixed_dictionaries({**COMMON, "priority": WORDS, "max_fee": WORDS, "access": ACCESS}))
def test_a_dynamic_fee_transaction_is_read_and_hashed_as_eth_account_does(parts):
    raw = dynamic_fee(**{**parts, "access": [[a, list(k)] for a, k in parts["access"]]})
    seen = decode_transaction(raw)
    assert isinstance(seen, EvmTransaction)
    assert (seen.gas_price, seen.priority) == (parts["max_fee"], parts["priority"])
    assert (seen.to, seen.value, seen.data) == (parts["to"], parts["value"], parts["data"])
    assert seen.fee_at_most == parts["gas"] * parts["max_fee"]
    wish = wish_of(parts)
    wish |= {"type": 2, "accessList": listed(wish)}
    wish["maxFeePerGas"] = wish.pop("max_fee")
    wish["maxPriorityFeePerGas"] = wish.pop("priority")
    assert signed_by(raw, wish) == ACCOUNT.address


def listed(wish):
    return [
        {
            "address": to_checksum_address(account),
            "storageKeys": ["0x" + key.hex() for key in found],
        }
        for account, found in wish.pop("access")
    ]


@given(st.binary(max_size=200))
def test_any_bytes_are_a_transaction_or_bad(raw):
    try:
        decode_transaction(raw)
    except BadTransaction:
        return


@given(st.sampled_from([legacy(), access_list(), dynamic_fee()]), st.data())
def test_bytes_that_differ_never_read_the_same(raw, data):
    at = data.draw(st.integers(0, len(raw) - 1))
    changed = bytearray(raw)
    changed[at] ^= data.draw(st.integers(1, 255))
    try:
        seen = decode_transaction(bytes(changed))
    except BadTransaction:
        return
    assert seen != decode_transaction(raw)


@pytest.mark.parametrize(
    ("raw", "what", "hashed"),
    [
        (legacy(tail=()), "before EIP-155", True),
        (b"\x03" + encode([b"\x01"]), "blob", True),
        (b"\x00\xc0", "unknown type 0", False),
        (b"\x05\xc0", "unknown type 5", False),
        (b"\x7f", "unknown type 127", False),
    ],
)
def test_forms_that_we_do_not_read_are_named(raw, what, hashed):
    seen = decode_transaction(raw)
    assert isinstance(seen, Foreign)
    assert what in seen.what
    assert seen.hashed is hashed


ONE = number(1)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x80",
        b"\xbf",
        b"\x01",
        b"\x02",
        b"\x02\x80",
        b"\x02\xc0",
        legacy() + b"\0",
        dynamic_fee() + b"\0",
        dynamic_fee()[:-1],
        legacy(tail=(ONE,)),
        legacy(tail=(ONE, b"")),
        legacy(tail=(ONE, ONE, ONE)),  # it is signed already
        legacy(tail=(ONE, b"", ONE)),
        legacy(tail=(ONE, b"", b"", b"")),
        legacy(tail=(ONE, b"\0", b"")),
        legacy(tail=(b"\0\1", b"", b"")),
        legacy(tail=([], b"", b"")),
        legacy(to=TO[:19]),
        legacy(to=TO + b"\0"),
        dynamic_fee(access=[[TO]]),
        dynamic_fee(access=[[TO[:19], []]]),
        dynamic_fee(access=[[TO, [bytes(31)]]]),
        dynamic_fee(access=[[TO, bytes(32)]]),
        dynamic_fee(access=b"\x01"),
        b"\x02" + encode([ONE] * 9),
        b"\x02" + encode([*[ONE] * 5, TO, b"\0", b"", []]),  # a value with a leading zero
        b"\x02" + encode([*[ONE] * 5, TO, b"\1" * 33, b"", []]),
        b"\x02" + encode([*[ONE] * 5, TO, b"", [], []]),  # calldata that is a list
        b"\x02" + encode([*[ONE] * 5, [TO], b"", b"", []]),
        b"\x02" + encode([*[ONE] * 5, TO, b"", b"", [], ONE, ONE, ONE]),  # signed already
    ],
)
def test_what_is_no_unsigned_transaction_is_refused(raw):
    with pytest.raises(BadTransaction):
        decode_transaction(raw)
