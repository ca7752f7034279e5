"""The book of misbehavior: all that a node, or somebody posing as one, may do, and what it gets.

What it should get is on the page about the wire, row by row. Nobody is asked by any of it: every
request in here is refused before a rule is read. People are told of the contradictions.
"""

import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from gateway.setup.node_block import CHECK_PATH
from gateway.simulate.material import (
    NOWHERE,
    Material,
    Step,
    contradictory,
    harmless,
    numbered,
    with_outer,
)
from gateway.simulate.node import FIELD, part
from gateway.simulate.requests import Wish, sample
from keys.rsa import generate_private_key, public_pem

BELIEVED: Final = "REJECT unsupported"
CONTRADICTS: Final = "REJECT contradiction"
INVALID: Final = "status 10 malformed"
STRANGER: Final = "HTTP 401"
NO_FORM: Final = "HTTP 400"
PONG: Final = "pong"

_TOO_LARGE: Final = 10 * 1024 * 1024 + 1
_AT_ONCE: Final = 5

Steps: TypeAlias = Callable[[Material], tuple[Step, ...]]


@dataclass(frozen=True, slots=True)
class Misbehavior:
    """One way to misbehave. Answers that are expected alike must be so, word for word.

    `does` goes on after "the node"; `together`: its steps are taken all at the same time.
    """

    name: str
    does: str
    steps: Steps
    together: bool = False


def _token(expected: str, **changes: Any) -> Steps:
    """A harmless request whose token differs."""
    return lambda m: (m.step(harmless(), expected, **changes),)


def _package(package: bytes, expected: str) -> Steps:
    return lambda m: (m.step(package, expected),)


def _spelled(change: Callable[[dict[str, Any], dict[str, Any]], None]) -> Steps:
    """The same transaction asked twice, the second time in another spelling."""

    def steps(material: Material) -> tuple[Step, ...]:
        usual = contradictory()
        other = contradictory(change, base=numbered(usual, 2))
        return material.step(usual, CONTRADICTS), material.step(other, CONTRADICTS)

    return steps


def _sample(name: str, expected: str) -> Steps:
    return lambda m: (m.step(Wish(name, sample(name), fresh=True).asked(), expected),)


def _outer(expected: str, **changes: Any) -> Steps:
    return lambda m: (m.step(with_outer(harmless(), **changes), expected),)


def _again(*numbers: int) -> Steps:
    def steps(material: Material) -> tuple[Step, ...]:
        package = numbered(harmless(), 1)
        return tuple(material.step(numbered(package, each), BELIEVED) for each in numbers)

    return steps


def _altered(material: Material) -> tuple[Step, ...]:
    first = harmless()
    other = with_outer(first, request_detail="{}")
    return (
        material.step(first, BELIEVED),
        material.step(other, "REJECT conflict"),
        material.step(first, BELIEVED),
    )


def _tampered(material: Material) -> tuple[Step, ...]:
    head, _, made = material.token(harmless()).split(".")
    claims = material.token(harmless()).split(".")[1]
    return (material.posted(f"{head}.{claims}.{made}", NOWHERE, STRANGER),)


def _unsigned(material: Material) -> tuple[Step, ...]:
    head = part(b'{"alg":"none","typ":"JWT"}').decode()
    claims = material.token(harmless()).split(".")[1]
    return (material.posted(f"{head}.{claims}.", NOWHERE, STRANGER),)


def _shared_secret(material: Material) -> tuple[Step, ...]:
    """The public key taken for a shared secret."""
    head = part(b'{"alg":"HS256","typ":"JWT"}').decode()
    signed = f"{head}.{material.token(harmless()).split('.')[1]}"
    secret = public_pem(material.node.key.public_key())
    made = part(hmac.digest(secret, signed.encode(), "sha256")).decode()
    return (material.posted(f"{signed}.{made}", NOWHERE, STRANGER),)


def _strangers(material: Material) -> tuple[Step, ...]:
    return (material.step(harmless(), STRANGER, key=generate_private_key(2048)),)


