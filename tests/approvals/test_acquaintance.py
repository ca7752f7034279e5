"""What our own records make of a destination: said to people, and never part of a verdict."""

from dataclasses import replace

import pytest

from approvals import acquaintance
from approvals.acquaintance import (
    Acquaintances,
    Remark,
    destinations_from_plain,
    destinations_of,
    likeness,
    listed,
    remarks_of,
)
from approvals.chains.addresses import parse_address
from approvals.findings import (
    Address,
    Asset,
    Claims,
    ContractCall,
    Effect,
    Findings,
    Operation,
    Passed,
    Signing,
    TokenApproval,
    Transfer,
    Wrap,
)
from approvals.plain import plain

NOW = 1_790_000_000_000
ETHER = Asset("ETH", "ETH", "ETH", None, 18)


def evm(text: str) -> Address:
    return Address("evm", bytes.fromhex(text.removeprefix("0x")), text)


KNOWN = evm("0xd63134CC52B0CC0bb754A0196bc249F38BDB2A2c")
TWIN = evm("0xD6312f8c74e5f1ca9a1a0f6e4ba1b35c2f4c2a2C")
OTHER = evm("0x68b3465833fb72A70ecDF485E0e4C7bD8665Fc45")


def paying(*to: Address, wallet: str | None = "w1") -> Findings:
    return found(*(Transfer("ETH", ETHER, None, address, 1) for address in to), wallet=wallet)


def found(*effects: Effect, wallet: str | None = "w1") -> Findings:
    return Findings("ab" * 32, 2, Passed(), Claims(wallet_id=wallet), effects, complete=True)


def remarks(findings: Findings, known: Acquaintances, *lists: tuple[str, Address], by=NOW):
    return remarks_of(findings, known, listed(lists), by=by)


def having_met(*to: Address, wallet="w1", at=NOW - 1) -> Acquaintances:
    known = Acquaintances()
    known.learn(wallet, to, at)
    return known


def test_a_destination_that_this_wallet_never_dealt_with_is_named_in_full():
    (remark,) = remarks(paying(OTHER), having_met(KNOWN))
    said = f"no earlier request of this wallet for {OTHER.text} is on record"
    assert remark == Remark("first_time_destination", said)
    assert remarks(paying(KNOWN), having_met(KNOWN)) == ()


def test_what_another_wallet_did_is_no_acquaintance_of_this_one():
    known = having_met(KNOWN)
    known.learn("w2", [OTHER], NOW - 1)
    assert [each.oddity for each in remarks(paying(KNOWN, wallet="w2"), known)] == [
        "first_time_destination"
    ]


def test_of_a_new_wallet_one_sentence_is_said_and_no_wolf_is_cried():
    said = remarks(paying(KNOWN, OTHER), Acquaintances())
    assert said == (
        Remark("first_time_destination", "no earlier payment of this wallet is on record"),
    )


def test_many_new_destinations_are_one_remark_that_counts_them():
    new = [evm(f"0x{number:040x}") for number in range(1, 8)]
    (remark,) = remarks(paying(KNOWN, *new), having_met(KNOWN))
    assert all(address.text in remark.text for address in new[:4])
    assert "and 3 more" in remark.text


def test_without_a_wallet_nothing_is_said_of_first_times():
    assert remarks(paying(OTHER, wallet=None), having_met(KNOWN)) == ()


def test_another_address_with_the_same_ends_as_a_listed_one_is_remarked_first():
    look_alike, first = remarks(paying(TWIN), having_met(KNOWN), ("cold_1", KNOWN))
    assert look_alike == Remark(
        "look_alike_destination",
        f"{TWIN.text} begins and ends like {KNOWN.text} (in the list cold_1), "
        "but is another address",
    )
    assert first.oddity == "first_time_destination"


def test_another_address_with_the_same_ends_as_one_of_any_wallet_is_remarked():
    (remark, _) = remarks(paying(TWIN, wallet="w2"), having_met(KNOWN))
    assert KNOWN.text in remark.text
    assert "known from an earlier request" in remark.text


def test_an_address_is_not_like_itself_however_it_is_spelled():
    lower = evm(KNOWN.text.lower())
    assert remarks(paying(lower), having_met(KNOWN), ("cold_1", KNOWN)) == ()


def test_a_list_that_names_the_address_vouches_for_it():
    lists = (("cold_1", KNOWN), ("cold_2", TWIN))
    assert remarks(paying(TWIN), having_met(KNOWN, TWIN), *lists) == ()


def test_a_twin_stays_remarkable_after_it_was_paid_once():
    said = remarks(paying(TWIN), having_met(KNOWN, TWIN), ("cold_1", KNOWN))
    assert [each.oddity for each in said] == ["look_alike_destination"]


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("0xd63134cc52b0cc0bb754a0196bc249f38bdb2a2c", TWIN.text, True),
        ("0xd63134cc52b0cc0bb754a0196bc249f38bdb2a2d", TWIN.text, False),
        ("0xe63134cc52b0cc0bb754a0196bc249f38bdb2a2c", TWIN.text, False),
        (
            "TVaK22huS49dUrDaJzmL9oWJpGufDwXrjH",
            "TVaK22huS49dUrDaJzmL9oWJpGufDwXrjH",
            True,
        ),
        (
            "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
            "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
            True,
        ),
    ],
)
def test_likeness_is_the_first_and_last_four_after_the_prefix_in_one_case(one, other, alike):
    first, second = parse_address(one), parse_address(other.lower() if "0x" in other else other)
    assert first is not None
    assert second is not None
    assert (likeness(first) == likeness(second)) == alike


