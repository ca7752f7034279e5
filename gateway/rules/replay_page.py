"""What `policy replay` prints: loosenings first, in 80 columns; or all of it as one document."""

import textwrap
from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

import click

from approvals.plain import plain
from approvals.policy.compare import Difference, Loosened
from approvals.policy.model import Policy
from approvals.wording import counted
from gateway.oncall.terminal import print_json
from gateway.rules.replay_tally import KINDS, Tally, Wanted, comparison_of
from gateway.rules.replaying import NotReplayable, Replayed
from notifiers.words.readable import cut, lasted, visible
from notifiers.words.status import day_and_clock

COLUMNS: Final = 80
ROWS: Final = 20
"""Requests shown of each kind, unless all are wanted."""

_NAMED: Final = 5
"""Places named for each reason that something is not replayable."""

_TITLES: Final = {"loosened": "Looser", "tightened": "Tighter", "other": "Other changes"}
_MARKS: Final = {"loosens": "-", "tightens": "+", "differs": "~"}


def print_page(tally: Tally, draft: Policy, wanted: Wanted) -> None:
    """For people."""
    _say(
        f"{draft.source} (digest {draft.digest[:16]}) on {counted(tally.requests, 'request')}"
        f" asked since {day_and_clock(wanted.since)}"
    )
    counts = tally.counts()
    for name, kind in KINDS.items():
        if not counts[name]:
            continue
        click.echo(f"\n{_TITLES[name]}: {counts[name]:,}")
        for cause, number in tally.causes(tally.changed(kind)).most_common():
            _say(f"{number:,} by {visible(cause, 60)}", 2)
        rows = tally.earliest(kind, None if wanted.show_all else ROWS)
        for row in rows:
            _print_row(tally, row)
        if len(rows) < counts[name]:
            click.echo(f"\n  and {counts[name] - len(rows):,} more: see them with --all")
    click.echo(f"\nUnchanged: {tally.unchanged:,}")
    _print_not_replayable(tally.not_replayable())


def print_document(tally: Tally, draft: Policy, wanted: Wanted) -> None:
    """For machines: every request that would change."""
    changes = {
        name: [_document(tally, row) for row in tally.earliest(kind, None)]
        for name, kind in KINDS.items()
    }
    not_allowed = sum(1 for _ in tally.forbidden())
    print_json(
        {
            "ok": not not_allowed,
            "draft": draft.source,
            "digest": draft.digest,
            "since": wanted.since,
            "requests": tally.requests,
            "unchanged": tally.unchanged,
            "not_allowed": not_allowed,
            **changes,
            "not_replayable": plain(tally.not_replayable()),
        }
    )


def _print_row(tally: Tally, row: Replayed) -> None:
    change = row.change
    assert change is not None  # noqa: S101 - for the type checker: the tally shows only changes
    click.echo(f"\n  {day_and_clock(row.asked_at)}  {cut(visible(row.member, 300), 53)}")
    _say(visible(row.headline, 300), 4)
    _say(f"{change.old} -> {change.new}", 4)
    if change.old_checks != change.new_checks:
        _say(f"checks: {change.old_checks} -> {change.new_checks}", 4)
    for difference in comparison_of(row).differences:
        if difference.aspect != "effect":
            _say(f"{_MARKS[difference.direction]} {_sentence(difference)}", 4)
    if isinstance(comparison_of(row), Loosened) and tally.is_allowed(row):
        _say("(allowed)", 4)


def _sentence(difference: Difference) -> str:
    """`treasury: 2 -> 1`; marked `-` where less is asked than before, `+` where more is."""
    old, new, about = difference.old, difference.new, difference.subject
    match difference.aspect:
        case "people":
            return f"{about}: {' '.join(part for part in (old, new) if part)}"
        case "group" | "count":
            return f"{about}: {old} -> {new}"
        case "within":
            return f"time: {lasted(int(old))} -> {lasted(int(new))}"
        case aspect:
            return f"{aspect}: {visible(old, 300)} -> {visible(new, 300)}"


def _print_not_replayable(left: Iterable[NotReplayable]) -> None:
    whys: dict[str, list[str]] = {}
    for each in left:
        whys.setdefault(each.why, []).append(each.where)
    if not whys:
        return
    total = Counter({why: len(places) for why, places in whys.items()})
    click.echo(f"\nNot replayable: {total.total():,}")
    for why, number in total.most_common():
        _say(f"{number:,}: {why}", 2)
        for place in whys[why][:_NAMED]:
            _say(visible(place, 300), 4)
        if number > _NAMED:
            _say(f"and {number - _NAMED:,} more: see them with --json", 4)


def _document(tally: Tally, row: Replayed) -> dict[str, Any]:
    change = row.change
    assert change is not None  # noqa: S101 - for the type checker: the tally shows only changes
    document: dict[str, Any] = {
        "asked_at": row.asked_at,
        "member": row.member,
        "digest": row.digest,
        "headline": row.headline,
        "old": {"verdict": change.old, "rules": change.old_rules, "checks": change.old_checks},
        "new": {"verdict": change.new, "rules": change.new_rules, "checks": change.new_checks},
        "differences": plain(change.comparison.differences),
    }
    if isinstance(change.comparison, Loosened):
        document["allowed"] = tally.is_allowed(row)
    return document


def _say(text: str, indent: int = 0) -> None:
    """Wrapped, what follows a little further in."""
    first, then = " " * indent, " " * (indent + 2)
    click.echo(textwrap.fill(text, COLUMNS, initial_indent=first, subsequent_indent=then))
