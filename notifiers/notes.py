"""Notes of what was told, in every place's own name: changed by compare-and-swap."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from approvals.freezes.model import FreezeRecord
from approvals.freezes.store import FREEZE_MEMBER
from approvals.told import Post, Told
from notifiers.ports import NotTold, Posts
from notifiers.words.freezes import still_news

SWAPS: Final = 40
"""Each round somebody succeeds, and every configured place may want to note something."""

OTHERS_KEEP_WRITING: Final = "others keep writing what was posted"

_THROUGH: Final = "through"
"""What is noted under this name is no sentence, but the epoch up to which freezes were told."""


async def change_posts(
    store: Posts, member: str, change: Callable[[tuple[Post, ...]], tuple[Post, ...]]
) -> Told:
    """Read, change, swap, until nobody was faster; what is stored then."""
    for _ in range(SWAPS):
        told = await store.read_told(member)
        written = await store.write_told(member, replace(told, posts=change(told.posts)))
        if written is not None:
            return written
    raise NotTold(OTHERS_KEEP_WRITING)


def freezes_through(told: Told, notifier: str) -> int | None:
    """Up to which epoch all freezes were told at a place; None before the first time."""
    ours = (post for post in told.posts if post.notifier == notifier)
    return next((post.revision for post in ours if post.about == _THROUGH), None)


async def note_freezes(store: Posts, record: FreezeRecord, notifier: str, channel: str) -> None:
    """Note that a place was told all up to this epoch; forget its notes of what has ended."""
    through = Post("", notifier, channel, None, (), record.epoch, about=_THROUGH)

    def kept(post: Post) -> bool:
        ours = post.notifier == notifier
        return not ours or (post.about != _THROUGH and still_news(record, post.about))

    await change_posts(store, FREEZE_MEMBER, lambda posts: (through, *filter(kept, posts)))
