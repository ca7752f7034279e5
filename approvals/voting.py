"""The people's side: a ballot in; stored, or a private sentence saying why not."""

from dataclasses import dataclass, replace

from approvals.ballots import SENTENCES, Ballot, NotCountedCause, admit
from approvals.codec import DamagedRecord
from approvals.events import BallotRefused, Event, Finalized, Overridden, Voted
from approvals.ledger import Ledger, lists_of
from approvals.model import Approval, Choice, Decision, SlackClick, Today, Vote
from approvals.swapping import Swapped


@dataclass(frozen=True, slots=True)
class Counted:
    """The vote is stored, and this is what the record amounts to with it."""

    approval: Approval
    decision: Decision


@dataclass(frozen=True, slots=True)
class NotCounted:
    """Nothing changed. `sentence` is for the person alone."""

    cause: NotCountedCause
    sentence: str
    approval: Approval | None


class Voting:
    """Stores ballots that count; audits those that do not."""

    def __init__(self, ledger: Ledger) -> None:
        """Votes change records of this ledger."""
        self._ledger = ledger

    async def vote(self, member: str, ballot: Ballot) -> Counted | NotCounted:
        """Store a ballot if it counts. StoreDown if it is unknown whether it was stored."""
        ledger = self._ledger
        try:
            approval = await ledger.read(member)
        except DamagedRecord as damage:
            ledger.alarm("damaged", member, str(damage))
            return await self._not_counted(NotCountedCause.DAMAGED, member, ballot, None)
        if approval is None:
            if ledger.parts.memory.revision_of(ballot.digest):
                ledger.alarm("record_vanished", member, "somebody voted on it, and it is gone")
            return await self._not_counted(NotCountedCause.NOT_FOUND, member, ballot, None)
        tried: Vote | None = None
        while tried is None or tried not in approval.votes:
            today = await ledger.in_force.today(approval)
            now, cause = self._let_in(approval, ballot, today)
            if cause is not None:
                return await self._not_counted(cause, member, ballot, approval)
            tried = _vote(ballot, now)
            changed = replace(approval, votes=(*approval.votes, tried))
            changed = ledger.with_final(changed, heard=False, today=today)
            lists = lists_of(changed, tell_at=ledger.now())
            done = await ledger.fact(approval, changed, lists)
            approval = done.approval
            if isinstance(done, Swapped):
                break
        return await self._counted(approval, tried)

    async def would_count(self, approval: Approval, ballot: Ballot) -> NotCountedCause | None:
        """Why a ballot would not count now, or None: asked before a person is bothered."""
        _, cause = self._let_in(approval, ballot, await self._ledger.in_force.today(approval))
        return cause

    async def refuse(self, member: str, person: str | None, cause: str, via: str) -> None:
        """Audit a click that never became a ballot (wrong channel, unknown person)."""
        event = BallotRefused(self._ledger.now(), member, person, cause, via)
        self._ledger.note(event)
        await self._ledger.audit_or_alarm(member, event)

    def _let_in(
        self, approval: Approval, ballot: Ballot, today: Today
    ) -> tuple[int, NotCountedCause | None]:
        """When it was looked at (Unix ms), which is what it is stamped with, and why not, if so.

        One moment for both: let in before the deadline and stamped after it, a vote would be
        stored, called counted, and count for nothing.
        """
        decision = self._ledger.decision_of(approval, today)
        electorate, now = self._ledger.in_force.policy.electorate, self._ledger.now()
        return now, admit(approval, ballot, decision=decision, electorate=electorate, now=now)

    async def _counted(self, approval: Approval, vote: Vote) -> Counted:
        ledger = self._ledger
        kind = Overridden if vote.override else Voted
        events: list[Event] = [kind(ledger.now(), approval, vote)]
        if vote.choice is Choice.REJECT:
            ledger.parts.memory.learn_refusal(vote)
        if approval.final is not None:
            ledger.parts.memory.learn_final(approval.digest, approval.final)
            events.append(Finalized(ledger.now(), approval))
        for event in events:
            ledger.note(event)
        await ledger.audit_or_alarm(approval.member, *events)
        newest = await ledger.newest(approval)
        return Counted(newest, ledger.decision_of(newest, await ledger.in_force.today(newest)))

    async def _not_counted(
        self, cause: NotCountedCause, member: str, ballot: Ballot, approval: Approval | None
    ) -> NotCounted:
        via = "slack" if isinstance(ballot.evidence, SlackClick) else "ssh"
        await self.refuse(member, ballot.person, cause, via)
        return NotCounted(cause, SENTENCES[cause], approval)


def _vote(ballot: Ballot, at: int) -> Vote:
    return Vote(
        person=ballot.person,
        choice=ballot.choice,
        digest=ballot.digest,
        at=at,
        reason=ballot.reason,
        evidence=ballot.evidence,
        override=ballot.override,
    )
