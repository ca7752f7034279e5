"""What the checks say of messages: texts, typed data, permits, a Safe's transactions, hashes."""

import base64
import json

import pytest

from approvals.chains.messages import bitcoin_message_hash
from approvals.details import read_extra
from approvals.findings import (
    ContractCall,
    Note,
    Passed,
    Refused,
    Signing,
    TokenApproval,
    Transfer,
    Unverified,
)
from approvals.inspect.messages import dissect_message
from tests.support.evm import method
from tests.support.looking import seen
from tests.support.requests import ABSENT, sample
from tests.support.typed_data import (
    MAIL,
    PERMIT,
    SAFE,
    SIGNER,
    SPENDER,
    TEXT,
    USDC,
    USDT,
    changed,
    claiming,
    dai,
    details,
    document,
    permit,
    permit2,
    safe_tx,
    saying,
    signing,
)

BLIND = sample("keysign_raw_message_hash")
OTHER = "0x" + "11" * 20
FORMS = ["PermitSingle", "PermitBatch", "PermitTransferFrom", "PermitBatchTransferFrom"]


def checks(findings, outcome):
    """The numbers of the checks whose reasons led to an outcome of this sort."""
    assert isinstance(findings.integrity, outcome), findings.integrity
    return {reason.check for reason in findings.integrity.reasons}


def refused(asked, check, cause="contradiction"):
    findings = seen(asked)
    assert checks(findings, Refused) == {check}
    assert findings.integrity.cause == cause
    assert all(effect.kind == "blind" for effect in findings.effects)
    assert (findings.chain, findings.complete) == (None, False)
    return True


def said(findings, label):
    return [note.text for note in findings.notes if note.label == label]


def risks(findings):
    return {flag.risk for flag in findings.flags}


# --- EIP-191


def test_a_text_is_authentic_and_not_understood():
    findings = seen(TEXT)
    assert findings.effects == (Signing(None, "message", "EIP-191", "Login to Acme, nonce 42"),)
    assert not findings.complete
    assert checks(findings, Unverified) == {15}
    (reason,) = findings.integrity.reasons
    assert reason.text == "It signs a message; what the signature allows cannot be seen."
    assert findings.source is not None
    assert findings.source.text == SIGNER
    assert findings.chain is None
    assert findings.notes == (Note("Message size", "23 bytes"),)
    assert risks(findings) == {"unverified"}


def test_a_text_is_the_one_whose_hash_is_signed():
    other = base64.b64encode(b"Login to Acme, nonce 43").decode()
    assert refused(TEXT.with_transaction("destination.message", other), 10)
    assert refused(TEXT.with_detail("msg_hash_list", ["0x" + "11" * 32]), 10)


@pytest.mark.parametrize(
    "text",
    [
        "TG9naW4gdG8gQWNtZSwgbm9uY2UgNDI",
        "TG9naW4gdG8gQWNtZSwgbm9uY2UgNDI=\n",
        " TG9naW4gdG8gQWNtZSwgbm9uY2UgNDI=",
        "TG9naW4g!dG8gQWNtZSwgbm9uY2UgNDI=",
        "TG9naW4gdG8gQWNtZSwgbm9uY2UgNDJ=",
        "TG9naW4gdG8gQWNtZSwgbm9uY2UgNDI==",
        "Login to Acme",
        "_-8=",
        "é",
        "=",
    ],
)
def test_a_text_that_is_not_exactly_base64_is_malformed(text):
    assert refused(TEXT.with_transaction("destination.message", text), 9, "malformed")


@pytest.mark.parametrize("value", [ABSENT, None])
def test_a_text_that_is_not_claimed_is_as_good_as_a_bare_hash(value):
    findings = seen(TEXT.with_transaction("destination.message", value))
    assert checks(findings, Unverified) == {9}
    (effect,) = findings.effects
    assert (effect.kind, effect.standard, effect.preview) == (
        "blind",
        "EIP-191",
        TEXT.detail["msg_hash_list"][0],
    )
    assert risks(findings) == {"blind", "unverified"}


def test_an_empty_text_is_a_text():
    (effect,) = seen(saying(b"")).effects
    assert (effect.kind, effect.preview) == ("message", "")


