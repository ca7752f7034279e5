"""`[chains]` and `[tokens]`: what the operator adds to the shipped tables."""

from collections.abc import Mapping
from typing import Any

from approvals.chains.tables import EntryError, Tables
from approvals.policy.mistakes import shown
from approvals.policy.reading import Table, a_table


def read_tables(root: Table, shipped: Tables) -> Tables:
    """The shipped tables and the operator's; entry by entry, so that each mistake is named."""
    tables = shipped
    for chain_id, entry in _entries(root, "chains").items():
        tables = _extended(root, tables, "chains", chain_id, entry)
    for token_id, entry in _entries(root, "tokens").items():
        tables = _extended(root, tables, "tokens", token_id, entry)
    return tables


def _entries(root: Table, key: str) -> Mapping[str, Any]:
    return root.read(key, a_table) or {}


def _extended(root: Table, tables: Tables, section: str, name: str, entry: Any) -> Tables:
    path = (*root.path, section, name)
    if not isinstance(entry, dict):
        root.notes.note(path, shown(entry), f"a table [{section}.{name}]")
        return tables
    chains, tokens = ({name: entry}, {}) if section == "chains" else ({}, {name: entry})
    try:
        return tables.extended(chains, tokens)
    except EntryError as error:
        where = path if error.key is None else (*path, error.key)
        found = shown(entry if error.key is None else entry.get(error.key))
        root.notes.note(where, found, f"an entry that can stand. {error}")
        return tables
