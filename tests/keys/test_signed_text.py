"""A text that we signed is that text, by that key, and never a token."""

import base64

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from keys import envelope
from keys.envelope import BadToken, TrustedNode
from keys.rsa import fingerprint
from keys.signed_text import TextSigner, verify
from tests.support.world import rsa_key

KEY = rsa_key("server")
PUBLIC = KEY.public_key()
TEXT = b"countersign audit head v1\nseq: 7\n"


def test_a_signature_is_of_one_text_and_by_one_key():
    signer = TextSigner(KEY)
    signature = signer.sign(TEXT)
    assert signer.key == fingerprint(PUBLIC)
    assert verify(PUBLIC, TEXT, signature)
    assert not verify(PUBLIC, TEXT.replace(b"7", b"8"), signature)
    assert not verify(rsa_key("stranger").public_key(), TEXT, signature)


@pytest.mark.parametrize(
    "spoil", [lambda s: s[:-4], lambda s: s + "\n", lambda s: f" {s}", lambda _: "é"]
)
def test_a_signature_has_one_spelling(spoil):
    assert not verify(PUBLIC, TEXT, spoil(TextSigner(KEY).sign(TEXT)))


def test_what_a_token_is_signed_with_is_no_signature_of_a_text():
    raw = KEY.sign(TEXT, padding.PKCS1v15(), hashes.SHA256())
    assert not verify(PUBLIC, TEXT, base64.b64encode(raw).decode())


def test_a_token_is_no_text_and_a_text_no_token():
    token = envelope.sign(b"{}", KEY, expires_at_s=2_000_000_000)
    signed, _, signature = token.rpartition(".")
    with pytest.raises(ValueError, match="says whose it is"):
        TextSigner(KEY).sign(signed.encode())
    assert not verify(PUBLIC, signed.encode(), signature)
    node = TrustedNode("node-1", (PUBLIC,))
    head = TextSigner(KEY).sign(TEXT).rstrip("=").replace("+", "-").replace("/", "_")
    with pytest.raises(BadToken):
        envelope.verify(f"{TEXT.decode()}.{head}", [node], 0)
    with pytest.raises(BadToken, match="no trusted key"):
        envelope.verify(f"{signed}.{head}", [node], 1_999_999_990_000)


def test_bits_that_base64_leaves_unused_are_not_free():
    signature = TextSigner(KEY).sign(TEXT)
    assert signature.endswith("==")
    other = chr(ord(signature[-3]) + 1)
    assert base64.b64decode(f"{signature[:-3]}{other}==") == base64.b64decode(signature)
    assert not verify(PUBLIC, TEXT, f"{signature[:-3]}{other}==")
