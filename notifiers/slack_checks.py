"""Whether a click means what it seems to: checks 1 to 5 of `slack_clicks`, before any vote."""

from dataclasses import dataclass, replace
from typing import Final

from approvals.model import Approval, Choice
from approvals.told import Post
from notifiers.ports import Approvals, Posts
from notifiers.slack_blocks import APPROVE, REJECT
from notifiers.slack_payloads import Click, Payload, Submission, is_of_workspace
from notifiers.slack_posts import NAME, change_posts
from notifiers.slack_shown import shown_of
from notifiers.slack_tokens import Token, read_token

CHOICES: Final = {APPROVE: Choice.APPROVE, REJECT: Choice.REJECT}

SENTENCES: Final = {
    "other_workspace": "This click came from outside our workspace, so nothing was stored.",
    "not_ours": "This button is not one that we posted, so nothing was stored.",
    "no_record": "This request is no longer stored, so nothing was stored for it.",
    "other_channel": "This click came from another channel, so nothing was stored.",
    "stale_message": "This is not the message posted for this request, so nothing was stored.",
    "other_facts": (
        "This message does not show what we rendered for this request, so nothing was stored. "
        "Look at it again; if it still says this, tell on-call."
    ),
}
"""What the one who clicked reads, by the check that failed."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A click on a button of ours, in a message that shows what we rendered."""

    token: Token
    post: Post
    approval: Approval


@dataclass(frozen=True, slots=True)
class Unsound:
    """`cause` is a key of SENTENCES; `member` what the button claims to be for."""

    cause: str
    member: str = ""


class Checks:
    """What every click must pass. Raises StoreDown, DamagedRecord and NotTold."""

    def __init__(self, approvals: Approvals, posts: Posts, workspace: str) -> None:
        """`workspace` is the one whose clicks count."""
        self._approvals = approvals
        self._posts = posts
        self._workspace = workspace

    async def check(self, heard: Payload) -> Sound | Unsound:
        """Steps 1 to 5, in their order; the first that fails is the answer."""
        if not is_of_workspace(heard, self._workspace):  # 1
            return Unsound("other_workspace")
        token = read_token(heard.value)  # 2
        wanted = CHOICES.get(heard.action) if isinstance(heard, Click) else Choice.REJECT
        if token is None or token.choice is not wanted:
            return Unsound("not_ours")
        post = await self._post(token)  # 3
        if post is None:
            return Unsound("not_ours", token.member)
        approval = await self._approvals.read(token.member)
        if approval is None:
            return Unsound("no_record", token.member)
        if isinstance(heard, Submission):
            return Sound(token, post, approval)  # the form opened only after a sound click
        wrong = _wrong(heard, post)  # 3, 4, 5
        if wrong is not None:
            return Unsound(wrong, token.member)
        return Sound(token, await self._adopted(token.member, post, heard.ts), approval)

    async def _post(self, token: Token) -> Post | None:
        told = await self._posts.read_told(token.member)
        ours = (post for post in told.posts if post.notifier == NAME)
        return next((post for post in ours if post.nonce == token.nonce), None)

    async def _adopted(self, member: str, post: Post, ts: str) -> Post:
        """Step 4: the message whose `ts` we died before we learned."""
        if post.ts is not None:
            return post

        def adopt(posts: tuple[Post, ...]) -> tuple[Post, ...]:
            return tuple(
                replace(kept, ts=ts) if kept.nonce == post.nonce and kept.ts is None else kept
                for kept in posts
            )

        await change_posts(self._posts, member, adopt)
        return replace(post, ts=ts)


def _wrong(click: Click, post: Post) -> str | None:
    """Whether the click came from our message, as we rendered it."""
    if click.channel != post.channel:
        return "other_channel"
    if click.posted_by and click.app != click.posted_by:
        return "not_ours"
    if not click.ts or (post.ts is not None and click.ts != post.ts):
        return "stale_message"
    return None if shown_of(click.blocks) in post.shown else "other_facts"
