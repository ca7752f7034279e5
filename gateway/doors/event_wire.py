"""A TSS Node's event notification (protocol section 6), read leniently: it decides nothing.

Two documented shapes differ (the guide's and the SDK's): numbers or words, a `request_status` of 3
or of 100 to 190, signatures as texts or as objects, `data` empty or absent. What is not needed is
not looked at, and what is needed is bounded. Nothing here trusts a type.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, get_args

from approvals.aftermath.facts import HASHES_KEPT, LONGEST_WHY, Kind, Report, Stage
from approvals.findings import signs_of
from approvals.strict_json import BadJson, loads

_NAME: Final = re.compile(r"[!-~]{1,128}", re.ASCII)
_TYPE: Final = re.compile(r"request\.([a-z]{1,20})\.([a-z]{1,20})", re.ASCII)
_KINDS: Final[dict[str, Kind]] = {kind.replace("_", ""): kind for kind in get_args(Kind)}
_STAGES: Final[dict[str, Stage]] = {stage: stage for stage in get_args(Stage)}
_ENDS: Final = {160: "declined", 180: "cancelled"}
"""Words of `request_status` that say more than that it failed."""

_MOST_HASHES: Final = 10_000
_LONGEST_HASH: Final = 200
_YEAR_9999_MS: Final = 253_370_764_800_000


@dataclass(frozen=True, slots=True)
class Ping:
    """The node asks whether we are there."""


class UnreadableEvent(Exception):  # noqa: N818 - says what the event is
    """Nothing can be made of it. `what` is its type as far as that is known, a short word.

    `of_signing`: it may be about a signature, so that somebody must look at it.
    """

    def __init__(self, sentence: str, what: str = "", *, of_signing: bool = False) -> None:
        """The sentence never quotes the event."""
        super().__init__(sentence)
        self.what = what
        self.of_signing = of_signing


def parse_event(package: bytes) -> Ping | Report:
    """What the node tells.

    Raises:
        UnreadableEvent: and nothing else.
    """
    signing = b"keysign" in package.lower()
    try:
        document = loads(package.decode())
    except UnicodeDecodeError:
        raise UnreadableEvent("It is not UTF-8.", of_signing=signing) from None
    except BadJson as bad:
        raise UnreadableEvent(str(bad), of_signing=signing) from None
    if not isinstance(document, dict):
        raise UnreadableEvent("An event is a JSON object.", of_signing=signing)
    name = document.get("event_type")
    if name == "ping":
        return Ping()
    match = _TYPE.fullmatch(name) if type(name) is str else None
    kind = _KINDS.get(match[1]) if match else None
    stage = _STAGES.get(match[2]) if match else None
    what = match[0] if match else ""
    if kind is None or stage is None:
        raise UnreadableEvent("Its event_type is not known.", what, of_signing=signing)
    event_id = _name(document.get("event_id"))
    if not event_id:
        raise UnreadableEvent("It has no event_id.", what, of_signing=kind == "key_sign")
    return _report(document, event_id, kind, stage)


def _report(document: dict[str, Any], event_id: str, kind: Kind, stage: Stage) -> Report:
    data = _object(document.get("data"))
    detail = _object(data.get("request_detail"))
    hashes = _hashes(detail, data.get("result"))
    return Report(
        event_id=event_id,
        kind=kind,
        stage=stage,
        at=_moment(document.get("created_timestamp")),
        request_id=_name(data.get("request_id")),
        task=_name(detail.get("biz_task_id")),
        signs=signs_of(hashes),
        hashes=tuple(hashes[:HASHES_KEPT]),
        why=_why(data) if stage == "failed" else "",
    )


def _object(value: Any) -> dict[str, Any]:
    """An object, or the text of one; else an empty one."""
    if type(value) is str:
        try:
            value = loads(value)
        except BadJson:
            return {}
    return value if type(value) is dict else {}


def _hashes(detail: dict[str, Any], result: Any) -> list[str]:
    """What was signed: as the result says, where it says so, else as was asked of the node.

    Where both say so and differ in more than their order, what was signed is what counts.
    """
    asked = _normalized(_list(detail.get("msg_hash_list")))
    signatures = _list(_object(result).get("signatures"))
    signed = _normalized(
        one["msg_hash"] for one in signatures if type(one) is dict and one.get("msg_hash")
    )
    return asked if not signed or sorted(signed) == sorted(asked) else signed


def _normalized(hashes: Iterable[Any]) -> list[str]:
    """With `0x` and in lower case; what is no text cannot be what was approved, nor vanish."""
    found = []
    for value in islice(hashes, _MOST_HASHES):
        text = value.strip().lower()[:_LONGEST_HASH] if type(value) is str else "?"
        found.append(text if text.startswith("0x") else f"0x{text}")
    return found


def _list(value: Any) -> list[Any]:
    return value if type(value) is list else []


def _name(value: Any) -> str:
    """An id of printable ASCII; empty where it is none."""
    return value if type(value) is str and _NAME.fullmatch(value) else ""


def _moment(value: Any) -> int:
    """Unix milliseconds; 0 where it is none."""
    number = _number(value)
    return number if 0 <= number < _YEAR_9999_MS else 0


def _number(value: Any) -> int:
    """A whole number, or the text of one; -1 where it is none."""
    if type(value) is str and re.fullmatch(r"[0-9]{1,15}", value, re.ASCII):
        return int(value)
    return value if type(value) is int else -1


def _why(data: dict[str, Any]) -> str:
    """The node's reason, else what its status says."""
    reason = data.get("failed_reason")
    said = reason.strip()[:LONGEST_WHY] if type(reason) is str else ""
    return said or _ENDS.get(_number(data.get("request_status")), "")
