"""`when`: the matchers of a rule, from TOML to typed values."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, TypeVar

from approvals.chains.tables import Tables
from approvals.policy.lists import Vocabulary, node_ids, places
from approvals.policy.matchers import (
    AmountAtMost,
    AmountOver,
    ChainIs,
    ContractIs,
    EffectMatcher,
    FeeAtMost,
    KindIs,
    MethodIs,
    SentFrom,
    SentTo,
    TokenIs,
)
from approvals.policy.reading import Table, one_or_more, whole_number
from approvals.policy.request_matchers import (
    CategoryIs,
    CurveIs,
    FlagsAny,
    InitiatorIs,
    InitiatorTypeIs,
    NodesAreIn,
    RequestMatcher,
    RootPubKeyIs,
    ThresholdAtLeast,
    VaultIs,
    WalletIs,
)
from approvals.policy.values import amount, fee
from approvals.policy.words import (
    chains,
    curves,
    initiator_types,
    initiators,
    kinds,
    methods,
    risks,
    root_pub_keys,
    tokens,
    types,
)
from approvals.request import RequestType

M = TypeVar("M")
V = TypeVar("V")

MOST_NODES: Final = 1_000
"""No key has more holders than the protocol's lists have items."""


@dataclass(frozen=True, slots=True)
class When:
    """The matchers of one rule, cheap ones first."""

    types: frozenset[RequestType] | None = None
    on_effects: tuple[EffectMatcher, ...] = ()
    on_keys: tuple[RequestMatcher, ...] = ()
    flags: FlagsAny | None = None
    on_claims: tuple[RequestMatcher, ...] = ()


def read_when(table: Table, words: Vocabulary) -> When:
    """Every matcher that is there; a wrong one leaves a mistake behind, and nothing is loaded."""
    when = When(
        types=table.read("type", types),
        on_effects=_on_effects(table, words),
        on_keys=_on_keys(table, words),
        flags=_made(table, "flags_any", risks, FlagsAny),
        on_claims=_on_claims(table),
    )
    table.done()
    return when


def _on_effects(table: Table, words: Vocabulary) -> tuple[EffectMatcher, ...]:
    tables = words.tables
    on_chains = table.read("chain", partial(chains, tables=tables))
    somewhere = partial(places, words=words, chains=on_chains or frozenset())
    found: list[EffectMatcher | None] = [
        _made(table, "kind", kinds, KindIs),
        None if on_chains is None else ChainIs(on_chains),
        _made(table, "token", partial(tokens, tables=tables), TokenIs),
        _made(table, "to", somewhere, SentTo),
        _made(table, "from", somewhere, SentFrom),
        _made(table, "contract", somewhere, ContractIs),
        _made(table, "method", methods, MethodIs),
        _made(table, "amount_at_most", partial(amount, tables=tables), AmountAtMost),
        _made(table, "amount_over", partial(amount, tables=tables), AmountOver),
        _made(table, "fee_at_most", partial(fee, tables=tables), FeeAtMost),
    ]
    return tuple(matcher for matcher in found if matcher is not None)


def _on_keys(table: Table, words: Vocabulary) -> tuple[RequestMatcher, ...]:
    found: list[RequestMatcher | None] = [
        _made(table, "curve", curves, CurveIs),
        _made(table, "root_pub_key", root_pub_keys, RootPubKeyIs),
        _made(table, "threshold_at_least", whole_number(1, MOST_NODES), ThresholdAtLeast),
        _made(table, "nodes", partial(node_ids, words=words), NodesAreIn),
    ]
    return tuple(matcher for matcher in found if matcher is not None)


def _on_claims(table: Table) -> tuple[RequestMatcher, ...]:
    found: list[RequestMatcher | None] = [
        _made(table, "wallet", _several, WalletIs),
        _made(table, "vault", _several, VaultIs),
        _made(table, "initiator", initiators, InitiatorIs),
        _made(table, "initiator_type", initiator_types, InitiatorTypeIs),
        _made(table, "category", _several, CategoryIs),
    ]
    return tuple(matcher for matcher in found if matcher is not None)


def with_default_fee(when: When, tables: Tables) -> When:
    """A signature is approved only below a worst-case fee: the rule's, or the chain's default."""
    if any(isinstance(matcher, FeeAtMost) for matcher in when.on_effects):
        return when
    limits = {id_: chain.fee_at_most for id_, chain in tables.chains.items() if chain.fee_at_most}
    default = FeeAtMost(limits, key="fee_at_most (the chain's default)")
    return replace(when, on_effects=(*when.on_effects, default))


def _made(
    table: Table, key: str, parser: Callable[[Any], V], matcher: Callable[[V], M]
) -> M | None:
    value = table.read(key, parser)
    return None if value is None else matcher(value)


def _several(value: Any) -> frozenset[str]:
    return frozenset(one_or_more(value))
