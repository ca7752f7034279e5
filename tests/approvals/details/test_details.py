import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.details import KeyShareSign, KeySign, read_detail, read_extra
from approvals.details.fields import MAX_ITEMS, hex_bytes
from approvals.request import RequestType
from tests.support.effort import tried
from tests.support.requests import ABSENT, sample

SIGN = sample("keysign_erc20_usdt")
SIGN_TYPE = RequestType.KEY_SIGN


def test_a_key_sign_is_read_as_what_will_be_executed():
    found = read_detail(SIGN_TYPE, SIGN.request.detail)
    assert isinstance(found.value, KeySign)
    assert found.value.paths == ((44, 60, 1, 0, 0),)
    assert found.value.hashes == (bytes.fromhex(SIGN.detail["msg_hash_list"][0][2:]),)
    assert (found.value.signature_type, found.value.tweaks) == (1, ())
    assert found.unknown == ()


@pytest.mark.parametrize("spelling", ["0x{}", "0X{}", "{}"])
@pytest.mark.parametrize("case", [str.lower, str.upper])
def test_a_hash_is_the_same_with_and_without_its_prefix(spelling, case):
    digits = SIGN.detail["msg_hash_list"][0][2:]
    text = SIGN.with_detail("msg_hash_list", [spelling.format(case(digits))]).request.detail
    assert read_detail(SIGN_TYPE, text) == read_detail(SIGN_TYPE, SIGN.request.detail)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("root_pub_key", ABSENT),
        ("root_pub_key", None),
        ("root_pub_key", 1),
        ("bip32_path_list", ABSENT),
        ("bip32_path_list", "m/44"),
        ("bip32_path_list", ["m/44'"]),
        ("bip32_path_list", [44]),
        ("bip32_path_list", [None]),
        ("msg_hash_list", ABSENT),
        ("msg_hash_list", {"0": "0x00"}),
        ("msg_hash_list", ["0x0"]),
        ("msg_hash_list", ["0xzz"]),
        ("msg_hash_list", ["0x0x00"]),
        ("msg_hash_list", ["00 00"]),
        ("msg_hash_list", ["00  00"]),
        ("msg_hash_list", ["٣٣"]),
        ("msg_hash_list", ["00"] * (MAX_ITEMS + 1)),
        ("tweak_list", ["x"]),
        ("tweak_list", "0x00"),
        ("signature_type", ABSENT),
        ("signature_type", "1"),
        ("signature_type", 1.0),
        ("signature_type", True),
        ("group_id", 5),
        ("used_node_ids", [1]),
        ("biz_task_id", 7),
        ("task_id", []),
        ("tss_protocol", "2"),
    ],
)
def test_a_field_that_is_missing_or_mistyped_leaves_no_detail(path, value):
    found = read_detail(SIGN_TYPE, SIGN.with_detail(path, value).request.detail)
    assert found.value is None
    assert any(path in fault for fault in found.faults)


@pytest.mark.parametrize(
    ("name", "required"),
    [
        ("keygen_secp256k1", ["threshold", "node_ids", "curve"]),
        (
            "keyreshare_secp256k1",
            [
                "old_group_id",
                "root_pub_key",
                "curve",
                "used_node_ids",
                "old_threshold",
                "new_threshold",
                "new_node_ids",
            ],
        ),
        ("keysharesign_type5", ["node_id", "details"]),
    ],
)
def test_every_type_has_fields_that_must_be_there(name, required):
    whole = sample(name)
    kind = RequestType(whole.type)
    assert read_detail(kind, whole.request.detail).value is not None
    for path in required:
        assert read_detail(kind, whole.with_detail(path, ABSENT).request.detail).value is None
        assert read_detail(kind, whole.with_detail(path, None).request.detail).value is None


def test_the_messages_of_a_key_share_sign_are_read():
    found = read_detail(
        RequestType.KEY_SHARE_SIGN, sample("keysharesign_type5").request.detail
    ).value
    assert isinstance(found, KeyShareSign)
    assert [group for group, _ in found.items] == ["mMedDioOKhTlhGyQRzMv"]


def test_an_explicit_null_is_the_same_as_absent():
    for path in ("group_id", "used_node_ids", "tweak_list", "tss_protocol", "biz_task_id"):
        texts = [SIGN.with_detail(path, value).request.detail for value in (None, ABSENT)]
        assert read_detail(SIGN_TYPE, texts[0]) == read_detail(SIGN_TYPE, texts[1])


def test_an_unknown_key_is_told_apart():
    found = read_detail(SIGN_TYPE, SIGN.with_detail("and_also", 1).request.detail)
    assert found.value is not None
    assert found.unknown == ("and_also",)


