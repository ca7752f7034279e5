"""The record of an approval and its parts. Facts only grow: attempts, votes, final."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, TypeAlias


class Choice(StrEnum):
    """What a person said. A vote only ever moves towards no: none, approve, reject."""

    APPROVE = "approve"
    REJECT = "reject"


class Outcome(StrEnum):
    """The two actions of a CallbackResponse (protocol section 1.4)."""

    APPROVE = "APPROVE"
    REJECT = "REJECT"


class Cause(StrEnum):
    """Why a request was refused: the word before the colon in a CallbackResponse's `error`."""

    RULE = "rule"
    PEOPLE = "people"
    PERSON = "person"
    TIMEOUT = "timeout"
    CONTRADICTION = "contradiction"
    CONFLICT = "conflict"
    FROZEN = "frozen"
    UNSUPPORTED = "unsupported"
    MALFORMED = "malformed"


Strength: TypeAlias = Literal["any", "ssh"]

ReasonFor: TypeAlias = Literal["none", "approve", "reject", "both"]


@dataclass(frozen=True, slots=True)
class Need:
    """`count` distinct approvals by `people` of `group`; the initiator is already taken out."""

    group: str
    count: int
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Override:
    """Who may decide in place of the seats: so many of `people`, by votes signed as overrides."""

    group: str
    people: tuple[str, ...]
    approve: int
    reject: int


@dataclass(frozen=True, slots=True)
class Escalation:
    """Who is called besides, where an approval still waits `after_ms` after it was asked."""

    group: str
    people: tuple[str, ...]
    after_ms: int


