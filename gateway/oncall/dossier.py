"""What the desk says about one approval, checked: the bytes must be those of the digest."""

import json
from dataclasses import dataclass, replace
from typing import Any, Final

from approvals.aftermath.facts import NOTHING_AFTER, After, after_from_json
from approvals.chains import tables
from approvals.codec import DamagedRecord, approval_from_json, request_from_json
from approvals.findings import Findings
from approvals.inspect import inspect
from approvals.model import Approval
from approvals.policy.mistakes import PolicyError
from approvals.policy.model import Policy
from approvals.redis.names import LATEST
from approvals.request import Request
from gateway.config.settings import Settings
from gateway.oncall.terminal import OTHER_VERSION, Failure
from gateway.policy_file import PolicyUnreadable, load_policy
from notifiers.story import names_of
from notifiers.words.facts import PAGE
from notifiers.words.readable import visible
from notifiers.words.sheet import Sheet, sheet_of
from notifiers.words.text import NO_NAMES, Names

_LONGEST: Final = 1_500
"""Of a line with a reason in it, which may have a thousand characters."""


@dataclass(frozen=True, slots=True)
class Dossier:
    """One approval as the desk tells it. `request` None: its bytes are not kept, or not sent.

    `warning` names the worst of the warnings, for a list. `remarks` are what the gateway's own
    records make of it, pairs of a label and a text: they cannot be computed here. `wanted` are the
    commands that would complete an override. `after` is what became of the decision; `overdue`: the
    node should have come for it. `wallet` is its id and its name, as Cobo claims them.
    """

    member: str
    gateway: str | None
    policy: str
    state: str
    status: str
    details: tuple[str, ...]
    headline: str
    warning: str
    verified: bool
    remarks: tuple[tuple[str, str], ...]
    approval: Approval
    request: Request | None
    wanted: tuple[str, ...] = ()
    after: After = NOTHING_AFTER
    overdue: bool = False
    wallet: tuple[str, str] | None = None


def open_dossier(entry: dict[str, Any]) -> Dossier:
    """Read an entry of the desk's answer.

    Raises:
        Failure: it is none, or its bytes are not those that its digest names.
    """
    try:
        approval = approval_from_json(json.dumps(entry["approval"]))
        request = None
        if entry["request"] is not None:
            request = request_from_json(json.dumps(entry["request"]), approval.digest)
        return Dossier(
            member=approval.member,
            gateway=entry["gateway"],
            policy=entry["policy"],
            state=entry["state"],
            status=visible(entry["status"], _LONGEST),
            details=tuple(visible(line, _LONGEST) for line in entry["details"]),
            wanted=tuple(visible(line, _LONGEST) for line in entry["wanted"]),
            headline=visible(entry["headline"], _LONGEST),
            warning=visible(entry["warning"], _LONGEST),
            verified=entry["verified"],
            remarks=tuple((visible(label, 80), visible(text)) for label, text in entry["remarks"]),
            approval=approval,
            request=request if request is None else _of(approval, request),
            after=_after(entry["after"]),
            overdue=entry["overdue"] is True,
            wallet=_wallet(entry["wallet"]),
        )
    except DamagedRecord:
        raise Failure(
            "What the gateway sent is not what its record names: nothing was signed."
            " Do not approve it elsewhere; look into the gateway's log."
        ) from None
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Failure(OTHER_VERSION) from None


@dataclass(frozen=True, slots=True)
class Reader:
    """The policy's tables and names, to compute findings here and not to believe the gateway's.

    `warning` says why the shipped tables stand in for those of the policy.
    """

    policy: Policy | None
    warning: str | None

    @classmethod
    def of(cls, settings: Settings) -> "Reader":
        """The policy on disk; one that cannot be read does not stop anybody from rejecting."""
        try:
            return cls(load_policy(settings.policy), None)
        except PolicyUnreadable:
            why = "cannot be read"
        except PolicyError:
            why = "has mistakes (countersign policy check)"
        return cls(None, f"{settings.policy} {why}: names and own tokens are not shown.")

    def findings(self, request: Request) -> Findings:
        """What these bytes do."""
        return inspect(request, tables.SHIPPED if self.policy is None else self.policy.tables)

    def sheet(self, dossier: Dossier, findings: Findings) -> Sheet:
        """What an approver sees, computed here; all effects, also those that fit no message."""
        return sheet_of(dossier.approval, findings, self.names(), room=PAGE)

    def doubt(self, dossier: Dossier) -> str | None:
        """Why what is computed here may differ from what the gateway sees; None if nothing does."""
        if self.policy is not None and self.policy.digest != dossier.policy:
            return "policy.toml differs from the one the gateway has in force."
        return self.warning

    def names(self) -> Names:
        """What the policy calls things."""
        return NO_NAMES if self.policy is None else names_of(self.policy)


def _of(approval: Approval, request: Request) -> Request:
    same = (approval.node, approval.request_id, approval.type)
    if (request.node, request.request_id, request.type) != same:
        raise DamagedRecord
    return request


def _after(document: dict[str, Any] | None) -> After:
    """What became of it; a node's own words are made safe to read."""
    if document is None:
        return After(whole=False)
    after = after_from_json(json.dumps(document), "")
    times = [each.at for each in after.reported] + [each.heard_at for each in after.reported]
    if after.taken is not None:
        times.append(after.taken.at)
    if any(type(at) is not int or not 0 <= at < LATEST for at in times):
        raise ValueError
    said = (replace(each, why=visible(each.why, _LONGEST)) for each in after.reported)
    return replace(after, reported=tuple(said))


def _wallet(document: dict[str, Any] | None) -> tuple[str, str] | None:
    if document is None:
        return None
    return visible(document["id"], _LONGEST), visible(document["name"], _LONGEST)
