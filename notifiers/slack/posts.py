"""One Slack message per approval, kept as the record stands: posted once, then updated.

The order is what a crash between any two steps can be repaired from:
1. a nonce is stored before the post that carries it, and what a message will say before it does;
2. the message is posted;
3. its `ts` is stored.
A death after 2 leaves a nonce without a `ts`. Nobody knows whether that message is there, so the
next telling posts another one under a nonce of its own; whoever clicks on the first is heard all
the same, and from then on both are updated.
"""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Protocol

from approvals.freezes.model import FreezeRecord
from approvals.freezes.store import FREEZE_MEMBER
from approvals.model import Approval
from approvals.recent import Recent
from approvals.told import Post, Told
from notifiers.notes import change_posts, freezes_through, note_freezes
from notifiers.noting import UNHEARD, Noting
from notifiers.ports import NotTold, Posts, Story
from notifiers.slack.blocks import Message, render
from notifiers.slack.calls import Calls
from notifiers.slack.limits import Json, OverLimit
from notifiers.slack.overflow import parts_of
from notifiers.slack.pace import Pace
from notifiers.slack.thread import (
    NAME,
    Thread,
    check_pace,
    is_message,
    names_said,
    not_told,
)
from notifiers.slack.tokens import Act, Token
from notifiers.slack.trouble import MessageGone, SlackTrouble
from notifiers.words.aftermath import sentences
from notifiers.words.escalating import brief, calls_made
from notifiers.words.freezes import freeze_news
from notifiers.words.overrides import announcement
from notifiers.words.status import status_of

MOST_UNKNOWN: Final = 5
"""Posts whose `ts` nobody learned; after that many the last nonce is used again."""

RENDERINGS_KEPT: Final = 16
"""Of one message: a click on an older one is answered with the newest, and counts no more."""

_DECIDED: Final = "decided"
_FACES_KEPT: Final = 2_000


class Channel(Protocol):
    """The calls to Slack that showing an approval takes."""

    async def post(
        self, channel: str, text: str, blocks: Sequence[Json], *, thread: str | None = None
    ) -> str:
        """Post; returns the `ts`."""
        ...

    async def update(self, channel: str, ts: str, text: str, blocks: Sequence[Json]) -> None:
        """Replace a message."""
        ...

    async def say(
        self, channel: str, text: str, *, thread: str | None = None, aside: bool = False
    ) -> str:
        """Post a sentence without buttons; returns its `ts`."""
        ...

    async def call(self, channel: str, text: str, *, thread: str | None, shown: bool) -> str:
        """Post a sentence with mentions; returns its `ts`."""
        ...


