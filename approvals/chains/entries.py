"""One chain or one token as a TOML table, read strictly; and the types they become."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from approvals.chains.addresses import parse_address
from approvals.chains.amounts import MAX_DECIMALS, base_units, coin_text
from approvals.chains.bitcoin.networks import Network
from approvals.findings import Asset, Family

_ID: Final = re.compile(r"[A-Za-z0-9_.\-]{1,64}")
UNSTATED_FEE: Final = "0.05"
"""Coins: the worst-case fee of an operator's chain that states none, as Ethereum's entry has it."""

_CHAIN_KEYS: Final = ("eip155", "name", "symbol", "decimals", "fee_at_most")
_TOKEN_KEYS: Final = ("chain", "symbol", "contract", "decimals")
_FAMILIES: Final[Mapping[str, Family]] = {
    "evm": "evm",
    "tron": "tron",
    "bitcoin": "bitcoin",
    "solana": "solana",
    "other": "other",
}


class EntryError(ValueError):
    """An entry that cannot stand: the message is a plain sentence; `table` and `key` say where.

    `table` is as in TOML, `chains.ACME_ETH`; `key` is None where the whole entry is meant.
    """

    def __init__(self, table: str, key: str | None, sentence: str) -> None:
        super().__init__(sentence)
        self.table = table
        self.key = key


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain by Cobo's id. `eip155` is the chain id in EVM transactions, None elsewhere.

    `fee_at_most` is the worst-case fee, in base units of the native coin, up to which an approve
    rule applies that names none. 0 (an operator's chain that states none) means that such a rule
    never applies. `network` is how a chain of Bitcoin's shape writes addresses, None elsewhere.
    """

    chain_id: str
    name: str
    family: Family
    eip155: int | None
    native: Asset
    fee_at_most: int
    network: Network | None = None


@dataclass(frozen=True, slots=True)
class Token:
    """A token, or a chain's native coin, by Cobo's token id.

    `wraps`: its contract swaps the chain's own coin for the same amount of the token and back,
    as WETH9 does (`deposit()`, `withdraw(uint256)`).
    """

    asset: Asset
    wraps: bool = False


def operator_chain(chain_id: str, entry: Mapping[str, object], known: Chain | None) -> Chain:
    """An operator's entry; for a chain that ships, what it leaves out stays as it ships."""
    where = f"chains.{chain_id}"
    _only(where, entry, _CHAIN_KEYS)
    eip155 = entry.get("eip155")
    if type(eip155) is not int or eip155 < 1:
        raise EntryError(where, "eip155", "eip155 must be the chain's EIP-155 id, a whole number.")
    if known is None:
        return shipped_chain(chain_id, {"family": "evm", **entry})
    native = known.native
    fee = coin_text(known.fee_at_most, native.decimals or 0)
    ships = {"family": known.family, "name": known.name, "fee_at_most": fee}
    return shipped_chain(
        chain_id, {**ships, "symbol": native.symbol, "decimals": native.decimals, **entry}
    )


def shipped_chain(chain_id: str, entry: Mapping[str, Any]) -> Chain:
    """An entry of chains.toml, or an operator's that is complete."""
    where = f"chains.{chain_id}"
    _check_id(where, chain_id)
    symbol = _text(where, entry, "symbol", chain_id)
    decimals = _decimals(where, entry, 18)
    coins = _text(where, entry, "fee_at_most", UNSTATED_FEE).removesuffix(f" {symbol}")
    fee = base_units(coins, decimals)
    if fee is None:
        sentence = f'fee_at_most must be an amount in coins, such as "0.05 {symbol}".'
        raise EntryError(where, "fee_at_most", sentence)
    return Chain(
        chain_id=chain_id,
        name=_text(where, entry, "name", chain_id),
        family=_FAMILIES[entry["family"]],
        eip155=entry.get("eip155"),
        native=Asset(chain_id, chain_id, symbol, None, decimals),
        fee_at_most=fee,
        network=_network(entry),
    )


def read_token(token_id: str, entry: Mapping[str, object], chains: Mapping[str, Chain]) -> Token:
    """An entry of tokens.toml or an operator's."""
    where = f"tokens.{token_id}"
    _check_id(where, token_id)
    _only(where, entry, (*_TOKEN_KEYS, "wraps"))
    for key in _TOKEN_KEYS:
        if key not in entry:
            raise EntryError(where, None, f"A token needs {key}.")
    chain = chains.get(_text(where, entry, "chain", ""))
    if chain is None:
        raise EntryError(where, "chain", "chain must be the id of a chain that is known here.")
    contract = parse_address(_text(where, entry, "contract", ""))
    if contract is None or contract.family != chain.family:
        raise EntryError(where, "contract", f"contract must be an address on {chain.name}.")
    symbol, decimals = _text(where, entry, "symbol", ""), _decimals(where, entry, 0)
    wraps = entry.get("wraps", False)
    if type(wraps) is not bool or (wraps and decimals != chain.native.decimals):
        sentence = "wraps is true only for a token that has the decimals of the coin it wraps."
        raise EntryError(where, "wraps", sentence)
    return Token(Asset(chain.chain_id, token_id, symbol, contract, decimals), wraps)


def _network(entry: Mapping[str, Any]) -> Network | None:
    if "p2pkh" not in entry:
        return None
    segwit, coin_type = entry.get("segwit"), entry["coin_type"]
    return Network(entry["p2pkh"], tuple(entry["p2sh"]), segwit, coin_type)


def _only(where: str, entry: Mapping[str, object], keys: tuple[str, ...]) -> None:
    for key in entry:
        if key not in keys:
            raise EntryError(where, key, f"{key} is not known here; known are {', '.join(keys)}.")


def _check_id(where: str, text: str) -> None:
    if _ID.fullmatch(text) is None:
        raise EntryError(where, None, "An id is 1 to 64 letters, digits, _, . or -.")


def _text(where: str, entry: Mapping[str, object], key: str, default: str) -> str:
    value = entry.get(key, default)
    if type(value) is not str or not value or not value.isprintable():
        raise EntryError(where, key, f"{key} must be a string that is not empty.")
    return value


def _decimals(where: str, entry: Mapping[str, object], default: int) -> int:
    value = entry.get("decimals", default)
    if type(value) is not int or not 0 <= value <= MAX_DECIMALS:
        raise EntryError(
            where, "decimals", f"decimals must be a whole number, 0 to {MAX_DECIMALS}."
        )
    return value
