"""What Cobo claims of a Solana transaction is held against its bytes."""

import base64

import pytest

from approvals.chains.bip32 import parse_key
from approvals.findings import Passed, Refused
from approvals.inspect.families import family_of, port_of
from tests.support.looking import refused, seen, unverified
from tests.support.requests import ABSENT, sample
from tests.support.solana import (
    BUDGET,
    OTHER,
    SOL,
    SOURCE,
    SPL,
    THIRD,
    TO,
    USDC,
    USDT,
    asking,
    ata,
    coins,
    memo,
    message,
    message_0,
    opening,
    packed,
    program,
    raw_of,
    tokens,
)

BOTH = pytest.mark.parametrize("base", [SOL, SPL])
RAW = "raw_tx_info.unsigned_raw_tx"
OUTPUT = "destination.account_output"


# --- 9: the bytes


@BOTH
@pytest.mark.parametrize(
    "change",
    [
        lambda text: text + "00",  # a byte that base64 has not
        lambda text: text + b"====".hex(),
        lambda text: text[:-2],
        lambda text: text.replace("41", "2d", 1),  # the alphabet of URLs
        lambda text: text + "0a",
        lambda text: "0a" + text,
        lambda text: "zz" + text[2:],
        lambda text: text[:-1],
    ],
)
def test_9_another_notation_is_malformed(base, change):
    text = packed(raw_of(base))
    assert refused(base.with_transaction(RAW, change(text)), 9, cause="malformed")


def test_9_base64_has_one_form():
    raw = raw_of(SOL)
    text = base64.b64encode(raw).decode()
    assert text.endswith("AAA=")
    loose = text[:-2] + "B="
    assert base64.b64decode(loose) == raw
    assert refused(SOL.with_transaction(RAW, loose.encode().hex()), 9, cause="malformed")


@BOTH
def test_9_the_bare_bytes_are_not_read(base):
    assert refused(base.with_transaction(RAW, raw_of(base).hex()), 9, cause="malformed")
    assert unverified(base.with_transaction(RAW, packed(raw_of(base)[1:])), 9)


@BOTH
def test_10_something_behind_the_message_is_not_what_is_signed(base):
    assert refused(base.with_transaction(RAW, packed(raw_of(base) + b"\0")), 10)


def test_9_what_is_signed_already_is_unverified():
    raw = b"\1" + b"\7" * 64 + raw_of(SOL)[1:]
    assert unverified(SOL.with_transaction(RAW, packed(raw)), 9)


def test_9_more_than_a_packet_is_not_read():
    instructions = [coins(number, THIRD) for number in range(80)]
    assert unverified(asking(SOL, message(*instructions)), 9)


def test_9_a_later_version_is_not_read():
    assert unverified(asking(SOL, b"\x81" + message(coins())), 9)


def test_9_bytes_of_another_family_are_malformed():
    evm = sample("keysign_erc20_usdt").extra["transaction"]["raw_tx_info"]["unsigned_raw_tx"]
    assert refused(SOL.with_transaction(RAW, evm), 9, cause="malformed")


# --- 10: what is signed


@BOTH
@pytest.mark.parametrize("hashes", [["0x" + "11" * 32], ["0x"], ["0x01", "0x02"]])
def test_10_something_else_to_sign_is_refused(base, hashes):
    changed = base.with_detail("msg_hash_list", hashes)
    integrity = seen(changed).integrity
    assert isinstance(integrity, Refused)
    assert 10 in {reason.check for reason in integrity.reasons}
    assert (seen(changed).effects, seen(changed).source) == ((), None)


def test_10_the_whole_transaction_is_not_what_is_signed():
    assert refused(SOL.with_detail("msg_hash_list", [raw_of(SOL).hex()]), 10)


# --- 12: a transfer