@dataclass(frozen=True, slots=True)
class RuleAnswer:
    """One rule's say about a request: only those that matched, or could not tell."""

    id: str
    why: str
    effect: Literal["approve", "ask", "reject"]
    answer: Literal["yes", "unknown"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules say. `needs`, `within_ms`, `strength` and `reason` matter only for an ask.

    `reason` are the choices that do not count without one. `override` is who may decide instead;
    `escalations` are who is called where that takes long, the earliest first.
    `barred` are the people who initiated the request and so may not approve it;
    `initiator_known` is False where no person claims the initiator, so that separation of duty
    was not checked. `cause` and `sentence` say why a reject is one.
    """

    effect: Literal["approve", "ask", "reject"]
    rules: tuple[RuleAnswer, ...] = ()
    needs: tuple[Need, ...] = ()
    within_ms: int = 0
    strength: Strength = "any"
    barred: tuple[str, ...] = ()
    initiator_known: bool = True
    cause: Cause | None = None
    sentence: str = ""
    reason: ReasonFor = "none"
    override: Override | None = None
    escalations: tuple[Escalation, ...] = ()


@dataclass(frozen=True, slots=True)
class SlackClick:
    """Evidence of a click: the ids Slack signed, and the nonce of the message it came from."""

    workspace: str
    user: str
    channel: str
    ts: str
    nonce: str


@dataclass(frozen=True, slots=True)
class SshSignature:
    """Evidence of a terminal vote: the armored SSHSIG, the statement it signs, the key's print."""

    key: str
    signature: str
    statement: str


Evidence: TypeAlias = SlackClick | SshSignature


@dataclass(frozen=True, slots=True)
class Vote:
    """One person's say on one digest. `at` is Unix milliseconds, stamped where it was stored.

    `override`: it was signed as one, and counts among those who may decide in place of the seats.
    """

    person: str
    choice: Choice
    digest: str
    at: int
    reason: str
    evidence: Evidence
    override: bool = False


@dataclass(frozen=True, slots=True)
class Attempts:
    """What we saw of the node's attempts (protocol section 2; the schedule is in `window`).

    `number` counts from 0 and includes attempts that must have failed while nobody listened.
    `holder` names the process that held the latest one. `tokens` are short digests of the JWTs
    seen, oldest first. Times are Unix milliseconds; `ended` is None until the end was seen.
    """

    number: int
    began: int
    ended: int | None
    holder: str
    tokens: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Final:
    """The one fact that ends an approval; never changed. `revision` is the one it was added at."""

    outcome: Outcome
    cause: Cause | None
    sentence: str
    at: int
    revision: int
    policy: str


@dataclass(frozen=True, slots=True)
class Brief:
    """What a list says of a request whose bytes are not kept. People read it, nothing rests on it.

    `headline` is what they would have read first, and `verified` whether all checks agreed then.
    The others are what Cobo called the wallet: its id, its name, and the id in the transaction;
    empty where it did not.
    """

    headline: str
    verified: bool
    wallet_id: str = ""
    wallet_name: str = ""
    transaction_wallet_id: str = ""


@dataclass(frozen=True, slots=True)
class Approval:
    """A request's record. `conflict` marks a second body under a known request id.

    `notice` marks a refusal at birth that people are told of. `stamp` names the stored value that
    this was read from, so that a swap replaces exactly it; it is no part of the record.

    Times are Unix milliseconds. `policy` is the digest of the policy that gave the verdict.
    `answer_until` is when an approval that no attempt came for is given up. `task` is the node's
    biz_task_id, and `signs` the SHA-256 over the message hashes to be signed, hex; both are empty
    where the request has none. By them the node's own reports are matched. `brief` is None where
    the request's bytes are kept, or were.
    """

    node: str
    request_id: str
    type: int
    digest: str
    policy: str
    asked_at: int
    deadline: int
    answer_until: int
    verdict: Verdict
    attempts: Attempts
    votes: tuple[Vote, ...] = ()
    final: Final | None = None
    revision: int = 1
    conflict: bool = False
    notice: bool = False
    task: str = ""
    signs: str = ""
    brief: Brief | None = None
    stamp: str = field(default="", compare=False)

    @property
    def member(self) -> str:
        """The record's name: `node/request_id`; a conflicting body's adds 16 hex of its digest.

        A request id has no space and a node's name no slash, so names cannot collide.
        """
        name = member_of(self.node, self.request_id)
        return f"{name} {self.digest[:16]}" if self.conflict else name


def member_of(node: str, request_id: str) -> str:
    """The name of the first record under a request id."""
    return f"{node}/{request_id}"


@dataclass(frozen=True, slots=True)
class Remembered:
    """What this process's own audit knows of a digest and Redis may have forgotten.

    `deadline` is the earliest that is known of it, Unix milliseconds. `answered`: a node heard
    the final fact, or was about to.
    """

    final: Final | None = None
    refusals: tuple[Vote, ...] = ()
    deadline: int | None = None
    answered: bool = False


NOTHING_REMEMBERED = Remembered()


@dataclass(frozen=True, slots=True)
class Frozen:
    """A freeze that holds for a request: its id, and a sentence without anybody's name."""

    freeze: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Today:
    """What holds now and may not have held when the record was made.

    `verdict` is that of the policy in force, None where it is not asked. Both can only refuse.
    `under` names the record of freezes that was looked at: a final APPROVE is written under it.
    """

    verdict: Verdict | None = None
    frozen: Frozen | None = None
    under: str = ""


NOTHING_NEW = Today()


@dataclass(frozen=True, slots=True)
class SeatsLeft:
    """Progress of one need: `missing` more approvals are wanted from any of `people`."""

    group: str
    count: int
    missing: int
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pending:
    """Still waiting for people. `override`: who could decide in their place, and how many more."""

    seats: tuple[SeatsLeft, ...]
    deadline: int
    override: SeatsLeft | None = None


@dataclass(frozen=True, slots=True)
class Approved:
    """The verdict or the votes suffice. Nothing is signed before it is final.

    `override`: `by` decided in place of the people that the rules name.
    """

    by: tuple[str, ...]
    sentence: str
    override: bool = False


@dataclass(frozen=True, slots=True)
class Rejected:
    """Refused. `by` names the person where one refused; it never travels to the node."""

    cause: Cause
    sentence: str
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Damaged:
    """The record contradicts itself: it gives no answer, and an alarm."""

    why: str


Decision: TypeAlias = Pending | Approved | Rejected | Damaged
