"""The fields of a Tron transaction as people read them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from approvals.chains.amounts import coin_text
from approvals.chains.protobuf import Field, Message, Slot
from approvals.chains.tron import OtherContract, TronTransaction, account_of
from approvals.chains.tron_contracts import CONTRACT_TYPES
from approvals.inspect.reasons import quoted
from approvals.inspect.seen import Span
from approvals.wording import counted

SUN_DECIMALS: Final = 6

MAX_SHOWN: Final = 8
"""Keys of a permission and operations that are named; Tron allows 5 keys (and 8 permissions)."""

_SUN: Final = ("call_value", "frozen_balance", "unfreeze_balance", "balance", "fee_limit")
_TIMES: Final = ("expiration", "timestamp")
_TEXTS: Final = ("data", "asset_name", "account_name", "account_id", "url")
_RESOURCES: Final = {0: "bandwidth", 1: "energy", 2: "Tron Power"}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_HEX: Final = 64


def trx(sun: int) -> str:
    """`12.5 TRX`."""
    return f"{coin_text(sun, SUN_DECIMALS)} TRX"


def moment(milliseconds: int) -> str:
    """`2026-10-01 12:00:00 UTC`, to the millisecond where it says one."""
    try:
        when = _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return f"{milliseconds} ms after 1970"
    timespec = "milliseconds" if milliseconds % 1000 else "seconds"
    return f"{when.replace(tzinfo=None).isoformat(' ', timespec)} UTC"


def memo_text(memo: bytes) -> str:
    """A memo as text where it is one, else as hex; its size where not all of it is shown."""
    text = _text(memo)
    return text if len(text) <= _MAX_HEX else f"{text} ({counted(len(memo), 'byte')})"


def details(contract: OtherContract) -> tuple[tuple[str, str], ...]:
    """What a contract's message says, the owner aside: defaults too, as they mean something."""
    message = contract.message
    if message is None:
        return (("Contents", "not read"),)
    found: list[tuple[str, str]] = []
    for slot in (contract.type.schema or {}).values():
        if slot.name == "owner_address":
            continue
        label = slot.name.replace("_", " ").capitalize()
        if slot.kind == "message":
            found += ((label, _inner(slot, each)) for each in message.messages(slot.name))
        else:
            found.append((label, _shown(slot, message.number(slot.name), message.data(slot.name))))
    return tuple(found)


def spans(transaction: TronTransaction) -> tuple[Span, ...]:
    """Every field, in the order of the bytes."""
    return tuple(_spans(transaction.message, transaction.parameter, 0))


def _spans(message: Message, parameter: Message | None, depth: int) -> Iterator[Span]:
    for field in message.fields:
        inner = field.message
        if field.slot.name == "value" and parameter is not None:
            inner = parameter
        yield Span(field.start, field.end, field.slot.name, _value(field, inner), depth)
        if inner is not None:
            yield from _spans(inner, parameter, depth + 1)


def _value(field: Field, inner: Message | None) -> str:
    return "" if inner is not None else _shown(field.slot, field.number, field.data)


def _inner(slot: Slot, message: Message) -> str:
    """A vote or a permission as one line."""
    if slot.name == "votes":
        votes = counted(message.number("vote_count"), "vote")
        return f"{votes} for {_bytes(message.data('vote_address'))}"
    keys = message.messages("keys")
    named = [
        f"{_bytes(key.data('address'))} (weight {key.number('weight')})" for key in keys[:MAX_SHOWN]
    ]
    parts = [f"threshold {message.number('threshold')}", f"keys: {_few(named, len(keys))}"]
    if message.data("permission_name"):
        parts.insert(0, f"'{_text(message.data('permission_name'))}'")
    if slot.name == "actives":
        parts.append(f"may: {_operations(message.data('operations'))}")
    return ", ".join(parts)


def _operations(bits: bytes) -> str:
    """What an active permission may do: one bit for each contract type, the lowest first."""
    numbers = [
        8 * place + bit for place, byte in enumerate(bits) for bit in range(8) if byte >> bit & 1
    ]
    if set(CONTRACT_TYPES) <= set(numbers):
        return "everything"
    named = [CONTRACT_TYPES[number].message for number in numbers if number in CONTRACT_TYPES]
    return _few(named[:MAX_SHOWN], len(numbers))


def _few(named: list[str], count: int) -> str:
    more = count - len(named)
    return "; ".join([*named, *([f"{more} more"] if more else [])]) or "none"


def _shown(slot: Slot, number: int, data: bytes) -> str:
    match slot.kind:
        case "bool":
            return "yes" if number else "no"
        case "int32" | "int64":
            return _number(slot.name, number)
        case "text":
            return _text(data)
        case _:
            return _text(data) if slot.name in _TEXTS else _bytes(data)


def _number(name: str, number: int) -> str:
    if name in _SUN and number >= 0:
        return trx(number)
    if name in _TIMES:
        return moment(number)
    return _RESOURCES.get(number, str(number)) if name == "resource" else str(number)


def _bytes(data: bytes) -> str:
    """An account, or hex."""
    account = account_of(data)
    if account is not None:
        return account.text
    return f"0x{data[:_MAX_HEX].hex()}{'...' if len(data) > _MAX_HEX else ''}" if data else "none"


def _text(data: bytes) -> str:
    """Text, safe to show, where the bytes are one; else hex."""
    try:
        return quoted(data.decode())
    except UnicodeDecodeError:
        return _bytes(data)
