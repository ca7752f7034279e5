"""Calls that carry other calls: multicalls, Safe transactions and batches."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from approvals.findings import Address
from approvals.inspect.calls.model import Call, Reading

_PACKED_HEAD: Final = 85
"""Of a call in Safe's `multiSend`: operation 1, to 20, value 32, length 32 bytes, then the data."""


def inner_calls(reading: Reading) -> Iterable[Call] | None:
    """The calls inside, in order; None where the method carries none, or in no form we read."""
    unfold = _UNFOLD.get(reading.method.signature)
    return None if unfold is None else unfold(reading)


def _multicall(reading: Reading) -> Iterable[Call]:
    """The contract calls itself, in the name of who called it. The value is shared by all."""
    call = reading.call
    for data in reading.values[-1]:
        yield Call(call.chain, call.sender, reading.contract, 0, data, call.delegated)


def _aggregate(reading: Reading) -> Iterable[Call]:
    """Multicall3: (target, data), (target, may fail, data) or (target, may fail, value, data)."""
    for target, *rest in reading.values[-1]:
        value = rest[1] if len(rest) == 3 else 0  # noqa: PLR2004 - the last of the three forms
        yield Call(reading.call.chain, _actor(reading), reading.account(target), value, rest[-1])


def _safe(reading: Reading) -> Iterable[Call] | None:
    """Safe's `execTransaction`; operation 1 is a delegatecall, and there are no others."""
    to, value, data, operation, *_ = reading.values
    if operation > 1:
        return None
    actor = _actor(reading)
    return (Call(reading.call.chain, actor, reading.account(to), value, data, operation == 1),)


def _multi_send(reading: Reading) -> Iterable[Call] | None:
    """Safe's `multiSend`: packed calls, one behind the other; None where they are not."""
    packed: bytes = reading.values[0]
    at, end = 0, len(packed)
    while at < end:
        size = int.from_bytes(packed[at + 53 : at + _PACKED_HEAD], "big")
        if at + _PACKED_HEAD > end or packed[at] > 1:
            return None
        at += _PACKED_HEAD + size
    return _packed(reading, packed) if at == end else None


def _packed(reading: Reading, packed: bytes) -> Iterator[Call]:
    at, actor = 0, _actor(reading)
    while at < len(packed):
        head = packed[at : at + _PACKED_HEAD]
        stop = at + _PACKED_HEAD + int.from_bytes(head[53:], "big")
        yield Call(
            chain=reading.call.chain,
            sender=actor,
            contract=reading.account(head[1:21]),
            value=int.from_bytes(head[21:53], "big"),
            data=packed[at + _PACKED_HEAD : stop],
            delegated=head[0] == 1,
        )
        at = stop


def _actor(reading: Reading) -> Address | None:
    """In whose name the contract makes its calls: its own, unless it runs as somebody else."""
    return reading.call.sender if reading.call.delegated else reading.contract


_UNFOLD: Final[Mapping[str, Callable[[Reading], Iterable[Call] | None]]] = {
    "multicall(bytes[])": _multicall,
    "multicall(uint256,bytes[])": _multicall,
    "aggregate((address,bytes)[])": _aggregate,
    "tryAggregate(bool,(address,bytes)[])": _aggregate,
    "aggregate3((address,bool,bytes)[])": _aggregate,
    "aggregate3Value((address,bool,uint256,bytes)[])": _aggregate,
    "execTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes)": (
        _safe
    ),
    "multiSend(bytes)": _multi_send,
}
