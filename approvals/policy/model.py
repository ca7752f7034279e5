"""A policy, compiled: people, terms, and rules as typed matchers. Nothing here reads a file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from approvals.chains.tables import Tables
from approvals.electorate import Electorate, Person
from approvals.findings import Address, Kind
from approvals.policy.matchers import EffectMatcher
from approvals.policy.request_matchers import FlagsAny, RequestMatcher
from approvals.policy.shelf import Shelf
from approvals.policy.terms import Terms
from approvals.request import RequestType
from keys.ssh import BadSshKey, fingerprint, parse_public_key

RuleEffect: TypeAlias = Literal["approve", "ask", "reject"]
Default: TypeAlias = Literal["ask", "reject"]

APPROVABLE: Final[frozenset[Kind]] = frozenset(("transfer", "token_approval", "contract_call"))
"""The kinds of which some have no consequence that we do not know: wrapping a coin, of the calls.

A call that we only can name brings along an effect of no kind, so that no rule approves it.
"""


@dataclass(frozen=True, slots=True)
class Rule:
    """One `[[rule]]`. `types` None: every request type; `terms` belong to an ask alone.

    `on_effects` are asked of effects and proved from the bytes (or unknown); `on_keys` of the key
    that the request is about, `flags` of the risks that were seen; `on_claims` are asked of what
    Cobo says.
    """

    id: str
    why: str
    effect: RuleEffect
    line: int
    types: frozenset[RequestType] | None
    on_effects: tuple[EffectMatcher, ...]
    on_keys: tuple[RequestMatcher, ...]
    flags: FlagsAny | None
    on_claims: tuple[RequestMatcher, ...]
    terms: Terms | None


@dataclass(frozen=True, slots=True)
class RulesOfType:
    """The rules that a request of one type is asked about: those that approve, and the others."""

    approving: Shelf[Rule]
    restricting: Shelf[Rule]


@dataclass(frozen=True, slots=True)
class Test:
    """One `[[test]]`: a request, and what the rules must make of it.

    `given` names a file beside the policy's. `rule` is one that must be among those that decided.
    The lines are those of the keys.
    """

    number: int
    given: str
    given_line: int
    node: str | None
    verdict: RuleEffect
    rule: str | None
    expect_line: int


@dataclass(frozen=True, slots=True)
class AddressList:
    """A named list: `on` are entries of a named chain, `anywhere` those that name none."""

    name: str
    on: frozenset[tuple[str, Address]]
    anywhere: frozenset[Address]


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules in force. `digest` is the SHA-256 (hex) of the text they were read from.

    `ask` is what the default, an ask rule without terms and an undecided reject rule demand.
    `by_type` and `initiators` (folded names -> people) are indexes over the rest. `tests` are
    what its author expects; whoever reads the file runs them. `nodes` are the lists of node ids.
    """

    digest: str
    source: str
    electorate: Electorate
    tables: Tables
    lists: Mapping[str, AddressList]
    nodes: Mapping[str, frozenset[str]]
    rules: tuple[Rule, ...]
    default: Default
    ask: Terms | None
    by_type: Mapping[RequestType, RulesOfType]
    initiators: Mapping[str, tuple[str, ...]]
    tests: tuple[Test, ...] = ()
    warnings: tuple[str, ...] = ()

    def label_of_node(self, node_id: str) -> str | None:
        """The first list that this TSS Node is in, for people to read."""
        return next((name for name, held in self.nodes.items() if node_id in held), None)

    def label_of(self, address: Address, chain: str | None) -> str | None:
        """The first list that vouches for this address on this chain, for people to read.

        An EVM address that the list ties to no chain is one account on every chain: no label.
        """
        for entries in self.lists.values():
            if chain is not None and (chain, address) in entries.on:
                return entries.name
            if address.family != "evm" and address in entries.anywhere:
                return entries.name
        return None

    def entries(self) -> Iterator[tuple[str, Address]]:
        """Every address of every list, with the list's name, in an order that stays the same."""
        for entries in self.lists.values():
            both = (*entries.anywhere, *(address for _, address in entries.on))
            for address in sorted(both, key=lambda each: each.text):
                yield entries.name, address

    def person_by_slack(self, user: str) -> Person | None:
        """Who clicks as this Slack user id."""
        if not user:
            return None
        people = self.electorate.people.values()
        return next((person for person in people if person.slack == user), None)

    def person_by_key(self, line: str) -> Person | None:
        """Who signs with this public key (one line, as in an `authorized_keys` file)."""
        try:
            print_ = fingerprint(parse_public_key(line))
        except BadSshKey:
            return None
        people = self.electorate.people.values()
        return next((person for person in people if person.ssh_key == print_), None)
