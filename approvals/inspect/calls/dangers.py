"""The risks of one call, by its method; also where its calldata is in an unusual form."""

from collections.abc import Mapping
from typing import Final

from approvals.chains.addresses import account_address
from approvals.chains.calldata import word
from approvals.chains.methods import SELECTOR_SIZE, Method
from approvals.chains.tables import Tables
from approvals.findings import Address
from approvals.inspect.calls.model import Call
from approvals.risks import Flag

UNLIMITED: Final = 2**96 - 1
"""Allowances from here on count as unlimited: some tokens keep them in 96 bits, none has more."""

_OWNERS: Final = frozenset(
    (
        "addOwnerWithThreshold",
        "removeOwner",
        "swapOwner",
        "changeThreshold",
        "transferOwnership",
        "renounceOwnership",
        "acceptOwnership",
        "setOwner",
    )
)
_PERMISSIONS: Final = frozenset(
    (
        "grantRole",
        "revokeRole",
        "renounceRole",
        "enableModule",
        "disableModule",
        "setGuard",
        "setModuleGuard",
        "setFallbackHandler",
        "upgradeTo",
        "upgradeToAndCall",
        "changeAdmin",
        "upgrade",
        "upgradeAndCall",
    )
)
_ALLOWANCES: Final[Mapping[str, tuple[int, int, int]]] = {
    "approve(address,uint256)": (0, 1, UNLIMITED),
    "increaseAllowance(address,uint256)": (0, 1, UNLIMITED),
    "permit(address,address,uint256,uint256,uint8,bytes32,bytes32)": (1, 2, UNLIMITED),
    "permit(address,address,uint256,uint256,bool,uint8,bytes32,bytes32)": (1, 4, 1),
    "approve(address,address,uint160,uint48)": (1, 2, UNLIMITED),
    "setApprovalForAll(address,bool)": (0, 1, 1),
}
"""Where the spender and the amount stand among the arguments, and from which amount on."""

_PERMIT2: Final = "approve(address,address,uint160,uint48)"
_SAFE: Final = "execTransaction"
_OPERATION: Final = 3


def dangers(call: Call, contract: Address, method: Method | None, tables: Tables) -> list[Flag]:
    """Every risk of the call itself, not of calls inside."""
    flags = []
    if call.delegated:
        flags.append(_runs(contract.text, call.sender.text if call.sender else "the caller"))
    if method is None:
        return flags
    name, arguments = method.name, call.data[SELECTOR_SIZE:]
    if name in _OWNERS:
        text = f"It calls {name}: who owns {contract.text} changes."
        flags.append(Flag("owner_change", text))
    elif name in _PERMISSIONS:
        text = f"It calls {name}: who may do what with {contract.text} changes."
        flags.append(Flag("permission_change", text))
    elif name == _SAFE and word(arguments, _OPERATION):
        flags.append(_runs(_account(call, word(arguments, 0)).text, contract.text))
    elif method.signature in _ALLOWANCES:
        spender, amount, least = _ALLOWANCES[method.signature]
        if word(arguments, amount) >= least:
            token = _account(call, word(arguments, 0)) if method.signature == _PERMIT2 else contract
            who = _account(call, word(arguments, spender)).text
            flags.append(_unlimited(call, who, token, tables))
    return flags


def _runs(code: str, whose: str) -> Flag:
    text = f"It runs the code of {code} in place of {whose}'s own: it may do anything there."
    return Flag("delegatecall", text)


def _unlimited(call: Call, spender: str, contract: Address, tables: Tables) -> Flag:
    token = tables.token_by_contract(call.chain.chain_id, contract)
    what = token.asset.symbol if token else f"what {contract.text} counts"
    return Flag("unlimited_allowance", f"{spender} may then move any amount of {what}.")


def _account(call: Call, number: int) -> Address:
    return account_address(call.chain.family, number.to_bytes(32, "big")[12:])
