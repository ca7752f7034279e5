"""Digests against the vectors of the BIPs, and against btclib's."""

import hashlib
import json
from pathlib import Path

import pytest
from btclib.script import sig_hash
from btclib.script.script_pub_key import ScriptPubKey
from btclib.tx.tx import Tx
from btclib.tx.tx_out import TxOut
from hypothesis import given
from hypothesis import strategies as st

from approvals.chains.bip32 import hash160
from approvals.chains.bitcoin.keys import simple_scripts, tap_tweak, tweaked
from approvals.chains.bitcoin.scripts import address_of, nested, p2pkh, p2tr
from approvals.chains.bitcoin.sighash import Digests
from approvals.chains.bitcoin.transaction import Output, decode, encode
from approvals.chains.tables import SHIPPED
from tests.approvals.chains.bitcoin.test_transaction import transactions
from tests.support.bitcoin import plan
from tests.support.effort import tried

VECTORS = json.loads((Path(__file__).parents[3] / "vectors" / "bitcoin.json").read_text())
BIP143, BIP341 = VECTORS["bip143"]["cases"], VECTORS["bip341"]
SPENT = [Output(amount, bytes.fromhex(script)) for script, amount in BIP341["spent"]]


@pytest.mark.parametrize("case", BIP143)
def test_bip_143(case):
    key, script = bytes.fromhex(case["key"]), bytes.fromhex(case["script"])
    transaction = decode(bytes.fromhex(case["transaction"]))
    assert script in simple_scripts(key).values()
    spent = [Output(0, b"")] * case["input"] + [Output(case["amount"], script)]
    digest = Digests(transaction, spent).bip143(case["input"], hash160(key))
    assert digest.hex() == case["digest"]
    assert nested(key)[2:] == hash160(key)


@pytest.mark.parametrize("case", BIP341["digests"])
def test_bip_341(case):
    transaction = decode(bytes.fromhex(BIP341["transaction"]))
    digest = Digests(transaction, SPENT).bip341(case["input"], case["sighash"])
    assert digest.hex() == case["digest"]


@pytest.mark.parametrize("case", BIP341["keys"])
def test_bip_341_keys(case):
    internal, tree = bytes.fromhex(case["internal"]), bytes.fromhex(case["tree"])
    tweak = tap_tweak(b"\3" + internal, tree)
    assert tweak.hex() == case["tweak"]
    output = tweaked(b"\3" + internal, tweak)
    assert output is not None
    assert output.hex() == case["output"]
    network = SHIPPED.chains["BTC"].network
    assert network is not None
    address = address_of(network, p2tr(output))
    assert address is not None
    assert address.text == case["address"]


def test_a_tweak_that_no_key_has_makes_none():
    key = b"\2" + bytes.fromhex(BIP341["keys"][0]["internal"])
    assert tweaked(key, b"\xff" * 32) is None


@tried(0.5)
@given(transactions(most=21 * 10**14), st.data())
def test_every_digest_is_btclibs(transaction, data):
    raw = encode(transaction)
    theirs = Tx.parse(raw, check_validity=False)
    count = len(transaction.inputs)
    index = data.draw(st.integers(0, count - 1))
    values = data.draw(st.lists(st.integers(0, 21 * 10**14), min_size=count, max_size=count))
    program = data.draw(st.binary(min_size=20, max_size=20))
    code = p2pkh(program)
    ours = Digests(transaction, [Output(value, code) for value in values])
    prevouts = [TxOut(value, ScriptPubKey(code)) for value in values]
    assert ours.legacy(index) == sig_hash.legacy(code, theirs, index, 1)
    assert ours.bip143(index, program) == sig_hash.segwit_v0(code, theirs, index, 1, values[index])
    for sighash in (0, 1):
        expected = sig_hash.taproot(theirs, index, prevouts, sighash, 0, b"", b"")
        assert ours.bip341(index, sighash) == expected


def test_a_digest_costs_the_same_however_many_inputs_there_are(monkeypatch):
    """In bytes that are hashed, once what the inputs share has been."""
    sha256, hashed = hashlib.sha256, list[int]()

    def counting(data):
        hashed.append(len(data))
        return sha256(data)

    monkeypatch.setattr(hashlib, "sha256", counting)

    def hashed_for(count):
        digests = Digests(decode(plan(*["P2WPKH"] * count).raw), [Output(1, b"")] * count)
        for index in (0, count - 1):
            hashed.clear()
            digests.bip143(index, bytes(20))
            digests.bip341(index, 0)
        return sum(hashed)

    assert hashed_for(200) == hashed_for(2) > 0
