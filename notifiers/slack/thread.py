"""What is said once, beside a message that is kept up to date: an override, a freeze, a long text.

The order is what a crash can be repaired from: that a sentence is about to be said is stored
first, then it is said, then its `ts` is stored. Whoever dies between the last two leaves a note
without a `ts`; the next telling says the sentence again, once, and notes that. So none is lost,
and only a death, or a post of which Slack never said how it ended, makes one appear twice.
"""

import secrets
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Final, Protocol

from approvals.told import Post, Told
from notifiers.notes import change_posts
from notifiers.ports import NotTold, Posts
from notifiers.slack.cures import with_cure
from notifiers.slack.limits import Json
from notifiers.slack.overflow import Part
from notifiers.slack.pace import Pace
from notifiers.slack.trouble import SlackAway, SlackTrouble

NAME: Final = "slack"

MOST_SAID: Final = 60
"""Sentences and parts beside one message; after that many no more parts are posted."""


class Speaker(Protocol):
    """The calls to Slack that saying something takes."""

    async def post(
        self, channel: str, text: str, blocks: Sequence[Json], *, thread: str | None = None
    ) -> str:
        """Post; returns the `ts`."""
        ...

    async def say(
        self, channel: str, text: str, *, thread: str | None = None, aside: bool = False
    ) -> str:
        """Post a sentence without buttons; returns its `ts`. `aside`: in the thread alone."""
        ...


class Thread:
    """Says sentences in one channel, each once."""

    def __init__(self, slack: Speaker, channel: str, posts: Posts, pace: Pace) -> None:
        """`posts` keeps what was said."""
        self._slack = slack
        self._channel = channel
        self._posts = posts
        self._pace = pace

    async def say(
        self,
        member: str,
        about: str,
        text: str,
        *,
        revision: int,
        below: str | None = None,
        aside: bool = False,
    ) -> bool:
        """Say what is `about` this unless it was said; whether it was said now.

        `below` is the `ts` of a message. `aside`: not in the channel as well, for what its
        message says too.
        Only for whoever holds the member's claim: two who say it at once say it twice.
        """
        say = partial(self._slack.say, self._channel, text, thread=below, aside=aside)
        return await self._once(member, about, revision, say)

    async def show(self, member: str, parts: Iterable[Part], *, revision: int, below: str) -> None:
        """Post each part unless it was; only the thread holds it, not the channel.

        Gateways that call things by different names post texts of their own: not without end.
        """
        if len(names_said(await self._posts.read_told(member))) > MOST_SAID:
            return
        for part in parts:
            post = partial(self._slack.post, self._channel, part.text, part.blocks, thread=below)
            await self._once(member, part.about, revision, post)

    async def _once(
        self, member: str, about: str, revision: int, call: Callable[[], Awaitable[str]]
    ) -> bool:
        told = await self._posts.read_told(member)
        noted = next((post for post in told.posts if _is_note(post, about)), None)
        if noted is not None and noted.ts is not None:
            return False
        if noted is None:
            note = Post(
                secrets.token_urlsafe(16), NAME, self._channel, None, (), revision, about=about
            )
            await change_posts(self._posts, member, lambda posts: (*posts, note))
        await self._pace.turn()
        ts = await call()
        await change_posts(
            self._posts,
            member,
            lambda posts: tuple(
                replace(post, ts=ts) if _is_note(post, about) else post for post in posts
            ),
        )
        return True


def is_message(post: Post) -> bool:
    """Whether it is a message of ours about an approval, and not a sentence beside one."""
    return post.notifier == NAME and not post.about


def names_said(told: Told) -> frozenset[str]:
    """What was said in Slack for certain."""
    return frozenset(
        post.about
        for post in told.posts
        if post.notifier == NAME and post.about and post.ts is not None
    )


def _is_note(post: Post, about: str) -> bool:
    """Other notifiers say the same things at their own places."""
    return post.notifier == NAME and post.about == about


def check_pace(pace: Pace) -> None:
    """NotTold while Slack wants to be left alone: whoever else asks would only hear that too."""
    seconds = pace.held()
    if seconds is not None:
        raise NotTold("ratelimited", retry_after=seconds)


def not_told(trouble: SlackTrouble, pace: Pace) -> NotTold:
    """What the teller hears of it; where Slack wants to be left alone, nobody else's turn comes."""
    after = trouble.retry_after if isinstance(trouble, SlackAway) else None
    if after is not None:
        pace.hold(after)
    why = with_cure(trouble.error)
    return NotTold(why, alarm=not isinstance(trouble, SlackAway), retry_after=after)
