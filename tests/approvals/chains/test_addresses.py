import pytest
from eth_utils.address import to_checksum_address
from hypothesis import given
from hypothesis import strategies as st

from approvals.chains import base58
from approvals.chains.addresses import (
    account_address,
    checksummed,
    claimed_address,
    evm_address,
    parse_address,
)

EVM = "0xd63134CC52B0CC0bb754A0196bc249F38BDB2A2c"


@given(st.binary(min_size=20, max_size=20))
def test_evm_addresses_are_shown_as_eth_utils_shows_them(raw):
    assert checksummed(raw) == to_checksum_address(raw)
    for spelling in (checksummed(raw), "0x" + raw.hex(), "0x" + raw.hex().upper()):
        assert parse_address(spelling) == evm_address(raw)


def test_a_wrong_checksum_is_no_address():
    assert parse_address(EVM) is not None
    assert parse_address(EVM.replace("CC", "cC", 1)) is None


def test_a_claimed_address_is_its_bytes_whatever_the_checksum():
    assert claimed_address(EVM.replace("CC", "cC", 1)) == parse_address(EVM)
    assert claimed_address(EVM[:-1]) is None
    tron = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"
    assert claimed_address(tron) == parse_address(tron)
    assert claimed_address(tron.lower()) is None


@pytest.mark.parametrize(
    ("text", "family"),
    [
        ("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", "tron"),
        ("1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", "bitcoin"),
        ("3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy", "bitcoin"),
        ("mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn", "bitcoin"),
        ("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "bitcoin"),
        ("BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", "bitcoin"),
        ("tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7", "bitcoin"),
        ("bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0", "bitcoin"),
        ("EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v", "solana"),
        ("11111111111111111111111111111111", "solana"),
    ],
)
def test_each_familys_addresses_are_told_apart(text, family):
    address = parse_address(text)
    assert address is not None
    assert (address.family, address.text) == (family, text)


def test_both_spellings_of_a_segwit_address_are_one():
    text = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
    assert parse_address(text) == parse_address(text.upper())
    assert parse_address(text) != parse_address("tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0x",
        EVM[2:],
        EVM[:-1],
        EVM + "0",
        "0X" + EVM[2:].lower(),
        EVM.lower().replace("d", "\uff44"),
        " " + EVM,
        EVM + "\n",
        "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6u",
        "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3",
        "bc1Qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",  # mixed case
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5",  # wrong checksum
        "tc1qw508d6qejxtdg4y5r3zarvary0c5xw7kg3g4ty",  # another network
        "bc1p38j9r5y49hruaue7wxjce0updqjuyyx0kh56v8s25huc6995vvpql3jow4",
        "bc1rw5uspcuh",
        "bc1gmk9yu",
        "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTD",
        "0OIl",
        "1" * 100_000,
        "bc1" + "q" * 100_000,
        "\ud800",
        "ab1\u212a",
    ],
)
def test_everything_else_is_no_address(text):
    assert parse_address(text) is None


@given(st.text(max_size=60) | st.text("0x123456789abcdefABCDEFqpzry1", max_size=60))
def test_any_text_is_an_address_or_not(text):
    address = parse_address(text)
    assert address is None or address.text.lower() == text.lower()


@given(st.binary(max_size=60))
def test_base58_reads_what_it_writes(data):
    assert base58.decode(base58.encode(data)) == data
    assert base58.decode_check(base58.encode_check(data)) == data


def test_an_account_of_20_bytes_is_written_as_its_chain_writes_it():
    usdt = parse_address("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t")
    assert usdt is not None
    found = account_address("tron", usdt.raw[1:])
    assert (found, found.text) == (usdt, usdt.text)
    assert account_address("evm", bytes.fromhex(EVM[2:])) == parse_address(EVM)
