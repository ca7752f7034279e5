"""What Solana transactions do: every instruction is accounted for."""

import pytest
from solders import system_program as system
from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.compute_budget import (
    request_heap_frame,
    set_compute_unit_limit,
    set_compute_unit_price,
    set_loaded_accounts_data_size_limit,
)

from approvals.findings import (
    ContractCall,
    Note,
    Operation,
    Passed,
    Refused,
    TokenApproval,
    Transfer,
    Unverified,
)
from tests.support.looking import seen
from tests.support.solana import (
    ASSOCIATED,
    BUDGET,
    MEMO_1,
    MEMO_2,
    OTHER,
    RENT,
    SOL,
    SOURCE,
    SPL,
    SYSTEM,
    THIRD,
    TO,
    TOKEN,
    TOKEN_2022,
    USDC,
    USDT,
    asking,
    ata,
    coins,
    memo,
    message,
    message_0,
    meta,
    opening,
    program,
    raw_of,
    tokens,
    unchecked,
)

U64_MAX = 2**64 - 1
NOT_A_CALL = {"destination_type": "SOL_Contract", "instructions": None}
CALL = SOL.with_transaction("destination", NOT_A_CALL).with_transaction("type", "ContractCall")
"""A call whose instructions are not claimed: any bytes, and check 12 stays open."""


def bare(base, *instructions):
    """The base's wish with other bytes, and no fee claimed."""
    return asking(base.with_transaction("fee", None), message(*instructions))


def doubts(*instructions, base=CALL):
    """The sentences of check 15."""
    integrity = seen(bare(base, *instructions)).integrity
    assert isinstance(integrity, Unverified), integrity
    return [reason.text for reason in integrity.reasons if reason.check == 15]


def only_effect(*instructions, base=CALL):
    (effect,) = seen(bare(base, *instructions)).effects
    return effect


def account(key):
    from approvals.chains.solana.accounts import solana_address

    return solana_address(bytes(key))


# --- what is understood


def test_coins_move():
    findings = seen(SOL)
    assert findings.integrity == Passed()
    (effect,) = findings.effects
    assert isinstance(effect, Transfer)
    assert (effect.asset.token_id, effect.amount) == ("SOL", 250_000_000)
    assert (effect.sender, effect.to) == (account(SOURCE), account(TO))
    assert (findings.chain, findings.complete, findings.source) == ("SOL", True, account(SOURCE))


def test_tokens_move_to_the_wallet_that_the_token_account_proves():
    findings = seen(SPL)
    assert findings.integrity == Passed()
    (effect,) = findings.effects
    assert isinstance(effect, Transfer)
    assert (effect.asset.token_id, effect.amount) == ("SOL_USDC", 40_000_000)
    assert (effect.sender, effect.to) == (account(SOURCE), account(TO))
    assert findings.complete
    assert findings.notes == ()


def test_the_same_bytes_are_built_here():
    assert message(*BUDGET, coins()) != raw_of(SOL)[1:]  # another blockhash
    assert seen(asking(SOL, message(*BUDGET, coins()))).integrity == Passed()
    assert seen(asking(SPL, message(*BUDGET, tokens()))).integrity == Passed()
    assert seen(asking(SPL, message_0(*BUDGET, tokens()))).integrity == Passed()
    assert seen(asking(SPL, message(*BUDGET, tokens()), slots=1)).integrity == Passed()


def test_without_0x_is_as_good():
    raw = SPL.extra["transaction"]["raw_tx_info"]["unsigned_raw_tx"]
    assert raw.startswith("0x")
    plain = SPL.with_transaction("raw_tx_info.unsigned_raw_tx", raw[2:])
    assert seen(plain).integrity == Passed()
    (digest,) = SPL.detail["msg_hash_list"]
    assert seen(SPL.with_detail("msg_hash_list", [digest[2:]])).integrity == Passed()


