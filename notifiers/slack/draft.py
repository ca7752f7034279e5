"""A story as Slack will show it: rendered once for each message, and handed on from there."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from approvals.told import Post, Told
from notifiers.ports import Story
from notifiers.slack.blocks import Message, render
from notifiers.slack.thread import is_message
from notifiers.slack.tokens import Act, Token
from notifiers.words.escalating import calls_made

RENDERINGS_KEPT: Final = 16
"""Of one message: a click on an older one is answered with the newest, and counts no more."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A story with the calls that were made, for the messages say them too.

    `told` is what is stored about it; `messages` are its messages, by the nonce of their post.
    """

    story: Story
    told: Told
    messages: Mapping[str, Message]

    @property
    def posts(self) -> tuple[Post, ...]:
        """Those of its messages, oldest first."""
        return tuple(post for post in self.told.posts if post.nonce in self.messages)

    @property
    def newest(self) -> str | None:
        """The `ts` of the message that a thread hangs on; None where none is known."""
        return next((post.ts for post in reversed(self.posts) if post.ts is not None), None)

    @property
    def is_outdated(self) -> bool:
        """Whether another gateway has shown something newer."""
        return any(post.revision > self.story.version for post in self.posts)


def draft_of(story: Story, told: Told) -> Draft:
    """Render it for every message that was posted, or may have been."""
    story = replace(story, said=calls_made(told))
    nonces = [post.nonce for post in told.posts if is_message(post)]
    return Draft(story, told, {nonce: message_of(story, nonce) for nonce in nonces})


def message_of(story: Story, nonce: str) -> Message:
    """The message of a story whose buttons carry this nonce."""
    approval = story.approval

    def token(act: Act) -> str:
        return Token(nonce, approval.member, approval.digest, act).encode()

    return render(story, token)


def rendered(post: Post, message: Message) -> Post:
    """The post with one more rendering that is ours, the newest last."""
    kept = [one for one in post.shown if one != message.shown]
    return replace(post, shown=(*kept, message.shown)[-RENDERINGS_KEPT:])
