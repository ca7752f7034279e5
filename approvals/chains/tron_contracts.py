"""What a Tron transaction can be: its contract types by number, and the fields of their messages.

Numbers and fields are those of github.com/tronprotocol/protocol, core/Tron.proto and
core/contract/*.proto, as java-tron has them with Stake 2.0.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from approvals.chains.protobuf import Schema, Slot

TRANSFER: Final = 1
TRIGGER: Final = 31
PERMISSION_UPDATE: Final = 46


@dataclass(frozen=True, slots=True)
class ContractType:
    """A contract type: the name of its message, what it does, and its fields where we read them."""

    message: str
    does: str
    schema: Schema | None = None


_OWNER: Final = Slot("owner_address", "bytes")
_CONTRACT: Final = Slot("contract_address", "bytes")
_RECEIVER: Final = Slot("receiver_address", "bytes")
_RESOURCE: Final = Slot("resource", "int32")

_KEY: Final[Schema] = {1: Slot("address", "bytes"), 2: Slot("weight", "int64")}
_PERMISSION: Final[Schema] = {
    1: Slot("type", "int32"),
    2: Slot("id", "int32"),
    3: Slot("permission_name", "text"),
    4: Slot("threshold", "int64"),
    5: Slot("parent_id", "int32"),
    6: Slot("operations", "bytes"),
    7: Slot("keys", "message", _KEY, repeated=True),
}
_VOTE: Final[Schema] = {1: Slot("vote_address", "bytes"), 2: Slot("vote_count", "int64")}
_OWNER_ALONE: Final[Schema] = {1: _OWNER}

CONTRACT_TYPES: Final[Mapping[int, ContractType]] = {
    0: ContractType(
        "AccountCreateContract",
        "Activate an account",
        {1: _OWNER, 2: Slot("account_address", "bytes"), 3: Slot("type", "int32")},
    ),
    TRANSFER: ContractType(
        "TransferContract",
        "Transfer TRX",
        {1: _OWNER, 2: Slot("to_address", "bytes"), 3: Slot("amount", "int64")},
    ),
    2: ContractType(
        "TransferAssetContract",
        "Transfer a TRC-10 token",
        {
            1: Slot("asset_name", "bytes"),
            2: _OWNER,
            3: Slot("to_address", "bytes"),
            4: Slot("amount", "int64"),
        },
    ),
    3: ContractType("VoteAssetContract", "Vote for a TRC-10 token"),
    4: ContractType(
        "VoteWitnessContract",
        "Vote for super representatives",
        {1: _OWNER, 2: Slot("votes", "message", _VOTE, repeated=True), 3: Slot("support", "bool")},
    ),
    5: ContractType(
        "WitnessCreateContract",
        "Apply to be a super representative",
        {1: _OWNER, 2: Slot("url", "bytes")},
    ),
    6: ContractType("AssetIssueContract", "Issue a TRC-10 token"),
    8: ContractType("WitnessUpdateContract", "Update a super representative"),
    9: ContractType("ParticipateAssetIssueContract", "Buy a TRC-10 token that is being issued"),
    10: ContractType(
        "AccountUpdateContract",
        "Name the account",
        {1: Slot("account_name", "bytes"), 2: _OWNER},
    ),
    11: ContractType(
        "FreezeBalanceContract",
        "Stake TRX (Stake 1.0)",
        {
            1: _OWNER,
            2: Slot("frozen_balance", "int64"),
            3: Slot("frozen_duration", "int64"),
            10: _RESOURCE,
            15: _RECEIVER,
        },
    ),
    12: ContractType(
        "UnfreezeBalanceContract",
        "Unstake TRX (Stake 1.0)",
        {1: _OWNER, 10: _RESOURCE, 15: _RECEIVER},
    ),
    13: ContractType("WithdrawBalanceContract", "Withdraw voting rewards", _OWNER_ALONE),
    14: ContractType("UnfreezeAssetContract", "Unfreeze an issued TRC-10 token", _OWNER_ALONE),
    15: ContractType("UpdateAssetContract", "Update a TRC-10 token"),
    16: ContractType("ProposalCreateContract", "Propose other chain parameters"),
    17: ContractType("ProposalApproveContract", "Approve a proposal"),
    18: ContractType("ProposalDeleteContract", "Withdraw a proposal"),
    19: ContractType(
        "SetAccountIdContract",
        "Give the account an id",
        {1: Slot("account_id", "bytes"), 2: _OWNER},
    ),
    20: ContractType("CustomContract", "Do something that Tron never defined"),
    30: ContractType("CreateSmartContract", "Create a contract"),
    TRIGGER: ContractType(
        "TriggerSmartContract",
        "Call a contract",
        {
            1: _OWNER,
            2: _CONTRACT,
            3: Slot("call_value", "int64"),
            4: Slot("data", "bytes"),
            5: Slot("call_token_value", "int64"),
            6: Slot("token_id", "int64"),
        },
    ),
    32: ContractType("GetContract", "Read a contract"),
    33: ContractType(
        "UpdateSettingContract",
        "Change what callers of a contract pay",
        {1: _OWNER, 2: _CONTRACT, 3: Slot("consume_user_resource_percent", "int64")},
    ),
    41: ContractType("ExchangeCreateContract", "Open an exchange pair"),
    42: ContractType("ExchangeInjectContract", "Put tokens into an exchange pair"),
    43: ContractType("ExchangeWithdrawContract", "Take tokens out of an exchange pair"),
    44: ContractType("ExchangeTransactionContract", "Trade on an exchange pair"),
    45: ContractType(
        "UpdateEnergyLimitContract",
        "Change what the owner of a contract pays",
        {1: _OWNER, 2: _CONTRACT, 3: Slot("origin_energy_limit", "int64")},
    ),
    PERMISSION_UPDATE: ContractType(
        "AccountPermissionUpdateContract",
        "Change who can sign for the account",
        {
            1: _OWNER,
            2: Slot("owner", "message", _PERMISSION),
            3: Slot("witness", "message", _PERMISSION),
            4: Slot("actives", "message", _PERMISSION, repeated=True),
        },
    ),
    48: ContractType("ClearABIContract", "Clear the ABI of a contract", {1: _OWNER, 2: _CONTRACT}),
    49: ContractType(
        "UpdateBrokerageContract",
        "Change a super representative's commission",
        {1: _OWNER, 2: Slot("brokerage", "int32")},
    ),
    51: ContractType("ShieldedTransferContract", "Make a shielded transfer"),
    52: ContractType("MarketSellAssetContract", "Place an order on the market"),
    53: ContractType("MarketCancelOrderContract", "Cancel an order on the market"),
    54: ContractType(
        "FreezeBalanceV2Contract",
        "Stake TRX",
        {1: _OWNER, 2: Slot("frozen_balance", "int64"), 3: _RESOURCE},
    ),
    55: ContractType(
        "UnfreezeBalanceV2Contract",
        "Unstake TRX",
        {1: _OWNER, 2: Slot("unfreeze_balance", "int64"), 3: _RESOURCE},
    ),
    56: ContractType("WithdrawExpireUnfreezeContract", "Withdraw unstaked TRX", _OWNER_ALONE),
    57: ContractType(
        "DelegateResourceContract",
        "Lend bandwidth or energy",
        {
            1: _OWNER,
            2: _RESOURCE,
            3: Slot("balance", "int64"),
            4: _RECEIVER,
            5: Slot("lock", "bool"),
            6: Slot("lock_period", "int64"),
        },
    ),
    58: ContractType(
        "UnDelegateResourceContract",
        "Take lent bandwidth or energy back",
        {1: _OWNER, 2: _RESOURCE, 3: Slot("balance", "int64"), 4: _RECEIVER},
    ),
    59: ContractType("CancelAllUnfreezeV2Contract", "Stake again what is unstaking", _OWNER_ALONE),
}
"""Every number that Tron has given out."""
