"""Matchers that ask the request as a whole: what Cobo claims, its risks, the key it is about."""

from dataclasses import dataclass
from typing import Final, Protocol

from approvals.policy.answers import NO, UNKNOWN, YES, Answer, known
from approvals.policy.facts import Facts
from approvals.risks import Risk

INITIATOR_TYPES: Final = ("API", "Web", "App", "External")
"""The words that Cobo has for how a transaction was started."""

CURVES: Final = ("secp256k1", "ed25519")


class RequestMatcher(Protocol):
    """Asks a request; a claim matcher what `extra_info` says and nobody proved."""

    @property
    def key(self) -> str:
        """Its name below `when`."""

    def answer(self, facts: Facts) -> Answer:
        """What it says of this request."""


@dataclass(frozen=True, slots=True)
class WalletIs:
    """The wallet's id or name, as Cobo says."""

    wallets: frozenset[str]
    key: str = "wallet"

    def answer(self, facts: Facts) -> Answer:
        """No only where both id and name are said and neither is meant."""
        return _either(facts.claims.wallet_id, facts.claims.wallet_name, self.wallets)


@dataclass(frozen=True, slots=True)
class VaultIs:
    """The vault's id or name, as Cobo says."""

    vaults: frozenset[str]
    key: str = "vault"

    def answer(self, facts: Facts) -> Answer:
        """No only where both id and name are said and neither is meant."""
        return _either(facts.claims.vault_id, facts.claims.vault_name, self.vaults)


@dataclass(frozen=True, slots=True)
class InitiatorIs:
    """Who started it, as Cobo says; compared folded."""

    initiators: frozenset[str]
    key: str = "initiator"

    def answer(self, facts: Facts) -> Answer:
        """Unknown where nobody is named."""
        return UNKNOWN if facts.initiator is None else known(facts.initiator in self.initiators)


@dataclass(frozen=True, slots=True)
class InitiatorTypeIs:
    """How it was started, as Cobo says."""

    types: frozenset[str]
    key: str = "initiator_type"

    def answer(self, facts: Facts) -> Answer:
        """Unknown also where Cobo says a word that we do not know."""
        said = facts.claims.initiator_type
        return known(said in self.types) if said in INITIATOR_TYPES else UNKNOWN


@dataclass(frozen=True, slots=True)
class CategoryIs:
    """One of the request's categories, the customer's or Cobo's, as Cobo says."""

    categories: frozenset[str]
    key: str = "category"

    def answer(self, facts: Facts) -> Answer:
        """Unknown where none is stated: no list looks like an empty one."""
        said = facts.claims.categories
        return UNKNOWN if not said else known(not self.categories.isdisjoint(said))


@dataclass(frozen=True, slots=True)
class FlagsAny:
    """One of these risks was seen."""

    risks: frozenset[Risk]
    key: str = "flags_any"

    def answer(self, facts: Facts) -> Answer:
        """Unknown where none of them was seen and one may be there unseen."""
        if not self.risks.isdisjoint(facts.risks):
            return YES
        return NO if self.risks.isdisjoint(facts.hidden) else UNKNOWN

    def is_proved(self, facts: Facts) -> bool:
        """Whether a yes rests on proved facts: on one risk at least that they show."""
        return any(facts.risks.get(risk, False) for risk in self.risks)


@dataclass(frozen=True, slots=True)
class ThresholdAtLeast:
    """So many nodes at least must sign together with the new key."""

    least: int
    key: str = "threshold_at_least"

    def answer(self, facts: Facts) -> Answer:
        """Unknown where the threshold is, as in every request to sign."""
        threshold = None if facts.keys is None else facts.keys.threshold
        return UNKNOWN if threshold is None else known(threshold >= self.least)


@dataclass(frozen=True, slots=True)
class NodesAreIn:
    """Every node that will hold the key, or sign with it, is one of these."""

    node_ids: frozenset[str]
    key: str = "nodes"

    def answer(self, facts: Facts) -> Answer:
        """Unknown where no node is named."""
        said = () if facts.keys is None else facts.keys.node_ids
        return UNKNOWN if not said else known(self.node_ids.issuperset(said))


@dataclass(frozen=True, slots=True)
class CurveIs:
    """The curve of the key."""

    curves: frozenset[str]
    key: str = "curve"

    def answer(self, facts: Facts) -> Answer:
        """Unknown for a curve that has no name here."""
        curve = None if facts.keys is None else facts.keys.curve
        return UNKNOWN if curve is None else known(curve in self.curves)


@dataclass(frozen=True, slots=True)
class RootPubKeyIs:
    """The root of the key, as an extended public key (`xpub…`, `cpub…`)."""

    roots: frozenset[str]
    key: str = "root_pub_key"

    def answer(self, facts: Facts) -> Answer:
        """Unknown where there is none yet, as in the generation of a key."""
        root = None if facts.keys is None else facts.keys.root_pub_key
        return UNKNOWN if root is None else known(root in self.roots)


def _either(identity: str | None, name: str | None, meant: frozenset[str]) -> Answer:
    if identity in meant or name in meant:
        return YES
    return NO if identity and name else UNKNOWN
