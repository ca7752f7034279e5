"""The attack book of JWTs: for each known way to be believed wrongly, a token that tries it.

Every token is what an attacker could make who has seen genuine ones and knows the node's public
key; those marked `signed` go further, and carry a genuine signature of the node over something
that must not be taken.
"""

import base64
import hashlib
import hmac
import json
import string
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jwt
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from keys import rsa

HEADER = {"alg": "RS256", "typ": "JWT"}
PACKAGE = base64.b64encode(b'{"request_id":"","request_type":0}').decode()
ALPHABET = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
SHA1_INFO = bytes.fromhex("3021300906052b0e03021a05000414")
BARE_INFO = bytes.fromhex("302f300b06096086480165030402010420")
"""DigestInfo of SHA-256 without the NULL that belongs into it."""

ALGORITHMS: tuple[Any, ...] = (
    *("none", "None", "NONE", "nOnE", "none ", "", " ", "rs256", "Rs256", " RS256", "RS256 "),
    *("RS256\0", "ＲＳ256", "RS384", "RS512", "RS1", "PS256", "PS384", "PS512"),
    *("HS256", "HS384", "HS512", "ES256", "ES256K", "ES384", "EdDSA", "Ed25519", "RSA-OAEP", "dir"),
    *(None, True, 0, 256.0, [], ["RS256"], ["none", "RS256"], {"RS256": 1}),
)
JUNK = (
    *(
        " ",
        "\t",
        "\n",
        "\r\n",
        "\v",
        "\x1c",
        "\0",
        "=",
        "==",
        "!",
        "!!!!",
        "+",
        "/",
        "~",
        ",",
        "%41",
    ),
    *(".", "é", "Ａ", "\ufeff", "\u200b", "\ufffd", "A", "AAAA", "-_-_"),
)


def part(value: Any) -> str:
    """One part of a compact JWS; bytes go in as they are."""
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


