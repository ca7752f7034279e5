"""Each kind of effect, in full: who, what, how much, and what is inside."""

import json
from dataclasses import replace

import pytest

from approvals.findings import (
    Address,
    Asset,
    ContractCall,
    Findings,
    KeyFacts,
    Note,
    Operation,
    Signing,
    TokenApproval,
    Transfer,
)
from notifiers.slack.buttons import APPROVE
from notifiers.slack.draft import message_of
from notifiers.words.facts import MESSAGE, PAGE
from notifiers.words.headline import headline, pledge
from notifiers.words.sheet import sheet_of
from notifiers.words.text import allowance
from tests.notifiers.cases import APES, CASES, SAFE, SPENDER, UNLIMITED
from tests.notifiers.examples import (
    CALL,
    ETHER,
    FROM,
    NAMES,
    TETHER,
    TO,
    TRANSFER,
    USDT,
    approval,
    findings,
    refused,
    story,
)

MINT = Address("solana", b"\x03" * 32, "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v")
USDC = Asset("SOL", "SOL_USDC", "USDC", MINT, 6)


def proved(found: Findings, room=MESSAGE) -> dict[str, str]:
    sheet = sheet_of(approval(), found, NAMES, room=room)
    return {fact.label: fact.value for fact in sheet.proved}


@pytest.mark.parametrize(
    ("amount", "asset", "said"),
    [
        (5_000_000, USDT, "5 USDT"),
        (0, USDT, "nothing of USDT any more"),
        (None, APES, "everything of unknown token 0xBcBc…BcBc now and later"),
        ((1 << 256) - 1, USDT, "USDT WITHOUT LIMIT (2^256-1 base units)"),
        ((1 << 160) - 1, USDT, "USDT WITHOUT LIMIT (2^160-1 base units)"),
        ((1 << 96) - 1, USDT, "USDT WITHOUT LIMIT (2^96-1 base units)"),
        (1 << 128, USDT, f"USDT WITHOUT LIMIT ({1 << 128:,} base units)"),
        ((1 << 128) - 1, ETHER, "340,282,366,920,938,463,463.374607431768211455 ETH"),
        ((1 << 64) - 1, ETHER, "18.446744073709551615 ETH"),
        ((1 << 64) - 1, USDC, "USDC WITHOUT LIMIT (2^64-1 base units)"),
    ],
)
def test_an_allowance_is_exact_and_without_limit_is_said_in_words(amount, asset, said) -> None:
    assert allowance(TokenApproval("ETH", asset, None, SPENDER, amount, "approve")) == said


def test_an_approval_says_who_may_move_what_of_whom() -> None:
    shown = proved(findings(replace(UNLIMITED, owner=SAFE, spender=TO)))
    assert shown["May move"] == "USDT WITHOUT LIMIT (2^256-1 base units)"
    assert shown["Spender"] == f"{TO.text} (cold-1)"
    assert shown["Moves from"] == SAFE.text
    assert shown["Token"] == TETHER.text
    assert shown["Given by"] == "approve 0x095ea7b3"
    assert "Moves from" not in proved(findings(UNLIMITED)), "it is the account that signs"


def test_an_approval_that_is_taken_back_is_no_permission() -> None:
    found = findings(replace(UNLIMITED, amount=0))
    assert headline(found, NAMES) == "Take back what 0x68b3…Fc45 may move of USDT on Ethereum"
    assert proved(found)["May move"] == "nothing of USDT any more: this takes back the approval"


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (
            findings(UNLIMITED),
            f"{SPENDER.text} may move USDT WITHOUT LIMIT (2^256-1 base units) on Ethereum",
        ),
        (
            findings(Transfer("ETH", APES, FROM, TO, 1, item=7_741)),
            f"Send item 7741 of unknown token 0xBcBc…BcBc to {TO.text} (cold-1) on Ethereum",
        ),
    ],
)
def test_what_is_confirmed_names_the_whole_address(found, said: str) -> None:
    assert pledge(found, NAMES) == said


def test_one_thing_of_a_collection_is_named_by_its_number_exactly() -> None:
    shown = proved(findings(Transfer("ETH", APES, FROM, TO, 5, item=1_234_567_890)))
    assert shown["Amount"] == "5 of item 1234567890 of unknown token 0xBcBc…BcBc"
    assert APES.contract is not None
    assert shown["Token"] == APES.contract.text
    for amount in (0, None):  # neither sentence names it
        one = replace(UNLIMITED, asset=APES, amount=amount, item=77)
        assert proved(findings(one))["Item"] == "77"
    one = replace(UNLIMITED, asset=APES, amount=1, item=77)
    assert "Item" not in proved(findings(one))
    assert proved(findings(one))["May move"].startswith("item 77 of ")


