"""What people were told about an approval: kept so that every post can be found and updated."""

import json
from dataclasses import dataclass

from approvals.codec import DamagedRecord
from approvals.plain import to_json


@dataclass(frozen=True, slots=True)
class Post:
    """One message. `nonce` is stored before it is posted and sits in its buttons.

    `ts` is Slack's id of the message, None until known. `shown` are the SHA-256s, hex, over the
    texts of its latest renderings, each stored before it is shown; `revision` tells how new that
    is which was shown last. `about` names what is said once, beside the message; it is empty
    for the message itself. `held_until`, Unix milliseconds, is how long whoever is about to say it
    is waited for; `at` is when it was said. A `ts` of "" means that another approval's sentence
    said it too.
    """

    nonce: str
    notifier: str
    channel: str
    ts: str | None
    shown: tuple[str, ...]
    revision: int
    about: str = ""
    held_until: int = 0
    at: int = 0


@dataclass(frozen=True, slots=True)
class Told:
    """All posts about one approval. `stamp` names the stored value this was read from."""

    posts: tuple[Post, ...]
    stamp: str = ""


def told_to_json(told: Told) -> str:
    """The posts; the stamp is part of the stored form."""
    return to_json(told.posts)


def told_from_json(body: str, stamp: str) -> Told:
    """The inverse; anything that is not ours raises DamagedRecord."""
    try:
        posts = tuple(Post(**{**post, "shown": tuple(post["shown"])}) for post in json.loads(body))
        return Told(posts=posts, stamp=stamp)
    except (KeyError, TypeError, ValueError) as error:
        raise DamagedRecord(f"not a list of posts: {type(error).__name__}") from None
