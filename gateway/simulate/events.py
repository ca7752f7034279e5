"""What a node reports after an approval: an event for `POST /v2/event`, in both documented shapes.

An event is `event_id` (a UUID, to tell repetitions), `event_type`, `node_id`,
`created_timestamp` (milliseconds) and `data`, whose `request_detail` is an object here, and whose
`extra_info` stays a text. Cobo's guide and its SDK disagree about the rest (protocol section 6):
names or numbers for types, one status or many, and what a result holds. Pure: signatures and ids
are given.
"""

import json
from collections.abc import Callable
from typing import Any, Final, Literal, TypeAlias

Outcome: TypeAlias = Literal["succeeded", "failed"]
Shape: TypeAlias = Literal["guide", "sdk"]

_KINDS: Final = {1: "KeyGen", 2: "KeySign", 3: "KeyReshare", 5: "KeyShareSign"}
_STATUS: Final[dict[Shape, dict[Outcome, int]]] = {
    "guide": {"succeeded": 3, "failed": 4},  # 3 is in the guide's example, 4 is our guess
    "sdk": {"succeeded": 190, "failed": 170},
}
_SIGNATURES: Final = {1: "ecdsa", 2: "eddsa", 3: "schnorr"}
_PROTOCOLS: Final = {1: "gg18", 2: "lindell", 3: "eddsatss"}
_CURVES: Final = {0: "secp256k1", 2: "ed25519"}
_FAILED: Final = "the simulated node failed to sign"


def event_of(
    package: bytes,
    outcome: Outcome,
    shape: Shape,
    *,
    event_id: str,
    now_ms: int,
    draw: Callable[[int], bytes],
) -> bytes:
    """The event about a CallbackRequest, as JSON; `draw` gives bytes for made-up signatures.

    Raises:
        ValueError: it is of no type that is signed.
    """
    request: dict[str, Any] = json.loads(package)
    kind = _KINDS.get(request.get("request_type", 0))
    if kind is None:
        raise ValueError("Only requests of the types 1, 2, 3 and 5 come to a signature.")
    detail: dict[str, Any] = json.loads(request["request_detail"])
    failed = outcome == "failed"
    data = {
        "data_type": kind,
        "request_id": request["request_id"],
        "request_type": kind,
        "request_status": _STATUS[shape][outcome],
        "request_detail": _spelled(detail, shape),
        "extra_info": request["extra_info"],
        "failed_reason": _FAILED if failed else "",
        "result": None if failed else _result(kind, detail, shape, draw, now_ms),
    }
    event = {
        "event_id": event_id,
        "event_type": f"request.{kind.lower()}.{outcome}",
        "node_id": _node(detail),
        "created_timestamp": now_ms,
        "data": data,
    }
    return json.dumps(event, separators=(",", ":")).encode()


def _spelled(detail: dict[str, Any], shape: Shape) -> dict[str, Any]:
    """The guide spells out what the SDK numbers."""
    if shape == "sdk":
        return detail
    names = (("signature_type", _SIGNATURES), ("tss_protocol", _PROTOCOLS), ("curve", _CURVES))
    spelled = {key: known.get(detail[key], detail[key]) for key, known in names if key in detail}
    return detail | spelled


def _node(detail: dict[str, Any]) -> str:
    """Which of the nodes we are is not in a request: the last that it names will do."""
    nodes = detail.get("used_node_ids") or detail.get("node_ids") or [detail.get("node_id")]
    return str(nodes[-1])


def _result(
    kind: str, detail: dict[str, Any], shape: Shape, draw: Callable[[int], bytes], now_ms: int
) -> dict[str, Any]:
    match kind:
        case "KeySign":
            return _signatures(detail, shape, draw)
        case "KeyShareSign":
            return {"signatures": [_share(each, draw) for each in detail["details"]]}
        case _:
            return _group(detail, shape, draw, now_ms)


def _signatures(
    detail: dict[str, Any], shape: Shape, draw: Callable[[int], bytes]
) -> dict[str, Any]:
    hashes: list[str] = detail["msg_hash_list"]
    if shape == "guide":
        return {"signatures": [draw(65).hex() for _ in hashes]}
    tweaks = detail.get("tweak_list") or [""] * len(hashes)
    whole = [
        {
            "bip32_path": path,
            "msg_hash": hashed,
            "tweak": tweak,
            "signature": draw(64).hex(),
            "signature_recovery": "00",
        }
        for path, hashed, tweak in zip(detail["bip32_path_list"], hashes, tweaks, strict=False)
    ]
    sorts = {key: detail.get(key) for key in ("signature_type", "tss_protocol")}
    return {"signatures": whole} | sorts


def _share(each: dict[str, Any], draw: Callable[[int], bytes]) -> dict[str, Any]:
    message = each["message"]
    return {
        "group_id": each["group_id"],
        "signed_msg": message,
        "msg_hash": message,
        "signature": draw(64).hex(),
    }


def _group(
    detail: dict[str, Any], shape: Shape, draw: Callable[[int], bytes], now_ms: int
) -> dict[str, Any]:
    """The key that was made, or the group that holds it now."""
    group = draw(10).hex()
    key = detail.get("root_pub_key") or "04" + draw(64).hex()
    if shape == "guide":
        return {"group_id": group, "root_pub_key": key}
    nodes = detail.get("new_node_ids") or detail.get("node_ids") or []
    return {
        "id": group,
        "canonical_group_id": group,
        "protocol_group_id": group,
        "protocol_type": "",
        "created_timestamp": now_ms,
        "type": 1,
        "root_extended_public_key": key,
        "chaincode": draw(32).hex(),
        "curve": _CURVES.get(detail.get("curve", 0), ""),
        "threshold": detail.get("new_threshold") or detail.get("threshold"),
        "participants": [
            {"node_id": each, "share_id": str(number), "share_public_key": draw(33).hex()}
            for number, each in enumerate(nodes, start=1)
        ],
    }
