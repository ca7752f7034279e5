"""What the model borrows from the product: its pure decisions, with one guard or another taken out.

Records are the product's own, and a real `Ledger` without store, audit or bell says what they
amount to. They are kept in tables, so that a state of the model holds small numbers.
"""

from dataclasses import replace
from functools import cache
from typing import Any, Final

from approvals.ballots import Ballot, NotCountedCause, admit
from approvals.birth import Circumstances, born
from approvals.ledger import Ledger
from approvals.memory import Memory
from approvals.model import (
    NOTHING_NEW,
    NOTHING_REMEMBERED,
    Approval,
    Approved,
    Cause,
    Choice,
    Damaged,
    Decision,
    Frozen,
    Outcome,
    Rejected,
    Remembered,
    SlackClick,
    Today,
    Vote,
)
from approvals.model import Final as FinalFact
from approvals.parts import Parts
from approvals.policy import Policy, judge, load
from approvals.window import Window, end_attempt, next_attempt
from tests.model.state import Actor
from tests.support.requests import sample
from tests.support.world import REJECT_BIG, people

REQUEST: Final = sample("keysign_erc20_usdt").request
START: Final = 1_790_000_000_000
WINDOW: Final = Window(retry_times=1, sleep_ms=1_000, timeout_ms=4_000)
ASK: Final = '[ask]\napprovals = [{{ group = "treasury", count = {} }}]\nwithin = "30m"\n'


@cache
def policy_of(seats: int, *, refusing: bool = False) -> Policy:
    """Treasury is asked for so many; the refusing one is what another day's rules may be."""
    return load(people() + ASK.format(seats) + (REJECT_BIG if refusing else ""))


class Table:
    """Things by small numbers; 0 is none. A record is another one where its stamp is."""

    def __init__(self) -> None:
        self._numbers: dict[Any, int] = {}
        self._things: list[Any] = [None]

    def number(self, thing: Any) -> int:
        if thing is None:
            return 0
        known = (thing, getattr(thing, "stamp", ""))
        found = self._numbers.get(known)
        if found is None:
            found = self._numbers[known] = len(self._things)
            self._things.append(thing)
        return found

    def __getitem__(self, number: int) -> Any:
        return self._things[number]


class Guarded(Ledger):
    """The product's ledger, with guards taken out of what it decides."""

    def __init__(self, policy: Policy, removed: frozenset[str]) -> None:
        self.moment = START
        self.removed = removed
        nothing: Any = None
        super().__init__(
            Parts(
                store=nothing,
                after=nothing,
                outbox=nothing,
                bell=nothing,
                audit=nothing,
                freezes=nothing,
                memory=Memory(),
                policy=policy,
                windows={REQUEST.node: WINDOW},
                journals=(),
                now_ms=lambda: self.moment,
                process="",
            )
        )

    def decision_of(self, approval: Approval, today: Today) -> Decision:
        decision = super().decision_of(approval, today)
        late = approval.final is None and self.moment >= approval.deadline
        if "votes_before_deadline" in self.removed and late and isinstance(decision, Approved):
            return Rejected(Cause.TIMEOUT, "no decision in time")
        return decision


