"""What this process knows to have been refused or decided, whatever Redis says."""

from dataclasses import replace
from typing import Final

from approvals.acquaintance import Acquaintances
from approvals.freezes.model import FreezeRecord
from approvals.model import NOTHING_REMEMBERED, Approval, Outcome, Remembered, Vote
from approvals.model import Final as FinalFact
from approvals.recent import Recent
from approvals.request import Request

MOST_KEPT: Final = 1_000_000


class Memory:
    """What our own audit has of digests (final facts, refusals, deadlines) and of request ids.

    `acquaintances` are the destinations that were answered APPROVE: for display alone. `freezes`
    is the newest record of what is frozen, None where none was ever seen.

    Bounded: past a million digests the oldest are forgotten, and Redis alone speaks for them.
    """

    def __init__(self) -> None:
        """Start knowing nothing; `audit.reading.remember` fills it."""
        self._known: Recent[str, Remembered] = Recent(MOST_KEPT)
        self._contents: Recent[str, str] = Recent(MOST_KEPT)
        self._revisions: Recent[str, int] = Recent(MOST_KEPT)
        self.acquaintances = Acquaintances()
        self.freezes: FreezeRecord | None = None

    def of(self, digest: str) -> Remembered:
        """What is known of these bytes."""
        return self._known.get(digest, NOTHING_REMEMBERED)

    def contradicts(self, request: Request) -> bool:
        """Whether this request id is known to have been asked first for something else."""
        first = self._contents.get(request.request_id)
        return first is not None and first != request.content

    def learn_content(self, request_id: str, content: str) -> None:
        """Keep what a request id was first asked for, whichever node asked."""
        if request_id not in self._contents:
            self._contents[request_id] = content

    def learn_freezes(self, record: FreezeRecord) -> None:
        """Keep the newest record of what is frozen."""
        if self.freezes is None or record.epoch > self.freezes.epoch:
            self.freezes = record

    def is_ahead_of(self, approval: Approval) -> str:
        """How a record falls behind what is known of its bytes, in words; "" if it does not."""
        known, revision = self.of(approval.digest), self.revision_of(approval.digest)
        if approval.revision < revision:
            return f"revision {approval.revision} is stored, {revision} was known"
        late = known.deadline is not None and approval.deadline > known.deadline
        return "its deadline had moved earlier" if late and approval.final is None else ""

    def no_later(self, approval: Approval) -> Approval:
        """The record with the earliest deadline that is known of its bytes; nothing is learned."""
        known = self.of(approval.digest).deadline
        if approval.final is None and known is not None and known < approval.deadline:
            return replace(approval, deadline=known)
        return approval

    def learn_deadline(self, digest: str, deadline: int) -> None:
        """Keep the earliest deadline (Unix milliseconds) of an open request."""
        known = self.of(digest)
        if known.deadline is None or deadline < known.deadline:
            self._known[digest] = replace(known, deadline=deadline)

    def revision_of(self, digest: str) -> int:
        """The revision in which its record was seen last; 0 if never."""
        return self._revisions.get(digest, 0)

    def set_revision(self, digest: str, revision: int) -> None:
        """Keep the revision that is stored."""
        self._revisions[digest] = revision

    def learn_final(self, digest: str, final: FinalFact) -> None:
        """Keep the first final fact; of two that differ, what was answered, else the refusal."""
        known = self.of(digest)
        if known.final is None or (
            not known.answered
            and known.final.outcome is Outcome.APPROVE
            and final.outcome is Outcome.REJECT
        ):
            self._known[digest] = replace(known, final=final)

    def learn_answered(self, digest: str, final: FinalFact) -> None:
        """Keep what a node hears; a record that says otherwise gives no answer from then on."""
        self.learn_final(digest, final)
        known = self.of(digest)
        if known.final is not None and known.final.outcome is final.outcome:
            self._known[digest] = replace(known, answered=True)

    def learn_refusal(self, vote: Vote) -> None:
        """Keep a refusal; the digest it names is the one it refuses."""
        known = self.of(vote.digest)
        if all(vote.person != kept.person for kept in known.refusals):
            self._known[vote.digest] = replace(known, refusals=(*known.refusals, vote))
