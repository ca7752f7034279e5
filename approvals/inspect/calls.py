"""What a call of a contract does: shared by EVM transactions, Safe messages and Tron."""

from dataclasses import dataclass
from typing import Final

from approvals.chains.addresses import evm_address
from approvals.chains.evm import token_transfer
from approvals.chains.tables import Chain, Tables
from approvals.findings import Address, Asset, ContractCall, Effect, Transfer
from approvals.risks import Flag

SELECTOR_SIZE: Final = 4


@dataclass(frozen=True, slots=True)
class Call:
    """One call. `contract` None creates one; `value` is in base units of the chain's coin."""

    chain: Chain
    sender: Address | None
    contract: Address | None
    value: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Called:
    """What it does. `doubts` are sentences for check 15: empty where all of it is understood."""

    effect: Effect
    doubts: tuple[str, ...] = ()
    flags: tuple[Flag, ...] = ()


def look_at_call(call: Call, tables: Tables, depth: int = 0) -> Called:
    """Read the calldata; pure and bounded. `depth` is how far the call is inside another one."""
    data, chain = call.data, call.chain
    if call.contract is not None and not data:
        return Called(
            Transfer(chain.chain_id, chain.native, call.sender, call.contract, call.value)
        )
    moved = token_transfer(data)
    if call.contract is not None and moved is not None and moved.exact and not call.value:
        token = tables.token_by_contract(chain.chain_id, call.contract)
        asset = token.asset if token else Asset(chain.chain_id, None, None, call.contract, None)
        selector = "0x" + data[:SELECTOR_SIZE].hex()
        effect = Transfer(
            chain.chain_id, asset, call.sender, evm_address(moved.to), moved.amount, selector
        )
        doubt = "The token is not in our tables, so its amount cannot be read."
        return Called(effect, () if token else (doubt,))
    opaque = ContractCall(
        chain=chain.chain_id,
        contract=call.contract,
        sender=call.sender,
        value=call.value,
        native=chain.native,
        selector="0x" + data[:SELECTOR_SIZE].hex() if len(data) >= SELECTOR_SIZE else "",
        calldata_size=len(data),
    )
    return Called(opaque, ("It calls a contract; what that does is not understood.",))
