"""RSA key pairs in PEM: PKCS#1, PKCS#8 and SPKI, parsed once into key objects."""

import base64
import hashlib
import secrets
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from keys import files
from keys.errors import KeyFileError

__all__ = [
    "KeyFileError",
    "fingerprint",
    "generate_private_key",
    "is_pair",
    "load_private_key",
    "load_public_key",
    "public_pem",
    "write_private_key",
]

LEAST_BITS: Final = 2048
LEAST_EXPONENT: Final = 65_537
"""FIPS 186-5, A.1.1; with 3, sloppy verifiers elsewhere take signatures that nobody made."""


def load_public_key(path: Path) -> rsa.RSAPublicKey:
    """Read an RSA public key (PEM, SPKI or PKCS#1, 2048 bits or more, no small exponent).

    Raises:
        KeyFileError: the file holds no such key.
    """
    content = files.read(path, private=False)
    if b"PRIVATE KEY" in content:
        raise KeyFileError(f"{path} holds a private key: name the file of its public key")
    try:
        key = serialization.load_pem_public_key(content)
    except (ValueError, UnsupportedAlgorithm):
        raise KeyFileError(f"{path} is no PEM public key: put an RSA public key there") from None
    if not isinstance(key, rsa.RSAPublicKey):
        raise KeyFileError(f"{path} is no RSA key: put an RSA public key there")
    _check_size(path, key.key_size)
    _check_exponent(path, key.public_numbers().e)
    return key


def load_private_key(path: Path) -> rsa.RSAPrivateKey:
    """Read an RSA private key (PEM, PKCS#1 or PKCS#8, unencrypted, 2048 bits or more).

    Raises:
        KeyFileError: the file holds no such key, or others than its owner can read it.
    """
    content = files.read(path, private=True)
    try:
        key = serialization.load_pem_private_key(content, password=None)
    except TypeError:
        raise KeyFileError(f"{path} is encrypted: store it unencrypted, mode 600") from None
    except (ValueError, UnsupportedAlgorithm):
        raise KeyFileError(f"{path} is no PEM private key: put an RSA private key there") from None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise KeyFileError(f"{path} is no RSA key: put an RSA private key there")
    _check_size(path, key.key_size)
    _check_exponent(path, key.private_numbers().public_numbers.e)
    return key


def generate_private_key(bits: int = 4096) -> rsa.RSAPrivateKey:
    """Make a new key pair; 4096 bits take a second or two."""
    return rsa.generate_private_key(public_exponent=65_537, key_size=bits)


def write_private_key(path: Path, key: rsa.RSAPrivateKey) -> None:
    """Write PKCS#8 PEM into a new file that only its owner can read.

    Raises:
        KeyFileError: the file exists, or cannot be written.
    """
    content = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    files.write_new(path, content, mode=0o600)


def public_pem(key: rsa.RSAPublicKey) -> bytes:
    """The public key as SPKI PEM: what a TSS Node's `pubkey_path` reads."""
    return key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def is_pair(private: rsa.RSAPrivateKey, public: rsa.RSAPublicKey) -> bool:
    """Whether what one signs as answers are signed (RS256), the other one verifies; it is tried."""
    text = secrets.token_bytes(32)
    try:
        public.verify(private.sign(text, PKCS1v15(), SHA256()), text, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def fingerprint(key: rsa.RSAPublicKey) -> str:
    """`SHA256:` and the unpadded base64 of SHA-256 over the DER form of the SPKI."""
    der = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return "SHA256:" + base64.b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode()


def _check_size(path: Path, bits: int) -> None:
    if bits < LEAST_BITS:
        raise KeyFileError(f"{path} has {bits} bits: make a key of at least {LEAST_BITS}")


def _check_exponent(path: Path, exponent: int) -> None:
    if exponent < LEAST_EXPONENT:
        raise KeyFileError(f"{path} has the exponent {exponent}: make a key with {LEAST_EXPONENT}")
