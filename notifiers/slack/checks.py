"""Whether a click or a form means what it seems to: the first steps of `clicks`."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from approvals.model import Approval
from approvals.told import Post
from notifiers.notes import change_posts
from notifiers.ports import Approvals, Posts
from notifiers.slack.buttons import ACTS
from notifiers.slack.forms import LASTS_MS, Binding, Forms, asks_of
from notifiers.slack.modal import VIEWS
from notifiers.slack.payloads import Click, Payload, Submission, is_of_workspace
from notifiers.slack.shown import shown_of
from notifiers.slack.thread import is_message
from notifiers.slack.tokens import Token, read_token


@dataclass(frozen=True, slots=True)
class Sound:
    """A click on a button of ours, in a message that shows what we rendered, as `shown` names it.

    Of a form: the click that opened it, and the freeze that had been thawed last by then.
    """

    token: Token
    post: Post
    approval: Approval
    shown: str
    last_ended: str = ""


@dataclass(frozen=True, slots=True)
class Unsound:
    """`cause` names the check that failed; `member` what the button claims to be for."""

    cause: str
    member: str = ""


class Checks:
    """What every click and form must pass. Raises StoreDown, DamagedRecord and NotTold."""

    def __init__(
        self,
        approvals: Approvals,
        posts: Posts,
        forms: Forms,
        workspace: str,
        now_ms: Callable[[], int],
    ) -> None:
        """`workspace` is the one whose clicks count."""
        self._approvals = approvals
        self._posts = posts
        self._forms = forms
        self._workspace = workspace
        self._now = now_ms

    async def check(self, heard: Payload) -> Sound | Unsound:
        """Steps 1 to 5, in their order; the first that fails is the answer."""
        if not is_of_workspace(heard, self._workspace):  # 1
            return Unsound("other_workspace")
        if isinstance(heard, Submission):
            return await self._check_form(heard)
        token = read_token(heard.value)  # 2
        if token is None or token.act is not ACTS.get(heard.action):
            return Unsound("not_ours")
        approval, post = await self._approvals.read(token.member), await self._post(token)  # 3
        if approval is None:
            return Unsound("no_record", token.member)
        if post is None:
            return Unsound("not_ours", token.member)
        shown = shown_of(heard.blocks)
        wrong = _wrong(heard, post, shown)  # 3, 4, 5
        if wrong is not None:
            return Unsound(wrong, token.member)
        return Sound(token, await self._adopted(token.member, post, heard.ts), approval, shown)

    async def _check_form(self, heard: Submission) -> Sound | Unsound:
        """Steps 2 to 5 of a form: it is ours and this person's, and its click still stands."""
        binding = self._forms.read(heard.value)  # 2
        if binding is None or binding.token.act is not VIEWS.get(heard.callback):
            return Unsound("forged_form")
        token = binding.token
        wrong = self._wrong_form(heard, binding)
        if wrong is not None:
            return Unsound(wrong, token.member)
        post = await self._post(token)  # 3
        if post is None:
            return Unsound("forged_form", token.member)
        approval = await self._approvals.read(token.member)
        if approval is None:
            return Unsound("no_record", token.member)
        if post.ts is not None and post.ts != binding.ts:  # 4
            return Unsound("stale_message", token.member)
        if binding.shown not in post.shown:  # 5
            return Unsound("other_facts", token.member)
        post = replace(post, ts=binding.ts)
        return Sound(token, post, approval, binding.shown, binding.last_ended)

    def _wrong_form(self, heard: Submission, binding: Binding) -> str | None:
        if heard.user != binding.user:
            return "other_person"
        if abs(self._now() - binding.at) > LASTS_MS:
            return "old_form"
        return None if asks_of(heard.blocks) == binding.asks else "other_form"

    async def _post(self, token: Token) -> Post | None:
        told = await self._posts.read_told(token.member)
        ours = (post for post in told.posts if is_message(post))
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


def _wrong(click: Click, post: Post, shown: str) -> str | None:
    """Whether the click came from our message, as we rendered it."""
    if click.channel != post.channel:
        return "other_channel"
    if click.posted_by and click.app != click.posted_by:
        return "not_ours"
    if not click.ts or (post.ts is not None and click.ts != post.ts):
        return "stale_message"
    return None if shown in post.shown else "other_facts"
