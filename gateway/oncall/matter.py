"""One approval as a person at a terminal reads it, computed here from its bytes."""

from dataclasses import dataclass
from typing import Final

from approvals.findings import Findings
from approvals.request import Request
from gateway.config.settings import Settings
from gateway.oncall.client import DeskClient
from gateway.oncall.dossier import Dossier, Reader, open_dossier
from gateway.oncall.page import Section, page_of
from gateway.oncall.terminal import Failure, fail
from notifiers.words.sheet import Sheet
from notifiers.words.text import audited

SHORTEST_PREFIX: Final = 6
_MOST_NAMED: Final = 20


@dataclass(frozen=True, slots=True)
class Matter:
    """One approval as computed here; its `sheet` is None where its bytes are not kept.

    `doubt` says why what was computed may differ from what the gateway sees.
    """

    client: DeskClient
    dossier: Dossier
    findings: Findings | None
    sheet: Sheet | None
    doubt: str | None

    @property
    def headline(self) -> str:
        """What it is about, in one line."""
        if self.sheet is None:
            return self.dossier.headline or self.dossier.member
        return self.sheet.headline

    @property
    def badge(self) -> str:
        """Whether the bytes were checked, and what came of it."""
        if self.sheet is None:
            where = f"they are in the audit: {audited(self.dossier.approval)}"
            return f"The bytes of this request are not kept here; {where}"
        return self.sheet.badge

    def page(self, now: int) -> tuple[Section, ...]:
        """All that `show` shows."""
        return page_of(self.dossier, self.sheet, now)

    def must_be_known(self) -> Request:
        """The exact bytes, which a vote is about.

        Raises:
            Failure: they are not there.
        """
        dossier = self.dossier
        if dossier.request is not None:
            return dossier.request
        if dossier.approval.final is not None:
            where = audited(dossier.approval)
            raise Failure(f"Already decided. {dossier.status}. Its bytes are in the audit: {where}")
        raise Failure(
            f"The gateway no longer holds the bytes of {dossier.member}, so nothing was signed:"
            " its deadline refuses it, and the gateway's log says what was lost."
        )


def matter_of(settings: Settings, wanted: str) -> Matter:
    """The one approval that an id means, read by the policy on disk.

    Raises:
        Failure: there is none, there are several, or the gateway told of another one.
    """
    client = DeskClient.of(settings)
    dossier = _one(client, wanted)
    reader = Reader.of(settings)
    findings = sheet = None
    if dossier.request is not None:
        findings = reader.findings(dossier.request)
        sheet = reader.sheet(dossier, findings)
    return Matter(client, dossier, findings, sheet, reader.doubt(dossier))


def _one(client: DeskClient, wanted: str) -> Dossier:
    """The approval that an id means; the desk may not slip in another one."""
    if not wanted:
        raise Failure("Name an approval: `countersign list` has their ids.")
    dossiers = [open_dossier(entry) for entry in client.find(wanted)]
    if not dossiers:
        short = len(wanted) < SHORTEST_PREFIX
        more = f"; a beginning counts from {SHORTEST_PREFIX} characters on" if short else ""
        raise Failure(f"No approval is called {wanted}: see `countersign list`{more}.")
    if len(dossiers) > 1:
        fail(_choices(wanted, dossiers))
    (dossier,) = dossiers
    approval = dossier.approval
    names = (approval.request_id, approval.member, approval.digest)
    if not any(name.startswith(wanted) for name in names):
        raise Failure("The gateway answered with another approval than asked: nothing was signed.")
    return dossier


def _choices(wanted: str, dossiers: list[Dossier]) -> list[str]:
    """Which approvals an id may mean and what each is, those that wait for people first."""
    order = sorted(dossiers, key=lambda each: (each.state != "open", each.approval.deadline))
    lines = [f"{wanted} may mean {len(dossiers)} approvals: name one of them."]
    for each in order[:_MOST_NAMED]:
        lines.append(f"  {each.member}  {each.approval.digest[:16]}")
        how = "open" if each.approval.final is None else each.approval.final.outcome
        lines.append(f"    {how}: {each.headline}")
    more = len(dossiers) - _MOST_NAMED
    return [*lines, f"  and {more} more"] if more > 0 else lines
