"""`list`: approvals as a table, as lines for a pipe, or for machines."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import click

from approvals.model import Approval, Vote
from approvals.plain import plain
from approvals.request import RequestType
from approvals.wording import counted
from gateway.clock import SYSTEM
from gateway.config.settings import Settings
from gateway.oncall.client import DeskClient
from gateway.oncall.dossier import Dossier, open_dossier
from gateway.oncall.freezes import print_freezes, standing_of
from gateway.oncall.page import print_list
from gateway.oncall.terminal import OTHER_VERSION, Failure, print_json
from notifiers.words.aftermath import was_not_ours


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list is about; times are Unix milliseconds, None: no bound."""

    state: str | None = None
    since: int | None = None
    until: int | None = None
    wallet: str | None = None

    @property
    def query(self) -> dict[str, str | int]:
        """For the desk. Whoever names a time and no state wants to know what happened."""
        timed = self.since is not None or self.until is not None
        given = {
            "state": self.state or ("all" if timed else "open"),
            "since": None if self.since is None else max(0, self.since),
            "until": self.until,
            "wallet": self.wallet,
        }
        return {name: value for name, value in given.items() if value is not None}


def list_approvals(settings: Settings, wanted: Filter, *, as_json: bool) -> None:
    """What is asked for, below what is frozen; open approvals first."""
    if None not in {wanted.since, wanted.until} and (wanted.since or 0) > (wanted.until or 0):
        raise click.UsageError("--until is before --since: nothing lies between.")
    client = DeskClient.of(settings)
    if not as_json:
        print_freezes(standing_of(client.freezes()), in_columns=True)
    answer = client.approvals(wanted.query)
    dossiers = tuple(open_dossier(entry) for entry in answer["approvals"])
    if as_json:
        print_json([machine_of(dossier) for dossier in dossiers])
    else:
        empty = "Nothing is waiting for people." if wanted == Filter() else "No such approval."
        print_list(dossiers, SYSTEM.now_ms(), empty)
    for line in _left_out(answer):
        click.echo(line, err=True)


def _left_out(answer: dict[str, Any]) -> list[str]:
    """What is not in the list, and how to see it."""
    try:
        more, unseen = int(answer["more"]), answer["unseen"]
        lines = [f"And {more:,} more: narrow it with --state, --wallet, --since or --until."]
        lines = lines if more else []
        lines += _unknown(int(answer["unknown"]))
        if unseen is None:
            return lines
        if not unseen:
            return [*lines, "Some were not looked at, so many are open: name a state or a time."]
        whole = -(-unseen // 1_000)  # up to the next second: better twice than never
        moment = f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}"
        older = f"What ended before {moment} was not looked at: go on with --until {moment}."
    except (KeyError, TypeError, ValueError, OverflowError):
        raise Failure(OTHER_VERSION) from None
    return [*lines, older]


def _unknown(count: int) -> list[str]:
    """What nobody could compare with the wallet that was asked for."""
    if not count:
        return []
    whose = "their" if count > 1 else "its"
    where = "`countersign audit show ID` tells it"
    requests = counted(count, "finished request")
    return [f"Of {requests} nothing is kept that says {whose} wallet: {where}."]


def machine_of(dossier: Dossier) -> dict[str, Any]:
    """One approval, for machines."""
    approval = dossier.approval
    return {
        "member": dossier.member,
        "node": approval.node,
        "request_id": approval.request_id,
        "digest": approval.digest,
        "type": approval.type,
        "request_type": _type_of(approval),
        "headline": dossier.headline,
        "warning": dossier.warning,
        "verified": dossier.verified,
        "wallet": _wallet(dossier),
        "rules": [rule.id for rule in approval.verdict.rules],
        "needs": plain(approval.verdict.needs),
        "votes": [_said(vote) for vote in approval.votes],
        "state": dossier.state,
        "status": dossier.status,
        "asked_at": approval.asked_at,
        "deadline": approval.deadline,
        "final": plain(approval.final),
        "after": _after(dossier),
        "overrides": _overrides(approval),
    }


def _type_of(approval: Approval) -> str:
    """`key_sign`, as policies name it."""
    try:
        return RequestType(approval.type).label
    except ValueError:
        return "unknown"


def _said(vote: Vote) -> dict[str, Any]:
    """A vote without its evidence, which `show` has."""
    said = {"person": vote.person, "choice": str(vote.choice), "reason": vote.reason}
    return said | {"at": vote.at, "override": vote.override}


def _wallet(dossier: Dossier) -> dict[str, str] | None:
    """As Cobo claims it; None where it claims none, or where nothing of the request is kept."""
    if dossier.wallet is None:
        return None
    id_, name = dossier.wallet
    return {"id": id_, "name": name}


def _after(dossier: Dossier) -> dict[str, Any] | None:
    """What became of the decision; None before there is one, or where that is not known."""
    after = dossier.after
    if dossier.state == "open" or not after.whole:
        return None
    return {
        "taken_at": None if after.taken is None else after.taken.at,
        "reports": plain(after.reported),
        "overdue": dossier.overdue,
        "alarming": was_not_ours(dossier.approval, after),
    }


def _overrides(approval: Approval) -> dict[str, Any] | None:
    """Who may decide in place of the seats, how many it takes, and who asked; None if nobody may.

    The numbers and names are those of when it was asked; the policy of today may want more.
    """
    override = approval.verdict.override
    if override is None:
        return None
    return {**plain(override), "asked": [_said(vote) for vote in approval.votes if vote.override]}
