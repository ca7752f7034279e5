"""How a record begins: the pure part of asking."""

from approvals.findings import Findings, Refused
from approvals.model import Approval, Cause, Verdict
from approvals.request import Request
from approvals.window import Window, first_attempt


def born(
    request: Request,
    findings: Findings,
    verdict: Verdict,
    *,
    window: Window,
    policy: str,
    token: str,
    began: int,
    holder: str,
) -> Approval:
    """The record of a request that nobody asked before, with the earliest of its deadlines.

    Times are Unix milliseconds. A contradiction is a refusal that people are told of.
    """
    attempts = first_attempt(token, began, holder)
    deadline = window.deadline(attempts)
    if verdict.effect == "ask":
        deadline = min(deadline, began + verdict.within_ms)
    integrity = findings.integrity
    return Approval(
        node=request.node,
        request_id=request.request_id,
        type=request.type,
        digest=request.digest,
        policy=policy,
        asked_at=began,
        deadline=deadline,
        answer_until=window.answer_until(began),
        verdict=verdict,
        attempts=attempts,
        notice=isinstance(integrity, Refused) and integrity.cause == "contradiction",
    )


def conflicting(
    request: Request, *, window: Window, policy: str, token: str, began: int, holder: str
) -> Approval:
    """The record of a second body under a known request id: refused whatever the rules say."""
    attempts = first_attempt(token, began, holder)
    return Approval(
        node=request.node,
        request_id=request.request_id,
        type=request.type,
        digest=request.digest,
        policy=policy,
        asked_at=began,
        deadline=window.deadline(attempts),
        answer_until=window.answer_until(began),
        verdict=Verdict(
            effect="reject",
            cause=Cause.CONFLICT,
            sentence="this request id was first asked with other content",
        ),
        attempts=attempts,
        notice=True,
        conflict=True,
    )
