"""What is said once, beside a message that is kept up to date: an override, a freeze, a long text.

Slack remembers no ids of ours: a death between a sentence and its note (see Once), or a post of
which Slack never said how it ended, makes it appear twice. Nothing else does, and none is lost.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import Final, Protocol

from approvals.told import Post
from notifiers.once import Once
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
        self._once = Once(NAME, posts, pace.now, channel, hold_ms=0)

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
        message says too. Only for whoever holds the member's claim: two who say it at once say
        it twice.
        """
        say = partial(self._slack.say, self._channel, text, thread=below, aside=aside)
        return await self._once.say(member, about, revision, self._in_turn(say))

    async def show(self, member: str, parts: Iterable[Part], *, revision: int, below: str) -> None:
        """Post each part unless it was; only the thread holds it, not the channel.

        Gateways that call things by different names post texts of their own: not without end.
        """
        if len(self._once.said(await self._posts.read_told(member))) > MOST_SAID:
            return
        for part in parts:
            post = partial(self._slack.post, self._channel, part.text, part.blocks, thread=below)
            await self._once.say(member, part.about, revision, self._in_turn(post))

    def _in_turn(self, call: Callable[[], Awaitable[str]]) -> Callable[[str], Awaitable[str]]:
        async def send(_id: str) -> str:
            await self._pace.turn()
            return await call()

        return send


def is_message(post: Post) -> bool:
    """Whether it is a message of ours about an approval, and not a sentence beside one."""
    return post.notifier == NAME and not post.about


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
