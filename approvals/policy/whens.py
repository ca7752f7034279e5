"""`when`: the matchers of a rule, from TOML to typed values."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, cast, get_args

from approvals.chains.tables import Tables
from approvals.findings import Address, Kind
from approvals.policy.facts import Account, TokenKey, account, folded, token_key
from approvals.policy.matchers import (
    AmountAtMost,
    AmountOver,
    ChainIs,
    ClaimMatcher,
    EffectMatcher,
    FeeAtMost,
    InitiatorIs,
    KindIs,
    Places,
    SentFrom,
    SentTo,
    TokenIs,
    WalletIs,
)
from approvals.policy.mistakes import SeveralWrong, Wrong, shown
from approvals.policy.model import AddressList
from approvals.policy.reading import Table, one_or_more
from approvals.policy.values import addresses, amount, fee
from approvals.request import RequestType

_TYPES: Final = {kind.label: kind for kind in RequestType}
_KINDS: Final[tuple[str, ...]] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What a rule may refer to: the chains and tokens of the tables, the lists of the file."""

    tables: Tables
    lists: Mapping[str, AddressList]


@dataclass(frozen=True, slots=True)
class When:
    """The matchers of one rule, cheap ones first."""

    types: frozenset[RequestType] | None = None
    on_effects: tuple[EffectMatcher, ...] = ()
    on_claims: tuple[ClaimMatcher, ...] = ()


def read_when(table: Table, words: Vocabulary) -> When:
    """Every matcher that is there; a wrong one leaves a mistake behind, and nothing is loaded."""
    types = table.read("type", _types)
    kinds = table.read("kind", _kinds)
    chains = table.read("chain", partial(_chains, tables=words.tables))
    tokens = table.read("token", partial(_tokens, tables=words.tables))
    places = partial(_places, words=words, chains=chains or frozenset())
    to = table.read("to", places)
    sender = table.read("from", places)
    at_most = table.read("amount_at_most", partial(amount, tables=words.tables))
    over = table.read("amount_over", partial(amount, tables=words.tables))
    cost = table.read("fee_at_most", partial(fee, tables=words.tables))
    wallets = table.read("wallet", one_or_more)
    initiators = table.read("initiator", _initiators)
    table.done()
    on_effects: list[EffectMatcher | None] = [
        None if kinds is None else KindIs(kinds),
        None if chains is None else ChainIs(chains),
        None if tokens is None else TokenIs(tokens),
        None if to is None else SentTo(to),
        None if sender is None else SentFrom(sender),
        None if at_most is None else AmountAtMost(at_most),
        None if over is None else AmountOver(over),
        None if cost is None else FeeAtMost(cost),
    ]
    on_claims: list[ClaimMatcher | None] = [
        None if wallets is None else WalletIs(frozenset(wallets)),
        None if initiators is None else InitiatorIs(initiators),
    ]
    return When(
        types,
        tuple(matcher for matcher in on_effects if matcher is not None),
        tuple(matcher for matcher in on_claims if matcher is not None),
    )


def with_default_fee(when: When, tables: Tables) -> When:
    """An approve rule applies only below a worst-case fee: its own, or the chain's default."""
    if any(isinstance(matcher, FeeAtMost) for matcher in when.on_effects):
        return when
    limits = {id_: chain.fee_at_most for id_, chain in tables.chains.items() if chain.fee_at_most}
    default = FeeAtMost(limits, key="fee_at_most (the chain's default)")
    return replace(when, on_effects=(*when.on_effects, default))


def _types(value: Any) -> frozenset[RequestType]:
    return frozenset(_TYPES[word] for word in _words(value, tuple(_TYPES), "a request type"))


def _kinds(value: Any) -> frozenset[Kind]:
    return frozenset(cast("Kind", word) for word in _words(value, _KINDS, "a kind"))


def _words(value: Any, known: tuple[str, ...], what: str) -> tuple[str, ...]:
    expected = f"{what}: {', '.join(known)}"
    words = one_or_more(value)
    wrong = [Wrong(expected, found=shown(word)) for word in words if word not in known]
    if wrong:
        raise SeveralWrong(wrong)
    return words


def _chains(value: Any, *, tables: Tables) -> frozenset[str]:
    ids = one_or_more(value)
    expected = "a chain id of the tables, or one added under [chains]"
    wrong = [Wrong(expected, found=shown(each)) for each in ids if tables.chain(each) is None]
    if wrong:
        raise SeveralWrong(wrong)
    return frozenset(ids)


def _tokens(value: Any, *, tables: Tables) -> frozenset[TokenKey]:
    """Token ids, resolved to what they are on the chain."""
    found = {each: tables.token(each) for each in one_or_more(value)}
    expected = "a token id of the tables, or one added under [tokens]"
    wrong = [Wrong(expected, found=shown(each)) for each, token in found.items() if token is None]
    if wrong:
        raise SeveralWrong(wrong)
    return frozenset(token_key(token.asset) for token in found.values() if token is not None)


def _places(value: Any, *, words: Vocabulary, chains: frozenset[str]) -> Places:
    """A string names a list, an array holds addresses; bare EVM ones hold on the rule's chains."""
    if type(value) is str:
        entries = words.lists.get(value)
        if entries is None:
            raise Wrong("the name of a list in [lists], or an array of addresses")
    else:
        entries = address_list("", addresses(value, words.tables))
    bare = frozenset(each for each in entries.anywhere if each.family == "evm")
    named = entries.on | {(chain, each) for chain in chains for each in bare}
    on: dict[str, frozenset[Account]] = {}
    for chain, each in named:
        on[chain] = on.get(chain, frozenset()) | {account(each)}
    return Places(
        anywhere=frozenset(account(each) for each in entries.anywhere - bare),
        on=on,
        bare={} if chains else {account(each): each.text for each in bare},
    )


def address_list(name: str, entries: tuple[tuple[str | None, Address], ...]) -> AddressList:
    """Entries, told apart by whether they name a chain."""
    return AddressList(
        name=name,
        on=frozenset((chain, each) for chain, each in entries if chain is not None),
        anywhere=frozenset(each for chain, each in entries if chain is None),
    )


def _initiators(value: Any) -> frozenset[str]:
    names = frozenset(name for each in one_or_more(value) if (name := folded(each)) is not None)
    if not names:
        raise Wrong("a name that is not blank")
    return names
