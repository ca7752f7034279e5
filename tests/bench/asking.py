"""Requests that nobody asked before, signed ahead of time, and what came back for them."""

import base64
import json
import time
from collections.abc import Iterable

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from approvals.request import Request
from keys.envelope import sign
from tests.bench.client import Reply, post
from tests.support.requests import sample


def signed(name: str, numbers: Iterable[int], key: RSAPrivateKey) -> list[bytes]:
    """The sample under as many fresh ids, each as a whole HTTP request."""
    expires = int(time.time()) + 1_800
    return [
        post(
            "/v2/check",
            b"TSS_JWT_MSG=" + sign(fresh(name, number), key, expires_at_s=expires).encode(),
            "application/x-www-form-urlencoded",
        )
        for number in numbers
    ]


def fresh(name: str, number: int) -> bytes:
    """The sample as a new task."""
    return sample(name).fresh(number).package


def request_of(name: str, number: int, node: str) -> Request:
    """What the gateway makes of it."""
    return sample(name).fresh(number).with_outer(node=node).request


def action(reply: Reply) -> str:
    """APPROVE or REJECT; "" for anything that is no answer."""
    if not reply.ok:
        return ""
    claims = reply.body.split(b".")[1]
    package = json.loads(base64.urlsafe_b64decode(claims + b"=="))["package_data"]
    return str(json.loads(base64.b64decode(package))["action"])
