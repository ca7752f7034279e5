"""Each numbered check of `approvals.inspect`, with one thing changed."""

import pytest

from approvals.chains.rlp import encode
from approvals.chains.tables import SHIPPED
from approvals.findings import ContractCall, Passed, Refused, Transfer, Unverified
from approvals.inspect import inspect
from tests.support.evm import TO, USDC, access_list, dynamic_fee, erc20, legacy
from tests.support.looking import refused, seen, unverified
from tests.support.requests import ABSENT, sample

ERC20 = sample("keysign_erc20_usdt")
CALL = sample("keysign_contract_call_approve")
GEN = sample("keygen_secp256k1")
RESHARE = sample("keyreshare_secp256k1")
SHARES = sample("keysharesign_type5")
OTHER_ADDRESS = "0x68b3465833fb72A70ecDF485E0e4C7bD8665Fc45"
OTHER_XPUB = ERC20.extra["source_addresses"][0]["pubkey"]


def transaction(path, value, base=ERC20):
    return base.with_transaction(path, value)


# --- 1 to 3


@pytest.mark.parametrize("number", [0, 4, 6, 99, -1])
def test_1_a_type_that_does_not_exist_is_unsupported(number):
    assert refused(ERC20.with_outer(type=number), 1, cause="unsupported")


@pytest.mark.parametrize("base", [ERC20, GEN, RESHARE, SHARES])
@pytest.mark.parametrize("text", ["", "[]", "not json", '{"a":1,"a":1}', "NaN", "[" * 20_000])
def test_2_documents_that_are_no_objects_are_malformed(base, text):
    assert refused(base.with_texts(detail=text), 2, cause="malformed")
    assert refused(base.with_texts(extra=text), 2, cause="malformed")


def test_2_a_claim_of_the_wrong_type_is_malformed():
    assert refused(transaction("destination.account_output.amount", 2500), 2, cause="malformed")
    assert refused(ERC20.with_detail("signature_type", True), 2, cause="malformed")
    assert refused(ERC20.with_detail("msg_hash_list", ABSENT), 2, cause="malformed")


def test_2_claims_are_shown_though_the_detail_is_malformed():
    assert seen(ERC20.with_texts(detail="")).claims.token_id == "ETH_USDT"


def test_3_an_outer_field_that_nobody_knows_is_unverified():
    assert unverified(ERC20.with_outer(surplus='{"also":1}'), 3)


def test_3_a_detail_that_nobody_knows_is_unverified():
    assert unverified(ERC20.with_detail("also", None), 3)


# --- 4: the business task


def test_4_another_transaction_is_refused():
    assert refused(ERC20.with_detail("biz_task_id", "another"), 4)
    assert refused(transaction("transaction_id", "another"), 4)
    assert refused(GEN.with_detail("biz_task_id", "another"), 4)
    assert refused(RESHARE.with_extra("tss_request.tss_request_id", "another"), 4)


@pytest.mark.parametrize("value", [ABSENT, None, ""])
def test_4_a_task_that_is_not_named_is_unverified(value):
    assert unverified(ERC20.with_detail("biz_task_id", value), 4)
    assert unverified(transaction("transaction_id", value), 4)


def test_4_two_wallets_are_unverified():
    assert unverified(transaction("wallet_id", "another"), 4)


# --- 5: the lists


def test_5_nothing_to_sign_is_refused():
    nothing = ERC20.with_detail("msg_hash_list", []).with_detail("bip32_path_list", [])
    integrity = seen(nothing).integrity
    assert isinstance(integrity, Refused)
    assert {reason.check for reason in integrity.reasons} == {5, 10}


def test_5_every_hash_needs_a_path():
    path = ERC20.detail["bip32_path_list"][0]
    assert refused(ERC20.with_detail("bip32_path_list", [path, path]), 5)
    assert refused(ERC20.with_detail("bip32_path_list", []), 5)
    (reason,) = seen(ERC20.with_detail("bip32_path_list", [path, path])).integrity.reasons
    assert reason.text.startswith("msg_hash_list has 1 hash, bip32_path_list 2 paths: ")


def test_5_an_empty_message_is_nothing_to_sign():
    nothing = sample("keysign_sol_transfer").with_transaction("raw_tx_info", None)
    assert refused(nothing.with_detail("msg_hash_list", ["0x"]), 5)


