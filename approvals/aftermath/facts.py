"""What happened after a decision, as facts beside its record: they corroborate, and never decide.

`Taken`: our answer was written to the node's open connection, to its end. `Reported`: the node's
own event notifications (protocol section 6), which come in any order, or not at all.
"""

import json
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeAlias

from approvals.codec import DamagedRecord
from approvals.model import Approval, Outcome
from approvals.plain import to_json
from approvals.request import RequestType

Kind: TypeAlias = Literal["key_gen", "key_sign", "key_reshare", "key_share_sign"]
Stage: TypeAlias = Literal["created", "updated", "succeeded", "failed"]

MOST_REPORTS: Final = 32
"""Kept for one record. Past it those that say least are forgotten first, then the oldest."""

LONGEST_WHY: Final = 300
HASHES_KEPT: Final = 16

_SAYS_LEAST: Final[tuple[Stage, ...]] = ("updated", "created")
_LABELS: Final = {kind.value: kind.label for kind in RequestType}


@dataclass(frozen=True, slots=True)
class Report:
    """One event notification as it was read. `at` is Unix milliseconds by the node's clock.

    `request_id` and `task` (its biz_task_id) say what it is about; both may be empty. `signs` names
    the normalized message hashes as `Approval.signs` does, empty where none are reported; `hashes`
    are the first of them. `why` is the node's reason for a failure.
    """

    event_id: str
    kind: Kind
    stage: Stage
    at: int
    request_id: str = ""
    task: str = ""
    signs: str = ""
    hashes: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Overheard:
    """A report as our own audit has it, of what looked as if it had no yes of ours.

    `at` is when we heard it, Unix milliseconds by our clock.
    """

    node: str
    at: int
    report: Report


@dataclass(frozen=True, slots=True)
class Taken:
    """The node took our answer, at Unix milliseconds by our clock."""

    at: int


@dataclass(frozen=True, slots=True)
class Reported:
    """A report about this record. `at` is the node's clock, `heard_at` ours (Unix milliseconds).

    `agrees`: what was signed is what was asked; None where there is nothing to compare.
    """

    event_id: str
    stage: Stage
    at: int
    heard_at: int
    why: str
    agrees: bool | None


@dataclass(frozen=True, slots=True)
class After:
    """All that is known of a record after its decision. `stamp` names the stored value.

    `whole` is False where what is stored is not as we wrote it: then nothing of it is known.
    """

    taken: Taken | None = None
    reported: tuple[Reported, ...] = ()
    stamp: str = ""
    whole: bool = True

    @property
    def revision(self) -> int:
        """Grows with each write; 0 before the first."""
        return int(self.stamp[:20] or 0)

    def knows(self, event_id: str) -> bool:
        """Whether this event was heard before."""
        return any(reported.event_id == event_id for reported in self.reported)

    def first(self, stage: Stage) -> Reported | None:
        """The earliest report of a stage by the node's clock, but first one that does not agree.

        What was approved may be signed, and something else under the same name besides.
        """
        found = [reported for reported in self.reported if reported.stage == stage]
        return min(found, key=lambda one: (one.agrees is not False, one.at), default=None)


NOTHING_AFTER: Final = After()


def with_taken(after: After, at: int) -> After:
    """The first time counts: a node that lost the answer may ask, and take it, again."""
    return after if after.taken is not None else replace(after, taken=Taken(at))


def with_report(after: After, report: Report, approval: Approval, heard_at: int) -> After:
    """The same with one more report, within bounds; itself where this event is known."""
    if after.knows(report.event_id):
        return after
    agrees = agreement(report, approval)
    new = Reported(report.event_id, report.stage, report.at, heard_at, report.why, agrees)
    kept = [*after.reported, new]
    while len(kept) > MOST_REPORTS:
        kept.remove(min(kept, key=_weight))
    return replace(after, reported=tuple(kept))


def agreement(report: Report, approval: Approval) -> bool | None:
    """Whether the node did what the record is about; None where nothing can be compared."""
    if report.kind != _LABELS.get(approval.type):
        return False
    if report.kind != "key_sign" or not report.signs or not approval.signs:
        return None
    return report.signs == approval.signs


def concerns(report: Report, approval: Approval) -> bool:
    """Whether a report is about this record, though it may name nothing of it but its task.

    A signature under another request id, of which nobody can say whether it is what the record is
    about, may be any other one of that task: it corroborates no approval, and none covers it. To
    what was rejected it is counted all the same, for then no signature of the task had our yes.
    """
    if report.kind != "key_sign" or report.request_id == approval.request_id:
        return True
    if approval.final is not None and approval.final.outcome is not Outcome.APPROVE:
        return True
    return agreement(report, approval) is not None


def suspicion(report: Report, approval: Approval | None) -> str | None:
    """The alarm for something that was done without our yes; None where there is none.

    Only what succeeded counts: what failed, or merely began, has signed nothing.
    """
    if report.stage != "succeeded":
        return None
    signing = report.kind == "key_sign"
    if approval is None:
        return "signed_unknown" if signing else "used_unknown"
    if approval.final is None or approval.final.outcome is not Outcome.APPROVE:
        return "signed_rejected" if signing else "used_rejected"
    return "signed_other" if agreement(report, approval) is False else None


def may_clear_up(approval: Approval | None) -> bool:
    """Whether a suspicion may end by itself: its record, or that record's end, may come yet."""
    return approval is None or approval.final is None


def report_from_plain(document: dict[str, Any]) -> Report:
    """The inverse of what `plain` makes of one. KeyError, TypeError for anything else."""
    return Report(**{**document, "hashes": tuple(document["hashes"])})


def after_to_json(after: After) -> str:
    """The facts; the stamp is part of the stored form."""
    return to_json({"taken": after.taken, "reported": after.reported})


def after_from_json(body: str, stamp: str) -> After:
    """The inverse; anything that is not ours raises DamagedRecord."""
    try:
        document = json.loads(body)
        taken = document["taken"]
        return After(
            taken=None if taken is None else Taken(**taken),
            reported=tuple(Reported(**one) for one in document["reported"]),
            stamp=stamp,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise DamagedRecord(f"no facts after a decision: {type(error).__name__}") from None


def _weight(reported: Reported) -> tuple[bool, int, int]:
    """What may be forgotten first, lowest; what does not agree goes last."""
    says, done = reported.stage, reported.stage == "succeeded"
    weight = _SAYS_LEAST.index(says) if says in _SAYS_LEAST else len(_SAYS_LEAST)
    return done and reported.agrees is False, weight, reported.heard_at
