"""A record and its bytes, read and put together for telling; the same for clicks and for posts."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from typing import Any, Final, Protocol

from approvals.findings import Address, Claims, Findings, Reason, Unverified
from approvals.freezes.model import Freeze
from approvals.model import Approval, Cause, Decision, Rejected
from notifiers.ports import Approvals, Story
from notifiers.schedule import due, is_overdue, urgency_of
from notifiers.words.escalating import called_today
from notifiers.words.facts import PAGE
from notifiers.words.sheet import sheet_of
from notifiers.words.text import Names

_NOT_KEPT: Final = "the bytes of this request are not stored here"


class Labels(Protocol):
    """A policy, as far as it names things."""

    @property
    def tables(self) -> Any:
        """`chain(chain_id)` gives something with a `name`, or None."""
        ...

    def label_of(self, address: Address, chain: str | None) -> str | None:
        """The list that an address is in."""
        ...

    def label_of_node(self, node_id: str) -> str | None:
        """The list that a TSS Node is in."""
        ...


def names_of(policy: Labels) -> Names:
    """What a policy calls addresses, chains and nodes."""

    def chain(chain_id: str) -> str:
        known = policy.tables.chain(chain_id)
        return chain_id if known is None else str(known.name)

    return Names(address=policy.label_of, chain=chain, node=policy.label_of_node)


async def story_of(
    approvals: Approvals, approval: Approval, names: Callable[[], Names], now: int
) -> Story:
    """What there is to tell at `now` (Unix ms), from the stored bytes and today's policy.

    Of bytes that are not kept nothing can be shown, so that no click can approve them.
    """
    approval = await approvals.newest(approval)
    request = await approvals.request_of(approval)
    findings = _unknown(approval) if request is None else approvals.findings_of(request)
    remarks = approvals.remarks_of(approval, findings) if request is not None else ()
    called = names()
    decision = await approvals.decision_of(approval)
    sheet = sheet_of(approval, findings, called, remarks=remarks)
    paged = cache(partial(sheet_of, approval, findings, called, remarks=remarks, room=PAGE))
    electorate = approvals.policy.electorate
    return Story(
        approval,
        decision,
        sheet if request is not None else replace(sheet, whole=False),
        await freezes_behind(approvals, decision),
        paged=paged if request is not None else None,
        freezable=bool(electorate.on_call),
        urgency=urgency_of(approval, now),
        escalations=called_today(due(approval, decision, now), electorate),
        people=electorate.people,
        after=await approvals.after_of(approval),
        overdue=is_overdue(approval, decision, approvals.node_due(approval), now),
    )


async def freezes_behind(approvals: Approvals, decision: Decision | None) -> tuple[Freeze, ...]:
    """The freezes that stand, for what one of them rejected: it may have been news elsewhere."""
    if isinstance(decision, Rejected) and decision.cause is Cause.FROZEN:
        return (await approvals.freezing.look()).freezes
    return ()


def _unknown(approval: Approval) -> Findings:
    """Nothing is known of bytes that nobody kept; never shown as if it were."""
    reasons = (Reason(0, _NOT_KEPT),)
    return Findings(approval.digest, approval.type, Unverified(reasons), Claims())