# --- 6: the signature type


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("keysign_erc20_usdt", (2, 3)),
        ("keysign_tron_trx", (2, 3)),
        ("keysign_btc_p2wpkh", (2,)),
        ("keysign_sol_transfer", (1, 3)),
    ],
)
def test_6_each_family_has_its_signatures(name, kinds):
    for kind in kinds:
        integrity = seen(sample(name).with_detail("signature_type", kind)).integrity
        assert isinstance(integrity, Refused)
        assert {reason.check for reason in integrity.reasons} == {6}


def test_6_a_signature_type_that_nobody_knows_is_unverified():
    assert unverified(ERC20.with_detail("signature_type", 9), 6)


def test_6_a_key_of_the_other_curve_is_refused():
    cpub = sample("keysign_sol_transfer").detail["root_pub_key"]
    integrity = seen(ERC20.with_detail("root_pub_key", cpub)).integrity
    assert isinstance(integrity, Refused)
    assert 6 in {reason.check for reason in integrity.reasons}


@pytest.mark.parametrize("digest", ["0x" + "11" * 31, "0x" + "11" * 33, "0x11"])
def test_6_a_hash_for_ecdsa_has_32_bytes(digest):
    integrity = seen(sample("keysign_tron_trx").with_detail("msg_hash_list", [digest])).integrity
    assert isinstance(integrity, Refused)
    assert {reason.check for reason in integrity.reasons} == {6, 10}


# --- 7: tweaks


@pytest.mark.parametrize("tweaks", [[], [""], ["0x"], ["0x00"], ["00" * 32], None])
def test_7_tweaks_that_are_zero_change_nothing(tweaks):
    assert seen(ERC20.with_detail("tweak_list", tweaks)).integrity == Passed()


@pytest.mark.parametrize("tweaks", [["0x01"], ["00" * 31 + "01"], ["", "ff"]])
def test_7_a_tweak_outside_of_schnorr_is_refused(tweaks):
    assert refused(ERC20.with_detail("tweak_list", tweaks), 7)
    assert refused(sample("keysign_sol_transfer").with_detail("tweak_list", tweaks), 7)


def test_7_tweaks_of_schnorr_are_recomputed_for_bitcoin_alone():
    schnorr = sample("keysign_btc_p2wpkh").with_detail("signature_type", 3)
    integrity = seen(schnorr.with_transaction("chain_id", "NEW_BTC")).integrity
    assert isinstance(integrity, Unverified)
    assert 7 in {reason.check for reason in integrity.reasons}


# --- 8: the claimed chain and kind


def test_8_a_chain_that_is_in_no_table_is_unverified():
    assert unverified(transaction("chain_id", "NEW_ETH"), 8)


@pytest.mark.parametrize("value", [ABSENT, None, ""])
def test_8_a_chain_that_is_not_claimed_is_unverified(value):
    assert unverified(transaction("chain_id", value), 8)


def test_8_a_kind_of_destination_that_nobody_knows_is_unverified():
    integrity = seen(transaction("destination.destination_type", "Teleport")).integrity
    assert isinstance(integrity, Unverified)
    assert {reason.check for reason in integrity.reasons} == {8, 12}


def test_8_a_kind_that_nobody_knows_is_unverified_of_an_unknown_type_too():
    strange = transaction("destination.destination_type", "Teleport").with_transaction("type", "X")
    integrity = seen(strange).integrity
    assert isinstance(integrity, Unverified)
    assert integrity.reasons[0].text == "The kind of destination 'Teleport' is not known."


def test_8_a_type_and_a_destination_that_do_not_fit_are_unverified():
    assert unverified(transaction("type", "ContractCall"), 8)
    assert seen(transaction("type", "Stake")).integrity == Passed()


@pytest.mark.parametrize(
    "kind", ["TRON", "SOL", "COSMOS", "STELLAR", "SUI"], ids=lambda kind: f"{kind}_Contract"
)
def test_8_a_call_is_one_of_the_claimed_chain(kind):
    claimed = transaction("destination.destination_type", f"{kind}_Contract", CALL)
    assert unverified(claimed, 8)


# --- 9: the bytes


