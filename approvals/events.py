"""What happened, as data: one closed union that the audit, the log and the metrics all read."""

from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from approvals.aftermath.facts import Report
from approvals.ballots import NotCountedCause
from approvals.findings import Findings
from approvals.freezes.model import FreezeRecord, ThawVote
from approvals.model import Approval, Vote
from approvals.request import Request


@dataclass(frozen=True, slots=True)
class Asked:
    """Everything a decision rests on; written once by each process that speaks it."""

    at: int
    request: Request
    findings: Findings
    approval: Approval


@dataclass(frozen=True, slots=True)
class Attempted:
    """A node asks (again) about a recorded request."""

    at: int
    approval: Approval
    counted: bool


@dataclass(frozen=True, slots=True)
class DeadlineMoved:
    """An attempt showed that the node will hear no answer as late as was thought.

    `old` and `new` are Unix milliseconds, and `new` is the earlier one.
    """

    at: int
    node: str
    request_id: str
    digest: str
    old: int
    new: int


@dataclass(frozen=True, slots=True)
class Voted:
    """A vote was stored."""

    at: int
    approval: Approval
    vote: Vote


@dataclass(frozen=True, slots=True)
class Overridden:
    """A vote to decide in place of the seats was stored: it stands apart from ordinary votes."""

    at: int
    approval: Approval
    vote: Vote


@dataclass(frozen=True, slots=True)
class BallotRefused:
    """Somebody wanted to vote and the vote did not count. `person` is None if unknown."""

    at: int
    member: str
    person: str | None
    cause: NotCountedCause | str
    via: str


@dataclass(frozen=True, slots=True)
class Finalized:
    """A final fact was stored."""

    at: int
    approval: Approval


@dataclass(frozen=True, slots=True)
class Learned:
    """Another gateway refused this or made it final: kept here too, whatever Redis forgets."""

    at: int
    approval: Approval


@dataclass(frozen=True, slots=True)
class Answered:
    """A final decision is about to be signed for the node's attempt with this token."""

    at: int
    approval: Approval
    token: str
    took_ms: int


TellHow: TypeAlias = Literal["posted", "updated", "said"]
"""`posted`: shown at a place for the first time; `updated`: what it showed was replaced there."""


@dataclass(frozen=True, slots=True)
class PlaceTold:
    """A place took what people read of an approval. No evidence, so it is not in the audit.

    `after_ms`: so long after it was asked.
    """

    at: int
    node: str
    request_id: str
    digest: str
    place: str
    how: TellHow
    after_ms: int


@dataclass(frozen=True, slots=True)
class PlaceNotTold:
    """A place could not be told of an approval; it is tried again. `why` is a short word."""

    at: int
    node: str
    request_id: str
    digest: str
    place: str
    why: str


@dataclass(frozen=True, slots=True)
class AnswerTaken:
    """A node's open connection took the answer that people gave, to its end."""

    at: int
    node: str
    request_id: str
    digest: str


@dataclass(frozen=True, slots=True)
class NodeReported:
    """A node's own event notification, before it is acted on.

    `request_id` and `digest` are those of the record that it was matched with; without one,
    `request_id` is what the report says and `digest` is empty. `agrees`: see `Reported`.
    `suspected` is the alarm that it was then, if it was one: time may clear it up.
    """

    at: int
    node: str
    request_id: str
    digest: str
    report: Report
    agrees: bool | None
    suspected: str = ""


@dataclass(frozen=True, slots=True)
class EventUnreadable:
    """A node's signed event of which nothing can be made. `what` is its type, if that is known."""

    at: int
    node: str
    token: str
    what: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Malformed:
    """A verified token whose package is no CallbackRequest: answered with status 10."""

    at: int
    node: str
    token: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Pinged:
    """A node's heartbeat."""

    at: int
    node: str


@dataclass(frozen=True, slots=True)
class TokenRefused:
    """A caller whose JWT does not verify."""

    at: int
    reason: str


@dataclass(frozen=True, slots=True)
class Unanswered:
    """An attempt got no answer: the connection was dropped without a byte, or the node left.

    `token` is the attempt's, as in `Answered`.
    """

    at: int
    node: str
    request_id: str
    reason: str
    token: str


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that a person must look at: damage, a conflict, too many open approvals."""

    at: int
    what: str
    member: str
    detail: str


@dataclass(frozen=True, slots=True)
class AlarmOver:
    """What an alarm was about is so no more; `detail` says what it was."""

    at: int
    what: str
    detail: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """A part that we depend on failed or came back: `down` says which."""

    at: int
    part: str
    down: bool
    detail: str


@dataclass(frozen=True, slots=True)
class PolicyChanged:
    """Another policy comes into force: audited, then told, then used.

    `old` and `new` are digests; they are equal where only files that the policy names changed.
    `via` says who asked: `signal` or `operator`. Counts are of the new policy.
    """

    at: int
    old: str
    new: str
    via: str
    rules: int
    people: int
    default: str
    warnings: int


@dataclass(frozen=True, slots=True)
class PolicyKept:
    """A change that the audit has as a PolicyChanged did not happen: `old` stays in force."""

    at: int
    old: str
    new: str
    via: str
    why: str


FreezeWhat: TypeAlias = Literal[
    "begun", "frozen", "thawing", "thaw_voted", "thawed", "lost", "learned"
]


@dataclass(frozen=True, slots=True)
class FreezeChanged:
    """What is frozen, after a change: `record` is all of it. `person` is who changed it.

    `learned`: another gateway did. `lost`: the stored record could not be believed. `thawing`
    comes before the change, with the `vote` that is about to be stored.
    """

    at: int
    what: FreezeWhat
    person: str | None
    record: FreezeRecord
    vote: ThawVote | None = None


@dataclass(frozen=True, slots=True)
class HeadSigned:
    """The audit's newest entry was signed. `head` is a text to keep where nobody can change it.

    `why` is `start`, `entries` (so many since the last), `rotation` (a new file) or `stop`.
    """

    at: int
    chain: str
    seq: int
    head: str
    why: str


Event: TypeAlias = (
    Asked
    | Attempted
    | DeadlineMoved
    | Voted
    | Overridden
    | BallotRefused
    | Finalized
    | Learned
    | Answered
    | PlaceTold
    | PlaceNotTold
    | AnswerTaken
    | NodeReported
    | EventUnreadable
    | Malformed
    | Pinged
    | TokenRefused
    | Unanswered
    | Alarm
    | AlarmOver
    | Trouble
    | PolicyChanged
    | PolicyKept
    | FreezeChanged
    | HeadSigned
)


class Journal(Protocol):
    """Somebody who wants to know what happens: the log, the metrics."""

    def note(self, event: Event) -> None:
        """Take notice; must not fail and must not wait."""
