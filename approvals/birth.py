"""How a record begins: the pure part of asking."""

from dataclasses import dataclass, replace
from typing import Final

from approvals.findings import Findings, Passed, Refused
from approvals.model import Approval, Brief, Cause, Verdict
from approvals.request import Request
from approvals.window import Window, first_attempt

_OTHER_CONTENT: Final = Verdict(
    effect="reject",
    cause=Cause.CONFLICT,
    sentence="this request id was first asked with other content",
)

_LONGEST_HEADLINE: Final = 300
_LONGEST_WALLET: Final = 200
"""No list is asked for by a longer one."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """How the first attempt came: its node's window, our policy's digest, its token, when, to whom.

    `began` is Unix milliseconds; `holder` names the process that holds the attempt.
    """

    window: Window
    policy: str
    token: str
    began: int
    holder: str


def born(
    request: Request, findings: Findings, verdict: Verdict, circumstances: Circumstances
) -> Approval:
    """The record of a request that nobody asked before, with the earliest of its deadlines.

    Times are Unix milliseconds. A contradiction is a refusal that people are told of.
    """
    begun = _begun(request, verdict, circumstances)
    record = replace(begun, task=findings.task, signs=findings.signs)
    if verdict.effect == "ask":
        patience = circumstances.began + verdict.within_ms
        record = replace(record, deadline=min(record.deadline, patience))
    integrity = findings.integrity
    told = isinstance(integrity, Refused) and integrity.cause == "contradiction"
    return replace(record, notice=True) if told else record


def conflicting(request: Request, circumstances: Circumstances) -> Approval:
    """The record of a second body under a known request id: refused whatever the rules say."""
    return replace(_begun(request, _OTHER_CONTENT, circumstances), notice=True, conflict=True)


def brief_of(findings: Findings, headline: str) -> Brief:
    """What is kept of a request that the rules decided; short, whatever Cobo says."""
    claims = findings.claims
    return Brief(
        headline=headline[:_LONGEST_HEADLINE],
        verified=isinstance(findings.integrity, Passed),
        wallet_id=_short(claims.wallet_id),
        wallet_name=_short(claims.wallet_name),
        transaction_wallet_id=_short(claims.transaction_wallet_id),
    )


def _short(wallet: str | None) -> str:
    return wallet if wallet and len(wallet) <= _LONGEST_WALLET else ""


def _begun(request: Request, verdict: Verdict, at: Circumstances) -> Approval:
    attempts = first_attempt(at.token, at.began, at.holder)
    return Approval(
        node=request.node,
        request_id=request.request_id,
        type=request.type,
        digest=request.digest,
        policy=at.policy,
        asked_at=at.began,
        deadline=at.window.deadline(attempts),
        answer_until=at.window.answer_until(at.began),
        verdict=verdict,
        attempts=attempts,
    )