def test_the_token_account_may_be_claimed_itself():
    claimed = SPL.with_transaction("destination.account_output.address", str(ata(TO)))
    findings = seen(claimed)
    assert findings.integrity == Passed()
    (effect,) = findings.effects
    assert isinstance(effect, Transfer)
    assert effect.to == account(ata(TO))
    text = f"{ata(TO)} is a token account; the bytes do not say whose."
    assert findings.notes == (Note("Token account", text),)


def test_tokens_to_oneself_are_an_effect():
    claimed = SPL.with_transaction("destination.account_output.address", str(SOURCE))
    findings = seen(bare(claimed, tokens(to=ata(SOURCE))))
    assert findings.integrity == Passed()
    (effect,) = findings.effects
    assert isinstance(effect, Transfer)
    assert effect.to == account(SOURCE)


def test_where_nobody_proves_the_owner_tokens_go_to_the_token_account():
    effect = only_effect(tokens(to=ata(THIRD)))
    assert isinstance(effect, Transfer)
    assert effect.to == account(ata(THIRD))


@pytest.mark.parametrize("data", [b"", b"\0", b"\1"])
@pytest.mark.parametrize("more", [(), (meta(RENT, writable=False),)])
def test_a_token_account_may_be_opened_for_the_payee(data, more):
    findings = seen(bare(SPL, opening(data=data, more=more), tokens()))
    assert findings.integrity == Passed()
    assert findings.complete
    assert len(findings.effects) == 1
    assert findings.fee is not None
    assert findings.fee.at_most == 5_000 + 2_039_280
    assert findings.notes == (Note("Opens", f"token account {ata(TO)} of {TO}"),)


def test_nobody_is_given_the_rent_of_an_account_for_nothing():
    strange = f"It opens a token account of {THIRD}, who is not paid."
    assert doubts(opening(THIRD), tokens()) == [strange]
    assert doubts(opening(THIRD), coins(), base=SOL) == [strange]
    assert seen(bare(SPL, opening(SOURCE), tokens())).integrity == Passed()
    assert doubts(opening(TO, mint=USDT), tokens()) == [
        f"It opens a token account of {TO}, who is not paid."
    ]


def test_the_wallet_that_an_opened_account_names_is_proved():
    claimed = SPL.with_transaction("destination.account_output.address", str(ata(TO)))
    findings = seen(bare(claimed, opening(), tokens()))
    assert findings.integrity == Passed()
    (effect,) = findings.effects
    assert isinstance(effect, Transfer)
    assert effect.to == account(TO)


def test_a_durable_nonce_is_used_up_first():
    advance = system.advance_nonce_account({"nonce_pubkey": OTHER, "authorized_pubkey": SOURCE})
    findings = seen(bare(SOL, advance, coins()))
    assert findings.integrity == Passed()
    assert findings.notes == (
        Note("Nonce", f"It never expires: it uses the nonce account {OTHER}."),
    )
    assert doubts(coins(), advance) == ["It uses up a nonce, but not as its first step."]


def test_a_nonce_of_somebody_else_is_not_understood():
    advance = system.advance_nonce_account({"nonce_pubkey": OTHER, "authorized_pubkey": THIRD})
    assert "It uses a nonce that is not the source's." in doubts(advance, coins())


@pytest.mark.parametrize("version", [MEMO_1, MEMO_2])
def test_a_memo_is_a_note(version):
    claimed = SOL.with_transaction("destination.account_output.memo", "für 42")
    findings = seen(bare(claimed, memo("für 42", version), coins()))
    assert findings.integrity == Passed()
    assert findings.notes == (Note("Memo", "für 42"),)


@pytest.mark.parametrize(
    "more", [request_heap_frame(64 * 1024), set_loaded_accounts_data_size_limit(1_000_000)]
)
def test_limits_of_memory_change_nothing(more):
    findings = seen(bare(SOL, more, coins()))
    assert findings.integrity == Passed()
    assert findings.effects == seen(SOL).effects


