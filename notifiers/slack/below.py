"""What is said once below an approval's message: calls, overrides, what it could not hold."""

from typing import Final

from approvals.model import Approval
from notifiers.noting import Noting
from notifiers.ports import Posts, Story
from notifiers.slack.calls import Calls
from notifiers.slack.messages import Shown
from notifiers.slack.overflow import Overflow, parts_of
from notifiers.slack.thread import Thread
from notifiers.words.aftermath import sentences
from notifiers.words.escalating import brief
from notifiers.words.overrides import announcement
from notifiers.words.status import status_of

_DECIDED: Final = "decided"


class Below:
    """For whoever holds the member's claim. Raises SlackTrouble, OverLimit, NotTold, StoreDown."""

    def __init__(self, thread: Thread, calls: Calls, posts: Posts, noting: Noting) -> None:
        """`posts` keeps what was said."""
        self._thread = thread
        self._calls = calls
        self._posts = posts
        self._noting = noting

    async def say(self, story: Story, shown: Shown | None) -> None:
        """All but calls, each once; without a message only what cannot do without being said."""
        await self._overrides(story.approval, None if shown is None else shown.ts)
        if shown is None:
            return
        if shown.message.overflow is not None:
            await self._overflow(story.approval, shown.message.overflow, shown.ts)
        await self._what_became(story, shown.ts)

    async def call(self, story: Story, below: str | None) -> bool:
        """Whom the clock calls; whether the message must now say so."""
        if below is None or not story.escalations:
            return False
        told = await self._posts.read_told(story.approval.member)
        called = await self._calls.make(story, told, below=below)
        if called:
            self._noting.told(story.approval, "said")
        return called

    async def say_briefly(self, story: Story) -> None:
        """What was decided before anybody could be shown it: once, and nothing to click on."""
        approval, decision = story.approval, story.decision
        line = status_of(approval, decision, freezes=story.freezes).said
        text = brief(approval, story.sheet.headline, line)
        if await self._thread.say(approval.member, _DECIDED, text, revision=approval.revision):
            self._noting.told(approval, "said")

    async def _overrides(self, approval: Approval, below: str | None) -> None:
        """Each vote that was signed as an override."""
        for vote in approval.votes:
            if vote.override and await self._thread.say(
                approval.member,
                f"override {vote.choice} {vote.person}",
                announcement(approval, vote),
                revision=approval.revision,
                below=below,
            ):
                self._noting.told(approval, "said")

    async def _overflow(self, approval: Approval, overflow: Overflow, below: str) -> None:
        """What the message could not hold, in parts."""
        parts, revision = parts_of(overflow), approval.revision
        await self._thread.show(approval.member, parts, revision=revision, below=below)

    async def _what_became(self, story: Story, below: str) -> None:
        """Taken, signed, failed, not come back for; in the thread alone."""
        for about, text in sentences(story):
            if await self._thread.say(
                story.approval.member,
                about,
                text,
                revision=story.version,
                below=below,
                aside=True,
            ):
                self._noting.told(story.approval, "said")
