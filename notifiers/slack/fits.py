"""What of a sheet to show in a message, in turn, until it fits: what can be missed goes first."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from approvals.wording import counted
from notifiers.slack.limits import FIELD_TEXT
from notifiers.slack.text import escape
from notifiers.words.facts import Fact
from notifiers.words.readable import cut
from notifiers.words.sheet import Sheet

_SQUEEZES: Final = (400, 200, 100, 60)
"""How long a claim, a reason or a rule's `why` may be, in turn, until the message fits."""


def fits(sheet: Sheet) -> Iterator[tuple[Sheet, int]]:
    """What to try in turn: shorter texts, no claims, fewer proved facts, shorter warnings.

    A sheet that is whole stays so until its facts themselves have to go.
    """
    sheet, least = _as_slack_shows(sheet), _SQUEEZES[-1]
    yield from ((sheet, limit) for limit in _SQUEEZES)
    if not sheet.whole:
        sheet = replace(sheet, proved=tuple(map(_shortened, sheet.proved)))
        yield sheet, least
    sheet = replace(sheet, claimed=(_not_shown(len(sheet.claimed)),))
    yield sheet, least
    for kept in range(len(sheet.proved) - 1, -1, -1):
        note = _not_shown(len(sheet.proved) - kept)
        yield replace(sheet, proved=(*sheet.proved[:kept], note), whole=False), least
    yield _least_of(sheet), least


def _as_slack_shows(sheet: Sheet) -> Sheet:
    """Not whole where a field cannot hold, escaped, what must be read in full."""
    shown = (*sheet.flags, *sheet.remarks, *sheet.proved)
    held = all(len(escape(fact.value)) <= FIELD_TEXT for fact in shown)
    return sheet if held else replace(sheet, whole=False)


def _shortened(fact: Fact) -> Fact:
    """Where not all is shown in any case, long texts make room before whole facts do."""
    return replace(fact, value=cut(fact.value, _SQUEEZES[0]))


def _least_of(sheet: Sheet) -> Sheet:
    """What is left in the worst case: each flag by its name, and how much is missing."""
    return replace(
        sheet,
        flags=tuple(replace(fact, value=cut(fact.value, _SQUEEZES[-1])) for fact in sheet.flags),
        remarks=(_not_shown(len(sheet.remarks)),) if sheet.remarks else (),
        proved=(_not_shown(len(sheet.proved)),) if sheet.proved else (),
        whole=False,
    )


def _not_shown(count: int) -> Fact:
    return Fact("Not shown", f"{counted(count, 'fact')}; `countersign show` lists them", exact=True)
