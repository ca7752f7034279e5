"""The raw bytes are those that the hashes are of, in whatever notation they arrived."""

import base64
import hashlib

import pytest

from approvals.chains.keccak import keccak256
from approvals.chains.messages import personal_hash
from approvals.raw_bytes import Raw, raw_of
from approvals.request import Request
from tests.support.requests import sample


def only(name: str) -> Raw:
    (raw,) = raw_of(sample(name).request)
    assert raw.sha256 == hashlib.sha256(raw.data).hexdigest()
    return raw


@pytest.mark.parametrize("name", ["keysign_eth_transfer_legacy", "keysign_erc20_usdt"])
def test_the_hash_of_an_evm_transactions_bytes_is_the_one_to_be_signed(name: str) -> None:
    raw = only(name)
    assert raw.name == "unsigned_raw_tx"
    assert sample(name).detail["msg_hash_list"] == ["0x" + keccak256(raw.data).hex()]


def test_a_tron_transactions_bytes_are_what_is_hashed() -> None:
    raw = only("keysign_tron_trx")
    (signed,) = sample("keysign_tron_trx").detail["msg_hash_list"]
    assert signed.removeprefix("0x") == raw.sha256


def test_a_solana_transactions_bytes_are_read_through_hex_and_base64() -> None:
    raw = only("keysign_sol_transfer")
    text = sample("keysign_sol_transfer").extra["transaction"]["raw_tx_info"]["unsigned_raw_tx"]
    assert base64.b64encode(raw.data) == bytes.fromhex(text.removeprefix("0x"))


def test_a_message_is_read_in_the_notation_of_its_kind() -> None:
    raw = only("keysign_eip191")
    assert raw.name == "message (EVM_EIP_191_Signature)"
    (signed,) = sample("keysign_eip191").detail["msg_hash_list"]
    assert signed == "0x" + personal_hash(raw.data).hex()
    typed = only("keysign_eip712_permit")
    said = sample("keysign_eip712_permit").extra["transaction"]["destination"]
    assert typed.data == said["raw_structured_data"].encode()


@pytest.mark.parametrize("name", ["keygen_secp256k1", "keyreshare_secp256k1"])
def test_where_nothing_is_signed_it_is_what_the_node_carries_out(name: str) -> None:
    assert only(name) == Raw("request_detail", sample(name).request.detail.encode())


@pytest.mark.parametrize("text", ["xyz", "0x1", "é \u202e", "0x" + "ab" * 3_000_000])
def test_what_is_in_no_notation_is_shown_as_it_came(text: str) -> None:
    asked = sample("keysign_erc20_usdt").with_transaction("raw_tx_info.unsigned_raw_tx", text)
    (raw,) = raw_of(asked.request)
    assert raw.data in (text.encode(), b"\xab" * 3_000_000)


@pytest.mark.parametrize("extra", ["", "{", "[]", '{"transaction": 1}'])
def test_what_cannot_be_read_is_never_a_reason_to_show_nothing(extra: str) -> None:
    request = Request("node-1", "1", 2, "not json", extra)
    assert raw_of(request) == (Raw("request_detail", b"not json"),)
