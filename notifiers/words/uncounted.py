"""Why a ballot changed nothing, in a sentence for the one who cast it, and what to do next."""

from collections.abc import Iterable

from approvals.ballots import SENTENCES, NotCountedCause
from approvals.freezes.model import Freeze
from approvals.model import Approval, Decision, Override, Pending
from notifiers.words.ink import PLAIN, Ink, deadline
from notifiers.words.overrides import wanted
from notifiers.words.status import progress, status_of
from notifiers.words.text import command


def refusal(
    cause: NotCountedCause,
    approval: Approval | None,
    decision: Decision | None,
    ink: Ink = PLAIN,
    *,
    freezes: Iterable[Freeze] = (),
) -> str:
    """Why a ballot changed nothing, for the one who cast it."""
    if approval is None:
        return SENTENCES[cause]
    if cause is NotCountedCause.ALREADY_DECIDED and decision is not None:
        return f"Already decided. {status_of(approval, decision, ink, freezes=freezes).line}"
    return " ".join((SENTENCES[cause], *_and_now(cause, approval, decision, ink)))


def _and_now(
    cause: NotCountedCause, approval: Approval, decision: Decision | None, ink: Ink
) -> tuple[str, ...]:
    """What whoever reads why a ballot changed nothing wants to know next."""
    override = approval.verdict.override
    match cause:
        case NotCountedCause.TOO_LATE:
            return f"It was {deadline(approval, ink)}.", "Whoever asked must ask again."
        case NotCountedCause.NOT_ON_CALL if override is not None:
            return (f"These are: {ink.text(', '.join(override.people))}.",)
        case NotCountedCause.NOT_AN_APPROVER | NotCountedCause.OWN_TRANSACTION:
            instead = () if override is None else (f"By override, {_overriders(override, ink)}.",)
            return (f"Who may: {'; '.join(_groups(approval, ink)) or 'nobody'}.", *instead)
        case NotCountedCause.ALREADY_VOTED if isinstance(decision, Pending):
            stands = f"It stands at {progress(approval, decision, ink)}."
            return stands, *wanted(approval, decision, ink)
        case NotCountedCause.NEEDS_SSH:
            return (f"Run: {ink.text(command('approve', approval))}",)
        case NotCountedCause.OTHER_DIGEST | NotCountedCause.DAMAGED:
            return ("Tell on-call.",)
        case _:
            return ()


def _groups(approval: Approval, ink: Ink) -> tuple[str, ...]:
    """The same within a sentence: `1 of treasury: ana, bo`."""
    return tuple(
        f"{need.count} of {ink.text(need.group)}: {ink.text(', '.join(need.people) or 'nobody')}"
        for need in approval.verdict.needs
    )


def _overriders(override: Override, ink: Ink) -> str:
    """`2 of on_call: dee, eli`."""
    people = ink.text(", ".join(override.people))
    return f"{override.approve} of {ink.text(override.group)}: {people}"
