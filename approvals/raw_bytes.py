"""The bytes behind a request's hashes, as they arrived: for whoever wants to check by hand."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from approvals.details import Extra, KeySign, read_detail, read_extra
from approvals.details.fields import hex_bytes
from approvals.inspect.families import family_of, port_of
from approvals.inspect.keysign import MAX_RAW_BYTES
from approvals.inspect.messages.texts import base64_bytes
from approvals.request import Request, RequestType

_NOTATIONS: Final[Mapping[str, Callable[[str], bytes | None]]] = {
    "EVM_EIP_191_Signature": base64_bytes,
    "EVM_EIP_712_Signature": str.encode,
}
"""How a message of this kind is written; every other is hex, or the text itself is shown."""


@dataclass(frozen=True, slots=True)
class Raw:
    """`name` says where it stands in the request. `data` is read from its chain's own notation."""

    name: str
    data: bytes

    @property
    def sha256(self) -> str:
        """Lower-case hex."""
        return hashlib.sha256(self.data).hexdigest()


def raw_of(request: Request) -> tuple[Raw, ...]:
    """What is to be signed; where nothing is, `request_detail`, which the node carries out.

    At least one, whatever the request holds. That the hash of these bytes is the one to be signed
    is for the integrity checks to say.
    """
    if request.known_type is RequestType.KEY_SIGN:
        extra = read_extra(request.extra).value
        if extra is not None and (extra.unsigned_raw_tx or extra.message):
            return tuple(_signed(request, extra))
    return (Raw("request_detail", request.detail.encode()),)


def _signed(request: Request, extra: Extra) -> list[Raw]:
    found = []
    if extra.unsigned_raw_tx:
        text = extra.unsigned_raw_tx
        found.append(Raw("unsigned_raw_tx", _transaction(text, _hashes(request))))
    if extra.message:
        kind = extra.claims.destination_type or ""
        read = _NOTATIONS.get(kind, hex_bytes)(extra.message)
        found.append(Raw(f"message ({kind})", extra.message.encode() if read is None else read))
    return found


def _transaction(text: str, hashes: tuple[bytes, ...]) -> bytes:
    """As the family reads it whose transaction it surely is; else hex; else the text itself."""
    family = family_of(text, hashes) if len(text) <= 2 * MAX_RAW_BYTES + 2 else None
    port = None if family is None else port_of(family)
    read = hex_bytes(text) if port is None else port.unpack(text)
    return text.encode() if read is None else read


def _hashes(request: Request) -> tuple[bytes, ...]:
    detail = read_detail(RequestType.KEY_SIGN, request.detail).value
    return detail.hashes if isinstance(detail, KeySign) else ()
