"""What people read when another policy comes into force."""

from typing import Final

from approvals.events import PolicyChanged
from approvals.wording import counted

_ASKED_BY: Final = {"signal": "a SIGHUP", "operator": "countersign policy reload"}


def policy_news(change: PolicyChanged) -> str:
    """One line: from which digest to which, what the new policy holds, and who asked."""
    digests = f"{change.old[:16]} -> {change.new[:16]}"
    if change.old == change.new:
        digests = f"{change.new[:16]} stays, files that it names changed"
    holds = (
        f"{counted(change.rules, 'rule')}, {counted(change.people, 'person', 'people')},"
        f" otherwise {change.default}, {counted(change.warnings, 'warning')}"
    )
    return f"Policy change: {digests}. {holds}. By {_ASKED_BY.get(change.via, change.via)}."
