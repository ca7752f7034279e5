"""Addresses and scripts, against btclib's."""

import pytest
from btclib.script.script_pub_key import ScriptPubKey
from hypothesis import given
from hypothesis import strategies as st

from approvals.chains import bech32
from approvals.chains.addresses import parse_address
from approvals.chains.bitcoin.keys import simple_scripts, taproot_scripts
from approvals.chains.bitcoin.scripts import (
    address_of,
    form_of,
    p2pkh,
    p2sh,
    p2tr,
    p2wpkh,
    script_of,
)
from approvals.chains.tables import SHIPPED
from tests.support.bitcoin import ENCODINGS, PATH, address_at, key_at
from tests.support.bitcoin import script_of as their_script_of

HASHES = st.binary(min_size=20, max_size=20)
PROGRAMS = st.binary(min_size=32, max_size=32)
SCRIPTS = st.one_of(
    HASHES.map(p2pkh),
    HASHES.map(p2sh),
    HASHES.map(p2wpkh),
    PROGRAMS.map(p2tr),
    PROGRAMS.map(b"\0\x20".__add__),
)
NAMES = {"BTC": "mainnet", "XTN": "testnet", "SIGNET_BTC": "signet"}


def network(chain_id):
    found = SHIPPED.chains[chain_id].network
    assert found is not None
    return found


@pytest.mark.parametrize("chain_id", NAMES)
@given(SCRIPTS)
def test_addresses_are_those_of_btclib(chain_id, script):
    address = address_of(network(chain_id), script)
    assert address is not None
    assert address.text == ScriptPubKey(script, NAMES[chain_id]).address
    assert script_of(network(chain_id), address.text) == script
    assert parse_address(address.text) == address


@pytest.mark.parametrize("chain_id", ["BTC", "XTN", "SIGNET_BTC", "LTC", "DOGE"])
@given(SCRIPTS)
def test_an_address_stands_for_the_script_it_was_made_of(chain_id, script):
    address = address_of(network(chain_id), script)
    if address is None:
        assert chain_id == "DOGE"
        assert form_of(script) in ("P2WPKH", "P2WSH", "P2TR")
        return
    assert script_of(network(chain_id), address.text) == script
    assert parse_address(address.text) == address


@pytest.mark.parametrize(
    ("chain_id", "address", "script"),
    [
        (
            "LTC",
            "LM2WMpR1Rp6j3Sa59cMXMs1SPzj9eXpGc1",
            "76a914134b1a3e31bd5bd7ad1fb4dd0ee2bc0f9fd1b9ff88ac",
        ),
        (
            "LTC",
            "ltc1qw508d6qejxtdg4y5r3zarvary0c5xw7kgmn4n9",
            "0014751e76e8199196d454941c45d1b3a323f1433bd6",
        ),
    ],
)
def test_litecoins_addresses_have_their_own_forms(chain_id, address, script):
    found = script_of(network(chain_id), address)
    assert found is not None
    assert form_of(found) == form_of(bytes.fromhex(script))
    assert script_of(network("BTC"), address) is None


OF = {
    "BTC": [
        "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2",
        "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
    ],
    "XTN": ["mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn", "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx"],
    "LTC": ["ltc1qw508d6qejxtdg4y5r3zarvary0c5xw7kgmn4n9"],
    "DOGE": ["DBXu2kgc3xtvCUWFcxFE3r9hEYgmuaaCyD"],
}


@pytest.mark.parametrize("chain_id", OF)
def test_an_address_of_another_network_is_none(chain_id):
    for other, texts in OF.items():
        for text in texts:
            is_ours = other == chain_id or (chain_id == "LTC" and text.startswith("3"))
            assert (script_of(network(chain_id), text) is not None) == is_ours


@pytest.mark.parametrize("text", ["", "0x" + "11" * 20, "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", "é"])
def test_what_is_no_address_has_no_script(text):
    assert script_of(network("BTC"), text) is None


def test_litecoins_older_script_addresses_are_read_and_written_anew():
    script = script_of(network("BTC"), "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy")
    assert script == script_of(network("LTC"), "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy")
    written = address_of(network("LTC"), script or b"")
    assert written is not None
    assert written.text.startswith("M")


@pytest.mark.parametrize(
    "script",
    [
        "",
        "6a",
        "00",
        "51024e73",  # pay to anchor
        "5114" + "11" * 20,
        "0014" + "11" * 19,
        "0014" + "11" * 21,
        "0020" + "11" * 31,
        "5120" + "11" * 33,
        "5220" + "11" * 32,  # a witness version from the future
        "76a914" + "11" * 20 + "88ad",
        "76a914" + "11" * 20 + "88",
        "76a915" + "11" * 20 + "88ac",
        "a914" + "11" * 20 + "88",
        "a915" + "11" * 20 + "87",
        "21" + "02" * 33 + "ac",
    ],
)
def test_other_scripts_have_no_form_and_no_address(script):
    assert form_of(bytes.fromhex(script)) is None
    assert address_of(network("BTC"), bytes.fromhex(script)) is None


@given(st.binary(max_size=60))
def test_any_script_has_a_form_that_holds_it_all_or_none(script):
    address = address_of(network("BTC"), script)
    if address is not None:
        assert script_of(network("BTC"), address.text) == script


@given(st.integers(0, 16), st.binary(min_size=2, max_size=40))
def test_segwit_addresses_read_back(version, program):
    if version == 0:
        program = (program * 20)[:32]
    assert bech32.decode_segwit(bech32.encode_segwit("bc", version, program)) == (
        "bc",
        version,
        program,
    )


def test_a_key_has_these_addresses():
    key = key_at(PATH)
    found = [*simple_scripts(key).values(), *taproot_scripts(key)]
    assert found == [their_script_of(address_at(PATH, form)) for form in ENCODINGS]
