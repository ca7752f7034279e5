"""TSS_JWT_MSG: a compact JWS around `package_data`, RS256 and nothing else.

`verify` takes these steps, and the code carries their numbers:

1. The token is three non-empty parts; each, when its turn comes, is canonical, unpadded, url-safe
   base64. The header is at most 8 KiB long, the signature as long as a trusted key makes them.
2. The header is a JSON object without duplicate keys: `alg` is exactly RS256, `typ` is absent or
   JWT, and there is no extension that would change what is signed (`crit`, `b64`). Hints where
   to find a key (`jwk`, `jku`, `kid`, `x5u` and so on) are never looked at.
3. The signature is by a key of one of the trusted nodes; that key says which node asks.
4. The claims are a JSON object without duplicate keys.
5. `exp` is there, a whole number, past by no more than the leeway, and at most an hour ahead;
   `nbf`, if there, is a whole number and not in the future.

Nothing of the claims is read, or even decoded, before step 3: to a stranger's token of any length
we hash its bytes once, and no more. Other claims (`iss`, `aud`, `iat`) say nothing: what a node
sends in them is not documented.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from jwt.algorithms import RSAAlgorithm

LEEWAY_S: Final = 30
MOST_AHEAD_S: Final = 3_600
_RS256: Final = RSAAlgorithm(RSAAlgorithm.SHA256)
_HEADER: Final = b'{"alg":"RS256","typ":"JWT"}'
_DIGEST: Final = Prehashed(SHA256())
_WHITE: Final = " \t\r\n"
_DOTS: Final = 2
_LONGEST_HEADER: Final = 8_192
"""Characters; a node's has 36. Room for key hints, which some signers add."""

_MOST_BRACKETS: Final = 32
"""In a header or in claims, whose one long part, package_data, is base64 and has none."""


class BadToken(Exception):  # noqa: N818 - it is the token that is bad, not the program
    """A token that does not verify. `reason` is a short word for the log, never the token."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class BadPackage(Exception):  # noqa: N818 - it is the package that is bad, not the program
    """`package_data` is not padded standard base64."""


@dataclass(frozen=True, slots=True)
class TrustedNode:
    """A node and the keys its tokens may be signed with; several while it rotates them."""

    name: str
    keys: tuple[RSAPublicKey, ...]


@dataclass(frozen=True, slots=True)
class Verified:
    """A token that verified. `package` is None where the claim is absent or no string.

    `token` names the JWT in records and logs: the first 16 hex digits of its SHA-256.
    """

    node: str
    package: str | None
    token: str


def verify(token: str, nodes: Sequence[TrustedNode], now_ms: int) -> Verified:
    """Verify a TSS_JWT_MSG; white space around it is what templates leave there.

    Raises:
        BadToken: with the first reason found.
    """
    token = token.strip(_WHITE)
    if token.count(".") != _DOTS:  # 1
        raise BadToken("not three parts")
    header, claims, signature = token.split(".")
    if len(header) > _LONGEST_HEADER:
        raise BadToken("bad header")
    _check_header(_json_object(_part(header), "header"))  # 2
    node = _signer(token[: token.rindex(".")], signature, nodes)  # 3
    payload = _json_object(_part(claims), "claims")  # 4
    _check_times(payload, now_ms)  # 5
    package = payload.get("package_data")
    return Verified(
        node=node,
        package=package if type(package) is str else None,
        token=hashlib.sha256(token.encode()).hexdigest()[:16],
    )


def sign(package: bytes, key: RSAPrivateKey, *, expires_at_s: int) -> str:
    """Wrap a package; no `iat` and no `nbf`, which a slow clock at the other end would refuse.

    Costs a millisecond for 2048 bits and six for 4096: call it in a thread.
    """
    claims = {"package_data": base64.b64encode(package).decode(), "exp": expires_at_s}
    body = json.dumps(claims, separators=(",", ":")).encode()
    signed = _encode(_HEADER) + b"." + _encode(body)
    return (signed + b"." + _encode(_RS256.sign(signed, key))).decode()


def unpack(package: str) -> bytes:
    """The bytes in `package_data`: canonical, padded, standard base64.

    Raises:
        BadPackage: anything else.
    """
    try:
        content = base64.b64decode(package, validate=True)
    except (binascii.Error, ValueError):
        raise BadPackage from None
    if base64.b64encode(content) != package.encode():
        raise BadPackage
    return content


def _encode(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")


def _part(text: str) -> bytes:
    """Decode, and ask that encoding gives the same text again: no junk, no second spelling."""
    try:
        content = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raise BadToken("bad base64") from None
    if not content or _encode(content) != text.encode():
        raise BadToken("bad base64")
    return content


def _json_object(content: bytes, what: str) -> dict[str, Any]:
    if content.count(b"{") + content.count(b"[") > _MOST_BRACKETS:
        raise BadToken(f"bad {what}")  # the decoder recurses into them, at worst off its stack
    try:
        value = json.loads(content.decode(), object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise BadToken(f"bad {what}") from None
    if type(value) is not dict:
        raise BadToken(f"bad {what}")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("duplicate key")
    return value


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _check_header(header: dict[str, Any]) -> None:
    if header.get("alg") != "RS256":
        raise BadToken("not RS256")
    typ = header.get("typ", "JWT")
    if type(typ) is not str or typ.upper() != "JWT":
        raise BadToken("bad typ")
    if "crit" in header or "b64" in header:
        raise BadToken("extended header")


def _signer(signed: str, signature: str, nodes: Sequence[TrustedNode]) -> str:
    """Step 3. RFC 8017, 8.2.2: a signature is as long as its modulus, whoever may have made it."""
    lengths = {(key.key_size + 7) // 8 for node in nodes for key in node.keys}
    if len(signature) not in {(8 * length + 5) // 6 for length in lengths}:
        raise BadToken("no trusted key")
    content, digest = _part(signature), _digest(signed)
    for node in nodes:
        for key in node.keys:
            if len(content) == (key.key_size + 7) // 8 and _verifies(key, content, digest):
                return node.name
    raise BadToken("no trusted key")


def _digest(signed: str) -> bytes:
    """Hashed once, whatever the number of keys that are tried."""
    try:
        return hashlib.sha256(signed.encode("ascii")).digest()
    except UnicodeEncodeError:
        raise BadToken("bad base64") from None


def _verifies(key: RSAPublicKey, signature: bytes, digest: bytes) -> bool:
    try:
        key.verify(signature, digest, PKCS1v15(), _DIGEST)
    except InvalidSignature:
        return False
    return True


def _check_times(claims: dict[str, Any], now_ms: int) -> None:
    now = now_ms // 1000
    expires = claims.get("exp")
    if type(expires) is not int:
        raise BadToken("no exp" if expires is None else "bad exp")
    if expires + LEEWAY_S <= now:
        raise BadToken("expired")
    if expires > now + MOST_AHEAD_S:
        raise BadToken("exp too far ahead")
    not_before = claims.get("nbf", now)
    if type(not_before) is not int:
        raise BadToken("bad nbf")
    if not_before > now + LEEWAY_S:
        raise BadToken("not yet valid")
