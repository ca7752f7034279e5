"""The bytes of an EVM transaction laid open, field by field."""

from collections.abc import Iterator, Sequence
from typing import Final

from approvals.chains.addresses import checksummed
from approvals.chains.calldata import WORD
from approvals.chains.evm import BadTransaction, EvmTransaction, decode_transaction
from approvals.chains.methods import SELECTOR_SIZE, method_of
from approvals.chains.rlp import Place, locate
from approvals.inspect.seen import Span

MAX_INNER: Final = 256
"""Words, or entries of a list, that are laid open; what follows is one line."""

_COMMON: Final = ("Gas limit", "To", "Value", "Calldata")
_OLD: Final = ("Nonce", "Gas price", *_COMMON)
_NEW: Final = ("Chain", "Nonce", "Priority fee", "Gas price", *_COMMON, "Access list")
_ENTRY: Final = 2
"""The depth of a list's entries: inside the list, which is inside the transaction."""

_FORMS: Final = {
    1: ("EIP-2930", ("Chain", *_OLD, "Access list")),
    2: ("EIP-1559", _NEW),
    4: ("EIP-7702", (*_NEW, "Authorizations")),
}
_LEGACY: Final = (*_OLD, "Chain", "Empty", "Empty")
_ACCESS: Final = ("Account", "Keys")
_AUTHORIZATION: Final = ("Chain", "Contract", "Nonce", "Parity", "r", "s")


def dissect(raw: bytes) -> tuple[Span, ...]:
    """The fields of the transaction, in order; `()` for what does not decode."""
    try:
        transaction = decode_transaction(raw)
    except BadTransaction:
        return ()
    if not isinstance(transaction, EvmTransaction):
        return ()
    return tuple(_spans(raw))


def _spans(raw: bytes) -> Iterator[Span]:
    name, labels = _FORMS.get(raw[0], ("", _LEGACY))
    skip = 1 if name else 0
    if name:
        yield Span(0, 1, "Type", f"{raw[0]} ({name})")
    places = locate(raw, skip)
    whole = places[0]
    yield Span(whole.start, whole.body, "Length", f"{whole.end - whole.body} bytes")
    fields = [place for place in places if place.depth == 1]
    for label, field in zip(labels, fields, strict=True):
        yield Span(field.start, field.end, label, _text(label, field))
        if label == "Calldata":
            yield from _words(field)
        elif not isinstance(field.item, bytes):
            inside = [p for p in places if field.start < p.start < field.end]
            yield from _entries(inside, _AUTHORIZATION if label == "Authorizations" else _ACCESS)


def _words(field: Place) -> Iterator[Span]:
    """The selector and the words of calldata that has them."""
    data, start = field.item, field.body
    if not isinstance(data, bytes) or len(data) < SELECTOR_SIZE:
        return
    selector = data[:SELECTOR_SIZE]
    method = method_of(selector)
    name = f" {method.signature}" if method else ""
    at = start + SELECTOR_SIZE
    yield Span(start, at, "Selector", f"0x{selector.hex()}{name}", 1)
    for number in range(MAX_INNER):
        stop = min(at + WORD, field.end)
        if at >= stop:
            return
        yield Span(at, stop, f"Word {number}", f"0x{data[at - start : stop - start].hex()}", 1)
        at = stop
    if at < field.end:
        yield Span(at, field.end, "More", f"{field.end - at} bytes", 1)


def _entries(inside: Sequence[Place], labels: Sequence[str]) -> Iterator[Span]:
    """What a list holds: each entry, and below it each of its parts."""
    number = part = 0
    for place in inside[:MAX_INNER]:
        if place.depth == _ENTRY:
            number, part = number + 1, 0
            label = f"Entry {number}"
        elif place.depth == _ENTRY + 1:
            label, part = labels[part], part + 1
        else:
            label = "Key"
        yield Span(place.start, place.end, label, _text(label, place), place.depth - 1)
    if len(inside) > MAX_INNER:
        rest = inside[MAX_INNER]
        yield Span(rest.start, inside[-1].end, "More", f"{len(inside) - MAX_INNER} items", 1)


def _text(label: str, place: Place) -> str:
    item = place.item
    if not isinstance(item, bytes):
        return f"{len(item)} entries"
    if label in ("To", "Contract", "Account"):
        return checksummed(item) if item else "a new contract"
    if label in ("Calldata", "Empty"):
        return f"{len(item)} bytes"
    if label in ("Key", "r", "s"):
        return f"0x{item.hex()}"
    return str(int.from_bytes(item, "big"))