class SlackPosts:
    """The Slack notifier of one channel. One task at a time tells; see Teller."""

    def __init__(
        self, slack: Channel, channel: str, posts: Posts, pace: Pace, noting: Noting = UNHEARD
    ) -> None:
        """`posts` keeps what was posted, beside the record."""
        self._slack = slack
        self._channel = channel
        self._posts = posts
        self._pace = pace
        self._noting = noting
        self._thread = Thread(slack, channel, posts, pace)
        self._calls = Calls(slack, channel, posts, pace)
        self._surely_unsent: set[str] = set()
        self._faces: Recent[str, tuple[str, int]] = Recent(_FACES_KEPT)

    @property
    def name(self) -> str:
        """The word its posts are stored under."""
        return NAME

    async def tell(self, story: Story, *, alone: bool = False) -> None:
        """Post once, update every post of it; no call where a message already says all this."""
        check_pace(self._pace)
        story, told = await self._noted(story)
        if any(is_message(post) and post.revision > story.version for post in told.posts):
            return  # another gateway has told something newer
        try:
            if alone and await self._call(story):
                story, told = await self._noted(story)
            await self._show(story, told, alone=alone)
            if alone:
                await self._tell_below(story)
        except SlackTrouble as trouble:
            raise not_told(trouble, self._pace) from trouble
        except OverLimit as over:
            raise NotTold(f"over_limit: {over}", alarm=True) from over

    async def _tell_below(self, story: Story) -> None:
        """What is said once, in the message's thread."""
        await self._tell_overrides(story.approval)
        await self._tell_overflow(story)
        await self._tell_what_became(story)
        if await self._call(story):  # the message was posted just now
            await self.tell(story)

    async def _show(self, story: Story, told: Told, *, alone: bool) -> None:
        """Update what was posted; post where nothing is left."""
        ours = [post for post in told.posts if is_message(post)]
        if not ours and _is_old_news(story.approval):
            if alone:
                await self._tell_briefly(story)
            return
        shown = [await self._update(story, post) for post in ours if post.ts is not None]
        left = [post for post in shown if post is not None]
        await self._keep(story.approval.member, ours, left)
        deleted_by_hand = len(left) < len(shown)
        if not left and not (deleted_by_hand and story.approval.final is not None):
            await self._post(story)

    async def tell_freezes(self, record: FreezeRecord) -> None:
        """What is frozen and thawed, each once, in the channel."""
        told = await self._posts.read_told(FREEZE_MEMBER)
        through = freezes_through(told, NAME)
        try:
            for about, text in freeze_news(record, names_said(told), through):
                await self._thread.say(FREEZE_MEMBER, about, text, revision=record.epoch)
        except SlackTrouble as trouble:
            raise not_told(trouble, self._pace) from trouble
        if through != record.epoch:
            await note_freezes(self._posts, record, NAME, self._channel)

    async def announce(self, text: str) -> None:
        """Say it in the channel, once and ahead of what is paced: somebody waits for it."""
        try:
            await self._slack.say(self._channel, text)
        except SlackTrouble as trouble:
            raise not_told(trouble, self._pace) from trouble

    async def _noted(self, story: Story) -> tuple[Story, Told]:
        """What was posted, with what it is about to say: a click on it may come at once.

        And the story with the calls that were made, for the message says them too.
        """
        member = story.approval.member
        told = await self._posts.read_told(member)
        story = replace(story, said=calls_made(told))

        def note(post: Post) -> Post:
            if not is_message(post) or post.revision > story.version:
                return post
            return _rendered(post, message_of(story, post.nonce).shown)

        if tuple(map(note, told.posts)) == told.posts:
            return story, told
        await change_posts(self._posts, member, lambda posts: tuple(map(note, posts)))
        return story, await self._posts.read_told(member)

    async def _update(self, story: Story, post: Post) -> Post | None:
        """The post as it shows now; None where the message was deleted.

        What we showed last is there still only if the stored revision is the one we showed: other
        gateways show messages too, and one that was slow may have put an older text over ours.
        """
        assert post.ts is not None  # noqa: S101 - for the type checker; the caller chose these
        message = message_of(story, post.nonce)
        if self._faces.get(post.nonce) != (message.face, post.revision):
            await self._pace.turn()
            try:
                await self._slack.update(post.channel, post.ts, message.text, message.blocks)
            except MessageGone:
                return None
            self._noting.told(story.approval, "updated")
        self._faces[post.nonce] = (message.face, story.version)
        return replace(post, revision=story.version)

    async def _post(self, story: Story) -> None:
        member = story.approval.member
        post, message = await self._announced(story)
        await self._pace.turn()
        try:
            ts = await self._slack.post(post.channel, message.text, message.blocks)
        except SlackTrouble as trouble:
            if trouble.done is False:
                self._surely_unsent.add(post.nonce)
            raise
        self._noting.told(story.approval, "posted")
        self._faces[post.nonce] = (message.face, post.revision)
        await change_posts(
            self._posts,
            member,
            lambda posts: tuple(
                replace(kept, ts=ts) if kept.nonce == post.nonce else kept for kept in posts
            ),
        )

    async def _announced(self, story: Story) -> tuple[Post, Message]:
        """Step 1: a stored nonce, new unless one is known to have never reached Slack."""
        member = story.approval.member
        told = await self._posts.read_told(member)
        unknown = [post for post in told.posts if is_message(post) and post.ts is None]
        unsent = [post for post in unknown if post.nonce in self._surely_unsent]
        again = unsent or (unknown if len(unknown) >= MOST_UNKNOWN else [])
        nonce = again[-1].nonce if again else secrets.token_urlsafe(16)
        message = message_of(story, nonce)
        revision = story.version
        fresh = Post(nonce, NAME, self._channel, None, (), revision)
        post = _rendered(replace(again[-1] if again else fresh, revision=revision), message.shown)
        await change_posts(
            self._posts,
            member,
            lambda posts: (*(kept for kept in posts if kept.nonce != nonce), post),
        )
        self._surely_unsent.discard(nonce)
        return post, message

    async def _tell_briefly(self, story: Story) -> None:
        """What was decided before anybody could be shown it: once, and nothing to click on."""
        approval, decision = story.approval, story.decision
        line = status_of(approval, decision, freezes=story.freezes).said
        text = brief(approval, story.sheet.headline, line)
        if await self._thread.say(approval.member, _DECIDED, text, revision=approval.revision):
            self._noting.told(approval, "said")

    async def _call(self, story: Story) -> bool:
        """Whom the clock calls, below the newest message; whether that message must now say so."""
        if not story.escalations:
            return False
        told = await self._posts.read_told(story.approval.member)
        below = [post.ts for post in told.posts if is_message(post) and post.ts is not None]
        called = bool(below) and await self._calls.make(story, told, below=below[-1])
        if called:
            self._noting.told(story.approval, "said")
        return called

    async def _tell_overrides(self, approval: Approval) -> None:
        """Each vote that was signed as an override, once, below the newest message."""
        votes = [vote for vote in approval.votes if vote.override]
        if not votes:
            return
        below = await self._newest_message(approval.member)
        for vote in votes:
            if await self._thread.say(
                approval.member,
                f"override {vote.choice} {vote.person}",
                announcement(approval, vote),
                revision=approval.revision,
                below=below,
            ):
                self._noting.told(approval, "said")

    async def _tell_overflow(self, story: Story) -> None:
        """What the message could not hold, each part once."""
        overflow = message_of(story, "").overflow
        below = None if overflow is None else await self._newest_message(story.approval.member)
        if overflow is not None and below is not None:
            parts, revision = parts_of(overflow), story.approval.revision
            await self._thread.show(story.approval.member, parts, revision=revision, below=below)

    async def _tell_what_became(self, story: Story) -> None:
        """Taken, signed, failed, not come back for: once each, and in the thread alone."""
        member, said = story.approval.member, sentences(story)
        below = await self._newest_message(member) if said else None
        if below is None:
            return
        for about, text in said:
            if await self._thread.say(
                member, about, text, revision=story.version, below=below, aside=True
            ):
                self._noting.told(story.approval, "said")

    async def _newest_message(self, member: str) -> str | None:
        """The `ts` of the message that a thread hangs on."""
        told = await self._posts.read_told(member)
        known = [post.ts for post in told.posts if is_message(post) and post.ts is not None]
        return known[-1] if known else None

    async def _keep(self, member: str, before: Sequence[Post], left: Sequence[Post]) -> None:
        """Store what the updates changed; a `ts` that a click taught us meanwhile stays.

        Compared with what is stored by now: another gateway may have shown something newer, over
        which we put ours.
        """
        told = await self._posts.read_told(member)
        now = {post.nonce: post for post in left}
        gone = {post.nonce for post in before if post.ts is not None} - set(now)
        if gone or any(now.get(post.nonce, post) != post for post in told.posts):
            await change_posts(
                self._posts,
                member,
                lambda posts: tuple(
                    now.get(post.nonce, post) for post in posts if post.nonce not in gone
                ),
            )


def _is_old_news(approval: Approval) -> bool:
    """Whether it was asked of people and decided before anybody could be shown it."""
    return approval.final is not None and not approval.notice


def _rendered(post: Post, shown: str) -> Post:
    """The post with one more rendering that is ours, the newest last."""
    kept = [one for one in post.shown if one != shown]
    return replace(post, shown=(*kept, shown)[-RENDERINGS_KEPT:])


def message_of(story: Story, nonce: str) -> Message:
    """The message of a story whose buttons carry this nonce."""
    approval = story.approval

    def token(act: Act) -> str:
        return Token(nonce, approval.member, approval.digest, act).encode()

    return render(story, token)
