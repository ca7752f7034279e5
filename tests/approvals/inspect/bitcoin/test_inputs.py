"""Checks 6, 9, 10, 11 and 14: the bytes, the outputs that are spent, digests and keys."""

import pytest
from btclib import b58

from approvals.chains.bip32 import hash160
from approvals.findings import Refused
from approvals.inspect.bitcoin.signers import MAX_LEGACY_INPUTS
from tests.support.bitcoin import (
    OTHER_STRANGER,
    SAMPLE,
    STRANGER,
    Spent,
    address_at,
    key_at,
    plan,
)
from tests.support.looking import note, passed, refused, seen, unverified
from tests.support.requests import ABSENT, sample

RAW = "raw_tx_info.unsigned_raw_tx"
UTXO = "raw_tx_info.selected_utxos.0"
ONE_BYTE_LESS = SAMPLE.extra["transaction"]["raw_tx_info"]["unsigned_raw_tx"][:-2]
FORMS = [
    ("P2WPKH",),
    ("P2PKH",),
    ("P2SH",),
    ("P2TR",),
    ("P2TR tweaked",),
    ("P2WPKH", "P2WPKH", "P2WPKH"),
    ("P2TR", "P2TR tweaked", "P2TR"),
    ("P2PKH", "P2WPKH", "P2SH", "P2PKH"),
]


def test_the_recorded_sample_passes():
    findings = passed(SAMPLE)
    (effect,) = findings.effects
    assert (effect.to.text, effect.amount) == (STRANGER, 600_000)
    assert effect.asset.token_id == "BTC"
    assert effect.sender == findings.source
    assert findings.source.text == "bc1qlmvv0kguc2ajtctq5aee69vhe2luk2kfrf7zjs"
    assert findings.chain == "BTC"


@pytest.mark.parametrize("forms", FORMS)
def test_every_form_of_output_that_one_key_can_spend_is_recomputed(forms):
    findings = passed(plan(*forms).sample())
    assert [effect.amount for effect in findings.effects] == [300_000]
    assert (findings.source is None) == (len(forms) > 1)


# --- 9: the bytes


@pytest.mark.parametrize(
    "raw",
    [
        ONE_BYTE_LESS,
        ONE_BYTE_LESS + "0000",
        "01",
        "0200000000010204" + "00" * 60,  # a marker of witnesses
        "02000000" + "00" * 6,
        "not hex",
        "cHNidP8",
        "cHNidP8BAA==",
        "cHNidP8!",
        "70736274ff",
        "{}",
    ],
)
def test_9_another_form_is_not_understood(raw):
    assert unverified(SAMPLE.with_transaction(RAW, raw), 9).effects == ()


def test_9_a_transaction_of_another_family_is_not_understood():
    evm = sample("keysign_eth_transfer_legacy").extra["transaction"]["raw_tx_info"]
    assert unverified(SAMPLE.with_transaction(RAW, evm["unsigned_raw_tx"]), 9)


def test_9_bytes_of_bitcoin_do_not_fit_another_family():
    assert isinstance(seen(SAMPLE.with_transaction("chain_id", "ETH")).integrity, Refused)
    unknown = SAMPLE.with_transaction("chain_id", "NEW_BTC")
    assert unverified(unknown, 8, 9).effects == ()


def test_9_prefix_and_case_of_hex_say_nothing():
    raw = ONE_BYTE_LESS + "00"
    passed(SAMPLE.with_transaction(RAW, "0x" + raw))
    passed(SAMPLE.with_transaction(RAW, raw.upper()))


def test_9_an_output_is_spent_once():
    raw = bytes.fromhex(ONE_BYTE_LESS + "00")
    twice = raw[:46] + raw[5:41] + raw[82:]
    integrity = seen(SAMPLE.with_transaction(RAW, twice.hex())).integrity
    assert any(reason.check == 9 for reason in integrity.reasons)
    assert "twice" in integrity.reasons[0].text


def test_9_an_input_that_has_a_script_already_is_not_understood():
    spent = plan("P2WPKH")
    raw = spent.raw
    with_script = raw[:41] + b"\1\x51" + raw[42:]
    findings = unverified(spent.sample().with_transaction(RAW, with_script.hex()), 9)
    assert len(findings.effects) == 1


# --- 10: what is spent, and the digests


def test_10_the_outputs_that_are_spent_may_be_listed_in_any_order():
    utxos = SAMPLE.extra["transaction"]["raw_tx_info"]["selected_utxos"]
    passed(SAMPLE.with_transaction("raw_tx_info.selected_utxos", utxos[::-1]))


