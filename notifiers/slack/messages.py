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
from dataclasses import dataclass, replace
from typing import Final, Protocol

from approvals.recent import Recent
from approvals.told import Post
from notifiers.notes import change_posts
from notifiers.noting import Noting
from notifiers.ports import Posts, Story
from notifiers.slack.blocks import Message
from notifiers.slack.draft import Draft, draft_of, message_of, rendered
from notifiers.slack.limits import Json
from notifiers.slack.pace import Pace
from notifiers.slack.thread import NAME, is_message
from notifiers.slack.trouble import MessageGone, SlackTrouble

MOST_UNKNOWN: Final = 5
"""Posts whose `ts` nobody learned; after that many the last nonce is used again."""

_FACES_KEPT: Final = 2_000


class Poster(Protocol):
    """The calls to Slack that showing an approval takes."""

    async def post(
        self, channel: str, text: str, blocks: Sequence[Json], *, thread: str | None = None
    ) -> str:
        """Post; returns the `ts`."""
        ...

    async def update(self, channel: str, ts: str, text: str, blocks: Sequence[Json]) -> None:
        """Replace a message."""
        ...


@dataclass(frozen=True, slots=True)
class Shown:
    """A message as it stands in the channel; `ts` is Slack's id of it."""

    ts: str
    message: Message


class Messages:
    """The messages of one channel. Raises SlackTrouble, OverLimit and what a store does."""

    def __init__(
        self, slack: Poster, channel: str, posts: Posts, pace: Pace, noting: Noting
    ) -> None:
        """`posts` keeps what was posted, beside the record."""
        self._slack = slack
        self._channel = channel
        self._posts = posts
        self._pace = pace
        self._noting = noting
        self._surely_unsent: set[str] = set()
        self._faces: Recent[str, tuple[str, int]] = Recent(_FACES_KEPT)

    async def draft(self, story: Story) -> Draft | None:
        """Render it, and note what the messages are about to say: a click may come at once.

        None where another gateway has told something newer.
        """
        member = story.approval.member
        draft = draft_of(story, await self._posts.read_told(member))

        def note(post: Post) -> Post:
            message = draft.messages.get(post.nonce)
            if message is None or post.revision > story.version:
                return post
            return rendered(post, message)

        if tuple(map(note, draft.told.posts)) != draft.told.posts:
            told = await change_posts(self._posts, member, lambda posts: tuple(map(note, posts)))
            if any(is_message(post) and post.nonce not in draft.messages for post in told.posts):
                return await self.draft(story)  # another gateway has posted meanwhile
            draft = replace(draft, told=told)
        return None if draft.is_outdated else draft

    async def put(self, draft: Draft) -> Shown | None:
        """Update what was posted; post where nothing is left. None where none is wanted.

        A message that somebody deleted comes back while people are needed, and not after.
        """
        shown = await self.update(draft)
        if shown is not None:
            return shown
        deleted_by_hand = draft.newest is not None
        if deleted_by_hand and draft.story.approval.final is not None:
            return None
        return await self._post(draft)

    async def update(self, draft: Draft) -> Shown | None:
        """Update what was posted; the newest that stands, None where none does."""
        updated = [await self._update(draft, post) for post in draft.posts if post.ts is not None]
        left = [post for post in updated if post is not None]
        await self._keep(draft, left)
        if not left or left[-1].ts is None:
            return None
        return Shown(left[-1].ts, draft.messages[left[-1].nonce])

    async def _update(self, draft: Draft, post: Post) -> Post | None:
        """The post as it shows now; None where the message was deleted.

        What we showed last is there still only if the stored revision is the one we showed: other
        gateways show messages too, and one that was slow may have put an older text over ours.
        """
        assert post.ts is not None  # noqa: S101 - for the type checker; the caller chose these
        story, message = draft.story, draft.messages[post.nonce]
        face = message.face
        if self._faces.get(post.nonce) != (face, post.revision):
            await self._pace.turn()
            try:
                await self._slack.update(post.channel, post.ts, message.text, message.blocks)
            except MessageGone:
                return None
            self._noting.told(story.approval, "updated")
        self._faces[post.nonce] = (face, story.version)
        return replace(post, revision=story.version)

    async def _post(self, draft: Draft) -> Shown:
        story = draft.story
        post, message = await self._announced(draft)
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
            story.approval.member,
            lambda posts: tuple(
                replace(kept, ts=ts) if kept.nonce == post.nonce else kept for kept in posts
            ),
        )
        return Shown(ts, message)

    async def _announced(self, draft: Draft) -> tuple[Post, Message]:
        """Step 1: a stored nonce, new unless one is known to have never reached Slack."""
        story = draft.story
        unknown = [post for post in draft.posts if post.ts is None]
        unsent = [post for post in unknown if post.nonce in self._surely_unsent]
        again = unsent or (unknown if len(unknown) >= MOST_UNKNOWN else [])
        if again:
            post, message = again[-1], draft.messages[again[-1].nonce]
        else:
            nonce = secrets.token_urlsafe(16)
            post, message = Post(nonce, NAME, self._channel, None, (), 0), message_of(story, nonce)
        post = rendered(replace(post, revision=story.version), message)
        await change_posts(
            self._posts,
            story.approval.member,
            lambda posts: (*(kept for kept in posts if kept.nonce != post.nonce), post),
        )
        self._surely_unsent.discard(post.nonce)
        return post, message

    async def _keep(self, draft: Draft, left: Sequence[Post]) -> None:
        """Store what the updates changed; a `ts` that a click taught us meanwhile stays.

        Compared with what is stored by now: another gateway may have shown something newer, over
        which we put ours.
        """
        member = draft.story.approval.member
        told = await self._posts.read_told(member)
        now = {post.nonce: post for post in left}
        gone = {post.nonce for post in draft.posts if post.ts is not None} - set(now)
        if gone or any(now.get(post.nonce, post) != post for post in told.posts):
            await change_posts(
                self._posts,
                member,
                lambda posts: tuple(
                    now.get(post.nonce, post) for post in posts if post.nonce not in gone
                ),
            )