def test_a_text_longer_than_the_bound_is_not_read():
    longer = TEXT.with_transaction("destination.message", "A" * (1024 * 1024 + 4))
    findings = seen(longer)
    assert checks(findings, Unverified) == {9}
    (note,) = findings.notes
    assert not note.proved
    assert len(note.text) < 1_100


@pytest.mark.parametrize("message", [bytes(32), b"A readable text of 32 characters"])
def test_32_bytes_are_flagged_as_they_may_approve_a_safe_transaction(message):
    findings = seen(saying(message))
    assert findings.effects[0].kind == "message"
    assert risks(findings) == {"blind", "unverified"}
    (flag, _) = sorted(findings.flags, key=lambda flag: flag.risk)
    assert "Safe" in flag.text
    assert checks(findings, Unverified) == {15}
    assert [reason.text for reason in findings.integrity.reasons][-1] == flag.text


@pytest.mark.parametrize("size", [31, 33])
def test_other_sizes_are_not_flagged(size):
    assert risks(seen(saying(bytes(size)))) == {"unverified"}


def test_32_bytes_of_another_hash_are_refused():
    assert refused(saying(bytes(32)).with_detail("msg_hash_list", ["0x" + "11" * 32]), 10)


@pytest.mark.parametrize(
    ("message", "preview"),
    [
        (b"\xff\x00", "0xff00"),
        (b"a\0b", "0x610062"),
        (b"\x1b[2J", "0x1b5b324a"),
        ("grüße\n日本".encode(), "grüße\n日本"),
        (b"x" * 20_000, "x" * 20_000),
        (b"x" * 20_001, "x" * 20_000 + " [cut: 1 more character]"),
        (b"x" * 25_000, "x" * 20_000 + " [cut: 5,000 more characters]"),
        (b"\xff" * 10_100, "0x" + "ff" * 9_999 + " [cut: 202 more characters]"),
    ],
)
def test_a_preview_is_text_or_hex_and_says_what_is_cut(message, preview):
    (effect,) = seen(saying(message)).effects
    assert effect.preview == preview
    assert effect.whole == ("[cut:" not in preview)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("pay \u202e1000", "U+202E"),
        ("a\u200b\u2066b\u200b", "U+200B, U+2066"),
        ("\u3164", "U+3164"),
        ("".join(map(chr, range(0xE0020, 0xE0030))), None),
        ("tab\tnew line\r\n", ""),
        ("日本 grüße", ""),
    ],
)
def test_characters_that_nobody_sees_are_named(text, names):
    notes = said(seen(saying(text.encode())), "Invisible characters")
    if names is None:
        assert notes[0].endswith(", U+E0027 and 8 more")
    else:
        assert notes == ([names] if names else [])


def test_a_text_under_the_claim_of_a_chain_that_has_none_is_as_good_as_a_bare_hash():
    tron = sample("keysign_tron_trx")
    text = tron.with_transaction("destination", TEXT.extra["transaction"]["destination"])
    text = text.with_transaction("type", "MessageSign").with_transaction("raw_tx_info", None)
    findings = seen(text)
    assert checks(findings, Unverified) == {9}
    assert findings.effects[0].kind == "blind"


def test_a_text_for_an_evm_chain_that_we_do_not_know_is_still_recomputed():
    findings = seen(TEXT.with_transaction("chain_id", "NEW_ETH"))
    assert findings.effects[0].kind == "message"
    assert checks(findings, Unverified) == {8, 15}
    other = TEXT.with_transaction("chain_id", "NEW_ETH").with_transaction(
        "destination.message", "QQ=="
    )
    assert checks(seen(other), Refused) == {10}


# --- EIP-712: the document


def test_the_sample_permit_passes():
    findings = seen(PERMIT)
    assert findings.integrity == Passed()
    (effect,) = findings.effects
    assert isinstance(effect, TokenApproval)
    assert effect.asset.token_id == "ETH_USDC"
    assert (effect.amount, effect.via) == (5_000_000_000, "Permit (EIP-2612)")
    assert effect.spender.text == SPENDER
    assert effect.owner == findings.source
    assert (findings.chain, findings.complete, findings.flags) == ("ETH", True, ())
    assert findings.fee is not None
    assert findings.fee.at_most == 0
    assert findings.notes == (
        Note("Nonce", "0"),
        Note("Valid until", "2026-10-01 11:00:00 UTC"),
        Note("Domain hash", "0x06c37168a7db5138defc7866392bb87a741f9b3d104deb5094588ce041cae335"),
        Note("Message hash", "0x6f6a3a1c38e947e09bcae99c8be748619c1764dd8533a86f38348070c97f308d"),
    )


