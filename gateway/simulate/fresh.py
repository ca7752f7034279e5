"""A recorded request with new ids, consistently: the same transaction asked for the first time."""

import json
import secrets
import uuid
from datetime import UTC, datetime
from typing import Any


def freshen(package: bytes, now_ms: int) -> bytes:
    """Give a CallbackRequest a new request, task and business id.

    The request id is `<task id>:<n>`; the business id is that of the transaction or of Cobo's
    TSS request. Each is replaced everywhere it stands as a whole value, also inside the JSON
    texts of `request_detail` and `extra_info`; nothing that is signed changes.
    """
    document = json.loads(package)
    if not isinstance(document, dict):
        return package
    detail, extra = _inner(document, "request_detail"), _inner(document, "extra_info")
    task = f"{datetime.fromtimestamp(now_ms / 1000, UTC):%Y%m%d%H%M%S}{_digits(18)}"
    old_request = document.get("request_id")
    replaced: dict[str, str] = {}
    if type(old_request) is str and old_request:
        _, colon, attempt = old_request.partition(":")
        replaced[old_request] = f"{task}{colon}{attempt}"
    for key, new in (("task_id", task), ("biz_task_id", str(uuid.uuid4()))):
        old = detail.get(key) if isinstance(detail, dict) else None
        if type(old) is str and old:
            replaced[old] = new
    for key, inner in (("request_detail", detail), ("extra_info", extra)):
        if inner is not None:
            document[key] = json.dumps(_with(inner, replaced), separators=(",", ":"))
    document["request_id"] = replaced.get(str(old_request), old_request)
    return json.dumps(document).encode()


def _inner(document: dict[str, Any], key: str) -> Any:
    try:
        return json.loads(document[key])
    except (KeyError, TypeError, ValueError):
        return None


def _with(value: Any, replaced: dict[str, str]) -> Any:
    match value:
        case str():
            return replaced.get(value, value)
        case list():
            return [_with(item, replaced) for item in value]
        case dict():
            return {key: _with(item, replaced) for key, item in value.items()}
        case _:
            return value


def _digits(count: int) -> str:
    return "".join(secrets.choice("0123456789") for _ in range(count))