@pytest.mark.parametrize("value", [ABSENT, None, "", "0x"])
def test_9_without_bytes_nothing_can_be_recomputed(value):
    assert unverified(transaction("raw_tx_info.unsigned_raw_tx", value), 9)
    assert unverified(transaction("raw_tx_info", None), 9)


@pytest.mark.parametrize("value", ["0x0", "zz", "0x0x02", " 02"])
def test_9_bytes_that_are_not_hex_are_malformed(value):
    assert refused(transaction("raw_tx_info.unsigned_raw_tx", value), 9, cause="malformed")


@pytest.mark.parametrize(
    "raw",
    [
        dynamic_fee() + b"\0",
        dynamic_fee()[:-1],
        b"\x02\xc0",
        legacy(tail=(b"\1", b"\1", b"\1")),
        legacy(tail=(b"\1", b"")),
        b"\x80",
    ],
)
def test_9_bytes_that_are_no_exact_transaction_are_unverified(raw):
    assert unverified(ERC20.with_evm_bytes(raw), 9)
    assert seen(ERC20.with_evm_bytes(raw)).effects == ()


def test_10_bytes_that_nobody_can_read_are_at_least_what_is_signed():
    assert refused(transaction("raw_tx_info.unsigned_raw_tx", "02c0"), 10)


@pytest.mark.parametrize(
    "raw",
    [
        legacy(tail=()),
        b"\x03" + dynamic_fee()[1:],
        b"\x05" + dynamic_fee()[1:],
        b"\x00" + dynamic_fee()[1:],
    ],
)
def test_9_forms_that_we_do_not_read_are_unverified(raw):
    assert unverified(ERC20.with_evm_bytes(raw), 9)
    assert seen(ERC20.with_evm_bytes(raw)).effects == ()


def test_9_bytes_without_end_are_not_read():
    assert unverified(transaction("raw_tx_info.unsigned_raw_tx", "02" * (1024 * 1024 + 2)), 9)


def test_9_an_evm_transaction_under_the_claim_of_another_family_is_refused():
    integrity = seen(transaction("chain_id", "TRON")).integrity
    assert isinstance(integrity, Refused)
    assert 10 in {reason.check for reason in integrity.reasons}


@pytest.mark.parametrize("prefix", ["", "0x", "0X"])
def test_9_the_prefix_of_the_bytes_is_optional(prefix):
    raw = prefix + dynamic_fee().hex()
    assert seen(transaction("raw_tx_info.unsigned_raw_tx", raw)).integrity == Passed()


@pytest.mark.parametrize("form", [legacy, access_list, dynamic_fee])
def test_9_every_form_that_we_read_can_pass(form):
    plain = ERC20.with_transaction("fee", None)
    findings = seen(plain.with_evm_bytes(form()))
    assert findings.integrity == Passed()
    assert findings.fee is not None
    assert findings.fee.at_most == 90_000 * 30_000_000_000


def test_9_an_access_list_only_changes_what_gas_costs():
    assert seen(ERC20.with_evm_bytes(dynamic_fee(access=[[TO, [bytes(32)]]]))).integrity == Passed()


# --- 10: the hash


def test_10_another_hash_is_refused():
    assert refused(ERC20.with_detail("msg_hash_list", ["0x" + "11" * 32]), 10)


def test_10_a_second_hash_is_refused():
    (digest,) = ERC20.detail["msg_hash_list"]
    (path,) = ERC20.detail["bip32_path_list"]
    for hashes in ([digest, digest], [digest, "0x" + "11" * 32]):
        twice = ERC20.with_detail("msg_hash_list", hashes)
        assert refused(twice.with_detail("bip32_path_list", [path, path]), 10)


def test_10_a_bare_hash_is_the_one_that_is_claimed():
    blind = sample("keysign_raw_message_hash")
    assert refused(blind.with_transaction("destination.msg_hash", "0x" + "11" * 32), 10)
    assert unverified(blind.with_transaction("destination.msg_hash", None), 9)


def test_10_a_blob_transaction_has_its_hash_checked_too():
    raw = ERC20.with_evm_bytes(b"\x03" + dynamic_fee()[1:])
    assert refused(raw.with_detail("msg_hash_list", ["0x" + "11" * 32]), 10)


