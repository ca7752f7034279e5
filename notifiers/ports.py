"""What this room needs of the approval service and its outbox; small, so that a test can be one."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from approvals.acquaintance import Remark
from approvals.aftermath.doubts import Doubts
from approvals.aftermath.facts import NOTHING_AFTER, After
from approvals.ballots import Ballot, NotCountedCause
from approvals.electorate import Electorate, Person
from approvals.findings import Address, Findings
from approvals.freezes.model import Freeze, FreezeRecord
from approvals.freezes.outcomes import NotFrozen
from approvals.model import Approval, Decision, Evidence
from approvals.request import Request
from approvals.told import Told
from approvals.voting import Counted, NotCounted
from notifiers.schedule import Due, Said, Urgency
from notifiers.words.sheet import Sheet


class Directory(Protocol):
    """Who people are and what addresses are called: the policy in force."""

    @property
    def electorate(self) -> Electorate:
        """Who is who, and who is on call."""
        ...

    def person_by_slack(self, user: str) -> Person | None:
        """Who clicks as this Slack user id."""
        ...

    def label_of(self, address: Address, chain: str | None) -> str | None:
        """The list that an address is in."""
        ...


class Freezes(Protocol):
    """What is frozen. Its calls raise StoreDown."""

    async def look(self) -> FreezeRecord:
        """The record as it is stored now."""
        ...

    async def freeze(
        self,
        *,
        wallet: str | None,
        source: str | None,
        person: str,
        reason: str,
        evidence: Evidence,
        electorate: Electorate,
        last_ended: str | None = None,
    ) -> Freeze | NotFrozen:
        """Stop one wallet, one source, or everything. ThawedSince: not by a form this old."""
        ...


class Doubting(Protocol):
    """What nodes did without our yes, kept until people were told.

    Its calls raise StoreDown, but for `said` and `alone`.
    """

    async def judge(self) -> Doubts:
        """Raise the alarms that are due; everything that people must be told of."""
        ...

    async def said(self, names: Collection[str], place: str) -> None:
        """People were told of these at a place."""
        ...

    async def kept(self) -> Doubts:
        """All that are kept."""
        ...

    async def lost(self, place: str, comes_at: Callable[[], Awaitable[float | None]]) -> bool:
        """Whether some were not told at this place, and nobody is to tell them.

        `comes_at` says when the lists have somebody tell it (Unix ms), if they do.
        """
        ...

    def alone(self) -> Doubts:
        """Those that must be told though Redis cannot be asked."""
        ...


class Approvals(Protocol):
    """The approval service. Its calls raise StoreDown and DamagedRecord."""

    @property
    def policy(self) -> Directory:
        """The policy in force."""
        ...

    @property
    def freezing(self) -> Freezes:
        """What is frozen, and how to freeze more."""
        ...

    @property
    def doubting(self) -> Doubting:
        """What nodes did without our yes."""
        ...

    async def after_of(self, approval: Approval) -> After:
        """What is known of it after its decision."""
        ...

    def node_due(self, approval: Approval) -> int | None:
        """When its node should have asked again (Unix ms)."""
        ...

    async def vote(self, member: str, ballot: Ballot) -> Counted | NotCounted:
        """Store a ballot if it counts."""
        ...

    async def would_count(self, approval: Approval, ballot: Ballot) -> NotCountedCause | None:
        """Why a ballot would not count now."""
        ...

    async def refuse(self, member: str, person: str | None, cause: str, via: str) -> None:
        """Audit a click that never became a ballot."""
        ...

    async def read(self, member: str) -> Approval | None:
        """One record."""
        ...

    async def newest(self, approval: Approval) -> Approval:
        """The record, read again where it is older than what is known of it."""
        ...

    async def request_of(self, approval: Approval) -> Request | None:
        """The exact bytes, proved by their digest; None if they are not kept."""
        ...

    def findings_of(self, request: Request) -> Findings:
        """What the bytes do."""
        ...

    def remarks_of(self, approval: Approval, findings: Findings) -> tuple[Remark, ...]:
        """What our own records make of its destinations."""
        ...

    async def decision_of(self, approval: Approval) -> Decision:
        """What the record amounts to now."""
        ...


class Posts(Protocol):
    """What was posted about a member. Raises StoreDown and DamagedRecord."""

    async def read_told(self, member: str) -> Told:
        """What was posted so far."""
        ...

    async def write_told(self, member: str, told: Told) -> Told | None:
        """Replace what was read; None if somebody else wrote meanwhile."""
        ...


class Untold(Protocol):
    """What people must still be told at one place. Its calls raise StoreDown."""

    async def claim(self, now: int, limit: int, *, with_line: bool = False) -> tuple[str, ...]:
        """Members that are due, the most urgent first; nobody else gets them for 30 seconds.

        `with_line`: and the line about a burst.
        """
        ...

    async def settle(
        self,
        member: str,
        revision: int,
        *,
        again_at: int | None,
        told: bool = True,
        after: int | None = None,
    ) -> None:
        """Told as of `revision`, and as of that of what happened after the decision.

        `told` False: not yet, but later.
        """
        ...

    async def comes_at(self, member: str) -> float | None:
        """When somebody is to tell it here (Unix ms); None where nobody is."""
        ...

    async def again(self, member: str, at: int) -> None:
        """Tell it at that time (Unix ms), if not before; for who holds no claim."""
        ...


MOST_AFTER: Final = 1_000_000
"""Of the writes beside a record that are told apart while it stays as it is."""


@dataclass(frozen=True, slots=True)
class Story:
    """All there is to tell about an approval, as it is stored.

    `freezes` are those that stand, where one of them rejected it. `paged` makes `page`.
    `freezable`: somebody is on call, who may freeze.
    `urgency` is how much of the time that people have was over when it was put together.
    `escalations` are the calls that were due then, to people whom today's policy knows, said
    already or not; `said` those that a place made and shows; `people` is who is who. `after` is
    what is known since the decision; `overdue`: it is approved, and the node should have come
    back for that by then.
    """

    approval: Approval
    decision: Decision
    sheet: Sheet
    freezes: tuple[Freeze, ...] = ()
    paged: Callable[[], Sheet] | None = None
    freezable: bool = True
    urgency: Urgency = "early"
    escalations: tuple[Due, ...] = ()
    said: tuple[Said, ...] = ()
    people: Mapping[str, Person] = field(default_factory=dict)
    after: After = NOTHING_AFTER
    overdue: bool = False

    @property
    def page(self) -> Sheet | None:
        """The sheet with room for everything; None where `sheet` is all there is.

        Most messages hold everything, and most places show no more than a few lines: it is made
        where somebody asks for it.
        """
        return None if self.paged is None else self.paged()

    @property
    def version(self) -> int:
        """Grows with all that is stored of it; first by its record, whatever came after is lost."""
        return self.approval.revision * MOST_AFTER + min(self.after.revision, MOST_AFTER - 1)


class Notifier(Protocol):
    """A place where people are told: all of it again each time, whatever was said before.

    For whoever holds the member's claim: nobody else tells this place of it meanwhile. Raises
    NotTold, StoreDown or DamagedRecord.
    """

    @property
    def name(self) -> str:
        """The word that its posts are stored under."""
        ...

    async def tell(self, story: Story) -> None:
        """Make the place show this story, and say there what is said once."""
        ...

    async def tell_freezes(self, record: FreezeRecord) -> None:
        """Say what was not said yet of freezes and thaws."""
        ...


class Screen(Notifier, Protocol):
    """The place where approvals are read and decided: Slack, or the terminal without it."""

    async def show(self, story: Story) -> None:
        """Make what it shows already say this, and nothing more; for anybody. As `tell` raises."""
        ...

    async def announce(self, text: str) -> None:
        """Say a sentence of ours that is about no approval. Raises NotTold."""
        ...


class NotTold(Exception):  # noqa: N818 - a state of the world, not a mistake of ours
    """A place could not be told now; `alarm` where it will not pass by itself.

    `retry_after` is how many seconds the place wants to be left alone.
    """

    def __init__(self, why: str, *, alarm: bool = False, retry_after: float | None = None) -> None:
        """`why` is a short word for logs."""
        super().__init__(why)
        self.why = why
        self.alarm = alarm
        self.retry_after = retry_after
