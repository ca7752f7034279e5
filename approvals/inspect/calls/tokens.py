"""Calls that move tokens and collections, or let others move them."""

from collections.abc import Callable, Mapping
from typing import Final

from approvals.findings import Address, TokenApproval, Transfer, Wrap
from approvals.inspect.calls.budget import MAX_CALLS, Budget
from approvals.inspect.calls.model import Called, Reading
from approvals.inspect.calls.named import named_call

EVERYTHING: Final = 2**256 - 1
"""The largest amount that a token can be asked for."""

_UNKNOWN_AMOUNT: Final = "The token is not in our tables, so its amount cannot be read."
_AMOUNT_OR_ITEM: Final = (
    "The token is not in our tables; the number may be an amount, or one item of a collection."
)
_COLLECTION: Final = "The collection is in no table of ours."
_RAISED: Final = "What the allowance ends up at cannot be seen."
_PERMIT2: Final = "Whether the contract is Permit2 cannot be seen."


def understood(reading: Reading, budget: Budget) -> Called | None:
    """What the call does to tokens; None where it is no such call."""
    if reading.method.name == "safeBatchTransferFrom":
        return _items(reading, budget)
    reader = _READERS.get(reading.method.signature)
    return None if reader is None else reader(reading)


def _transfer(reading: Reading) -> Called | None:
    to, amount = reading.values
    return _moved(reading, reading.call.sender, to, amount, _UNKNOWN_AMOUNT)


def _transfer_from(reading: Reading) -> Called | None:
    owner, to, amount = reading.values
    return _moved(reading, reading.account(owner), to, amount, _AMOUNT_OR_ITEM)


def _moved(
    reading: Reading, sender: Address | None, to: bytes, amount: int, doubt: str
) -> Called | None:
    call, token = reading.call, reading.token()
    if call.value:
        return None
    effect = Transfer(
        chain=call.chain.chain_id,
        asset=reading.asset_of(reading.contract),
        sender=sender,
        to=reading.account(to),
        amount=amount,
        selector=call.selector,
    )
    return Called(effect, () if token else (doubt,))


def _approve(reading: Reading) -> Called | None:
    spender, amount = reading.values
    return _allowed(reading, reading.call.sender, spender, amount, _AMOUNT_OR_ITEM)


def _increase(reading: Reading) -> Called | None:
    spender, added = reading.values
    called = _allowed(reading, reading.call.sender, spender, added, _UNKNOWN_AMOUNT)
    return None if called is None else Called(called.effect, (*called.doubts, _RAISED))


def _permit(reading: Reading) -> Called | None:
    owner, spender, amount, *_ = reading.values
    return _allowed(reading, reading.account(owner), spender, amount, _UNKNOWN_AMOUNT)


def _permit_of_dai(reading: Reading) -> Called | None:
    owner, spender, _nonce, _expiry, allowed, *_ = reading.values
    amount = EVERYTHING if allowed else 0
    return _allowed(reading, reading.account(owner), spender, amount, _UNKNOWN_AMOUNT)


def _allowed(
    reading: Reading, owner: Address | None, spender: bytes, amount: int, doubt: str
) -> Called | None:
    call, token = reading.call, reading.token()
    if call.value:
        return None
    effect = TokenApproval(
        chain=call.chain.chain_id,
        asset=reading.asset_of(reading.contract),
        owner=owner,
        spender=reading.account(spender),
        amount=amount,
        via=reading.method.name,
        selector=call.selector,
    )
    return Called(effect, () if token else (doubt,))


def _permit2(reading: Reading) -> Called | None:
    """Permit2's allowance is its own: the token's, given to Permit2, stands above it."""
    contract, spender, amount, _expiration = reading.values
    call, at = reading.call, reading.account(contract)
    if call.value:
        return None
    token = reading.token_at(at)
    effect = TokenApproval(
        chain=call.chain.chain_id,
        asset=reading.asset_of(at),
        owner=call.sender,
        spender=reading.account(spender),
        amount=amount,
        via="Permit2 approve",
        selector=call.selector,
    )
    return Called(effect, (_PERMIT2,) if token else (_UNKNOWN_AMOUNT, _PERMIT2))


def _approve_all(reading: Reading) -> Called | None:
    operator, approved = reading.values
    call = reading.call
    if call.value or reading.token():
        return None
    effect = TokenApproval(
        chain=call.chain.chain_id,
        asset=reading.asset_of(reading.contract),
        owner=call.sender,
        spender=reading.account(operator),
        amount=None if approved else 0,
        via=reading.method.name,
        selector=call.selector,
    )
    return Called(effect, (_COLLECTION,))


def _one_item(reading: Reading) -> Called | None:
    owner, to, item, *_ = reading.values
    return _item(reading, owner, to, item, 1)


def _some_of_an_item(reading: Reading) -> Called | None:
    owner, to, item, amount, _data = reading.values
    return _item(reading, owner, to, item, amount)


def _items(reading: Reading, budget: Budget) -> Called | None:
    """Several at once: each of them inside the call, as far as they are shown."""
    owner, to, items, amounts, _data = reading.values
    if len(items) != len(amounts) or len(items) > MAX_CALLS:
        return None
    each = [_item(reading, owner, to, item, n) for item, n in zip(items, amounts, strict=True)]
    inner = tuple(called.effect for called in each if called is not None)
    if len(inner) != len(items):
        return None
    if len(inner) == 1:
        return each[0]
    return Called(named_call(reading.call, reading.tables, budget, reading, inner), (_COLLECTION,))


def _item(reading: Reading, owner: bytes, to: bytes, item: int, amount: int) -> Called | None:
    if reading.call.value or reading.token():
        return None
    effect = Transfer(
        chain=reading.call.chain.chain_id,
        asset=reading.asset_of(reading.contract),
        sender=reading.account(owner),
        to=reading.account(to),
        amount=amount,
        selector=reading.call.selector,
        item=item,
    )
    return Called(effect, (_COLLECTION,))


def _deposit(reading: Reading) -> Called | None:
    return _wrapped(reading, reading.call.value, unwraps=False)


def _withdraw(reading: Reading) -> Called | None:
    return None if reading.call.value else _wrapped(reading, reading.values[0], unwraps=True)


def _wrapped(reading: Reading, amount: int, *, unwraps: bool) -> Called | None:
    call, token = reading.call, reading.token()
    if token is None or not token.wraps:
        return None
    return Called(
        Wrap(
            chain=call.chain.chain_id,
            native=call.chain.native,
            wrapped=token.asset,
            sender=call.sender,
            amount=amount,
            unwraps=unwraps,
            selector=call.selector,
        )
    )


_READERS: Final[Mapping[str, Callable[[Reading], Called | None]]] = {
    "transfer(address,uint256)": _transfer,
    "transferFrom(address,address,uint256)": _transfer_from,
    "approve(address,uint256)": _approve,
    "increaseAllowance(address,uint256)": _increase,
    "permit(address,address,uint256,uint256,uint8,bytes32,bytes32)": _permit,
    "permit(address,address,uint256,uint256,bool,uint8,bytes32,bytes32)": _permit_of_dai,
    "approve(address,address,uint160,uint48)": _permit2,
    "setApprovalForAll(address,bool)": _approve_all,
    "safeTransferFrom(address,address,uint256)": _one_item,
    "safeTransferFrom(address,address,uint256,bytes)": _one_item,
    "safeTransferFrom(address,address,uint256,uint256,bytes)": _some_of_an_item,
    "deposit()": _deposit,
    "withdraw(uint256)": _withdraw,
}