# --- 11: the chain


def test_11_a_transaction_for_another_chain_is_refused():
    integrity = seen(ERC20.with_evm_bytes(dynamic_fee(chain_id=56))).integrity
    assert isinstance(integrity, Refused)
    assert 11 in {reason.check for reason in integrity.reasons}
    assert refused(ERC20.with_evm_bytes(dynamic_fee(chain_id=424242)), 11)
    assert refused(ERC20.with_evm_bytes(legacy(chain_id=0)), 11)


def test_11_a_chain_that_nobody_claims_or_knows_is_unverified():
    nowhere = transaction("chain_id", "NEW_ETH").with_evm_bytes(dynamic_fee(chain_id=424242))
    integrity = seen(nowhere).integrity
    assert isinstance(integrity, Unverified)
    assert {reason.check for reason in integrity.reasons} == {8, 11}


def test_11_a_source_on_another_chain_is_refused():
    assert refused(ERC20.with_extra("source_addresses.0.chain_id", "BSC_BNB"), 11)
    assert unverified(ERC20.with_extra("source_addresses.0.chain_id", "NEW_ETH"), 11)
    assert unverified(ERC20.with_extra("source_addresses.0.chain_id", None), 11)


def test_11_a_chain_of_the_operators_is_known():
    grown = SHIPPED.extended({"ACME_ETH": {"eip155": 424242}}, {})
    usdt = "0xdAC17F958D2ee523a2206206994597C13D831ec7"
    token = {"chain": "ACME_ETH", "symbol": "AUSD", "contract": usdt, "decimals": 6}
    grown = grown.extended({}, {"ACME_USD": token})
    wish = transaction("chain_id", "ACME_ETH").with_transaction("token_id", "ACME_USD")
    wish = wish.with_extra("source_addresses.0.chain_id", "ACME_ETH").with_transaction("fee", None)
    wish = wish.with_evm_bytes(dynamic_fee(chain_id=424242))
    assert inspect(wish.request, grown).integrity == Passed()
    assert isinstance(seen(wish).integrity, Unverified)


# --- 12: what it does


def test_12_another_destination_is_refused():
    assert refused(transaction("destination.account_output.address", OTHER_ADDRESS), 12)
    assert refused(ERC20.with_evm_bytes(dynamic_fee(data=erc20(USDC, 2_500_000_000))), 12)


@pytest.mark.parametrize(
    "address",
    [
        "0xD63134CC52B0CC0bb754A0196bc249F38BDB2A2",
        "TVaK22huS49dUrDaJzmL9oWJpGufDwXrjH",
        "treasury.eth",
    ],
)
def test_12_what_is_no_evm_address_is_refused(address):
    assert refused(transaction("destination.account_output.address", address), 12)


def test_12_the_spelling_of_an_address_does_not_matter():
    wrong_checksum = TO.hex().replace("cc", "cC", 1)
    for spelling in (TO.hex(), TO.hex().upper(), wrong_checksum):
        path = "destination.account_output.address"
        assert seen(transaction(path, "0x" + spelling)).integrity == Passed()


@pytest.mark.parametrize("amount", ["2499.999999", "2500.000001", "2500.0000001", "0", "25"])
def test_12_another_amount_is_refused(amount):
    assert refused(transaction("destination.account_output.amount", amount), 12)


@pytest.mark.parametrize("amount", ["2500", "2500.0", "2500.000000000", "02500"])
def test_12_the_spelling_of_an_amount_does_not_matter(amount):
    assert seen(transaction("destination.account_output.amount", amount)).integrity == Passed()


@pytest.mark.parametrize("path", ["address", "amount"])
@pytest.mark.parametrize("value", [ABSENT, None, ""])
def test_12_what_is_not_claimed_is_unverified(path, value):
    assert unverified(transaction(f"destination.account_output.{path}", value), 12)
    assert unverified(transaction("destination.account_output", None), 12)
    assert unverified(transaction("token_id", value), 12)


def test_12_a_memo_that_the_bytes_lack_is_unverified():
    assert unverified(transaction("destination.account_output.memo", "104729"), 12)


def test_12_several_claimed_destinations_are_refused():
    outputs = [{"address": OTHER_ADDRESS, "amount": "1"}]
    assert refused(transaction("destination.utxo_outputs", outputs), 12)


