"""OpenSSH private key files: which key one holds, opening it, writing a new one."""

import base64
import binascii
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

from keys import files
from keys.errors import KeyFileError
from keys.ssh import (
    BadSshKey,
    PrivateKey,
    SecurityKey,
    SshPublicKey,
    parse_blob,
    parse_public_key,
    public_key,
)
from keys.wire import Malformed, take

_MAGIC: Final = b"openssh-key-v1\0"
_ARMOR: Final = re.compile(
    rb"\s*-----BEGIN OPENSSH PRIVATE KEY-----\s([A-Za-z0-9+/=\s]+)"
    rb"-----END OPENSSH PRIVATE KEY-----\s*"
)
_OLDER: Final = re.compile(rb"\s*-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----\s")
# What `cryptography` decrypts; `ssh-keygen -Z` knows more.
_CIPHERS: Final = (b"none", b"aes256-ctr", b"aes256-cbc", b"aes256-gcm@openssh.com")


class PassphraseNeeded(KeyFileError):  # noqa: N818 - it asks for one
    """The private key is encrypted, and no passphrase or a wrong one was given."""


@dataclass(frozen=True, slots=True)
class PrivateFile:
    """A private key file of a person, not opened yet.

    `public` is the key it says it holds. `foreign`: only OpenSSH itself can sign with it.
    """

    public: SshPublicKey
    foreign: bool


def read_public_key(path: Path) -> SshPublicKey:
    """Read a `.pub` file.

    Raises:
        KeyFileError: it holds no public key that we take.
    """
    text = files.read(path, private=False).decode("ascii", "replace").strip()
    if "PRIVATE KEY" in text:
        raise KeyFileError(f"{path} holds a private key: name its .pub file")
    if "\n" in text:
        raise KeyFileError(f"{path} holds several lines: name a file with one public key")
    try:
        return parse_public_key(text)
    except BadSshKey as error:
        raise KeyFileError(f"{path}: {error}") from None


def look_into(path: Path) -> PrivateFile:
    """Which key a private key file holds, without its passphrase; only its owner can read it.

    Raises:
        KeyFileError: it holds no private key that we take.
    """
    content = files.read(path, private=True)
    if _OLDER.match(content) and b"BEGIN OPENSSH PRIVATE KEY" not in content:
        return PrivateFile(_beside(path), foreign=True)
    try:
        cipher, blob = _header(content)
        public = parse_blob(blob)
    except Malformed:
        raise KeyFileError(f"{path} is no whole OpenSSH private key: copy it again") from None
    except BadSshKey as error:
        raise KeyFileError(f"{path}: {error}") from None
    foreign = isinstance(public.key, SecurityKey) or cipher not in _CIPHERS
    return PrivateFile(public, foreign)


def load_private_key(path: Path, passphrase: str | None = None) -> PrivateKey:
    """Read an OpenSSH private key file that only its owner can read.

    Raises:
        PassphraseNeeded: it is encrypted, and the passphrase is missing or wrong.
        KeyFileError: it holds no key that we take.
    """
    content = files.read(path, private=True)
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


def _beside(path: Path) -> SshPublicKey:
    """The older formats do not say which key they hold; ssh-keygen too reads it beside them."""
    public = path.with_name(f"{path.name}.pub")
    if not public.exists():
        raise KeyFileError(
            f"{path} is of an older format, and {public.name} is not beside it:"
            f" convert it with `ssh-keygen -p -f {path}`"
        )
    return read_public_key(public)


def _header(content: bytes) -> tuple[bytes, bytes]:
    """The cipher and the public key, as OpenSSH's PROTOCOL.key puts them before the secret."""
    match = _ARMOR.fullmatch(content)
    try:
        inner = base64.b64decode(match[1]) if match else b""
    except binascii.Error:
        raise Malformed from None
    if not inner.startswith(_MAGIC):
        raise Malformed
    cipher, rest = take(inner[len(_MAGIC) :])
    _kdf, rest = take(rest)
    _options, rest = take(rest)
    if rest[:4] != (1).to_bytes(4, "big"):
        raise Malformed
    blob, _ = take(rest[4:])
    return cipher, blob
