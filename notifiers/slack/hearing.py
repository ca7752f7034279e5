"""What hearing people takes, and what may come of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from notifiers.slack.limits import Json


class Voice(Protocol):
    """The calls to Slack that hearing people takes."""

    async def whisper(self, channel: str, user: str, text: str) -> None:
        """Say something that only this user sees."""
        ...

    async def answer(self, url: str, text: str) -> None:
        """Say it by the `response_url` of a click; only who clicked sees it."""
        ...

    async def open_view(self, trigger: str, view: Json) -> None:
        """Open a modal."""
        ...


class Refreshing(Protocol):
    """Whoever keeps messages up to date: the tellers."""

    def wake(self) -> None:
        """Something changed."""
        ...

    async def refresh(self, member: str) -> None:
        """A message of this record may be stale."""
        ...


@dataclass(frozen=True, slots=True)
class Heard:
    """What to acknowledge with (None: an empty 200), and what to do once that is sent."""

    answer: Json | None = None
    after: Callable[[], Awaitable[None]] | None = None


@dataclass(frozen=True, slots=True)
class Ineffective:
    """Nothing was stored; `sentence` is for the one who clicked, `stale` a message to refresh."""

    sentence: str
    stale: str | None = None


@dataclass(frozen=True, slots=True)
class Form:
    """The person may, and is asked why; `instead` says what to do if it does not open."""

    view: Json
    instead: str


@dataclass(frozen=True, slots=True)
class Stored:
    """The vote is in its record, or the freeze; messages follow from there.

    `member` is the record that was voted on: who clicked sees it at once, however many wait.
    """

    member: str | None = None


Result: TypeAlias = Ineffective | Form | Stored
