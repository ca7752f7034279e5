"""EIP-7702, against eth-account."""

import pytest
from eth_account import Account
from eth_utils.address import to_checksum_address
from hypothesis import given
from hypothesis import strategies as st

from approvals.chains.delegation import Authorization, authority
from approvals.chains.evm import BadTransaction, EvmTransaction, decode_transaction, signing_hash
from approvals.chains.rlp import encode
from tests.support.evm import TO, USDT, authorization, dynamic_fee, set_code

ACCOUNT = Account.from_key(b"\7" * 32)
HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def signed(chain_id=1, contract=TO, nonce=0):
    wish = {"chainId": chain_id, "address": "0x" + contract.hex(), "nonce": nonce}
    return ACCOUNT.sign_authorization(wish)


def said_by(word):
    return Authorization(
        word.chain_id, bytes(word.address), word.nonce, word.y_parity, word.r, word.s
    )


@given(st.integers(0, 2**64 - 1), st.binary(min_size=20, max_size=20), st.integers(0, 2**64 - 1))
def test_the_account_that_signed_is_the_one_of_eth_account(chain_id, contract, nonce):
    raw = authority(said_by(signed(chain_id, contract, nonce)))
    assert raw == bytes.fromhex(ACCOUNT.address[2:])


def test_nobody_signed_what_no_chain_accepts():
    word = said_by(signed())
    high = Authorization(1, TO, 0, 1 - word.y_parity, word.r, ORDER - word.s)
    assert high.s > HALF_ORDER
    assert authority(high) is None
    assert authority(Authorization(1, TO, 0, 2, word.r, word.s)) is None
    assert authority(Authorization(1, TO, 0, 0, 0, word.s)) is None
    assert authority(Authorization(1, TO, 0, 0, 2**256 - 1, word.s)) is None
    assert authority(Authorization(1, TO, 0, 0, word.r, 0)) is None


def test_a_set_code_transaction_is_read_and_hashed_as_eth_account_does():
    word = signed()
    raw = set_code(authorizations=[authorization(y_parity=word.y_parity, r=word.r, s=word.s)])
    seen = decode_transaction(raw)
    plain = decode_transaction(dynamic_fee())
    assert isinstance(seen, EvmTransaction)
    assert isinstance(plain, EvmTransaction)
    assert (seen.chain_id, seen.nonce, seen.to) == (plain.chain_id, plain.nonce, plain.to)
    assert (seen.value, seen.data, seen.fee_at_most) == (plain.value, plain.data, plain.fee_at_most)
    assert seen.authorizations == (said_by(word),)
    wish = {
        "type": 4,
        "chainId": 1,
        "nonce": 9,
        "maxPriorityFeePerGas": 1_500_000_000,
        "maxFeePerGas": 30_000_000_000,
        "gas": 90_000,
        "to": to_checksum_address(USDT),
        "value": 0,
        "data": "0x" + seen.data.hex(),
        "accessList": [],
        "authorizationList": [word],
    }
    theirs = ACCOUNT.sign_transaction(wish)
    signature = [theirs["v"], theirs["r"], theirs["s"]]
    found = ACCOUNT.unsafe_sign_hash(signing_hash(raw))
    assert signature == [found["v"] - 27, found["r"], found["s"]]


@pytest.mark.parametrize(
    "raw",
    [
        set_code(authorizations=[]),
        set_code(authorizations=b""),
        set_code(to=b"", authorizations=[authorization()]),
        set_code(authorizations=[[]]),
        set_code(authorizations=[b"\1"]),
        set_code(authorizations=[authorization(contract=TO[:19])]),
        set_code(authorizations=[authorization(nonce=2**64)]),
        set_code(authorizations=[authorization(y_parity=256)]),
        set_code(authorizations=[authorization(chain_id=2**256)]),
        set_code(authorizations=[[*authorization(), b""]]),
        set_code(authorizations=[authorization()]) + b"\0",
        b"\4" + dynamic_fee()[1:],
        b"\4" + encode([b"\1"] * 10),
    ],
)
def test_what_is_no_set_code_transaction_is_refused(raw):
    with pytest.raises(BadTransaction):
        decode_transaction(raw)
