"""Methods of contracts that are known by name: their declarations and selectors (Solidity ABI)."""

import re
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from approvals.chains.keccak import keccak256

SELECTOR_SIZE: Final = 4
MAX_SIGNATURE: Final = 1_000
"""Characters of a signature that is read."""

_DECLARED: Final = """
transfer(address to,uint256 amount)
transferFrom(address from,address to,uint256 amount)
approve(address spender,uint256 amount)
increaseAllowance(address spender,uint256 added)
decreaseAllowance(address spender,uint256 taken)
permit(address owner,address spender,uint256 amount,uint256 deadline,uint8 v,bytes32 r,bytes32 s)
permit(address owner,address spender,uint256 nonce,uint256 expiry,bool allowed\
,uint8 v,bytes32 r,bytes32 s)
deposit()
withdraw(uint256 amount)

setApprovalForAll(address operator,bool approved)
safeTransferFrom(address from,address to,uint256 item)
safeTransferFrom(address from,address to,uint256 item,bytes data)
safeTransferFrom(address from,address to,uint256 item,uint256 amount,bytes data)
safeBatchTransferFrom(address from,address to,uint256[] items,uint256[] amounts,bytes data)
approve(address token,address spender,uint160 amount,uint48 expiration)

multicall(bytes[] calls)
multicall(uint256 deadline,bytes[] calls)
aggregate((address target,bytes data)[] calls)
tryAggregate(bool all,(address target,bytes data)[] calls)
aggregate3((address target,bool may_fail,bytes data)[] calls)
aggregate3Value((address target,bool may_fail,uint256 value,bytes data)[] calls)
multiSend(bytes transactions)
execTransaction(address to,uint256 value,bytes data,uint8 operation,uint256 safe_gas\
,uint256 base_gas,uint256 gas_price,address gas_token,address refund_to,bytes signatures)

addOwnerWithThreshold(address owner,uint256 threshold)
removeOwner(address previous,address owner,uint256 threshold)
swapOwner(address previous,address old,address new)
changeThreshold(uint256 threshold)
transferOwnership(address owner)
renounceOwnership()
acceptOwnership()
setOwner(address owner)

grantRole(bytes32 role,address account)
revokeRole(bytes32 role,address account)
renounceRole(bytes32 role,address account)
enableModule(address module)
disableModule(address previous,address module)
setGuard(address guard)
setModuleGuard(address guard)
setFallbackHandler(address handler)
upgradeTo(address implementation)
upgradeToAndCall(address implementation,bytes data)
changeAdmin(address admin)
upgrade(address proxy,address implementation)
upgradeAndCall(address proxy,address implementation,bytes data)
"""
"""Coins and tokens; collections and Permit2; several calls in one; owners; permissions."""

_DIMENSIONS: Final = r"(?:\[(?:[1-9][0-9]{0,3})?\]){0,4}"
_BITS: Final = "|".join(str(bits) for bits in range(8, 257, 8))
_TYPE: Final = (
    rf"(?:address|bool|string|bytes(?:[1-9]|[12][0-9]|3[0-2])?|u?int(?:{_BITS})){_DIMENSIONS}"
)
_INNERMOST: Final = re.compile(rf"\({_TYPE}(?:,{_TYPE})*\)")
_NAME: Final = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_SELECTOR: Final = re.compile(r"0x[0-9a-fA-F]{8}")
_LABEL: Final = re.compile(r" [a-z_0-9]+")


@dataclass(frozen=True, slots=True)
class Method:
    """A method: its canonical `signature`, the types in it, and what its parameters are called.

    `types` and `names` are those of the outermost parameters, in order; a name may be empty.
    """

    signature: str
    types: tuple[str, ...]
    names: tuple[str, ...]
    name: str = field(init=False)

    def __post_init__(self) -> None:
        """`approve` of `approve(address,uint256)`."""
        object.__setattr__(self, "name", self.signature.partition("(")[0])

    @property
    def selector(self) -> bytes:
        """The first four bytes of the Keccak-256 of the signature."""
        return keccak256(self.signature.encode())[:SELECTOR_SIZE]


def method_of(selector: bytes) -> Method | None:
    """The well-known method with this selector; another one may have the same, rarely."""
    return _known().get(selector)


def selectors_of(name_or_signature: str) -> frozenset[str] | None:
    """Every selector that is meant, as `0x` and 8 hex digits in lower case.

    By a selector itself, by a canonical signature (`approve(address,uint256)`, without spaces or
    names), or by the bare name of a well-known method, which several may share. None: none of it.
    """
    if _SELECTOR.fullmatch(name_or_signature):
        return frozenset({name_or_signature.lower()})
    if is_signature(name_or_signature):
        return frozenset({"0x" + keccak256(name_or_signature.encode())[:SELECTOR_SIZE].hex()})
    return _by_name().get(name_or_signature)


def is_signature(text: str) -> bool:
    """Whether this is a name and canonical types, `swap((address,uint24)[],bytes)`.

    Tuples are taken away from the inside out, each as one plain type.
    """
    name, parenthesis, rest = text.partition("(")
    if len(text) > MAX_SIGNATURE or not _NAME.fullmatch(name):
        return False
    types = parenthesis + rest
    while types != "()" and not _INNERMOST.fullmatch(types):
        reduced = _INNERMOST.sub("bool", types)
        if reduced == types:
            return False
        types = reduced
    return True


def split_types(text: str) -> tuple[str, ...]:
    """What stands between the commas of `address,(bytes,bool)[],bytes`, tuples kept whole."""
    parts, depth, start = [], 0, 0
    for at, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            parts.append(text[start:at])
            start = at + 1
    return (*parts, text[start:]) if text else ()


@cache
def _known() -> dict[bytes, Method]:
    methods = map(_declared, filter(None, _DECLARED.splitlines()))
    return {method.selector: method for method in methods}


@cache
def _by_name() -> dict[str, frozenset[str]]:
    names: dict[str, frozenset[str]] = {}
    for selector, method in _known().items():
        names[method.name] = names.get(method.name, frozenset()) | {"0x" + selector.hex()}
    return names


def _declared(declaration: str) -> Method:
    parameters = split_types(declaration.partition("(")[2].removesuffix(")"))
    names = tuple(parameter.rpartition(" ")[2] for parameter in parameters)
    signature = _LABEL.sub("", declaration)
    return Method(signature, split_types(signature.partition("(")[2].removesuffix(")")), names)
