"""What an approver meets on a phone at 3 a.m., for every kind of request, kept as text files.

After a change that is meant to be seen, read the new texts before they are kept:

    GOLDEN=write .venv/bin/pytest -n 0 tests/notifiers/test_golden.py && git diff tests/notifiers
"""

from pathlib import Path

import pytest

from notifiers.slack_posts import message_of
from tests.notifiers.cases import CASES, told
from tests.support.golden import same_as_golden
from tests.support.slack_phone import phone
from tests.support.slack_rules import refusal_of

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("name", CASES)
def test_a_phone_shows_what_was_read_before(name: str) -> None:
    message = message_of(told(*CASES[name]), "nonce")
    assert refusal_of(message.text, message.blocks) is None
    shown = phone(message.text, message.blocks)
    assert same_as_golden(GOLDEN / f"{name}.txt", shown), shown


def test_every_golden_text_is_of_a_case() -> None:
    assert {path.stem for path in GOLDEN.glob("*.txt")} == set(CASES)
