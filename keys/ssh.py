"""OpenSSH keys of people: their public lines, wire form and fingerprints.

Ed25519, RSA of 2048 bits or more, ECDSA on the NIST curves, and security keys (`sk-`). No
certificates, no DSA.
"""

import base64
import hashlib
import re
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from keys.wire import Malformed, from_base64, string, strings, take

PlainKey: TypeAlias = ed25519.Ed25519PublicKey | rsa.RSAPublicKey | ec.EllipticCurvePublicKey
PrivateKey: TypeAlias = ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

LEAST_RSA_BITS: Final = 2048
MOST_RSA_BITS: Final = 16_384  # as OpenSSH
_PLAIN: Final = (
    "ssh-ed25519",
    "ssh-rsa",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
)
# Each kind of security key: the plain kind inside, and how many strings it is written in.
_INSIDE: Final = {
    "sk-ssh-ed25519@openssh.com": ("ssh-ed25519", 3),
    "sk-ecdsa-sha2-nistp256@openssh.com": ("ecdsa-sha2-nistp256", 4),
}
_KINDS: Final = (*_PLAIN, *_INSIDE)
# What `ssh-keygen -t ed25519-sk` makes: "ssh:", and what its owner adds with `-O application=`.
_APPLICATION: Final = re.compile(rb"ssh:[!-~]{0,124}")
_NOT_WHOLE: Final = "the OpenSSH public key is not whole: copy the line again"
_OTHER_KIND: Final = f"keys of this kind are not taken: use one of {', '.join(_KINDS)}"
_CERTIFICATE: Final = (
    "this is a certificate, and who may vote is not for its issuer to say: use the key itself"
)


class BadSshKey(Exception):  # noqa: N818 - it is the key that is bad, not the program
    """A public key line that cannot be used. The message is one plain sentence."""


@dataclass(frozen=True, slots=True)
class SecurityKey:
    """The key of a FIDO token. It signs for one application, and says who was there."""

    key: ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey
    application: bytes


PublicKey: TypeAlias = PlainKey | SecurityKey


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
    _refuse_certificate(words[0] if words else "")
    if len(words) < 2 or words[0] not in _KINDS:  # noqa: PLR2004 - kind and key
        raise BadSshKey(f"expected an OpenSSH public key: {', '.join(_KINDS)}, then base64")
    try:
        blob = from_base64(words[1])
    except Malformed:
        raise BadSshKey(_NOT_WHOLE) from None
    key = parse_blob(blob)
    if key.kind != words[0]:
        raise BadSshKey(_NOT_WHOLE)
    return key


def parse_blob(blob: bytes) -> SshPublicKey:
    """Read a public key in the wire format of RFC 4253, canonical and without surplus bytes.

    Raises:
        BadSshKey: it is none, or of a kind that we do not take.
    """
    try:
        name, _ = take(blob)
    except Malformed:
        raise BadSshKey(_NOT_WHOLE) from None
    kind = name.decode("ascii", "replace")
    _refuse_certificate(kind)
    if kind in _INSIDE:
        return SshPublicKey(kind, blob, _security_key(kind, blob))
    if kind in _PLAIN:
        return SshPublicKey(kind, blob, _plain_key(kind, blob))
    raise BadSshKey(_OTHER_KIND)


def public_key(key: PrivateKey) -> SshPublicKey:
    """The public half.

    Raises:
        BadSshKey: the key is of a kind or size that is not taken.
    """
    return parse_blob(_wire(key.public_key()))


def fingerprint(key: SshPublicKey) -> str:
    """`SHA256:…`, as `ssh-keygen -l` prints it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key.blob).digest()).rstrip(b"=").decode()


def generate_private_key() -> PrivateKey:
    """A new Ed25519 key."""
    return ed25519.Ed25519PrivateKey.generate()


def _refuse_certificate(kind: str) -> None:
    if "-cert-v0" in kind:
        raise BadSshKey(_CERTIFICATE)


def _plain_key(kind: str, blob: bytes) -> PlainKey:
    try:
        key = serialization.load_ssh_public_key(f"{kind} ".encode() + base64.b64encode(blob))
    except (ValueError, UnsupportedAlgorithm, NotImplementedError):  # the last: a compressed point
        raise BadSshKey(_NOT_WHOLE) from None
    if not isinstance(key, PlainKey):
        raise BadSshKey(_OTHER_KIND)
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < LEAST_RSA_BITS:
        raise BadSshKey(f"the RSA key has {key.key_size} bits: use at least {LEAST_RSA_BITS}")
    if isinstance(key, rsa.RSAPublicKey) and key.key_size > MOST_RSA_BITS:
        raise BadSshKey(f"the RSA key has {key.key_size} bits: use at most {MOST_RSA_BITS}")
    if _wire(key) != blob:
        raise BadSshKey("the OpenSSH public key is not in its one canonical form")
    return key


def _security_key(kind: str, blob: bytes) -> SecurityKey:
    """OpenSSH's PROTOCOL.u2f: the parts of the plain key, then the application."""
    inside, count = _INSIDE[kind]
    try:
        _, *parts, application = strings(blob, count)
    except Malformed:
        raise BadSshKey(_NOT_WHOLE) from None
    key = _plain_key(inside, b"".join(string(part) for part in (inside.encode(), *parts)))
    if isinstance(key, rsa.RSAPublicKey) or not _APPLICATION.fullmatch(application):
        raise BadSshKey("security keys are taken that were made for SSH: for the application ssh:")
    return SecurityKey(key, application)


def _wire(key: PlainKey) -> bytes:
    line = key.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return base64.b64decode(line.split(b" ")[1])
