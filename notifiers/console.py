"""The same message on a terminal: for a gateway without Slack, for the demo, and for `show`."""

from collections.abc import Iterable
from typing import IO, Final

from approvals.freezes.model import FreezeRecord
from approvals.recent import Recent
from notifiers.noting import UNHEARD, Noting
from notifiers.ports import NotTold, Story
from notifiers.words.escalating import called_line
from notifiers.words.facts import Fact
from notifiers.words.freezes import freeze_news, still_news
from notifiers.words.status import day_and_clock, status_of
from notifiers.words.text import command

NAME: Final = "console"
_LABELS: Final = 20
_REMEMBERED: Final = 1_000


def lines(story: Story) -> list[str]:
    """What an approver reads, line by line, and the commands that decide."""
    approval, sheet = story.approval, story.sheet
    status = status_of(
        approval,
        story.decision,
        freezes=story.freezes,
        after=story.after,
        overdue=story.overdue,
    )
    told = [sheet.headline, *_table((*sheet.flags, *sheet.remarks)), ""]
    first, *then = status.lines
    told += [f"  {first}", *(f"{'! ' if status.trouble else '  '}{line}" for line in then)]
    told += [f"  {line}" for line in (*status.details, *status.wanted)]
    if status.state == "open":
        told.append(f"  Decide before {day_and_clock(approval.deadline)}")
    told += ["", *(f"  {line}" for line in sheet.badge.split("\n")), ""]
    told += _table((*sheet.proved, *sheet.asked, *sheet.ids))
    told += ["", "  Cobo says (none of this is proved):", *_table(sheet.claimed)]
    if status.state == "open" and not approval.notice:
        told += ["", f"  {command('approve', approval)}", f"  {command('reject', approval)}"]
    return told


class Console:
    """Writes each story once, colored where somebody looks at a terminal."""

    def __init__(self, out: IO[str], noting: Noting = UNHEARD) -> None:
        """`out` is a terminal or a file."""
        self._out = out
        self._noting = noting
        self._last: Recent[str, str] = Recent(_REMEMBERED)
        self._calls: Recent[str, None] = Recent(_REMEMBERED)
        self._said: set[str] = set()
        self._through: int | None = None

    @property
    def name(self) -> str:
        """The word for this place."""
        return NAME

    async def tell(self, story: Story) -> None:
        """Call whom the clock calls, and write it. See Notifier.

        An override needs no sentence of its own: `lines` say it, and are all written again.
        """
        await self._call(story)
        await self.show(story)

    async def show(self, story: Story) -> None:
        """Write it, unless the same was the last thing written about this record."""
        text = "\n".join(lines(story))
        member = story.approval.member
        if self._last.get(member) == text:
            return
        new = member not in self._last
        self._last[member] = text
        if self._out.isatty():
            self._paint(story, text)
        else:
            self._out.write(f"\n{text}\n")
        self._out.flush()
        self._noting.told(story.approval, "posted" if new else "updated")

    async def _call(self, story: Story) -> None:
        """A line for each call that is due, once."""
        member = story.approval.member
        for call in story.escalations:
            if f"{call.name} {member}" not in self._calls:
                self._calls[f"{call.name} {member}"] = None
                await self.announce(called_line(story.approval, call))
                self._noting.told(story.approval, "said")

    async def tell_freezes(self, record: FreezeRecord) -> None:
        """Write what is news to this process, all that stands when it begins. May raise NotTold."""
        news = freeze_news(record, self._said, self._through)
        for name, text in news:
            await self.announce(text)
            self._said.add(name)
        self._said = {name for name in self._said if still_news(record, name)}
        self._through = record.epoch

    async def announce(self, text: str) -> None:
        """Write it; NotTold where nothing can be written any more."""
        try:
            self._out.write(f"\n{text}\n")
            self._out.flush()
        except (OSError, ValueError) as error:
            raise NotTold(type(error).__name__) from None

    def _paint(self, story: Story, text: str) -> None:
        """A frame whose color says how far to trust it; the text is never read as markup."""
        from rich.console import Console as Screen
        from rich.panel import Panel
        from rich.text import Text

        headline, _, rest = text.partition("\n")
        body = Text(f"{headline}\n", style="bold")
        body.append(rest, style="not bold")
        color = "green" if story.sheet.verified else "red"
        body.highlight_words([story.sheet.badge.partition(":")[0]], style=f"bold {color}")
        Screen(file=self._out, highlight=False).print(Panel(body, border_style=color))


def _table(facts: Iterable[Fact]) -> list[str]:
    marks = {True: "! ", False: "  "}
    return [f"{marks[fact.loud]}{fact.label:<{_LABELS}} {fact.value}" for fact in facts]