def test_what_leaves_another_account_than_the_one_that_signs_is_said_in_the_first_line() -> None:
    found = findings(replace(TRANSFER, sender=SAFE))
    assert headline(found, NAMES).startswith("Send 2,500 USDT of 0x5aFE…eEEe -> cold-1")
    assert proved(found)["Taken from"] == SAFE.text
    of_another = findings(replace(UNLIMITED, owner=SAFE))
    assert headline(of_another, NAMES).endswith("base units) of 0x5aFE…eEEe on Ethereum")


def test_wrapping_says_what_becomes_what() -> None:
    assert proved(CASES["wrap"][0])["Wraps"] == "10 ETH -> 10 WETH"
    assert proved(CASES["unwrap"][0])["Unwraps"] == "10 WETH -> 10 ETH"
    assert headline(CASES["wrap"][0], NAMES) == "Wrap 10 ETH into WETH on Ethereum"
    assert headline(CASES["unwrap"][0], NAMES) == "Unwrap 10 WETH into ETH on Ethereum"


def test_an_operation_shows_all_its_details() -> None:
    shown = proved(findings(Operation("ETH", "stake", SAFE, (("Amount", "5"), ("For", "a year")))))
    assert (
        shown.items()
        >= {
            "Operation": "stake",
            "Of": SAFE.text,
            "Amount": "5",
            "For": "a year",
        }.items()
    )


def test_a_call_shows_its_arguments_and_an_unknown_one_its_selector_and_length() -> None:
    known = replace(CALL, arguments=(("spender", TO.text), ("value", "5")))
    shown = proved(findings(known))
    assert shown["Argument spender"] == TO.text
    assert shown["Argument value"] == "5"
    unknown = proved(findings(replace(CALL, method=None, calldata_size=1_412)))
    assert unknown["Method"] == "unknown method 0x095ea7b3, 1,412 bytes"
    creation = proved(findings(replace(CALL, contract=None, method=None, selector="0x60806040")))
    assert creation["Contract"] == "a new one, made by 68 bytes of code"
    assert "Method" not in creation


def test_what_is_inside_a_call_is_numbered_below_it_and_for_reading_only() -> None:
    inner = (TRANSFER, replace(CALL, inner=(UNLIMITED,)))
    shown = proved(findings(replace(CALL, inner=inner), TRANSFER))
    assert shown["1 Inside"] == (
        "2 effects, for reading only: whether this happens, and what else, is unknown"
    )
    assert shown["1.1 To"] == f"{TO.text} (cold-1)"
    assert shown["1.2.1 Spender"] == SPENDER.text
    assert shown["2 Amount"] == "2,500 USDT"


def test_what_a_message_would_allow_is_for_reading_only() -> None:
    shown = proved(findings(Signing("ETH", "message", "EIP-712", "SafeTx", (TRANSFER,))))
    assert shown["Inside"] == (
        "1 effect that it would allow, for reading only: what else happens is unknown"
    )
    assert shown["1.1 Amount"] == "2,500 USDT"
    assert [*shown].index("1.1 To") < [*shown].index("Message"), "words come before what is raw"


def nested(depth: int) -> ContractCall:
    call = CALL
    for _ in range(depth):
        call = replace(call, inner=(call,))
    return call


@pytest.mark.parametrize(
    "found",
    [
        findings(replace(CALL, inner=(TRANSFER,) * MESSAGE.effects)),
        findings(nested(MESSAGE.effects)),
        findings(*[TRANSFER] * (MESSAGE.effects + 1)),
    ],
)
def test_effects_inside_others_count_and_too_many_cannot_be_approved_by_a_click(found) -> None:
    sheet = sheet_of(approval(), found, NAMES)
    assert not sheet.whole
    assert any("1 more effect;" in fact.value for fact in sheet.proved)
    assert APPROVE not in json.dumps(message_of(story(found), "n").blocks)
    page = sheet_of(approval(), found, NAMES, room=PAGE)
    assert page.whole
    assert not any(fact.label == "Not shown" for fact in page.proved)


def test_a_call_inside_a_thousand_others_is_no_trouble() -> None:
    deep = findings(nested(1_000))
    assert not sheet_of(approval(), deep, NAMES).whole
    assert headline(deep, NAMES).startswith("Call approve")


