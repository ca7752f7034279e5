"""Calls and reminders in Slack: mentions in an approval's thread, each once, and no storm.

What is noted before and after a sentence, and why, is as in `notifiers/slack/thread.py`.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final, Protocol

from approvals.electorate import Person
from approvals.model import Approval
from approvals.recent import Recent
from approvals.told import Post, Told
from notifiers.notes import change_posts
from notifiers.ports import Posts, Story
from notifiers.schedule import Due
from notifiers.slack.pace import Pace
from notifiers.slack.text import SLACK_INK
from notifiers.slack.thread import NAME
from notifiers.slack.trouble import SlackTrouble
from notifiers.words.escalating import mention_in_slack, note_of, people_of, sentence, unsaid

BETWEEN_MS: Final = 60_000
"""Whoever was mentioned so short a time ago looks into the channel already."""

_PEOPLE_KEPT: Final = 1_000


class Caller(Protocol):
    """The call to Slack that a mention takes."""

    async def call(self, channel: str, text: str, *, thread: str | None, shown: bool) -> str:
        """Post a sentence with mentions; returns its `ts`."""
        ...


class Calls:
    """Calls people in one channel; for whoever holds the member's claim."""

    def __init__(self, slack: Caller, channel: str, posts: Posts, pace: Pace) -> None:
        """`posts` keeps what was said."""
        self._slack = slack
        self._channel = channel
        self._posts = posts
        self._pace = pace
        self._called: Recent[str, int] = Recent(_PEOPLE_KEPT)

    async def make(self, story: Story, told: Told, *, below: str) -> bool:
        """Say all that is due and not said, in one sentence below a message; False if nothing is.

        Where all of them were mentioned within the last minute it is only noted, with an empty
        `ts`: two hundred approvals of one sweep are no reason for two hundred sounds.
        """
        calls = unsaid(story.escalations, told)
        if not calls:
            return False
        fresh = [name for name in people_of(calls) if not self._was_called(name)]
        notes = self._notes(story.approval, calls)
        member = story.approval.member
        await change_posts(
            self._posts, member, lambda posts: (*posts, *(n for n in notes if fresh))
        )
        ts = await self._say(story, calls, notes, fresh, below) if fresh else ""
        said = tuple(replace(note, ts=ts, at=self._pace.now()) for note in notes)
        await change_posts(self._posts, member, lambda posts: (*_others(posts, calls), *said))
        return True

    async def _say(
        self,
        story: Story,
        calls: Sequence[Due],
        notes: Sequence[Post],
        fresh: Sequence[str],
        below: str,
    ) -> str:
        """One sentence; a note of what Slack surely did not take goes again."""
        mention = _mentioning(story.people, fresh)
        text = sentence(story, calls, mention, SLACK_INK)
        await self._pace.turn()
        try:
            ts = await self._slack.call(
                self._channel, text, thread=below, shown=any(call.group for call in calls)
            )
        except SlackTrouble as trouble:
            if trouble.done is False:
                gone = {note.nonce for note in notes}
                await change_posts(
                    self._posts,
                    story.approval.member,
                    lambda posts: tuple(post for post in posts if post.nonce not in gone),
                )
            raise
        for name in fresh:
            self._called[name] = self._pace.now()
        return ts

    def _was_called(self, name: str) -> bool:
        at = self._called.get(name)
        return at is not None and self._pace.now() - at < BETWEEN_MS

    def _notes(self, approval: Approval, calls: Sequence[Due]) -> tuple[Post, ...]:
        return tuple(
            Post(
                secrets.token_urlsafe(16),
                NAME,
                self._channel,
                None,
                (),
                approval.revision,
                about=note_of(call),
                at=self._pace.now(),
            )
            for call in calls
        )


def _mentioning(people: Mapping[str, Person], fresh: Sequence[str]) -> Callable[[str], str]:
    """Mentions of those who were not mentioned just now; the others by their names."""
    return mention_in_slack({name: people[name] for name in fresh if name in people}, SLACK_INK)


def _others(posts: Sequence[Post], calls: Sequence[Due]) -> list[Post]:
    """The posts but for notes of these calls."""
    names = {call.name for call in calls}
    return [post for post in posts if post.about.rpartition(" ")[0] not in names]