@pytest.mark.parametrize(
    ("base", "path", "value"),
    [
        (SOL, f"{OUTPUT}.address", str(OTHER)),
        (SOL, f"{OUTPUT}.address", str(ata(TO))),
        (SOL, f"{OUTPUT}.address", "0xd63134CC52B0CC0bb754A0196bc249F38BDB2A2c"),
        (SOL, f"{OUTPUT}.address", "nobody"),
        (SOL, f"{OUTPUT}.amount", "0.250000001"),
        (SOL, f"{OUTPUT}.amount", "0.2500000001"),
        (SOL, "token_id", "SOL_USDC"),
        (SOL, "token_id", "ETH_USDT"),
        (SPL, f"{OUTPUT}.address", str(OTHER)),
        (SPL, f"{OUTPUT}.address", str(ata(OTHER))),
        (SPL, f"{OUTPUT}.address", str(ata(TO, USDT))),
        (SPL, f"{OUTPUT}.amount", "40.000001"),
        (SPL, "token_id", "SOL"),
        (SPL, "token_id", "SOL_USDT"),
        (SPL, f"{OUTPUT}.memo", "42"),
    ],
)
def test_12_another_transfer_than_claimed_is_refused(base, path, value):
    assert refused(base.with_transaction(path, value), 12)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("token_id", None),
        ("token_id", "SOL_NEW"),
        ("destination.account_output", None),
        (f"{OUTPUT}.address", None),
        (f"{OUTPUT}.amount", None),
    ],
)
@BOTH
def test_12_what_is_not_claimed_is_unverified(base, path, value):
    assert unverified(base.with_transaction(path, value), 12)


@pytest.mark.parametrize(
    ("base", "instruction"),
    [
        (SOL, coins(250_000_001)),
        (SOL, coins(to=OTHER)),
        (SOL, tokens()),
        (SPL, tokens(40_000_001)),
        (SPL, tokens(to=ata(OTHER))),
        (SPL, tokens(mint=USDT)),
        (SPL, coins()),
    ],
)
def test_12_other_bytes_than_claimed_are_refused(base, instruction):
    assert refused(asking(base, message(*BUDGET, instruction)), 12)


def test_12_several_destinations_are_refused():
    outputs = [{"address": str(TO), "amount": "0.25"}, {"address": str(OTHER), "amount": "0.15"}]
    claimed = SOL.with_transaction("destination.account_output", None)
    assert refused(claimed.with_transaction("destination.utxo_outputs", outputs), 12)


def test_12_a_message_that_is_a_transaction_is_refused():
    destination = {"destination_type": "Raw_Message_Signature", "msg_hash": "0x00"}
    claimed = SOL.with_transaction("destination", destination)
    assert refused(claimed.with_transaction("type", "MessageSign"), 12)


@pytest.mark.parametrize("memos", [(), ("43",), ("42", "42"), ("42", "43"), ("42 ",)])
def test_12_another_memo_than_claimed_is_refused(memos):
    claimed = SOL.with_transaction(f"{OUTPUT}.memo", "42")
    assert refused(asking(claimed, message(*BUDGET, *map(memo, memos), coins())), 12)


@pytest.mark.parametrize("said", [None, ""])
def test_12_a_memo_that_is_not_claimed_is_unverified(said):
    claimed = SOL.with_transaction(f"{OUTPUT}.memo", said)
    assert unverified(asking(claimed, message(*BUDGET, memo("42"), coins())), 12)


# --- 12: a call


def claim_of(*instructions):
    """`destination` of a call as Cobo states it."""
    return {
        "destination_type": "SOL_Contract",
        "instructions": [
            {
                "program_id": str(each.program_id),
                "data": base64.b64encode(bytes(each.data)).decode(),
                "accounts": [
                    {
                        "pubkey": str(meta.pubkey),
                        "is_signer": meta.is_signer,
                        "is_writable": meta.is_writable,
                    }
                    for meta in each.accounts
                ],
            }
            for each in instructions
        ],
        "address_lookup_table_accounts": [],
    }


def call(*instructions, claimed=None):
    """A call of these instructions after those of the budget, which the claim leaves out."""
    base = SOL.with_transaction("type", "ContractCall")
    base = base.with_transaction("destination", claim_of(*(claimed or instructions)))
    return asking(base, message(*BUDGET, *instructions))


STEPS = (opening(), tokens(), coins())


def test_12_a_call_that_is_understood_and_claimed_passes():
    findings = seen(call(*STEPS))
    assert findings.integrity == Passed()
    assert findings.complete
    assert len(findings.effects) == 2
    assert seen(call(*STEPS, claimed=(*BUDGET, *STEPS))).integrity == Passed()


def test_12_a_call_of_another_program_is_people_s_to_decide():
    assert unverified(call(program(THIRD, b"\1\2", SOURCE, OTHER)), 15)


@pytest.mark.parametrize("token_id", ["SOL", "SOL_USDC"])
def test_12_a_call_may_name_the_coin_or_a_token_it_moves(token_id):
    assert seen(call(*STEPS).with_transaction("token_id", token_id)).integrity == Passed()
    assert refused(call(*STEPS).with_transaction("token_id", "SOL_USDT"), 12)