def test_an_allowance_is_an_effect_and_a_flag():
    data = b"\x0d" + (1_500_000).to_bytes(8, "little") + b"\6"
    findings = seen(bare(CALL, program(TOKEN, data, ata(SOURCE), USDC, OTHER, SOURCE)))
    (effect,) = findings.effects
    assert isinstance(effect, TokenApproval)
    assert effect.asset.token_id == "SOL_USDC"
    assert (effect.owner, effect.spender) == (account(SOURCE), account(OTHER))
    assert (effect.amount, effect.via) == (1_500_000, "Token: ApproveChecked")
    assert findings.complete
    assert [flag.risk for flag in findings.flags] == ["permission_change", "unverified"]


def test_an_allowance_without_limit_is_flagged_as_such():
    data = b"\x0d" + U64_MAX.to_bytes(8, "little") + b"\6"
    findings = seen(bare(CALL, program(TOKEN, data, ata(SOURCE), USDC, OTHER, SOURCE)))
    assert [flag.risk for flag in findings.flags] == ["unlimited_allowance", "unverified"]


def test_an_allowance_of_nothing_is_no_risk():
    data = b"\x0d" + bytes(8) + b"\6"
    findings = seen(bare(CALL, program(TOKEN, data, ata(SOURCE), USDC, OTHER, SOURCE)))
    assert [flag.risk for flag in findings.flags] == ["unverified"]


# --- every instruction is shown


def test_tokens_hidden_beside_coins_are_shown_and_refused():
    findings = seen(bare(SOL, coins(), tokens(to=ata(THIRD))))
    assert isinstance(findings.integrity, Refused)
    assert [effect.asset.token_id for effect in findings.effects] == ["SOL", "SOL_USDC"]


def test_coins_hidden_beside_tokens_are_shown_and_refused():
    findings = seen(bare(SPL, tokens(), coins(1, THIRD)))
    assert isinstance(findings.integrity, Refused)
    assert [effect.asset.token_id for effect in findings.effects] == ["SOL_USDC", "SOL"]


def test_two_transfers_of_a_call_are_both_shown_and_known():
    findings = seen(bare(CALL, coins(), tokens()))
    assert [type(effect) for effect in findings.effects] == [Transfer, Transfer]
    assert findings.complete


def test_an_allowance_beside_a_transfer_is_refused():
    data = b"\x0d" + (1).to_bytes(8, "little") + b"\6"
    both = bare(SPL, tokens(), program(TOKEN, data, ata(SOURCE), USDC, OTHER, SOURCE))
    assert isinstance(seen(both).integrity, Refused)


def test_an_unrelated_call_beside_a_transfer_is_not_ignored():
    beside = bare(SOL, coins(), program(THIRD, b"\1\2\3\4\5", SOURCE, OTHER))
    findings = seen(beside)
    assert isinstance(findings.integrity, Unverified)
    assert [reason.check for reason in findings.integrity.reasons] == [15]
    moved, call = findings.effects
    assert isinstance(moved, Transfer)
    assert isinstance(call, ContractCall)
    assert (call.contract, call.selector, call.calldata_size) == (account(THIRD), "0x01020304", 5)
    assert not findings.complete


def test_creating_an_account_is_not_read_as_a_transfer():
    create = system.create_account(
        {
            "from_pubkey": SOURCE,
            "to_pubkey": TO,
            "lamports": 250_000_000,
            "space": 0,
            "owner": OTHER,
        }
    )
    findings = seen(bare(SOL, create))
    assert isinstance(findings.integrity, Refused)
    (effect,) = findings.effects
    assert isinstance(effect, Operation)
    assert effect.name == "System: CreateAccount"
    assert dict(effect.details) == {
        "payer": str(SOURCE),
        "new account": str(TO),
        "lamports": "250000000",
        "owner program": str(OTHER),
    }


def test_advancing_a_nonce_is_not_read_as_a_transfer():
    advance = system.advance_nonce_account({"nonce_pubkey": TO, "authorized_pubkey": SOURCE})
    findings = seen(bare(SOL, advance))
    assert isinstance(findings.integrity, Refused)
    assert findings.effects == ()
    assert doubts(advance) == ["It moves nothing, and only costs a fee."]