@pytest.mark.parametrize("keep", [[0], [1], [0, 0], [0, 1, 1]])
def test_10_exactly_the_outputs_that_are_spent_are_listed(keep):
    utxos = SAMPLE.extra["transaction"]["raw_tx_info"]["selected_utxos"]
    chosen = [utxos[n] for n in keep]
    assert refused(SAMPLE.with_transaction("raw_tx_info.selected_utxos", chosen), 10)


def test_10_an_output_that_is_not_spent_is_not_listed():
    utxos = SAMPLE.extra["transaction"]["raw_tx_info"]["selected_utxos"]
    more = [*utxos, utxos[0] | {"vout_n": 7}]
    assert refused(SAMPLE.with_transaction("raw_tx_info.selected_utxos", more), 10)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("tx_hash", "ab" * 32),
        ("vout_n", 0),
        ("vout_n", 2),
        ("value", "0.00300001"),
        ("value", "0"),
        ("address", STRANGER),
        ("address", OTHER_STRANGER),
    ],
)
def test_10_a_changed_output_that_is_spent_has_another_digest(path, value):
    integrity = seen(SAMPLE.with_transaction(f"{UTXO}.{path}", value)).integrity
    assert 10 in {reason.check for reason in integrity.reasons}
    assert integrity.cause == "contradiction"


@pytest.mark.parametrize("path", ["tx_hash", "vout_n", "value", "address"])
def test_10_what_is_not_said_of_them_is_unverified(path):
    changed = SAMPLE.with_transaction(f"{UTXO}.{path}", None)
    assert unverified(changed, 10)
    assert seen(changed).effects == ()


def test_10_without_them_nothing_can_be_recomputed():
    assert unverified(SAMPLE.with_transaction("raw_tx_info.selected_utxos", ABSENT), 10)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("tx_hash", "ab"),
        ("tx_hash", "zz" * 32),
        ("vout_n", -1),
        ("vout_n", 2**32),
        ("value", "0.000000001"),
        ("value", "92233720368.54775808"),
    ],
)
def test_10_what_cannot_be_is_malformed(path, value):
    integrity = seen(SAMPLE.with_transaction(f"{UTXO}.{path}", value)).integrity
    assert integrity.cause == "malformed"
    assert 10 in {reason.check for reason in integrity.reasons}


def test_10_an_address_of_another_network_is_refused():
    testnet = "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx"
    assert refused(SAMPLE.with_transaction(f"{UTXO}.address", testnet), 10)


def test_10_the_hashes_have_the_order_of_the_inputs():
    hashes = SAMPLE.detail["msg_hash_list"]
    assert refused(SAMPLE.with_detail("msg_hash_list", hashes[::-1]), 10)
    assert refused(SAMPLE.with_detail("msg_hash_list", [hashes[0], hashes[0]]), 10)


def test_10_every_input_has_its_hash():
    hashes, paths = SAMPLE.detail["msg_hash_list"], SAMPLE.detail["bip32_path_list"]
    fewer = SAMPLE.with_detail("msg_hash_list", hashes[:1]).with_detail(
        "bip32_path_list", paths[:1]
    )
    assert refused(fewer, 10)
    more = SAMPLE.with_detail("msg_hash_list", [*hashes, hashes[0]])
    assert refused(more.with_detail("bip32_path_list", [*paths, paths[0]]), 10)


def test_10_inputs_that_need_another_signature_are_left_to_another_request():
    findings = unverified(plan("P2TR", "P2WPKH").sample(), 10, 14)
    assert (len(findings.effects), findings.source, findings.fee) == (1, None, None)


def test_6_no_input_needs_the_signature_that_is_asked_for():
    assert refused(SAMPLE.with_detail("signature_type", 3), 6)
    assert refused(plan("P2TR").sample().with_detail("signature_type", 1), 6)


def test_10_the_redeem_script_is_the_keys():
    nested = plan("P2SH").sample()
    right = "0014" + address_program(nested)
    passed(nested.with_transaction(f"{UTXO}.redeem_script", right))
    passed(nested.with_transaction(f"{UTXO}.redeem_script", "0x" + right.upper()))
    wrong = nested.with_transaction(f"{UTXO}.redeem_script", "0014" + "11" * 20)
    assert refused(wrong, 10)
    bad = nested.with_transaction(f"{UTXO}.redeem_script", "xyz")
    assert refused(bad, 10, cause="malformed")
    other = nested.with_transaction(f"{UTXO}.redeem_script", "52" + "ae" * 30)
    assert refused(other, 10)


