"""The Slack notifier: an approval's message, what is said below it, and freezes in the channel."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from approvals.freezes.model import FreezeRecord
from approvals.freezes.store import FREEZE_MEMBER
from approvals.model import Approval
from notifiers.notes import freezes_through, note_freezes
from notifiers.noting import UNHEARD, Noting
from notifiers.once import names_said
from notifiers.ports import NotTold, Posts, Story
from notifiers.slack.below import Below
from notifiers.slack.calls import Caller, Calls
from notifiers.slack.limits import OverLimit
from notifiers.slack.messages import Messages, Poster
from notifiers.slack.pace import Pace
from notifiers.slack.thread import NAME, Speaker, Thread, check_pace, not_told
from notifiers.slack.trouble import SlackTrouble
from notifiers.words.freezes import freeze_news


class Channel(Poster, Speaker, Caller, Protocol):
    """The calls to Slack that telling of approvals takes."""


class SlackPosts:
    """The screen of one channel. One task at a time tells of a member; see Teller."""

    def __init__(
        self, slack: Channel, channel: str, posts: Posts, pace: Pace, noting: Noting = UNHEARD
    ) -> None:
        """`posts` keeps what was posted, beside the record."""
        self._slack = slack
        self._channel = channel
        self._posts = posts
        self._pace = pace
        self._messages = Messages(slack, channel, posts, pace, noting)
        self._thread = Thread(slack, channel, posts, pace)
        calls = Calls(slack, channel, posts, pace)
        self._below = Below(self._thread, calls, posts, noting)

    @property
    def name(self) -> str:
        """The word its posts are stored under."""
        return NAME

    async def tell(self, story: Story) -> None:
        """Post once, update every post of it, say below what is news. See Notifier.

        People are called before the message is updated, for it says so; and again where it was
        posted just now.
        """
        check_pace(self._pace)
        with self._judging():
            draft = await self._messages.draft(story)
            if draft is not None and await self._below.call(story, draft.newest):
                draft = await self._messages.draft(story)
            if draft is None:
                return  # another gateway has told something newer
            if not draft.posts and _is_old_news(story.approval):
                await self._below.say_briefly(story)
                await self._below.say(story, None)
                return
            shown = await self._messages.put(draft)
            await self._below.say(story, shown)
            if shown is not None and await self._below.call(story, shown.ts):
                await self._show(story)

    async def show(self, story: Story) -> None:
        """Update every post of it; no call where a message already says all this. See Screen."""
        check_pace(self._pace)
        with self._judging():
            await self._show(story)

    async def tell_freezes(self, record: FreezeRecord) -> None:
        """What is frozen and thawed, each once, in the channel."""
        told = await self._posts.read_told(FREEZE_MEMBER)
        through = freezes_through(told, NAME)
        with self._judging():
            for about, text in freeze_news(record, names_said(told, NAME), through):
                await self._thread.say(FREEZE_MEMBER, about, text, revision=record.epoch)
        if through != record.epoch:
            await note_freezes(self._posts, record, NAME, self._channel)

    async def announce(self, text: str) -> None:
        """Say it in the channel, once and ahead of what is paced: somebody waits for it."""
        with self._judging():
            await self._slack.say(self._channel, text)

    async def _show(self, story: Story) -> None:
        draft = await self._messages.draft(story)
        if draft is not None:
            await self._messages.update(draft)

    @contextmanager
    def _judging(self) -> Iterator[None]:
        """What Slack did not take, as the teller hears of it."""
        try:
            yield
        except SlackTrouble as trouble:
            raise not_told(trouble, self._pace) from trouble
        except OverLimit as over:
            raise NotTold(f"over_limit: {over}", alarm=True) from over


def _is_old_news(approval: Approval) -> bool:
    """Whether it was asked of people and decided before anybody could be shown it."""
    return approval.final is not None and not approval.notice