NAMED = [
    (
        system.create_account_with_seed(
            {
                "from_pubkey": SOURCE,
                "to_pubkey": TO,
                "base": SOURCE,
                "seed": "seed",
                "lamports": 1,
                "space": 0,
                "owner": OTHER,
            }
        ),
        "System: CreateAccountWithSeed",
        [],
    ),
    (
        system.assign({"pubkey": SOURCE, "owner": OTHER}),
        "System: Assign",
        ["owner_change"],
    ),
    (
        system.authorize_nonce_account(
            {"nonce_pubkey": OTHER, "authorized_pubkey": SOURCE, "new_authority": TO}
        ),
        "System: AuthorizeNonceAccount",
        ["owner_change"],
    ),
    (
        system.withdraw_nonce_account(
            {
                "nonce_pubkey": OTHER,
                "authorized_pubkey": SOURCE,
                "to_pubkey": TO,
                "lamports": 5,
            }
        ),
        "System: WithdrawNonceAccount",
        [],
    ),
    (
        system.transfer_with_seed(
            {
                "from_pubkey": OTHER,
                "from_base": SOURCE,
                "from_seed": "seed",
                "from_owner": SYSTEM,
                "to_pubkey": TO,
                "lamports": 5,
            }
        ),
        "System: TransferWithSeed",
        [],
    ),
    (program(SYSTEM, (99).to_bytes(4, "little"), SOURCE), "System: instruction 99", []),
    (program(SYSTEM, b"\2", SOURCE), "System: instruction without a number", []),
    (
        program(TOKEN, b"\6\2\1" + bytes(TO), ata(SOURCE), SOURCE),
        "Token: SetAuthority",
        ["owner_change"],
    ),
    (program(TOKEN, b"\6\3\0", ata(SOURCE), SOURCE), "Token: SetAuthority", ["owner_change"]),
    (
        program(TOKEN, b"\x09", ata(SOURCE), TO, SOURCE),
        "Token: CloseAccount",
        ["permission_change"],
    ),
    (program(TOKEN, b"\x05", ata(SOURCE), SOURCE), "Token: Revoke", []),
    (program(TOKEN, b"\x07" + bytes(8), USDC, ata(TO), SOURCE), "Token: MintTo", []),
    (program(TOKEN, b"\x08" + bytes(8), ata(SOURCE), USDC, SOURCE), "Token: Burn", []),
    (program(TOKEN, b"\x0f" + bytes(9), ata(SOURCE), USDC, SOURCE), "Token: BurnChecked", []),
    (program(TOKEN, b"\x11", ata(SOURCE)), "Token: SyncNative", []),
    (program(TOKEN, b"\xff", SOURCE), "Token: instruction 255", []),
    (program(TOKEN, b"", SOURCE), "Token: instruction without a number", []),
    (program(TOKEN_2022, b"\x1a\1", SOURCE), "Token-2022: instruction 26", []),
    (
        program(TOKEN, b"\x04" + bytes(8), ata(SOURCE), OTHER, SOURCE, meta(THIRD)),
        "Token: Approve",
        ["permission_change"],
    ),
    (program(ASSOCIATED, b"\2", SOURCE, TO), "Associated Token Account: RecoverNested", []),
    (opening(data=b"\7"), "Associated Token Account: instruction 7", []),
    (memo(b"\xff"), "Memo: instruction", []),
    (program(BUDGET[0].program_id, b"\0" + bytes(8)), "Compute Budget: RequestUnits", []),
    (program(BUDGET[0].program_id, b"\3" + bytes(7)), "Compute Budget: SetComputeUnitPrice", []),
]


@pytest.mark.parametrize(("instruction", "name", "risks"), NAMED)
def test_what_is_only_named_is_shown_and_not_understood(instruction, name, risks):
    findings = seen(bare(CALL, instruction))
    (effect,) = findings.effects
    assert isinstance(effect, Operation)
    assert effect.name == name
    assert doubts(instruction) == [f"{name}: what that does is not understood."]
    assert [flag.risk for flag in findings.flags] == [*risks, "unverified"]
    assert not findings.complete


