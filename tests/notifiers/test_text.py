"""The first line tells what a request does, and the badge whether to believe it."""

from dataclasses import replace

import pytest

from approvals.findings import (
    Asset,
    ClaimedOutput,
    Claims,
    ContractCall,
    KeyFacts,
    Signing,
    TokenApproval,
)
from approvals.model import RuleAnswer
from notifiers.words.facts import MESSAGE
from notifiers.words.headline import badge, headline, pledge
from notifiers.words.readable import short_address
from notifiers.words.sheet import sheet_of
from notifiers.words.text import amount, command
from tests.notifiers.examples import (
    CALL,
    CLAIMS,
    ETHER,
    FROM,
    HASH,
    NAMES,
    TETHER,
    TO,
    TRANSFER,
    USDT,
    approval,
    ask,
    findings,
    refused,
    unverified,
)

LETS = TokenApproval("ETH", USDT, FROM, TO, 5_000_000, "Permit")
NOTHING = findings(effects=(), complete=False, chain=None, source=None, fee=None, hashes=())


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (findings(), "Send 2,500 USDT -> cold-1 (0xd631…2A2c) on Ethereum"),
        (
            findings(TRANSFER, TRANSFER, TRANSFER),
            (
                "Send 2,500 USDT -> cold-1 (0xd631…2A2c) on Ethereum, and 2 more transfers:"
                " 7,500 USDT in all"
            ),
        ),
        (
            findings(TRANSFER, TRANSFER, complete=False),
            (
                "Send 2,500 USDT -> cold-1 (0xd631…2A2c) on Ethereum, and 1 more effect,"
                " and possibly more"
            ),
        ),
        (
            findings(TRANSFER, replace(TRANSFER, asset=ETHER)),
            "Send 2,500 USDT -> cold-1 (0xd631…2A2c) on Ethereum, and 1 more effect",
        ),
        (
            findings(TRANSFER, CALL),
            "Send 2,500 USDT -> cold-1 (0xd631…2A2c) on Ethereum, and 1 more effect",
        ),
        (
            findings(*[replace(TRANSFER, item=7, amount=1)] * 2),
            "Send item 7 of USDT -> cold-1 (0xd631…2A2c) on Ethereum, and 1 more effect",
        ),
        (
            findings(complete=False),
            "Send 2,500 USDT -> cold-1 (0xd631…2A2c) on Ethereum, and possibly more",
        ),
        (findings(CALL), "Call approve(address,uint256) of 0xdAC1…1ec7 on Ethereum"),
        (
            findings(replace(CALL, method=None, value=10**18)),
            "Call 0x095ea7b3 of 0xdAC1…1ec7, sending 1 ETH, on Ethereum",
        ),
        (findings(replace(CALL, contract=None)), "Create a contract on Ethereum"),
        (
            findings(Signing("ETH", "message", "EIP-191", "Login")),
            "Sign the message “Login” as 0xe461…03EE (EIP-191)",
        ),
        (
            findings(Signing("ETH", "message", "EIP-191", "a" * 49), source=None),
            f"Sign the message “{'a' * 48}…” (EIP-191)",
        ),
        (
            findings(Signing("ETH", "message", "EIP-191", "x” as 0xd631…2A2c “y")),
            'Sign the message “x" as 0xd631…2A2c "y” as 0xe461…03EE (EIP-191)',
        ),
        (findings(Signing("ETH", "message", "", "")), "Sign a message as 0xe461…03EE"),
        (
            findings(Signing("ETH", "message", "EIP-712 Mail", "domain {}")),
            "Sign typed data as 0xe461…03EE (EIP-712 Mail)",
        ),
        (
            findings(Signing(None, "blind", "raw hash", HASH)),
            "Sign a bare hash 0x9c9c…9c9c as 0xe461…03EE (raw hash)",
        ),
        (
            findings(Signing("ETH", "message", "", "Permit", inner=(LETS,))),
            "Sign a message as 0xe461…03EE: Let cold-1 (0xd631…2A2c) move 5 USDT on Ethereum",
        ),
        (
            replace(NOTHING, type=1, keys=KeyFacts("ed25519", ("a", "b", "c"), threshold=2)),
            "Create a new ed25519 key: any 2 of 3 nodes can sign with it",
        ),
        (
            replace(
                NOTHING,
                type=3,
                keys=KeyFacts(None, ("a", "b"), threshold=1, old_threshold=2),
            ),
            "Reshare a key of an unknown curve: any 1 of 2 nodes can sign with it, LOWERED from 2",
        ),
        (
            replace(NOTHING, type=5, summary="Sign 1 message", keys=KeyFacts(None, ("a",))),
            "Sign 1 message",
        ),
        (
            replace(NOTHING, type=1, summary="Generate a secp256k1 key, 2 of 3"),
            "Generate a secp256k1 key, 2 of 3",
        ),
        (replace(NOTHING, type=1), "Generate a key: Withdrawal"),
        (replace(NOTHING, type=3, claims=Claims()), "Reshare a key"),
        (replace(NOTHING, type=5, claims=Claims()), "Sign with key shares"),
        (replace(NOTHING, type=9), "Request of unknown type 9"),
        (
            replace(
                NOTHING,
                claims=replace(
                    CLAIMS,
                    token_id="TRON_USDT",
                    outputs=(ClaimedOutput("TVaK22huS49dUrDaJzmL9oWJpGufDwXrjH", "2.5"),),
                ),
            ),
            "Cobo says: send 2.5 TRON_USDT -> TVaK22…XrjH",
        ),
        (
            replace(
                NOTHING,
                summary="Sign one hash",
                claims=replace(CLAIMS, outputs=(ClaimedOutput("TVaK22", "1"),)),
            ),
            "Sign one hash; Cobo says: send 1 -> TVaK22",
        ),
    ],
)
def test_the_headline_says_what_the_bytes_do(found, said: str) -> None:
    assert headline(found, NAMES) == said
    assert headline(replace(found, integrity=unverified("why")), NAMES) == f"NOT VERIFIED: {said}"
    assert headline(replace(found, integrity=refused("why")), NAMES) == f"REFUSED: {said}"


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (findings(), f"VERIFIED: decoded from the bytes whose hash {HASH} will be signed"),
        (
            findings(hashes=(HASH, HASH)),
            f"VERIFIED: decoded from the bytes whose hashes {HASH}, {HASH} will be signed",
        ),
        (findings(hashes=()), "VERIFIED: every check could be made, and agreed"),
        (
            findings(integrity=unverified("no nonce", "typed <data>")),
            "NOT VERIFIED:\n- no nonce\n- typed <data>",
        ),
        (findings(integrity=unverified()), "NOT VERIFIED: no reason given"),
        (findings(integrity=refused("other hash")), "REFUSED (contradiction): other hash"),
    ],
)
def test_the_badge_says_whether_to_believe_it(found, said: str) -> None:
    assert badge(found) == said