def _spaces(material: Material) -> tuple[Step, ...]:
    package = harmless()
    step = material.step(package, BELIEVED)
    body = FIELD + b"+" + step.post.body.removeprefix(FIELD) + b"%0D%0A"
    return (material.sent(body, BELIEVED, echo=step.echo),)


def _as_json(material: Material) -> tuple[Step, ...]:
    body = json.dumps({"TSS_JWT_MSG": material.token(harmless())}).encode()
    return (material.sent(body, NO_FORM, kind="application/json"),)


def _multipart(material: Material) -> tuple[Step, ...]:
    lines = (
        "--cut",
        'Content-Disposition: form-data; name="TSS_JWT_MSG"',
        "",
        material.token(harmless()),
        "--cut--",
        "",
    )
    body = "\r\n".join(lines).encode()
    return (material.sent(body, NO_FORM, kind="multipart/form-data; boundary=cut"),)


def _query(material: Material) -> tuple[Step, ...]:
    """A ping, since it is short enough for every URL."""
    path = f"{CHECK_PATH}?TSS_JWT_MSG={material.token(b'{}')}"
    return (material.sent(b"", NO_FORM, path=path),)


def _twice(material: Material) -> tuple[Step, ...]:
    token = material.token(harmless()).encode()
    return (material.sent(FIELD + token + b"&" + FIELD + token, NO_FORM),)


def _no_base64(material: Material) -> tuple[Step, ...]:
    return (material.posted(material.token(b"", package_data="e30"), NOWHERE, INVALID),)


def _no_package(material: Material) -> tuple[Step, ...]:
    return (material.posted(material.token(b"", without="package_data"), NOWHERE, INVALID),)


def _twice_a_key(material: Material) -> tuple[Step, ...]:
    package = harmless()
    return (material.step(package[:-1] + b',"request_type":2}', INVALID),)


def _without_nulls(detail: dict[str, Any], extra: dict[str, Any]) -> None:
    for document in (detail, extra):
        _prune(document)


def _prune(document: Any) -> None:
    if isinstance(document, dict):
        for key in [key for key, value in document.items() if value is None]:
            del document[key]
    children = document.values() if isinstance(document, dict) else document
    for child in children if isinstance(document, dict | list) else ():
        _prune(child)


def _with_nulls(detail: dict[str, Any], extra: dict[str, Any]) -> None:
    del detail["tweak_list"]
    extra["signer_key_share_holder_group"] = None


def _with_more_keys(detail: dict[str, Any], extra: dict[str, Any]) -> None:
    detail["next_version"], extra["next_version"] = {"a": [1]}, "b"
    extra["transaction"]["next_version"] = None


def _bare_hashes(detail: dict[str, Any], extra: dict[str, Any]) -> None:
    detail["msg_hash_list"] = [each.removeprefix("0x") for each in detail["msg_hash_list"]]
    raw = extra["transaction"]["raw_tx_info"]
    raw["unsigned_raw_tx"] = raw["unsigned_raw_tx"].removeprefix("0x")