def test_12_another_token_is_refused():
    assert refused(transaction("token_id", "ETH_USDC"), 12)
    assert refused(transaction("token_id", "ETH"), 12)
    assert refused(transaction("token_id", "BSC_USDT"), 12)
    assert refused(transaction("token_id", "TRON_USDT"), 12)
    assert refused(ERC20.with_evm_bytes(dynamic_fee(to=USDC)), 12)


def test_12_a_token_that_is_in_no_table_is_unverified():
    assert unverified(transaction("token_id", "ETH_NEW"), 12)


def test_12_an_unknown_contract_under_the_claim_of_a_known_token_is_refused():
    assert refused(ERC20.with_evm_bytes(dynamic_fee(to=TO)), 12)


def test_12_native_coins_under_the_claim_of_a_token_are_refused():
    raw = dynamic_fee(to=TO, data=b"", value=2_500_000_000)
    assert refused(ERC20.with_evm_bytes(raw), 12)


def test_12_a_call_under_the_claim_of_a_transfer_is_refused():
    approve = bytes.fromhex("095ea7b3") + erc20(TO, 2_500_000_000)[4:]
    assert refused(ERC20.with_evm_bytes(dynamic_fee(data=approve)), 12)
    native = sample("keysign_eth_transfer_eip1559").with_transaction("fee", None)
    raw = dynamic_fee(nonce=7, to=TO, value=125 * 10**16, data=b"\1")
    assert refused(native.with_evm_bytes(raw), 12)


@pytest.mark.parametrize("kind", ["EVM_EIP_191_Signature", "Raw_Message_Signature"])
def test_12_a_transaction_under_the_claim_of_a_message_is_refused(kind):
    claimed = transaction("destination.destination_type", kind).with_transaction(
        "type", "MessageSign"
    )
    (reason,) = seen(claimed).integrity.reasons
    assert reason.text == "The claim is to sign a message; this is a transaction."
    assert refused(claimed, 12)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("destination.address", OTHER_ADDRESS),
        ("destination.value", "0.000000000000000001"),
        ("destination.calldata", "0x095ea7b3"),
        ("token_id", "ETH_DAI"),
        ("token_id", "BSC_BNB"),
    ],
)
def test_12_another_call_is_refused(path, value):
    assert refused(transaction(path, value, CALL), 12)


def test_12_calldata_that_is_not_hex_is_malformed():
    assert refused(transaction("destination.calldata", "approve", CALL), 12, cause="malformed")


@pytest.mark.parametrize("path", ["address", "value", "calldata"])
def test_12_a_call_that_is_not_claimed_whole_says_so(path):
    assert unverified(transaction(f"destination.{path}", None, CALL), 12)


def claimed_as_call(data=None, value="0"):
    destination = {
        "destination_type": "EVM_Contract",
        "address": "0xdAC17F958D2ee523a2206206994597C13D831ec7",
        "value": value,
        "calldata": "0x" + (erc20(TO, 2_500_000_000) if data is None else data).hex(),
    }
    changed = transaction("destination", destination).with_transaction("type", "ContractCall")
    return changed.with_transaction("token_id", "ETH")


def test_12_bytes_decide_that_a_claimed_call_is_a_transfer():
    findings = seen(claimed_as_call())
    assert findings.integrity == Passed()
    (effect,) = findings.effects
    assert isinstance(effect, Transfer)
    assert (effect.asset.token_id, effect.to.raw) == ("ETH_USDT", TO)
    assert seen(claimed_as_call().with_transaction("token_id", "ETH_USDT")).integrity == Passed()
    assert refused(claimed_as_call().with_transaction("token_id", "ETH_USDC"), 12)
    assert refused(claimed_as_call(data=erc20(TO, 1)), 12)
    assert refused(claimed_as_call(value="1"), 12)


# --- 13: nonce and fee


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("raw_tx_info.used_nonce", 10),
        ("raw_tx_info.used_nonce", -9),
        ("fee.gas_limit", "90001"),
        ("fee.gas_limit", "90000.5"),
        ("fee.max_fee_per_gas", "30000000001"),
        ("fee.max_priority_fee_per_gas", "1"),
    ],
)
def test_13_another_nonce_or_fee_is_refused(path, value):
    assert refused(transaction(path, value), 13)


