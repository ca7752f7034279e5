"""What a stranger wrote is visible, on one line and bounded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifiers.words.readable import cut, grouped, lasted, listed, short_address, visible


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("plain", "plain"),
        ("two\nlines\tand\r\nmore", "two lines and more"),
        ("a\u202egnp.exe", "agnp.exe"),
        ("zero\u200bwidth\ufeff\u2060", "zerowidth"),
        ("\u2066isolated\u2069", "isolated"),
        ("nul\x00 bell\x07 esc\x1b[31m", "nul bell esc[31m"),
        ("filler\u3164\u115f\u034f", "filler"),
        ("wide\u00a0\u3000\u2003space", "wide space"),
        ("✅ VERIFIED", "[U+2705] VERIFIED"),
        ("👍🏽", "[U+1F44D][U+1F3FD]"),
        ("half \ud800 pair", "half pair"),
        ("private \ue000 use", "private use"),
        ("tags \U000e0041\U000e0042", "tags"),
        ("⚠\ufe0f", "[U+26A0]"),
        ("𝗩ERIFIED", "[U+1D5E9]ERIFIED"),
        ("1\ufe0f\u20e3", "1[U+20E3]"),
        ("drawn\U000e0101 otherwise\u180b", "drawn otherwise"),
        ("not\u0336 so", "not[U+0336] so"),
        ("\u0301 over ours", "[U+0301] over ours"),
        ("a \u0301", "a [U+0301]"),
        ("Z" + "\u030d" * 5, "Z\u030d\u030d\u030d[U+030D][U+030D]"),
        ("Vie\u0302\u0323t שָׁלוֹם नमस्ते", "Việt שָׁלוֹם नमस्ते"),
        ("cafe\u200b\u0301", "café"),
        ("冷钱包 Жук ñ", "冷钱包 Жук ñ"),
    ],
)
def test_only_what_can_be_seen_is_shown(written: str, read: str) -> None:
    assert visible(written) == read


def test_what_is_cut_is_counted() -> None:
    assert visible("x" * 1_000, 40) == "x" * 11 + " … [cut: 989 more characters]"


@given(st.text(max_size=3_000), st.integers(1, 600))
def test_nothing_is_longer_than_its_limit_nor_cut_in_silence(text: str, limit: int) -> None:
    shown = visible(text, limit)
    assert len(shown) <= limit
    whole = visible(text, 100_000)
    assert shown == whole or " … [cut: ".startswith(shown[-9:]) or "…" in shown or limit < 9


@given(st.text(max_size=300))
def test_reading_twice_changes_nothing(text: str) -> None:
    assert visible(visible(text)) == visible(text)


def test_a_memo_of_megabytes_costs_no_more_than_a_long_one() -> None:
    assert visible("x" * 5_000_000, 60).endswith("more characters]")
    assert "4,999," in visible("x" * 5_000_000, 60)


def test_a_cut_counts_what_it_left_out() -> None:
    shown = cut("a" * 100, 50)
    kept = shown.index(" …")
    assert shown == "a" * kept + f" … [cut: {100 - kept} more characters]"
    assert len(shown) == 50


@pytest.mark.parametrize(
    ("units", "decimals", "shown"),
    [
        (2_500_000_000, 6, "2,500"),
        (2_500_250_000, 6, "2,500.25"),
        (1, 18, "0.000000000000000001"),
        (0, 6, "0"),
        (10**30, 0, "1" + ",000" * 10),
        (2**256 - 1, 18, None),
        (5, 0, "5"),
    ],
)
def test_amounts_are_exact(units: int, decimals: int, shown: str | None) -> None:
    text = grouped(units, decimals)
    assert shown is None or text == shown
    whole, _, fraction = text.replace(",", "").partition(".")
    assert int(whole + fraction.ljust(decimals, "0")) == units


def test_small_words() -> None:
    assert short_address(HASH_LIKE) == "0xd631…2A2c"
    assert short_address("short") == "short"
    assert listed(()) == ""
    assert listed(("ana",)) == "ana"
    assert listed(("ana", "bo", "chen")) == "ana, bo and chen"
    assert [lasted(ms) for ms in (-5, 38_900, 192_000, 600_000, 3_840_000)] == [
        "0 s",
        "38 s",
        "3 min 12 s",
        "10 min",
        "1 h 4 min",
    ]


HASH_LIKE = "0xd63134CC52B0CC0bb754A0196bc249F38BDB2A2c"
