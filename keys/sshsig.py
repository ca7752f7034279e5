"""SSHSIG: signatures as `ssh-keygen -Y sign` makes them and `ssh-keygen -Y verify` reads them.

The format is OpenSSH's PROTOCOL.sshsig: what is signed binds a namespace, so that a signature
made for one purpose is none for another.
"""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import Final, assert_never

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from keys.ssh import BadSshKey, PrivateKey, SshPublicKey, parse_blob, public_key

_MAGIC: Final = b"SSHSIG"
_VERSION: Final = 1
_HASH: Final = "sha512"
_MOST_CHARS: Final = 16_384
_LINE: Final = 70
_ARMOR: Final = re.compile(
    r"-----BEGIN SSH SIGNATURE-----\n((?:[A-Za-z0-9+/=]{1,76}\n)+)-----END SSH SIGNATURE-----\n?",
    re.ASCII,
)


class _Malformed(Exception):  # noqa: N818 - only raised and caught in here
    """The signature cannot be read."""


@dataclass(frozen=True, slots=True)
class _Signature:
    key: SshPublicKey
    namespace: str
    hash_name: str
    scheme: str
    blob: bytes


def sign(private: PrivateKey, namespace: str, message: bytes) -> str:
    """Sign a message for one purpose; the armored signature.

    Raises:
        BadSshKey: the key is of a kind or size that is not taken.
    """
    public = public_key(private)
    scheme, blob = _raw_signature(private, public, _signed(namespace, _HASH, message))
    content = (
        _MAGIC
        + _VERSION.to_bytes(4, "big")
        + _string(public.blob)
        + _string(namespace.encode())
        + _string(b"")
        + _string(_HASH.encode())
        + _string(_string(scheme.encode()) + _string(blob))
    )
    text = base64.b64encode(content).decode()
    lines = [text[start : start + _LINE] for start in range(0, len(text), _LINE)]
    return "\n".join(["-----BEGIN SSH SIGNATURE-----", *lines, "-----END SSH SIGNATURE-----", ""])


def verify(public: SshPublicKey, namespace: str, message: bytes, armored: str) -> bool:
    """Whether this key signed exactly this message for exactly this purpose. Never raises."""
    try:
        signature = _parse(armored)
    except _Malformed:
        return False
    if signature.key != public or signature.namespace != namespace:
        return False
    return _verifies(signature, _signed(namespace, signature.hash_name, message))


def key_of(armored: str) -> SshPublicKey | None:
    """The key that a signature says it is by: to look up its owner; proves nothing."""
    try:
        return _parse(armored).key
    except _Malformed:
        return None


def _signed(namespace: str, hash_name: str, message: bytes) -> bytes:
    digest = hashlib.new(hash_name, message).digest()
    return (
        _MAGIC
        + _string(namespace.encode())
        + _string(b"")
        + _string(hash_name.encode())
        + _string(digest)
    )


def _raw_signature(private: PrivateKey, public: SshPublicKey, data: bytes) -> tuple[str, bytes]:
    match private:
        case ed25519.Ed25519PrivateKey():
            return public.kind, private.sign(data)
        case rsa.RSAPrivateKey():
            return "rsa-sha2-512", private.sign(data, padding.PKCS1v15(), hashes.SHA512())
        case ec.EllipticCurvePrivateKey():
            r, s = decode_dss_signature(private.sign(data, ec.ECDSA(_curve_hash(public))))
            return public.kind, _mpint(r) + _mpint(s)
        case _:
            assert_never(private)


def _verifies(signature: _Signature, data: bytes) -> bool:
    key, blob = signature.key.key, signature.blob
    try:
        match key:
            case ed25519.Ed25519PublicKey():
                key.verify(blob, data)
            case rsa.RSAPublicKey():
                key.verify(blob, data, padding.PKCS1v15(), hashes.SHA512())
            case ec.EllipticCurvePublicKey():
                der = _ecdsa_der(blob)
                key.verify(der, data, ec.ECDSA(_curve_hash(signature.key)))
            case _:
                assert_never(key)
    except (InvalidSignature, _Malformed):
        return False
    return True


def _curve_hash(public: SshPublicKey) -> hashes.HashAlgorithm:
    """The hash that RFC 5656 ties to each curve."""
    by_kind: dict[str, hashes.HashAlgorithm] = {
        "ecdsa-sha2-nistp256": hashes.SHA256(),
        "ecdsa-sha2-nistp384": hashes.SHA384(),
        "ecdsa-sha2-nistp521": hashes.SHA512(),
    }
    return by_kind[public.kind]


def _parse(armored: str) -> _Signature:
    match = _ARMOR.fullmatch(armored) if len(armored) <= _MOST_CHARS else None
    if not match:
        raise _Malformed
    text = match[1].replace("\n", "")
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise _Malformed from None
    head = _MAGIC + _VERSION.to_bytes(4, "big")
    if not content.startswith(head) or base64.b64encode(content).decode() != text:
        raise _Malformed
    blob, namespace, _reserved, hash_name, signature = _strings(content[len(head) :], 5)
    scheme, raw = _strings(signature, 2)
    try:
        key = parse_blob(blob)
        parsed = _Signature(key, namespace.decode(), hash_name.decode(), scheme.decode(), raw)
    except (BadSshKey, UnicodeDecodeError):
        raise _Malformed from None
    wanted = "rsa-sha2-512" if key.kind == "ssh-rsa" else key.kind
    if parsed.hash_name not in {"sha256", "sha512"} or parsed.scheme != wanted:
        raise _Malformed
    return parsed


def _string(content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + content


def _mpint(number: int) -> bytes:
    """RFC 4251: big-endian, a zero byte before a set top bit."""
    return _string(number.to_bytes(number.bit_length() // 8 + 1, "big"))


def _strings(content: bytes, count: int) -> list[bytes]:
    """Exactly `count` length-prefixed strings and nothing after them."""
    found: list[bytes] = []
    for _ in range(count):
        size = int.from_bytes(content[:4], "big")
        if len(content) < 4 + size:
            raise _Malformed
        found.append(content[4 : 4 + size])
        content = content[4 + size :]
    if content:
        raise _Malformed
    return found


def _ecdsa_der(blob: bytes) -> bytes:
    r, s = (int.from_bytes(part, "big") for part in _strings(blob, 2))
    if _mpint(r) + _mpint(s) != blob:
        raise _Malformed
    return encode_dss_signature(r, s)