def test_all_reasons_are_counted() -> None:
    many = findings(integrity=unverified(*[f"reason {n}" for n in range(11)]))
    assert badge(many).endswith("\n- reason 7\n- and 3 more")


def test_an_unknown_token_shows_base_units() -> None:
    unknown = Asset("ETH", None, None, TETHER, None)
    assert amount(unknown, 5_000) == "5,000 base units of unknown token 0xdAC1…1ec7"


def test_what_is_confirmed_names_amount_and_whole_destination() -> None:
    said = pledge(findings(), NAMES)
    assert said == f"Send 2,500 USDT to {TO.text} (cold-1) on Ethereum"
    assert "and more" in pledge(findings(TRANSFER, CALL), NAMES)
    assert pledge(findings(integrity=unverified("x")), NAMES).startswith("NOT VERIFIED")
    called = pledge(findings(CALL), NAMES)
    assert called == f"Call approve(address,uint256) of {TETHER.text} on Ethereum"
    doubtful = findings(integrity=unverified("x"), complete=False)
    whole = f"Send 2,500 USDT to {TO.text} (cold-1) on Ethereum (and more: see the message)"
    assert pledge(doubtful, NAMES) == f"NOT VERIFIED: {whole}"
    safe = findings(Signing("ETH", "message", "EIP-712 SafeTx", "{}", (TRANSFER,)), complete=False)
    inside = f"Send 2,500 USDT to {TO.text} (cold-1) on Ethereum (and more: see the message)"
    assert pledge(safe, NAMES) == f"Sign typed data as {FROM.text} (EIP-712 SafeTx): {inside}"
    login = findings(Signing("ETH", "message", "EIP-191", "a" * 60))
    assert pledge(login, NAMES) == f"Sign the message “{'a' * 60}” as {FROM.text} (EIP-191)"


