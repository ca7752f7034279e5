import pickle

import pytest

from keys.secret import Secret


@pytest.mark.parametrize("show", [repr, str, "{}".format, "{!r:>20}".format, "%s".__mod__])
def test_no_way_of_printing_shows_a_secret(show):
    assert "hunter2" not in show(Secret("hunter2"))
    assert "…" in show(Secret("hunter2"))


def test_a_secret_is_compared_but_not_told_apart_by_its_hash():
    assert Secret("a") == Secret("a") != Secret("b")
    assert Secret(None) == Secret(None) != Secret("a")
    assert Secret("a") != "a"
    assert hash(Secret("a")) == hash(Secret("b"))


def test_a_secret_is_not_written_anywhere():
    with pytest.raises(TypeError):
        pickle.dumps(Secret("hunter2"))


def test_a_secret_that_was_not_read_cannot_be_used():
    with pytest.raises(RuntimeError):
        Secret(None).reveal()
    assert Secret("a").reveal() == "a"
