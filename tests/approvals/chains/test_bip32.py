import json
from pathlib import Path

import pytest
from btclib_libsecp256k1 import keys

from approvals.chains import base58
from approvals.chains.bip32 import BadKey, derive, evm_account, parse_key, parse_path
from tests.support.requests import sample

VECTORS = json.loads((Path(__file__).parents[2] / "vectors/keys.json").read_text())
ROOT = sample("keysign_erc20_usdt").detail["root_pub_key"]
DATA = base58.decode_check(ROOT) or b""
UNCOMPRESSED = keys.serialize(keys.parse(DATA[45:]), compressed=False)
CPUB_ROOT = sample("keysign_sol_transfer").detail["root_pub_key"]
CPUB_DATA = base58.decode_check(CPUB_ROOT) or b""


def test_the_recovery_kits_address_vector():
    vector = VECTORS["key_derivation"]["secp256k1_evm"]
    assert evm_account(parse_key(vector["child_xpub"]).key).text == vector["address"]


@pytest.mark.parametrize(
    "name",
    ["keysign_erc20_usdt", "keysign_tron_trx", "keysign_btc_p2wpkh", "keysign_sol_transfer"],
)
def test_the_samples_child_keys_are_derived_whole(name):
    source = sample(name).extra["source_addresses"][0]
    path = parse_path(source["path"])
    assert path is not None
    assert derive(source["root_pubkey"], path).text == source["pubkey"]


def test_the_second_vector_of_bip32():
    root = (
        "xpub661MyMwAqRbcFW31YEwpkMuc5THy2PSt5bDMsktWQcFF8syAmRUapSCG"
        "u8ED9W6oDMSgv6Zz8idoc4a6mr8BDzTJY47LJhkJ8UB7WEGuduB"
    )
    child = (
        "xpub69H7F5d8KSRgmmdJg2KhpAK8SR3DjMwAdkxj3ZuxV27CprR9LgpeyGmX"
        "UbC6wb7ERfvrnKZjXoUmmDznezpbZb7ap6r1D3tgFxHmwMkQTPH"
    )
    assert derive(root, (0,)).text == child
    assert derive(root, ()).text == root


@pytest.mark.parametrize("vector", VECTORS["key_derivation"]["ed25519_cpub"])
def test_the_recovery_kits_chains_of_ed25519_children(vector):
    path = tuple(child["index"] for child in vector["children"])
    for depth, child in enumerate(vector["children"], start=1):
        assert derive(vector["root_cpub"], path[:depth]).text == child["cpub"]
    assert derive(vector["root_cpub"], ()).text == vector["root_cpub"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "xpub",
        ROOT[:-1],
        ROOT + "1",
        ROOT[:-1] + ("1" if ROOT[-1] != "1" else "2"),
        VECTORS["ata_vector"]["owner"],
        "1" * 100_000,
        base58.encode_check(bytes.fromhex("0488b21e") + bytes(41) + b"\x02" + b"\xff" * 32),
        base58.encode_check(bytes.fromhex("0488b21e") + bytes(41) + b"\x04" + b"\x11" * 32),
        base58.encode_check(DATA[:4] + b"\0\1" + DATA[6:]),
        base58.encode_check(DATA[:45] + UNCOMPRESSED),
        base58.encode_check(bytes.fromhex("043587cf") + DATA[4:]),  # a tpub
        "х" + ROOT[1:],
        CPUB_ROOT[:-1],
        "x" + CPUB_ROOT[1:],
        base58.encode_check(CPUB_DATA[:4] + DATA[4:]),  # a point of the other curve
        base58.encode_check(DATA[:4] + CPUB_DATA[4:]),
        base58.encode_check(CPUB_DATA[:4] + b"\0\1" + CPUB_DATA[6:]),
        base58.encode_check(CPUB_DATA[:45] + b"\1" + CPUB_DATA[46:]),
        base58.encode_check(CPUB_DATA + b"\0"),
    ],
)
def test_what_is_no_extended_key_is_refused(text):
    with pytest.raises(BadKey):
        derive(text, (0, 1))


def test_a_key_cannot_be_deeper_than_its_depth_can_say():
    for data in (DATA, CPUB_DATA):
        deepest = base58.encode_check(data[:4] + b"\xff" + data[5:])
        with pytest.raises(BadKey):
            derive(deepest, (0,))


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("m", ()),
        ("m/0", (0,)),
        ("44/60/1/0/0", (44, 60, 1, 0, 0)),
        ("m/2147483647", (2**31 - 1,)),
        ("m" + "/1" * 10, (1,) * 10),
    ],
)
def test_plain_paths_are_read(text, path):
    assert parse_path(text) == path


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "m/",
        "/0",
        "m//0",
        "m/44'",
        "m/44h",
        "m/2147483648",
        "m/01",
        "m/00",
        "m/-1",
        "m/+1",
        "m/1_0",
        "m/ 1",
        "m/٣",
        "m/\uff11",
        "m/1\n",
        "M/1",
        "m/m/1",
        "m" + "/1" * 11,
        "1/" * 100_000,
        "m/" + "9" * 100_000,
    ],
)
def test_every_other_path_is_refused(text):
    assert parse_path(text) is None