@pytest.mark.parametrize("form", ["raw_structured_data", "structured_data"])
@pytest.mark.parametrize("value", [ABSENT, None])
def test_one_form_of_the_document_is_enough(form, value):
    asked = PERMIT.with_transaction(f"destination.{form}", value)
    assert seen(asked).integrity == Passed()
    (digest,) = PERMIT.detail["msg_hash_list"]
    other = digest[:-1] + ("0" if digest[-1] != "0" else "1")
    assert refused(asked.with_detail("msg_hash_list", [other]), 10)


def test_without_a_document_the_hash_is_bare():
    asked = PERMIT.with_transaction("destination.structured_data", None)
    findings = seen(asked.with_transaction("destination.raw_structured_data", None))
    assert checks(findings, Unverified) == {9}
    assert risks(findings) == {"blind", "unverified"}
    assert findings.effects[0].kind == "blind"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("message.value", "5000000001"),
        ("message.nonce", 0),
        ("domain.chainId", True),
        ("domain.chainId", 1.0),
        ("domain.chainId", "1"),
        ("message.more", None),
        ("types.Permit", []),
    ],
)
def test_two_forms_that_are_not_the_same_document_are_refused(path, value):
    other = changed(permit(), path, value)
    assert refused(PERMIT.with_transaction("destination.structured_data", other), 9)
    raw = json.dumps(other)
    assert refused(PERMIT.with_transaction("destination.raw_structured_data", raw), 9)
    assert refused(PERMIT.with_transaction("destination.structured_data", {}), 9)


def test_the_order_of_keys_and_white_space_do_not_matter():
    turned = dict(reversed(permit().items()))
    raw = json.dumps(turned, indent=3)
    asked = PERMIT.with_transaction("destination.raw_structured_data", raw)
    assert seen(asked).integrity == Passed()


@pytest.mark.parametrize(
    "raw", ["{", "null,", '{"a":1,"a":1}', '{"a":NaN}', "[" * 100, '{"a":"\\ud800"}', "0x00"]
)
def test_a_raw_document_that_is_not_json_is_malformed(raw):
    asked = PERMIT.with_transaction("destination.raw_structured_data", raw)
    assert refused(asked, 9, "malformed")
    assert refused(asked.with_transaction("destination.structured_data", None), 9, "malformed")


@pytest.mark.parametrize("value", [[], "text", 1, True])
def test_a_structured_document_that_is_no_object_is_malformed(value):
    asked = PERMIT.with_transaction("destination.structured_data", value)
    assert refused(asked, 2, "malformed")


def test_a_raw_document_longer_than_the_bound_is_not_read():
    raw = json.dumps(permit()) + " " * 1024 * 1024
    findings = seen(PERMIT.with_transaction("destination.raw_structured_data", raw))
    assert checks(findings, Unverified) == {9}
    assert findings.effects[0].kind == "blind"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("types.Unused", [{"name": "a", "type": "uint8"}]),
        ("message.more", 1),
        ("message.value", 1.5),
        ("domain.more", 1),
        ("primaryType", "Nobody"),
        ("more", 1),
    ],
)
def test_a_document_that_cannot_be_recomputed_is_as_good_as_a_bare_hash(path, value):
    findings = seen(claiming(PERMIT, changed(permit(), path, value)))
    assert checks(findings, Unverified) == {9}
    (effect,) = findings.effects
    assert (effect.kind, effect.standard) == ("blind", "EIP-712")
    assert effect.preview == PERMIT.detail["msg_hash_list"][0]
    assert risks(findings) == {"blind", "unverified"}
    (note,) = findings.notes
    assert not note.proved
    assert note.text.startswith('{"types"')


def test_a_document_whose_hash_is_not_signed_is_refused():
    for path, value in [
        ("message.value", "5000000001"),
        ("message.spender", OTHER),
        ("domain.name", "USD Coln"),
        ("types.Permit.0.name", "holder"),
    ]:
        whole = changed(permit(), path, value)
        if path.startswith("types"):
            whole["message"]["holder"] = whole["message"].pop("owner")
        assert refused(claiming(PERMIT, whole), 10)
    assert refused(PERMIT.with_detail("msg_hash_list", ["0x" + "11" * 32]), 10)


