"""Seals: made by nobody without the key, and good for one purpose, name and body alone."""

import pytest

from keys.errors import KeyFileError
from keys.seals import SealKey

KEY = SealKey(b"k" * 32)
MADE = KEY.seal("approval", "name", b"body")


def test_a_seal_verifies_what_it_was_made_for():
    assert KEY.verify("approval", "name", b"body", MADE)


@pytest.mark.parametrize(
    ("purpose", "name", "body"),
    [
        ("told", "name", b"body"),
        ("approval", "other", b"body"),
        ("approval", "name", b"bodY"),
        ("approval", "nam", b"ebody"),
        ("approval", "nameb", b"ody"),
    ],
)
def test_a_seal_is_good_for_one_purpose_name_and_body(purpose, name, body):
    assert not KEY.verify(purpose, name, body, MADE)


def test_another_key_makes_other_seals():
    assert SealKey(b"K" * 32).seal("approval", "name", b"body") != MADE


@pytest.mark.parametrize("made", ["", MADE[:-1], MADE.upper(), "é" * 64])
def test_what_is_no_seal_of_ours_does_not_verify(made):
    assert not KEY.verify("approval", "name", b"body", made)


def test_a_seal_key_is_32_bytes_in_a_file_of_its_owner(tmp_path):
    path = tmp_path / "seal.key"
    path.touch(mode=0o600)
    path.write_text("6b" * 32 + "\n")
    assert SealKey.load(path).seal("approval", "name", b"body") == MADE
    for mode in (0o640, 0o604, 0o660):
        path.chmod(mode)
        with pytest.raises(KeyFileError, match="can be read by others"):
            SealKey.load(path)
    path.chmod(0o600)
    path.write_text("6b" * 31)
    with pytest.raises(KeyFileError, match="64 hex digits"):
        SealKey.load(path)
    path.write_bytes(b"6b" * 65_536)
    with pytest.raises(KeyFileError, match="too large to be a key"):
        SealKey.load(path)
    with pytest.raises(KeyFileError, match="does not exist: `countersign init` makes one"):
        SealKey.load(tmp_path / "nothing.key")


def test_a_seal_key_is_never_shown():
    assert "k" * 8 not in repr(KEY)
    assert "6b" not in repr(KEY)
