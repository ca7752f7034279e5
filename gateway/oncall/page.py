"""An approval on a terminal: the same facts in the same order as in Slack, and its votes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import click

from approvals.model import Approval, SshSignature, Vote
from gateway.oncall.dossier import Dossier
from gateway.oncall.terminal import console, on_terminal
from notifiers.words.aftermath import history, was_not_ours
from notifiers.words.facts import Fact
from notifiers.words.ink import Ink
from notifiers.words.readable import lasted, visible
from notifiers.words.sheet import Sheet
from notifiers.words.status import day_and_clock

if TYPE_CHECKING:
    from rich.console import RenderableType

_LABEL: Final = 20
_WIDEST_LABEL: Final = 24
NOTHING_KEPT: Final = "(nothing of it is kept here: countersign audit show)"
_COLORS: Final = {"VERIFIED": "green", "NOT VERIFIED": "yellow", "REFUSED": "red"}


@dataclass(frozen=True, slots=True)
class Section:
    """Rows of a label and a value under a title; `loud`: to be read before anything else."""

    title: str
    rows: tuple[tuple[str, str], ...]
    loud: bool = False


def page_of(dossier: Dossier, sheet: Sheet | None, now: int) -> tuple[Section, ...]:
    """Everything about one approval; without its bytes only the record is left."""
    sections: list[Section] = []
    remembered = Section("This gateway remembers", dossier.remarks, loud=True)
    if sheet is not None:
        sections += [Section("Warnings", _rows(sheet.flags), loud=True), remembered]
        sections.append(Section("From the bytes", _rows(sheet.proved)))
        sections.append(Section("Cobo says · none of this is proved", _rows(sheet.claimed)))
        sections.append(Section("Asked", _rows((*sheet.asked, *sheet.ids))))
    else:
        sections.append(Section("From the gateway's summary", _brief(dossier)))
        sections.append(Section("Asked", (*_rules(dossier.approval), *_bare(dossier.approval))))
    after = history(
        dossier.approval, dossier.after, Ink(time=day_and_clock), overdue=dossier.overdue
    )
    alarming = was_not_ours(dossier.approval, dossier.after)
    sections.insert(0, Section("After the decision", after if alarming else (), loud=True))
    sections.append(Section("Progress", _progress(dossier, now)))
    sections.append(Section("After the decision", () if alarming else after))
    return tuple(section for section in sections if section.rows)


def print_page(headline: str, badge: str, sections: tuple[Section, ...]) -> None:
    """Colors for a person, plain lines for a pipe; what is loud goes before the badge."""
    if on_terminal():
        out = console()
        for part in painted_page(headline, badge, sections):
            out.print(part)
        return
    loud = [section for section in sections if section.loud]
    click.echo(headline)
    _echo(loud)
    click.echo(f"\n{badge}" if loud else badge)
    _echo(section for section in sections if not section.loud)


def painted_page(
    headline: str, badge: str, sections: tuple[Section, ...]
) -> Iterator["RenderableType"]:
    """The same for a terminal, from top to bottom."""
    from rich.text import Text

    loud = [section for section in sections if section.loud]
    color = _COLORS.get(badge.partition(":")[0].partition(" (")[0], "")
    yield Text(headline, style="bold")
    yield from _paint(loud)
    yield Text(f"\n{badge}" if loud else badge, style=color)
    yield from _paint(section for section in sections if not section.loud)


def _echo(sections: Iterable[Section]) -> None:
    for section in sections:
        click.echo(f"\n{section.title}")
        for label, value in section.rows:
            click.echo(f"  {label + ':' if label else '':<{_LABEL}} {value}")


def _paint(sections: Iterable[Section]) -> Iterator["RenderableType"]:
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    for section in sections:
        yield Text(f"\n{section.title}", style="bold red" if section.loud else "bold cyan")
        grid = Table.grid(padding=(0, 1))
        grid.add_column(style="bold red" if section.loud else "dim", max_width=_WIDEST_LABEL)
        grid.add_column(overflow="fold")
        for label, value in section.rows:
            grid.add_row(Text(label), Text(value))
        yield Padding(grid, (0, 0, 0, 2))


def print_list(dossiers: tuple[Dossier, ...], now: int, empty: str) -> None:
    """A table for a person, tab-separated lines for a pipe; whole request ids in both.

    `empty` is what a person reads where there is nothing.
    """
    if not on_terminal():
        for each in dossiers:
            left = remaining(each.approval, now)
            what = f"{each.headline}\t{each.warning}\t{_ended(each.approval)}"
            click.echo(f"{each.member}\t{left}\t{each.status}\t{what}")
        return
    if not dossiers:
        click.echo(empty)
        return
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("Left", no_wrap=True)
    table.add_column("Request", overflow="fold")
    for each in dossiers:
        headline = each.headline or NOTHING_KEPT
        said = Text(headline, style="bold" if each.verified else "bold yellow")
        if each.warning:
            said.append(f"\n{each.warning}", style="bold red")
        said.append(f"\n{each.member}", style="not bold")
        said.append(f" · {each.approval.digest[:8]}", style="not bold dim")
        said.append(f"\n{each.status}", style="not bold dim")
        table.add_row(Text("\n".join(_when(each.approval, now))), said)
    console().print(table)


def _when(approval: Approval, now: int) -> list[str]:
    """How long is left; or how it ended, on which day, and when."""
    lines = [remaining(approval, now)]
    if approval.final is not None:
        at = day_and_clock(approval.final.at)
        lines += [at[:10], f"{at[11:16]} UTC"]
    return lines


def _ended(approval: Approval) -> str:
    """`2026-11-22 14:02:30 UTC`, for a column; empty while it is open."""
    return "" if approval.final is None else day_and_clock(approval.final.at)


def _rows(facts: Iterable[Fact]) -> tuple[tuple[str, str], ...]:
    return tuple((fact.label, fact.value) for fact in facts)


def _why(vote: Vote, dossier: Dossier) -> str:
    """The reason, where the lines below the status do not give it."""
    reason = visible(vote.reason)
    said = not reason or any(line.endswith(f": {reason}") for line in dossier.details)
    return "" if said else f": {reason}"


def _how(vote: Vote) -> str:
    if vote.override:
        return "overrides"
    return "signed" if isinstance(vote.evidence, SshSignature) else "clicked"


def remaining(approval: Approval, now: int) -> str:
    """`12 min 30 s`, or how it ended."""
    if approval.final is not None:
        return approval.final.outcome.value
    return lasted(approval.deadline - now) if approval.deadline > now else "over"


def _brief(dossier: Dossier) -> tuple[tuple[str, str], ...]:
    """What the record itself keeps of a request without its bytes."""
    brief = dossier.approval.brief
    if brief is None:
        return ()
    checked = "VERIFIED" if brief.verified else "NOT VERIFIED, or refused"
    rows = [("Checked", checked)]
    if dossier.wallet is not None:
        id_, name = dossier.wallet
        rows.append(("Cobo says", f"wallet {f'{name} ({id_})' if name and id_ else name or id_}"))
    return tuple(rows)


def _rules(approval: Approval) -> tuple[tuple[str, str], ...]:
    return tuple(("Rule", visible(f"{rule.id}: {rule.why}")) for rule in approval.verdict.rules)


def _bare(approval: Approval) -> tuple[tuple[str, str], ...]:
    return (
        ("Node", approval.node),
        ("Request id", approval.request_id),
        ("Digest", approval.digest),
    )


def _progress(dossier: Dossier, now: int) -> tuple[tuple[str, str], ...]:
    approval = dossier.approval
    rows = [("Status", dossier.status), *(("", line) for line in dossier.details)]
    override = approval.verdict.override
    if override is not None and dossier.state == "open" and not dossier.wanted:
        people = ", ".join(override.people)
        instead = f"{override.approve} of {override.group}, with --override: {people}"
        rows.append(("Or by override", instead))
    rows += [
        (
            f"{vote.person} {_how(vote)}",
            f"{vote.choice} at {day_and_clock(vote.at)}{_why(vote, dossier)}",
        )
        for vote in approval.votes
    ]
    left = f" ({remaining(approval, now)} left)" if approval.deadline > now else ""
    over = "" if approval.final is None else f", ended {day_and_clock(approval.final.at)}"
    deadline = f"{day_and_clock(approval.deadline)}{over or left}"
    return (*rows, ("Asked at", day_and_clock(approval.asked_at)), ("Deadline", deadline))
