"""Values with a unit or a form of their own: durations, amounts, fees, addresses."""

import re
from collections.abc import Mapping
from typing import Any, Final

from approvals.chains.addresses import parse_address
from approvals.chains.amounts import base_units
from approvals.chains.bitcoin.networks import Network
from approvals.chains.bitcoin.scripts import address_of, script_of
from approvals.chains.tables import Tables
from approvals.findings import Address, Asset
from approvals.policy.mistakes import SeveralWrong, Wrong, shown
from approvals.policy.rows import TokenKey, token_key

_DURATION: Final = re.compile(r"([1-9][0-9]{0,5})([smh])")
_MILLISECONDS: Final = {"s": 1_000, "m": 60_000, "h": 3_600_000}
_AMOUNT: Final = re.compile(r"(0|[1-9][0-9]{0,39})(?:\.([0-9]{1,40}))? ([!-~]{1,64})")
_AMOUNT_FORM: Final = 'an amount and its unit, such as "5000 USDT" or "0.5 TRON_USDT"'


def duration(value: Any) -> int:
    """`30m` -> milliseconds."""
    match = _DURATION.fullmatch(value) if type(value) is str else None
    if match is None:
        raise Wrong('a time above zero, such as "90s", "30m" or "2h"')
    return int(match[1]) * _MILLISECONDS[match[2]]


def amount(value: Any, tables: Tables) -> Mapping[TokenKey, int]:
    """`50000 USDT` -> base units of every token that is called so; never from a payload's table.

    A unit is a symbol (that symbol on every chain) or a token id.
    """
    whole, fraction, unit = _parts(value)
    assets = units(unit, tables)
    if not assets:
        raise Wrong("a symbol or a token id of the tables, or one added under [tokens]")
    return {token_key(a): _in_base_units(whole, fraction, a) for a in assets}


def fee(value: Any, tables: Tables) -> Mapping[str, int]:
    """`0.01 ETH` -> base units of the native coin of every chain whose coin is called so."""
    whole, fraction, unit = _parts(value)
    assets = [asset for asset in units(unit, tables) if asset.contract is None]
    if not assets:
        raise Wrong('an amount of a chain\'s own coin, such as "0.01 ETH"')
    return {asset.chain: _in_base_units(whole, fraction, asset) for asset in assets}


def units(unit: str, tables: Tables) -> tuple[Asset, ...]:
    """The assets an amount's unit stands for: those of that symbol, or the one of that id.

    Where a unit is both, the id must be one of the symbol's own (`ETH`): two different tokens
    must not share a bound by accident.
    """
    by_symbol = tuple(token.asset for token in tables.by_symbol(unit))
    token = tables.token(unit)
    if token is None or not by_symbol:
        return by_symbol or (() if token is None else (token.asset,))
    if token.asset not in by_symbol:
        raise Wrong("a unit that means one token: this is a token id and another token's symbol")
    return by_symbol


def address(text: Any, tables: Tables) -> tuple[str | None, Address]:
    """`ETH:0x…` or a bare address -> the chain it names, if any, and the account."""
    if type(text) is not str:
        raise Wrong('an address, such as "ETH:0x…"', found=shown(text))
    chain_id, colon, rest = text.partition(":")
    parsed = parse_address(rest if colon else text)
    if parsed is None:
        well_formed = 'an address that is whole and whose checksum holds, such as "ETH:0x…"'
        raise Wrong(well_formed, found=shown(text))
    if not colon:
        return None, parsed
    chain = tables.chain(chain_id)
    if chain is None:
        raise Wrong("a chain id of the tables before the colon", found=shown(text))
    if chain.family != parsed.family:
        raise Wrong(f"an address of {chain_id}, not of another family", found=shown(text))
    if chain.network is not None:
        return chain_id, _as_written(chain.network, chain_id, rest)
    return chain_id, parsed


def _as_written(network: Network, chain_id: str, text: str) -> Address:
    """An address of a chain of Bitcoin's shape, as findings have it, which write each one way."""
    script = script_of(network, text)
    written = None if script is None else address_of(network, script)
    if written is None:
        raise Wrong(f"an address that is written for {chain_id}", found=shown(text))
    return written


def addresses(value: Any, tables: Tables) -> tuple[tuple[str | None, Address], ...]:
    """A non-empty array of addresses."""
    if not isinstance(value, list) or not value:
        raise Wrong("an array of at least one address")
    parsed: list[tuple[str | None, Address]] = []
    wrong: list[Wrong] = []
    for each in value:
        try:
            parsed.append(address(each, tables))
        except Wrong as error:
            wrong.append(error)
    if wrong:
        raise SeveralWrong(wrong)
    return tuple(parsed)


def _parts(value: Any) -> tuple[str, str, str]:
    match = _AMOUNT.fullmatch(value) if type(value) is str else None
    if match is None:
        raise Wrong(_AMOUNT_FORM)
    return match[1], match[2] or "", match[3]


def _in_base_units(whole: str, fraction: str, asset: Asset) -> int:
    if asset.decimals is None:
        raise Wrong("a unit whose decimals are known")
    if len(fraction) > asset.decimals:
        name = asset.token_id or asset.symbol
        raise Wrong(f"at most {asset.decimals} decimals, which is what {name} has")
    exact = base_units(f"{whole}.{fraction or 0}", asset.decimals)
    if exact is None:
        raise Wrong(_AMOUNT_FORM)
    return exact