def test_13_another_legacy_fee_is_refused():
    legacy_sample = sample("keysign_eth_transfer_legacy")
    assert refused(transaction("fee.gas_price", "1", legacy_sample), 13)
    assert refused(transaction("fee.gas_limit", "1", legacy_sample), 13)


@pytest.mark.parametrize("path", ["raw_tx_info.used_nonce", "fee", "fee.gas_limit"])
def test_13_a_nonce_or_fee_that_is_not_claimed_is_not_compared(path):
    assert seen(transaction(path, None)).integrity == Passed()


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("keysign_erc20_usdt", "fee.gas_price", "1"),
        ("keysign_erc20_usdt", "fee.fee_type", "EVM_Legacy"),
        ("keysign_eth_transfer_legacy", "fee.max_fee_per_gas", "1"),
        ("keysign_eth_transfer_legacy", "fee.max_priority_fee_per_gas", "1"),
        ("keysign_eth_transfer_legacy", "fee.fee_type", "EVM_EIP_1559"),
    ],
)
def test_13_a_fee_in_the_terms_of_another_transaction_type_is_not_compared(name, path, value):
    assert seen(transaction(path, value, sample(name))).integrity == Passed()


@pytest.mark.parametrize("form", [legacy, access_list])
def test_13_bytes_of_another_transaction_type_than_the_fee_pass(form):
    assert seen(ERC20.with_evm_bytes(form())).integrity == Passed()


def test_13_a_fee_in_another_coin_is_not_compared():
    elsewhere = transaction("fee.token_id", "TRON")
    assert seen(elsewhere).integrity == Passed()
    assert seen(elsewhere.with_transaction("fee.max_fee_per_gas", "1")).integrity == Passed()


@pytest.mark.parametrize("form", [legacy, access_list, dynamic_fee])
def test_13_another_gas_limit_is_refused_whatever_the_fee_is_counted_in(form):
    more = transaction("fee.gas_limit", "90001").with_evm_bytes(form())
    assert refused(more, 13)
    assert refused(more.with_transaction("fee.token_id", "TRON"), 13)


# --- 14: the key that signs


def test_14_another_path_is_refused():
    assert refused(ERC20.with_detail("bip32_path_list", ["m/44/60/1/0/1"]), 14)


def test_14_another_root_is_refused():
    assert refused(ERC20.with_detail("root_pub_key", OTHER_XPUB), 14)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("transaction.source.address", OTHER_ADDRESS),
        ("transaction.source.address", "nobody"),
        ("source_addresses.0.address", OTHER_ADDRESS),
        ("source_addresses.0.path", "m/44/60/1/0/1"),
        ("source_addresses.0.path", "m/44'/60'"),
        ("source_addresses.0.pubkey", ERC20.detail["root_pub_key"]),
        ("source_addresses.0.pubkey", "02" + "11" * 32),
        ("source_addresses.0.root_pubkey", OTHER_XPUB),
    ],
)
def test_14_another_source_is_refused(path, value):
    assert refused(ERC20.with_extra(path, value), 14)


@pytest.mark.parametrize("path", ["transaction.source.address", "source_addresses.0.address"])
def test_14_the_checksum_of_a_claimed_source_does_not_matter(path):
    first = ERC20.extra["source_addresses"][0]["address"]
    assert seen(ERC20.with_extra(path, "0x" + first[2:].swapcase())).integrity == Passed()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("transaction.source", None),
        ("transaction.source.address", None),
        ("transaction.source.address", ""),
        ("source_addresses", None),
        ("source_addresses", []),
        ("source_addresses.0.address", None),
        ("source_addresses.0.address", ""),
        ("source_addresses.0.pubkey", "somehow"),
    ],
)
def test_14_a_source_that_is_not_claimed_is_unverified(path, value):
    assert unverified(ERC20.with_extra(path, value), 14)


def test_14_sources_of_which_none_signs_are_refused():
    first = ERC20.extra["source_addresses"][0]
    elsewhere = {**first, "address": OTHER_ADDRESS, "path": "m/44/60/1/0/7"}
    assert refused(ERC20.with_extra("source_addresses", [elsewhere]), 14)


