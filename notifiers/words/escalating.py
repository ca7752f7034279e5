"""Calls and reminders in sentences, and what was said of them: who was called, and when."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from approvals.electorate import Electorate, Person
from approvals.model import Approval, Pending
from approvals.told import Post, Told
from notifiers.ports import Story
from notifiers.schedule import Due, Said
from notifiers.words.ink import PLAIN, Ink, deadline
from notifiers.words.readable import lasted, listed

MOST_TRIES: Final = 5
"""Of saying one call where nobody knows whether Slack took it: then it counts as said."""

_SHOWN: Final = 20
"""People named in one sentence, and mentioned; the others are counted."""


def called_today(dues: Iterable[Due], electorate: Electorate) -> tuple[Due, ...]:
    """The calls, to those whom the record was promised and the policy in force names too."""
    found = []
    for call in dues:
        group = electorate.called(call.group) if call.group else tuple(electorate.people)
        people = tuple(name for name in call.people if name in group and name in electorate.people)
        if people:
            found.append(Due(call.group, call.at, people))
    return tuple(found)


def note_of(call: Due) -> str:
    """What a call is noted as in `told`: its name, and whom it was for."""
    return f"{call.name} {','.join(call.people)}"


def calls_made(told: Told) -> tuple[Said, ...]:
    """The calls that were made, the earliest first."""
    found = []
    for post in told.posts:
        verb, _, rest = post.about.partition(" ")
        group, _, people = rest.partition(" ")
        if post.ts is not None and verb in ("called", "reminded"):
            found.append(Said(group if verb == "called" else "", tuple(people.split(",")), post.at))
    return tuple(sorted(found, key=lambda said: said.at))


def unsaid(dues: Iterable[Due], told: Told) -> tuple[Due, ...]:
    """The calls that are not noted as made, nor tried so often that we stop."""

    def is_of(post: Post, call: Due) -> bool:
        return post.about.rpartition(" ")[0] == call.name

    return tuple(
        call
        for call in dues
        if not any(is_of(post, call) and post.ts is not None for post in told.posts)
        and sum(is_of(post, call) for post in told.posts) < MOST_TRIES
    )


def people_of(calls: Iterable[Due]) -> tuple[str, ...]:
    """Everybody once, in order."""
    return tuple(dict.fromkeys(name for call in calls for name in call.people))


def sentence(
    story: Story, calls: Iterable[Due], mention: Callable[[str], str], ink: Ink = PLAIN
) -> str:
    """One sentence for all that are due, however many; `mention` writes a person's name."""
    calls = tuple(calls)
    people = people_of(calls)
    names = [mention(name) for name in people[:_SHOWN]]
    if len(people) > _SHOWN:
        names.append(f"and {len(people) - _SHOWN} more")
    what = ", ".join(ink.text(call.group) or "reminder" for call in calls)
    waited, before = _waited(story.approval, calls[-1]), deadline(story.approval, ink)
    return (
        f"{', '.join(names)} ({what}): this still waits{_missing(story, ink)} after {waited}."
        f" Decide before {before}.\n"
        f"{ink.text(story.sheet.headline)}"
    )


def called_lines(said: Iterable[Said], ink: Ink) -> tuple[str, ...]:
    """`dee, eli called at 14:07`, for the message itself."""
    return tuple(
        f"{ink.text(', '.join(each.people[:_SHOWN]))}"
        f" {'called' if each.group else 'reminded'} at {ink.time(each.at)}"
        for each in said
    )


def called_line(approval: Approval, call: Due) -> str:
    """`CALLED on_call: dee, eli. After 5 min 0 s node-1/… still waits.`, for a terminal."""
    what = f"CALLED {PLAIN.text(call.group)}" if call.group else "REMINDER"
    people = PLAIN.text(", ".join(call.people))
    waited = _waited(approval, call)
    return f"{what}: {people}. After {waited} {PLAIN.text(approval.member)} still waits."


def brief(approval: Approval, headline: str, line: str) -> str:
    """What is told of a request that was decided before anybody could be shown it."""
    at_once = approval.revision == 1
    how = "Refused at once" if at_once else "Decided before it could be shown here"
    return f"{how}: {headline}\n{line}\n{approval.request_id} · {approval.digest}"


def mention_in_slack(people: Mapping[str, Person], ink: Ink) -> Callable[[str], str]:
    """`<@U024DEE>`: the id is the policy's, checked when it was read; else a name."""

    def mention(name: str) -> str:
        person = people.get(name)
        return ink.text(name) if person is None or person.slack is None else f"<@{person.slack}>"

    return mention


def _waited(approval: Approval, call: Due) -> str:
    """`5 min`."""
    return lasted(call.at - approval.asked_at).removesuffix(" 0 s")


def _missing(story: Story, ink: Ink) -> str:
    if not isinstance(story.decision, Pending):
        return ""
    left = tuple(
        f"{seat.missing} of {ink.text(seat.group)}" for seat in story.decision.seats if seat.missing
    )
    return f" for {listed(left)}" if left else ""
