"""`list`, `show`, `approve` and `reject`: a person at a terminal, through the desk."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from approvals.model import Approval, Choice
from approvals.plain import plain
from approvals.request import Request
from approvals.statement import NAMESPACE, BadStatement, Statement, write
from gateway.client import DeskClient
from gateway.clock import SYSTEM
from gateway.dossier import Dossier, Reader, open_dossier
from gateway.freezes import print_freezes, standing_of
from gateway.page import page_of, print_list, print_page
from gateway.settings import Settings
from gateway.signer import Signer, signer_of
from gateway.terminal import Failure, fail, print_json
from notifiers.readable import listed
from notifiers.sheet import Sheet


def list_open(settings: Settings, *, as_json: bool) -> None:
    """Everything that waits for people, below what is frozen."""
    client = DeskClient.of(settings)
    if not as_json:
        print_freezes(standing_of(client.freezes()), in_columns=True)
    answer = client.open_approvals()
    dossiers = tuple(open_dossier(entry) for entry in answer["approvals"])
    if as_json:
        print_json([_machine(dossier) for dossier in dossiers])
    else:
        print_list(dossiers, answer["more"], SYSTEM.now_ms())


def show(settings: Settings, wanted: str, *, as_json: bool) -> None:
    """One approval, as an approver sees it."""
    client = DeskClient.of(settings)
    freezes = standing_of(client.freezes())
    if not as_json:
        print_freezes(freezes, in_columns=False)
    dossier = _one(client, wanted)
    reader = Reader.of(settings)
    _warn(reader, dossier)
    sheet = None if dossier.request is None else reader.sheet(dossier, dossier.request)
    if as_json:
        print_json(
            _machine(dossier)
            | {"sheet": plain(sheet), "votes": plain(dossier.approval.votes)}
            | {"remarks": plain(dossier.remarks), "freezes": [each.machine for each in freezes]}
        )
        return
    _print(dossier, sheet)


@dataclass(frozen=True, slots=True)
class Say:
    """What a person says at the terminal. `override`: in place of the people who are asked."""

    choice: Choice
    reason: str
    override: bool = False

    @property
    def words(self) -> str:
        """`approve`, `override approve`."""
        return f"override {self.choice}" if self.override else str(self.choice)


def vote(settings: Settings, wanted: str, say: Say, key: Path, *, quiet: bool = False) -> None:
    """Sign what was computed here, and hand it in.

    Raises:
        Failure: the vote did not count, or was never signed.
    """
    signer = signer_of(key)
    matter = _matter(settings, wanted)
    if not quiet:
        sheet = matter.sheet
        warnings = [(fact.label, fact.value) for fact in sheet.flags] + [*matter.dossier.remarks]
        said = "".join(f"{label}: {text}\n" for label, text in warnings)
        click.echo(f"{sheet.headline}\n{said}{sheet.badge}\nDigest {matter.request.digest}")
    if say.override:
        click.echo(f"OVERRIDE: to {say.choice} in place of {_seats(matter.dossier.approval)}")
    told = _hand_in(matter, say, signer)
    click.echo(f"Counted: {say.words} {told.member}")
    click.echo(told.status)
    if say.override:
        for line in (*told.details, *told.wanted):
            click.echo(line)


def vote_for_machines(settings: Settings, wanted: str, say: Say, key: Path) -> None:
    """The same, told in one JSON document whether it counted or not; a Failure still is one."""
    said: dict[str, Any] = {"counted": False, "id": wanted, "choice": str(say.choice)}
    said["override"] = say.override
    try:
        signer = signer_of(key)
        matter = _matter(settings, wanted)
        said |= {"member": matter.dossier.member, "digest": matter.request.digest}
        told = _hand_in(matter, say, signer)
    except Failure as failure:
        print_json(said | {"error": failure.message})
        raise
    print_json(said | {"counted": True} | _machine(told))


@dataclass(frozen=True, slots=True)
class _Matter:
    """What a vote is about, as computed here."""

    client: DeskClient
    dossier: Dossier
    request: Request
    sheet: Sheet


def _matter(settings: Settings, wanted: str) -> _Matter:
    client = DeskClient.of(settings)
    dossier = _one(client, wanted)
    request = _bytes_of(dossier)
    reader = Reader.of(settings)
    _warn(reader, dossier)
    return _Matter(client, dossier, request, reader.sheet(dossier, request))


def _hand_in(matter: _Matter, say: Say, signer: Signer) -> Dossier:
    text = _statement(matter.dossier, matter.request, say)
    return open_dossier(matter.client.vote(text, signer.sign(NAMESPACE, text)))


def _one(client: DeskClient, wanted: str) -> Dossier:
    """The approval that an id means; the desk may not slip in another one."""
    dossiers = [open_dossier(entry) for entry in client.find(wanted)]
    if not dossiers:
        raise Failure(f"No approval is called {wanted}: see `countersign list`.")
    if len(dossiers) > 1:
        found = [f"  {dossier.member}  {dossier.approval.digest[:16]}" for dossier in dossiers]
        fail([f"{wanted} may mean {len(dossiers)} approvals: name one of them.", *found])
    (dossier,) = dossiers
    approval = dossier.approval
    names = (approval.request_id, approval.member, approval.digest)
    if not any(name.startswith(wanted) for name in names):
        raise Failure("The gateway answered with another approval than asked: nothing was signed.")
    return dossier


def _bytes_of(dossier: Dossier) -> Request:
    if dossier.request is not None:
        return dossier.request
    if dossier.approval.final is not None:
        raise Failure(f"Already decided. {dossier.status}")
    raise Failure(f"The gateway no longer holds the bytes of {dossier.member}: nothing was signed.")


def _seats(approval: Approval) -> str:
    """`2 of treasury and 1 of on_call`."""
    needs = approval.verdict.needs
    return listed(tuple(f"{need.count} of {need.group}" for need in needs)) or "nobody"


def _statement(dossier: Dossier, request: Request, say: Say) -> str:
    statement = Statement(
        gateway=dossier.gateway or "",
        node=request.node,
        request_id=request.request_id,
        digest=request.digest,
        choice=say.choice,
        reason=say.reason,
        at=SYSTEM.now_ms(),
        override=say.override,
    )
    try:
        return write(statement)
    except BadStatement as error:
        raise Failure(f"{error}.") from None


def _print(dossier: Dossier, sheet: Sheet | None) -> None:
    headline = dossier.headline or dossier.member if sheet is None else sheet.headline
    badge = "The bytes of this request are not kept." if sheet is None else sheet.badge
    print_page(headline, badge, page_of(dossier, sheet, SYSTEM.now_ms()))
    if dossier.wanted:
        click.echo()
    for line in dossier.wanted:  # whole, on a terminal too: commands are there to be pasted
        click.echo(line)


def _warn(reader: Reader, dossier: Dossier) -> None:
    if reader.warning:
        click.echo(reader.warning, err=True)
    elif reader.policy is not None and reader.policy.digest != dossier.policy:
        click.echo("policy.toml differs from the one the gateway has in force.", err=True)


def _machine(dossier: Dossier) -> dict[str, Any]:
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
