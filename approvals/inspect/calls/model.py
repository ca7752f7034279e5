"""A call of a contract, how it is read, and what is found out about it."""

from dataclasses import dataclass
from typing import Any

from approvals.chains.addresses import account_address
from approvals.chains.methods import SELECTOR_SIZE, Method
from approvals.chains.tables import Chain, Tables, Token
from approvals.findings import Address, Asset, Effect
from approvals.risks import Flag


@dataclass(frozen=True, slots=True)
class Call:
    """One call. `contract` None creates one; `value` is in base units of the chain's coin.

    `delegated`: the contract's code runs in place of the sender's own (delegatecall), so that
    even a token's `transfer` moves nothing of that token.
    """

    chain: Chain
    sender: Address | None
    contract: Address | None
    value: int
    data: bytes
    delegated: bool = False

    @property
    def selector(self) -> str:
        """`0x` and 8 hex digits; empty for calldata shorter than that."""
        return "0x" + self.data[:SELECTOR_SIZE].hex() if len(self.data) >= SELECTOR_SIZE else ""


@dataclass(frozen=True, slots=True)
class Called:
    """What it does. `doubts` are sentences for check 15: empty where all of it is understood."""

    effect: Effect
    doubts: tuple[str, ...] = ()
    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """A call of a well-known method whose calldata can be read in one way: `values`.

    They are as `approvals.chains.calldata.decode` gives them for `method.types`.
    """

    call: Call
    contract: Address
    method: Method
    values: tuple[Any, ...]
    tables: Tables

    def account(self, raw: bytes) -> Address:
        """The account of 20 bytes, as the chain writes it."""
        return account_address(self.call.chain.family, raw)

    def token(self) -> Token | None:
        """The token that the contract is, if a table has it."""
        return self.token_at(self.contract)

    def token_at(self, contract: Address) -> Token | None:
        """The token that some contract is."""
        return self.tables.token_by_contract(self.call.chain.chain_id, contract)

    def asset_of(self, contract: Address) -> Asset:
        """What some contract counts, whether a table has it or not."""
        return self.tables.asset_of(self.call.chain.chain_id, contract)
