"""What calls of contracts do: understood exactly, or shown with a doubt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.chains.addresses import evm_address
from approvals.chains.tables import SHIPPED
from approvals.findings import (
    Asset,
    ContractCall,
    Passed,
    TokenApproval,
    Transfer,
    Unverified,
    Wrap,
)
from approvals.inspect import inspect
from approvals.inspect.calls import Call, look_at_call
from approvals.inspect.calls.budget import MAX_CALLS, MAX_DEPTH
from tests.support.effort import working_under
from tests.support.evm import TO, USDC, USDT, WETH, calling, erc20, method

ETH = SHIPPED.chains["ETH"]
TRON = SHIPPED.chains["TRON"]
USDT_ASSET = SHIPPED.tokens["ETH_USDT"].asset
SENDER = evm_address(bytes.fromhex("e4617d0599ee72ff2c4942550f3a6f4cccfd03ee"))
OTHER = bytes.fromhex("68b3465833fb72a70ecdf485e0e4c7bd8665fc45")
NEW = bytes.fromhex("00000000219ab540356cbb839cbe05303d7705fa")
SAFE = bytes.fromhex("5afe5afe5afe5afe5afe5afe5afe5afe5afe5afe")
BATCH = bytes.fromhex("38869bf66a61cf6bdb996a6ae40d5853fd43b526")
ZERO = bytes(20)
SIGNATURE = (27, bytes(32), bytes(32))

TRANSFER_FROM = method("transferFrom(address,address,uint256)", OTHER, TO, 7)
APPROVE = method("approve(address,uint256)", OTHER, 7)
PERMIT = method(
    "permit(address,address,uint256,uint256,uint8,bytes32,bytes32)", TO, OTHER, 7, 99, *SIGNATURE
)
DAI_PERMIT = "permit(address,address,uint256,uint256,bool,uint8,bytes32,bytes32)"
OTHER_TEXT = evm_address(OTHER).text


def look(to, data, value=0, *, delegated=False, sender=SENDER):
    contract = None if to is None else evm_address(to)
    return look_at_call(Call(ETH, sender, contract, value, data, delegated), SHIPPED)


def risks(called):
    return {flag.risk for flag in called.flags}


def safe(to, data, operation=0, value=0):
    return method(
        "execTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes)",
        *(to, value, data, operation, 0, 0, 0, ZERO, ZERO, b"\1" * 65),
    )


def packed(*calls):
    return b"".join(
        bytes([operation]) + to + value.to_bytes(32, "big") + len(data).to_bytes(32, "big") + data
        for operation, to, value, data in calls
    )


# --- understood, all of it


def test_a_transfer_of_a_known_token_is_understood():
    called = look(USDT, erc20(TO, 5))
    expected = Transfer("ETH", USDT_ASSET, SENDER, evm_address(TO), 5, "0xa9059cbb")
    assert (called.effect, called.doubts, called.flags) == (expected, (), ())


def test_a_transfer_from_somebody_else_names_them_as_the_sender():
    called = look(USDT, TRANSFER_FROM)
    owner = evm_address(OTHER)
    expected = Transfer("ETH", USDT_ASSET, owner, evm_address(TO), 7, "0x23b872dd")
    assert (called.effect, called.doubts, called.flags) == (expected, (), ())


def test_an_approval_of_a_known_token_is_understood():
    called = look(USDT, APPROVE)
    expected = TokenApproval(
        "ETH", USDT_ASSET, SENDER, evm_address(OTHER), 7, "approve", "0x095ea7b3"
    )
    assert (called.effect, called.doubts, called.flags) == (expected, (), ())


def test_a_permit_of_a_known_token_is_an_approval_by_its_owner():
    called = look(USDT, PERMIT)
    expected = TokenApproval(
        "ETH", USDT_ASSET, evm_address(TO), evm_address(OTHER), 7, "permit", "0xd505accf"
    )
    assert (called.effect, called.doubts, called.flags) == (expected, (), ())


@pytest.mark.parametrize(("allowed", "amount"), [(True, 2**256 - 1), (False, 0)])
def test_a_permit_of_dai_allows_everything_or_nothing(allowed, amount):
    called = look(USDT, method(DAI_PERMIT, TO, OTHER, 1, 99, allowed, *SIGNATURE))
    assert isinstance(called.effect, TokenApproval)
    assert (called.effect.amount, called.doubts) == (amount, ())
    assert risks(called) == ({"unlimited_allowance"} if allowed else set())


@pytest.mark.parametrize(
    ("data", "value", "amount", "unwraps"),
    [
        (method("deposit()"), 10**18, 10**18, False),
        (method("withdraw(uint256)", 10**18), 0, 10**18, True),
    ],
)
def test_wrapping_the_chains_own_coin_is_understood(data, value, amount, unwraps):
    called = look(WETH, data, value)
    assert called.effect == Wrap(
        chain="ETH",
        native=ETH.native,
        wrapped=SHIPPED.tokens["ETH_WETH"].asset,
        sender=SENDER,
        amount=amount,
        unwraps=unwraps,
        selector="0x" + data[:4].hex(),
    )
    assert (called.doubts, called.flags) == ((), ())


def test_coins_for_a_contract_are_a_transfer():
    called = look(WETH, b"", 5)
    assert called.effect == Transfer("ETH", ETH.native, SENDER, evm_address(WETH), 5)
    assert called.doubts == ()


@pytest.mark.parametrize(
    ("to", "data", "value"),
    [
        (USDC, TRANSFER_FROM, 0),
        (USDC, APPROVE, 0),
        (USDC, PERMIT, 0),
        (USDT, erc20(TO, 5), 0),
        (WETH, method("deposit()"), 10**18),
        (WETH, method("withdraw(uint256)", 10**18), 0),
        (TO, b"", 5),
    ],
)
def test_what_is_understood_passes_every_check(to, data, value):
    findings = inspect(calling(to, data, value).request, SHIPPED)
    assert findings.integrity == Passed()
    assert findings.complete
    assert len(findings.effects) == 1


# --- one way to read the calldata, or it is not understood

EXACT = [
    (USDT, erc20(TO, 5), 0),
    (USDT, TRANSFER_FROM, 0),
    (USDT, APPROVE, 0),
    (USDT, PERMIT, 0),
    (USDT, method(DAI_PERMIT, TO, OTHER, 1, 99, True, *SIGNATURE), 0),
    (WETH, method("withdraw(uint256)", 5), 0),
]


def dirty(data, number):
    """The calldata with an upper byte of an argument that is not zero."""
    return data[: 4 + 32 * number] + b"\1" + data[5 + 32 * number :]


@pytest.mark.parametrize(("to", "data", "value"), EXACT)
def test_a_length_or_value_that_no_wallet_writes_is_not_understood(to, data, value):
    for changed in (data + b"\0", data + bytes(32), data[:-1], data[:4]):
        called = look(to, changed, value)
        assert isinstance(called.effect, ContractCall)
        assert "in an unusual form" in called.doubts[0]
    called = look(to, data, value + 1)
    assert isinstance(called.effect, ContractCall)
    assert "in an unusual form" in called.doubts[0]


@pytest.mark.parametrize(
    ("data", "number"),
    [
        (erc20(TO, 5), 0),
        (TRANSFER_FROM, 0),
        (TRANSFER_FROM, 1),
        (APPROVE, 0),
        (PERMIT, 0),
        (PERMIT, 1),
        (PERMIT, 4),
        (method(DAI_PERMIT, TO, OTHER, 1, 99, True, *SIGNATURE), 4),
        (method("approve(address,address,uint160,uint48)", USDT, TO, 7, 99), 2),
        (method("setApprovalForAll(address,bool)", TO, True), 1),
    ],
)
def test_dirty_upper_bytes_are_not_understood(data, number):
    called = look(USDT, dirty(data, number))
    assert isinstance(called.effect, ContractCall)
    assert "in an unusual form" in called.doubts[0]


def test_coins_go_along_with_the_deposits_of_other_contracts():
    called = look(TO, method("deposit()"), 5)
    assert called.doubts == ("It calls `deposit` of a contract; what that does is not understood.",)


def test_more_than_a_selector_is_no_deposit():
    called = look(WETH, method("deposit()") + b"\0", 5)
    assert isinstance(called.effect, ContractCall)
    assert called.effect.value == 5
    assert called.doubts


@pytest.mark.parametrize("data", [method("deposit()"), method("withdraw(uint256)", 5)])
def test_only_a_contract_that_wraps_the_coin_wraps_it(data):
    called = look(USDT, data)
    assert isinstance(called.effect, ContractCall)
    assert called.effect.method in ("deposit()", "withdraw(uint256)")
    assert called.doubts


# --- shown, with a doubt


@pytest.mark.parametrize("data", [erc20(TO, 5), TRANSFER_FROM, APPROVE, PERMIT])
def test_a_token_in_no_table_is_shown_with_a_doubt(data):
    called = look(NEW, data)
    assert isinstance(called.effect, Transfer | TokenApproval)
    assert called.effect.asset == Asset("ETH", None, None, evm_address(NEW), None)
    assert "not in our tables" in called.doubts[0]


def test_a_raised_allowance_is_shown_with_a_doubt():
    called = look(USDT, method("increaseAllowance(address,uint256)", OTHER, 7))
    assert isinstance(called.effect, TokenApproval)
    assert (called.effect.via, called.effect.amount) == ("increaseAllowance", 7)
    assert called.doubts == ("What the allowance ends up at cannot be seen.",)


def test_an_allowance_that_coins_go_along_with_is_a_call_by_name():
    for name in ("increaseAllowance", "approve"):
        called = look(USDT, method(f"{name}(address,uint256)", OTHER, 7), value=1)
        assert isinstance(called.effect, ContractCall)


def test_a_lowered_allowance_is_a_call_by_name():
    called = look(USDT, method("decreaseAllowance(address,uint256)", OTHER, 7))
    assert isinstance(called.effect, ContractCall)
    assert called.effect.method == "decreaseAllowance(address,uint256)"
    assert called.effect.arguments == (("spender", OTHER_TEXT), ("taken", "7"))
    assert called.doubts


def test_everything_of_a_collection_is_shown_with_a_doubt():
    called = look(NEW, method("setApprovalForAll(address,bool)", OTHER, True))
    assert isinstance(called.effect, TokenApproval)
    assert (called.effect.amount, called.effect.spender.raw) == (None, OTHER)
    assert called.doubts == ("The collection is in no table of ours.",)
    back = look(NEW, method("setApprovalForAll(address,bool)", OTHER, False))
    assert isinstance(back.effect, TokenApproval)
    assert (back.effect.amount, back.flags) == (0, ())


@pytest.mark.parametrize(
    ("data", "amount"),
    [
        (method("safeTransferFrom(address,address,uint256)", OTHER, TO, 42), 1),
        (method("safeTransferFrom(address,address,uint256,bytes)", OTHER, TO, 42, b"x"), 1),
        (
            method(
                "safeTransferFrom(address,address,uint256,uint256,bytes)", OTHER, TO, 42, 3, b""
            ),
            3,
        ),
        (
            method(
                "safeBatchTransferFrom(address,address,uint256[],uint256[],bytes)",
                *(OTHER, TO, [42], [3], b""),
            ),
            3,
        ),
    ],
)
def test_an_item_of_a_collection_is_shown_with_a_doubt(data, amount):
    called = look(NEW, data)
    assert isinstance(called.effect, Transfer)
    assert (called.effect.item, called.effect.amount) == (42, amount)
    assert called.effect.sender == evm_address(OTHER)
    assert called.doubts == ("The collection is in no table of ours.",)


def test_several_items_at_once_are_inside_one_call():
    signature = "safeBatchTransferFrom(address,address,uint256[],uint256[],bytes)"
    called = look(NEW, method(signature, OTHER, TO, [1, 2], [3, 4], b""))
    assert isinstance(called.effect, ContractCall)
    moved = [(e.item, e.amount) for e in called.effect.inner if isinstance(e, Transfer)]
    assert moved == [(1, 3), (2, 4)]
    assert called.doubts
    for items, amounts in ([1, 2], [3]), ([1] * 65, [1] * 65):
        opaque = look(NEW, method(signature, OTHER, TO, items, amounts, b""))
        assert isinstance(opaque.effect, ContractCall)
        assert opaque.effect.inner == ()
        assert opaque.doubts


def test_an_allowance_of_permit2_is_shown_with_a_doubt():
    called = look(NEW, method("approve(address,address,uint160,uint48)", USDT, OTHER, 7, 99))
    assert isinstance(called.effect, TokenApproval)
    assert (called.effect.asset, called.effect.amount) == (USDT_ASSET, 7)
    assert (called.effect.via, called.effect.spender.raw) == ("Permit2 approve", OTHER)
    assert called.doubts == ("Whether the contract is Permit2 cannot be seen.",)


def test_the_creation_of_a_contract_is_shown_with_a_doubt():
    called = look(None, erc20(TO, 5))
    assert isinstance(called.effect, ContractCall)
    assert (called.effect.contract, called.effect.method) == (None, None)
    assert called.doubts == ("It creates a contract; what that does is not understood.",)


def test_an_unknown_selector_is_shown_with_the_length():
    called = look(USDT, b"\xde\xad\xbe\xef" + bytes(32))
    assert called.effect == ContractCall(
        "ETH", evm_address(USDT), SENDER, 0, ETH.native, "0xdeadbeef", 36
    )
    assert called.doubts == ("It calls a contract; what that does is not understood.",)
    short = look(USDT, b"\xa9\x05")
    assert isinstance(short.effect, ContractCall)
    assert (short.effect.selector, short.effect.calldata_size) == ("", 2)


# --- calls inside calls


def test_a_safe_transaction_is_unfolded():
    called = look(SAFE, safe(USDT, erc20(TO, 5)))
    assert isinstance(called.effect, ContractCall)
    moved = Transfer("ETH", USDT_ASSET, evm_address(SAFE), evm_address(TO), 5, "0xa9059cbb")
    assert called.effect.inner == (moved,)
    assert ("operation", "0") in called.effect.arguments
    assert called.flags == ()
    assert called.doubts


def test_a_batch_of_a_safe_moves_what_is_the_safes():
    batch = packed((0, USDT, 0, erc20(TO, 5)), (0, TO, 9, b""))
    called = look(SAFE, safe(BATCH, method("multiSend(bytes)", batch), operation=1))
    assert isinstance(called.effect, ContractCall)
    (sent,) = called.effect.inner
    assert isinstance(sent, ContractCall)
    mover = evm_address(SAFE)
    assert sent.inner == (
        Transfer("ETH", USDT_ASSET, mover, evm_address(TO), 5, "0xa9059cbb"),
        Transfer("ETH", ETH.native, mover, evm_address(TO), 9),
    )
    assert risks(called) == {"delegatecall"}
    assert called.doubts


def test_a_batch_that_nobody_delegates_to_moves_its_own():
    called = look(BATCH, method("multiSend(bytes)", packed((0, USDT, 0, erc20(TO, 5)))))
    assert isinstance(called.effect, ContractCall)
    (moved,) = called.effect.inner
    assert isinstance(moved, Transfer)
    assert moved.sender == evm_address(BATCH)


def test_a_batch_may_run_the_code_of_others():
    called = look(BATCH, method("multiSend(bytes)", packed((1, USDT, 0, erc20(TO, 5)))))
    assert isinstance(called.effect, ContractCall)
    (inner,) = called.effect.inner
    assert isinstance(inner, ContractCall)
    assert risks(called) == {"delegatecall"}


@pytest.mark.parametrize(
    "batch",
    [
        packed((2, USDT, 0, b"")),
        packed((0, USDT, 0, b""))[:-1],
        packed((0, USDT, 0, b"")) + b"\0",
        packed((0, USDT, 0, b"abc"))[:-1],
        b"\0",
    ],
)
def test_a_batch_that_is_not_packed_so_is_not_unfolded(batch):
    called = look(BATCH, method("multiSend(bytes)", batch))
    assert isinstance(called.effect, ContractCall)
    assert called.effect.inner == ()
    assert called.doubts


def test_an_operation_that_a_safe_does_not_have_is_not_unfolded():
    called = look(SAFE, safe(USDT, erc20(TO, 5), operation=2))
    assert isinstance(called.effect, ContractCall)
    assert called.effect.inner == ()
    assert risks(called) == {"delegatecall"}


@pytest.mark.parametrize(
    ("data", "sender"),
    [
        (method("multicall(bytes[])", [erc20(TO, 5)]), SENDER),
        (method("multicall(uint256,bytes[])", 99, [erc20(TO, 5)]), SENDER),
        (method("aggregate((address,bytes)[])", [(USDT, erc20(TO, 5))]), evm_address(USDT)),
        (
            method("tryAggregate(bool,(address,bytes)[])", True, [(USDT, erc20(TO, 5))]),
            evm_address(USDT),
        ),
        (
            method("aggregate3((address,bool,bytes)[])", [(USDT, True, erc20(TO, 5))]),
            evm_address(USDT),
        ),
        (
            method(
                "aggregate3Value((address,bool,uint256,bytes)[])", [(USDT, True, 0, erc20(TO, 5))]
            ),
            evm_address(USDT),
        ),
    ],
)
def test_every_form_of_multicall_is_unfolded(data, sender):
    called = look(USDT, data)
    assert isinstance(called.effect, ContractCall)
    moved = Transfer("ETH", USDT_ASSET, sender, evm_address(TO), 5, "0xa9059cbb")
    assert called.effect.inner == (moved,)
    assert "It carries other calls" in called.doubts[0]


def test_the_values_of_a_multicall_are_those_of_its_calls():
    data = method("aggregate3Value((address,bool,uint256,bytes)[])", [(TO, False, 8, b"")])
    called = look(NEW, data)
    assert isinstance(called.effect, ContractCall)
    assert called.effect.inner == (
        Transfer("ETH", ETH.native, evm_address(NEW), evm_address(TO), 8),
    )


def test_what_runs_in_place_of_the_senders_code_moves_no_token():
    called = look(USDT, erc20(TO, 5), delegated=True)
    assert isinstance(called.effect, ContractCall)
    assert risks(called) == {"delegatecall"}
    assert called.doubts
    empty = look(USDT, b"", delegated=True)
    assert isinstance(empty.effect, ContractCall)
    assert risks(empty) == {"delegatecall"}


def test_calls_that_carry_others_are_never_complete():
    findings = inspect(calling(SAFE, safe(USDT, erc20(TO, 5))).request, SHIPPED)
    assert isinstance(findings.integrity, Unverified)
    assert {reason.check for reason in findings.integrity.reasons} == {15}
    assert not findings.complete


def nested(levels):
    data = erc20(TO, 5)
    for _ in range(levels):
        data = safe(SAFE, data)
    return data


def effects_in(effect):
    inner = effect.inner if isinstance(effect, ContractCall) else ()
    return 1 + sum(map(effects_in, inner))


def depth_of(effect):
    inner = effect.inner if isinstance(effect, ContractCall) else ()
    return max((1 + depth_of(each) for each in inner), default=0)


def test_calls_are_unfolded_four_deep_and_it_says_so():
    whole = look(SAFE, nested(MAX_DEPTH))
    assert depth_of(whole.effect) == MAX_DEPTH == 4
    assert len(whole.doubts) == 1
    deeper = look(SAFE, nested(MAX_DEPTH + 1))
    assert depth_of(deeper.effect) == MAX_DEPTH
    assert deeper.doubts[-1].startswith("It carries more calls than are shown: 64")


def test_a_call_inside_another_one_is_unfolded_less_deep():
    call = Call(ETH, SENDER, evm_address(SAFE), 0, nested(4))
    called = look_at_call(call, SHIPPED, depth=1)
    assert depth_of(called.effect) == 3
    assert "more calls than are shown" in called.doubts[-1]


def test_sixty_four_calls_are_looked_at_and_it_says_so():
    whole = look(NEW, method("multicall(bytes[])", [erc20(TO, 5)] * MAX_CALLS))
    assert effects_in(whole.effect) == 1 + MAX_CALLS == 65
    assert len(whole.doubts) == 1
    more = look(NEW, method("multicall(bytes[])", [erc20(TO, 5)] * (MAX_CALLS + 1)))
    assert effects_in(more.effect) == 1 + MAX_CALLS
    assert "more calls than are shown" in more.doubts[-1]


def test_calls_that_multiply_are_counted_together():
    data = erc20(TO, 5)
    for _ in range(4):
        data = method("multicall(bytes[])", [data] * 10)
    called = look(NEW, data)
    assert effects_in(called.effect) == 1 + MAX_CALLS
    assert "more calls than are shown" in called.doubts[-1]


@pytest.mark.parametrize(
    "data",
    [
        method("multicall(bytes[])", [b""] * 30_000),
        method("multicall(bytes[])", [b"\xac\x96\x50\xd8" + b"\xff" * 900_000]),
        method("multiSend(bytes)", packed(*[(0, USDT, 0, b"")] * 11_000)),
        method(
            "safeBatchTransferFrom(address,address,uint256[],uint256[],bytes)",
            *(OTHER, TO, [1] * 15_000, [1] * 15_000, b""),
        ),
    ],
)
def test_a_megabyte_of_calldata_takes_bounded_time(data):
    with working_under(1):
        called = look(NEW, data)
    assert called.doubts


# --- dangers


@pytest.mark.parametrize("amount", [2**96 - 1, 2**160 - 1, 2**256 - 1])
def test_an_allowance_without_a_limit_is_flagged(amount):
    for data in (
        method("approve(address,uint256)", OTHER, amount),
        method("increaseAllowance(address,uint256)", OTHER, amount),
        method(
            "permit(address,address,uint256,uint256,uint8,bytes32,bytes32)",
            *(TO, OTHER, amount, 99, *SIGNATURE),
        ),
    ):
        (flag,) = look(USDT, data).flags
        assert (flag.risk, flag.proved) == ("unlimited_allowance", True)
        assert flag.text == f"{OTHER_TEXT} may then move any amount of USDT."


def test_an_allowance_below_the_limit_is_not_flagged():
    assert look(USDT, method("approve(address,uint256)", OTHER, 2**96 - 2)).flags == ()


def test_other_allowances_without_a_limit_are_flagged_too():
    permit2 = method("approve(address,address,uint160,uint48)", USDT, OTHER, 2**160 - 1, 99)
    (flag,) = look(NEW, permit2).flags
    assert flag.text == f"{OTHER_TEXT} may then move any amount of USDT."
    collection = look(NEW, method("setApprovalForAll(address,bool)", OTHER, True))
    assert risks(collection) == {"unlimited_allowance"}


def test_an_allowance_in_an_unusual_form_is_flagged_all_the_same():
    unusual = method("approve(address,uint256)", OTHER, 2**256 - 1) + b"\0"
    assert risks(look(USDT, unusual)) == {"unlimited_allowance"}


@pytest.mark.parametrize(
    ("data", "risk"),
    [
        (method("addOwnerWithThreshold(address,uint256)", TO, 1), "owner_change"),
        (method("removeOwner(address,address,uint256)", TO, OTHER, 1), "owner_change"),
        (method("swapOwner(address,address,address)", TO, OTHER, NEW), "owner_change"),
        (method("changeThreshold(uint256)", 1), "owner_change"),
        (method("transferOwnership(address)", TO), "owner_change"),
        (method("renounceOwnership()"), "owner_change"),
        (method("acceptOwnership()"), "owner_change"),
        (method("grantRole(bytes32,address)", bytes(32), TO), "permission_change"),
        (method("revokeRole(bytes32,address)", bytes(32), TO), "permission_change"),
        (method("renounceRole(bytes32,address)", bytes(32), TO), "permission_change"),
        (method("enableModule(address)", TO), "permission_change"),
        (method("disableModule(address,address)", TO, OTHER), "permission_change"),
        (method("setOwner(address)", TO), "owner_change"),
        (method("setGuard(address)", TO), "permission_change"),
        (method("setModuleGuard(address)", TO), "permission_change"),
        (method("upgrade(address,address)", TO, USDC), "permission_change"),
        (method("upgradeAndCall(address,address,bytes)", TO, USDC, b""), "permission_change"),
        (method("setFallbackHandler(address)", TO), "permission_change"),
        (method("upgradeTo(address)", TO), "permission_change"),
        (method("upgradeToAndCall(address,bytes)", TO, b"x"), "permission_change"),
        (method("changeAdmin(address)", TO), "permission_change"),
        (safe(TO, b"", operation=1), "delegatecall"),
    ],
)
def test_a_change_of_who_controls_a_contract_is_flagged(data, risk):
    called = look(NEW, data)
    assert isinstance(called.effect, ContractCall)
    assert called.effect.method
    assert risks(called) == {risk}
    assert called.doubts
    assert risks(look(NEW, data + b"\0")) == {risk}
    assert risks(look(SAFE, safe(NEW, data))) == {risk}
    findings = inspect(calling(NEW, data).request, SHIPPED)
    assert {flag.risk for flag in findings.flags} == {risk, "unverified"}


def test_flags_of_calls_inside_count_worst_first():
    data = method(
        "multicall(bytes[])",
        [method("approve(address,uint256)", TO, 2**256 - 1), method("setGuard(address)", TO)],
    )
    flags = look(NEW, data).flags
    assert [flag.risk for flag in flags] == ["permission_change", "unlimited_allowance"]


# --- Tron writes accounts in its own way


def test_accounts_on_tron_are_tron_accounts():
    token = SHIPPED.tokens["TRON_USDT"].asset
    assert token.contract is not None
    called = look_at_call(Call(TRON, None, token.contract, 0, erc20(TO, 5)), SHIPPED)
    assert isinstance(called.effect, Transfer)
    assert (called.effect.to.family, called.effect.to.raw) == ("tron", b"\x41" + TO)
    assert (called.effect.asset, called.doubts) == (token, ())


# --- any bytes

CALLS = [
    *(data for _, data, _ in EXACT),
    method("multicall(bytes[])", [erc20(TO, 5), APPROVE]),
    method("aggregate3Value((address,bool,uint256,bytes)[])", [(USDT, True, 0, APPROVE)]),
    method("multiSend(bytes)", packed((0, USDT, 0, erc20(TO, 5)), (1, TO, 9, b"xyz"))),
    safe(BATCH, method("multiSend(bytes)", packed((0, USDT, 0, APPROVE))), operation=1),
    method(
        "safeBatchTransferFrom(address,address,uint256[],uint256[],bytes)",
        *(OTHER, TO, [1, 2], [3, 4], b"x"),
    ),
]


@given(st.sampled_from(CALLS), st.data())
def test_any_calldata_gets_an_answer(base, data):
    changed = bytearray(base)
    for _ in range(data.draw(st.integers(1, 6))):
        changed[data.draw(st.integers(0, len(base) - 1))] = data.draw(st.integers(0, 255))
    changed += data.draw(st.binary(max_size=40))
    for to in (USDT, WETH, NEW):
        called = look(to, bytes(changed), data.draw(st.integers(0, 1)))
        assert effects_in(called.effect) <= 1 + MAX_CALLS
        assert called.doubts or not isinstance(called.effect, ContractCall)


@given(st.binary(max_size=300), st.integers(0, 2**256 - 1), st.booleans())
def test_any_bytes_as_calldata_get_an_answer(data, value, delegated):
    assert look(USDT, data, value, delegated=delegated).effect.chain == "ETH"


@given(st.sampled_from([data for _, data, _ in EXACT]), st.data())
def test_calldata_that_differs_never_does_the_same(base, data):
    """Each understood effect has exactly one calldata: no byte can change and leave it be.

    But for what an effect does not hold: a deadline, a nonce, and the signature of a permit.
    """
    spot = data.draw(st.integers(0, min(len(base), 4 + 3 * 32) - 1))
    changed = bytearray(base)
    changed[spot] ^= data.draw(st.integers(1, 255))
    before, after = look(WETH, base), look(WETH, bytes(changed))
    held = base[:4] != bytes.fromhex("8fcbaf0c") or spot < 4 + 2 * 32
    assert before.effect != after.effect or not held
