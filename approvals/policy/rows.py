"""Effects as rules look at them: one row each, with None where nobody knows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias, assert_never

from approvals.chains.addresses import claimed_address
from approvals.chains.amounts import base_units
from approvals.chains.tables import Tables
from approvals.findings import (
    Address,
    Asset,
    ClaimedOutput,
    Claims,
    ContractCall,
    Effect,
    Fee,
    Kind,
    Operation,
    Signing,
    TokenApproval,
    Transfer,
    Wrap,
)

Account: TypeAlias = bytes
"""An address as rules compare it: family and bytes, in one value whose hash Python remembers."""

TokenKey: TypeAlias = str
"""A token as rules compare it: chain and contract, never a name that a payload gives it."""

NO_CONTRACT: Final[Account] = b""

EVERYTHING: Final = 1 << 1024
"""The amount of an approval without a bound: more than any limit that a policy can state."""


@dataclass(frozen=True, slots=True)
class Row:
    """One effect as matchers see it; None: not known.

    `total` is what the request moves of the same token altogether, as far as it is known;
    `all_known` says that nothing can be missing from it. `contract` is NO_CONTRACT, and `method`
    (`0x` and 8 hex digits) empty, where surely none is called. `fee` is the whole request's.
    """

    kind: Kind | None = None
    chain: str | None = None
    token: TokenKey | None = None
    to: Account | None = None
    sender: Account | None = None
    amount: int | None = None
    total: int = 0
    all_known: bool = False
    fee: Fee | None = None
    contract: Account | None = None
    method: str | None = None


NOTHING_KNOWN: Final = Row()
"""An effect that may be anything: it keeps a rule from being sure that no effect matches."""


def decoded_rows(effects: Iterable[Effect], fee: Fee | None, *, complete: bool) -> tuple[Row, ...]:
    """The rows of what the bytes do."""
    rows = [row for effect in effects for row in rows_of(effect, fee)]
    return _with_totals(rows, complete=complete)


def claimed_rows(claims: Claims, tables: Tables) -> tuple[Row, ...]:
    """The transaction as Cobo states it, where the bytes do not say; at least one row."""
    token = tables.token(claims.token_id) if claims.token_id else None
    key = token_key(token.asset) if token else None
    decimals = token.asset.decimals if token else None
    sender = _parsed(claims.source)
    calls = claims.kind == "contract_call"
    rows = []
    for output in claims.outputs:
        to, amount = _parsed(output.address), _base_units(output, decimals)
        contract = to if calls else None
        row = Row(claims.kind, claims.chain_id, key, to, sender, amount, contract=contract)
        rows.append(row)
    if not rows:
        rows.append(Row(claims.kind, claims.chain_id, key, sender=sender))
    return _with_totals(rows, complete=True)


def account(address: Address) -> Account:
    """The address as it is compared; `text` is only how it is shown."""
    return address.family.encode() + b":" + address.raw


def token_key(asset: Asset) -> TokenKey:
    """The asset as it is compared: its chain and contract; a native coin has none."""
    contract = "" if asset.contract is None else account(asset.contract).hex()
    return f"{asset.chain} {contract}"


def rows_of(effect: Effect, fee: Fee | None) -> tuple[Row, ...]:
    """An effect's rows. What we can only name does what we see and, beside it, what we cannot."""
    match effect:
        case Transfer():
            return (_moving(effect, effect.to, effect.sender, effect.amount, fee),)
        case TokenApproval():
            much = EVERYTHING if effect.amount is None else effect.amount
            return (_moving(effect, effect.spender, effect.owner, much, fee),)
        case Wrap():
            contract = _account(effect.wrapped.contract)
            row = Row(
                kind="contract_call",
                chain=effect.chain,
                token=token_key(effect.wrapped if effect.unwraps else effect.native),
                to=contract,
                sender=_account(effect.sender),
                amount=effect.amount,
                fee=_fee_on(effect.chain, fee),
                contract=contract,
                method=effect.selector,
            )
            return (row,)
        case ContractCall():
            return _rows_of_call(effect, fee)
        case Operation():
            seen = Row(
                "contract_call",
                effect.chain,
                sender=_account(effect.sender),
                fee=_fee_on(effect.chain, fee),
            )
            return (seen, Row(chain=effect.chain, fee=seen.fee))
        case Signing():
            chain = effect.chain
            own = Row(effect.kind, chain, fee=_fee_on(chain, fee) if chain else None)
            return (own, *_rows_inside(effect.inner, fee))
        case _ as never:
            assert_never(never)


def _rows_of_call(call: ContractCall, fee: Fee | None) -> tuple[Row, ...]:
    contract = _account(call.contract)
    sends = call.value > 0
    seen = Row(
        kind="contract_call",
        chain=call.chain,
        token=token_key(call.native) if sends else None,
        to=contract,
        sender=_account(call.sender),
        amount=call.value if sends else None,
        fee=_fee_on(call.chain, fee),
        contract=contract,
        method=call.selector,
    )
    return (seen, *_rows_inside(call.inner, fee), Row(chain=call.chain, fee=seen.fee))


def _rows_inside(effects: Iterable[Effect], fee: Fee | None) -> list[Row]:
    return [row for effect in effects for row in rows_of(effect, fee)]


def _moving(
    effect: Transfer | TokenApproval,
    to: Address,
    sender: Address | None,
    amount: int,
    fee: Fee | None,
) -> Row:
    contract = effect.asset.contract
    return Row(
        kind=effect.kind,
        chain=effect.chain,
        token=token_key(effect.asset),
        to=account(to),
        sender=_account(sender),
        amount=amount,
        fee=_fee_on(effect.chain, fee),
        contract=NO_CONTRACT if contract is None else account(contract),
        method=effect.selector,
    )


def _fee_on(chain: str, fee: Fee | None) -> Fee | None:
    return fee if fee is not None and fee.asset.chain == chain else None


def _with_totals(rows: list[Row], *, complete: bool) -> tuple[Row, ...]:
    """Add what the request moves of each token; exact only where every row's share is known."""
    totals: dict[TokenKey, int] = {}
    exact = complete
    for row in rows:
        if row.token is None or row.amount is None:
            exact = False
        else:
            totals[row.token] = totals.get(row.token, 0) + row.amount
    return tuple(_with_total(row, totals, exact=exact) for row in rows)


def _with_total(row: Row, totals: Mapping[TokenKey, int], *, exact: bool) -> Row:
    if row.token is None:
        return row
    return Row(  # by hand: `dataclasses.replace` is slow, and every request comes by
        kind=row.kind,
        chain=row.chain,
        token=row.token,
        to=row.to,
        sender=row.sender,
        amount=row.amount,
        total=totals.get(row.token, 0),
        all_known=exact,
        fee=row.fee,
        contract=row.contract,
        method=row.method,
    )


def _account(address: Address | None) -> Account | None:
    return None if address is None else account(address)


def _parsed(text: str | None) -> Account | None:
    return _account(claimed_address(text) if text else None)


def _base_units(output: ClaimedOutput, decimals: int | None) -> int | None:
    if output.amount is None or decimals is None:
        return None
    return base_units(output.amount, decimals)
