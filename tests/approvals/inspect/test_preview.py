import unicodedata

import pytest

from approvals.findings import Note
from approvals.inspect.messages.preview import hidden, text_of

DRAWN = "".join(map(chr, range(0x20, 0x7F))) + "\t\n\r"


def test_what_ascii_draws_hides_nothing():
    assert text_of(DRAWN.encode()) == DRAWN
    assert hidden([DRAWN]) == ()


@pytest.mark.parametrize("character", ["\u00ad", "\u0085", "\u200b", "\u202e", "\u3164", "\x7f"])
def test_a_character_that_nobody_sees_is_named(character):
    assert hidden([f"Pay{character}now"]) == (
        Note("Invisible characters", f"U+{ord(character):04X}"),
    )


def test_a_message_with_any_control_character_is_no_text():
    controls = {chr(each) for each in range(0x300) if unicodedata.category(chr(each)) == "Cc"}
    assert {each for each in controls if text_of(f"a{each}".encode()) is not None} == set("\t\n\r")
