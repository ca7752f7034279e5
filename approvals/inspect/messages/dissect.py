"""A claimed message laid open, to be compared with what a hardware wallet shows."""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from approvals.chains.eip712 import Struct, TypedData, Value
from approvals.chains.eip712_types import ArrayOf, Type
from approvals.chains.messages import bitcoin_message_hash, personal_hash
from approvals.details import Extra
from approvals.details.fields import hex_bytes
from approvals.findings import Note
from approvals.inspect.messages.document import hash_notes, read_claimed, shown_value
from approvals.inspect.messages.preview import bounded, shown
from approvals.inspect.messages.texts import base64_bytes
from approvals.inspect.reasons import Reasons
from approvals.wording import counted

MAX_LINES: Final = 200


def dissect_message(extra: Extra) -> tuple[Note, ...]:
    """Its hashes, its type and each value, in order; at most MAX_LINES and one that says so.

    It is as the claim states it; the checks say whether it is what will be signed. Empty for a
    message that cannot be read.
    """
    lines = _lines(extra)
    found = tuple(islice(lines, MAX_LINES))
    if next(lines, None) is None:
        return found
    return (*found, Note("Cut", f"only {MAX_LINES} lines are shown"))


def _lines(extra: Extra) -> Iterator[Note]:
    text = extra.message
    match extra.claims.destination_type:
        case "EVM_EIP_712_Signature":
            data = read_claimed(extra, Reasons())
            return iter(()) if data is None else _typed(data)
        case "EVM_EIP_191_Signature":
            message = None if text is None else base64_bytes(text)
            return iter(()) if message is None else _text(message, personal_hash(message))
        case "BTC_BIP_137_Signature":
            message = None if text is None else hex_bytes(text)
            return iter(()) if message is None else _text(message, bitcoin_message_hash(message))
        case _:
            return iter(())


def _text(message: bytes, digest: bytes) -> Iterator[Note]:
    yield Note("Signing hash", "0x" + digest.hex())
    yield Note("Message size", counted(len(message), "byte"))
    yield Note("Message", bounded(shown(message)))


def _typed(data: TypedData) -> Iterator[Note]:
    yield Note("Signing hash", "0x" + data.signing_hash.hex())
    yield from hash_notes(data)
    yield Note("Type", bounded(data.encoded_type))
    yield from _struct("domain", data.domain)
    yield from _struct("message", data.message)


def _struct(label: str, struct: Struct) -> Iterator[Note]:
    for field in struct.fields:
        yield from _value(f"{label}.{field.name}", field.type, field.value)


def _value(label: str, kind: Type, value: Value) -> Iterator[Note]:
    if isinstance(value, Struct):
        yield Note(f"{label} ({kind.text})", "0x" + value.hash.hex())
        yield from _struct(label, value)
    elif isinstance(value, tuple) and isinstance(kind, ArrayOf):
        yield Note(f"{label} ({kind.text})", counted(len(value), "element"))
        for number, item in enumerate(value):
            yield from _value(f"{label}[{number}]", kind.element, item)
    else:
        yield Note(f"{label} ({kind.text})", bounded(shown_value(kind, value)))
