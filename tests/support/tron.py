"""Unsigned Tron transactions for tests, encoded by Google's protobuf library.

The messages are those of github.com/tronprotocol/protocol, written down a second time from its
.proto files: what decodes them is not used here.
"""

import hashlib
from functools import cache
from typing import Any, Final

from google.protobuf import (  # type: ignore[import-untyped] # it ships no types
    descriptor_pb2,
    descriptor_pool,
    message_factory,
)

_TYPES: Final = descriptor_pb2.FieldDescriptorProto
_WORDS: Final = {
    "bytes": _TYPES.TYPE_BYTES,
    "string": _TYPES.TYPE_STRING,
    "int64": _TYPES.TYPE_INT64,
    "int32": _TYPES.TYPE_INT32,
    "bool": _TYPES.TYPE_BOOL,
}

MESSAGES: Final = {
    "AccountId": "bytes name = 1; bytes address = 2",
    "authority": "AccountId account = 1; bytes permission_name = 2",
    "Any": "string type_url = 1; bytes value = 2",
    "Contract": (
        "int32 type = 1; Any parameter = 2; bytes provider = 3; bytes ContractName = 4;"
        "int32 Permission_id = 5"
    ),
    "raw": (
        "bytes ref_block_bytes = 1; int64 ref_block_num = 3; bytes ref_block_hash = 4;"
        "int64 expiration = 8; repeated authority auths = 9; bytes data = 10;"
        "repeated Contract contract = 11; bytes scripts = 12; int64 timestamp = 14;"
        "int64 fee_limit = 18"
    ),
    "TransferContract": "bytes owner_address = 1; bytes to_address = 2; int64 amount = 3",
    "TransferAssetContract": (
        "bytes asset_name = 1; bytes owner_address = 2; bytes to_address = 3; int64 amount = 4"
    ),
    "TriggerSmartContract": (
        "bytes owner_address = 1; bytes contract_address = 2; int64 call_value = 3;"
        "bytes data = 4; int64 call_token_value = 5; int64 token_id = 6"
    ),
    "FreezeBalanceV2Contract": (
        "bytes owner_address = 1; int64 frozen_balance = 2; int32 resource = 3"
    ),
    "UnfreezeBalanceV2Contract": (
        "bytes owner_address = 1; int64 unfreeze_balance = 2; int32 resource = 3"
    ),
    "DelegateResourceContract": (
        "bytes owner_address = 1; int32 resource = 2; int64 balance = 3;"
        "bytes receiver_address = 4; bool lock = 5; int64 lock_period = 6"
    ),
    "Vote": "bytes vote_address = 1; int64 vote_count = 2",
    "VoteWitnessContract": ("bytes owner_address = 1; repeated Vote votes = 2; bool support = 3"),
    "WithdrawBalanceContract": "bytes owner_address = 1",
    "AccountCreateContract": "bytes owner_address = 1; bytes account_address = 2; int32 type = 3",
    "AssetIssueContract": "string id = 41; bytes owner_address = 1",
    "Key": "bytes address = 1; int64 weight = 2",
    "Permission": (
        "int32 type = 1; int32 id = 2; string permission_name = 3; int64 threshold = 4;"
        "int32 parent_id = 5; bytes operations = 6; repeated Key keys = 7"
    ),
    "AccountPermissionUpdateContract": (
        "bytes owner_address = 1; Permission owner = 2; Permission witness = 3;"
        "repeated Permission actives = 4"
    ),
}

OWNER: Final = bytes.fromhex("41b9d635cef1710e602d43671f1fb15bfee29ae20a")
TO: Final = bytes.fromhex("41d70df898b811cebf5c50c6885cbcc15e25f0f6cf")
USDT: Final = bytes.fromhex("41a614f803b6fd780986a42c78ec9c7f77e6ded13c")
STRANGER: Final = bytes.fromhex("41" + "22" * 20)
EXPIRATION: Final = 1_790_892_000_000
TIMESTAMP: Final = 1_790_848_800_123


def message(name: str, **values: Any) -> Any:
    """A message of Google's library; nested ones are messages too."""
    return _classes()[name](**values)


def encoded(name: str, **values: Any) -> bytes:
    """Its bytes, with the fields in order."""
    return bytes(message(name, **values).SerializeToString(deterministic=True))


def parsed(name: str, data: bytes) -> Any:
    """The message that Google's library reads."""
    found = message(name)
    found.ParseFromString(data)
    return found


def contract(number: int, name: str, value: bytes, *, url: str | None = None, **more: Any) -> Any:
    """A contract that holds the bytes of a message of that name."""
    type_url = f"type.googleapis.com/protocol.{name}" if url is None else url
    return message(
        "Contract", type=number, parameter=message("Any", type_url=type_url, value=value), **more
    )


def raw(*contracts: Any, fee_limit: int = 0, **more: Any) -> bytes:
    """An unsigned transaction; without more, that of the samples around a contract."""
    fields = {
        "ref_block_bytes": bytes.fromhex("4e6e"),
        "ref_block_hash": bytes.fromhex("c8aeda7cfeaa6aa3"),
        "expiration": EXPIRATION,
        "timestamp": TIMESTAMP,
        "fee_limit": fee_limit,
        "contract": contracts,
        **more,
    }
    return encoded("raw", **fields)


def transfer(*, owner: bytes = OWNER, to: bytes = TO, amount: int = 12_500_000, **more: Any) -> Any:
    """Without arguments the contract of the sample `keysign_tron_trx`."""
    value = encoded("TransferContract", owner_address=owner, to_address=to, amount=amount)
    return contract(1, "TransferContract", value, **more)


def trc20(
    to: bytes = TO[1:], amount: int = 2_500_000, *, padding: bytes = bytes(12), tail: bytes = b""
) -> bytes:
    """Calldata of `transfer(address,uint256)`."""
    return bytes.fromhex("a9059cbb") + padding + to + amount.to_bytes(32, "big") + tail


def trigger(
    *, owner: bytes = OWNER, to: bytes = USDT, data: bytes | None = None, **more: Any
) -> Any:
    """Without arguments the contract of the sample `keysign_tron_trc20_usdt`."""
    inner = {key: more.pop(key) for key in list(more) if key.startswith(("call_", "token_"))}
    calldata = trc20() if data is None else data
    value = encoded(
        "TriggerSmartContract", owner_address=owner, contract_address=to, data=calldata, **inner
    )
    return contract(31, "TriggerSmartContract", value, **more)


def digest(data: bytes) -> str:
    """What is signed, as msg_hash_list has it."""
    return "0x" + hashlib.sha256(data).hexdigest()


@cache
def _classes() -> dict[str, Any]:
    file = descriptor_pb2.FileDescriptorProto(name="tron.proto", package="t", syntax="proto3")
    for name, fields in MESSAGES.items():
        kind = file.message_type.add(name=name)
        for words in fields.split(";"):
            *label, type_name, field_name, _, number = words.split()
            field = kind.field.add(name=field_name, number=int(number))
            field.label = _TYPES.LABEL_REPEATED if label else _TYPES.LABEL_OPTIONAL
            if type_name in _WORDS:
                field.type = _WORDS[type_name]
            else:
                field.type, field.type_name = _TYPES.TYPE_MESSAGE, f".t.{type_name}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"t.{name}"))
        for name in MESSAGES
    }
