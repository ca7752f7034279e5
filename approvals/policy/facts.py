"""What rules may look at: a request's findings, one row an effect, with None where nobody knows."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
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
    Findings,
    Kind,
    Operation,
    Passed,
    Signing,
    TokenApproval,
    Transfer,
    Wrap,
)
from approvals.request import RequestType

Account: TypeAlias = bytes
"""An address as rules compare it: family and bytes, in one value whose hash Python remembers."""

TokenKey: TypeAlias = str
"""A token as rules compare it: chain and contract, never a name that a payload gives it."""


NO_CONTRACT: Final[Account] = b""


@dataclass(frozen=True, slots=True)
class Row:
    """One effect as matchers see it; None: not known.

    `total` is what the request moves of the same token altogether, as far as it is known;
    `all_known` says that nothing can be missing from it. `contract` is NO_CONTRACT, and `method`
    (`0x` and 8 hex digits) empty, where surely none is called.
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


@dataclass(frozen=True, slots=True)
class Facts:
    """One request, ready for every rule.

    `rows` are the decoded effects. Where they may not be all (`complete` is False) they are
    followed by the transaction as Cobo claims it, and by an effect that may be anything: then a
    matcher can say yes or unknown, never no.
    """

    type: RequestType
    passed: bool
    complete: bool
    rows: tuple[Row, ...]
    fee: Fee | None
    wallet_id: str | None
    wallet_name: str | None
    initiator: str | None


def facts_of(findings: Findings, kind: RequestType, tables: Tables) -> Facts:
    """Read the findings once for all rules."""
    complete = findings.complete is True and len(findings.effects) > 0
    rows = _decoded(findings.effects, findings.fee, complete=complete)
    if not complete:
        rows = (*rows, *_claimed(findings.claims, tables), NOTHING_KNOWN)
    claims = findings.claims
    return Facts(
        type=kind,
        passed=isinstance(findings.integrity, Passed),
        complete=complete,
        rows=rows,
        fee=findings.fee,
        wallet_id=claims.wallet_id or None,
        wallet_name=claims.wallet_name or None,
        initiator=folded(claims.initiator),
    )


def folded(name: str | None) -> str | None:
    """An initiator's name as it is compared: NFKC, trimmed, case-folded. None: nothing is left."""
    if name is None:
        return None
    return unicodedata.normalize("NFKC", name).strip().casefold() or None


def account(address: Address) -> Account:
    """The address as it is compared; `text` is only how it is shown."""
    return address.family.encode() + b":" + address.raw


def token_key(asset: Asset) -> TokenKey:
    """The asset as it is compared: its chain and contract; a native coin has none."""
    contract = "" if asset.contract is None else account(asset.contract).hex()
    return f"{asset.chain} {contract}"


def _decoded(effects: Iterable[Effect], fee: Fee | None, *, complete: bool) -> tuple[Row, ...]:
    rows = [row for effect in effects for row in _rows(effect)]
    if fee is not None:
        rows = [replace(row, fee=fee) if row.chain == fee.asset.chain else row for row in rows]
    return _with_totals(rows, complete=complete)


def _rows(effect: Effect) -> tuple[Row, ...]:
    """An effect's rows. What we can only name does what we see and, beside it, what we cannot."""
    match effect:
        case Transfer():
            return (_moving(effect, effect.to, effect.sender, effect.amount),)
        case TokenApproval():
            return (_moving(effect, effect.spender, effect.owner, effect.amount),)
        case Wrap():
            contract = effect.wrapped.contract
            moved = effect.wrapped if effect.unwraps else effect.native
            return (
                Row(
                    kind="contract_call",
                    chain=effect.chain,
                    token=token_key(moved),
                    to=_account(contract),
                    sender=_account(effect.sender),
                    amount=effect.amount,
                    contract=_account(contract),
                    method=effect.selector,
                ),
            )
        case ContractCall():
            seen = Row(
                kind="contract_call",
                chain=effect.chain,
                to=_account(effect.contract),
                sender=_account(effect.sender),
                contract=_account(effect.contract),
                method=effect.selector,
            )
            if effect.value > 0:
                seen = replace(seen, token=token_key(effect.native), amount=effect.value)
            inner = (row for each in effect.inner for row in _rows(each))
            return (seen, *inner, Row(chain=effect.chain))
        case Operation():
            seen = Row("contract_call", effect.chain, sender=_account(effect.sender))
            return (seen, Row(chain=effect.chain))
        case Signing():
            inner = (row for each in effect.inner for row in _rows(each))
            return (Row(kind=effect.kind, chain=effect.chain), *inner)
        case _ as never:
            assert_never(never)


def _moving(
    effect: Transfer | TokenApproval, to: Address, sender: Address | None, amount: int | None
) -> Row:
    contract = effect.asset.contract
    return Row(
        kind=effect.kind,
        chain=effect.chain,
        token=token_key(effect.asset),
        to=account(to),
        sender=_account(sender),
        amount=amount,
        contract=NO_CONTRACT if contract is None else account(contract),
        method=effect.selector,
    )


def _with_totals(rows: list[Row], *, complete: bool) -> tuple[Row, ...]:
    """Add what the request moves of each token; exact only where every row's share is known."""
    if len(rows) == 1 and (only := rows[0]).amount is not None:
        return (replace(only, total=only.amount, all_known=complete),)
    totals: dict[TokenKey, int] = {}
    for row in rows:
        if row.token is not None and row.amount is not None:
            totals[row.token] = totals.get(row.token, 0) + row.amount
    exact = complete and all(row.token is not None and row.amount is not None for row in rows)
    return tuple(
        row if row.token is None else replace(row, total=totals.get(row.token, 0), all_known=exact)
        for row in rows
    )


def _claimed(claims: Claims, tables: Tables) -> tuple[Row, ...]:
    """The transaction as Cobo states it, where the bytes do not say."""
    token = tables.token(claims.token_id) if claims.token_id else None
    base = Row(
        kind=claims.kind,
        chain=claims.chain_id,
        token=token_key(token.asset) if token else None,
        sender=_parsed(claims.source),
    )
    decimals = token.asset.decimals if token else None
    rows = [
        replace(base, to=_parsed(output.address), amount=_base_units(output, decimals))
        for output in claims.outputs
    ]
    return _with_totals(rows or [base], complete=True)


def _account(address: Address | None) -> Account | None:
    return None if address is None else account(address)


def _parsed(text: str | None) -> Account | None:
    return _account(claimed_address(text) if text else None)


def _base_units(output: ClaimedOutput, decimals: int | None) -> int | None:
    if output.amount is None or decimals is None:
        return None
    return base_units(output.amount, decimals)