@pytest.mark.parametrize(
    ("family", "text", "key"),
    [
        ("evm", "0xABCD0000wxyz", "evm:abcdwxyz"),
        ("tron", "TABCD0000wxyz", "tron:abcdwxyz"),
        ("bitcoin", "bc1qabcd0000wxyz", "bitcoin:abcdwxyz"),
        ("bitcoin", "bc1pabcd0000wxyz", "bitcoin:abcdwxyz"),
        ("bitcoin", "1ABCD0000wxyz", "bitcoin:abcdwxyz"),
        ("solana", "ABCD0000wxyz", "solana:abcdwxyz"),
        ("evm", "0xabcdwxyz", None),
    ],
)
def test_the_prefix_that_all_addresses_share_is_not_part_of_it(family, text, key):
    assert likeness(Address(family, b"", text)) == key


def test_what_is_learned_after_the_question_does_not_change_what_was_read():
    known = having_met(KNOWN)
    before = remarks(paying(OTHER), known)
    known.learn("w1", [OTHER], NOW + 5)
    assert remarks(paying(OTHER), known) == before
    assert remarks(paying(OTHER), known, by=NOW + 5) == ()


def test_the_first_time_is_kept_however_often_it_happens_again():
    known = having_met(KNOWN, at=NOW - 9)
    known.learn("w1", [KNOWN], NOW + 5)
    assert remarks(paying(KNOWN), known) == ()
    late = having_met(KNOWN, at=NOW + 5)
    late.learn("w1", [KNOWN], NOW - 9)
    assert remarks(paying(KNOWN), late) == ()
    assert remarks(paying(TWIN, wallet="w2"), late)[0].oddity == "look_alike_destination"


def test_past_its_bound_what_was_used_longest_ago_is_forgotten(monkeypatch):
    monkeypatch.setattr(acquaintance, "MOST_PAIRS", 2)
    known = Acquaintances()
    addresses = [evm(f"0x{number:040x}") for number in range(3)]
    for address in addresses:
        known.learn("w1", [address], NOW - 1)
    assert [known.has_met("w1", each, by=NOW) for each in addresses] == [False, True, True]


def test_spenders_and_contracts_are_destinations_too_and_each_counts_once():
    wrapped = Asset("ETH", "ETH_WETH", "WETH", OTHER, 18)
    effects = (
        Transfer("ETH", ETHER, KNOWN, TWIN, 1),
        Transfer("ETH", ETHER, KNOWN, TWIN, 2),
        TokenApproval("ETH", wrapped, KNOWN, OTHER, 1, "approve"),
        ContractCall("ETH", KNOWN, None, 0, ETHER, "0x12345678", 4),
        ContractCall("ETH", None, None, 0, ETHER, "0x12345678", 4),
        Wrap("ETH", ETHER, wrapped, None, 1, unwraps=False, selector="0xd0e30db0"),
        Operation("ETH", "stake", None),
        Signing("ETH", "message", "EIP-191", "hi", inner=(Transfer("ETH", ETHER, None, OTHER, 1),)),
    )
    assert destinations_of(found(*effects)) == (TWIN, OTHER, KNOWN)
    assert destinations_from_plain(plain(effects)) == (TWIN, OTHER, KNOWN)


def test_a_request_of_thousands_of_payments_costs_no_more_than_one_of_fifty():
    many = [evm(f"0x{number:040x}") for number in range(5_000)]
    assert len(destinations_of(paying(*many))) == acquaintance.MOST_LOOKED_AT
    assert len(destinations_from_plain(plain(paying(*many).effects))) == acquaintance.MOST_LOOKED_AT


def test_the_texts_of_a_record_do_not_hang_on_the_order_of_a_set():
    twins = [evm(f"0xd6310000000000000000000000000000000{n}2a2c") for n in range(5)]
    one = remarks(paying(TWIN), Acquaintances(), *(("cold", each) for each in twins))
    assert twins[0].text in one[0].text
    assert replace(one[0]) == one[0]


def test_an_address_that_was_met_later_makes_no_look_alike_of_an_earlier_one():
    known = having_met(KNOWN, at=NOW + 5)
    assert [each.oddity for each in remarks(paying(TWIN), known)] == ["first_time_destination"]
    (look_alike, _) = remarks(paying(TWIN), known, by=NOW + 5)
    assert look_alike.oddity == "look_alike_destination"


def test_a_wallet_that_is_nobodys_is_not_kept() -> None:
    longest = "w" * acquaintance.MOST_WALLET_CHARS
    assert remarks(paying(KNOWN, wallet=longest), having_met(KNOWN, wallet=longest)) == ()
    longer = f"{longest}w"
    assert not having_met(KNOWN, wallet=longer).knows_wallet(longer, by=NOW)
