"""EVM transactions beside their calls: delegations, Cobo's explanation, and the bytes laid open."""

from itertools import pairwise

import pytest
from eth_account import Account
from hypothesis import given
from hypothesis import strategies as st

from approvals.chains.evm import BadTransaction, EvmTransaction, decode_transaction
from approvals.findings import Note, Operation, Passed, Transfer, Unverified
from approvals.inspect.delegations import MAX_SHOWN
from approvals.inspect.evm import PORT
from approvals.inspect.evm_spans import MAX_INNER
from tests.support.effort import working_under
from tests.support.evm import (
    TO,
    USDT,
    access_list,
    authorization,
    calling,
    dynamic_fee,
    erc20,
    legacy,
    method,
    set_code,
)
from tests.support.looking import seen
from tests.support.requests import sample

CALL = sample("keysign_contract_call_approve")
ERC20 = sample("keysign_erc20_usdt")
ACCOUNT = Account.from_key(b"\7" * 32)
OTHER = bytes.fromhex("68b3465833fb72a70ecdf485e0e4c7bd8665fc45")
SIGNED = ACCOUNT.sign_authorization({"chainId": 0, "address": "0x" + OTHER.hex(), "nonce": 3})
DELEGATION = authorization(
    chain_id=0, contract=OTHER, nonce=3, y_parity=SIGNED.y_parity, r=SIGNED.r, s=SIGNED.s
)


# --- EIP-7702


def test_a_delegation_is_named_flagged_and_never_complete():
    findings = seen(ERC20.with_evm_bytes(set_code(authorizations=[DELEGATION])))
    assert isinstance(findings.integrity, Unverified)
    (reason,) = findings.integrity.reasons
    assert (reason.check, reason.text) == (
        15,
        "It delegates 1 account (EIP-7702); what their code then does is unknown.",
    )
    assert not findings.complete
    moved, said = findings.effects
    assert isinstance(moved, Transfer)
    assert isinstance(said, Operation)
    assert said.sender is not None
    assert said.sender.text == ACCOUNT.address
    assert said.details == (
        ("Account", ACCOUNT.address),
        ("Code of", "0x68b3465833fb72A70ecDF485E0e4C7bD8665Fc45"),
        ("Chain", "every chain"),
        ("Nonce", "3"),
    )
    assert [flag.risk for flag in findings.flags] == [
        "permission_change",
        "delegatecall",
        "unverified",
    ]
    assert findings.flags[0].text == (
        "It lets the code of 0x68b3465833fb72A70ecDF485E0e4C7bD8665Fc45 act as"
        f" {ACCOUNT.address}, from now on."
    )


def test_a_delegation_that_is_taken_back_is_not_flagged():
    word = ACCOUNT.sign_authorization({"chainId": 1, "address": "0x" + "00" * 20, "nonce": 3})
    said = authorization(contract=bytes(20), nonce=3, y_parity=word.y_parity, r=word.r, s=word.s)
    findings = seen(ERC20.with_evm_bytes(set_code(authorizations=[said])))
    assert [flag.risk for flag in findings.flags] == ["unverified"]
    operation = findings.effects[1]
    assert isinstance(operation, Operation)
    assert ("Code of", "none") in operation.details
    assert ("Chain", "Ethereum") in operation.details


def test_a_delegation_that_nobody_signed_says_so():
    said = authorization(chain_id=424242, r=0)
    operation = seen(ERC20.with_evm_bytes(set_code(authorizations=[said]))).effects[1]
    assert isinstance(operation, Operation)
    assert operation.sender is None
    assert operation.details[0] == ("Account", "nobody: the signature is not valid")
    assert operation.details[2] == ("Chain", "EIP-155 chain 424242")


def test_sixteen_delegations_are_named_and_it_says_so():
    raw = set_code(authorizations=[DELEGATION] * 4_000)
    with working_under(1):
        findings = seen(ERC20.with_evm_bytes(raw))
    assert len(findings.effects) == 1 + MAX_SHOWN == 17
    assert isinstance(findings.integrity, Unverified)
    assert findings.integrity.reasons[-1].text == "Only the first 16 delegations are shown."
    assert len(findings.flags) == 3


def test_delegations_whose_hash_is_not_signed_prove_nothing():
    raw = ERC20.with_evm_bytes(set_code(authorizations=[DELEGATION]))
    findings = seen(raw.with_detail("msg_hash_list", ["0x" + "11" * 32]))
    assert (findings.effects, findings.flags) == ((), ())


# --- what Cobo's decoder says


def info(path, value):
    return CALL.with_transaction(f"destination.calldata_info.{path}", value)


@pytest.mark.parametrize(
    ("path", "value", "text"),
    [
        (
            "method.selector",
            "0xa9059cbb",
            "Cobo says the selector is 0xa9059cbb; it is 0x095ea7b3.",
        ),
        ("method.selector", "approve", "Cobo says the selector is approve; it is 0x095ea7b3."),
        (
            "method.sig",
            "approve(address,uint128)",
            "Cobo says it calls approve(address,uint128); the calldata calls another.",
        ),
        ("method.name", "claim", "Cobo says it calls claim; the calldata calls approve."),
        (
            "address",
            "0x" + OTHER.hex(),
            f"Cobo explains a call of 0x{OTHER.hex()}; another contract is called.",
        ),
        ("address", "somewhere", "Cobo explains a call of somewhere; another contract is called."),
        ("chain_id", "BSC_BNB", "Cobo explains a call on BSC_BNB; this one is on ETH."),
    ],
)
def test_an_explanation_that_the_bytes_contradict_is_flagged_not_refused(path, value, text):
    findings = seen(info(path, value))
    assert findings.integrity == Passed()
    (flag,) = findings.flags
    assert (flag.risk, flag.proved, flag.text) == ("calldata_mismatch", False, text)