@pytest.mark.parametrize(
    ("instruction", "details"),
    [
        (
            program(TOKEN, b"\6\2\1" + bytes(TO), ata(SOURCE), SOURCE),
            {
                "account": str(ata(SOURCE)),
                "authority": str(SOURCE),
                "changes": "the owner",
                "new authority": str(TO),
            },
        ),
        (
            program(TOKEN, b"\6\3\0", ata(SOURCE), SOURCE),
            {
                "account": str(ata(SOURCE)),
                "authority": str(SOURCE),
                "changes": "who may close",
                "new authority": "nobody",
            },
        ),
        (
            program(TOKEN, b"\x09", ata(SOURCE), TO, SOURCE, THIRD),
            {
                "account": str(ata(SOURCE)),
                "lamports go to": str(TO),
                "owner": str(SOURCE),
                "other accounts": "1",
            },
        ),
        (program(TOKEN, b"\6\x09", SOURCE), {"account": str(SOURCE)}),
    ],
)
def test_what_is_only_named_says_what_its_bytes_say(instruction, details):
    effect = only_effect(instruction)
    assert isinstance(effect, Operation)
    assert dict(effect.details) == details


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Stake", "Stake11111111111111111111111111111111111111"),
        ("Vote", "Vote111111111111111111111111111111111111111"),
        ("signature check", "Ed25519SigVerify111111111111111111111111111"),
    ],
)
def test_other_programs_of_the_chain_are_named(name, text):
    from solders.pubkey import Pubkey

    effect = only_effect(program(Pubkey.from_string(text), b"\1", SOURCE))
    assert isinstance(effect, ContractCall)
    assert effect.method == name


# --- what keeps a transfer from being understood

UNUSUAL = [
    (tokens(mint=THIRD), "The token is not in our tables, so its amount cannot be read."),
    (tokens(decimals=7), "The decimals in the bytes are not those of the token."),
    (
        tokens(token=TOKEN_2022),
        "It is about a Token-2022 token, which may have rules of its own.",
    ),
    (
        tokens(account=ata(OTHER)),
        "It is about another token account than the one that is the source's.",
    ),
    (unchecked(account=THIRD), "Token: Transfer: what that does is not understood."),
    (tokens(more=(meta(THIRD),)), "Token: TransferChecked: what that does is not understood."),
    (
        program(TOKEN, b"\x0c" + bytes(10), ata(SOURCE), USDC, ata(TO), SOURCE),
        "Token: TransferChecked: what that does is not understood.",
    ),
    (
        program(SYSTEM, b"\2\0\0\0" + bytes(8), SOURCE, TO, THIRD),
        "System: Transfer: what that does is not understood.",
    ),
    (
        program(SYSTEM, b"\2\0\0\0" + bytes(9), SOURCE, TO),
        "System: Transfer: what that does is not understood.",
    ),
    (
        program(THIRD, b"", SOURCE),
        f"It calls the program {THIRD}; what that does is not understood.",
    ),
]


@pytest.mark.parametrize(("instruction", "doubt"), UNUSUAL)
def test_unusual_transfers_are_not_understood(instruction, doubt):
    assert doubts(instruction) == [doubt]


UNUSUAL_OPENINGS = [
    (
        opening(account=ata(THIRD)),
        "It opens a token account that is not its wallet's.",
    ),
    (
        opening(token=TOKEN_2022),
        "It opens an account for a token that may have rules of its own.",
    ),
    (
        opening(more=(meta(THIRD),)),
        "Associated Token Account: CreateIdempotent: what that does is not understood.",
    ),
]


@pytest.mark.parametrize(("instruction", "doubt"), UNUSUAL_OPENINGS)
def test_unusual_openings_are_not_understood(instruction, doubt):
    assert doubts(instruction, tokens())[0] == doubt


SIGNERS = "It needs 2 signatures; the other signers are unknown."


