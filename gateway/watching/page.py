"""The whole page of one approval, a screen at a time; whoever votes on it has seen its end."""

from dataclasses import dataclass, replace
from typing import Final

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.segment import Segment
from rich.text import Text

from approvals.model import Choice
from gateway.oncall.dossier import Dossier
from gateway.oncall.freezes import Standing, painted_freezes
from gateway.oncall.matter import Matter
from gateway.oncall.page import painted_page, remaining
from gateway.watching.table import BAR, LOUD, bar

_BARS: Final = 2


@dataclass(frozen=True, slots=True)
class Reading:
    """A page, and how far somebody is in it.

    `seen` once its end was on the screen. `intent` is what they want to say to it, `override` in
    place of those who are asked; `agreed` once they want to go on to that with the whole page seen;
    `left` once they want back to the table.
    """

    matter: Matter
    freezes: tuple[Standing, ...]
    now: int
    intent: Choice | None = None
    override: bool = False
    top: int = 0
    seen: bool = False
    agreed: bool = False
    left: bool = False


def lines_of(reading: Reading, console: Console, width: int) -> list[list[Segment]]:
    """Everything that `show` prints, as lines of this width."""
    matter = reading.matter
    parts: list[RenderableType] = [*painted_freezes(reading.freezes)]
    if matter.doubt:
        parts.append(Text(f"{matter.doubt}\n", style="bold yellow"))
    parts += painted_page(matter.headline, matter.badge, matter.page(reading.now))
    parts += [Text(f"\n{line}") for line in matter.dossier.wanted]
    options = console.options.update(width=width, height=None)
    return console.render_lines(Group(*parts), options, pad=False)


@dataclass(frozen=True, slots=True)
class Screenful:
    """What is seen of a page: a bar with its name, some of its lines, a bar with the letters."""

    title: Text
    lines: list[list[Segment]]
    letters: Text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """For Rich."""
        yield self.title
        for line in self.lines:
            yield from line
            yield Segment.line()
        yield self.letters


def screenful(
    reading: Reading, lines: list[list[Segment]], now: int, width: int, height: int
) -> Screenful:
    """As much as there is room for, from where the reader is."""
    room = max(1, height - _BARS)
    some = lines[reading.top : reading.top + room]
    some += [[]] * (room - len(some))
    style = LOUD if reading.override else BAR
    return Screenful(
        bar(_title(reading, now), width, style), some, bar(_letters(reading), width, style)
    )


def on_screen(reading: Reading, count: int, height: int) -> Reading:
    """Where the page stands, with so many lines on a screen so high."""
    room = max(1, height - _BARS)
    top = max(0, min(reading.top, count - room))
    return replace(reading, top=top, seen=reading.seen or top + room >= count)


def press(reading: Reading, key: str, height: int) -> Reading:
    """What a key does to it."""
    screen = max(1, height - _BARS) - 1  # one line is seen twice, so that none is missed
    steps = dict.fromkeys(("j", "down"), 1) | dict.fromkeys(("k", "up"), -1)
    steps |= {"space": screen, "page down": screen, "b": -screen, "page up": -screen}
    steps |= {"g": -reading.top, "home": -reading.top}  # and none to the end: it is to be read
    match key:
        case "q" | "escape":
            return replace(reading, left=True)
        case "a":
            return _say(reading, Choice.APPROVE)
        case "r":
            return _say(reading, Choice.REJECT)
        case "v" if may_override(reading.matter.dossier):
            return replace(reading, override=not reading.override, intent=None)
        case "enter" if reading.intent is not None and reading.seen:
            return replace(reading, agreed=True)
        case "enter":
            return replace(reading, top=reading.top + screen)
        case _:
            return replace(reading, top=max(0, reading.top + steps.get(key, 0)))


def _say(reading: Reading, choice: Choice) -> Reading:
    """The same letter again goes on, as Enter does; another one is another intent first."""
    again = reading.intent is choice and reading.seen
    return replace(reading, intent=choice, agreed=again)


def _title(reading: Reading, now: int) -> str:
    """Which approval this is, and how long is left."""
    dossier = reading.matter.dossier
    mark = "OVERRIDE · " if reading.override else ""
    return f" {mark}{dossier.member} · {remaining(dossier.approval, now)}"


def _letters(reading: Reading) -> str:
    """What a person can do next."""
    if reading.intent is None:
        more = "" if reading.seen else "space more  "
        back = "q table" if not reading.seen else "k back  q table"
        if reading.override:
            return f" {more}OVERRIDE to: a approve  r reject  v no override  {back}"
        other = "v override  " if may_override(reading.matter.dossier) else ""
        return f" {more}a approve  r reject  {other}{back}"
    verb = f"OVERRIDE to {reading.intent}" if reading.override else str(reading.intent)
    if reading.seen:
        what = "reason, then sign" if reading.override else "give a reason, then sign"
        return f" Enter {verb}: {what}  k back  q table, nothing signed"
    return f" To {verb}, read to the end: space more  q table, nothing signed"


def may_override(dossier: Dossier) -> bool:
    """Whether on-call may decide it in place of those who are asked."""
    return dossier.approval.verdict.override is not None and dossier.state == "open"
