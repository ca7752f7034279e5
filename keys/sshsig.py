"""SSHSIG: signatures as `ssh-keygen -Y sign` makes them and `ssh-keygen -Y verify` reads them.

The format is OpenSSH's PROTOCOL.sshsig: what is signed binds a namespace, so that a signature
made for one purpose is none for another.
"""

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import Final

from keys import schemes
from keys.ssh import BadSshKey, PrivateKey, SshPublicKey, parse_blob, public_key
from keys.wire import Malformed, from_base64, string, strings

_MAGIC: Final = b"SSHSIG"
_VERSION: Final = 1
_HASH: Final = "sha512"
_HASHES: Final = frozenset({"sha256", "sha512"})
MOST_CHARS: Final = 16_384
_LINE: Final = 70
_ARMOR: Final = re.compile(
    r"-----BEGIN SSH SIGNATURE-----\n((?:[A-Za-z0-9+/=]{1,76}\n)+)-----END SSH SIGNATURE-----\n?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class _Signature:
    key: SshPublicKey
    namespace: str
    hash_name: str
    blob: bytes


def sign(private: PrivateKey, namespace: str, message: bytes) -> str:
    """Sign a message for one purpose; the armored signature.

    Raises:
        BadSshKey: the key is of a kind or size that is not taken.
    """
    blob = schemes.sign(private, signed_data(namespace, message))
    return armor(public_key(private), namespace, blob)


def verify(public: SshPublicKey, namespace: str, message: bytes, armored: str) -> bool:
    """Whether this key signed exactly this message for exactly this purpose. Never raises."""
    try:
        signature = _parse(armored)
    except Malformed:
        return False
    if signature.key != public or signature.namespace != namespace:
        return False
    data = signed_data(namespace, message, signature.hash_name)
    return schemes.verify(public, signature.blob, data)


def key_of(armored: str) -> SshPublicKey | None:
    """The key that a signature says it is by: to look up its owner; proves nothing."""
    try:
        return _parse(armored).key
    except Malformed:
        return None


def signed_data(namespace: str, message: bytes, hash_name: str = _HASH) -> bytes:
    """What the key itself signs."""
    digest = hashlib.new(hash_name, message).digest()
    return (
        _MAGIC
        + string(namespace.encode())
        + string(b"")
        + string(hash_name.encode())
        + string(digest)
    )


def armor(public: SshPublicKey, namespace: str, blob: bytes) -> str:
    """A key's signature blob over `signed_data`, as it is written down."""
    content = (
        _MAGIC
        + _VERSION.to_bytes(4, "big")
        + string(public.blob)
        + string(namespace.encode())
        + string(b"")
        + string(_HASH.encode())
        + string(blob)
    )
    text = base64.b64encode(content).decode()
    lines = [text[start : start + _LINE] for start in range(0, len(text), _LINE)]
    return "\n".join(["-----BEGIN SSH SIGNATURE-----", *lines, "-----END SSH SIGNATURE-----", ""])


def _parse(armored: str) -> _Signature:
    match = _ARMOR.fullmatch(armored) if len(armored) <= MOST_CHARS else None
    if not match:
        raise Malformed
    content = from_base64(match[1].replace("\n", ""))
    head = _MAGIC + _VERSION.to_bytes(4, "big")
    if not content.startswith(head):
        raise Malformed
    key, namespace, _reserved, hash_name, blob = strings(content[len(head) :], 5)
    try:
        parsed = _Signature(parse_blob(key), namespace.decode(), hash_name.decode(), blob)
    except (BadSshKey, UnicodeDecodeError):
        raise Malformed from None
    if parsed.hash_name not in _HASHES:
        raise Malformed
    return parsed