class Rules:
    """Every question that a writer asks between its read and its write."""

    def __init__(self, seats: int, moments: tuple[int, ...], removed: frozenset[str]) -> None:
        self.seats = seats
        self.moments = tuple(START + after for after in moments)
        self.removed = removed
        self.records = Table()
        self.knowledge = Table()
        self._ledgers = [
            Guarded(policy_of(seats, refusing=refusing), removed) for refusing in (False, True)
        ]
        for question in ("born", "damaged", "settled", "voted", "counted", "ended", "stamped"):
            setattr(self, question, cache(getattr(self, question)))
        for question in ("read", "learned", "supports"):
            setattr(self, question, cache(getattr(self, question)))

    def at(self, policy: int, moment: int, known: int) -> Guarded:
        """The ledger of a process that knows this, under the first policy or the second."""
        ledger = self._ledgers[policy]
        ledger.moment = self.moments[moment]
        forgotten = "memory" in self.removed
        remembered = NOTHING_REMEMBERED if forgotten or not known else self.knowledge[known]
        ledger.parts.memory._known[REQUEST.digest] = remembered
        return ledger

    def born(self, policy: int, moment: int, token: str, process: str) -> int:
        """The record of a request that nobody asked before, not final."""
        ledger = self.at(policy, moment, 0)
        findings = ledger.in_force.findings_of(REQUEST)
        verdict = judge(findings, ledger.in_force.policy)
        at = Circumstances(
            WINDOW, ledger.in_force.policy.digest, token, self.moments[moment], process
        )
        return self.records.number(born(REQUEST, findings, verdict, at))

    def damaged(self, policy: int, moment: int, known: int, record: int) -> bool:
        """Whether the record contradicts itself or what is known."""
        decision = self.at(policy, moment, known).decision_of(self.records[record], NOTHING_NEW)
        return isinstance(decision, Damaged)

    def settled(
        self,
        policy: int,
        moment: int,
        known: int,
        record: int,
        *,
        handler: bool,
        frozen: bool,
    ) -> int:
        """The record with the final fact that it asks for; itself if it asks for none.

        A handler's attempt is there to hear it, and a handler asks today's rules.
        """
        ledger, approval = self.at(policy, moment, known), self.records[record]
        changed = ledger.with_final(
            approval,
            heard=handler or "hearer" in self.removed,
            today=self._today(ledger, approval, handler=handler, frozen=frozen),
        )
        return self.records.number(changed)

    def voted(
        self,
        policy: int,
        moment: int,
        known: int,
        record: int,
        actor: Actor,
        *,
        frozen: bool,
    ) -> "tuple[NotCountedCause, None] | tuple[None, int]":
        """Why the ballot does not count; or the record with the vote, and final if that ends it."""
        ledger, approval = self.at(policy, moment, known), self.records[record]
        person, choice = actor.name, actor.choice
        click = SlackClick("T", f"U0{person.upper()}", "C", "1", "n")
        ballot = Ballot(person, choice, REQUEST.digest, "", click)
        today = self._today(ledger, approval, handler=False, frozen=frozen)
        cause = admit(
            approval,
            ballot,
            decision=ledger.decision_of(approval, today),
            electorate=ledger.in_force.policy.electorate,
            now=ledger.now(),
        )
        if cause is not None:
            return cause, None
        made = Vote(person, choice, REQUEST.digest, ledger.now(), "", click)
        changed = replace(approval, votes=(*approval.votes, made))
        heard = "hearer" in self.removed
        changed = ledger.with_final(changed, heard=heard, today=today)
        return None, self.records.number(changed)

    def _today(self, ledger: Guarded, approval: Approval, *, handler: bool, frozen: bool) -> Today:
        """A handler holds the request and always asks; others ask where the policy is another."""
        if approval.final is not None:
            return NOTHING_NEW
        same = approval.policy == ledger.in_force.policy.digest and not handler
        asked = not (same or "todays_rules" in self.removed)
        verdict = (
            judge(ledger.in_force.findings_of(REQUEST), ledger.in_force.policy) if asked else None
        )
        return Today(verdict, Frozen("1", "signing is frozen") if frozen else None)

    def counted(self, record: int, moment: int, token: str, process: str, *, beside: bool) -> int:
        """The record with this attempt in its schedule; itself if it does not count."""
        approval = self.records[record]
        began = self.moments[moment]
        attempts = next_attempt(
            approval.attempts,
            WINDOW,
            token=token,
            began=began,
            holder=process,
            others_open=beside,
        )
        if approval.final is not None or attempts is approval.attempts:
            return record
        deadline = min(approval.deadline, WINDOW.deadline(attempts))
        return self.records.number(replace(approval, attempts=attempts, deadline=deadline))

    def ended(self, record: int, began: int, moment: int) -> int:
        """The record with the end of this attempt noted; itself if it is not the latest one."""
        approval = self.records[record]
        attempts = end_attempt(
            approval.attempts, began=self.moments[began], ended=self.moments[moment]
        )
        return self.records.number(replace(approval, attempts=attempts))

    def stamped(self, record: int, over: int, nonce: str) -> int:
        """As the store writes it: the next revision under a nonce of its own."""
        new, old = self.records[record], self.records[over]
        revision = 1 if old is None else old.revision + 1
        final = new.final
        if final is not None and (old is None or old.final is None):
            final = replace(final, revision=revision)
        stamp = f"{revision}:{nonce}"
        return self.records.number(replace(new, revision=revision, final=final, stamp=stamp))

    def read(self, known: int, record: int) -> tuple[int, int]:
        """A record as a process takes it, with the earliest deadline it knows; what it knows then.

        See `Ledger.as_known`.
        """
        ledger = self.at(0, 0, known)
        approval = ledger.as_known(self.records[record])
        remembered = ledger.parts.memory.of(REQUEST.digest)
        if "memory" in self.removed:
            return record, known
        if "earlier_deadline" in self.removed:
            approval = self.records[record]
        return self.records.number(approval), self._known(remembered)

    def _known(self, remembered: Remembered | None) -> int:
        nothing = remembered is None or remembered == NOTHING_REMEMBERED
        return 0 if nothing else self.knowledge.number(remembered)

    def learned(self, known: int, record: int, *, refusals: bool, answered: bool = False) -> int:
        """What a process knows once it learned a record's final fact, or its refusals too.

        `answered` where a node is about to hear it.
        """
        memory = Memory()
        if known:
            memory._known[REQUEST.digest] = self.knowledge[known]
        approval = self.records[record]
        if approval.final is not None:
            as_answered = answered and "answered_stays" not in self.removed
            learn = memory.learn_answered if as_answered else memory.learn_final
            learn(REQUEST.digest, approval.final)
        else:
            memory.learn_deadline(REQUEST.digest, approval.deadline)
        for vote in approval.votes if refusals else ():
            if vote.choice is Choice.REJECT:
                memory.learn_refusal(vote)
        return self._known(memory.of(REQUEST.digest))

    def deadline(self, known: int) -> int:
        """The earliest deadline that a process knows; far away if it knows none."""
        remembered: Remembered | None = self.knowledge[known]
        if remembered is None or remembered.deadline is None:
            return self.moments[-1] + 10**9
        return remembered.deadline

    def final(self, record: int) -> FinalFact | None:
        """The final fact of a record."""
        approval: Approval | None = self.records[record]
        return None if approval is None else approval.final

    def outcome(self, record: int) -> str:
        """APPROVE or REJECT; empty where it is not final."""
        final = self.final(record)
        return "" if final is None else str(final.outcome)

    def says_yes(self, record: int) -> bool:
        """Whether it is a final APPROVE."""
        return self.outcome(record) == Outcome.APPROVE

    def told(self, record: int) -> str:
        """The outcome of a final record, a refusal with its cause."""
        final = self.final(record)
        cause = None if final is None else final.cause
        return self.outcome(record) + (f" ({cause})" if cause else "")

    def supports(self, record: int, before: int) -> bool:
        """By a count of the model's own: enough approvals before that moment, and no refusal."""
        approval: Approval = self.records[record]
        approvers = {
            vote.person
            for vote in approval.votes
            if vote.choice is Choice.APPROVE and vote.at < min(before, approval.deadline)
        }
        refused = any(vote.choice is Choice.REJECT for vote in approval.votes)
        return len(approvers) >= self.seats and not refused


def remembers_refusal(remembered: Remembered | None) -> bool:
    """Whether a process knows of a no."""
    if remembered is None:
        return False
    final = remembered.final
    return bool(remembered.refusals) or (final is not None and final.outcome is Outcome.REJECT)
