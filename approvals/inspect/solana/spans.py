"""A Solana transaction laid open: every byte of it, and what it says."""

from typing import Final

from approvals.chains import base58
from approvals.chains.solana.message import (
    KEY,
    BadMessage,
    Foreign,
    Instruction,
    Lookup,
    Message,
    read_transaction,
)
from approvals.chains.solana.naming import form_of
from approvals.chains.solana.programs import NAMES
from approvals.inspect.seen import Span

_HEADER: Final = 3


def dissect(raw: bytes) -> tuple[Span, ...]:
    """The fields in order; positions count in the transaction, taken out of its base64."""
    try:
        message = read_transaction(raw)
    except BadMessage:
        return ()
    if isinstance(message, Foreign):
        return ()
    slots = "none" if message.start == 1 else f"{message.signers} empty"
    spans = [Span(0, message.start, "signatures", slots)]
    at = message.start
    if message.version is not None:
        spans.append(Span(at, at + 1, "version", str(message.version)))
        at += 1
    counts = f"{message.signers} sign, {message.readonly_signers} of them read-only"
    header = f"{counts}; {message.readonly} others read-only"
    spans.append(Span(at, at + _HEADER, "header", header))
    at += _HEADER
    spans.append(Span(at, message.keys_start, "accounts", str(len(message.keys))))
    at = message.keys_start
    for index, key in enumerate(message.keys):
        spans.append(Span(at, at + KEY, f"account {index}", _account(message, index, key), 1))
        at += KEY
    spans.append(Span(at, at + KEY, "recent blockhash", base58.encode(message.blockhash)))
    at += KEY
    first = message.instructions[0].start if message.instructions else at + 1
    spans.append(Span(at, first, "instructions", str(len(message.instructions))))
    for instruction in message.instructions:
        spans += _instruction(instruction)
    at = message.instructions[-1].end if message.instructions else first
    if message.version is not None:
        spans.append(Span(at, at + 1, "lookup tables", str(len(message.lookups))))
        spans += map(_lookup, message.lookups)
    return tuple(spans)


def _account(message: Message, index: int, key: bytes) -> str:
    marks = [
        *(["signs"] if message.is_signer(index) else []),
        *(["writable"] if message.is_writable(index) else []),
        *([NAMES[key]] if key in NAMES else []),
    ]
    text = base58.encode(key)
    return f"{text} ({', '.join(marks)})" if marks else text


def _instruction(instruction: Instruction) -> list[Span]:
    program, form = form_of(instruction)
    start, end = instruction.start, instruction.end
    data = end - len(instruction.data)
    accounts = data - _length_size(len(instruction.data))
    listed = " ".join(map(str, instruction.indexes)) or "none"
    return [
        Span(start, end, "instruction", f"{program}: {form.name}", 1),
        Span(start, start + 1, "program", base58.encode(instruction.program), 2),
        Span(start + 1, accounts, "accounts", listed, 2),
        Span(accounts, end, "data", "0x" + instruction.data.hex(), 2),
    ]


def _lookup(lookup: Lookup) -> Span:
    taken = f"writable {list(lookup.writable)}, read-only {list(lookup.readonly)}"
    return Span(
        lookup.start, lookup.end, "lookup table", f"{base58.encode(lookup.table)}, {taken}", 1
    )


def _length_size(length: int) -> int:
    return 1 if length < 0x80 else 2  # noqa: PLR2004 - seven bits a byte
