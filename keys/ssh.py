"""OpenSSH keys of people: public key lines, private key files, fingerprints.

Ed25519, RSA of 2048 bits or more, and ECDSA on the NIST curves. No certificates, no DSA.
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from keys import files
from keys.errors import KeyFileError

PublicKey: TypeAlias = ed25519.Ed25519PublicKey | rsa.RSAPublicKey | ec.EllipticCurvePublicKey
PrivateKey: TypeAlias = ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

LEAST_RSA_BITS: Final = 2048
_KINDS: Final = (
    "ssh-ed25519",
    "ssh-rsa",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
)
_CONVERT: Final = "ssh-keygen -p -f"


class BadSshKey(Exception):  # noqa: N818 - it is the key that is bad, not the program
    """A public key line that cannot be used. The message is one plain sentence."""


class PassphraseNeeded(KeyFileError):  # noqa: N818 - it asks for one
    """The private key is encrypted, and no passphrase or a wrong one was given."""


@dataclass(frozen=True, slots=True)
class SshPublicKey:
    """A person's key. Equality is by `blob`, the key itself; the comment says nothing."""

    kind: str
    blob: bytes
    key: PublicKey = field(compare=False, repr=False)

    @property
    def line(self) -> str:
        """The key as one line without a comment: `ssh-ed25519 AAAA…`."""
        return f"{self.kind} {base64.b64encode(self.blob).decode()}"


def parse_public_key(line: str) -> SshPublicKey:
    """Read `kind base64 [comment]`, as in an OpenSSH `.pub` file; no options before it.

    Raises:
        BadSshKey: it is no such line.
    """
    words = line.split(maxsplit=2)
    if len(words) < 2 or words[0] not in _KINDS:  # noqa: PLR2004 - kind and key
        raise BadSshKey(f"expected an OpenSSH public key: {', '.join(_KINDS)}, then base64")
    try:
        blob = base64.b64decode(words[1], validate=True)
    except (binascii.Error, ValueError):
        raise BadSshKey("the OpenSSH public key is not whole: copy the line again") from None
    key = parse_blob(blob)
    if key.kind != words[0] or key.line.split(" ")[1] != words[1]:
        raise BadSshKey("the OpenSSH public key is not whole: copy the line again")
    return key


def parse_blob(blob: bytes) -> SshPublicKey:
    """Read a public key in the wire format of RFC 4253, canonical and without surplus bytes.

    Raises:
        BadSshKey: it is none, or of a kind that we do not take.
    """
    size = int.from_bytes(blob[:4], "big")
    kind = blob[4 : 4 + size].decode("ascii", "replace")
    if kind not in _KINDS:
        raise BadSshKey(f"keys of this kind are not taken: use one of {', '.join(_KINDS)}")
    try:
        key = serialization.load_ssh_public_key(
            f"{kind} ".encode() + base64.b64encode(blob),
        )
    except (ValueError, UnsupportedAlgorithm):
        raise BadSshKey("the OpenSSH public key is not whole: copy the line again") from None
    if not isinstance(key, PublicKey):
        raise BadSshKey(f"keys of this kind are not taken: use one of {', '.join(_KINDS)}")
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < LEAST_RSA_BITS:
        raise BadSshKey(f"the RSA key has {key.key_size} bits: use at least {LEAST_RSA_BITS}")
    if _wire(key) != blob:
        raise BadSshKey("the OpenSSH public key is not in its one canonical form")
    return SshPublicKey(kind, blob, key)


def public_key(key: PrivateKey) -> SshPublicKey:
    """The public half."""
    return parse_blob(_wire(key.public_key()))


def fingerprint(key: SshPublicKey) -> str:
    """`SHA256:…`, as `ssh-keygen -l` prints it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key.blob).digest()).rstrip(b"=").decode()


def load_private_key(path: Path, passphrase: str | None = None) -> PrivateKey:
    """Read an OpenSSH private key file that only its owner can read.

    Raises:
        PassphraseNeeded: it is encrypted, and the passphrase is missing or wrong.
        KeyFileError: it holds no key that we take.
    """
    content = files.read(path, private=True)
    if b"BEGIN OPENSSH PRIVATE KEY" not in content:
        raise KeyFileError(
            f"{path} is no OpenSSH private key: an older format is converted by `{_CONVERT} {path}`"
        )
    try:
        key = serialization.load_ssh_private_key(
            content, passphrase.encode() if passphrase else None
        )
    except TypeError:
        if passphrase:  # and the key has none
            return load_private_key(path)
        raise PassphraseNeeded(f"{path} is encrypted: its passphrase is needed") from None
    except (ValueError, UnsupportedAlgorithm):
        if passphrase:
            raise PassphraseNeeded(f"{path} does not open with this passphrase") from None
        raise KeyFileError(f"{path} is no whole OpenSSH private key: copy it again") from None
    if not isinstance(key, PrivateKey):
        raise KeyFileError(f"{path} is of a kind that is not taken: use an Ed25519 key")
    try:
        public_key(key)
    except BadSshKey as error:
        raise KeyFileError(f"{path}: {error}") from None
    return key


def generate_private_key() -> PrivateKey:
    """A new Ed25519 key."""
    return ed25519.Ed25519PrivateKey.generate()


def write_private_key(path: Path, key: PrivateKey) -> None:
    """Write an unencrypted OpenSSH key into a new file that only its owner can read.

    Raises:
        KeyFileError: the file exists, or cannot be written.
    """
    content = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.OpenSSH,
        serialization.NoEncryption(),
    )
    files.write_new(path, content, mode=0o600)


def _wire(key: PublicKey) -> bytes:
    line = key.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return base64.b64decode(line.split(b" ")[1])
