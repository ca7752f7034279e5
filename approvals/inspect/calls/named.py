"""A call that we can only point at, with what it and its arguments are called, for people."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from approvals.chains.addresses import account_address
from approvals.chains.methods import SELECTOR_SIZE, Method, method_of, split_types
from approvals.chains.tables import Tables
from approvals.findings import ContractCall, Effect
from approvals.inspect.calls.budget import Budget
from approvals.inspect.calls.model import Call, Reading
from approvals.inspect.reasons import quoted

MAX_ARRAYS: Final = 2
"""Arrays inside each other that are shown: an offset may stand for any other's items again."""

MAX_ARGUMENTS: Final = 16
MAX_TEXT: Final = 200
"""Characters of one argument, and of a method's name."""

_MAX_ITEMS: Final = 8
_MAX_BYTES: Final = 32


def named_call(
    call: Call,
    tables: Tables,
    budget: Budget,
    reading: Reading | None = None,
    inner: tuple[Effect, ...] = (),
) -> ContractCall:
    """The call; an operator's name for its contract and method goes before ours."""
    name, arguments = _by_operator(call, tables, budget)
    if name is None:
        method = method_of(call.data[:SELECTOR_SIZE])
        name = None if method is None or call.contract is None else method.signature
    if not arguments and reading is not None:
        arguments = _arguments(reading.method, reading.values, reading.call)
    return ContractCall(
        chain=call.chain.chain_id,
        contract=call.contract,
        sender=call.sender,
        value=call.value,
        native=call.chain.native,
        selector=call.selector,
        calldata_size=len(call.data),
        method=name,
        arguments=arguments,
        inner=inner,
    )


def _by_operator(
    call: Call, tables: Tables, budget: Budget
) -> tuple[str | None, tuple[tuple[str, str], ...]]:
    if call.contract is None:
        return None, ()
    contract = tables.contracts.get((call.chain.chain_id, call.contract))
    method = contract.methods.get(call.data[:SELECTOR_SIZE]) if contract else None
    if contract is None or method is None:
        return None, ()
    name = f"{_clipped(method.signature)} of {contract.name}"
    values = _decoded(method, call.data[SELECTOR_SIZE:], budget)
    return name, () if values is None else _arguments(method, values, call)


def _decoded(method: Method, data: bytes, budget: Budget) -> Sequence[Any] | None:
    """The arguments by eth-abi, or None. It follows offsets wherever they point, hence bounds."""
    from eth_abi.abi import decode
    from eth_abi.exceptions import DecodingError

    if max(map(_arrays, method.types), default=0) > MAX_ARRAYS or not budget.affords(len(data)):
        return None
    try:
        values: Sequence[Any] = decode(method.types, data)
    except (DecodingError, ValueError, OverflowError):
        return None
    return values


def _arrays(kind: str) -> int:
    """How many arrays are inside each other in a type."""
    base, _, dimensions = kind.rpartition(")")
    inner = max(map(_arrays, split_types(base[1:])), default=0) if base else 0
    return inner + dimensions.count("[")


def _arguments(method: Method, values: Sequence[Any], call: Call) -> tuple[tuple[str, str], ...]:
    def account(value: bytes | str) -> str:
        raw = bytes.fromhex(value[2:]) if isinstance(value, str) else value
        return account_address(call.chain.family, raw).text

    return tuple(
        (name or f"argument {number}", _clipped(_shown(kind, value, account)))
        for number, (name, kind, value) in enumerate(
            zip(method.names, method.types, values, strict=True), 1
        )
    )[:MAX_ARGUMENTS]


def _shown(kind: str, value: Any, account: Callable[[Any], str]) -> str:
    """One value as text; of an array the first items, of bytes the first ones and their number."""
    if kind.endswith("]"):
        item = kind[: kind.rindex("[")]
        texts = [_shown(item, each, account) for each in value[:_MAX_ITEMS]]
        if len(value) > _MAX_ITEMS:
            texts.append(f"and {len(value) - _MAX_ITEMS} more")
        return f"[{', '.join(texts)}]"
    if kind.startswith("("):
        parts = zip(split_types(kind[1:-1]), value, strict=True)
        return f"({', '.join(_shown(part, each, account) for part, each in parts)})"
    if kind == "address":
        return account(value)
    if isinstance(value, bytes):
        more = f"... ({len(value)} bytes)" if len(value) > _MAX_BYTES else ""
        return f"0x{value[:_MAX_BYTES].hex()}{more}"
    if isinstance(value, str):
        return f"'{quoted(value)}'"
    return str(value).lower()


def _clipped(text: str) -> str:
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}..."
