"""What the approval service is put together from."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from approvals.aftermath.store import AfterStore
from approvals.audit import Audit
from approvals.bell import Bell
from approvals.events import Journal
from approvals.findings import Findings
from approvals.freezes.store import FreezeStore
from approvals.memory import Memory
from approvals.outbox import Outbox
from approvals.policy.model import Policy
from approvals.store import Store
from approvals.window import Window


@dataclass(frozen=True, slots=True)
class Parts:
    """Made once for a process; `process` is its name, and `windows` are its nodes', by name.

    `describe` says in a line what a request does, for lists of those whose bytes are not kept.
    """

    store: Store
    after: AfterStore
    freezes: FreezeStore
    outbox: Outbox
    bell: Bell
    audit: Audit
    memory: Memory
    policy: Policy
    windows: Mapping[str, Window]
    journals: Sequence[Journal]
    now_ms: Callable[[], int]
    process: str
    describe: Callable[[Findings, Policy], str] = lambda _findings, _policy: ""