# --- EIP-712: the chain


def test_a_domain_of_another_chain_is_refused():
    for number in (56, "0x38", 424242):
        assert checks(seen(signing(permit({"chainId": number}))), Refused) >= {11}
    assert checks(seen(PERMIT.with_transaction("chain_id", "BSC_BNB")), Refused) == {11}


@pytest.mark.parametrize("number", [1, "1", "0x1", "0x01"])
def test_a_chain_may_be_written_in_every_notation(number):
    assert seen(signing(permit({"chainId": number}))).integrity == Passed()


def test_a_source_on_another_chain_is_refused():
    asked = PERMIT.with_extra("source_addresses.0.chain_id", "BSC_BNB")
    assert checks(seen(asked), Refused) == {11}


def test_a_domain_without_a_chain_is_valid_on_every_one():
    findings = seen(signing(permit({"chainId": None}, value=2**256 - 1)))
    assert checks(findings, Unverified) == {11, 15}
    assert "valid on every one" in findings.integrity.reasons[0].text
    assert (findings.chain, findings.complete) == (None, False)
    (effect,) = findings.effects
    assert (effect.standard, effect.chain) == ("EIP-712 Permit", None)
    assert "unlimited_allowance" in risks(findings)


def test_a_chain_that_is_in_no_table_is_unverified():
    asked = signing(permit({"chainId": 424242})).with_transaction("chain_id", "NEW_ETH")
    findings = seen(asked)
    assert checks(findings, Unverified) == {8, 11, 15}
    assert findings.chain is None


# --- permits


def test_a_permit_of_dai_is_all_or_nothing():
    findings = seen(signing(dai()))
    assert findings.integrity == Passed()
    (effect,) = findings.effects
    assert (effect.amount, effect.via) == (2**256 - 1, "Permit (DAI)")
    assert effect.asset.token_id == "ETH_DAI"
    assert said(findings, "Valid until") == ["it is used"]
    assert risks(findings) == {"unlimited_allowance"}
    taken = seen(signing(dai(allowed=False, expiry=1_790_852_400)))
    assert (taken.effects[0].amount, taken.flags) == (0, ())
    assert said(taken, "Valid until") == ["2026-10-01 11:00:00 UTC"]


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_permit2_is_an_approval_of_each_token(form):
    findings = seen(signing(permit2(form, details())))
    assert findings.integrity == Passed()
    (effect,) = findings.effects
    assert (effect.asset.token_id, effect.amount) == ("ETH_USDC", 7)
    assert effect.via == f"Permit2 {form}"
    assert effect.owner == findings.source
    assert effect.spender.text == SPENDER
    assert said(findings, "Valid until") == ["2026-10-01 11:00:00 UTC"]
    assert findings.complete


@pytest.mark.parametrize("form", ["PermitBatch", "PermitBatchTransferFrom"])
def test_a_batch_has_one_effect_for_each_token(form):
    findings = seen(signing(permit2(form, details(), details(USDT, 2**160 - 1))))
    assert findings.integrity == Passed()
    tokens = [(effect.asset.token_id, effect.amount) for effect in findings.effects]
    assert tokens == [("ETH_USDC", 7), ("ETH_USDT", 2**160 - 1)]
    assert risks(findings) == {"unlimited_allowance"}


@pytest.mark.parametrize("form", ["PermitBatch", "PermitBatchTransferFrom"])
def test_a_batch_of_nothing_or_of_too_much_is_not_understood(form):
    for given in ((), (details(),) * 51):
        findings = seen(signing(permit2(form, *given)))
        assert checks(findings, Unverified) == {15}
        assert isinstance(findings.effects[0], Signing)
        assert not findings.complete
    assert len(seen(signing(permit2(form, *(details(),) * 50))).effects) == 50


def test_when_an_allowance_of_permit2_ends_is_said():
    for expiration, ends in [
        (1_790_852_400, "2026-10-01 11:00:00 UTC (nonce 1)"),
        (0, "with the block that it is used in (nonce 1)"),
        (2**48 - 1, "the end of time (nonce 1)"),
    ]:
        findings = seen(signing(permit2("PermitSingle", details(expiration=expiration))))
        assert said(findings, "Allowance ends") == [ends]


