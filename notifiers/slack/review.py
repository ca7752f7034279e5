"""The form that approves what no message can hold: every fact in full, and the vote is the form.

The form is bound to every word of it (`asks_of`), so that a vote counts only for facts that were
shown whole. Where not even this holds everything, there is no such form, and no vote by click.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeAlias

from approvals.model import Approval, Choice
from notifiers.ports import Story
from notifiers.slack.facts import line_of, lines, section, table, title
from notifiers.slack.limits import SECTION_TEXT, VIEW_BLOCKS, VIEW_SIZE, Json, view_size
from notifiers.slack.modal import modal, reason_field
from notifiers.slack.text import plain
from notifiers.words.facts import Fact
from notifiers.words.sheet import Sheet

Layout: TypeAlias = Callable[[str, Sequence[Fact]], list[Json]]

_HEADLINE: Final = 1_000


def as_lines(name: str, facts: Iterable[Fact]) -> list[Json]:
    """Many facts in little room."""
    return lines(name, map(line_of, facts))


LAYOUTS: Final[tuple[Layout, ...]] = (table, as_lines)
"""What to try in turn: what reads best, what holds most."""


def can_review(approval: Approval, sheet: Sheet, page: Sheet) -> bool:
    """Whether a form can show all of it."""
    return _blocks(approval, sheet, page) is not None


def review_view(story: Story) -> Json | None:
    """The form; None where it would not show everything."""
    blocks = None if story.page is None else _blocks(story.approval, story.sheet, story.page)
    if blocks is None:
        return None
    return modal("review", "Review and approve", blocks, submit="approve")


def _blocks(approval: Approval, sheet: Sheet, page: Sheet) -> list[Json] | None:
    """All that follows from the bytes, in full; what Cobo says, as in the message."""
    if not page.whole or sum(len(fact.value) for fact in page.proved) > VIEW_SIZE:
        return None
    for layout in LAYOUTS:
        blocks = [
            section("what", plain(page.headline, _HEADLINE)),
            *layout("warned", (*page.flags, *page.remarks)),
            section("seal", plain(page.badge, SECTION_TEXT)),
            *layout("proved", page.proved),
            *layout("asked", (*page.asked, *page.ids)),
            title("says", "Cobo says · none of this is proved"),
            *layout("claimed", sheet.claimed),
            reason_field(approval, Choice.APPROVE),
        ]
        if len(blocks) <= VIEW_BLOCKS and view_size(blocks) <= VIEW_SIZE:
            return blocks
    return None