BOOK: Final = (
    Misbehavior("iss", "names itself in iss", _token(BELIEVED, iss="TEST_CHECKER")),
    Misbehavior("iss-empty", "sends an empty iss", _token(BELIEVED, iss="")),
    Misbehavior(
        "no-typ", "leaves typ out of the header", _token(BELIEVED, header=b'{"alg":"RS256"}')
    ),
    Misbehavior("spaces", "sends white space around the token", _spaces),
    Misbehavior("clock-slow", "sends a token that expired 20 s ago", _token(BELIEVED, lives_s=-20)),
    Misbehavior("clock-fast", "has a clock 50 min ahead", _token(BELIEVED, lives_s=3_000)),
    Misbehavior("expired", "sends a token that expired 2 min ago", _token(STRANGER, lives_s=-120)),
    Misbehavior("far-exp", "sends a token for 2 hours", _token(STRANGER, lives_s=7_200)),
    Misbehavior("no-exp", "sends a token without exp", _token(STRANGER, without="exp")),
    Misbehavior("wrong-key", "signs with a key nobody knows", _strangers),
    Misbehavior("alg-none", "signs nothing, as alg none", _unsigned),
    Misbehavior("alg-hs256", "takes the public key for a secret", _shared_secret),
    Misbehavior("tampered", "sends other claims than it signed", _tampered),
    Misbehavior("no-token", "sends an empty form", lambda m: (m.sent(b"", NO_FORM),)),
    Misbehavior("two-tokens", "sends the field twice", _twice),
    Misbehavior("json-body", "sends JSON in place of a form", _as_json),
    Misbehavior("multipart", "sends a multipart form", _multipart),
    Misbehavior("query", "sends the token in the URL", _query),
    Misbehavior("get", "asks by GET", lambda m: (m.sent(b"", "HTTP 405", method="GET"),)),
    Misbehavior(
        "v1-path",
        "asks at /v1/check",
        lambda m: (m.sent(b"", "HTTP 404", path="/v1/check"),),
    ),
    Misbehavior(
        "oversized",
        "sends more than 10 MiB",
        lambda m: (m.sent(FIELD + b"A" * _TOO_LARGE, "HTTP 413", asks_first=True),),
    ),
    Misbehavior("ping", "pings with empty texts", _sample("ping", PONG)),
    Misbehavior("ping-omitempty", "pings with no fields", _sample("ping_omitempty", PONG)),
    Misbehavior("ping-objects", "pings with empty objects", _sample("ping_empty_objects", PONG)),
    Misbehavior("ping-with-id", "pings with a request_id", _outer(INVALID, request_type=0)),
    Misbehavior("no-package", "leaves package_data out", _no_package),
    Misbehavior("no-base64", "sends base64 without its padding", _no_base64),
    Misbehavior("no-json", "sends a package that is no JSON", _package(b"{", INVALID)),
    Misbehavior("two-types", "names request_type twice", _twice_a_key),
    Misbehavior("nan", "sends NaN as request_type", _outer(INVALID, request_type=float("nan"))),
    Misbehavior("type-text", 'sends the type as "2"', _outer(INVALID, request_type="2")),
    Misbehavior("type-float", "sends the type as 2.0", _outer(INVALID, request_type=2.0)),
    Misbehavior("long-id", "sends a request_id of 129", _outer(INVALID, request_id="x" * 129)),
    Misbehavior("no-detail", "leaves request_detail out", _outer(INVALID, request_detail=None)),
    Misbehavior("unknown-type", "asks for a type nobody knows", _token(BELIEVED)),
    Misbehavior(
        "broken-detail",
        "sends a detail that is no JSON",
        _outer("REJECT malformed", request_type=2, request_detail="{"),
    ),
    Misbehavior("bad-hash", "asks to sign another hash", _sample("bad_hash_mismatch", CONTRADICTS)),
    Misbehavior(
        "type-5",
        "asks for a KeyShareSign of nothing",
        _outer("REJECT malformed", request_type=5, request_detail="{}"),
    ),
    Misbehavior("absent-keys", "leaves out what is null", _spelled(_without_nulls)),
    Misbehavior("null-keys", "sends null for what may be absent", _spelled(_with_nulls)),
    Misbehavior("more-keys", "sends keys nobody knows yet", _spelled(_with_more_keys)),
    Misbehavior("bare-hex", "sends hashes and bytes without 0x", _spelled(_bare_hashes)),
    Misbehavior("resend", "asks again with the same request_id", _again(1, 1)),
    Misbehavior("resend-2", "asks again as attempt :2 of the task", _again(1, 2)),
    Misbehavior(
        "at-once", "asks five times at the same moment", _again(*[1] * _AT_ONCE), together=True
    ),
    Misbehavior("altered", "asks other things with the same id", _altered),
)
