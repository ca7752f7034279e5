"""Says something once at one place, whichever task, gateway or later process wants to.

That it is about to be said is stored first, by compare-and-swap, and for how long whoever stored it
is waited for. Then it is said, then that it was. A death in between makes the next one say it
again, once, under the same id: a receiver that remembers ids sees it once.
"""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final

from approvals.told import Post, Told
from notifiers.notes import OTHERS_KEEP_WRITING, SWAPS, change_posts
from notifiers.ports import NotTold, Posts

HOLD_MS: Final = 20_000
"""Longer than the teller gives one member, shorter than its claim."""


class Held(NotTold):
    """Somebody else is saying it now, or died doing so; `retry_after` says when to look again."""


@dataclass(frozen=True, slots=True)
class Once:
    """One notifier's notes. `now_ms` is the clock that holds are compared with.

    `hold_ms` is 0 where only whoever holds the member's claim says anything.
    """

    notifier: str
    posts: Posts
    now_ms: Callable[[], int]
    channel: str = ""
    hold_ms: int = HOLD_MS

    async def say(
        self, member: str, about: str, revision: int, send: Callable[[str], Awaitable[str]]
    ) -> bool:
        """Say it under an id, unless it was said; whether it was said now.

        `send` gives what the place calls it. Where it fails, the next may try at once.

        Raises:
            Held, or what `send` does.
        """
        note = await self._hold(member, about, revision)
        if note is None:
            return False
        try:
            ts = await send(note.nonce)
        except Exception:
            await self._change(member, about, lambda post: replace(post, held_until=0))
            raise
        await self._change(member, about, lambda post: replace(post, ts=ts, held_until=0))
        return True

    def said(self, told: Told) -> frozenset[str]:
        """What was said for certain."""
        return names_said(told, self.notifier)

    def _ours(self, post: Post) -> bool:
        return post.notifier == self.notifier

    async def _hold(self, member: str, about: str, revision: int) -> Post | None:
        """The note, ours to act on; None if it was said."""
        for _ in range(SWAPS):
            told = await self.posts.read_told(member)
            noted = next((p for p in told.posts if self._ours(p) and p.about == about), None)
            now = self.now_ms()
            if noted is not None and noted.ts is not None:
                return None
            if noted is not None and noted.held_until > now:
                raise Held("another is telling it", retry_after=(noted.held_until - now) / 1000)
            nonce = secrets.token_urlsafe(16)
            fresh = Post(nonce, self.notifier, self.channel, None, (), revision, about)
            note = replace(noted or fresh, held_until=now + self.hold_ms)
            others = tuple(post for post in told.posts if post != noted)
            if await self.posts.write_told(member, replace(told, posts=(*others, note))):
                return note
        raise NotTold(OTHERS_KEEP_WRITING)

    async def _change(self, member: str, about: str, change: Callable[[Post], Post]) -> None:
        await change_posts(
            self.posts,
            member,
            lambda posts: tuple(
                change(post) if self._ours(post) and post.about == about else post for post in posts
            ),
        )


def names_said(told: Told, notifier: str) -> frozenset[str]:
    """What was said at a place for certain."""
    return frozenset(
        post.about
        for post in told.posts
        if post.notifier == notifier and post.about and post.ts is not None
    )
