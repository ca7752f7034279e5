"""An EIP-712 document: read from its two forms, and laid open for people."""

import itertools
import json
from collections.abc import Iterator
from typing import Final

from approvals.chains.addresses import evm_address
from approvals.chains.eip712 import (
    BadTypedData,
    Struct,
    TypedData,
    Value,
    read_typed_data,
    values_of,
)
from approvals.chains.eip712_types import ArrayOf, Type
from approvals.chains.tables import Chain
from approvals.details import Extra
from approvals.findings import Effect, Note, Signing
from approvals.inspect.messages.preview import signing_over
from approvals.inspect.reasons import Reasons
from approvals.strict_json import BadJson, loads

MAX_DOCUMENT_CHARS: Final = 1024 * 1024
"""Longest raw_structured_data that is read."""

_EXACT: Final = json.JSONEncoder(sort_keys=True)


def read_claimed(extra: Extra, reasons: Reasons) -> TypedData | None:
    """Check 9: the claimed document, once its forms agree; None, and the reason, if it is none."""
    document = _document(extra, reasons)
    if document is None:
        return None
    try:
        return read_typed_data(document)
    except BadTypedData as error:
        reasons.unverified(9, f"The typed data cannot be recomputed: {error}.")
        return None


def hash_notes(data: TypedData) -> tuple[Note, Note]:
    """The two hashes that a hardware wallet shows."""
    return (
        Note("Domain hash", "0x" + data.domain.hash.hex()),
        Note("Message hash", "0x" + data.message.hash.hex()),
    )


def _document(extra: Extra, reasons: Reasons) -> object:
    opened, text = extra.structured_data, extra.message
    if not text:
        if opened is None:
            reasons.unverified(9, "The claim does not state the typed data.")
        return opened
    if len(text) > MAX_DOCUMENT_CHARS:
        sentence = f"raw_structured_data is longer than {MAX_DOCUMENT_CHARS} characters."
        reasons.unverified(9, sentence)
        return None
    try:
        document = loads(text)
    except BadJson as error:
        reasons.malformed(9, f"raw_structured_data cannot be read. {error}")
        return None
    if opened is not None and not _same(document, opened):
        reasons.contradiction(9, "raw_structured_data is not the document of structured_data.")
        return None
    return document


def _same(one: object, other: object) -> bool:
    """Whether two documents are the same JSON: for Python alone, 1 equals true and 1.0."""
    return one == other and _EXACT.encode(one) == _EXACT.encode(other)


def signing_of(data: TypedData, chain: Chain | None, inner: tuple[Effect, ...] = ()) -> Signing:
    """Typed data as a signature over a message, on the chain that its domain pins."""
    return signing_over(
        shown_typed_data(data),
        f"EIP-712 {data.message.name}",
        chain=chain.chain_id if chain else None,
        inner=inner,
    )


def shown_typed_data(data: TypedData) -> str:
    """Domain and message on one line, as in `domain {chainId: 1} message {to: 0x...}`."""
    pieces = itertools.chain(
        ("domain ",), _struct(data.domain), (" message ",), _struct(data.message)
    )
    return "".join(pieces)


def texts_of(data: TypedData) -> list[str]:
    """Every text in a document."""
    found = (*values_of(data.domain), *values_of(data.message))
    return [value for value in found if isinstance(value, str)]


def shown_value(kind: Type, value: Value) -> str:
    """One value that holds no other: addresses as EIP-55 says, texts in quotes."""
    if isinstance(value, bytes):
        return evm_address(value).text if kind.text == "address" else "0x" + value.hex()
    return json.dumps(value, ensure_ascii=False)


def _struct(struct: Struct) -> Iterator[str]:
    yield "{"
    for number, field in enumerate(struct.fields):
        yield f"{', ' if number else ''}{field.name}: "
        yield from _value(field.type, field.value)
    yield "}"


def _value(kind: Type, value: Value) -> Iterator[str]:
    if isinstance(value, Struct):
        yield from _struct(value)
    elif isinstance(value, tuple) and isinstance(kind, ArrayOf):
        yield "["
        for number, item in enumerate(value):
            yield ", " if number else ""
            yield from _value(kind.element, item)
        yield "]"
    else:
        yield shown_value(kind, value)
