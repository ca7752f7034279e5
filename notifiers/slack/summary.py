"""One line in the channel while many approvals wait to be shown: how many, and what comes next."""

from collections.abc import Sequence
from typing import Final, Protocol

from approvals.codec import DamagedRecord
from approvals.decide import decide
from approvals.electorate import Electorate
from approvals.model import NOTHING_NEW, NOTHING_REMEMBERED, Approval, Pending
from approvals.told import Told
from approvals.untold import BURST_MEMBER, BURST_OVER
from approvals.wording import counted
from notifiers.notes import change_posts
from notifiers.ports import Directory, Posts
from notifiers.slack.pace import Pace
from notifiers.slack.thread import (
    Speaker,
    Thread,
    check_pace,
    is_message,
    not_told,
)
from notifiers.slack.trouble import MessageGone, SlackTrouble
from notifiers.words.readable import lasted

EVERY_MS: Final = 10_000
"""How often the line is rewritten at most."""

MOST_COUNTED: Final = 1_000
"""Records that are read to count them; of more, the line says so."""

_ABOUT: Final = "burst"


class Line(Speaker, Protocol):
    """The calls to Slack that a line in the channel takes."""

    async def resay(self, channel: str, ts: str, text: str) -> None:
        """Replace it."""
        ...


class Waiting(Protocol):
    """The approval service, as far as it knows what waits. Raises StoreDown."""

    @property
    def policy(self) -> Directory:
        """The policy in force."""
        ...

    async def open_approvals(self, limit: int) -> tuple[Approval, ...]:
        """What is not final, the nearest deadline first, each proved by its seal."""
        ...


class ManyPosts(Posts, Protocol):
    """What was posted, of many at once."""

    async def read_all_told(self, members: Sequence[str]) -> list[Told | DamagedRecord]:
        """What was posted about each, or why nobody can say."""
        ...


class Summary:
    """Tells the line; for whoever holds the claim of `BURST_MEMBER`, so never two at a time.

    Whatever a list of Redis says, counted are records whose seal verifies, and as shown those with
    a sealed note of their message.
    """

    def __init__(
        self, slack: Line, channel: str, waiting: Waiting, posts: ManyPosts, pace: Pace
    ) -> None:
        """`posts` keeps which line is ours."""
        self._slack = slack
        self._channel = channel
        self._waiting = waiting
        self._posts = posts
        self._pace = pace
        self._thread = Thread(slack, channel, posts, pace)

    async def tell(self) -> int | None:
        """Post the line or bring it up to date; when to look again (Unix ms), None at its end.

        Raises NotTold, StoreDown.
        """
        check_pace(self._pace)
        approvals = await self._those_that_wait()
        shown = await self._shown(approvals)
        told = await self._posts.read_told(BURST_MEMBER)
        ours = next((post for post in told.posts if post.about == _ABOUT), None)
        over = shown == len(approvals)
        if ours is None and len(approvals) - shown <= BURST_OVER:
            return None
        text = line_of(approvals, shown, self._pace.now())
        try:
            if ours is None or ours.ts is None:
                await self._thread.say(BURST_MEMBER, _ABOUT, text, revision=0)
            else:
                await self._rewrite(ours.ts, text)
        except SlackTrouble as trouble:
            raise not_told(trouble, self._pace) from trouble
        if over:
            await change_posts(self._posts, BURST_MEMBER, lambda _: ())
            return None
        return self._pace.now() + EVERY_MS

    async def _rewrite(self, ts: str, text: str) -> None:
        """Where somebody deleted the line it stays deleted until this burst is over."""
        await self._pace.turn()
        try:
            await self._slack.resay(self._channel, ts, text)
        except MessageGone:
            return

    async def _those_that_wait(self) -> list[Approval]:
        """Those that people can still decide, the nearest deadline first."""
        electorate, now = self._waiting.policy.electorate, self._pace.now()
        found = await self._waiting.open_approvals(MOST_COUNTED + 1)
        return [approval for approval in found if _waits(approval, electorate, now)]

    async def _shown(self, approvals: Sequence[Approval]) -> int:
        told = await self._posts.read_all_told([approval.member for approval in approvals])
        return sum(
            isinstance(each, Told)
            and any(is_message(post) and post.ts is not None for post in each.posts)
            for each in told
        )


def line_of(approvals: Sequence[Approval], shown: int, now: int) -> str:
    """`200 approvals wait for people; 37 are shown, the next deadline is in 12 min 3 s; …`."""
    number = len(approvals)
    if not number:
        return "No approval waits for people any more."
    if shown == number:
        return f"All {number:,} that wait for people are shown."
    if number > MOST_COUNTED:
        who, of = f"More than {MOST_COUNTED:,} approvals wait", " of the most urgent"
    else:
        who, of = f"{counted(number, 'approval')} wait", ""
    nearest = lasted(min(approval.deadline for approval in approvals) - now)
    return (
        f"{who} for people; {shown:,}{of} are shown, the next deadline is in {nearest};"
        " the others follow, one a second."
    )


def _waits(approval: Approval, electorate: Electorate, now: int) -> bool:
    """By its votes alone: what a freeze or today's rules end is final soon."""
    decision = decide(
        approval,
        now=now,
        electorate=electorate,
        remembered=NOTHING_REMEMBERED,
        today=NOTHING_NEW,
    )
    return isinstance(decision, Pending) and now < approval.deadline
