"""`show`, `approve` and `reject`: a person at a terminal, through the desk."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from approvals.model import Approval, Choice
from approvals.plain import plain
from approvals.request import Request
from approvals.statement import NAMESPACE, BadStatement, Statement, write
from gateway.clock import SYSTEM
from gateway.config.settings import Settings
from gateway.oncall.client import DeskClient
from gateway.oncall.dossier import Dossier, open_dossier
from gateway.oncall.freezes import print_freezes, standing_of
from gateway.oncall.listing import machine_of
from gateway.oncall.matter import Matter, matter_of
from gateway.oncall.page import print_page
from gateway.oncall.raw import print_raw
from gateway.oncall.signer import Signer, signer_of
from gateway.oncall.terminal import Failure, print_json, print_lines
from notifiers.words.readable import listed


def show(settings: Settings, wanted: str, *, as_json: bool, raw: bool = False) -> None:
    """One approval, as an approver sees it; or the bytes behind its hashes."""
    client = DeskClient.of(settings)
    if raw:
        print_raw(matter_of(settings, wanted).must_be_known(), as_json=as_json)
        return
    freezes = standing_of(client.freezes())
    if not as_json:
        print_freezes(freezes, in_columns=False)
    matter = matter_of(settings, wanted)
    _warn(matter)
    if as_json:
        print_json(
            machine_of(matter.dossier)
            | {"sheet": plain(matter.sheet), "votes": plain(matter.dossier.approval.votes)}
            | {"remarks": plain(matter.dossier.remarks)}
            | {"freezes": [each.machine for each in freezes]}
        )
        return
    print_page(matter.headline, matter.badge, matter.page(SYSTEM.now_ms()))
    if matter.dossier.wanted:
        click.echo()
    for line in matter.dossier.wanted:  # whole, on a terminal too: commands are there to be pasted
        click.echo(line)


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
    matter = matter_of(settings, wanted)
    _warn(matter)
    matter.must_be_known()
    if not quiet:
        summarize(matter)
    if say.override:
        print_lines(in_place(matter.dossier.approval, say.choice))
    cast(matter, say, signer)


def summarize(matter: Matter) -> None:
    """What must be read right before a vote: what it is, the whole address, every warning."""
    sheet, dossier = matter.sheet, matter.dossier
    flags = () if sheet is None else sheet.flags
    warnings = [(fact.label, fact.value) for fact in flags] + [*dossier.remarks]
    said = "".join(f"{label}: {text}\n" for label, text in warnings)
    if sheet is not None and sheet.pledge != sheet.headline:
        said = f"{sheet.pledge}\n{said}"
    print_lines(f"{matter.headline}\n{said}{matter.badge}\nDigest {dossier.approval.digest}")


def cast(matter: Matter, say: Say, signer: Signer) -> None:
    """Sign, hand in, and say what the approval amounts to with it.

    Raises:
        Failure: the vote did not count, or was never signed.
    """
    told = _hand_in(matter, say, signer)
    print_lines(f"Counted: {say.words} {told.member}\n{told.status}")
    if say.override:
        print_lines("\n".join((*told.details, *told.wanted)))


def vote_for_machines(settings: Settings, wanted: str, say: Say, key: Path) -> None:
    """The same, told in one JSON document whether it counted or not; a Failure still is one."""
    said: dict[str, Any] = {"counted": False, "id": wanted, "choice": str(say.choice)}
    said["override"] = say.override
    try:
        signer = signer_of(key)
        matter = matter_of(settings, wanted)
        _warn(matter)
        said |= {"member": matter.dossier.member, "digest": matter.must_be_known().digest}
        told = _hand_in(matter, say, signer)
    except Failure as failure:
        print_json(said | {"error": failure.message})
        raise
    print_json(said | {"counted": True} | machine_of(told))


def _hand_in(matter: Matter, say: Say, signer: Signer) -> Dossier:
    text = _statement(matter.dossier, matter.must_be_known(), say)
    return open_dossier(matter.client.vote(text, signer.sign(NAMESPACE, text)))


def in_place(approval: Approval, choice: Choice) -> str:
    """`OVERRIDE: to approve in place of 2 of treasury and 1 of on_call`."""
    needs = approval.verdict.needs
    seats = listed(tuple(f"{need.count} of {need.group}" for need in needs)) or "nobody"
    return f"OVERRIDE: to {choice} in place of {seats}"


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


def _warn(matter: Matter) -> None:
    if matter.doubt:
        click.echo(matter.doubt, err=True)
