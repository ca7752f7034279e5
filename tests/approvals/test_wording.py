"""What is counted and put in a row for people reads as people write it."""

import pytest

from approvals.wording import counted, in_a_row


@pytest.mark.parametrize(
    ("number", "words"), [(0, "0 rules"), (1, "1 rule"), (2, "2 rules"), (1000, "1,000 rules")]
)
def test_one_thing_is_not_several(number, words):
    assert counted(number, "rule") == words


def test_an_odd_plural_is_named():
    assert [counted(n, "hash", "hashes") for n in (1, 2)] == ["1 hash", "2 hashes"]


def test_sentences_in_a_row_end_once():
    assert in_a_row([]) == ""
    assert in_a_row(["It is."]) == "It is."
    assert in_a_row(["a is missing.", "b is missing."]) == "a is missing; b is missing."
    assert in_a_row(["a is missing.", "and 2 more"]) == "a is missing; and 2 more"