def test_the_name_alone_is_held_against_our_own_table():
    unsigned = info("method.sig", None)
    assert seen(unsigned).flags == ()
    renamed = unsigned.with_transaction("destination.calldata_info.method.name", "claim")
    assert [flag.risk for flag in seen(renamed).flags] == ["calldata_mismatch"]


@pytest.mark.parametrize("path", ["method.selector", "method.sig", "method.name", "address"])
def test_what_an_explanation_leaves_out_is_not_compared(path):
    assert seen(info(path, None)).flags == ()


# --- the bytes laid open

FORMS = [
    legacy(),
    access_list(access=[[TO, [bytes(32), bytes(32)]], [USDT, []]]),
    dynamic_fee(),
    set_code(authorizations=[DELEGATION, DELEGATION]),
    dynamic_fee(to=b"", data=b"\1\2\3"),
]


@pytest.mark.parametrize("raw", FORMS)
def test_every_byte_is_in_exactly_one_field(raw):
    spans = PORT.dissect(raw)
    fields = [span for span in spans if span.depth == 0]
    assert fields[0].start == 0
    assert fields[-1].end == len(raw)
    for before, after in pairwise(fields):
        assert before.end == after.start
    assert [span.start for span in spans] == sorted(span.start for span in spans)


def test_the_fields_are_named_in_order_with_the_words_of_the_calldata_below():
    spans = PORT.dissect(dynamic_fee())
    assert [(span.depth, span.label, span.value) for span in spans] == [
        (0, "Type", "2 (EIP-1559)"),
        (0, "Length", "110 bytes"),
        (0, "Chain", "1"),
        (0, "Nonce", "9"),
        (0, "Priority fee", "1500000000"),
        (0, "Gas price", "30000000000"),
        (0, "Gas limit", "90000"),
        (0, "To", "0xdAC17F958D2ee523a2206206994597C13D831ec7"),
        (0, "Value", "0"),
        (0, "Calldata", "68 bytes"),
        (1, "Selector", "0xa9059cbb transfer(address,uint256)"),
        (1, "Word 0", "0x" + bytes(12).hex() + TO.hex()),
        (1, "Word 1", "0x" + (2_500_000_000).to_bytes(32, "big").hex()),
        (0, "Access list", "0 entries"),
    ]
    words = [span for span in spans if span.label.startswith("Word")]
    raw = dynamic_fee()
    assert all(span.value == "0x" + raw[span.start : span.end].hex() for span in words)


def test_lists_are_laid_open_entry_by_entry():
    spans = PORT.dissect(set_code(authorizations=[DELEGATION]))
    below = [(s.depth, s.label) for s in spans if s.label == "Authorizations" or s.depth]
    assert below[-8:] == [
        (0, "Authorizations"),
        (1, "Entry 1"),
        (2, "Chain"),
        (2, "Contract"),
        (2, "Nonce"),
        (2, "Parity"),
        (2, "r"),
        (2, "s"),
    ]
    access = PORT.dissect(access_list(access=[[TO, [bytes(32)]]]))
    assert [(s.depth, s.label) for s in access][-4:] == [
        (1, "Entry 1"),
        (2, "Account"),
        (2, "Keys"),
        (3, "Key"),
    ]


def test_what_is_laid_open_is_bounded():
    spans = PORT.dissect(dynamic_fee(data=bytes(4) + bytes(32 * (MAX_INNER + 3))))
    assert spans[-2].label == "More"
    assert spans[-2].value == "96 bytes"
    spans = PORT.dissect(access_list(access=[[TO, []]] * 1_000))
    assert spans[-1].label == "More"
    assert len(spans) < 300


@given(st.binary(max_size=200) | st.sampled_from(FORMS), st.data())
def test_any_bytes_are_laid_open_or_do_not_decode(raw, data):
    changed = bytearray(raw)
    if changed:
        changed[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(0, 255))
    spans = PORT.dissect(bytes(changed))
    try:
        decodes = isinstance(decode_transaction(bytes(changed)), EvmTransaction)
    except BadTransaction:
        decodes = False
    assert bool(spans) is decodes


@pytest.mark.parametrize("raw", [b"", b"\3\xc0", legacy(tail=()), b"\x80", dynamic_fee()[:-1]])
def test_what_does_not_decode_is_not_laid_open(raw):
    assert PORT.dissect(raw) == ()


# --- claims of calls


def test_money_of_somebody_else_is_no_withdrawal():
    data = method("transferFrom(address,address,uint256)", OTHER, TO, 2_500_000_000)
    findings = seen(ERC20.with_evm_bytes(dynamic_fee(data=data)))
    assert findings.integrity != Passed()
    assert [reason.check for reason in findings.integrity.reasons] == [12]


def test_the_token_of_an_approval_may_be_claimed_and_no_other():
    assert seen(CALL.with_transaction("token_id", "ETH_USDC")).integrity == Passed()
    assert seen(CALL.with_transaction("token_id", "ETH_USDT")).integrity != Passed()


def test_a_nonce_is_noted():
    assert seen(calling(USDT, erc20(TO, 5))).notes == (Note("Nonce", "10"),)