def test_what_is_confirmed_names_a_hash_whole_and_whose_money_it_is() -> None:
    bare = findings(Signing("ETH", "blind", "raw", HASH))
    assert pledge(bare, NAMES) == f"Sign a bare hash {HASH} as {FROM.text} (raw)"
    unread = findings(integrity=unverified("x"), summary="Sign one hash", hashes=(HASH,))
    unread = replace(unread, effects=(), claims=Claims())
    assert headline(unread) == f"NOT VERIFIED: Sign one hash {short_address(HASH)}"
    assert pledge(unread, NAMES) == f"NOT VERIFIED: Sign one hash {HASH}"
    theirs = pledge(findings(replace(TRANSFER, sender=TETHER)), NAMES)
    assert theirs == f"Send 2,500 USDT of {TETHER.text} to {TO.text} (cold-1) on Ethereum"
    assert pledge(findings(replace(TRANSFER, sender=FROM)), NAMES).startswith("Send 2,500 USDT to")


def test_of_a_mere_signature_the_message_comes_first_and_the_doubt_once() -> None:
    login = Signing("ETH", "message", "EIP-191", "Log in")
    doubted = findings(login, integrity=unverified("It signs a message."), complete=False)
    assert [*facts(doubted)][:4] == ["Request", "Checked", "Message", "Standard"]
    assert "Incomplete" not in facts(doubted)
    assert "Incomplete" in facts(findings(login, complete=False)), "nothing else says it"
    assert "Incomplete" in facts(replace(doubted, effects=(login, TRANSFER)))


def facts(found, record=None) -> dict[str, str]:
    sheet = sheet_of(record or approval(), found, NAMES)
    return {fact.label: fact.value for fact in sheet.facts}


def test_facts_hold_full_addresses_and_ids() -> None:
    record = approval()
    shown = facts(findings(), record)
    assert shown["To"] == f"{TO.text} (cold-1)"
    assert shown["Token"] == TETHER.text
    assert shown["From"] == "0xe4617d0599ee72Ff2c4942550f3a6F4cCcFd03EE"
    assert shown["Amount"] == "2,500 USDT"
    assert shown["Chain"] == "Ethereum (ETH)"
    assert shown["Fee at most"] == "0.0027 ETH"
    assert shown["Request id"] == record.request_id
    assert shown["Digest"] == record.digest
    assert shown["Initiator"] == "treasury-api-key (API)"
    assert shown["Wallet"] == "Hot wallet (7fc2bfef)"


def test_a_call_shows_its_contract_method_and_value() -> None:
    shown = facts(findings(replace(CALL, value=5)))
    assert shown["Contract"] == TETHER.text
    assert shown["Method"] == "approve(address,uint256) 0x095ea7b3, 68 bytes"
    assert shown["Sends along"] == "0.000000000000000005 ETH"


def test_what_cobo_says_stands_apart_from_what_is_proved() -> None:
    sheet = sheet_of(approval(), findings(), NAMES)
    proved = {fact.label for fact in (*sheet.proved, *sheet.asked)}
    assert {"Initiator", "Wallet"} <= {fact.label for fact in sheet.claimed}
    assert not proved & {"Initiator", "Wallet"}


def test_the_rules_that_asked_say_why() -> None:
    rules = (
        RuleAnswer("big", "More than 2k leaves", "ask", "yes"),
        RuleAnswer("odd", "Odd hours", "reject", "unknown"),
    )
    sheet = sheet_of(approval(ask(rules=rules)), findings(), NAMES)
    assert [fact.value for fact in sheet.asked if fact.label == "Rule"] == [
        "big: More than 2k leaves",
        "odd: Odd hours (the bytes do not tell whether it applies, so it asks)",
    ]
    assert "no rule matched" in facts(findings())["Rule"]


def test_an_initiator_whom_nobody_claims_is_flagged() -> None:
    sheet = sheet_of(approval(ask(initiator_known=False)), findings(), NAMES)
    assert [fact.label for fact in sheet.flags] == ["UNKNOWN INITIATOR"]
    assert facts(findings(), approval(ask(barred=("ana",))))["May not approve"] == (
        "ana (initiated it)"
    )


def test_more_effects_than_fit_are_counted_and_not_approvable_by_a_click() -> None:
    sheet = sheet_of(approval(), findings(*[TRANSFER] * (MESSAGE.effects + 3)), NAMES)
    assert not sheet.whole
    assert any("3 more effects" in fact.value for fact in sheet.proved)
    assert sheet_of(approval(), findings(*[TRANSFER] * MESSAGE.effects), NAMES).whole


def test_an_incomplete_list_of_effects_says_so() -> None:
    assert "may do more" in facts(findings(complete=False))["Incomplete"]


def test_a_command_can_be_pasted_whatever_the_id_holds() -> None:
    record = replace(approval(), request_id="x;rm$(1)'`")
    assert command("reject", record) == """countersign reject 'node-1/x;rm$(1)'"'"'`' --reason …"""


def test_a_contract_call_type_is_closed() -> None:
    assert isinstance(CALL, ContractCall)
    assert ETHER.decimals == 18
