"""EIP-712 documents for tests, and requests to sign them."""

import base64
import copy
import json
from typing import Any, Final

from approvals.chains.eip712 import read_typed_data
from approvals.chains.messages import personal_hash
from tests.support.requests import Sample, sample

PERMIT: Final = sample("keysign_eip712_permit")
TEXT: Final = sample("keysign_eip191")
SIGNER: Final = "0xe4617d0599ee72Ff2c4942550f3a6F4cCcFd03EE"
SPENDER: Final = "0x68b3465833fb72A70ecDF485E0e4C7bD8665Fc45"
USDC: Final = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
USDT: Final = "0xdAC17F958D2ee523a2206206994597C13D831ec7"
DAI: Final = "0x6B175474E89094C44Da98b954EedeAC495271d0F"
PERMIT2: Final = "0x000000000022D473030F116dDEE9F6B43aC78BA3"
SAFE: Final = "0x4F2083f5fBede34C2714aFfb3105539775f7FE64"
NOBODY: Final = "0x" + "00" * 20

DOMAIN_TYPES: Final = {
    "name": "string",
    "version": "string",
    "chainId": "uint256",
    "verifyingContract": "address",
    "salt": "bytes32",
}
MAIL: Final[dict[str, Any]] = {
    "types": {
        "EIP712Domain": [
            {"name": "name", "type": "string"},
            {"name": "version", "type": "string"},
            {"name": "chainId", "type": "uint256"},
            {"name": "verifyingContract", "type": "address"},
        ],
        "Person": [
            {"name": "name", "type": "string"},
            {"name": "wallet", "type": "address"},
        ],
        "Mail": [
            {"name": "from", "type": "Person"},
            {"name": "to", "type": "Person"},
            {"name": "contents", "type": "string"},
        ],
    },
    "primaryType": "Mail",
    "domain": {
        "name": "Ether Mail",
        "version": "1",
        "chainId": 1,
        "verifyingContract": "0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC",
    },
    "message": {
        "from": {"name": "Cow", "wallet": "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826"},
        "to": {"name": "Bob", "wallet": "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB"},
        "contents": "Hello, Bob!",
    },
}
"""The example that EIP-712 gives, hash and all."""


def members(text: str) -> list[dict[str, str]]:
    """`address to,uint256 value` as a document declares it."""
    pairs = (member.split() for member in text.split(",") if member)
    return [{"name": name, "type": kind} for kind, name in pairs]


def document(
    primary: str,
    types: dict[str, str],
    message: Any,
    domain: dict[str, Any] | None = None,
    **changes: Any,
) -> dict[str, Any]:
    """A document; `changes` change its domain, None takes a member away."""
    whole = {**(domain or {"chainId": 1, "verifyingContract": USDC}), **changes}
    whole = {name: value for name, value in whole.items() if value is not None}
    whole = {name: whole[name] for name in (*DOMAIN_TYPES, *whole) if name in whole}
    declared = [{"name": name, "type": DOMAIN_TYPES[name]} for name in whole]
    return {
        "types": {
            "EIP712Domain": declared,
            **{name: members(text) for name, text in types.items()},
        },
        "primaryType": primary,
        "domain": whole,
        "message": message,
    }


def permit(domain: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """ERC-2612; without arguments the sample's."""
    message = {"owner": SIGNER, "spender": SPENDER, "value": "5000000000"}
    return document(
        "Permit",
        {
            "Permit": "address owner,address spender,uint256 value,uint256 nonce,uint256 deadline",
        },
        {**message, "nonce": "0", "deadline": "1790852400", **changes},
        {"name": "USD Coin", "version": "2", "chainId": 1, "verifyingContract": USDC}
        | (domain or {}),
    )


def dai(**changes: Any) -> dict[str, Any]:
    """DAI's permit of all or nothing."""
    message = {"holder": SIGNER, "spender": SPENDER, "nonce": 3, "expiry": 0, "allowed": True}
    return document(
        "Permit",
        {"Permit": "address holder,address spender,uint256 nonce,uint256 expiry,bool allowed"},
        {**message, **changes},
        {"name": "Dai Stablecoin", "version": "1", "chainId": 1, "verifyingContract": DAI},
    )


DETAILS: Final = "address token,uint160 amount,uint48 expiration,uint48 nonce"
PERMISSIONS: Final = "address token,uint256 amount"


def details(token: str = USDC, amount: int = 7, expiration: int = 1_790_852_400) -> dict[str, Any]:
    """What Permit2 lets a spender do with one token."""
    return {"token": token, "amount": str(amount), "expiration": expiration, "nonce": 1}


def permit2(form: str, *given: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """One of Permit2's four forms, over what `details` makes; `changes` change its domain."""
    one = {"PermitSingle": True, "PermitTransferFrom": True}.get(form, False)
    lasting = form in ("PermitSingle", "PermitBatch")
    rest: dict[str, Any] = {"spender": SPENDER}
    if lasting:
        inside, key, inner = "PermitDetails", "details", DETAILS
        tail, items = "uint256 sigDeadline", list(given)
        rest["sigDeadline"] = 1_790_852_400
    else:
        inside, key, inner = "TokenPermissions", "permitted", PERMISSIONS
        tail = "uint256 nonce,uint256 deadline"
        items = [{"token": each["token"], "amount": each["amount"]} for each in given]
        rest |= {"nonce": 9, "deadline": 1_790_852_400}
    kind = inside if one else f"{inside}[]"
    return document(
        form,
        {form: f"{kind} {key},address spender,{tail}", inside: inner},
        {key: items[0] if one else items, **rest},
        {"name": "Permit2", "chainId": 1, "verifyingContract": PERMIT2},
        **changes,
    )


def safe_tx(domain: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """A transaction of a Safe; without arguments it sends 1 ETH to SPENDER."""
    message = {
        "to": SPENDER,
        "value": str(10**18),
        "data": "0x",
        "operation": 0,
        "safeTxGas": 0,
        "baseGas": 0,
        "gasPrice": 0,
        "gasToken": NOBODY,
        "refundReceiver": NOBODY,
        "nonce": 42,
    }
    types = {
        "SafeTx": "address to,uint256 value,bytes data,uint8 operation,uint256 safeTxGas,"
        "uint256 baseGas,uint256 gasPrice,address gasToken,address refundReceiver,uint256 nonce"
    }
    pinned = {"chainId": "0x1", "verifyingContract": SAFE}
    return document("SafeTx", types, {**message, **changes}, pinned | (domain or {}))


def changed(whole: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy of a document with one place changed."""
    copied = copy.deepcopy(whole)
    place: Any = copied
    *steps, last = path.split(".")
    for step in steps:
        place = place[int(step) if isinstance(place, list) else step]
    place[int(last) if isinstance(place, list) else last] = value
    return copied


def claiming(base: Sample, whole: Any) -> Sample:
    """The request with another document in both forms, and the hash that it has."""
    raw = base.with_transaction("destination.raw_structured_data", json.dumps(whole))
    return raw.with_transaction("destination.structured_data", whole)


def signing(whole: Any, base: Sample = PERMIT) -> Sample:
    """A request to sign this document, in which everything agrees."""
    digest = read_typed_data(whole).signing_hash
    return claiming(base, whole).with_detail("msg_hash_list", ["0x" + digest.hex()])


def saying(message: bytes, base: Sample = TEXT) -> Sample:
    """A request to sign this text (EIP-191), in which everything agrees."""
    text = base64.b64encode(message).decode()
    digest = "0x" + personal_hash(message).hex()
    return base.with_transaction("destination.message", text).with_detail("msg_hash_list", [digest])
