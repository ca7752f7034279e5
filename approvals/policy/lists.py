"""`[lists]`: names for addresses, or for the ids of nodes; and the conditions that use them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from approvals.chains.addresses import parse_address
from approvals.chains.node_id import is_node_id
from approvals.chains.tables import Tables
from approvals.findings import Address
from approvals.policy.matchers import Places
from approvals.policy.mistakes import SeveralWrong, Wrong, shown
from approvals.policy.model import AddressList
from approvals.policy.people import NAME, NAME_FORM
from approvals.policy.reading import Table, texts
from approvals.policy.rows import Account, account
from approvals.policy.values import addresses

_NODE: Final = "cobo"
_NODE_FORM: Final = 'the id of a TSS Node ("cobo" and 45 characters or so, as the node prints it)'


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What a rule may refer to: the chains and tokens of the tables, the lists of the file."""

    tables: Tables
    lists: Mapping[str, AddressList]
    nodes: Mapping[str, frozenset[str]]


def read_lists(root: Table, tables: Tables) -> Vocabulary:
    """Every list of the file; each holds addresses or node ids, never both."""
    lists: dict[str, AddressList] = {}
    nodes: dict[str, frozenset[str]] = {}
    section = root.table("lists")
    for name in section.values if section else ():
        if section is None:
            break
        if not NAME.fullmatch(name):
            section.wrong(name, shown(name), NAME_FORM)
        if _holds_nodes(section.values[name]):
            nodes[name] = section.read(name, _node_ids) or frozenset()
        else:
            entries = section.read(name, lambda value: addresses(value, tables))
            lists[name] = _address_list(name, entries or ())
    return Vocabulary(tables, lists, nodes)


def places(value: Any, *, words: Vocabulary, chains: frozenset[str]) -> Places:
    """A string names a list, an array holds addresses; bare EVM ones hold on the rule's chains."""
    if type(value) is str:
        entries = words.lists.get(value)
        if entries is None:
            held = "of node ids" if value in words.nodes else None
            expected = "the name of a list in [lists] that holds addresses, or an array of them"
            raise Wrong(expected, found=held and f"{shown(value)}, a list {held}")
    else:
        entries = _address_list("", addresses(value, words.tables))
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


def node_ids(value: Any, *, words: Vocabulary) -> frozenset[str]:
    """A string names a list, an array holds node ids."""
    if type(value) is not str:
        return _node_ids(value)
    if value not in words.nodes:
        found = f"{shown(value)}, a list of addresses" if value in words.lists else None
        expected = "the name of a list in [lists] that holds node ids, or an array of them"
        raise Wrong(expected, found=found)
    return words.nodes[value]


def _holds_nodes(value: Any) -> bool:
    """Whether a list means nodes: an entry looks like one, and is no address by chance."""
    return any(
        type(each) is str and each.startswith(_NODE) and parse_address(each) is None
        for each in (value if isinstance(value, list) else ())
    )


def _node_ids(value: Any) -> frozenset[str]:
    ids = texts(value)
    wrong = [Wrong(_NODE_FORM, found=shown(each)) for each in ids if not is_node_id(each)]
    if wrong:
        raise SeveralWrong(wrong)
    return frozenset(ids)


def _address_list(name: str, entries: tuple[tuple[str | None, Address], ...]) -> AddressList:
    """Entries, told apart by whether they name a chain."""
    return AddressList(
        name=name,
        on=frozenset((chain, each) for chain, each in entries if chain is not None),
        anywhere=frozenset(each for chain, each in entries if chain is None),
    )
