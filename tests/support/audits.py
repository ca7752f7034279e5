"""Audits made by hand: a key that signs their heads, and ways to change what they say."""

import json
from collections.abc import Iterable
from functools import cache
from typing import Any

from approvals.audit.form import NO_LINE, Link, hash_of, linked
from keys.signed_text import TextSigner
from tests.support.world import rsa_key


@cache
def notary() -> TextSigner:
    """Signs with the key of the gateways that tests start."""
    return TextSigner(rsa_key("server"))


def chained(documents: Iterable[dict[str, Any]], chain: str | None = None) -> bytes:
    """The lines of a file that holds exactly these, each linked to the one before."""
    lines, seq, prev = [], 0, NO_LINE
    for document in documents:
        told = {k: v for k, v in document.items() if k not in {"version", "chain", "seq", "prev"}}
        body = json.dumps(told, separators=(",", ":"))[1:].encode()
        line = linked(Link(chain or document.get("chain", "0123abcd"), seq, prev), body)
        seq, prev = seq + 1, hash_of(line)
        lines.append(line + b"\n")
    return b"".join(lines)
