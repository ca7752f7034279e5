"""How each kind of SSH key signs: the signature blobs of RFC 4253, section 6.6, and its heirs.

Ed25519 is RFC 8709, RSA RFC 8332 (SHA-2 only), ECDSA RFC 5656, security keys OpenSSH's
PROTOCOL.u2f.
"""

import hashlib
from typing import Final, assert_never

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from keys.ssh import PlainKey, PrivateKey, SecurityKey, SshPublicKey, public_key
from keys.wire import Malformed, mpint, string, strings, take

_RSA_HASHES: Final[dict[bytes, hashes.HashAlgorithm]] = {
    b"rsa-sha2-512": hashes.SHA512(),
    b"rsa-sha2-256": hashes.SHA256(),
}
_USER_PRESENT: Final = 0x01
_TRAILER: Final = 5  # a byte of flags and the counter


def sign(private: PrivateKey, data: bytes) -> bytes:
    """The signature blob over `data`.

    Raises:
        BadSshKey: the key is of a kind or size that is not taken.
    """
    kind = public_key(private).kind.encode()
    match private:
        case ed25519.Ed25519PrivateKey():
            return string(kind) + string(private.sign(data))
        case rsa.RSAPrivateKey():
            made = private.sign(data, padding.PKCS1v15(), hashes.SHA512())
            return string(b"rsa-sha2-512") + string(made)
        case ec.EllipticCurvePrivateKey():
            made = private.sign(data, ec.ECDSA(_curve_hash(private.curve)))
            r, s = decode_dss_signature(made)
            return string(kind) + string(mpint(r) + mpint(s))
        case _:
            assert_never(private)


def verify(public: SshPublicKey, blob: bytes, data: bytes) -> bool:
    """Whether the signature blob is this key's over `data`. Never raises."""
    try:
        match public.key:
            case SecurityKey() as token:
                _check_token(public.kind, token, blob, data)
            case _ as key:
                scheme, raw = strings(blob, 2)
                _check(public.kind, key, scheme, raw, data)
    except (InvalidSignature, Malformed):
        return False
    return True


def _check(kind: str, key: PlainKey, scheme: bytes, raw: bytes, data: bytes) -> None:
    """Raise InvalidSignature or Malformed unless `raw` is good."""
    match key:
        case rsa.RSAPublicKey():
            if scheme not in _RSA_HASHES:  # SHA-1 is not among them
                raise Malformed
            key.verify(raw, data, padding.PKCS1v15(), _RSA_HASHES[scheme])
            return
        case ed25519.Ed25519PublicKey() | ec.EllipticCurvePublicKey():
            if scheme != kind.encode():
                raise Malformed
            _check_curve(key, raw, data)
        case _:
            assert_never(key)


def _check_curve(
    key: ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey, raw: bytes, data: bytes
) -> None:
    match key:
        case ed25519.Ed25519PublicKey():
            key.verify(raw, data)
        case ec.EllipticCurvePublicKey():
            key.verify(_der(raw), data, ec.ECDSA(_curve_hash(key.curve)))
        case _:
            assert_never(key)


def _check_token(kind: str, token: SecurityKey, blob: bytes, data: bytes) -> None:
    """A token signs hashes, what it saw of its user, and its counter.

    Somebody must have touched it. Other flags are its own to say (a PIN was entered): they are
    signed, and change nothing. The counter is for whoever keeps the last one; we compare none.
    """
    scheme, rest = take(blob)
    raw, trailer = take(rest)
    if scheme != kind.encode() or len(trailer) != _TRAILER or not trailer[0] & _USER_PRESENT:
        raise Malformed
    application = hashlib.sha256(token.application).digest()
    _check_curve(token.key, raw, application + trailer + hashlib.sha256(data).digest())


def _curve_hash(curve: ec.EllipticCurve) -> hashes.HashAlgorithm:
    """The hash that RFC 5656 ties to each curve."""
    by_name: dict[str, hashes.HashAlgorithm] = {
        "secp256r1": hashes.SHA256(),
        "secp384r1": hashes.SHA384(),
        "secp521r1": hashes.SHA512(),
    }
    return by_name[curve.name]


def _der(raw: bytes) -> bytes:
    r, s = (int.from_bytes(part, "big") for part in strings(raw, 2))
    if mpint(r) + mpint(s) != raw:  # a negative one, or one with needless zeros
        raise Malformed
    return encode_dss_signature(r, s)
