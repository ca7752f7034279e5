"""What became of a decision, in sentences: taken, signed, failed, or not come back for."""

from typing import Final

from approvals.aftermath.facts import After, Reported
from approvals.model import Approval, Cause, Outcome
from approvals.request import RequestType
from notifiers.ports import Story
from notifiers.words.ink import PLAIN, Ink
from notifiers.words.readable import visible

_LONGEST: Final = 160
"""Of a node's reason, where it stands within another sentence."""
_ANEW: Final = " Whoever asked must ask again."
_AGAIN: Final = " By what the node says nothing came of it; whoever asked may ask again."


def became(approval: Approval, after: After, ink: Ink = PLAIN) -> str | None:
    """The newest of it, to stand in a line; None where nothing is known."""
    succeeded, failed = after.first("succeeded"), after.first("failed")
    yes = is_yes(approval)
    if succeeded is not None:
        done = "signed" if approval.type == RequestType.KEY_SIGN else "done"
        said = f"{done} at {ink.time(succeeded.at or succeeded.heard_at)}"
        if not yes:
            return f"BUT the node says: {said}, without our yes"
        if succeeded.agrees is None and approval.type == RequestType.KEY_SIGN:
            return f"{said}; the node does not say what"
        return f"{said}, BUT NOT what was approved" if succeeded.agrees is False else said
    if failed is not None and yes:
        why = f": {ink.text(visible(failed.why, _LONGEST))}" if failed.why else ""
        return f"failed at {ink.time(failed.at or failed.heard_at)}{why}"
    if after.taken is not None and yes:
        return f"taken by the node at {ink.time(after.taken.at)}"
    return None


def history(
    approval: Approval, after: After, ink: Ink = PLAIN, *, overdue: bool = False
) -> tuple[tuple[str, str], ...]:
    """All of it in order, pairs of a label and a text: a page has room for what a line has not."""
    rows = []
    if after.taken is not None and is_yes(approval):
        rows.append(("Taken by the node", ink.time(after.taken.at)))
    failed, succeeded = after.first("failed"), after.first("succeeded")
    if failed is not None:
        why = f": {ink.text(visible(failed.why))}" if failed.why else ""
        rows.append(("Failed", f"{ink.time(failed.at or failed.heard_at)}{why}"))
    if succeeded is not None:
        label = "Signed" if approval.type == RequestType.KEY_SIGN else "Done"
        at = ink.time(succeeded.at or succeeded.heard_at)
        rows.append((label, f"{at}{_but(approval, succeeded)}"))
    if overdue:
        asked = last_asked(approval, ink)
        rows.append(("Not fetched", f"{asked}. {_hint(approval, ink)}"))
    if not after.whole:
        rows.append(("Not known", "what is kept of it is not as we wrote it: see the log"))
    return tuple(rows)


def _but(approval: Approval, succeeded: Reported) -> str:
    """What is wrong with what the node did; empty where nothing is."""
    if not is_yes(approval):
        return ", WITHOUT our yes: if nobody can explain it at once, stop the node, and freeze"
    if succeeded.agrees is False:
        return ", BUT NOT what was approved: if nobody can explain it at once, stop the node"
    return ""


def _hint(approval: Approval, ink: Ink) -> str:
    """What to do about a node that does not come."""
    until = ink.time(approval.answer_until)
    return f"Is it running, and does it reach us? It can fetch the answer until {until}"


def went_wrong(approval: Approval, after: After) -> bool:
    """Whether what became of it is a failure, or not what was decided."""
    if after.first("succeeded") is not None:
        return was_not_ours(approval, after)
    return after.first("failed") is not None


def was_not_ours(approval: Approval, after: After) -> bool:
    """Whether the node signed what was not approved here: the worst there is."""
    succeeded = after.first("succeeded")
    return succeeded is not None and (succeeded.agrees is False or not is_yes(approval))


def last_asked(approval: Approval, ink: Ink = PLAIN) -> str:
    """What is said of a node that should have come back."""
    began = ink.time(approval.attempts.began)
    return f"the node has not come back for the answer; it last asked at {began}"


def sentences(story: Story) -> list[tuple[str, str]]:
    """What the thread reads, each once: a name for it, and the sentence.

    What is over before it could be said is left out: a signature says that the answer was taken.
    """
    approval, after = story.approval, story.after
    if story.overdue and after.first("succeeded") is None:
        hint = _hint(approval, PLAIN)
        return [("overdue", f"Approved, but {last_asked(approval)}. {hint}.")]
    if never_fetched(approval):
        until = f"until {PLAIN.time(approval.answer_until)}"
        return [
            ("never", f"The node did not come for the answer {until}, so this is rejected.{_ANEW}")
        ]
    said = became(approval, after)
    if said is None or not is_yes(approval):
        return []  # what was done without our yes is an alarm, and said as one
    stages = {reported.stage for reported in after.reported}
    name = next((stage for stage in ("succeeded", "failed") if stage in stages), "taken")
    if name == "succeeded" and went_wrong(approval, after):
        name = "other"  # though it was said before that it succeeded
    hint = _AGAIN if name == "failed" else ""
    return [(name, f"{said[0].upper()}{said[1:]}.{hint}")]


def never_fetched(approval: Approval) -> bool:
    """Whether enough approved it, and the node did not come for that while it could."""
    final = approval.final
    if final is None or final.cause is not Cause.TIMEOUT:
        return False
    return final.sentence.startswith("approved")


def is_yes(approval: Approval) -> bool:
    """Whether our answer was, or will be, a yes."""
    return approval.final is not None and approval.final.outcome is Outcome.APPROVE
