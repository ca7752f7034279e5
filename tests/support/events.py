"""A node's event notifications in both documented shapes, signed and posted as a node does."""

import json
from typing import Any, Literal
from uuid import NAMESPACE_OID, uuid5

import aiohttp

from keys.envelope import sign
from tests.support.requests import Sample, sample
from tests.support.world import House, rsa_key

Shape = Literal["guide", "sdk"]

AT = 1_790_000_000_000
WORDS = {1: "KeyGen", 2: "KeySign", 3: "KeyReshare", 5: "KeyShareSign"}


def event(
    stage: str = "succeeded",
    of: Sample | None = None,
    *,
    shape: Shape = "sdk",
    **changes: Any,
) -> dict[str, Any]:
    """What a node tells of a request, the ERC-20 sample if none is named.

    `hashes`, `request_id`, `task`, `why`, `event_id`, `at` replace what would be said.
    """
    asked = of or sample("keysign_erc20_usdt")
    word = WORDS[asked.type]
    detail = dict(asked.detail)
    hashes: list[str] = changes.get("hashes") or list(detail.get("msg_hash_list", ()))
    if shape == "guide":  # without 0x, and words for numbers
        hashes = [text.removeprefix("0x").upper() for text in hashes]
        detail |= {"signature_type": "ecdsa", "tss_protocol": "gg20"}
    if "msg_hash_list" in detail:
        detail["msg_hash_list"] = hashes
    detail["biz_task_id"] = changes.get("task", detail.get("biz_task_id", ""))
    data = {
        "data_type": word,
        "request_id": changes.get("request_id", asked.request_id),
        "request_type": word,
        "request_status": 3 if shape == "guide" else {"succeeded": 190, "failed": 170}.get(stage),
        "request_detail": detail,
        "extra_info": "" if shape == "guide" else json.dumps(asked.extra),
        "failed_reason": changes.get("why", ""),
    }
    if stage == "succeeded":
        data["result"] = _result(word, hashes, shape)
    return {
        "event_id": changes.get("event_id", str(uuid5(NAMESPACE_OID, f"{stage} {asked}"))),
        "event_type": f"request.{word.lower()}.{stage}",
        "node_id": "coboTEST",
        "created_timestamp": changes.get("at", AT),
        "data": data,
    }


def _result(word: str, hashes: list[str], shape: Shape) -> dict[str, Any]:
    if word != "KeySign":
        return {"group_id": "g", "root_pub_key": "04ab"} if shape == "guide" else {"id": "g"}
    if shape == "guide":
        return {"signatures": ["00" * 64 for _ in hashes]}
    signatures = [
        {"bip32_path": "m/44/60/1/0/0", "msg_hash": text, "tweak": "", "signature": "00"}
        for text in hashes
    ]
    return {"signatures": signatures, "signature_type": 1, "tss_protocol": 2}


def token(house: House, package: object, key: str = "node-1-events") -> str:
    """A TSS_JWT_MSG around it."""
    text = package if isinstance(package, bytes) else json.dumps(package).encode()
    expires = house.world.clock.now_ms() // 1000 + 120
    return sign(text, rsa_key(key), expires_at_s=expires)


async def tells(
    house: House, package: object, *, key: str = "node-1-events", path: str = "/v2/event"
) -> tuple[int, str]:
    """Post it; the status and the body of the answer."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            house.running.public.url + path, data={"TSS_JWT_MSG": token(house, package, key)}
        ) as answer,
    ):
        return answer.status, await answer.text()