@pytest.mark.parametrize(
    ("instructions", "doubt"),
    [
        (
            (coins(), coins(1, TO, OTHER)),
            "It moves coins of another account than the source.",
        ),
        (
            (tokens(authority=OTHER, account=ata(OTHER)),),
            "It is about tokens of another account than the source.",
        ),
        (
            (opening(payer=OTHER), tokens()),
            "Another account than the source pays for a new token account.",
        ),
    ],
)
def test_another_signer_is_not_understood(instructions, doubt):
    assert doubts(*instructions) == [doubt, SIGNERS]
    assert not seen(bare(CALL, *instructions)).complete


def test_another_who_pays_is_not_understood():
    paid = asking(CALL.with_transaction("fee", None), message(coins(), payer=OTHER))
    findings = seen(paid)
    assert isinstance(findings.integrity, Unverified)
    assert [reason.text for reason in findings.integrity.reasons if reason.check == 15] == [
        SIGNERS,
        "Another account than the source pays the fee.",
    ]
    assert not findings.complete


def test_a_message_that_the_source_need_not_sign_is_refused():
    paid = asking(SOL.with_transaction("fee", None), message(coins(sender=OTHER), payer=OTHER))
    integrity = seen(paid).integrity
    assert isinstance(integrity, Refused)
    assert 14 in {reason.check for reason in integrity.reasons}


def test_the_old_transfer_names_its_token_only_if_the_source_proves_it():
    findings = seen(bare(SPL, unchecked()))
    assert isinstance(findings.integrity, Unverified)
    assert [reason.text for reason in findings.integrity.reasons] == [
        "It does not name the token that it is about."
    ]
    assert findings.effects == seen(SPL).effects
    assert not findings.complete
    assert isinstance(seen(bare(SPL, unchecked(amount=1))).integrity, Refused)


def test_the_old_transfer_of_an_unknown_account_is_only_named():
    findings = seen(bare(SPL, unchecked(account=ata(SOURCE, USDT))))
    assert isinstance(findings.integrity, Unverified)
    assert {reason.check for reason in findings.integrity.reasons} == {12, 15}
    (effect,) = findings.effects
    assert isinstance(effect, Operation)
    assert dict(effect.details) == {
        "from": str(ata(SOURCE, USDT)),
        "to": str(ata(TO)),
        "authority": str(SOURCE),
        "amount in base units": "40000000",
    }


def test_accounts_in_a_lookup_table_are_shown_as_unknown():
    table = AddressLookupTableAccount(OTHER, [TO, ata(TO)])
    for base, instruction, label in ((SOL, coins(), "to"), (SPL, tokens(), "to")):
        hidden = asking(base.with_transaction("fee", None), message_0(instruction, tables=[table]))
        findings = seen(hidden)
        assert isinstance(findings.integrity, Unverified)
        assert {reason.check for reason in findings.integrity.reasons} == {12, 15}
        (effect,) = findings.effects
        assert isinstance(effect, Operation)
        assert dict(effect.details)[label] == "unknown, in a lookup table"
        assert not findings.complete


def test_accounts_around_one_in_a_lookup_table_do_not_move_up():
    """The hidden account receives; read without it, the one after it would."""
    table = AddressLookupTableAccount(OTHER, [THIRD])
    step = program(SYSTEM, b"\2\0\0\0" + (5).to_bytes(8, "little"), SOURCE, THIRD, TO)
    hidden = asking(CALL.with_transaction("fee", None), message_0(step, tables=[table]))
    (effect,) = seen(hidden).effects
    assert isinstance(effect, Operation)
    assert dict(effect.details)["to"] == "unknown, in a lookup table"


@pytest.mark.parametrize(
    "instruction",
    [
        program(SYSTEM, b"\4\0\0\0", OTHER, THIRD, SOURCE),  # not the sysvar
        program(ASSOCIATED, b"\1", SOURCE, ata(TO), TO, USDC, THIRD, TOKEN),  # not System
    ],
)
def test_another_account_where_the_chain_s_own_belongs_is_not_understood(instruction):
    (effect,) = seen(bare(CALL, instruction)).effects
    assert isinstance(effect, Operation)


