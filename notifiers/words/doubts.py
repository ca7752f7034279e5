"""What people read of what a node did without our yes, and what to do."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from approvals.aftermath.doubts import Doubt
from approvals.wording import counted
from notifiers.words.readable import visible
from notifiers.words.status import day_and_clock

_LONGEST: Final = 160
"""Of a name, or of hashes, within a sentence."""

SAYS: Final[dict[str, str]] = {
    "signed_unknown": "signed something that nobody asked us about",
    "signed_rejected": "signed something that was not approved here",
    "signed_other": "signed something OTHER than what was approved here",
    "used_unknown": "used its key share for something that nobody asked us about",
    "used_rejected": "used its key share for something that was not approved here",
}


def alarm_text(doubt: Doubt) -> str:
    """What people read of an act without our yes, and what to do."""
    report = doubt.report
    about = visible(report.request_id or report.task or "without a name", _LONGEST)
    at = day_and_clock(report.at or doubt.heard_at)  # a node may repeat it for days
    said = SAYS.get(doubt.alarm, "did what we know nothing of")
    hashes = f"\nSigned: {visible(' '.join(report.hashes[:2]), _LONGEST)}" if report.hashes else ""
    return (
        f"ALARM {doubt.alarm}: {visible(doubt.node)} {said}, {at}: request {about}."
        f"{_beside(doubt)}{hashes}\n"
        "If nobody can explain it at once, stop the node, and run:"
        " countersign freeze --reason …"
    )


def _beside(doubt: Doubt) -> str:
    """Which record of ours it goes against; else why none covers it, where one might seem to."""
    if doubt.member:
        return f" Our record: {visible(doubt.member, _LONGEST)}."
    if doubt.alarm != "signed_unknown" or not doubt.report.task or doubt.report.signs:
        return ""
    task = visible(doubt.report.task, _LONGEST)
    return f" It names task {task} and not what it signed, so no approval of that task covers it."


def more_text(doubts: Sequence[Doubt]) -> str:
    """What people read of the others, where one message for each would hide everything else."""
    counts = Counter((visible(doubt.node), doubt.alarm) for doubt in doubts)
    kinds = (f"{count:,} {what} of {node}" for (node, what), count in sorted(counts.items()))
    return (
        f"ALARM: {counted(len(doubts), 'more such report')}: {', '.join(kinds)}.\n"
        "Each is in the log, event node_reported."
    )
