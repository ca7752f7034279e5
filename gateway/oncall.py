"""`list`, `show`, `approve` and `reject`: a person at a terminal, through the desk."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from approvals.model import Choice
from approvals.plain import plain
from approvals.request import Request
from approvals.statement import NAMESPACE, BadStatement, Statement, write
from gateway.client import DeskClient
from gateway.clock import SYSTEM
from gateway.dossier import Dossier, Reader, open_dossier
from gateway.page import page_of, print_list, print_page
from gateway.settings import Settings
from gateway.signer import Signer, signer_of
from gateway.terminal import Failure, fail, print_json
from notifiers.sheet import Sheet


def list_open(settings: Settings, *, as_json: bool) -> None:
    """Everything that waits for people."""
    answer = DeskClient.of(settings).open_approvals()
    dossiers = tuple(open_dossier(entry) for entry in answer["approvals"])
    if as_json:
        print_json([_machine(dossier) for dossier in dossiers])
    else:
        print_list(dossiers, answer["more"], SYSTEM.now_ms())


def show(settings: Settings, wanted: str, *, as_json: bool) -> None:
    """One approval, as an approver sees it."""
    dossier = _one(DeskClient.of(settings), wanted)
    reader = Reader.of(settings)
    _warn(reader, dossier)
    sheet = None if dossier.request is None else reader.sheet(dossier, dossier.request)
    if as_json:
        print_json(
            _machine(dossier)
            | {"sheet": plain(sheet), "votes": plain(dossier.approval.votes)}
            | {"remarks": plain(dossier.remarks)}
        )
        return
    _print(dossier, sheet)


def vote(
    settings: Settings, wanted: str, choice: Choice, reason: str, key: Path, *, quiet: bool = False
) -> None:
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
    told = _hand_in(matter, choice, reason, signer)
    click.echo(f"Counted: {choice} {told.member}")
    click.echo(told.status)


def vote_for_machines(
    settings: Settings, wanted: str, choice: Choice, reason: str, key: Path
) -> None:
    """The same, told in one JSON document whether it counted or not; a Failure still is one."""
    said: dict[str, Any] = {"counted": False, "id": wanted, "choice": str(choice)}
    try:
        signer = signer_of(key)
        matter = _matter(settings, wanted)
        said |= {"member": matter.dossier.member, "digest": matter.request.digest}
        told = _hand_in(matter, choice, reason, signer)
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


def _hand_in(matter: _Matter, choice: Choice, reason: str, signer: Signer) -> Dossier:
    text = _statement(matter.dossier, matter.request, choice, reason)
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


def _statement(dossier: Dossier, request: Request, choice: Choice, reason: str) -> str:
    statement = Statement(
        gateway=dossier.gateway or "",
        node=request.node,
        request_id=request.request_id,
        digest=request.digest,
        choice=choice,
        reason=reason,
        at=SYSTEM.now_ms(),
    )
    try:
        return write(statement)
    except BadStatement as error:
        raise Failure(f"{error}.") from None


def _print(dossier: Dossier, sheet: Sheet | None) -> None:
    headline = dossier.headline or dossier.member if sheet is None else sheet.headline
    badge = "The bytes of this request are not kept." if sheet is None else sheet.badge
    print_page(headline, badge, page_of(dossier, sheet, SYSTEM.now_ms()))


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
    }
