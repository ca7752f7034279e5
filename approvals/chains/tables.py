"""Which chain and which contract is meant by Cobo's ids: what ships and what an operator adds."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from importlib import resources

from approvals.chains.contracts import Contract
from approvals.chains.entries import (
    Chain,
    EntryError,
    Token,
    operator_chain,
    read_token,
    shipped_chain,
)
from approvals.findings import Address, Asset

__all__ = ["SHIPPED", "Chain", "EntryError", "Tables", "Token"]

SHIPPED: "Tables"
"""The tables of chains.toml and tokens.toml, read when first asked for."""


@dataclass(frozen=True)
class Tables:
    """Every chain and token we can name. Native coins are tokens too, under their chain's id.

    `contracts` (by chain id and address) are an operator's, and only for people to read.
    """

    chains: Mapping[str, Chain]
    tokens: Mapping[str, Token]
    contracts: Mapping[tuple[str, Address], Contract] = field(default_factory=dict)

    def chain(self, chain_id: str) -> Chain | None:
        """The chain that Cobo calls so, exactly."""
        return self.chains.get(chain_id)

    def chain_by_eip155(self, number: int) -> Chain | None:
        """The chain with this id in its EVM transactions."""
        return self._by_eip155.get(number)

    def token(self, token_id: str) -> Token | None:
        """The token or native coin that Cobo calls so, exactly."""
        return self.tokens.get(token_id)

    def token_by_contract(self, chain_id: str, contract: Address) -> Token | None:
        """The token that this contract is on this chain."""
        return self._by_contract.get((chain_id, contract))

    def asset_of(self, chain_id: str, contract: Address) -> Asset:
        """What this contract counts: a token of ours, or one without a name or decimals."""
        token = self.token_by_contract(chain_id, contract)
        return token.asset if token else Asset(chain_id, None, None, contract, None)

    def by_symbol(self, symbol: str) -> tuple[Token, ...]:
        """Every token with this symbol, on every chain: `USDT` has several."""
        return tuple(token for token in self.tokens.values() if token.asset.symbol == symbol)

    def extended(
        self,
        chains: Mapping[str, Mapping[str, object]],
        tokens: Mapping[str, Mapping[str, object]],
    ) -> "Tables":
        """These tables and an operator's, given as the TOML tables `[chains.X]`, `[tokens.Y]`.

        What ships may be repeated, and its name and fee_at_most changed, but not contradicted.

        Raises:
            EntryError: an entry is malformed, or contradicts another one.
        """
        grown = self
        for chain_id, entry in chains.items():
            grown = _with_chain(grown, operator_chain(chain_id, entry, self.chain(chain_id)))
        for token_id, entry in tokens.items():
            grown = _with_token(grown, read_token(token_id, entry, grown.chains))
        return grown

    def with_contract(self, place: tuple[str, Address], contract: Contract) -> "Tables":
        """These tables and one more contract, at a chain and an address."""
        return replace(self, contracts={**self.contracts, place: contract})

    @cached_property
    def _by_eip155(self) -> Mapping[int, Chain]:
        return {chain.eip155: chain for chain in self.chains.values() if chain.eip155 is not None}

    @cached_property
    def _by_contract(self) -> Mapping[tuple[str, Address], Token]:
        return {
            (token.asset.chain, token.asset.contract): token
            for token in self.tokens.values()
            if token.asset.contract is not None
        }


def __getattr__(name: str) -> Tables:
    """Read the shipped tables when `SHIPPED` is first asked for."""
    if name == "SHIPPED":
        return _shipped()
    raise AttributeError(name)


@cache
def _shipped() -> Tables:
    folder = resources.files("approvals.chains")
    tables = Tables({}, {})
    for chain_id, entry in tomllib.loads((folder / "chains.toml").read_text("utf-8")).items():
        tables = _with_chain(tables, shipped_chain(chain_id, entry))
    return tables.extended({}, tomllib.loads((folder / "tokens.toml").read_text("utf-8")))


def _with_chain(tables: Tables, chain: Chain) -> Tables:
    where, known = f"chains.{chain.chain_id}", tables.chains.get(chain.chain_id)
    if known is not None and (known.eip155, known.native) != (chain.eip155, chain.native):
        is_known = f"{known.chain_id} is {known.name} with EIP-155 id {known.eip155}"
        coin = f"the coin {known.native.symbol} of {known.native.decimals} decimals"
        raise EntryError(where, None, f"{is_known} and {coin}; this says otherwise.")
    twin = None if chain.eip155 is None else tables.chain_by_eip155(chain.eip155)
    if twin is not None and twin.chain_id != chain.chain_id:
        sentence = f"EIP-155 id {chain.eip155} already belongs to {twin.chain_id}."
        raise EntryError(where, "eip155", sentence)
    if known is None and chain.chain_id in tables.tokens:
        raise EntryError(where, None, f"{chain.chain_id} is already the id of a token.")
    native = {chain.chain_id: Token(chain.native)}
    chains = {**tables.chains, chain.chain_id: chain}
    return replace(tables, chains=chains, tokens={**tables.tokens, **native})


def _with_token(tables: Tables, token: Token) -> Tables:
    asset = token.asset
    token_id = asset.token_id or ""
    where, known = f"tokens.{token_id}", tables.tokens.get(token_id)
    if known is not None:
        if token.wraps and not known.wraps:
            sentence = f"{token_id} does not wrap the chain's own coin."
            raise EntryError(where, "wraps", sentence)
        if known.asset != asset:
            sentence = f"{token_id} is already another token, {_described(known.asset)}."
            raise EntryError(where, None, sentence)
        return tables
    twin = asset.contract and tables.token_by_contract(asset.chain, asset.contract)
    if twin:
        sentence = f"This contract is already the token {twin.asset.token_id}."
        raise EntryError(where, "contract", sentence)
    return replace(tables, tokens={**tables.tokens, token_id: token})


def _described(asset: Asset) -> str:
    contract = asset.contract.text if asset.contract else "a native coin"
    return f"{asset.symbol} on {asset.chain}, {contract}, {asset.decimals} decimals"
