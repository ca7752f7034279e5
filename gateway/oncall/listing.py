"""`list`: approvals as a table, as lines for a pipe, or for machines."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import click

from approvals.model import Approval
from approvals.plain import plain
from gateway.clock import SYSTEM
from gateway.config.settings import Settings
from gateway.oncall.client import DeskClient
from gateway.oncall.dossier import Dossier, open_dossier
from gateway.oncall.freezes import print_freezes, standing_of
from gateway.oncall.page import print_list
from gateway.oncall.terminal import OTHER_VERSION, Failure, print_json


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


def machine_of(dossier: Dossier) -> dict[str, Any]:
    """One approval, for machines."""
    approval = dossier.approval
    return {
        "member": dossier.member,
        "node": approval.node,
        "request_id": approval.request_id,
        "digest": approval.digest,
        "type": approval.type,
        "headline": dossier.headline,
        "warning": dossier.warning,
        "verified": dossier.verified,
        "state": dossier.state,
        "status": dossier.status,
        "asked_at": approval.asked_at,
        "deadline": approval.deadline,
        "final": plain(approval.final),
        "overrides": _overrides(approval),
    }


def _overrides(approval: Approval) -> dict[str, Any] | None:
    """Who may decide in place of the seats, how many it takes, and who asked; None if nobody may.

    The numbers and names are those of when it was asked; the policy of today may want more.
    """
    override = approval.verdict.override
    if override is None:
        return None
    asked = [
        {"person": vote.person, "choice": vote.choice, "reason": vote.reason, "at": vote.at}
        for vote in approval.votes
        if vote.override
    ]
    return {**plain(override), "asked": asked}
