"""The table of well-known methods, and how a method is named in a rule."""

import pytest
from eth_utils.abi import function_signature_to_4byte_selector

from approvals.chains.methods import (
    MAX_SIGNATURE,
    is_signature,
    method_of,
    selectors_of,
    split_types,
)

KNOWN = {  # as 4byte.directory and the contracts' own documentation list them
    "0xa9059cbb": "transfer(address,uint256)",
    "0x23b872dd": "transferFrom(address,address,uint256)",
    "0x095ea7b3": "approve(address,uint256)",
    "0x39509351": "increaseAllowance(address,uint256)",
    "0xa457c2d7": "decreaseAllowance(address,uint256)",
    "0xd505accf": "permit(address,address,uint256,uint256,uint8,bytes32,bytes32)",
    "0x8fcbaf0c": "permit(address,address,uint256,uint256,bool,uint8,bytes32,bytes32)",
    "0xd0e30db0": "deposit()",
    "0x2e1a7d4d": "withdraw(uint256)",
    "0xa22cb465": "setApprovalForAll(address,bool)",
    "0x42842e0e": "safeTransferFrom(address,address,uint256)",
    "0xb88d4fde": "safeTransferFrom(address,address,uint256,bytes)",
    "0xf242432a": "safeTransferFrom(address,address,uint256,uint256,bytes)",
    "0x2eb2c2d6": "safeBatchTransferFrom(address,address,uint256[],uint256[],bytes)",
    "0x87517c45": "approve(address,address,uint160,uint48)",
    "0xac9650d8": "multicall(bytes[])",
    "0x5ae401dc": "multicall(uint256,bytes[])",
    "0x252dba42": "aggregate((address,bytes)[])",
    "0xbce38bd7": "tryAggregate(bool,(address,bytes)[])",
    "0x82ad56cb": "aggregate3((address,bool,bytes)[])",
    "0x174dea71": "aggregate3Value((address,bool,uint256,bytes)[])",
    "0x8d80ff0a": "multiSend(bytes)",
    "0x6a761202": "execTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address"
    ",address,bytes)",
    "0x0d582f13": "addOwnerWithThreshold(address,uint256)",
    "0xf8dc5dd9": "removeOwner(address,address,uint256)",
    "0xe318b52b": "swapOwner(address,address,address)",
    "0x694e80c3": "changeThreshold(uint256)",
    "0xf2fde38b": "transferOwnership(address)",
    "0x715018a6": "renounceOwnership()",
    "0x79ba5097": "acceptOwnership()",
    "0x2f2ff15d": "grantRole(bytes32,address)",
    "0xd547741f": "revokeRole(bytes32,address)",
    "0x36568abe": "renounceRole(bytes32,address)",
    "0x610b5925": "enableModule(address)",
    "0xe009cfde": "disableModule(address,address)",
    "0xe19a9dd9": "setGuard(address)",
    "0xe068df37": "setModuleGuard(address)",
    "0xf08a0323": "setFallbackHandler(address)",
    "0x3659cfe6": "upgradeTo(address)",
    "0x4f1ef286": "upgradeToAndCall(address,bytes)",
    "0x8f283970": "changeAdmin(address)",
    "0x99a88ec4": "upgrade(address,address)",
    "0x9623609d": "upgradeAndCall(address,address,bytes)",
    "0x13af4035": "setOwner(address)",
}


@pytest.mark.parametrize(("selector", "signature"), KNOWN.items())
def test_every_well_known_method_has_its_published_selector(selector, signature):
    method = method_of(bytes.fromhex(selector[2:]))
    assert method is not None
    assert method.signature == signature
    assert "0x" + function_signature_to_4byte_selector(signature).hex() == selector
    assert len(method.types) == len(method.names)
    assert all(method.names)


def test_nothing_else_is_well_known():
    names = {signature.partition("(")[0] for signature in KNOWN.values()}
    found = frozenset[str]().union(*(selectors_of(name) or () for name in names))
    assert found == set(KNOWN)
    assert method_of(b"\0\0\0\0") is None


def test_a_bare_name_means_every_method_of_that_name():
    assert selectors_of("approve") == frozenset({"0x095ea7b3", "0x87517c45"})
    assert selectors_of("withdraw") == frozenset({"0x2e1a7d4d"})


def test_a_signature_means_its_own_selector_also_where_it_is_not_in_the_table():
    assert selectors_of("approve(address,uint256)") == frozenset({"0x095ea7b3"})
    swap = "exactInputSingle((address,address,uint24,address,uint256,uint256,uint160))"
    assert selectors_of(swap) == frozenset({"0x04e45aaf"})


def test_a_selector_means_itself():
    assert selectors_of("0xDEADBEEF") == frozenset({"0xdeadbeef"})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "swap",
        "0xdeadbee",
        "approve(",
        "approve()x",
        "approve(address,uint)",
        "approve(address, uint256)",
        "approve(address spender,uint256 amount)",
        "approve(address,uint257)",
        "approve(address,)",
        "approve(bytes33)",
        "(address)",
        "1up(address)",
        "pay((address)",
        "pay(address))",
        "pay(u(address))",
        "pay((address)uint8)",
        "pay(address)[]",
        "pay(uint8[0])",
        "pay(())",
        "pay(()[])",
        "a" * MAX_SIGNATURE + "()",
        "pay" + "(" * 900,
    ],
)
def test_what_is_none_of_it_means_nothing(text):
    assert selectors_of(text) is None


def test_signatures_may_nest_tuples_and_arrays():
    assert is_signature("f()")
    assert is_signature("f((address,(uint8,bytes)[])[2],string[][3],bytes32)")


def test_types_are_split_at_the_outermost_commas():
    assert split_types("") == ()
    assert split_types("address") == ("address",)
    assert split_types("(a,(b,c)[]),d[],e") == ("(a,(b,c)[])", "d[]", "e")
