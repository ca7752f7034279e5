"""No token of the attack book is believed, and none is looked at longer than it has to be."""

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa as rsa_keys

from keys import envelope
from keys.envelope import BadToken, TrustedNode, verify
from tests.support.attack_book import HEADER, SHA256_INFO, Book, cube_root_forgery, part
from tests.support.world import rsa_key

NOW_S = 1_790_848_800
KEY = rsa_key("node-1")
BOOK = Book(KEY, rsa_key("server"), NOW_S)
NODES = (
    TrustedNode("node-1", (KEY.public_key(),)),
    TrustedNode("node-2", (rsa_key("node-2").public_key(),)),
)
REASONS = {
    *("not three parts", "bad header", "not RS256", "bad typ", "extended header", "bad base64"),
    *("no trusted key", "bad claims", "no exp", "bad exp", "expired", "exp too far ahead"),
    *("bad nbf", "not yet valid"),
}


def reason(token, nodes=NODES):
    try:
        return f"believed: {verify(token, nodes, NOW_S * 1000)}"
    except BadToken as bad:
        return bad.reason


def test_the_book_begins_with_a_token_that_is_believed():
    assert verify(BOOK.token(), NODES, NOW_S * 1000).node == "node-1"
    attacks = [name for name, _ in BOOK.all()]
    assert len(attacks) == len(set(attacks)) > 400
    exact = b"\0\1" + b"\xff" * 202 + b"\0" + SHA256_INFO + BOOK.digest
    assert verify(BOOK.over(exact), NODES, NOW_S * 1000).node == "node-1"


@pytest.mark.parametrize(
    "chapter",
    [
        *("algorithms", "shared_secrets", "other_signatures", "key_hints", "extensions"),
        *("serializations", "spellings", "headers", "claim_sets", "times", "signatures"),
        "paddings",
    ],
)
def test_no_attack_is_believed_and_each_has_a_reason_of_the_list(chapter):
    reasons = {name: reason(token) for name, token in getattr(BOOK, chapter)()}
    assert reasons != {}
    assert set(reasons.values()) <= REASONS


def test_a_cube_root_is_no_signature():
    key = rsa_keys.generate_private_key(public_exponent=3, key_size=2048)
    signed = f"{part(HEADER)}.{part(BOOK.claims)}"
    forged = cube_root_forgery(signed.encode(), 256)
    nodes = (TrustedNode("node-3", (key.public_key(),)),)
    assert verify(BOOK.token(key=key), nodes, NOW_S * 1000).node == "node-3"
    assert reason(f"{signed}.{part(forged)}", nodes) == "no trusted key"


def test_a_longer_or_shorter_key_of_a_stranger_is_no_key_of_ours():
    for bits in (2040, 2056, 3072):
        key = rsa_keys.generate_private_key(public_exponent=65_537, key_size=bits)
        assert reason(BOOK.token(key=key)) == "no trusted key"


def test_keys_of_different_sizes_are_all_trusted():
    large = rsa_keys.generate_private_key(public_exponent=65_537, key_size=2049)
    nodes = (*NODES, TrustedNode("node-3", (large.public_key(),)))
    assert verify(BOOK.token(key=large), nodes, NOW_S * 1000).node == "node-3"
    assert verify(BOOK.token(), nodes, NOW_S * 1000).node == "node-1"


@pytest.mark.parametrize("hint", ["jku", "x5u", "kid"])
def test_what_a_node_itself_hints_at_is_not_looked_at(hint):
    token = BOOK.token(header=HEADER | {hint: "file:///nowhere", "jwk": {"kty": "oct"}})
    assert verify(token, NODES, NOW_S * 1000).node == "node-1"


class Work:
    """Counts what verification costs beyond looking at the text."""

    def __init__(self, monkeypatch):
        self.decoded: list[int] = []
        self.hashed: list[int] = []
        self.tried = 0
        part_, digest, verifies = envelope._part, envelope._digest, envelope._verifies

        def counted_part(text):
            self.decoded.append(len(text))
            return part_(text)

        def counted_digest(text):
            self.hashed.append(len(text))
            return digest(text)

        def counted_verifies(*args):
            self.tried += 1
            return verifies(*args)

        monkeypatch.setattr(envelope, "_part", counted_part)
        monkeypatch.setattr(envelope, "_digest", counted_digest)
        monkeypatch.setattr(envelope, "_verifies", counted_verifies)


LONG = "A" * 1_000_000
HEAD, CLAIMS, MADE = BOOK.token().split(".")


@pytest.mark.parametrize(
    ("token", "decoded", "hashed", "tried"),
    [
        (LONG, 0, 0, 0),
        ("." * 1_000_000, 0, 0, 0),
        (f"{LONG}.{CLAIMS}.{MADE}", 0, 0, 0),
        (f"{part({'alg': 'none'})}.{LONG}.{MADE}", 1, 0, 0),
        (f"{HEAD}.{CLAIMS}.{LONG}", 1, 0, 0),
        (f"{HEAD}.{CLAIMS}.", 1, 0, 0),
        (f"{HEAD}.{LONG}.{MADE}", 2, 1, 2),
        (f"{HEAD}.{LONG}.{'A' * 342}", 2, 1, 2),
    ],
    ids=["one part", "dots", "header", "alg", "signature", "none", "claims", "zero"],
)
def test_a_strangers_token_is_hashed_once_and_its_claims_are_never_decoded(
    monkeypatch, token, decoded, hashed, tried
):
    work = Work(monkeypatch)
    reason(token)
    assert (len(work.decoded), len(work.hashed), work.tried) == (decoded, hashed, tried)
    assert sum(work.decoded) < 1_000


def test_the_same_bytes_are_hashed_as_pyjwt_hashes_them():
    """A second opinion that hashing first has not changed what is verified."""
    for token in (BOOK.token(), *(text for _, text in BOOK.signatures())):
        signed, _, made = token.rpartition(".")
        if len(made) != len(MADE):
            continue
        theirs = envelope._RS256.verify(signed.encode(), KEY.public_key(), envelope._part(made))
        digest = hashlib.sha256(signed.encode()).digest()
        assert envelope._verifies(KEY.public_key(), envelope._part(made), digest) is theirs
