"""What our keys in Redis and their members are called, and how much may stand under each.

All under one hash tag: `approval:<member>` (the record), `content:<request_id>` (what this id was
first asked for), `bytes:<digest>` (the exact request of an asked approval), `told:<member>` (what
was posted), `after:<member>` (what happened after the decision), `doubts` (what nodes did without
our yes), `freeze` (what is frozen), `task:<node>/<biz_task_id>` (which record a task's is),
`gateway:<process>` (who else answers), the sorted sets `open` (by deadline), `done` (by when it
became final), `untold` (by when to tell next) and `unshown` (by since when nobody was told), both
handed out to the places' own lists (see `approvals/untold.py`), and the stream `bell`.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

from approvals.redis.link import Link, key

MOST_OPEN: Final = 10_000
BELL_LENGTH: Final = 10_000
MOST_RECORD: Final = 1 << 20
"""Bytes of a sealed value."""

MOST_REQUEST: Final = 1 << 25
LONGEST_MEMBER: Final = 64 + 1 + 128 + 1 + 16
MEMBER: Final = re.compile(rb"[A-Za-z0-9_.-]{1,64}/[!-~]{1,128}(?: [0-9a-f]{16})?")
"""As `Approval.member` writes it."""

LATEST: Final = 1 << 53
"""No time of ours is later (Unix ms): past it, floating-point scores are not exact."""

BELL: Final = key("bell")


def record_key(member: str) -> str:
    """Where a record is."""
    return key("approval", member)


def task_key(node: str, task: str) -> str:
    """Where the newest record of a node's biz_task_id is named."""
    return key("task", f"{node}/{task}")


def listed(link: Link, found: Sequence[Any], name: str) -> list[str]:
    """Members as a script found them in a list; how many it dropped is told to `foreign`."""
    dropped, *members = found
    for _ in range(dropped):
        link.foreign(f"a member of `{name}` that no gateway put there")
    return [member.decode("ascii", "replace") for member in members]


def ours(link: Link, names: Sequence[bytes], otherwise: str) -> list[str]:
    """Those that a gateway could have written; `otherwise` is what `foreign` is told of others."""
    written = [name for name in names if MEMBER.fullmatch(name) is not None]
    for _ in range(len(names) - len(written)):
        link.foreign(otherwise)
    return [name.decode("ascii") for name in written]