def test_14_a_second_source_is_unverified_or_refused():
    first = ERC20.extra["source_addresses"][0]
    elsewhere = {**first, "address": OTHER_ADDRESS, "path": "m/44/60/1/0/7"}
    assert unverified(ERC20.with_extra("source_addresses", [first, elsewhere]), 14)
    assert refused(
        ERC20.with_extra("source_addresses", [first, {**first, "address": OTHER_ADDRESS}]), 14
    )


@pytest.mark.parametrize("path", ["path", "pubkey", "root_pubkey"])
@pytest.mark.parametrize("value", [ABSENT, None, ""])
def test_14_what_a_source_leaves_out_is_not_compared(path, value):
    assert seen(ERC20.with_extra(f"source_addresses.0.{path}", value)).integrity == Passed()


def test_14_a_source_without_an_address_says_nothing_of_the_others():
    first = ERC20.extra["source_addresses"][0]
    assert unverified(ERC20.with_extra("source_addresses", [first, {**first, "address": ""}]), 14)


def test_14_a_public_key_may_be_claimed_in_hex():
    from approvals.chains.bip32 import parse_key

    key = parse_key(OTHER_XPUB).key.hex()
    assert seen(ERC20.with_extra("source_addresses.0.pubkey", key)).integrity == Passed()


def test_14_a_root_that_cannot_be_read():
    damaged = ERC20.detail["root_pub_key"][:-1] + "1"
    assert refused(ERC20.with_detail("root_pub_key", damaged), 14, cause="malformed")
    integrity = seen(ERC20.with_detail("root_pub_key", "tpub")).integrity
    assert isinstance(integrity, Unverified)
    assert {reason.check for reason in integrity.reasons} == {6, 14}


def test_14_the_signer_of_an_evm_message_is_checked():
    message = sample("keysign_eip191")
    assert refused(message.with_transaction("source.address", OTHER_ADDRESS), 14)
    assert refused(message.with_detail("bip32_path_list", ["m/44/60/1/0/1"]), 14)


# --- 15: what is understood


def test_15_an_unknown_token_is_a_transfer_that_people_decide():
    findings = seen(transaction("token_id", "ETH_NEW").with_evm_bytes(dynamic_fee(to=TO)))
    assert isinstance(findings.integrity, Unverified)
    (effect,) = findings.effects
    assert isinstance(effect, Transfer)
    assert (effect.asset.token_id, effect.asset.decimals) == (None, None)
    assert {reason.check for reason in findings.integrity.reasons} == {12, 15}


@pytest.mark.parametrize(
    "raw",
    [
        dynamic_fee(data=erc20(TO, 2_500_000_000, tail=b"\0")),
        dynamic_fee(data=erc20(TO, 2_500_000_000, padding=b"\1" + bytes(11))),
        dynamic_fee(value=1),
    ],
)
def test_15_an_untidy_transfer_is_a_call_that_is_not_understood(raw):
    findings = seen(ERC20.with_evm_bytes(raw))
    assert unverified(ERC20.with_evm_bytes(raw), 15)
    assert isinstance(findings.effects[0], ContractCall)
    assert not findings.complete


def test_15_an_untidy_transfer_still_has_to_go_where_it_is_claimed():
    raw = dynamic_fee(data=erc20(USDC, 2_500_000_000, tail=b"\0"))
    assert refused(ERC20.with_evm_bytes(raw), 12)


def test_15_a_contract_creation_is_not_understood():
    raw = dynamic_fee(to=b"", data=b"\x60\x00")
    destination = {
        "destination_type": "EVM_Contract",
        "address": "",
        "value": "0",
        "calldata": "0x6000",
    }
    created = transaction("destination", destination).with_transaction("type", "ContractCall")
    created = created.with_transaction("token_id", "ETH").with_evm_bytes(raw)
    assert unverified(created, 15)
    (effect,) = seen(created).effects
    assert isinstance(effect, ContractCall)
    assert (effect.contract, effect.selector) == (None, "")
    assert refused(created.with_transaction("destination.address", OTHER_ADDRESS), 12)


def test_15_a_priority_above_the_whole_fee_is_unusual():
    raw = dynamic_fee(priority=30_000_000_001)
    assert unverified(ERC20.with_transaction("fee", None).with_evm_bytes(raw), 15)