STEP = "destination.instructions.1"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (f"{STEP}.program_id", str(OTHER)),
        (f"{STEP}.program_id", "nobody"),
        (f"{STEP}.data", "DA=="),
        (f"{STEP}.data", ""),
        (f"{STEP}.accounts", []),
        (f"{STEP}.accounts", ABSENT),
        (f"{STEP}.accounts.2", ABSENT),
        (f"{STEP}.accounts.2.pubkey", str(ata(OTHER))),
        (f"{STEP}.accounts.2.pubkey", None),
        (f"{STEP}.accounts.2.is_signer", True),
        (f"{STEP}.accounts.1.is_writable", True),
        (f"{STEP}", ABSENT),
        ("destination.instructions.0.accounts.2.pubkey", str(OTHER)),
        ("destination.instructions.2.data", "AgAAAAEAAAAAAAAA"),
    ],
)
def test_12_other_instructions_than_claimed_are_refused(path, value):
    assert refused(call(*STEPS).with_transaction(path, value), 12)


@pytest.mark.parametrize(
    "claimed",
    [
        STEPS[::-1],
        STEPS[:2],
        (*STEPS, coins(1)),
        (BUDGET[0], *STEPS),
        (*STEPS, *BUDGET),
    ],
)
def test_12_more_fewer_or_reordered_instructions_are_refused(claimed):
    assert refused(call(*STEPS, claimed=claimed), 12)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("destination.instructions", []),
        ("destination.instructions", None),
        (f"{STEP}.program_id", None),
        (f"{STEP}.data", None),
        (f"{STEP}.data", "some text"),
        ("token_id", None),
    ],
)
def test_12_a_call_that_is_not_claimed_is_unverified(path, value):
    assert unverified(call(*STEPS).with_transaction(path, value), 12)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (f"{STEP}.accounts.2.is_signer", 1),
        (f"{STEP}.accounts.2.is_writable", "true"),
        (f"{STEP}.accounts", "none"),
        (f"{STEP}.data", 5),
        ("destination.instructions", {}),
    ],
)
def test_2_instructions_of_the_wrong_type_are_malformed(path, value):
    assert refused(call(*STEPS).with_transaction(path, value), 2, cause="malformed")


def test_12_an_account_in_a_lookup_table_is_not_compared():
    from solders.address_lookup_table_account import AddressLookupTableAccount

    table = AddressLookupTableAccount(THIRD, [OTHER])
    step = program(THIRD, b"\1", SOURCE, OTHER)
    base = call(step)
    hidden = asking(base, message_0(*BUDGET, step, tables=[table]))
    assert unverified(hidden, 15)
    other = hidden.with_transaction("destination.instructions.0.accounts.0.pubkey", str(TO))
    assert refused(other, 12)


# --- 13: the fee


@BOTH
@pytest.mark.parametrize("part", ["compute_unit_price", "compute_unit_limit"])
@pytest.mark.parametrize("value", ["0", "1", "350001", "200000.5"])
def test_13_another_part_of_the_fee_than_claimed_is_refused(base, part, value):
    assert refused(base.with_transaction(f"fee.{part}", value), 13)


@BOTH
@pytest.mark.parametrize("path", ["fee", "fee.compute_unit_price", "fee.compute_unit_limit"])
def test_13_a_fee_that_is_not_claimed_is_not_compared(base, path):
    assert seen(base.with_transaction(path, None)).integrity == Passed()


@BOTH
@pytest.mark.parametrize("fee_type", ["EVM_Legacy", "SOL", "UTXO"])
def test_13_the_type_of_the_fee_says_nothing(base, fee_type):
    typed = base.with_transaction("fee.fee_type", fee_type)
    assert seen(typed).integrity == Passed()
    assert refused(typed.with_transaction("fee.compute_unit_price", "1"), 13)


def test_13_bytes_that_set_no_price_or_limit():
    assert refused(asking(SOL, message(BUDGET[1], coins())), 13)
    free = SOL.with_transaction("fee.compute_unit_price", "0")
    assert seen(asking(free, message(BUDGET[1], coins()))).integrity == Passed()
    assert unverified(asking(SOL, message(BUDGET[0], coins())), 13)


# --- 14: the key that signs


@BOTH
@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("transaction.source.address", str(OTHER)),
        ("source_addresses.0.address", str(OTHER)),
        ("source_addresses.0.path", "m/44/501/1/0/1"),
        ("source_addresses.0.pubkey", SOL.detail["root_pub_key"]),
        ("source_addresses.0.pubkey", "11" * 32),
        ("source_addresses.0.pubkey", "00" + "11" * 32),
        ("source_addresses.0.root_pubkey", SOL.extra["source_addresses"][0]["pubkey"]),
    ],
)
def test_14_another_source_than_claimed_is_refused(base, path, value):
    assert refused(base.with_extra(path, value), 14)


