"""The eight wire fields: CallbackRequest in, CallbackResponse out (Cobo's callback protocol v2).

A CallbackRequest is `request_id`, `request_type`, `request_detail`, `extra_info`; a
CallbackResponse is `status`, `request_id`, `action`, `error`. What a node means is read exactly
once, here: types are compared exactly, since `True == 1` and `2.0 == 2` in Python.
"""

import json
import re
from dataclasses import dataclass
from typing import Final

from approvals.model import Final as FinalFact
from approvals.model import Outcome
from approvals.request import PING, Request
from approvals.strict_json import BadJson, check_depth, loads

OK: Final = 0
INVALID_REQUEST: Final = 10
REQUEST_ID: Final = re.compile(r"[!-~]{1,128}", re.ASCII)
_FIELDS: Final = ("request_id", "request_type", "request_detail", "extra_info")
_EMPTY: Final[tuple[object, ...]] = (None, "", {}, "{}")


@dataclass(frozen=True, slots=True)
class Ping:
    """A node's heartbeat: every other field is empty."""


class NotACallbackRequest(Exception):  # noqa: N818 - says what the package is
    """The package is no CallbackRequest: answered with status 10. The message is for the node.

    `request_id` is what can be echoed: the field's value where it is a string, else "".
    """

    def __init__(self, sentence: str, request_id: str = "") -> None:
        """The sentence never quotes the package."""
        super().__init__(sentence)
        self.request_id = request_id


def parse(package: bytes, node: str) -> Ping | Request:
    """What this node asks.

    A ping is spelled with empty strings, empty objects, nulls or no fields at all; a missing
    `request_type` means a ping only if everything else is empty too.
    """
    try:
        document = loads(package.decode())
    except UnicodeDecodeError:
        raise NotACallbackRequest("package_data is not UTF-8") from None
    except BadJson as bad:
        raise NotACallbackRequest(str(bad), _echo(package.decode())) from None
    if not isinstance(document, dict):
        raise NotACallbackRequest("a CallbackRequest is a JSON object")
    kind = document.get("request_type")
    if _is_ping(document, kind):
        return Ping()
    echo = document.get("request_id")
    echo = echo if type(echo) is str else ""
    if type(kind) is not int:
        raise NotACallbackRequest("request_type must be an integer", echo)
    if kind == PING:
        raise NotACallbackRequest("a ping has no other fields", echo)
    if not REQUEST_ID.fullmatch(echo):
        raise NotACallbackRequest("request_id must be 1 to 128 printable ASCII characters", echo)
    detail, extra = document.get("request_detail"), document.get("extra_info")
    if type(detail) is not str or type(extra) is not str:
        raise NotACallbackRequest("request_detail and extra_info must be strings", echo)
    return Request(node, echo, kind, detail, extra, surplus=_surplus(document))


def _echo(text: str) -> str:
    """The request_id in JSON that is refused for something else in it; "" where that is unclear."""
    try:
        check_depth(text)
        document = json.loads(text)
    except (BadJson, RecursionError, ValueError):
        return ""
    found = document.get("request_id") if isinstance(document, dict) else ""
    return found if type(found) is str and found.isascii() else ""


def _is_ping(document: dict[str, object], kind: object) -> bool:
    if kind is not None and not (type(kind) is int and kind == PING):
        return False
    return all(
        any(type(value) is type(empty) and value == empty for empty in _EMPTY)
        for name, value in document.items()
        if name != "request_type"
    )


def _surplus(document: dict[str, object]) -> str:
    """Outer fields that the protocol does not name, kept as compact JSON with sorted keys."""
    unknown = {name: value for name, value in document.items() if name not in _FIELDS}
    return (
        json.dumps(unknown, sort_keys=True, separators=(",", ":"), default=str) if unknown else ""
    )


def pong() -> bytes:
    """The answer to a ping: status 0, an empty request_id and no action."""
    return _package({"status": OK, "request_id": "", "error": ""})


def invalid(problem: NotACallbackRequest) -> bytes:
    """The answer to something that is no CallbackRequest."""
    return _package(
        {
            "status": INVALID_REQUEST,
            "request_id": problem.request_id,
            "action": Outcome.REJECT,
            "error": f"malformed: {problem}",
        }
    )


def decided(request_id: str, final: FinalFact) -> bytes:
    """The answer to a decided request: status 0 whatever was decided; `cause: sentence` on a no."""
    return _package(
        {
            "status": OK,
            "request_id": request_id,
            "action": final.outcome,
            "error": "" if final.cause is None else f"{final.cause}: {final.sentence}",
        }
    )


def _package(document: dict[str, object]) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()