def test_a_lookup_table_that_nothing_uses_is_not_understood():
    signed = message_0(coins())
    assert signed.endswith(b"\0")
    signed = signed[:-1] + b"\1" + bytes(OTHER) + b"\1\0\0"
    integrity = seen(asking(SOL.with_transaction("fee", None), signed)).integrity
    assert isinstance(integrity, Unverified)
    assert [reason.text for reason in integrity.reasons] == [
        "It takes accounts from a lookup table, which cannot be seen here."
    ]


def test_nothing_at_all_is_not_understood():
    assert doubts() == ["It moves nothing, and only costs a fee."]
    assert doubts(*BUDGET, memo("hello")) == ["It moves nothing, and only costs a fee."]


# --- the network


@pytest.mark.parametrize("chain", ["SOLDEV_SOL", "SOL_NEXT"])
def test_another_network_cannot_be_told_from_the_main_one(chain):
    elsewhere = SOL.with_transaction("chain_id", chain).with_transaction("token_id", chain)
    elsewhere = elsewhere.with_extra("source_addresses.0.chain_id", chain)
    findings = seen(elsewhere)
    assert isinstance(findings.integrity, Unverified)
    assert 11 in {reason.check for reason in findings.integrity.reasons}
    assert findings.chain is None
    assert not findings.complete
    assert len(findings.effects) == 1


def test_bytes_of_solana_for_another_family_are_refused():
    elsewhere = SOL.with_transaction("chain_id", "XRP").with_detail("signature_type", 2)
    integrity = seen(elsewhere).integrity
    assert isinstance(integrity, Refused)
    assert 9 in {reason.check for reason in integrity.reasons}


@pytest.mark.parametrize("value", [None, "SOL_NEXT", "SOLDEV_SOL", "ETH"])
def test_a_source_address_on_another_chain(value):
    integrity = seen(SOL.with_extra("source_addresses.0.chain_id", value)).integrity
    known = value in ("SOLDEV_SOL", "ETH")
    assert isinstance(integrity, Refused if known else Unverified)
    assert [reason.check for reason in integrity.reasons] == [11]


# --- the fee


@pytest.mark.parametrize(
    ("instructions", "lamports"),
    [
        ((coins(),), 5_000),
        ((set_compute_unit_price(1), coins()), 5_001),
        ((set_compute_unit_price(5), set_compute_unit_limit(200_000), coins()), 5_001),
        ((set_compute_unit_price(5), set_compute_unit_limit(200_001), coins()), 5_002),
        ((set_compute_unit_price(1_000_000), coins()), 5_000 + 400_000),
        ((set_compute_unit_price(1_000_000), *[coins()] * 7), 5_000 + 1_400_000),
        (
            (set_compute_unit_price(1_000_000), set_compute_unit_limit(2_000_000), coins()),
            5_000 + 1_400_000,
        ),
        ((set_compute_unit_limit(1_000), coins()), 5_000),
        ((opening(), opening(OTHER), tokens()), 5_000 + 2 * 2_039_280),
        ((coins(), coins(1, TO, OTHER)), 10_000),
    ],
)
def test_the_most_that_it_can_cost(instructions, lamports):
    fee = seen(bare(CALL, *instructions)).fee
    assert fee is not None
    assert fee.asset.token_id == "SOL"
    assert fee.at_most == lamports


def test_further_signatures_that_are_checked_cost_too():
    from solders.pubkey import Pubkey

    check = Pubkey.from_string("Ed25519SigVerify111111111111111111111111111")
    fee = seen(bare(CALL, coins(), program(check, b"\3\0"), program(check, b""))).fee
    assert fee is not None
    assert fee.at_most == 4 * 5_000


def test_a_part_of_the_fee_that_is_set_twice_is_not_understood():
    twice = (set_compute_unit_price(1), set_compute_unit_price(9_000_000), coins())
    assert doubts(*twice) == ["It sets the same part of its fee twice."]
    fee = seen(bare(CALL, *twice)).fee
    assert fee is not None
    assert fee.at_most == 5_000 + 9 * 600_000
