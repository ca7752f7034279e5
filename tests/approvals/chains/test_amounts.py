from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.chains.amounts import base_units, coin_text, is_amount


@given(st.integers(0, 2**256 - 1), st.integers(0, 30))
def test_an_amount_is_shown_and_read_back_exactly(amount, decimals):
    text = coin_text(amount, decimals)
    assert base_units(text, decimals) == amount
    assert Decimal(text) * 10**decimals == amount or amount > 10**25


@pytest.mark.parametrize(
    ("text", "decimals", "units"),
    [
        ("2500", 6, 2_500_000_000),
        ("0.000420000", 18, 420_000_000_000_000),
        ("1.5", 1, 15),
        ("1.50", 1, 15),
        ("007", 0, 7),
        ("5.0", 0, 5),
        ("1.05", 1, None),
        ("0.0000001", 6, None),
    ],
)
def test_coins_become_base_units_or_nothing(text, decimals, units):
    assert base_units(text, decimals) == units


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "1.",
        ".5",
        "-1",
        "+1",
        "1e18",
        "1_000",
        "1,000",
        " 1",
        "1\n",
        "５００",
        "٣",
        "NaN",
        "Infinity",
        "0x10",
        "1.2.3",
        "9" * 101,
    ],
)
def test_what_is_no_plain_decimal_is_no_amount(text):
    assert not is_amount(text)
    assert base_units(text, 6) is None
