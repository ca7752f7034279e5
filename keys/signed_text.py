"""Texts of ours, signed with the gateway's RSA key.

The same key signs the tokens that answer a node. A text can never be taken for a token, nor a
token for a text: texts begin with "countersign " and a token's signed part has no space in it
(RFC 7515, section 5.1); and they are signed with RSASSA-PSS, tokens with RSASSA-PKCS1-v1_5.
"""

import base64
import binascii
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from keys.rsa import fingerprint

_BEGINS: Final = b"countersign "
_HASH: Final = hashes.SHA256()
_PSS: Final = padding.PSS(mgf=padding.MGF1(_HASH), salt_length=_HASH.digest_size)


class TextSigner:
    """Signs texts with one private key: SHA-256, MGF1 with SHA-256, a salt of 32 bytes."""

    __slots__ = ("_private", "key")

    def __init__(self, private: RSAPrivateKey) -> None:
        """`key` is the fingerprint of the public half."""
        self._private = private
        self.key = fingerprint(private.public_key())

    def sign(self, text: bytes) -> str:
        """The signature in base64. A millisecond for 2048 bits, six for 4096: not on a loop."""
        if not text.startswith(_BEGINS):
            msg = "a text that is signed says whose it is"
            raise ValueError(msg)
        return base64.b64encode(self._private.sign(text, _PSS, _HASH)).decode()


def verify(public: RSAPublicKey, text: bytes, signature: str) -> bool:
    """Whether this key signed exactly this text. Never raises."""
    try:
        raw = base64.b64decode(signature, validate=True)
        if not text.startswith(_BEGINS) or base64.b64encode(raw) != signature.encode():
            return False
        public.verify(raw, text, _PSS, _HASH)
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True