@BOTH
@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("bip32_path_list", ["m/44/501/1/0/1"]),
        ("root_pub_key", SOL.extra["source_addresses"][0]["pubkey"]),
    ],
)
def test_14_another_key_is_refused(base, path, value):
    assert refused(base.with_detail(path, value), 14)


def test_14_a_root_that_cannot_be_read_is_malformed():
    damaged = SOL.detail["root_pub_key"][:-1] + "1"
    assert refused(SOL.with_detail("root_pub_key", damaged), 14, cause="malformed")


def test_14_a_public_key_may_be_claimed_in_hex():
    key = parse_key(SOL.extra["source_addresses"][0]["pubkey"]).key.hex()
    for text in (key, key[2:], "0x" + key):
        assert seen(SOL.with_extra("source_addresses.0.pubkey", text)).integrity == Passed()
    assert unverified(SOL.with_extra("source_addresses.0.pubkey", key[4:]), 14)


def test_14_half_a_key_of_the_other_curve_is_none():
    evm = sample("keysign_erc20_usdt")
    x_only = parse_key(evm.extra["source_addresses"][0]["pubkey"]).key[1:].hex()
    assert unverified(evm.with_extra("source_addresses.0.pubkey", x_only), 14)


def test_14_a_key_of_the_other_curve_signs_nothing():
    xpub = sample("keysign_erc20_usdt").detail["root_pub_key"]
    findings = seen(SOL.with_detail("root_pub_key", xpub))
    assert isinstance(findings.integrity, Refused)
    assert findings.source is None


def test_14_an_ed25519_key_signs_no_evm_transaction():
    """Nor does it trip over one whose chain is unknown, where its signature type is right."""
    evm = sample("keysign_erc20_usdt").with_transaction("chain_id", "ETH_NEXT")
    findings = seen(
        evm.with_detail("root_pub_key", SOL.detail["root_pub_key"]).with_detail("signature_type", 2)
    )
    assert not isinstance(findings.integrity, Passed)
    assert findings.source is None


# --- the family


def test_the_family_is_known_by_its_bytes():
    text = SOL.extra["transaction"]["raw_tx_info"]["unsigned_raw_tx"]
    hashes = (bytes.fromhex(SOL.detail["msg_hash_list"][0][2:]),)
    assert family_of(text, hashes) == "solana"
    assert family_of(text, (b"",)) is None
    evm = sample("keysign_erc20_usdt")
    evm_text = evm.extra["transaction"]["raw_tx_info"]["unsigned_raw_tx"]
    evm_hashes = (bytes.fromhex(evm.detail["msg_hash_list"][0][2:]),)
    assert family_of(evm_text, evm_hashes) == "evm"


def port():
    found = port_of("solana")
    assert found is not None
    return found


@pytest.mark.parametrize(
    "raw",
    [
        raw_of(SOL),
        raw_of(SPL),
        b"\0" + message(),
        b"\1" + bytes(64) + message(*STEPS),
        b"\0" + message_0(*STEPS, memo("x" * 300)),
        b"\0" + message_0(coins())[:-1] + b"\1" + bytes(OTHER) + b"\1\0\0",
        b"\0" + message(*[coins()] * 30),
    ],
)
def test_a_dissection_lays_every_byte_open(raw):
    spans = port().dissect(raw)
    at = 0
    inner = {span.start for span in spans if span.depth == 2}
    for span in spans:
        if span.depth == 1 and span.start in inner:
            continue  # its parts follow
        assert span.start == at, span
        at = span.end
    assert at == len(raw)


def test_a_dissection_says_what_the_bytes_say():
    spans = [(span.label, span.value) for span in port().dissect(raw_of(SPL))]
    assert ("account 0", f"{SOURCE} (signs, writable)") in spans
    assert ("account 5", str(USDC)) in spans
    assert ("instruction", "Token: TransferChecked") in spans
    assert ("data", "0x0c005a62020000000006") in spans


@pytest.mark.parametrize("raw", [b"", b"\0", raw_of(SOL)[:-1], b"\0\x81", bytes(5_000)])
def test_what_does_not_decode_has_no_dissection(raw):
    assert port().dissect(raw) == ()
    assert not port().signs(raw, (raw[1:],))