def test_10_a_script_hash_of_another_script_cannot_be_recomputed():
    several = "5221" + "02" * 33 + "52ae"
    address = b58.address_from_h160("p2sh", hash160(bytes.fromhex(several)), "mainnet")
    given = SAMPLE.with_transaction(f"{UTXO}.redeem_script", several)
    findings = unverified(given.with_transaction(f"{UTXO}.address", address), 10, 12, 14)
    assert findings.effects == ()


def address_program(changed):
    return hash160(key_at(changed.detail["bip32_path_list"][0])).hex()


@pytest.mark.parametrize("path", ["redeem_script", "revealed_script"])
def test_10_a_script_that_an_input_has_no_use_for_is_unverified(path):
    assert unverified(SAMPLE.with_transaction(f"{UTXO}.{path}", "0014" + "11" * 20), 10)


def test_10_an_input_of_a_script_cannot_be_recomputed():
    script_hash = "bc1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qccfmv3"
    findings = unverified(SAMPLE.with_transaction(f"{UTXO}.address", script_hash), 10, 12, 14)
    assert findings.effects == ()


def test_10_legacy_inputs_are_bounded():
    spent = tuple(Spent("P2PKH", value=1000 + n) for n in range(MAX_LEGACY_INPUTS))
    change = ((spent[0].address, 1000),)
    most = plan(spent=spent, change=change, paid=((STRANGER, 2000),))
    passed(most.sample())
    one_more = most.but(spent=(*spent, Spent("P2PKH", value=5000)))
    sentence = unverified(one_more.sample(), 10, 12, 14).integrity.reasons[0].text
    assert sentence == "More than 200 inputs need the oldest kind of signature."


@pytest.mark.parametrize("token", ["ETH_USDT", "BTC_RUNE"])
def test_12_what_is_spent_holds_nothing_but_the_coin(token):
    assert unverified(SAMPLE.with_transaction(f"{UTXO}.token_id", token), 12)


# --- 11: the chain


@pytest.mark.parametrize(
    ("chain_id", "check"), [("XTN", refused), ("ETH", refused), ("NEW_BTC", unverified)]
)
def test_11_source_addresses_are_on_the_chain(chain_id, check):
    assert check(SAMPLE.with_extra("source_addresses.0.chain_id", chain_id), 11)
    assert unverified(SAMPLE.with_extra("source_addresses.0.chain_id", None), 11)


@pytest.mark.parametrize("chain_id", ["XTN", "SIGNET_BTC", "LTC", "DOGE"])
def test_11_addresses_of_bitcoin_are_of_no_other_chain(chain_id):
    integrity = seen(SAMPLE.with_transaction("chain_id", chain_id)).integrity
    assert integrity.cause == "contradiction"


# --- 14: the keys


@pytest.mark.parametrize("forms", FORMS)
def test_14_another_path_does_not_own_what_is_spent(forms):
    request = plan(*forms).sample()
    integrity = seen(request.with_detail("bip32_path_list.0", "m/44/0/1/0/77")).integrity
    assert integrity.cause == "contradiction"
    assert 14 in {r.check for r in integrity.reasons} or forms[0] == "P2SH"


@pytest.mark.parametrize("form", ["P2WPKH", "P2PKH", "P2SH", "P2TR", "P2TR tweaked"])
def test_14_another_path_is_refused_though_the_claim_is_silent_about_it(form):
    request = plan(form).sample().with_detail("bip32_path_list", ["m/44/0/1/0/77"])
    for claim in ("path", "pubkey"):
        request = request.with_extra(f"source_addresses.0.{claim}", None)
    if form == "P2SH":
        redeem = b"\0\x14" + hash160(key_at(plan().spent[0].path))
        request = request.with_transaction(f"{UTXO}.redeem_script", redeem.hex())
    assert refused(request, 14)


def test_14_paths_have_the_order_of_the_inputs():
    request = plan("P2WPKH", "P2WPKH").sample()
    paths = request.detail["bip32_path_list"]
    assert refused(request.with_detail("bip32_path_list", paths[::-1]), 14)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("address", STRANGER),
        ("address", OTHER_STRANGER),
        ("address", "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx"),
        ("address", "no address"),
        ("path", "m/44/0/1/0/1"),
        ("pubkey", key_at("m/44/0/1/0/1").hex()),
        ("root_pubkey", SAMPLE.extra["source_addresses"][0]["pubkey"]),
        ("encoding", "ENCODING_P2TR"),
        ("x_only_pubkey", "11" * 32),
        ("x_only_pubkey", "no hex"),
    ],
)
def test_14_what_is_said_of_the_source_agrees(path, value):
    assert refused(SAMPLE.with_extra(f"source_addresses.0.{path}", value), 14)