@pytest.mark.parametrize(
    ("deadline", "until"),
    [
        (0, "1970-01-01 00:00:00 UTC"),
        (253_402_300_799, "9999-12-31 23:59:59 UTC"),
        (253_402_300_800, "the end of time"),
        (2**256 - 1, "the end of time"),
    ],
)
def test_until_when_a_permit_is_valid_is_said(deadline, until):
    assert said(seen(signing(permit(deadline=str(deadline)))), "Valid until") == [until]


@pytest.mark.parametrize(
    ("value", "flagged"), [(2**96 - 2, False), (2**96 - 1, True), (2**256 - 1, True)]
)
def test_an_allowance_without_limit_is_flagged(value, flagged):
    findings = seen(signing(permit(value=str(value))))
    assert findings.integrity == Passed()
    assert risks(findings) == ({"unlimited_allowance"} if flagged else set())


def test_a_permit_of_an_unknown_token_is_unverified():
    findings = seen(signing(permit({"verifyingContract": OTHER})))
    assert checks(findings, Unverified) == {15}
    (effect,) = findings.effects
    assert isinstance(effect, TokenApproval)
    assert effect.asset.contract is not None
    assert (effect.asset.token_id, effect.asset.contract.text) == (None, OTHER)
    assert not findings.complete
    batch = seen(signing(permit2("PermitBatch", details(), details(OTHER))))
    assert checks(batch, Unverified) == {15}
    assert not batch.complete


def test_a_permit_of_another_owner_is_unverified():
    for whole in (permit(owner=OTHER), dai(holder=OTHER)):
        findings = seen(signing(whole))
        assert checks(findings, Unverified) == {15}
        (effect,) = findings.effects
        assert isinstance(effect, TokenApproval)
        assert effect.owner is not None
        assert effect.owner.text == OTHER
        assert not findings.complete


@pytest.mark.parametrize(
    "whole",
    [
        permit({"salt": "0x" + "00" * 32}),
        permit2("PermitSingle", details(), verifyingContract=OTHER),
        permit2("PermitSingle", details(), name="Permit3"),
        permit2("PermitSingle", details(), name=None),
        permit2("PermitSingle", details(), version="1"),
        permit2("PermitSingle", details(), verifyingContract=None),
        permit2("PermitTransferFrom", details(), salt="0x" + "00" * 32),
    ],
)
def test_a_permit_with_another_domain_is_not_understood(whole):
    findings = seen(signing(whole))
    assert checks(findings, Unverified) == {15}
    (effect,) = findings.effects
    assert isinstance(effect, Signing)
    assert effect.standard == f"EIP-712 {whole['primaryType']}"
    assert (findings.chain, findings.complete) == ("ETH", False)


@pytest.mark.parametrize(
    "types",
    [
        "address owner,address spender,uint256 value,uint256 deadline,uint256 nonce",
        "address owner,address spender,uint128 value,uint256 nonce,uint256 deadline",
        "address owner,address spender,uint256 value,uint256 nonce,uint256 deadline,bool also",
        "address spender,address owner,uint256 value,uint256 nonce,uint256 deadline",
        "address holder,address spender,uint256 value,uint256 nonce,uint256 deadline",
    ],
)
def test_what_merely_calls_itself_permit_is_not_one(types):
    values = {"address": SIGNER, "bool": True}
    names = [member.split() for member in types.split(",")]
    message = {name: values.get(kind, 7) for kind, name in names}
    domain = {"name": "USD Coin", "version": "2", "chainId": 1, "verifyingContract": USDC}
    findings = seen(signing(document("Permit", {"Permit": types}, message, domain)))
    assert checks(findings, Unverified) == {15}
    assert isinstance(findings.effects[0], Signing)
    assert not findings.complete


def test_a_permit_without_a_contract_is_not_understood():
    for whole in (permit({"verifyingContract": None}), changed_domain(dai())):
        findings = seen(signing(whole))
        assert checks(findings, Unverified) == {15}
        assert isinstance(findings.effects[0], Signing)


def changed_domain(whole):
    """The document with a domain of a chain alone."""
    bare = changed(whole, "domain", {"chainId": 1})
    return changed(bare, "types.EIP712Domain", [{"name": "chainId", "type": "uint256"}])


