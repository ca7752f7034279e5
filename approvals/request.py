"""What a TSS Node asks, as a trusted type, and the digest that every vote and answer names."""

import hashlib
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

_DIGEST_TAG: Final = b"countersign-request@v1"


class RequestType(IntEnum):
    """The `request_type` numbers of a CallbackRequest (protocol section 3.1); there is no 4."""

    KEY_GEN = 1
    KEY_SIGN = 2
    KEY_RESHARE = 3
    KEY_SHARE_SIGN = 5

    @property
    def label(self) -> str:
        """The name that policies and people use: `key_sign`."""
        return self.name.lower()


_TYPES: Final = {kind.value: kind for kind in RequestType}

PING: Final = 0
"""The `request_type` of a heartbeat. It never becomes a `Request`."""


@dataclass(frozen=True, slots=True)
class Request:
    """One CallbackRequest of one node, byte for byte.

    `type` is the wire number and may be one we do not know; `known_type` says. `detail` and
    `extra` are the texts of `request_detail` and `extra_info` exactly as received. `surplus` is
    the compact JSON of outer fields that the protocol does not name ("" when there are none):
    they are kept, covered by the digest, and keep any rule from approving.
    """

    node: str
    request_id: str
    type: int
    detail: str
    extra: str
    surplus: str = ""
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        """Compute the digest once; every later comparison uses it."""
        object.__setattr__(self, "digest", _digest(self.node, self))

    @property
    def known_type(self) -> RequestType | None:
        """The request type, or None for a number that the protocol does not define."""
        return _TYPES.get(self.type)

    @property
    def content(self) -> str:
        """Digest of the same content without the node: equal when two nodes ask the same thing."""
        return _digest("", self)


def _digest(node: str, request: Request) -> str:
    """SHA-256, lower-case hex, over the length-prefixed parts (8 bytes, big-endian, each)."""
    parts = [
        _DIGEST_TAG,
        node.encode(),
        request.request_id.encode(),
        str(request.type).encode(),
        request.detail.encode(),
        request.extra.encode(),
    ]
    if request.surplus:
        parts.append(request.surplus.encode())
    hasher = hashlib.sha256()
    for part in parts:
        hasher.update(len(part).to_bytes(8, "big"))
        hasher.update(part)
    return hasher.hexdigest()
