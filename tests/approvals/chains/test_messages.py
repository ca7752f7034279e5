"""The hashes of messages, against libraries that hash them in their own way."""

import hashlib

from btclib.hashes import magic_message
from eth_account.messages import defunct_hash_message
from hypothesis import example, given
from hypothesis import strategies as st

from approvals.chains.messages import bitcoin_message_hash, personal_hash


@given(st.binary(max_size=300))
@example(b"")
@example(bytes(32))
def test_a_personal_message_hashes_as_eth_account_says(message):
    assert personal_hash(message) == bytes(defunct_hash_message(primitive=message))


@given(st.binary(max_size=400))
@example(b"")
@example(bytes(252))
@example(bytes(253))
@example(bytes(65_535))
@example(bytes(65_536))
def test_a_bitcoin_message_hashes_as_btclib_says(message):
    assert bitcoin_message_hash(message) == hashlib.sha256(magic_message(message)).digest()