def test_the_claimed_token_is_the_chains_coin_or_the_permits():
    for token in ("ETH", "ETH_USDC"):
        assert seen(PERMIT.with_transaction("token_id", token)).integrity == Passed()
    assert checks(seen(PERMIT.with_transaction("token_id", "ETH_USDT")), Refused) == {12}
    assert checks(seen(PERMIT.with_transaction("token_id", "ETH_NEW")), Unverified) == {12}
    assert checks(seen(PERMIT.with_transaction("token_id", None)), Unverified) == {12}


@pytest.mark.parametrize(
    ("key", "value"),
    [("amount", "1"), ("account_output", {"address": OTHER, "amount": "1"})],
)
def test_a_claimed_destination_or_amount_keeps_a_permit_from_passing(key, value):
    asked = PERMIT.with_transaction(f"destination.{key}", value)
    assert checks(seen(asked), Unverified) == {12}


def test_the_signer_of_typed_data_is_checked():
    assert checks(seen(PERMIT.with_transaction("source.address", OTHER)), Refused) == {14}
    assert checks(seen(PERMIT.with_extra("source_addresses", [])), Unverified) == {14}


# --- a Safe's transaction


def test_a_safes_transaction_is_unfolded_and_never_complete():
    findings = seen(signing(safe_tx()))
    assert checks(findings, Unverified) == {15}
    (effect,) = findings.effects
    assert isinstance(effect, Signing)
    assert (effect.kind, effect.standard, effect.chain) == ("message", "EIP-712 SafeTx", "ETH")
    (inner,) = effect.inner
    assert isinstance(inner, Transfer)
    assert inner.sender is not None
    assert (inner.amount, inner.to.text, inner.sender.text) == (10**18, SPENDER, SAFE)
    assert (findings.chain, findings.complete) == ("ETH", False)
    assert said(findings, "Safe") == [SAFE]
    assert said(findings, "Safe nonce") == ["42"]
    assert said(findings, "Safe refund") == []
    assert risks(findings) == {"unverified"}


def test_a_safes_call_that_we_know_is_shown_as_what_it_does():
    data = "0xa9059cbb" + "00" * 12 + SPENDER[2:] + f"{7:064x}"
    findings = seen(signing(safe_tx(to=USDC, value=0, data=data)))
    (inner,) = findings.effects[0].inner
    assert (inner.asset.token_id, inner.amount) == ("ETH_USDC", 7)


@pytest.mark.parametrize("operation", [1, 2, 255])
def test_a_delegatecall_of_a_safe_is_flagged_and_moves_nothing_as_a_call_would(operation):
    findings = seen(signing(safe_tx(operation=operation)))
    assert risks(findings) == {"delegatecall", "unverified"}
    for data in ("0x", "0x8d80ff0a" + "00" * 64, "0xa9059cbb" + "00" * 64):
        (inner,) = seen(signing(safe_tx(operation=operation, data=data))).effects[0].inner
        assert isinstance(inner, ContractCall)


def test_a_batch_that_a_safe_runs_as_itself_moves_what_is_the_safes():
    packed = bytes(1) + bytes.fromhex(SPENDER[2:]) + (9).to_bytes(32, "big") + bytes(32)
    data = "0x" + method("multiSend(bytes)", packed).hex()
    (batch,) = seen(signing(safe_tx(to=USDC, data=data, operation=1))).effects[0].inner
    (sent,) = batch.inner
    assert (sent.sender.text, sent.to.text, sent.amount) == (SAFE, SPENDER, 9)


def test_what_a_safe_pays_for_gas_is_said():
    findings = seen(signing(safe_tx(gasPrice=5, refundReceiver=SPENDER, gasToken=USDC)))
    words = f"the Safe pays {SPENDER} for gas, at a price of 5 in the token {USDC}"
    assert said(findings, "Safe refund") == [words]
    findings = seen(signing(safe_tx(gasPrice=5)))
    words = "the Safe pays whoever executes it for gas, at a price of 5 in the chain's coin"
    assert said(findings, "Safe refund") == [words]


def test_an_old_safe_names_no_chain_so_its_call_is_not_unfolded():
    for operation in (0, 1):
        findings = seen(signing(safe_tx({"chainId": None}, operation=operation)))
        assert checks(findings, Unverified) == {11, 15}
        assert findings.effects[0].inner == ()
        assert ("delegatecall" in risks(findings)) == (operation == 1)


