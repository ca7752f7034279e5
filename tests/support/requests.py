"""The recorded samples as requests, and the same requests with one thing changed."""

import copy
import json
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

from approvals.request import Request

FOLDER: Final = Path(__file__).parents[2] / "gateway" / "samples"

ABSENT: Final = object()
"""As a new value: the key goes away."""


@dataclass(frozen=True)
class Sample:
    """A CallbackRequest whose inner documents are open; `.request` closes them again.

    Every method returns a changed copy. Paths are dotted, and list positions are numbers:
    `sample("keysign_erc20_usdt").with_transaction("destination.account_output.amount", "1")`.
    """

    request_id: str
    type: int
    detail: Any
    extra: Any
    node: str = "node-1"
    surplus: str = ""
    exact: tuple[str, str] | None = field(default=None, compare=False)

    @property
    def request(self) -> Request:
        """The request; of an unchanged sample the very texts that were recorded."""
        detail, extra = self.exact or (_text(self.detail), _text(self.extra))
        return Request(self.node, self.request_id, self.type, detail, extra, self.surplus)

    @property
    def package(self) -> bytes:
        """The JSON of the CallbackRequest, as it travels in `package_data`."""
        request = self.request
        outer = {
            "request_id": request.request_id,
            "request_type": request.type,
            "request_detail": request.detail,
            "extra_info": request.extra,
        }
        return json.dumps(outer).encode()

    def with_outer(self, **changes: Any) -> "Sample":
        """Change `node`, `request_id`, `type` or `surplus`."""
        return replace(self, **changes)

    def with_detail(self, path: str, value: Any) -> "Sample":
        """Change `request_detail` at a path."""
        return replace(self, detail=_changed(self.detail, path, value), exact=None)

    def with_extra(self, path: str, value: Any) -> "Sample":
        """Change `extra_info` at a path."""
        return replace(self, extra=_changed(self.extra, path, value), exact=None)

    def with_transaction(self, path: str, value: Any) -> "Sample":
        """Change `extra_info.transaction` at a path."""
        return self.with_extra(f"transaction.{path}", value)

    def with_texts(self, *, detail: str | None = None, extra: str | None = None) -> "Sample":
        """Put other texts, which need not be JSON, in place of the documents."""
        now = self.request
        texts = (now.detail if detail is None else detail, now.extra if extra is None else extra)
        return replace(self, exact=texts)

    def with_evm_bytes(self, raw: bytes) -> "Sample":
        """Sign another EVM transaction: these bytes, and the hash that belongs to them."""
        from approvals.chains.keccak import keccak256

        return self.with_transaction("raw_tx_info.unsigned_raw_tx", "0x" + raw.hex()).with_detail(
            "msg_hash_list", ["0x" + keccak256(raw).hex()]
        )

    def with_tron_bytes(self, raw: bytes) -> "Sample":
        """Sign another Tron transaction: these bytes, and the hash that belongs to them."""
        from tests.support.tron import digest

        return self.with_transaction("raw_tx_info.unsigned_raw_tx", "0x" + raw.hex()).with_detail(
            "msg_hash_list", [digest(raw)]
        )

    def fresh(self, number: int) -> "Sample":
        """The same wish as a new task: other request, task and transaction ids."""
        task = f"2026{number:028d}"
        business = f"00000000-0000-4000-8000-{number:012d}"
        changed = self.with_detail("task_id", task).with_detail("biz_task_id", business)
        if "transaction" in changed.extra:
            changed = changed.with_transaction("transaction_id", business)
        if "tss_request" in changed.extra:
            changed = changed.with_extra("tss_request.tss_request_id", business)
        return changed.with_outer(request_id=f"{task}:1")


@cache
def sample(name: str) -> Sample:
    """The sample `gateway/samples/<name>.json`."""
    outer = json.loads((FOLDER / f"{name}.json").read_text())
    detail, extra = outer["request_detail"], outer["extra_info"]
    return Sample(
        outer["request_id"],
        outer["request_type"],
        json.loads(detail),
        json.loads(extra),
        exact=(detail, extra),
    )


def _text(document: Any) -> str:
    return json.dumps(document, separators=(",", ":"))


def _changed(document: Any, path: str, value: Any) -> Any:
    whole = copy.deepcopy(document)
    place = whole
    *steps, last = path.split(".")
    for step in steps:
        place = place[int(step) if isinstance(place, list) else step]
    if value is ABSENT:
        del place[int(last) if isinstance(place, list) else last]
    else:
        place[int(last) if isinstance(place, list) else last] = value
    return whole
