import pytest

from approvals.chains import base58
from approvals.chains.node_id import is_node_id
from tests.support.requests import sample

IDS = sample("keyreshare_secp256k1").detail["new_node_ids"]


@pytest.mark.parametrize("node_id", IDS)
def test_the_ids_of_the_samples_are_ids(node_id):
    assert is_node_id(node_id)


@pytest.mark.parametrize("first", [b"\0", b"\x01", b"c", b"\xff"])
def test_any_33_bytes_make_one(first):
    assert is_node_id("cobo" + base58.encode(first * 33))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "cobo",
        "coboSomebodyElse",
        IDS[0][4:],
        "Cobo" + IDS[0][4:],
        IDS[0][:-2],
        IDS[0] + "1",
        IDS[0][:-1] + "0",
        IDS[0][:-1] + "\u0661",
        " " + IDS[0],
        "cobo" + base58.encode(b"c" * 32),
        "cobo" + base58.encode(b"c" * 34),
        "cobo" + "1" * 100_000,
    ],
)
def test_nothing_else_is_one(text):
    assert not is_node_id(text)