@pytest.mark.parametrize(
    "found",
    [
        findings(Signing("ETH", "message", "EIP-191", "m" * 1_001)),
        findings(notes=(Note("Memo", "m" * 1_001),)),
        findings(notes=(Note("Nonce", "1"),) * (MESSAGE.rows + 1)),
        findings(replace(CALL, arguments=(("data", "f" * 1_001),))),
        findings(replace(CALL, arguments=(("data", "f"),) * (MESSAGE.rows + 1))),
        findings(Operation("ETH", "vote", None, (("For", "f" * 1_001),))),
        findings(Signing("ETH", "message", "EIP-191", "&" * 1_000)),
    ],
)
def test_what_follows_from_the_bytes_and_does_not_fit_cannot_be_approved_by_a_click(found) -> None:
    assert APPROVE not in json.dumps(message_of(story(found), "n").blocks)
    assert sheet_of(approval(), found, NAMES, room=PAGE).whole


def test_a_long_claim_keeps_nobody_from_approving() -> None:
    found = findings(notes=(Note("Remark", "m" * 5_000, proved=False),))
    assert APPROVE in json.dumps(message_of(story(found), "n").blocks)


def test_notes_stand_where_they_belong() -> None:
    notes = (Note("Memo", "invoice 7"), Note("Priority", "urgent", proved=False))
    sheet = sheet_of(approval(), findings(notes=notes), NAMES)
    assert ("Memo", "invoice 7") in [(fact.label, fact.value) for fact in sheet.proved]
    assert ("Priority", "urgent") in [(fact.label, fact.value) for fact in sheet.claimed]
    assert "Priority" not in {fact.label for fact in (*sheet.proved, *sheet.asked)}


def test_an_operation_on_a_key_shows_curve_threshold_and_every_node_in_full() -> None:
    shown = proved(CASES["reshare_lowered"][0])
    keys = CASES["reshare_lowered"][0].keys
    assert keys is not None
    assert shown["Curve"] == "secp256k1 (for Bitcoin, Tron and EVM chains)"
    assert shown["Key"] == keys.root_pub_key
    assert shown["Who can sign"] == "any 2 of these 3 nodes together, LOWERED from 3"
    assert shown["New holder 1"] == f"{keys.node_ids[0]} (no old share of it is used)"
    assert shown["New holder 2"] == f"{keys.node_ids[1]} (its old share is used)"
    assert shown["Gets no new share"] == keys.used_node_ids[2]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [(None, 2, ""), (2, 2, " (before: any 2)"), (1, 2, " (before: any 1)")],
)
def test_a_threshold_says_what_it_was(old, new, said: str) -> None:
    keys = KeyFacts("ed25519", ("a", "b", "c"), threshold=new, old_threshold=old)
    assert proved(findings(effects=(), type=3, keys=keys))["Who can sign"] == (
        f"any 2 of these 3 nodes together{said}"
    )


def test_a_node_is_called_by_the_list_it_is_in() -> None:
    keys = KeyFacts("ed25519", ("a", "b"), threshold=2, used_node_ids=("a", "c"))
    names = replace(NAMES, node={"a": "ours", "c": "cobo"}.get)
    sheet = sheet_of(approval(), findings(effects=(), type=3, keys=keys), names)
    shown = {fact.label: fact.value for fact in sheet.proved}
    assert shown["New holder 1"] == "a (ours, its old share is used)"
    assert shown["New holder 2"] == "b (no old share of it is used)"
    assert shown["Gets no new share"] == "c (cobo)"


def test_a_signature_does_not_list_the_nodes_that_make_it() -> None:
    keys = KeyFacts("secp256k1", ("a", "b"))
    assert proved(findings(keys=keys)) == proved(findings())


def test_an_address_is_safe_to_read_and_never_cut_in_silence() -> None:
    odd = Address("other", b"1", "abc\u202edef\x1b[31m")
    assert proved(findings(replace(TRANSFER, to=odd)))["To"] == "abcdef[31m"
    long = Address("other", b"1", "a" * 201)
    sheet = sheet_of(approval(), findings(replace(TRANSFER, to=long)), NAMES)
    assert not sheet.whole
    assert any("[cut: " in fact.value for fact in sheet.proved)


@pytest.mark.parametrize("room", [MESSAGE, PAGE])
def test_a_text_that_was_cut_before_it_came_here_is_not_whole(room) -> None:
    signing = Signing("ETH", "message", "EIP-191", "m\u200b" * 9, whole=False)
    assert not sheet_of(approval(), findings(signing), NAMES, room=room).whole
    noted = findings(notes=(Note("Message for x", "m", whole=False),))
    assert not sheet_of(approval(), noted, NAMES, room=room).whole
    assert sheet_of(approval(), findings(replace(signing, whole=True)), NAMES, room=room).whole


def test_what_is_refused_has_no_approve_button_whatever_the_record_says() -> None:
    told = story(findings(integrity=refused("x")), approval())
    assert APPROVE not in str(message_of(told, "n").blocks)
