import json

import pytest

from approvals.chains.tables import SHIPPED
from approvals.findings import (
    Note,
    Passed,
    Refused,
    Signing,
    TokenApproval,
    Transfer,
    Unverified,
)
from approvals.inspect import inspect
from tests.support.requests import FOLDER, sample

MANIFEST = json.loads((FOLDER / "manifest.json").read_text())["samples"]
PASSING = {
    "keysign_contract_call_approve",
    "keysign_eth_transfer_eip1559",
    "keysign_eth_transfer_legacy",
    "keysign_erc20_usdt",
    "keysign_tron_trx",
    "keysign_tron_trc20_usdt",
    "keysign_sol_transfer",
    "keysign_spl_usdc",
    "keysign_eip712_permit",
    "keysign_btc_p2wpkh",
}
REQUESTS = {
    entry["file"].removesuffix(".json"): entry
    for entry in MANIFEST
    if not entry["file"].startswith("ping")
}


def seen(name):
    return inspect(sample(name).request, SHIPPED)


@pytest.mark.parametrize("name", REQUESTS)
def test_every_sample_gets_what_it_deserves(name):
    integrity = seen(name).integrity
    if name in PASSING:
        assert integrity == Passed()
    elif REQUESTS[name]["expect"] == "reject":
        assert isinstance(integrity, Refused)
        assert integrity.cause == "contradiction"
    else:
        assert isinstance(integrity, Unverified)


@pytest.mark.parametrize("name", [n for n in REQUESTS if "msg_hash_list" in REQUESTS[n]])
def test_the_hashes_and_claims_are_the_manifests(name):
    findings, entry = seen(name), REQUESTS[name]
    assert list(findings.hashes) == entry["msg_hash_list"]
    assert findings.claims.chain_id == entry["chain_id"]
    assert findings.claims.token_id == entry["token_id"]
    assert findings.claims.transaction_type == entry["tx_type"]


def test_an_erc20_transfer_is_seen_as_what_it_moves():
    findings = seen("keysign_erc20_usdt")
    (effect,) = findings.effects
    assert isinstance(effect, Transfer)
    assert effect.asset.token_id == "ETH_USDT"
    assert effect.amount == 2_500_000_000
    assert effect.to.text == "0xd63134CC52B0CC0bb754A0196bc249F38BDB2A2c"
    assert effect.sender == findings.source
    assert (findings.chain, findings.complete) == ("ETH", True)
    assert findings.fee is not None
    assert findings.fee.at_most == 90_000 * 30_000_000_000
    assert findings.fee.asset.token_id == "ETH"


def test_the_source_is_derived():
    source = seen("keysign_eth_transfer_legacy").source
    assert source is not None
    assert source.text == "0xe4617d0599ee72Ff2c4942550f3a6F4cCcFd03EE"


def test_an_approval_of_a_token_is_seen_as_what_it_allows():
    findings = seen("keysign_contract_call_approve")
    (effect,) = findings.effects
    assert isinstance(effect, TokenApproval)
    assert (effect.kind, effect.via, effect.selector) == ("token_approval", "approve", "0x095ea7b3")
    assert (effect.asset.token_id, effect.amount) == ("ETH_USDC", 5_000_000_000)
    assert effect.spender.text == "0x68b3465833fb72A70ecDF485E0e4C7bD8665Fc45"
    assert effect.owner == findings.source
    assert (findings.complete, findings.flags) == (True, ())
    assert findings.notes == (Note("Nonce", "10"),)


@pytest.mark.parametrize(
    ("name", "kind", "standard"),
    [
        ("keysign_eip191", "message", "EIP-191"),
        ("keysign_raw_message_hash", "blind", "raw"),
    ],
)
def test_messages_are_named_and_never_complete(name, kind, standard):
    findings = seen(name)
    (effect,) = findings.effects
    assert isinstance(effect, Signing)
    assert (effect.kind, effect.standard) == (kind, standard)
    assert not findings.complete
    assert findings.chain is None


def test_bytes_whose_hash_is_not_the_one_to_be_signed_prove_nothing():
    findings = seen("bad_hash_mismatch")
    assert findings.effects == ()
    assert (findings.complete, findings.chain, findings.source, findings.fee) == (
        False,
        None,
        None,
        None,
    )


@pytest.mark.parametrize(
    ("name", "summary"),
    [
        ("keygen_secp256k1", "Generate a secp256k1 key, 2 of 3"),
        ("keygen_ed25519", "Generate an ed25519 key, 2 of 3"),
        ("keyreshare_secp256k1", "Reshare a secp256k1 key to 2 of 3"),
        ("keysharesign_type5", "Sign 1 message with this node's key shares"),
        ("keysign_btc_p2wpkh", ""),
        ("keysign_erc20_usdt", ""),
    ],
)
def test_what_has_no_effects_has_a_summary(name, summary):
    assert seen(name).summary == summary


@pytest.mark.parametrize("name", REQUESTS)
def test_findings_are_a_function_of_the_request(name):
    assert seen(name) == seen(name)
    assert seen(name).digest == sample(name).request.digest