def test_15_native_coins_to_anybody_are_understood():
    native = sample("keysign_eth_transfer_eip1559").with_transaction("fee", None)
    raw = dynamic_fee(nonce=7, to=TO, value=125 * 10**16, data=b"")
    findings = seen(native.with_evm_bytes(raw))
    assert findings.integrity == Passed()
    assert findings.complete


# --- 16: keys and shares


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("threshold", 3),
        ("threshold", 0),
        ("threshold", 4),
        ("node_ids", []),
        ("node_ids.0", "coboSomebodyElse"),
        ("node_ids.0", GEN.detail["node_ids"][1]),
    ],
)
def test_16_another_quorum_than_claimed_is_refused(path, value):
    assert refused(GEN.with_detail(path, value), 16)


@pytest.mark.parametrize("threshold", [0, -1, 4])
def test_16_a_threshold_that_no_quorum_can_have_is_refused(threshold):
    unclaimed = GEN.with_extra("target_key_share_holder_group", None)
    assert refused(unclaimed.with_detail("threshold", threshold), 16)


def test_16_key_generation_with_other_claims_is_refused():
    group = "target_key_share_holder_group"
    assert refused(GEN.with_extra(f"{group}.threshold", 3), 16)
    assert refused(GEN.with_extra(f"{group}.key_share_holders.0.tss_node_id", "coboOther"), 16)
    assert refused(GEN.with_extra("tss_request.type", "Recovery"), 16)


def test_16_what_key_generation_does_not_claim_is_not_compared():
    group = "target_key_share_holder_group"
    assert unverified(GEN.with_extra(group, None), 16)
    assert unverified(GEN.with_extra(f"{group}.key_share_holders.0.tss_node_id", None), 16)
    assert unverified(GEN.with_detail("curve", 7), 16)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("detail.new_threshold", 3),
        ("detail.new_threshold", 0),
        ("detail.old_threshold", 1),
        ("detail.old_threshold", 3),
        ("detail.new_node_ids.0", "coboSomebodyElse"),
        ("detail.used_node_ids.0", "coboSomebodyElse"),
        ("detail.old_group_id", "another"),
        ("detail.root_pub_key", OTHER_XPUB),
        ("extra.source_key_share_holder_group.threshold", 3),
        ("extra.target_key_share_holder_group.threshold", 3),
        ("extra.tss_request.type", "KeyGen"),
    ],
)
def test_16_another_resharing_than_claimed_is_refused(path, value):
    where, _, rest = path.partition(".")
    change = RESHARE.with_detail if where == "detail" else RESHARE.with_extra
    assert refused(change(rest, value), 16)


def test_16_key_shares_of_others_are_refused():
    assert refused(SHARES.with_detail("node_id", "coboSomebodyElse"), 16)
    assert refused(SHARES.with_detail("details.0.group_id", "another"), 16)
    assert unverified(SHARES.with_extra("validity_key_share_holder_groups", None), 16)


# --- all of them


def test_every_reason_is_collected():
    wrong = transaction("destination.account_output.amount", "1")
    wrong = wrong.with_transaction("transaction_id", "another")
    wrong = wrong.with_transaction("source.address", OTHER_ADDRESS)
    integrity = seen(wrong).integrity
    assert isinstance(integrity, Refused)
    assert [reason.check for reason in integrity.reasons] == [4, 14, 12]


def test_a_refusal_beats_what_could_not_be_verified():
    both = ERC20.with_outer(surplus='{"a":1}').with_transaction("transaction_id", "another")
    assert refused(both, 4)


def test_sentences_quote_claims_safely():
    nasty = "x\u202e`*<!channel>\n" + "y" * 10_000
    integrity = seen(transaction("destination.account_output.address", nasty)).integrity
    assert isinstance(integrity, Refused)
    (reason,) = integrity.reasons
    assert reason.text.isascii()
    assert reason.text.isprintable()
    assert len(reason.text) < 300


def test_the_hash_convention_of_the_helper_is_the_samples():
    assert ERC20.with_evm_bytes(dynamic_fee()).detail == ERC20.detail
    assert encode([b"\1"]) == b"\xc1\1"
