"""The delegations of a set-code transaction (EIP-7702), named for people."""

from typing import Final

from approvals.chains.addresses import evm_address
from approvals.chains.delegation import Authorization, authority
from approvals.chains.tables import Chain, Tables
from approvals.findings import Operation
from approvals.risks import Flag

MAX_SHOWN: Final = 16
"""Delegations that are named; each costs the recovery of a key."""


def look_at_delegations(
    said: tuple[Authorization, ...], chain: Chain, tables: Tables
) -> tuple[tuple[Operation, ...], tuple[Flag, ...]]:
    """The first ones as effects, and what is dangerous about them."""
    effects, flags = [], []
    for each in said[:MAX_SHOWN]:
        raw = authority(each)
        account = None if raw is None else evm_address(raw)
        contract = evm_address(each.contract)
        details = (
            ("Account", account.text if account else "nobody: the signature is not valid"),
            ("Code of", contract.text if any(each.contract) else "none"),
            ("Chain", _chain(each.chain_id, tables)),
            ("Nonce", str(each.nonce)),
        )
        effects.append(
            Operation(chain.chain_id, "Delegate an account (EIP-7702)", account, details)
        )
        if any(each.contract):
            who = account.text if account else "an account"
            text = f"It lets the code of {contract.text} act as {who}, from now on."
            flags += [Flag("permission_change", text), Flag("delegatecall", text)]
    return tuple(effects), tuple(flags)


def _chain(number: int, tables: Tables) -> str:
    if number == 0:
        return "every chain"
    chain = tables.chain_by_eip155(number)
    return f"EIP-155 chain {number}" if chain is None else chain.name
