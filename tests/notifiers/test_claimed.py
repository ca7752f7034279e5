"""What Cobo says is listed; in a message, what repeats the bytes letter for letter is one line."""

from dataclasses import replace

import pytest

from approvals.findings import ClaimedOutput
from notifiers.words.claimed import claimed_facts
from notifiers.words.facts import MESSAGE, PAGE, Room
from tests.notifiers.examples import CALL, CLAIMS, FROM, TO, TRANSFER, findings

OUTPUT = ClaimedOutput(TO.text, "2500")
SAME = replace(CLAIMS, outputs=(OUTPUT,), token_id="ETH_USDT", chain_id="ETH", source=FROM.text)


def said(claims, *effects, room: Room = MESSAGE) -> dict[str, str]:
    found = findings(*effects or (TRANSFER,), claims=claims)
    return {fact.label: fact.value for fact in claimed_facts(found, room)}


def test_what_repeats_the_bytes_is_one_line_in_a_message_and_listed_on_a_page() -> None:
    message = said(SAME)
    assert message["As above"] == "the same destination, token, chain and source"
    assert not {"Destination", "Token", "Chain", "Source"} & set(message)
    page = said(SAME, room=PAGE)
    assert {"Destination", "Token", "Chain", "Source"} <= set(page)
    assert "As above" not in page


@pytest.mark.parametrize("amount", ["2500.0", "2500.000000"])
def test_an_amount_may_be_written_with_zeros(amount: str) -> None:
    assert "Destination" not in said(replace(SAME, outputs=(replace(OUTPUT, amount=amount),)))


@pytest.mark.parametrize(
    ("label", "other"),
    [
        ("Destination", {"outputs": (replace(OUTPUT, amount="2501"),)}),
        ("Destination", {"outputs": (replace(OUTPUT, amount=None),)}),
        ("Destination", {"outputs": (replace(OUTPUT, address=FROM.text),)}),
        ("Destination", {"outputs": (replace(OUTPUT, memo="7"),)}),
        ("Destination", {"outputs": (OUTPUT, OUTPUT)}),
        ("Token", {"token_id": "ETH_USDC"}),
        ("Chain", {"chain_id": "BASE_ETH"}),
        ("Source", {"source": TO.text}),
    ],
)
def test_what_differs_in_anything_is_listed(label: str, other) -> None:
    shown = said(replace(SAME, **other))
    assert label in shown
    assert label.lower() not in shown["As above"]


def test_the_destination_of_a_call_is_its_contract_and_value() -> None:
    assert CALL.contract is not None
    called = replace(SAME, token_id="ETH", outputs=(ClaimedOutput(CALL.contract.text, "0"),))
    assert said(called, CALL)["As above"] == "the same destination, token, chain and source"
    assert "Destination" in said(called, replace(CALL, value=1))
