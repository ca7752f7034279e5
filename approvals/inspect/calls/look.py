"""Reading one call, and those inside it."""

from dataclasses import replace
from typing import Final

from approvals.chains.calldata import NotExact, decode
from approvals.chains.methods import SELECTOR_SIZE, Method, method_of
from approvals.chains.tables import Tables
from approvals.findings import Address, Effect, Transfer
from approvals.inspect.calls.batches import inner_calls
from approvals.inspect.calls.budget import MAX_CALLS, MAX_DEPTH, Budget
from approvals.inspect.calls.dangers import dangers
from approvals.inspect.calls.model import Call, Called, Reading
from approvals.inspect.calls.named import named_call
from approvals.inspect.calls.tokens import understood
from approvals.risks import Flag, worst_first

_CREATES: Final = "It creates a contract; what that does is not understood."
_DELEGATED: Final = "It runs the code of a contract in place of its own; what that does is unknown."
_OPAQUE: Final = "It calls a contract; what that does is not understood."
_CARRIES: Final = "It carries other calls; whether each is made, and what else happens, is unknown."
_PAYABLE: Final = "deposit"
"""The method that coins are usually sent along with, by many contracts other than wrapped coins."""

_CUT: Final = (
    f"It carries more calls than are shown: {MAX_CALLS} are looked at, {MAX_DEPTH} inside each"
    " other."
)


def look_at_call(call: Call, tables: Tables, depth: int = 0) -> Called:
    """Read the calldata; pure and bounded. `depth` is how far the call is inside another one.

    A method that we know is understood only where there is one way to read the calldata: each
    argument fills its words and no more, and nothing follows. Calls inside are for people alone.
    """
    budget = Budget()
    called = _look(call, tables, depth, budget)
    if budget.cut:
        return replace(called, doubts=(*called.doubts, _CUT))
    return called


def _look(call: Call, tables: Tables, depth: int, budget: Budget) -> Called:
    contract, data = call.contract, call.data
    if contract is None:
        return Called(named_call(call, tables, budget), (_CREATES,))
    if not data and not call.delegated:
        chain = call.chain
        return Called(Transfer(chain.chain_id, chain.native, call.sender, contract, call.value))
    method = method_of(data[:SELECTOR_SIZE])
    reading = None if method is None else _read(call, contract, method, tables)
    called = understood(reading, budget) if reading is not None and not call.delegated else None
    if called is None and reading is not None:
        called = _unfolded(reading, tables, depth, budget)
    if called is None:
        called = Called(named_call(call, tables, budget, reading), (_doubt(call, method, reading),))
    flags = dangers(call, contract, method, tables)
    return replace(called, flags=worst_first((*flags, *called.flags))) if flags else called


def _read(call: Call, contract: Address, method: Method, tables: Tables) -> Reading | None:
    try:
        values = decode(method.types, call.data[SELECTOR_SIZE:])
    except NotExact:
        return None
    return Reading(call, contract, method, values, tables)


def _unfolded(reading: Reading, tables: Tables, depth: int, budget: Budget) -> Called | None:
    calls = inner_calls(reading)
    if calls is None:
        return None
    inner: list[Effect] = []
    flags: list[Flag] = []
    for call in budget.take(calls, depth):
        found = _look(call, tables, depth + 1, budget)
        inner.append(found.effect)
        flags += found.flags
    effect = named_call(reading.call, tables, budget, reading, tuple(inner))
    return Called(effect, (_CARRIES,), worst_first(flags))


def _doubt(call: Call, method: Method | None, reading: Reading | None) -> str:
    if call.delegated:
        return _DELEGATED
    if method is None:
        return _OPAQUE
    if reading is None or (call.value and method.name != _PAYABLE):
        return f"It calls `{method.name}` in an unusual form, which is not understood."
    return f"It calls `{method.name}` of a contract; what that does is not understood."