@pytest.mark.parametrize("types", ["address to", "address to,uint256 value,bytes data"])
def test_what_merely_calls_itself_a_safes_transaction_is_other_typed_data(types):
    message = {"to": SPENDER, "value": 1, "data": "0x"}
    names = [member.split()[1] for member in types.split(",")]
    whole = document("SafeTx", {"SafeTx": types}, {name: message[name] for name in names})
    findings = seen(signing(whole))
    assert checks(findings, Unverified) == {15}
    assert said(findings, "Safe") == []


def test_a_safes_transaction_without_a_safe_is_other_typed_data():
    findings = seen(signing(safe_tx({"verifyingContract": None})))
    assert checks(findings, Unverified) == {15}
    assert said(findings, "Safe") == []


def test_a_message_of_a_safe_is_flagged_as_it_holds_a_mere_hash():
    whole = document("SafeMessage", {"SafeMessage": "bytes message"}, {"message": "0x" + "11" * 32})
    findings = seen(signing(whole))
    assert risks(findings) == {"blind", "unverified"}
    assert checks(findings, Unverified) == {15}
    assert findings.effects[0].standard == "EIP-712 SafeMessage"


# --- other typed data


def test_other_typed_data_is_shown_and_not_understood():
    findings = seen(signing(MAIL))
    assert checks(findings, Unverified) == {15}
    (effect,) = findings.effects
    assert effect == Signing(
        "ETH",
        "message",
        "EIP-712 Mail",
        'domain {name: "Ether Mail", version: "1", chainId: 1, '
        "verifyingContract: 0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC} "
        'message {from: {name: "Cow", wallet: 0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826}, '
        'to: {name: "Bob", wallet: 0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB}, '
        'contents: "Hello, Bob!"}',
    )
    assert (findings.chain, findings.complete) == ("ETH", False)
    assert [note.label for note in findings.notes] == ["Domain hash", "Message hash"]


def test_a_long_document_is_cut_and_the_cut_is_marked():
    whole = document("Long", {"Long": "uint8[][] a,bytes b"}, {"a": [[1] * 900] * 8, "b": "0x"})
    (effect,) = seen(signing(whole)).effects
    assert effect.preview.endswith("more characters]")
    assert len(effect.preview) < 20_100
    assert not effect.whole


def test_a_text_in_a_document_cannot_pretend_to_be_the_document():
    whole = document("One", {"One": "string a"}, {"a": '"} message {to: me\n'})
    (effect,) = seen(signing(whole)).effects
    assert effect.preview.endswith('message {a: "\\"} message {to: me\\n"}')
    hiding = seen(signing(document("One", {"One": "string[] a"}, {"a": ["x", "\u202ey"]})))
    assert said(hiding, "Invisible characters") == ["U+202E"]


# --- bare hashes, and what cannot be recomputed


def test_a_bare_hash_is_blind():
    findings = seen(BLIND)
    (digest,) = BLIND.detail["msg_hash_list"]
    assert findings.effects == (Signing(None, "blind", "raw", digest),)
    assert risks(findings) == {"blind", "unverified"}
    assert checks(findings, Unverified) == {9}
    assert findings.source is not None
    assert refused(BLIND.with_transaction("destination.msg_hash", "0x" + "11" * 32), 10)


def test_a_message_that_brings_a_transaction_is_refused():
    raw = sample("keysign_erc20_usdt")
    unsigned = raw.extra["transaction"]["raw_tx_info"]["unsigned_raw_tx"]
    for asked in (PERMIT, TEXT, BLIND):
        both = asked.with_transaction("raw_tx_info", {"unsigned_raw_tx": unsigned})
        both = both.with_detail("msg_hash_list", raw.detail["msg_hash_list"])
        assert checks(seen(both), Refused) == {12}


@pytest.mark.parametrize("name", ["keysign_tron_trx", "keysign_sol_transfer"])
def test_14_the_signer_of_a_bare_hash_is_derived_on_chains_where_a_key_has_one_address(name):
    base = sample(name)
    hashed = {"destination_type": "Raw_Message_Signature", "msg_hash": "11" * 32}
    asked = base.with_transaction("destination", hashed).with_transaction("type", "MessageSign")
    asked = asked.with_transaction("raw_tx_info", None)
    asked = asked.with_detail("msg_hash_list", [hashed["msg_hash"]])
    findings = seen(asked)
    assert checks(findings, Unverified) == {9}
    assert findings.source is not None
    assert findings.source.text == base.extra["transaction"]["source"]["address"]
    assert refused(asked.with_detail("bip32_path_list", ["m/44/1/1/0/7"]), 14)


