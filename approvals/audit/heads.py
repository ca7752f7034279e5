"""A chain's head, signed: whoever keeps one can tell if anything before it was changed or removed.

As a text it is one line, `countersign-head-v1 chain seq hash at fingerprint signature`, which is
found in whatever text it was copied into: a log, a message, an export.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Protocol

EVERY: Final = 1_000
"""Entries after which a head is signed."""

_TOKEN: Final = re.compile(
    r"countersign-head-v1 (?P<chain>[0-9a-f]{8}) (?P<seq>0|[1-9][0-9]{0,14})"
    r" (?P<hash>[0-9a-f]{64}) (?P<at>0|[1-9][0-9]{0,14})"
    r" (?P<key>SHA256:[A-Za-z0-9+/]{43}) (?P<signature>[A-Za-z0-9+/]{300,3000}={0,2})"
    r"(?![A-Za-z0-9+/=])",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Head:
    """The entry `seq` of a chain has this hash. `at` is Unix milliseconds.

    `key` is the fingerprint of the signing key, `signature` the base64 of its signature of `text`.
    """

    chain: str
    seq: int
    hash: str
    at: int
    key: str
    signature: str

    @property
    def text(self) -> bytes:
        """What is signed."""
        return text_of(self.chain, self.seq, self.hash, self.at, self.key)

    @property
    def token(self) -> str:
        """The head as one line of text."""
        facts = f"{self.chain} {self.seq} {self.hash} {self.at} {self.key} {self.signature}"
        return f"countersign-head-v1 {facts}"


class Notary(Protocol):
    """Signs texts. `key` is the fingerprint of its key."""

    @property
    def key(self) -> str:
        """`SHA256:…`."""
        ...

    def sign(self, text: bytes) -> str:
        """The signature in base64; takes milliseconds."""
        ...


def text_of(chain: str, seq: int, hash_: str, at: int, key: str) -> bytes:
    """The text that a head's signature is of."""
    text = (
        "countersign audit head v1\n"
        f"chain: {chain}\n"
        f"seq: {seq}\n"
        f"hash: {hash_}\n"
        f"at: {at}\n"
        f"key: {key}\n"
    )
    return text.encode()


def signed(notary: Notary, chain: str, seq: int, hash_: str, at: int) -> Head:
    """A head with its signature."""
    signature = notary.sign(text_of(chain, seq, hash_, at, notary.key))
    return Head(chain, seq, hash_, at, notary.key, signature)


def heads_in(text: str) -> Iterator[Head]:
    r"""Every head in a text, in order. Some exports of JSON write `/` as `\/`."""
    for match in _TOKEN.finditer(text.replace("\\/", "/")):
        yield Head(
            chain=match["chain"],
            seq=int(match["seq"]),
            hash=match["hash"],
            at=int(match["at"]),
            key=match["key"],
            signature=match["signature"],
        )


def head_of(document: dict[str, Any]) -> Head | None:
    """The head in a line of the chain; None where it is in no form of ours."""
    token = document.get("head")
    found = list(heads_in(token)) if type(token) is str else []
    return found[0] if len(found) == 1 and found[0].token == token else None
