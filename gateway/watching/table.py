"""The live table, drawn: a board and the time in, as many lines as the terminal has out."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from gateway.oncall.dossier import Dossier
from gateway.oncall.freezes import Standing
from gateway.oncall.page import NOTHING_KEPT, remaining
from gateway.watching.board import Board, Trouble, is_new
from notifiers.words.readable import lasted, visible

LETTERS: Final = (
    " o open  a approve  r reject  v override  f freeze  t thaw  j/k choose  ? letters  q quit",
    " o open  a approve  r reject  v override  f freeze  t thaw  ? letters  q quit",
    " o open  a approve  r reject  f freeze  t thaw  ? more  q quit",
    " o open  a approve  r reject  ? letters  q quit",
    " ? letters  q quit",
)
"""As many as a terminal has room for, from the widest down."""

HELP: Final = (
    "o, Enter    open: the whole page of what is chosen",
    "a           approve it: shows the page, asks why, signs with your SSH key",
    "r           reject it, in the same way",
    "v           override: decide it in place of those who are asked, signed as such",
    "f           freeze everything, or the wallet or address of what is chosen",
    "t           thaw: two of on-call must sign",
    "j, down     choose the next one",
    "k, up       choose the one before",
    "g, G        choose the first one, the last one",
    "?           these letters, and back",
    "q, Ctrl-C   quit; nothing is changed by that",
)

LOUD: Final = "bold white on red"
BAR: Final = "reverse"
_LEFT: Final = 16
"""Columns before the text of a row: the mark of what is chosen, and how long is left."""

_SOON_MS: Final = 120_000
_SHORTLY_MS: Final = 600_000
_PLAIN: Final = Console(width=80, height=24, color_system=None)
"""Only measures: Rich wraps no text without one."""


def draw(board: Board, now: int, width: int, height: int, *, letters: bool = False) -> list[Text]:
    """Exactly `height` lines, none wider than `width`; `letters`: what they do, not the rows."""
    top = [_title(board, now, width), *_trouble(board.trouble, now, width)]
    top += _freezes(board.heard.freezes, now, width, most=max(2, height // 3))
    bottom = [*_lately(board, now, width), *_note(board.note, width), bar(_letters(width), width)]
    room = max(0, height - len(top) - len(bottom) - 1)
    rows = _help(width) if letters else _rows(board, now, width, room)
    middle = [Text(), *rows[:room]]
    middle += [Text()] * (height - len(top) - len(bottom) - len(middle))
    lines = [*top, *middle, *bottom]
    kept = lines if len(lines) <= height else [*lines[: height - 1], lines[-1]]
    return [_fitted(line, width) for line in kept[:height]]


def fold(text: Text, width: int, most: int) -> list[Text]:
    """At most `most` lines; where something is cut, the last one ends with an ellipsis."""
    lines = list(text.wrap(_PLAIN, max(4, width), overflow="fold"))
    if len(lines) <= most:
        return lines
    kept = lines[:most]
    kept[-1].rstrip()
    kept[-1].truncate(max(4, width) - 2)
    kept[-1].append(" …")
    return kept


def _help(width: int) -> list[Text]:
    return [line for each in HELP for line in fold(Text(each), width, 2)]


def _title(board: Board, now: int, width: int) -> Text:
    count = len(board.shown) + board.heard.more
    what = f"{count} open" if count else "nothing waits for people"
    clock = f"{datetime.fromtimestamp(now / 1000, UTC):%H:%M:%S} UTC "
    left = f" countersign watch · {what}"
    return bar(left.ljust(max(0, width - len(clock))) + clock, width)


def _letters(width: int) -> str:
    return next((each for each in LETTERS if len(each) <= width), LETTERS[-1])


def bar(text: str, width: int, style: str = BAR) -> Text:
    """One line across the terminal."""
    line = Text(text, style=style)
    line.truncate(width, pad=True)
    return line


def _trouble(trouble: Trouble | None, now: int, width: int) -> list[Text]:
    """Loud: what stands below is not what is so now."""
    if trouble is None:
        return []
    since = f"{datetime.fromtimestamp(trouble.since / 1000, UTC):%H:%M:%S} UTC"
    ago = lasted(now - trouble.since)
    said = f"NO NEWS since {since} ({ago}): below is what was known then."
    lines = [*fold(Text(said), width, 2), *fold(Text(visible(trouble.sentence)), width, 3)]
    return [_painted(line, width, LOUD) for line in lines]


def _freezes(freezes: tuple[Standing, ...], now: int, width: int, most: int) -> list[Text]:
    """What stands, loudly, in at most `most` lines and one; those without room are counted.

    Who froze it, why and for how long, who wants to thaw it, and what that takes.
    """
    lines: list[Text] = []
    for number, each in enumerate(freezes):
        said = f"{each.headline}, for {lasted(now - each.at)}"
        some = [_painted(line, width, LOUD) for line in fold(Text(said), width, 2)]
        for detail in each.details[:-1] or each.details:  # who else may thaw it is on the page
            some += _indented(detail, width)
        some += _indented(each.wanted, width)
        if lines and len(lines) + len(some) > most:
            rest = f"and {len(freezes) - number} more frozen: countersign list --freezes"
            return [*lines, _painted(Text(rest), width, LOUD)]
        lines += some
    return lines


def _indented(text: str, width: int) -> list[Text]:
    return [Text.assemble("  ", line) for line in fold(Text(text), width - 2, 2)]


def _rows(board: Board, now: int, width: int, room: int) -> list[Text]:
    """Around what is chosen as many approvals as have room; short, where all would have none."""
    shown = board.shown
    if not shown:
        nothing = "Nothing is waiting for people."
        if any(each.scope == "everything" for each in board.heard.freezes):
            nothing = "Nothing is waiting for people: what is asked while all is frozen is refused."
        return fold(Text(nothing, style="dim"), width, 2)
    whole = [_block(board, each, now, width, short=False) for each in shown[: room + 1]]
    if len(shown) <= room and sum(map(len, whole)) <= room:
        return [line for block in whole for line in block]
    place = min(board.place, len(shown) - 1)
    first, last = place, place + 1
    blocks = {place: _block(board, shown[place], now, width, short=board.choice is None)}
    left = room - len(blocks[place]) - 2  # the lines that count what has no room
    for number in _outward(place, len(shown)):
        block = _block(board, shown[number], now, width, short=True)
        if len(block) > left:
            break
        left -= len(block)
        blocks[number] = block
        first, last = min(first, number), max(last, number + 1)
    lines = [line for number in range(first, last) for line in blocks[number]]
    above, below = first, len(shown) - last + board.heard.more
    counted = [Text(f"    {above} more above", style="dim")] if above else []
    counted += lines
    return counted + ([Text(f"    {below} more below", style="dim")] if below else [])


def _outward(place: int, count: int) -> Iterable[int]:
    """The places around one, near ones first, and at the edge on one side only."""
    for step in range(1, count):
        if place + step < count:
            yield place + step
        if place - step >= 0:
            yield place - step


def _block(board: Board, each: Dossier, now: int, width: int, *, short: bool) -> list[Text]:
    """One approval: how long is left, what it is, its worst warning, its id, how far it is."""
    room = max(8, width - _LEFT)
    what = Text(each.headline or NOTHING_KEPT, style=_tone(each))
    if is_new(board, each, now):
        what = Text.assemble(("NEW ", "bold green"), what)
    lines = fold(what, room, 1 if short else 2)
    if each.warning:
        lines += fold(Text(each.warning, style="bold red"), room, 1)
    if not short:
        lines += fold(Text(visible(each.member), style="dim"), room, 4)
    if not short or _overridden(each):
        lines += fold(Text(each.status, style=_weight(each)), room, 1 if short else 2)
    chosen = each is board.choice
    left = Text(
        f"{'> ' if chosen else '  '}{remaining(each.approval, now)}", style=_hurry(each, now)
    )
    left.truncate(_LEFT, pad=True)
    if chosen:
        left.stylize("bold reverse")
    margins = [left, *[Text(" " * _LEFT)] * (len(lines) - 1)]
    return [Text.assemble(margin, line) for margin, line in zip(margins, lines, strict=True)]


def _overridden(dossier: Dossier) -> bool:
    """Whether somebody asked to decide it in place of its people, and it is not decided."""
    return dossier.state == "open" and any(vote.override for vote in dossier.approval.votes)


def _weight(dossier: Dossier) -> str:
    return "bold magenta" if _overridden(dossier) else "dim"


def _tone(dossier: Dossier) -> str:
    if dossier.state != "open":
        return "dim"
    return "bold" if dossier.verified else "bold yellow"


def _hurry(dossier: Dossier, now: int) -> str:
    left = dossier.approval.deadline - now
    if dossier.state != "open" or left > _SHORTLY_MS:
        return ""
    return "bold red" if left < _SOON_MS else "yellow"


def _lately(board: Board, now: int, width: int) -> list[Text]:
    """What has ended while somebody watched, the latest first: how, before there is no room."""
    said = (
        f"ended, {remaining(each.approval, now)}: {each.headline or visible(each.member)}:"
        f" {each.status}"
        for each in board.ended
    )
    return [line for each in said for line in fold(Text(each, style="dim"), width, 1)]


def _note(note: str, width: int) -> list[Text]:
    return [_painted(line, width, "bold") for line in fold(Text(note), width, 2)] if note else []


def _painted(line: Text, width: int, style: str) -> Text:
    whole = line.copy()
    whole.rstrip()
    whole.pad_right(max(0, width - cell_len(whole.plain)))
    whole.stylize(style)
    return whole


def _fitted(line: Text, width: int) -> Text:
    line.truncate(width)
    line.no_wrap = True
    return line