@pytest.mark.parametrize(
    "text",
    ["", " ", "{", "[]", "null", '"{}"', "1", "NaN", '{"a":1,"a":2}', "[" * 100_000, "{}x"],
)
def test_what_is_no_json_object_is_one_fault(text):
    for found in (read_detail(SIGN_TYPE, text), read_extra(text)):
        assert found.value is None
        assert len(found.faults) >= 1


def test_the_claims_are_what_cobo_says():
    claims = read_extra(SIGN.request.extra).value
    assert claims is not None
    said = claims.claims
    assert (said.chain_id, said.token_id, said.kind) == ("ETH", "ETH_USDT", "transfer")
    assert [(output.address, output.amount) for output in said.outputs] == [
        ("0xd63134CC52B0CC0bb754A0196bc249F38BDB2A2c", "2500")
    ]
    assert (said.initiator, said.initiator_type) == ("treasury-api-key", "API")
    assert (said.wallet_name, said.vault_name, said.org_name) == (
        "Hot wallet",
        "Main vault",
        "Acme Treasury",
    )


def test_several_outputs_are_all_claimed():
    found = read_extra(sample("keysign_btc_p2wpkh").request.extra).value
    assert found is not None
    assert [output.amount for output in found.claims.outputs] == ["0.006"]


def test_a_message_is_read_as_it_travels():
    found = read_extra(sample("keysign_eip191").request.extra).value
    assert found is not None
    assert (found.message, found.structured_data) == ("TG9naW4gdG8gQWNtZSwgbm9uY2UgNDI=", None)


def test_typed_data_is_read_in_both_its_forms():
    found = read_extra(sample("keysign_eip712_permit").request.extra).value
    assert found is not None
    assert found.message is not None
    assert json.loads(found.message) == found.structured_data
    other = sample("keysign_eip191").with_transaction("destination.structured_data", {"a": 1})
    ignored = read_extra(other.request.extra).value
    assert ignored is not None
    assert ignored.structured_data is None


def test_categories_of_both_sorts_are_claimed():
    tagged = SIGN.with_transaction("category", ["a"]).with_transaction("cobo_category", ["b"])
    found = read_extra(tagged.request.extra).value
    assert found is not None
    assert found.claims.categories == ("a", "b")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("transaction", []),
        ("transaction", "x"),
        ("transaction.chain_id", 1),
        ("transaction.destination", []),
        ("transaction.destination.account_output", []),
        ("transaction.destination.account_output.amount", 2500),
        ("transaction.destination.account_output.amount", "1e3"),
        ("transaction.destination.account_output.amount", "1_000"),
        ("transaction.destination.account_output.amount", "５００"),
        ("transaction.destination.account_output.amount", "-1"),
        ("transaction.destination.account_output.amount", "9" * 101),
        ("transaction.fee", "1"),
        ("transaction.fee.gas_limit", 90000),
        ("transaction.raw_tx_info", []),
        ("transaction.raw_tx_info.unsigned_raw_tx", ["0x"]),
        ("transaction.raw_tx_info.used_nonce", "9"),
        ("transaction.raw_tx_info.used_nonce", 9.0),
        ("transaction.raw_tx_info.used_nonce", False),
        ("transaction.category", "AutoSweep"),
        ("transaction.replacement", ""),
        ("transaction.category", {}),
        ("tss_request", False),
        ("source_key_share_holder_group", []),
        ("source_addresses", {}),
        ("source_addresses", 0),
        ("source_addresses", ""),
        ("source_addresses", [None]),
        ("source_addresses", [{}] * (MAX_ITEMS + 1)),
        ("source_addresses.0.address", 1),
        ("wallet", "Hot wallet"),
        ("wallet.name", {}),
    ],
)
def test_a_claim_of_the_wrong_type_leaves_no_claims(path, value):
    found = read_extra(SIGN.with_extra(path, value).request.extra)
    assert found.value is None
    assert found.faults


def test_unknown_keys_of_extra_info_are_ignored():
    more = SIGN.with_extra("staking_activity", {"x": 1}).with_transaction("new", [1])
    assert read_extra(more.request.extra) == read_extra(SIGN.request.extra)


def test_a_flat_extra_info_of_protocol_v1_claims_nothing():
    found = read_extra(sample("v1_keysign_eth").request.extra)
    assert found.faults == ()
    assert found.value is not None
    assert not found.value.has_transaction


@given(st.text())
def test_hex_is_strict(text):
    data = hex_bytes(text)
    if data is not None:
        assert text.lower().removeprefix("0x") == data.hex()


def objects(inner):
    keys = sorted({*SIGN.detail, *SIGN.extra, *SIGN.extra["transaction"]})
    return st.dictionaries(st.sampled_from(keys) | st.text(), inner)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | objects(x)
)


@tried(0.2)
@given(st.sampled_from(list(RequestType)), objects(JSON))
def test_any_object_is_read_or_has_faults(kind, value):
    text = json.dumps(value)
    for found in (read_detail(kind, text), read_extra(text)):
        assert (found.value is None) == bool(found.faults)
