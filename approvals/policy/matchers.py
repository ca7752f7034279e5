"""The matchers of a rule that ask one question of an effect."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from approvals.findings import Kind
from approvals.policy.answers import NO, UNKNOWN, YES, Answer, known
from approvals.policy.rows import NO_CONTRACT, Account, Row, TokenKey


class EffectMatcher(Protocol):
    """Asks one effect."""

    @property
    def key(self) -> str:
        """Its name below `when`."""

    def answer(self, row: Row) -> Answer:
        """What it says of this effect."""


@dataclass(frozen=True, slots=True)
class KindIs:
    """What the signature does: a transfer, a call, a message."""

    kinds: frozenset[Kind]
    key: str = "kind"

    def answer(self, row: Row) -> Answer:
        """Unknown where the bytes could not be understood."""
        return UNKNOWN if row.kind is None else known(row.kind in self.kinds)


@dataclass(frozen=True, slots=True)
class ChainIs:
    """Cobo's chain id, as the signed bytes bind it."""

    chains: frozenset[str]
    key: str = "chain"

    def answer(self, row: Row) -> Answer:
        """Unknown where the bytes name no chain."""
        return UNKNOWN if row.chain is None else known(row.chain in self.chains)


@dataclass(frozen=True, slots=True)
class TokenIs:
    """The token that moves, by chain and contract."""

    tokens: frozenset[TokenKey]
    key: str = "token"

    def answer(self, row: Row) -> Answer:
        """Unknown where nobody knows which token moves."""
        return UNKNOWN if row.token is None else known(row.token in self.tokens)


@dataclass(frozen=True, slots=True)
class Places:
    """Addresses as a rule holds them.

    `anywhere` are those whose form alone tells the chain, `on` those of a named chain. `bare` are
    EVM addresses (with their texts) for which neither the entry nor the rule names a chain: such
    an address is one account on every EVM chain, so that finding it proves nothing.
    """

    anywhere: frozenset[Account]
    on: Mapping[str, frozenset[Account]]
    bare: Mapping[Account, str]

    @property
    def all(self) -> frozenset[Account]:
        """Every address in it, whatever the chain."""
        return self.anywhere.union(self.bare, *self.on.values())

    def holds(self, chain: str | None, account: Account) -> Answer:
        """Whether the address, on that chain, is one of these."""
        if account in self.anywhere:
            return YES
        if chain is None:
            maybe = account in self.bare or any(account in held for held in self.on.values())
            return UNKNOWN if maybe else NO
        if account in self.on.get(chain, ()):
            return YES
        return UNKNOWN if account in self.bare else NO


@dataclass(frozen=True, slots=True)
class SentTo:
    """Where it goes."""

    places: Places
    key: str = "to"

    def answer(self, row: Row) -> Answer:
        """Unknown where the destination is."""
        return UNKNOWN if row.to is None else self.places.holds(row.chain, row.to)


@dataclass(frozen=True, slots=True)
class SentFrom:
    """Whose account it leaves."""

    places: Places
    key: str = "from"

    def answer(self, row: Row) -> Answer:
        """Unknown where the source was not derived."""
        return UNKNOWN if row.sender is None else self.places.holds(row.chain, row.sender)


@dataclass(frozen=True, slots=True)
class AmountAtMost:
    """The request's total of the effect's token stays within a bound."""

    limits: Mapping[TokenKey, int]
    key: str = "amount_at_most"

    def answer(self, row: Row) -> Answer:
        """Unknown for another token than the unit's, and where a part of the total is."""
        limit = None if row.token is None else self.limits.get(row.token)
        if limit is None or row.amount is None:
            return UNKNOWN
        if row.total > limit or row.amount > limit:
            return NO
        return YES if row.all_known else UNKNOWN


@dataclass(frozen=True, slots=True)
class AmountOver:
    """The request's total of the effect's token, or this effect alone, exceeds a bound."""

    limits: Mapping[TokenKey, int]
    key: str = "amount_over"

    def answer(self, row: Row) -> Answer:
        """Unknown for another token than the unit's, and where the known part does not exceed."""
        limit = None if row.token is None else self.limits.get(row.token)
        if limit is None:
            return UNKNOWN
        if row.total > limit or (row.amount is not None and row.amount > limit):
            return YES
        return NO if row.all_known else UNKNOWN


@dataclass(frozen=True, slots=True)
class FeeAtMost:
    """The worst-case fee stays within a bound; `limits` is by chain, in its native coin."""

    limits: Mapping[str, int]
    key: str = "fee_at_most"

    def answer(self, row: Row) -> Answer:
        """Unknown where the fee is, or where the bound is in another chain's coin."""
        fee = row.fee
        if fee is None or fee.asset.contract is not None:
            return UNKNOWN
        limit = self.limits.get(fee.asset.chain)
        return UNKNOWN if limit is None else known(fee.at_most <= limit)


@dataclass(frozen=True, slots=True)
class ContractIs:
    """The contract that is called: a token's own, where tokens move."""

    places: Places
    key: str = "contract"

    def answer(self, row: Row) -> Answer:
        """Unknown where it is not known which is called, no where surely none is."""
        if row.contract is None:
            return UNKNOWN
        return NO if row.contract == NO_CONTRACT else self.places.holds(row.chain, row.contract)


@dataclass(frozen=True, slots=True)
class MethodIs:
    """The method that is called, by its selector (`0x` and 8 hex digits)."""

    selectors: frozenset[str]
    key: str = "method"

    def answer(self, row: Row) -> Answer:
        """Unknown where it is not known which is called; where surely none is, it is no other."""
        return UNKNOWN if row.method is None else known(row.method in self.selectors)
