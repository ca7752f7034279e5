"""Checks 9 to 15 of Tron, with one thing changed each; and what people are shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.chains.addresses import tron_address
from approvals.chains.tables import SHIPPED
from approvals.findings import (
    ContractCall,
    Fee,
    Note,
    Operation,
    Passed,
    Refused,
    TokenApproval,
    Transfer,
)
from approvals.risks import Flag
from tests.approvals.inspect.test_properties import COMPARED_OF_ALL, OF_TRANSFERS, SCALARS, at
from tests.support.evm import dynamic_fee, method
from tests.support.looking import refused, seen, unverified
from tests.support.requests import ABSENT, sample
from tests.support.tron import (
    OWNER,
    STRANGER,
    TO,
    USDT,
    contract,
    encoded,
    message,
    raw,
    transfer,
    trc20,
    trigger,
)

TRX = sample("keysign_tron_trx")
TRC20 = sample("keysign_tron_trc20_usdt")
BOTH = [TRX, TRC20]
UNLIMITED = ["unlimited_allowance"]
OTHER = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"
SOURCE = "TSupd8dvX5KGMaHhgS7diYt9ZACBcJCz3g"
RAW = "raw_tx_info.unsigned_raw_tx"
PLAIN = (
    Note("Valid until", "2026-10-01 22:00:00 UTC"),
    Note("Made at", "2026-10-01 10:00:00.123 UTC"),
    Note("Reference block", "4e6ec8aeda7cfeaa6aa3"),
)


def bytes_of(base):
    return bytes.fromhex(base.extra["transaction"]["raw_tx_info"]["unsigned_raw_tx"][2:])


def claimed_as_call(calldata=None, *, to=OTHER, value="0", base=TRC20):
    destination = {
        "destination_type": "TRON_Contract",
        "address": to,
        "value": value,
        "calldata": "0x" + (trc20() if calldata is None else calldata).hex(),
    }
    changed = base.with_transaction("destination", destination)
    return changed.with_transaction("type", "ContractCall").with_transaction("token_id", "TRON")


# --- what passes


def test_a_transfer_of_trx_is_seen_as_what_it_moves():
    findings = seen(TRX)
    assert findings.integrity == Passed()
    (effect,) = findings.effects
    assert isinstance(effect, Transfer)
    assert (effect.asset.token_id, effect.amount, effect.selector) == ("TRON", 12_500_000, "")
    assert effect.to.text == "TVaK22huS49dUrDaJzmL9oWJpGufDwXrjH"
    assert effect.sender == findings.source
    assert findings.source.text == SOURCE
    assert (findings.chain, findings.complete, findings.flags) == ("TRON", True, ())
    assert findings.notes == PLAIN


def test_a_trc20_transfer_is_seen_as_what_it_moves():
    findings = seen(TRC20)
    assert findings.integrity == Passed()
    (effect,) = findings.effects
    assert isinstance(effect, Transfer)
    assert (effect.asset.token_id, effect.amount) == ("TRON_USDT", 2_500_000)
    assert effect.asset.contract == tron_address(USDT[1:])
    assert effect.to.text == "TVaK22huS49dUrDaJzmL9oWJpGufDwXrjH"
    assert effect.selector == "0xa9059cbb"
    assert effect.sender == findings.source
    assert (findings.chain, findings.complete) == ("TRON", True)


def test_the_fee_of_a_transfer_is_its_bytes_and_a_new_account():
    size = len(bytes_of(TRX)) + 4 + 67 + 64
    assert seen(TRX).fee == Fee(SHIPPED.chains["TRON"].native, size * 1_000 + 1_100_000)


def test_the_fee_of_a_call_is_its_limit_and_its_bytes():
    size = len(bytes_of(TRC20)) + 4 + 67 + 64
    assert seen(TRC20).fee == Fee(SHIPPED.chains["TRON"].native, size * 1_000 + 36_300_000)


def test_a_memo_costs():
    memo = raw(transfer(), data=b"104729")
    with_memo = TRX.with_tron_bytes(memo)
    with_memo = with_memo.with_transaction("destination.account_output.memo", "104729")
    assert seen(with_memo).integrity == Passed()
    assert seen(with_memo).fee.at_most == (len(memo) + 135) * 1_000 + 2_100_000


def test_the_limit_in_the_bytes_and_the_one_that_cobo_says_are_shown_side_by_side():
    limits = (Note("Fee limit", "36.3 TRX"), Note("Highest fee", "30 TRX", proved=False))
    assert seen(TRC20).notes == (*limits, *PLAIN)
    assert seen(TRC20.with_transaction("fee.max_fee_amount", "36.300")).notes[1:] == PLAIN
    assert seen(TRC20.with_transaction("fee.max_fee_amount", None)).notes[1:] == PLAIN
    assert seen(TRC20.with_transaction("fee.token_id", "ETH")).notes[1:] == PLAIN
    assert seen(TRC20.with_transaction("fee", None)).notes[1:] == PLAIN


def test_a_fee_limit_beyond_what_is_usual_is_flagged():
    usual = raw(trigger(), fee_limit=99_000_000)
    vast = raw(trigger(), fee_limit=100_000_000)
    assert seen(TRC20.with_tron_bytes(usual)).flags == ()
    (flag,) = seen(TRC20.with_tron_bytes(vast)).flags
    assert flag.risk == "fee_unusual"


def test_a_permission_that_is_not_the_owners_is_shown():
    active = seen(TRX.with_tron_bytes(raw(transfer(Permission_id=2))))
    assert active.integrity == Passed()
    assert active.notes[0] == Note("Permission", "2, not that of the owner (0)")


@pytest.mark.parametrize(
    ("memo", "text"),
    [
        (b"104729", "104729"),
        ("für \u202e\n".encode(), "f\\xfcr \\u202e\\n"),
        (b"\xff\x00", "0xff00"),
        (b"x" * 81, "x" * 80 + "... (81 bytes)"),
    ],
)
def test_a_memo_is_shown_safely(memo, text):
    noted = seen(TRX.with_tron_bytes(raw(transfer(), data=memo))).notes
    assert noted[0] == Note("Memo", text)


def test_a_time_beyond_all_calendars_is_shown_as_a_number():
    late = seen(TRX.with_tron_bytes(raw(transfer(), expiration=2**63 - 1, ref_block_hash=b"")))
    assert late.notes[0] == Note("Valid until", f"{2**63 - 1} ms after 1970")
    assert late.notes[2] == Note("Reference block", "4e6e")


# --- 9: the bytes


@pytest.mark.parametrize(
    "data",
    [
        b"\0",
        bytes_of(TRX) + b"\0",
        bytes_of(TRX)[:-1],
        bytes_of(TRX) + bytes_of(TRX),
        raw(transfer(url="type.googleapis.com/protocol.TriggerSmartContract")),
        raw(transfer(amount=-1)),
        raw(contract(1, "TransferContract", b"")),
    ],
)
def test_9_bytes_that_are_no_exact_transaction_are_unverified(data):
    assert unverified(TRX.with_tron_bytes(data), 9)
    assert seen(TRX.with_tron_bytes(data)).effects == ()


def test_10_bytes_that_nobody_can_read_are_at_least_what_is_signed():
    assert refused(TRX.with_transaction("raw_tx_info.unsigned_raw_tx", "00"), 10)


@pytest.mark.parametrize("data", [raw(transfer(), transfer()), raw()])
def test_9_other_than_one_contract_is_refused(data):
    assert refused(TRX.with_tron_bytes(data), 9, cause="malformed")


def test_9_several_contracts_are_refused_in_plain_words():
    integrity = seen(TRX.with_tron_bytes(raw(transfer(), trigger()))).integrity
    (reason,) = integrity.reasons
    assert reason.text.endswith(": it has 2 contracts, and Tron takes exactly one.")


def test_9_a_tron_transaction_under_the_claim_of_another_family_is_refused():
    findings = seen(TRX.with_transaction("chain_id", "ETH"))
    assert isinstance(findings.integrity, Refused)
    assert findings.effects == ()


def test_9_an_evm_transaction_under_the_claim_of_tron_is_not_read():
    assert unverified(TRX.with_tron_bytes(dynamic_fee()), 9)


def test_9_the_prefix_of_the_bytes_is_optional():
    for text in (bytes_of(TRX).hex(), "0X" + bytes_of(TRX).hex().upper()):
        assert seen(TRX.with_transaction(RAW, text)).integrity == Passed()


# --- 10: the hash


@pytest.mark.parametrize("base", BOTH)
def test_10_another_hash_is_refused_and_proves_nothing(base):
    wrong = base.with_detail("msg_hash_list", ["0x" + "11" * 32])
    assert refused(wrong, 10)
    findings = seen(wrong)
    assert (findings.effects, findings.chain, findings.source) == ((), None, None)
    assert (findings.fee, findings.notes, findings.complete) == (None, (), False)


def test_10_a_second_hash_is_refused():
    (digest,), (path,) = TRX.detail["msg_hash_list"], TRX.detail["bip32_path_list"]
    twice = TRX.with_detail("msg_hash_list", [digest, digest])
    assert refused(twice.with_detail("bip32_path_list", [path, path]), 10)


# --- 11: the chain


def test_11_a_source_on_another_chain_is_refused():
    assert refused(TRX.with_extra("source_addresses.0.chain_id", "ETH"), 11)
    assert unverified(TRX.with_extra("source_addresses.0.chain_id", "NEW_TRON"), 11)
    assert unverified(TRX.with_extra("source_addresses.0.chain_id", None), 11)


def test_11_a_network_that_is_in_no_table_is_unverified_and_says_nothing_of_the_effects():
    nile = TRX.with_transaction("chain_id", "TRON_NILE")
    assert unverified(nile, 8, 11)
    findings = seen(nile)
    assert (findings.effects, findings.chain, findings.complete) == ((), None, False)
    assert findings.source.text == SOURCE
    assert refused(nile.with_transaction("source.address", OTHER), 14)


# --- 12: what it does


@pytest.mark.parametrize("base", BOTH)
@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("destination.account_output.address", OTHER),
        ("destination.account_output.address", "TVaK22huS49dUrDaJzmL9oWJpGufDwXrjh"),
        ("destination.account_output.address", "0xd70df898b811cebf5c50c6885cbcc15e25f0f6cf"),
        ("destination.account_output.amount", "12.500001"),
        ("destination.account_output.amount", "2500000"),
        ("destination.account_output.memo", "104729"),
        ("token_id", "ETH_USDT"),
        ("token_id", "ETH"),
        ("destination.utxo_outputs", [{"address": OTHER, "amount": "1"}]),
    ],
)
def test_12_another_transfer_is_refused(base, path, value):
    assert refused(base.with_transaction(path, value), 12)


@pytest.mark.parametrize("text", ["treasury.trx", "0xd70df898b811cebf5c50c6885cbcc15e25f0f6cf"])
def test_12_what_is_no_tron_address_says_so(text):
    wrong = TRX.with_transaction("destination.account_output.address", text)
    (reason,) = seen(wrong).integrity.reasons
    assert reason.text == f"The claimed destination {text} is no Tron address."


def test_12_trx_and_its_tokens_are_not_the_same():
    assert refused(TRX.with_transaction("token_id", "TRON_USDT"), 12)
    assert refused(TRC20.with_transaction("token_id", "TRON"), 12)
    assert refused(TRC20.with_tron_bytes(raw(trigger(to=STRANGER))), 12)


@pytest.mark.parametrize("base", BOTH)
@pytest.mark.parametrize("value", [ABSENT, None, ""])
def test_12_what_is_not_claimed_is_unverified(base, value):
    assert unverified(base.with_transaction("destination.account_output.address", value), 12)
    assert unverified(base.with_transaction("destination.account_output.amount", value), 12)
    assert unverified(base.with_transaction("destination.account_output", None), 12)
    assert unverified(base.with_transaction("token_id", value), 12)


@pytest.mark.parametrize("claimed", ["104728", "104729 ", "313034373239"])
def test_12_another_memo_is_refused(claimed):
    memo = TRX.with_tron_bytes(raw(transfer(), data=b"104729"))
    wrong = memo.with_transaction("destination.account_output.memo", claimed)
    assert refused(wrong, 12)
    (reason,) = seen(wrong).integrity.reasons
    assert reason.text == f"The claimed memo is '{claimed}', the bytes have '104729'."


def test_12_a_memo_that_the_bytes_lack_is_refused():
    (reason,) = seen(
        TRC20.with_transaction("destination.account_output.memo", "104729")
    ).integrity.reasons
    assert reason.text == "The claimed memo is '104729', the bytes have none."


@pytest.mark.parametrize("value", [ABSENT, None, ""])
def test_12_a_memo_that_nobody_claims_is_unverified(value):
    memo = TRX.with_tron_bytes(raw(transfer(), data=b"104729"))
    assert unverified(memo.with_transaction("destination.account_output.memo", value), 12)
    call = claimed_as_call().with_tron_bytes(raw(trigger(), data=b"104729"))
    assert unverified(call, 12)


@pytest.mark.parametrize("kind", ["EVM_EIP_191_Signature", "Raw_Message_Signature"])
def test_12_a_transaction_under_the_claim_of_a_message_is_refused(kind):
    claimed = TRX.with_transaction("destination.destination_type", kind)
    assert refused(claimed.with_transaction("type", "MessageSign"), 12)


def test_12_bytes_decide_that_a_claimed_call_is_a_transfer():
    findings = seen(claimed_as_call())
    assert findings.integrity == Passed()
    (effect,) = findings.effects
    assert isinstance(effect, Transfer)
    assert (effect.asset.token_id, effect.to.raw) == ("TRON_USDT", TO)
    named = claimed_as_call().with_transaction("token_id", "TRON_USDT")
    assert seen(named).integrity == Passed()


def trc20_call(signature, *arguments):
    """A call of the token by the source, and the claim of it."""
    data = method(signature, *arguments)
    changed = claimed_as_call(data).with_transaction("fee", None)
    return changed.with_tron_bytes(raw(trigger(data=data), fee_limit=30_000_000))


def hex_address(account):
    return "0x" + account[-20:].hex()


@pytest.mark.parametrize(
    ("amount", "risks"),
    [(0, []), (5_000_000, []), (2**96 - 2, []), (2**96 - 1, UNLIMITED), (2**256 - 1, UNLIMITED)],
)
def test_an_allowance_of_a_trc20_token_is_seen_as_what_it_allows(amount, risks):
    findings = seen(trc20_call("approve(address,uint256)", hex_address(STRANGER), amount))
    assert findings.integrity == Passed()
    (effect,) = findings.effects
    assert isinstance(effect, TokenApproval)
    assert (effect.asset.token_id, effect.amount) == ("TRON_USDT", amount)
    assert effect.spender == tron_address(STRANGER[1:])
    assert [flag.risk for flag in findings.flags] == risks


@pytest.mark.parametrize("owner", [OWNER, STRANGER])
def test_a_trc20_transfer_of_an_allowance_says_whose_it_takes(owner):
    called = trc20_call(
        "transferFrom(address,address,uint256)", hex_address(owner), hex_address(TO), 7
    )
    findings = seen(called)
    assert findings.integrity == Passed()
    (effect,) = findings.effects
    assert isinstance(effect, Transfer)
    assert effect.sender == tron_address(owner[1:])
    assert (effect.to.raw, effect.amount) == (TO, 7)
    claimed = called.with_transaction("destination", TRC20.extra["transaction"]["destination"])
    claimed = claimed.with_transaction("type", "Withdrawal")
    claimed = claimed.with_transaction("token_id", "TRON_USDT")
    assert refused(claimed.with_transaction("destination.account_output.amount", "0.000007"), 12)


@pytest.mark.parametrize(
    "wrong",
    [
        claimed_as_call(trc20(amount=1)),
        claimed_as_call(b""),
        claimed_as_call(to=SOURCE),
        claimed_as_call(to="0xa614f803b6fd780986a42c78ec9c7f77e6ded13c"),
        claimed_as_call(value="0.000001"),
        claimed_as_call().with_transaction("token_id", "ETH"),
    ],
)
def test_12_another_call_is_refused(wrong):
    assert refused(wrong, 12)


@pytest.mark.parametrize("path", ["address", "value", "calldata"])
def test_12_a_call_that_is_not_claimed_whole_is_unverified(path):
    assert unverified(claimed_as_call().with_transaction(f"destination.{path}", None), 12)


def test_12_a_transfer_of_trx_may_be_claimed_as_a_call_without_calldata():
    to = "TVaK22huS49dUrDaJzmL9oWJpGufDwXrjH"
    assert seen(claimed_as_call(b"", to=to, value="12.5", base=TRX)).integrity == Passed()
    assert refused(claimed_as_call(b"\1", to=to, value="12.5", base=TRX), 12)


# --- 14: the key that signs


@pytest.mark.parametrize(
    ("where", "path", "value"),
    [
        ("detail", "bip32_path_list", ["m/44/195/1/0/1"]),
        ("extra", "transaction.source.address", OTHER),
        ("extra", "transaction.source.address", "0xb9d635cef1710e602d43671f1fb15bfee29ae20a"),
        ("extra", "source_addresses.0.address", OTHER),
        ("extra", "source_addresses.0.path", "m/44/195/1/0/1"),
    ],
)
@pytest.mark.parametrize("base", BOTH)
def test_14_another_source_is_refused(base, where, path, value):
    change = base.with_detail if where == "detail" else base.with_extra
    assert refused(change(path, value), 14)


def test_14_the_owner_in_the_bytes_is_the_account_that_signs():
    assert refused(TRX.with_tron_bytes(raw(transfer(owner=STRANGER))), 14)
    assert refused(TRC20.with_tron_bytes(raw(trigger(owner=STRANGER))), 14)
    (reason,) = seen(TRX.with_tron_bytes(raw(transfer(owner=USDT)))).integrity.reasons
    assert reason.text == (
        f"The transaction is that of {OTHER}, the key that signs belongs to {SOURCE}."
    )


# --- 15: what is understood


@pytest.mark.parametrize(
    "data",
    [
        raw(trigger(call_token_value=1)),
        raw(trigger(token_id=1_000_001)),
        raw(trigger(call_value=1)),
        raw(trigger(data=trc20(padding=bytes(11) + b"\x41"))),
        raw(trigger(data=trc20(tail=b"\0"))),
        raw(trigger(provider=b"p")),
        raw(trigger(ContractName=b"n")),
        raw(trigger(), scripts=b"s"),
        raw(trigger(), auths=[message("authority", permission_name=b"owner")]),
    ],
)
def test_15_what_is_unusual_is_unverified_and_never_complete(data):
    wish = TRC20.with_tron_bytes(data)
    assert unverified(wish, 15)
    assert not seen(wish).complete


def test_15_an_untidy_transfer_still_has_to_go_where_it_is_claimed():
    wrong = raw(trigger(data=trc20(to=STRANGER[1:], tail=b"\0")))
    assert refused(TRC20.with_tron_bytes(wrong), 12)


def test_15_an_unknown_token_is_a_transfer_that_people_decide():
    wish = TRC20.with_transaction("token_id", "TRON_NEW")
    wish = wish.with_tron_bytes(raw(trigger(to=STRANGER)))
    assert unverified(wish, 12, 15)
    (effect,) = seen(wish).effects
    assert isinstance(effect, Transfer)
    assert (effect.asset.token_id, effect.asset.contract) == (None, tron_address(STRANGER[1:]))


def test_15_a_call_without_calldata_runs_code_that_nobody_sees():
    wish = claimed_as_call(b"", value="1").with_tron_bytes(
        raw(trigger(data=b"", call_value=1_000_000))
    )
    assert unverified(wish, 15)
    (effect,) = seen(wish).effects
    assert isinstance(effect, ContractCall)
    assert (effect.value, effect.selector, effect.contract) == (
        1_000_000,
        "",
        tron_address(USDT[1:]),
    )
    assert not seen(wish).complete


def test_15_a_call_that_nobody_knows_is_shown_as_one():
    calldata = bytes.fromhex("12345678") + bytes(32)
    wish = claimed_as_call(calldata).with_tron_bytes(raw(trigger(data=calldata)))
    assert unverified(wish, 15)
    (effect,) = seen(wish).effects
    assert isinstance(effect, ContractCall)
    assert (effect.selector, effect.calldata_size) == ("0x12345678", 36)
    assert effect.contract == tron_address(USDT[1:])


# --- other contract types

STRANGE = "TD5gsCwxykWsLN9aPrq2TAfNjByuZKYp4E"


def operation(number, name, **values):
    """The request for a contract of another type, claimed as something that nobody knows."""
    value = encoded(name, owner_address=OWNER, **values)
    wish = TRX.with_tron_bytes(raw(contract(number, name, value)))
    return wish.with_transaction("destination.destination_type", "Tron_Stake")


@pytest.mark.parametrize(
    ("number", "name", "values", "does", "details"),
    [
        (
            54,
            "FreezeBalanceV2Contract",
            {"frozen_balance": 1_500_000, "resource": 1},
            "Stake TRX",
            (("Frozen balance", "1.5 TRX"), ("Resource", "energy")),
        ),
        (
            55,
            "UnfreezeBalanceV2Contract",
            {"unfreeze_balance": 5},
            "Unstake TRX",
            (("Unfreeze balance", "0.000005 TRX"), ("Resource", "bandwidth")),
        ),
        (
            57,
            "DelegateResourceContract",
            {"balance": 7_000_000, "receiver_address": TO, "lock": True, "lock_period": 9},
            "Lend bandwidth or energy",
            (
                ("Resource", "bandwidth"),
                ("Balance", "7 TRX"),
                ("Receiver address", "TVaK22huS49dUrDaJzmL9oWJpGufDwXrjH"),
                ("Lock", "yes"),
                ("Lock period", "9"),
            ),
        ),
        (
            4,
            "VoteWitnessContract",
            {
                "votes": [
                    message("Vote", vote_address=TO, vote_count=1),
                    message("Vote", vote_address=b"\1", vote_count=2_000),
                ]
            },
            "Vote for super representatives",
            (
                ("Votes", "1 vote for TVaK22huS49dUrDaJzmL9oWJpGufDwXrjH"),
                ("Votes", "2,000 votes for 0x01"),
                ("Support", "no"),
            ),
        ),
        (
            2,
            "TransferAssetContract",
            {"asset_name": b"1002000", "to_address": TO, "amount": 3},
            "Transfer a TRC-10 token",
            (
                ("Asset name", "1002000"),
                ("To address", "TVaK22huS49dUrDaJzmL9oWJpGufDwXrjH"),
                ("Amount", "3"),
            ),
        ),
        (13, "WithdrawBalanceContract", {}, "Withdraw voting rewards", ()),
        (
            0,
            "AccountCreateContract",
            {"account_address": TO},
            "Activate an account",
            (("Account address", "TVaK22huS49dUrDaJzmL9oWJpGufDwXrjH"), ("Type", "0")),
        ),
    ],
)
def test_15_other_contracts_are_named_and_their_contents_shown(number, name, values, does, details):
    wish = operation(number, name, **values)
    assert unverified(wish, 8, 12, 15)
    findings = seen(wish)
    assert findings.effects == (Operation("TRON", f"{does} ({name})", findings.source, details),)
    assert (findings.complete, findings.fee) == (False, None)
    assert [flag.risk for flag in findings.flags] == ["unverified"]


def test_15_a_contract_that_is_not_read_is_named():
    wish = operation(6, "AssetIssueContract", id="9")
    (effect,) = seen(wish).effects
    assert effect.name == "Issue a TRC-10 token (AssetIssueContract)"
    assert (effect.sender, effect.details) == (None, (("Contents", "not read"),))
    unknown = TRX.with_tron_bytes(raw(contract(60, "New", b"\xff")))
    (effect,) = seen(unknown.with_transaction("token_id", None)).effects
    assert effect.name == "Do what we know no name for (contract type 60)"


def test_12_another_contract_under_a_claim_that_people_know_is_refused():
    stake = operation(54, "FreezeBalanceV2Contract", frozen_balance=1)
    assert refused(stake.with_transaction("destination.destination_type", "Address"), 12)
    assert refused(stake.with_transaction("destination.destination_type", "TRON_Contract"), 12)


def test_14_the_owner_of_another_contract_is_the_account_that_signs():
    value = encoded("WithdrawBalanceContract", owner_address=STRANGER)
    wish = TRX.with_tron_bytes(raw(contract(13, "WithdrawBalanceContract", value)))
    assert refused(wish.with_transaction("destination.destination_type", "Tron_Stake"), 14)


def permissions(**values):
    return operation(46, "AccountPermissionUpdateContract", **values)


def test_a_change_of_permissions_is_the_worst_of_all():
    findings = seen(
        permissions(
            owner=message(
                "Permission",
                permission_name="owner",
                threshold=1,
                keys=[message("Key", address=STRANGER, weight=1)],
            ),
            actives=[
                message(
                    "Permission",
                    type=2,
                    permission_name="pay",
                    threshold=2,
                    operations=bytes([0b10, 0, 0, 0x80]) + bytes(28),
                    keys=[
                        message("Key", address=OWNER, weight=1),
                        message("Key", address=b"", weight=-1),
                    ],
                ),
                message("Permission", type=2, operations=b"\xff" * 32),
            ],
        )
    )
    assert findings.flags[0] == Flag(
        "permission_change", "It changes who can sign for this account."
    )
    (effect,) = findings.effects
    may = "may: TransferContract; TriggerSmartContract"
    assert effect.details == (
        ("Owner", f"'owner', threshold 1, keys: {STRANGE} (weight 1)"),
        (
            "Actives",
            f"'pay', threshold 2, keys: {SOURCE} (weight 1); none (weight -1), {may}",
        ),
        ("Actives", "threshold 0, keys: none, may: everything"),
    )


def test_more_keys_than_tron_allows_are_counted():
    keys = [message("Key", address=STRANGER, weight=1)] * 10
    (effect,) = seen(permissions(owner=message("Permission", keys=keys))).effects
    ((label, text),) = effect.details
    assert label == "Owner"
    assert text.endswith("; 2 more")
    assert text.count("weight") == 8


# --- no byte and no claim can change

COMPARED = [*COMPARED_OF_ALL, *OF_TRANSFERS]


@given(st.sampled_from(BOTH), st.data())
def test_no_byte_of_the_transaction_can_change(base, data):
    changed = bytearray(bytes_of(base))
    changed[data.draw(st.integers(0, len(changed) - 1))] ^= data.draw(st.integers(1, 255))
    assert seen(base.with_transaction(RAW, "0x" + changed.hex())).integrity != Passed()


@given(st.sampled_from(BOTH), st.data())
def test_no_byte_that_decides_can_change_though_the_hash_is_right(base, data):
    """What may change is what no claim states: the block it refers to, its times, its fee limit."""
    right = bytes_of(base)
    changed = bytearray(right)
    where = data.draw(st.integers(0, len(changed) - 1))
    changed[where] ^= data.draw(st.integers(1, 255))
    start, end = right.index(b"\x5a", 20), right.index(b"\x70\xfb\xaa\xa0")
    if start <= where < end:
        assert seen(base.with_tron_bytes(bytes(changed))).integrity != Passed()
    else:
        findings = seen(base.with_tron_bytes(bytes(changed)))
        if findings.integrity == Passed():
            assert findings.effects == seen(base).effects


@given(st.sampled_from(BOTH), st.binary(min_size=1, max_size=40), st.booleans())
def test_nothing_can_be_added_to_the_transaction(base, more, in_front):
    right = bytes_of(base)
    longer = more + right if in_front else right + more
    findings = seen(base.with_tron_bytes(longer))
    if findings.integrity == Passed():
        assert findings.effects == seen(base).effects


@pytest.mark.parametrize("path", COMPARED)
@pytest.mark.parametrize("base", BOTH)
def test_no_claim_that_is_compared_can_be_left_out(base, path):
    _, change = at(path, base)
    assert seen(change(ABSENT)).integrity != Passed()
    assert path.endswith(".0") or seen(change(None)).integrity != Passed()


@given(st.sampled_from(BOTH), st.sampled_from(COMPARED), SCALARS)
def test_no_claim_that_is_compared_can_change(base, path, value):
    found, change = at(path, base)
    if value != found:
        assert seen(change(value)).integrity != Passed()