@dataclass(frozen=True)
class Book:
    """The attacks on a node with this key, at this moment."""

    key: RSAPrivateKey
    stranger: RSAPrivateKey
    now_s: int

    @cached_property
    def claims(self) -> dict[str, Any]:
        return {"package_data": PACKAGE, "exp": self.now_s + 120}

    def token(
        self, claims: Any = None, header: Any = HEADER, key: RSAPrivateKey | None = None
    ) -> str:
        """With a genuine signature."""
        signed = f"{part(header)}.{part(self.claims if claims is None else claims)}"
        made = (key or self.key).sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{part(made)}"

    def with_signature(self, signature: bytes, claims: Any = None, header: Any = HEADER) -> str:
        claims = self.claims if claims is None else claims
        return f"{part(header)}.{part(claims)}.{part(signature)}"

    def all(self) -> Iterator[tuple[str, str]]:
        """Every attack: what it is, and its token."""
        yield from self.algorithms()
        yield from self.shared_secrets()
        yield from self.other_signatures()
        yield from self.key_hints()
        yield from self.extensions()
        yield from self.serializations()
        yield from self.spellings()
        yield from self.headers()
        yield from self.claim_sets()
        yield from self.times()
        yield from self.signatures()
        yield from self.paddings()

    def algorithms(self) -> Iterator[tuple[str, str]]:
        for alg in ALGORITHMS:
            header = {"alg": alg, "typ": "JWT"}
            yield f"signed, alg {alg!r}", self.token(header=header)
            yield f"alg {alg!r}, empty signature", f"{part(header)}.{part(self.claims)}."
            yield f"alg {alg!r}, no third part", f"{part(header)}.{part(self.claims)}"
        yield "signed, alg absent", self.token(header={"typ": "JWT"})
        yield "signed, ALG instead of alg", self.token(header={"ALG": "RS256", "typ": "JWT"})

    def shared_secrets(self) -> Iterator[tuple[str, str]]:
        public = self.key.public_key()
        spki = serialization.PublicFormat.SubjectPublicKeyInfo
        pkcs1 = serialization.PublicFormat.PKCS1
        pem, der = serialization.Encoding.PEM, serialization.Encoding.DER
        numbers = public.public_numbers()
        secrets = {
            "PEM": public.public_bytes(pem, spki),
            "PEM without its last newline": public.public_bytes(pem, spki).rstrip(),
            "PEM with CRLF": public.public_bytes(pem, spki).replace(b"\n", b"\r\n"),
            "DER": public.public_bytes(der, spki),
            "PKCS#1 PEM": public.public_bytes(pem, pkcs1),
            "PKCS#1 DER": public.public_bytes(der, pkcs1),
            "modulus": numbers.n.to_bytes(256, "big"),
            "nothing": b"",
        }
        for name, secret in secrets.items():
            for bits in (256, 384, 512):
                for alg in (f"HS{bits}", "RS256"):
                    signed = f"{part({'alg': alg, 'typ': 'JWT'})}.{part(self.claims)}"
                    mac = hmac.new(secret, signed.encode(), f"sha{bits}").digest()
                    yield f"HMAC-{bits} with the key's {name}, as {alg}", f"{signed}.{part(mac)}"

    def other_signatures(self) -> Iterator[tuple[str, str]]:
        curves = {"ES256": ec.SECP256R1(), "ES256K": ec.SECP256K1(), "ES384": ec.SECP384R1()}
        own: dict[str, Any] = {alg: ec.generate_private_key(curve) for alg, curve in curves.items()}
        own["EdDSA"] = ed25519.Ed25519PrivateKey.generate()
        rsas = dict.fromkeys(("RS384", "RS512", "PS256", "PS384", "PS512"), self.key)
        for alg, key in {**own, **rsas}.items():
            genuine = jwt.encode(self.claims, key, algorithm=alg)
            yield f"genuine {alg}", genuine
        signed = f"{part(HEADER)}.{part(self.claims)}".encode()
        pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
        for name, made in {
            "PSS": self.key.sign(signed, pss, hashes.SHA256()),
            "SHA-384": self.key.sign(signed, padding.PKCS1v15(), hashes.SHA384()),
            "SHA-512": self.key.sign(signed, padding.PKCS1v15(), hashes.SHA512()),
            "SHA3-256": self.key.sign(signed, padding.PKCS1v15(), hashes.SHA3_256()),
        }.items():
            yield f"{name} by the node's key, as RS256", self.with_signature(made)
        yield "a stranger's RS256", self.token(key=self.stranger)

    def key_hints(self) -> Iterator[tuple[str, str]]:
        numbers = self.stranger.public_key().public_numbers()
        jwk = {
            "kty": "RSA",
            "n": part(numbers.n.to_bytes(256, "big")),
            "e": part(numbers.e.to_bytes(3, "big")),
        }
        pem = rsa.public_pem(self.stranger.public_key())
        der = base64.b64encode(pem).decode()
        hints: dict[str, dict[str, Any]] = {
            "jwk of the signer": {"jwk": jwk},
            "jku": {"jku": "http://127.0.0.1:1/keys.json"},
            "x5u": {"x5u": "file:///etc/passwd"},
            "x5c": {"x5c": [der]},
            "x5t": {"x5t": part(hashlib.sha1(pem).digest())},
            "kid, path": {"kid": "../../../../../dev/null"},
            "kid, absolute path": {"kid": "/proc/self/environ"},
            "kid, SQL": {"kid": "' UNION SELECT 'secret' -- "},
            "kid, command": {"kid": "key|id"},
            "kid of another node": {"kid": "node-2"},
            "kid, number": {"kid": 1},
            "all of them": {"jwk": jwk, "jku": "x", "x5u": "x", "x5c": [der], "kid": "node-1"},
        }
        for name, hint in hints.items():
            yield f"a stranger's, {name}", self.token(header=HEADER | hint, key=self.stranger)

    def extensions(self) -> Iterator[tuple[str, str]]:
        for crit in (["exp"], ["b64"], ["alg"], [], ["unknown"], "exp", None, [1], {"exp": 1}):
            yield f"signed, crit {crit!r}", self.token(header=HEADER | {"crit": crit})
        for b64 in (False, True, None):
            yield f"signed, b64 {b64!r}", self.token(header=HEADER | {"b64": b64})
        raw = json.dumps(self.claims)
        header = part(HEADER | {"b64": False, "crit": ["b64"]})
        made = self.key.sign(f"{header}.{raw}".encode(), padding.PKCS1v15(), hashes.SHA256())
        yield "signed, unencoded payload (RFC 7797)", f"{header}.{raw}.{part(made)}"
        for typ in ("JWS", "JOSE", "at+jwt", "", None, 1, ["JWT"], "JWT ", "ＪＷＴ"):
            yield f"signed, typ {typ!r}", self.token(header=HEADER | {"typ": typ})

    def serializations(self) -> Iterator[tuple[str, str]]:
        genuine = self.token()
        head, claims, made = genuine.split(".")
        signature = {"protected": head, "signature": made}
        yield "detached payload", f"{head}..{made}"
        yield "flattened JSON", json.dumps({"payload": claims, **signature})
        yield "general JSON", json.dumps({"payload": claims, "signatures": [signature]})
        yield "array of tokens", json.dumps([genuine])
        yield "in quotes", f'"{genuine}"'
        yield "Bearer", f"Bearer {genuine}"
        yield "signed, nested JWT", self.token(genuine.encode(), HEADER | {"cty": "JWT"})
        yield "signed, nested JWT as JSON", self.token(json.dumps(genuine).encode())
        jwe = {"alg": "RSA-OAEP", "enc": "A256GCM"}
        yield "JWE", ".".join([part(jwe), *(part(b"\1" * 16) for _ in range(4))])
        yield "JWE of three parts", ".".join([part(jwe), claims, made])
        yield "two tokens with a dot", f"{genuine}.{genuine}"
        yield "two tokens with a space", f"{genuine} {genuine}"
        yield "two tokens with a comma", f"{genuine},{genuine}"
        for text in (
            ".",
            "..",
            "...",
            "a",
            "a.b",
            "a.b.c",
            "a.b.c.d",
            f".{genuine}",
            f"{genuine}.",
        ):
            yield f"not three parts, {text[:8]}", text
        for empty in range(3):
            parts = [head, claims, made]
            parts[empty] = ""
            yield f"part {empty} empty", ".".join(parts)

    def spellings(self) -> Iterator[tuple[str, str]]:
        genuine = self.token().split(".")
        for index, name in enumerate(("header", "claims", "signature")):
            text = genuine[index]
            for junk in JUNK:
                for at in (0, len(text) // 2, len(text)):
                    if junk in " \t\n\r\n" and (index, at) in {(0, 0), (2, len(text))}:
                        continue  # white space around a token is what templates leave
                    spoiled = text[:at] + junk + text[at:]
                    parts = [*genuine[:index], spoiled, *genuine[index + 1 :]]
                    yield f"{junk!r} at {at} of the {name}", ".".join(parts)
            standard = text.replace("-", "+").replace("_", "/")
            if standard != text:
                parts = [*genuine[:index], standard, *genuine[index + 1 :]]
                yield f"standard alphabet in the {name}", ".".join(parts)
        yield from self._bits("claims", json.dumps(self.claims))
        head, claims, made = genuine
        last = ALPHABET.index(made[-1])
        for low in range(1, 16):
            other = made[:-1] + ALPHABET[last + low]
            yield f"signature with {low} in its unused bits", f"{head}.{claims}.{other}"
        for encoding in ("utf-16", "utf-16-le", "utf-16-be"):
            wide = ".".join(genuine).encode(encoding).decode("latin-1")
            yield f"the token in {encoding}", wide
        yield "BOM before the token", "\ufeff" + ".".join(genuine)
        yield "percent-encoded twice", "".join(f"%{ord(c):02X}" for c in ".".join(genuine))

    def _bits(self, name: str, text: str) -> Iterator[tuple[str, str]]:
        """Signed, but with other than zeros in the unused bits of the claims."""
        while len(text.encode()) % 3 != 1:
            text += " "
        encoded = part(text.encode())
        for low in range(1, 16):
            spelled = encoded[:-1] + ALPHABET[ALPHABET.index(encoded[-1]) + low]
            signed = f"{part(HEADER)}.{spelled}"
            made = self.key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
            yield f"signed, {name} with {low} in their unused bits", f"{signed}.{part(made)}"

    def headers(self) -> Iterator[tuple[str, str]]:
        for name, header in {
            "alg twice, bad first": b'{"alg":"none","alg":"RS256","typ":"JWT"}',
            "alg twice, bad last": b'{"alg":"RS256","alg":"none","typ":"JWT"}',
            "alg twice, both good": b'{"alg":"RS256","alg":"RS256"}',
            "alg twice by an escape": b'{"alg":"RS256","\\u0061lg":"none"}',
            "kid twice": b'{"alg":"RS256","kid":"a","kid":"b"}',
            "array": b'["RS256"]',
            "string": b'"RS256"',
            "bare word": b"RS256",
            "null": b"null",
            "cut short": b'{"alg":"RS256"',
            "two documents": b'{"alg":"RS256"}{"alg":"RS256"}',
            "comment": b'{"alg":"RS256"/**/}',
            "trailing comma": b'{"alg":"RS256",}',
            "single quotes": b"{'alg':'RS256'}",
            "BOM": b'\xef\xbb\xbf{"alg":"RS256"}',
            "UTF-16": '{"alg":"RS256"}'.encode("utf-16"),
            "not UTF-8": b'{"alg":"RS256","kid":"\xff"}',
            "NUL after": b'{"alg":"RS256"}\0',
            "NaN": b'{"alg":"RS256","x":NaN}',
            "endless number": b'{"alg":"RS256","x":' + b"9" * 5_000 + b"}",
            "deep": b'{"alg":"RS256","x":' + b"[" * 3_000 + b"]" * 3_000 + b"}",
            "7,000 bytes of brackets": b"[" * 6_000,
            "64 KiB": b'{"alg":"RS256","kid":"' + b"k" * 65_536 + b'"}',
            "2,000 members": json.dumps(HEADER | {f"m{i}": 0 for i in range(2_000)}).encode(),
        }.items():
            yield f"signed, header: {name}", self.token(header=header)

    def claim_sets(self) -> Iterator[tuple[str, str]]:
        exp = self.now_s + 60
        for name, claims in {
            "exp twice, late first": b'{"exp":%d,"exp":1}' % exp,
            "exp twice, late last": b'{"exp":1,"exp":%d}' % exp,
            "package twice": b'{"exp":%d,"package_data":"a","package_data":"b"}' % exp,
            "package twice by an escape": b'{"exp":%d,"package_data":"","\\u0070ackage_data":""}'
            % exp,
            "array": b"[]",
            "string": b'"exp"',
            "number": b"%d" % exp,
            "not UTF-8": b'{"exp":%d,"x":"\xff"}' % exp,
            "BOM": b'\xef\xbb\xbf{"exp":%d}' % exp,
            "UTF-16": b'{"exp":%d}'.decode().replace("%d", str(exp)).encode("utf-16"),
            "cut short": b'{"exp":%d' % exp,
            "two documents": b'{"exp":%d}{}' % exp,
            "NUL after": b'{"exp":%d}\0' % exp,
            "NaN elsewhere": b'{"exp":%d,"x":NaN}' % exp,
            "Infinity elsewhere": b'{"exp":%d,"x":-Infinity}' % exp,
            "deep": b'{"exp":%d,"x":%s}' % (exp, b"[" * 50_000 + b"]" * 50_000),
        }.items():
            yield f"signed, claims: {name}", self.token(claims)

    def times(self) -> Iterator[tuple[str, str]]:
        soon = self.now_s + 60
        for exp in (
            *("null", "true", "false", '""', f'"{soon}"', f"[{soon}]", "{}", "NaN", "Infinity"),
            *(
                "-Infinity",
                "1e999",
                f"{soon}.0",
                f"{soon}.5",
                f"{soon}e0",
                "1.7e9",
                "-1",
                "0",
                "-0",
            ),
            *("1", str(self.now_s - 31), str(self.now_s + 3_700), str(soon * 1000), str(2**63)),
            *("1" + "0" * 30, "9" * 4_000, "9" * 5_000, f"0{soon}", f"+{soon}", f"0x{soon:x}"),
        ):
            claims = f'{{"package_data":"{PACKAGE}","exp":{exp}}}'.encode()
            yield f"signed, exp {exp[:20]} ({len(exp)})", self.token(claims)
        yield "signed, exp absent", self.token({"package_data": PACKAGE})
        yield "signed, EXP instead of exp", self.token({"package_data": PACKAGE, "EXP": soon})
        befores: tuple[Any, ...] = (None, True, str(soon), float(self.now_s), [], 10**30)
        for nbf in (*befores, self.now_s + 120):
            yield f"signed, nbf {nbf!r}", self.token(self.claims | {"nbf": nbf})

    def signatures(self) -> Iterator[tuple[str, str]]:
        modulus = self.key.public_key().public_numbers().n
        claims, made = self._where(lambda s: int.from_bytes(s, "big") + modulus < 1 << 2048)
        number = int.from_bytes(made, "big")
        numbers = {
            "s + n": number + modulus,
            "n - s": modulus - number,
            "n": modulus,
            "n - 1": modulus - 1,
            "0": 0,
            "1": 1,
            "2^2048 - 1": (1 << 2048) - 1,
        }
        for name, value in numbers.items():
            yield f"signature is {name}", self.with_signature(value.to_bytes(256, "big"), claims)
        for name, content in {
            "cut by a byte": made[:-1],
            "without its first byte": made[1:],
            "with a zero before it": b"\0" + made,
            "with a zero after it": made + b"\0",
            "twice": made * 2,
            "backwards": made[::-1],
            "one byte": b"\0",
            "as hex": made.hex().encode(),
            "in base64 once more": part(made).encode(),
        }.items():
            yield f"signature {name}", self.with_signature(content, claims)
        claims, made = self._where(lambda s: s[0] == 0)
        yield "signature without its leading zero", self.with_signature(made[1:], claims)
        other = self.token(self.claims | {"jti": "other"}).split(".")[2]
        head, body, _ = self.token().split(".")
        yield "signature of another token", f"{head}.{body}.{other}"

    def _where(self, fits: Any) -> tuple[dict[str, Any], bytes]:
        """Claims whose genuine signature has a rare property."""
        for number in range(10_000):
            claims = self.claims | {"jti": number}
            signed = f"{part(HEADER)}.{part(claims)}".encode()
            made = self.key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
            if fits(made):
                return claims, made
        raise AssertionError("No signature in ten thousand fits.")

    def paddings(self) -> Iterator[tuple[str, str]]:
        """The node's own key over blocks that are not exactly EMSA-PKCS1-v1_5 (RFC 8017, 9.2)."""
        digest = self.digest
        info = SHA256_INFO + digest
        fill = b"\xff" * (256 - 3 - len(info))
        sha1 = hashlib.sha1(digest).digest()
        for name, block in {
            "eight FFs, then garbage after the hash": b"\0\1" + b"\xff" * 8 + b"\0" + info,
            "garbage before the hash": b"\0\1" + fill[:8] + b"\0" + bytes(len(fill) - 8) + info,
            "no NULL in the algorithm": b"\0\1" + fill + b"\xff\xff\0" + BARE_INFO + digest,
            "SHA-1": b"\0\1" + b"\xff" * 218 + b"\0" + SHA1_INFO + sha1,
            "the bare hash": b"\0\1" + b"\xff" * 221 + b"\0" + digest,
            "block type 0": b"\0\0" + bytes(len(fill)) + b"\0" + info,
            "block type 2": b"\0\2" + b"\x55" * len(fill) + b"\0" + info,
            "one FF is FE": b"\0\1\xfe" + fill[1:] + b"\0" + info,
        }.items():
            yield f"padding: {name}", self.over(block.ljust(256, b"\0"))

    @cached_property
    def digest(self) -> bytes:
        """What a genuine signature of `over` is made of."""
        return hashlib.sha256(f"{part(HEADER)}.{part(self.claims)}".encode()).digest()

    def over(self, block: bytes) -> str:
        """The claims, signed as if this were the padded hash."""
        numbers = self.key.private_numbers()
        made = pow(int.from_bytes(block, "big"), numbers.d, numbers.public_numbers.n)
        return self.with_signature(made.to_bytes(256, "big"))


def cube_root_forgery(signed: bytes, length: int) -> bytes:
    """Bleichenbacher's forgery of 2006 against the exponent 3: no private key is needed.

    The block begins rightly and ends in garbage, so that it is near a cube; a verifier that does
    not look at the end takes the root for a signature.
    """
    start = b"\0\1" + b"\xff" * 8 + b"\0" + SHA256_INFO + hashlib.sha256(signed).digest()
    least = int.from_bytes(start.ljust(length, b"\0"), "big")
    low, high = 0, 1 << (8 * length // 3 + 1)
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if middle**3 < least else (low, middle)
    if not (low**3).to_bytes(length, "big").startswith(start):
        raise AssertionError("The root does not keep the beginning.")
    return low.to_bytes(length, "big")