def bitcoin(kind, key, value, chain="BTC"):
    """A claim of a message for Bitcoin."""
    asked = BLIND.with_transaction("destination", {"destination_type": kind, key: value})
    return asked.with_transaction("chain_id", chain)


@pytest.mark.parametrize("chain", ["BTC", "XTN", "SIGNET_BTC"])
def test_a_bip_137_message_is_authentic_and_not_understood(chain):
    message = b"I own this address"
    asked = bitcoin("BTC_BIP_137_Signature", "message_bip137", message.hex(), chain)
    signed = asked.with_detail("msg_hash_list", ["0x" + bitcoin_message_hash(message).hex()])
    findings = seen(signed)
    assert findings.effects == (Signing(None, "message", "BIP-137", "I own this address"),)
    assert checks(findings, Unverified) == {14, 15}
    assert not findings.complete
    assert refused(asked, 10)
    text = signed.with_transaction("destination.message_bip137", "I own this address")
    assert refused(text, 9, "malformed")


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        (bitcoin("BTC_BIP_322_Signature", "message_bip322", "6162"), "BIP-322"),
        (bitcoin("COSMOS_ADR_36_Signature", "message_cosmos_adr36", "6162"), "ADR-36"),
        (bitcoin("BTC_BIP_137_Signature", "message_bip137", "6162", "SOL"), "BIP-137"),
    ],
)
def test_messages_of_other_standards_are_named_and_as_good_as_bare_hashes(asked, name):
    findings = seen(asked)
    (effect,) = findings.effects
    assert (effect.kind, effect.standard) == ("blind", name)
    assert Note(f"{name} message", "6162", proved=False) in findings.notes
    assert "blind" in risks(findings)
    if name != "BIP-137":
        assert checks(findings, Unverified) == {9}
        (reason,) = findings.integrity.reasons
        assert reason.text == f"Hashes of {name} messages on Bitcoin cannot be recomputed."


# --- laid open


def dissected(asked):
    extra = read_extra(asked.request.extra).value
    assert extra is not None
    return dissect_message(extra)


def test_typed_data_is_laid_open_as_a_hardware_wallet_shows_it():
    lines = {note.label: note.text for note in dissected(signing(MAIL))}
    assert list(lines)[:4] == ["Signing hash", "Domain hash", "Message hash", "Type"]
    assert lines["Domain hash"].startswith("0xf2cee375")
    assert lines["Message hash"].startswith("0xc52c0ee5")
    assert lines["Signing hash"].startswith("0xbe609aee")
    assert lines["Type"].startswith("Mail(Person from,Person to,string contents)Person(")
    assert lines["domain.chainId (uint256)"] == "1"
    assert lines["message.from (Person)"].startswith("0xfc71e5fa")
    assert lines["message.to.name (string)"] == '"Bob"'


def test_arrays_are_laid_open_element_by_element_and_bounded():
    whole = document("One", {"One": "uint8[] a"}, {"a": [5] * 1_000})
    lines = dissected(signing(whole))
    assert Note("message.a (uint8[])", "1,000 elements") in lines
    assert Note("message.a[0] (uint8)", "5") in lines
    assert len(lines) == 201
    assert lines[-1] == Note("Cut", "only 200 lines are shown")


def test_texts_are_laid_open():
    lines = {note.label: note.text for note in dissected(TEXT)}
    assert lines == {
        "Signing hash": TEXT.detail["msg_hash_list"][0],
        "Message size": "23 bytes",
        "Message": "Login to Acme, nonce 42",
    }
    lines = dissected(bitcoin("BTC_BIP_137_Signature", "message_bip137", "6162"))
    assert lines[-1] == Note("Message", "ab")


@pytest.mark.parametrize(
    "asked",
    [
        BLIND,
        sample("keysign_erc20_usdt"),
        claiming(PERMIT, {}),
        TEXT.with_transaction("destination.message", "?"),
        bitcoin("BTC_BIP_137_Signature", "message_bip137", "zz"),
    ],
)
def test_what_cannot_be_read_is_not_laid_open(asked):
    assert dissected(asked) == ()
