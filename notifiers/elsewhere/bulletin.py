"""What goes to a place that people cannot answer at: short, plain text, and the commands to run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, assert_never

from approvals.events import Alarm
from approvals.model import Approved, Damaged, Decision, Pending, Rejected
from notifiers.ports import Story
from notifiers.settings import NotifyEvent
from notifiers.words.readable import cut, visible
from notifiers.words.status import day_and_clock, status_of
from notifiers.words.text import command, reading

EventWord: TypeAlias = NotifyEvent | Literal["test"]

MOST_SUBJECT: Final = 120
MOST_TEXT: Final = 880
"""Microsoft Teams takes 1,000 characters of text, PagerDuty 1,024 with the subject in it."""

_HEADLINE: Final = 160
_LINE: Final = 110
_WANTS: Final[Mapping[str, str]] = {"escalated": "STILL WAITING"}
_WARNINGS: Final = 20
_WARNING: Final = 300


@dataclass(frozen=True, slots=True)
class About:
    """The approval that a bulletin is about, for a machine to read.

    `deadline` is Unix milliseconds; `warnings` are flags and remarks, the worst first.
    """

    member: str
    node: str
    request_id: str
    digest: str
    headline: str
    badge: str
    warnings: tuple[str, ...]
    deadline: int
    status: str
    commands: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bulletin:
    """One message. `at` is when it was put together, Unix milliseconds; all text is plain.

    `subject` is one line of at most MOST_SUBJECT characters, `text` at most MOST_TEXT.
    """

    event: EventWord
    at: int
    subject: str
    text: str
    about: About | None = None


def of_story(story: Story, event: NotifyEvent, at: int, *, remark: str = "") -> Bulletin:
    """What is said of an approval; `remark` is a sentence of ours that comes first."""
    approval, sheet = story.approval, story.sheet
    status = status_of(approval, story.decision, freezes=story.freezes)
    is_open = status.state == "open"
    shown = reading(approval)
    deciding = (command("approve", approval), command("reject", approval)) if is_open else ()
    commands = [f"Read it: {shown}", *(f"Then: {each}" for each in deciding[:1])]
    stands = cut(status.line, _LINE)
    lines = [
        remark if is_open else stands,
        cut(sheet.headline, _HEADLINE),
        f"Warning: {cut(sheet.worst, _LINE)}" if sheet.worst else "",
        sheet.integrity if sheet.verified else cut(sheet.grounds[0], _LINE),
        f"Decide before {day_and_clock(approval.deadline)}" if is_open else "",
        stands if is_open else "",
    ]
    about = About(
        member=approval.member,
        node=approval.node,
        request_id=approval.request_id,
        digest=approval.digest,
        headline=sheet.headline,
        badge=sheet.badge,
        warnings=tuple(
            cut(f"{fact.label}: {fact.value}", _WARNING)
            for fact in (*sheet.flags, *sheet.remarks)[:_WARNINGS]
        ),
        deadline=approval.deadline,
        status=status.line,
        commands=(shown, *deciding),
    )
    word = _ended(story.decision) if event == "decided" else _WANTS.get(event, "Approve?")
    text = _text(lines, commands)
    return Bulletin(event, at, _subject(f"{word} {sheet.headline}"), text, about)


def _ended(decision: Decision) -> str:
    """The one word that matters by then."""
    match decision:
        case Approved():
            return "Approved:"
        case Rejected():
            return "Rejected:"
        case Pending() | Damaged():
            return "No answer:"
        case _ as never:
            assert_never(never)


def of_freeze(text: str, at: int) -> Bulletin:
    """What is said of a freeze or a thaw."""
    return Bulletin("frozen", at, _subject(text.partition("\n")[0]), _text(text.split("\n")))


def of_alarm(alarm: Alarm, more: int) -> Bulletin:
    """What is said of an alarm; `more` of its kind were left out since the last one."""
    who = f" {visible(alarm.member, _LINE)}" if alarm.member else ""
    lines = [
        f"Alarm {visible(alarm.what, 40)}{who}, {day_and_clock(alarm.at)}",
        visible(alarm.detail, 300),
        f"{more} more alarms of this kind were not sent." if more else "",
        "Look at the gateway's log; docs/operations.md says what each alarm wants of you.",
    ]
    return Bulletin("alarm", alarm.at, _subject(lines[0]), _text(lines))


def of_test(name: str, at: int) -> Bulletin:
    """What `countersign notify test` sends."""
    lines = [
        f'This is a test of the notifier "{name}", {day_and_clock(at)}.',
        "Nothing has to be decided. What waits is listed by: countersign list",
    ]
    return Bulletin("test", at, _subject("Test: nothing to do"), _text(lines))


def _subject(text: str) -> str:
    """One line, whatever the request put into it: a mail's header ends at a line break."""
    return cut(f"Countersign: {visible(text, MOST_SUBJECT)}", MOST_SUBJECT)


def _text(lines: Sequence[str], commands: Sequence[str] = ()) -> str:
    """The lines, cut where they are too long, and the commands, which never are."""
    last = "".join(f"\n{line}" for line in commands)
    return cut("\n".join(line for line in lines if line), MOST_TEXT - len(last)) + last
