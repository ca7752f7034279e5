"""Everything that was seen from outside, in order: append-only, and all that the judge gets.

Times are Unix milliseconds by the machine's own clock, which no fault moves.
"""

import hashlib
import json
import time
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from gateway.simulate.attempts import Happened
from tests.chaos.rules import Kind, Scope


@dataclass(frozen=True, slots=True)
class Wished:
    """A node begins to ask for something.

    `regular`: it keeps its schedule, and signs a token for each attempt.
    """

    at: int
    case: str
    node: str
    kind: Kind
    request_id: str
    digest: str
    content: str
    regular: bool = True


@dataclass(frozen=True, slots=True)
class Asked:
    """One attempt leaves the node. `token` names its JWT as gateways do."""

    at: int
    case: str
    attempt: str
    gateway: str
    token: str


@dataclass(frozen=True, slots=True)
class Heard:
    """What became of an attempt: an answer, checked, or none."""

    at: int
    case: str
    attempt: str
    what: Happened


@dataclass(frozen=True, slots=True)
class GaveUp:
    """The node has used up its attempts; `last` are those it made last."""

    at: int
    case: str
    last: tuple[str, ...]


Via: TypeAlias = Literal["socket", "http", "desk"]


@dataclass(frozen=True, slots=True)
class Voted:
    """Somebody tries to vote. `reason` is one of a kind, "" where none is given.

    `override`: they ask to decide in place of the seats.
    """

    at: int
    case: str
    vote: str
    person: str
    choice: Literal["approve", "reject"]
    via: Via
    reason: str
    override: bool = False


Told: TypeAlias = Literal["counted", "acknowledged", "refused", "unknown"]


@dataclass(frozen=True, slots=True)
class VoteTold:
    """What the person was told of it.

    `counted`: in so many words. `acknowledged`: Slack got its 200, and a private sentence follows
    if nothing was stored. `refused`: nothing was stored, with a sentence. `unknown`: no word, or
    the word that nobody knows.
    """

    at: int
    case: str
    vote: str
    told: Told
    sentence: str


@dataclass(frozen=True, slots=True)
class Whispered:
    """A private sentence reached somebody in Slack."""

    at: int
    person: str
    sentence: str


@dataclass(frozen=True, slots=True)
class FreezeTried:
    """Somebody tries to freeze. `reason` is one of a kind; `gateway` is who takes it, if known."""

    at: int
    reason: str
    person: str
    scope: Scope
    via: str
    gateway: str | None


@dataclass(frozen=True, slots=True)
class FreezeTold:
    """What they were told of it, and the id it has, where they could learn it."""

    at: int
    reason: str
    told: Told
    freeze: str | None
    sentence: str


@dataclass(frozen=True, slots=True)
class ThawTried:
    """Somebody signs that a freeze should end; `vote` is the reason too."""

    at: int
    vote: str
    freeze: str
    person: str


@dataclass(frozen=True, slots=True)
class ThawTold:
    """What they were told of that."""

    at: int
    vote: str
    told: Told
    sentence: str


@dataclass(frozen=True, slots=True)
class FaultBegan:
    """Something breaks: at one gateway, or at all of them (None).

    `blocks`: while it lasts, decisions may be impossible.
    """

    at: int
    fault: str
    name: str
    gateway: str | None
    blocks: bool


@dataclass(frozen=True, slots=True)
class FaultEnded:
    """It is mended; `effect` counts what it visibly did."""

    at: int
    fault: str
    effect: int


@dataclass(frozen=True, slots=True)
class PolicyBegan:
    """From now on a gateway may decide by this policy."""

    at: int
    gateway: str
    policy: str


@dataclass(frozen=True, slots=True)
class PolicyEnded:
    """From now on it surely does not: the process has ended."""

    at: int
    gateway: str


@dataclass(frozen=True, slots=True)
class Fell:
    """A gateway ended though nobody ended it, or noted a bug of its own."""

    at: int
    gateway: str
    said: str


Event: TypeAlias = (
    Wished
    | Asked
    | Heard
    | GaveUp
    | Voted
    | VoteTold
    | Whispered
    | FreezeTried
    | FreezeTold
    | ThawTried
    | ThawTold
    | FaultBegan
    | FaultEnded
    | PolicyBegan
    | PolicyEnded
    | Fell
)


@dataclass
class History:
    """The record. Only `note` changes it."""

    events: list[Event] = field(default_factory=list)

    def note(self, event: Event) -> None:
        self.events.append(event)


def now() -> int:
    """The machine's clock."""
    return time.time_ns() // 1_000_000


def content_of(node: str, request_id: str, type_: int, detail: str, extra: str) -> str:
    """A name for the exact bytes of a request, which owes nothing to the product's digest."""
    parts = json.dumps([node, request_id, type_, detail, extra])
    return hashlib.sha256(parts.encode()).hexdigest()


def token_name(token: str) -> str:
    """How gateways name a JWT in their audit."""
    return hashlib.sha256(token.strip().encode()).hexdigest()[:16]
