"""A packed text unfolds to itself, and never to more than a bound."""

import base64
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.audit.packed import MOST, BadPacked, pack, unpack


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_text_unfolds_to_itself(text):
    assert unpack(pack(text)) == text


def test_a_bomb_is_damaged_and_not_memory():
    bomb = pack("x" * MOST + "x")
    assert len(bomb) < MOST / 100
    with pytest.raises(BadPacked):
        unpack(bomb)
    assert len(unpack(bomb, MOST + 2)) == MOST + 1


def packed(content):
    return base64.b64encode(content).decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "é",
        packed(b"nothing"),
        packed(zlib.compress(b"some")[:-2]),
        packed(zlib.compress(b"some") + b"more"),
        packed(zlib.compress(b"\xff\xfe")),
        f" {pack('some')}",
    ],
)
def test_anything_else_is_damaged(text):
    with pytest.raises(BadPacked):
        unpack(text)