def test_14_the_x_only_key_is_that_of_the_key_or_of_the_output():
    for form in ("P2TR", "P2TR tweaked"):
        request = plan(form).sample()
        spent = plan(form).spent[0]
        for key in (key_at(spent.path)[1:], spent.script[2:]):
            passed(request.with_extra("source_addresses.0.x_only_pubkey", key.hex()))
        wrong = request.with_extra("source_addresses.0.x_only_pubkey", "11" * 32)
        assert refused(wrong, 14)


def test_14_the_internal_address_is_that_of_the_key_alone():
    request = plan("P2TR tweaked").sample()
    path = "source_addresses.0.taproot_internal_address"
    passed(request.with_extra(path, address_at(plan().spent[0].path, "P2TR")))
    assert unverified(request.with_extra(path, STRANGER), 14)


def test_14_the_claimed_source_is_spent_from():
    own = SAMPLE.extra["source_addresses"][0]["address"]
    passed(SAMPLE.with_transaction("source.address", own))
    assert refused(SAMPLE.with_transaction("source.address", STRANGER), 14)


def test_14_source_addresses_are_listed_and_all_sign():
    assert unverified(SAMPLE.with_extra("source_addresses", []), 14)
    two = plan("P2WPKH", "P2WPKH").sample()
    assert unverified(two.with_extra("source_addresses", two.extra["source_addresses"][:1]), 14)
    idle = [*SAMPLE.extra["source_addresses"], {"address": STRANGER, "chain_id": "BTC"}]
    assert unverified(SAMPLE.with_extra("source_addresses", idle), 14)
    nameless = [*SAMPLE.extra["source_addresses"], {"chain_id": "BTC"}]
    assert unverified(SAMPLE.with_extra("source_addresses", nameless), 14)
    assert unverified(SAMPLE.with_extra("source_addresses.0.address", ""), 14)
    assert unverified(SAMPLE.with_extra("source_addresses.0.address", None), 14)
    assert refused(SAMPLE.with_extra("source_addresses.0.address", STRANGER), 14)


def test_14_a_root_that_cannot_be_derived_from_is_unverified():
    tpub = "tpub" + SAMPLE.detail["root_pub_key"][4:]
    findings = unverified(SAMPLE.with_detail("root_pub_key", tpub), 6, 12, 14)
    assert findings.source is None
    assert len(findings.effects) == 2  # what comes back is not proved to be ours


def test_14_without_a_key_a_nested_script_is_not_guessed():
    nested = plan("P2SH").sample().with_detail("root_pub_key", "tpub")
    sentences = [reason.text for reason in seen(nested).integrity.reasons]
    assert "The redeem script of an input is not known." in sentences


# --- notes


def test_what_is_spent_from_several_addresses_is_named():
    notes = [each for each in seen(plan(*["P2WPKH"] * 7).sample()).notes if "from" in each.label]
    assert [each.proved for each in notes] == [True] * 6
    assert notes[0].text == plan().spent[0].address
    assert notes[-1].text == "2 more addresses"


def test_a_way_to_sign_that_is_not_the_usual_one_is_said():
    assert note(passed(plan("P2TR").sample()), "Signature hash") is None
    findings = passed(plan("P2TR", sighash=1).sample())
    assert note(findings, "Signature hash").text == "SIGHASH_ALL instead of SIGHASH_DEFAULT"


@pytest.mark.parametrize(
    ("changes", "sequence", "label", "text"),
    [
        ({}, 0xFFFFFFFE, "Replaceable", None),
        ({}, 0xFFFFFFFD, "Replaceable", "Until it is mined, a higher fee can replace it (RBF)"),
        ({"locktime": 850_000}, 0xFFFFFFFE, "Not before", "block 850000"),
        ({"locktime": 850_000}, 0xFFFFFFFF, "Not before", None),
        ({"locktime": 1_800_000_000}, 0, "Not before", "2027-01-15 08:00:00 UTC"),
        ({"locktime": 2**32 - 1}, 0, "Not before", "2106-02-07 06:28:15 UTC"),
        ({"version": 2}, 144, "Waits", "144 blocks after what it spends was mined"),
        ({"version": 2}, 0x400002, "Waits", "1024 seconds after what it spends was mined"),
        ({"version": 1}, 144, "Waits", None),
        ({"version": 2}, 0xFFFFFFFD, "Waits", None),
        ({"version": 3}, 0xFFFFFFFF, "Version", "3"),
        ({"version": 1}, 0xFFFFFFFF, "Version", None),
    ],
)
def test_what_is_unusual_or_holds_it_back_is_noted(changes, sequence, label, text):
    spent = (Spent(sequence=sequence),)
    findings = passed(plan(spent=spent, **changes).sample())
    found = note(findings, label)
    assert (found.text if found else None) == text
    assert found is None or found.proved
