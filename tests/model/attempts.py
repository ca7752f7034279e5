"""Attempts of the node, step by step: approvals/asking.py and approvals/arriving.py."""

from collections.abc import Iterator
from typing import Final

from approvals.model import Approval
from tests.model import watch
from tests.model.rules import WINDOW
from tests.model.state import Actor, Move, State, Step, is_frozen
from tests.model.writing import Writing, over, with_gateway

TURNS: Final = {
    "begin": "_comes",
    "find": "_finds",
    "create": "_arrives",
    "asked": "_asked",
    "count": "_arrives",
    "wait": "_waits",
    "reread": "_reads_again",
    "settle": "_settles",
    "settled": "_settled",
    "end": "_ends",
    "check": "_checks",
    "look": "_looks",
    "evidence": "_puts_on_record",
    "speak": "_signs",
}
"""What an attempt does next, by the name of its step."""


class Attempts(Writing):
    """Each is held until its record is final, it is audited, and its node hears it."""

    def _attempt(self, s: State, i: int, actor: Actor, step: Step) -> Iterator[Move]:
        yield from getattr(self, TURNS[step.next])(s, i, actor, step)

    def _comes(self, s: State, i: int, actor: Actor, step: Step) -> Iterator[Move]:
        """What is news is created at once, and creating says if it is none."""
        step = step._replace(began=s.now)
        gateway = s.gateways[actor.at]
        if gateway.memory or gateway.evidenced:
            yield from self._finds(s, i, actor, step)
        else:
            yield self._to(s, i, self._created(s, i, step), "comes")

    def _finds(self, s: State, i: int, _actor: Actor, step: Step) -> Iterator[Move]:
        s, record = self._read(s, i)
        after = self._found(s, i, step, record) if record else self._created(s, i, step)
        yield self._to(s, i, after, "reads the record")

    def _reads_again(self, s: State, i: int, _actor: Actor, step: Step) -> Iterator[Move]:
        s, record = self._read(s, i, step.record)
        damaged = self._damaged(s, i, record)
        after = over(step, "damaged") if damaged else self._propose(s, i, step, record)
        yield self._to(s, i, after, "reads the record again")

    def _settled(self, s: State, i: int, _actor: Actor, step: Step) -> Iterator[Move]:
        yield from self._audits(s, i, step._replace(next="check"), learn=True)

    def _waits(self, s: State, i: int, _actor: Actor, step: Step) -> Iterator[Move]:
        s, record = self._read(s, i, step.record)
        after = self._consider(s, i, step, record)
        if after != step:
            yield self._to(s, i, after, "wakes and reads the record")

    def _looks(self, s: State, i: int, actor: Actor, step: Step) -> Iterator[Move]:
        yield from self._puts_on_record(self._look(s, actor.at), i, actor, step)

    def _signs(self, s: State, i: int, actor: Actor, step: Step) -> Iterator[Move]:
        yield self._speaks(s, i, actor, step)

    def _created(self, s: State, i: int, step: Step) -> Step:
        gateway, actor = s.gateways[self.scene.actors[i].at], self.scene.actors[i]
        new = self.rules.born(gateway.policy, step.began, actor.token, "ABC"[actor.at])
        if self._damaged(s, i, new):
            return over(step, "damaged")
        settled = self.rules.settled(
            gateway.policy, s.now, gateway.memory, new, handler=True, frozen=is_frozen(gateway)
        )
        return step._replace(next="create", record=0, new=settled, freeze=gateway.seen)

    def _asked(self, s: State, i: int, actor: Actor, step: Step) -> Iterator[Move]:
        """A new record goes into the audit; one that is final at birth with its answer."""
        if self.rules.final(step.record) is None:
            yield from self._audits(s, i, self._consider(s, i, step, step.record))
            return
        known = self.rules.learned(s.gateways[actor.at].memory, step.record, refusals=False)
        s = with_gateway(s, actor.at, memory=known)
        yield self._to(s, i, step._replace(next="check"), "learns what it wrote")

    def _found(self, s: State, i: int, step: Step, record: int) -> Step:
        """Count this attempt, if it counts."""
        actor = self.scene.actors[i]
        held = s.gateways[actor.at].held
        new = self.rules.counted(
            record, step.began, actor.token, "ABC"[actor.at], beside=held not in {-1, i}
        )
        if new == record:
            return self._consider(s, i, step, record)
        return step._replace(next="count", record=record, new=new)

    def _arrives(self, s: State, i: int, _actor: Actor, step: Step) -> Iterator[Move]:
        for done, stored, breach, how in self._writes(s, i, step):
            after = stored
            mine = after.steps[i]
            match done:
                case "ok":
                    what = "creates the record" if step.next == "create" else "is counted"
                    approval = self.rules.records[mine.record]
                    if (
                        step.next == "create"
                        or approval.attempts.began == self.rules.moments[step.began]
                    ):
                        after = with_gateway(after, self.scene.actors[i].at, held=i)
                    if step.next == "create":
                        mine = mine._replace(next="asked", fresh=True)
                    else:
                        mine = self._consider(after, i, mine, mine.record)
                case "moved":
                    what = "finds that the record was written meanwhile"
                    after, record = self._read(after, i)
                    mine = self._found(after, i, mine, record)
                case "frozen":
                    what = "hears that the freeze is another one"
                    after = self._look(after, self.scene.actors[i].at)
                    mine = self._created(after, i, mine)
                case _:
                    what = "does not learn whether it wrote"
                    mine = mine._replace(next="find")
            yield self._to(after, i, mine, what + how, breach)

    def _consider(self, s: State, i: int, step: Step, record: int) -> Step:
        """The head of the loop in `_until_final`."""
        gateway = s.gateways[self.scene.actors[i].at]
        step = step._replace(record=record, new=0)
        if self.rules.final(record) is not None:
            return step._replace(next="check")
        if step.gone:
            new = self.rules.ended(record, step.began, s.now)
            ends = step._replace(next="end", new=new)
            return over(step, "hung up") if new == record else ends
        if self.rules.moments[s.now] >= self.rules.moments[step.began] + WINDOW.ceiling_ms:
            return over(step, "ceiling")
        if self.rules.damaged(gateway.policy, s.now, gateway.memory, record):
            return step._replace(next="reread")
        return self._propose(s, i, step, record)

    def _propose(self, s: State, i: int, step: Step, record: int) -> Step:
        gateway = s.gateways[self.scene.actors[i].at]
        new = self.rules.settled(
            gateway.policy, s.now, gateway.memory, record, handler=True, frozen=is_frozen(gateway)
        )
        if new == record:
            after = "check" if self.rules.final(record) is not None else "wait"
            return step._replace(next=after, record=record, new=0)
        if "final_first" in self.removed:
            return step._replace(next="check", record=new)
        return step._replace(next="settle", record=record, new=new, freeze=gateway.seen)

    def _settles(self, s: State, i: int, _actor: Actor, step: Step) -> Iterator[Move]:
        for done, stored, breach, how in self._writes(s, i, step):
            after = stored
            mine = after.steps[i]
            match done:
                case "ok":
                    final = self.rules.told(mine.record)
                    what = f"makes {final} final"
                    mine = mine._replace(next="settled", fresh=True)
                case "moved":
                    what = "finds that the record was written meanwhile"
                    after, record = self._read(after, i)
                    mine = self._consider(after, i, mine, record)
                case "frozen":
                    what = "hears that the freeze is another one"
                    after = self._look(after, self.scene.actors[i].at)
                    mine = mine._replace(next="wait")
                case _:
                    what = "does not learn whether it wrote"
                    mine = mine._replace(next="wait")
            yield self._to(after, i, mine, what + how, breach)

    def _ends(self, s: State, i: int, _actor: Actor, step: Step) -> Iterator[Move]:
        for done, stored, breach, how in self._writes(s, i, step):
            after = stored
            mine = after.steps[i]
            if done == "moved":
                after, record = self._read(after, i)
                mine = self._consider(after, i, mine, record)
            else:
                mine = over(mine, "hung up")
            yield self._to(after, i, mine, "notes that the node hung up" + how, breach)

    def _checks(self, s: State, i: int, actor: Actor, step: Step) -> Iterator[Move]:
        """Before an answer goes on record: what it rests on, and whether it is frozen by now."""
        if step.gone:
            yield self._to(s, i, over(step, "hung up"), "has nobody to speak to")
            return
        if "derive_again" not in self.removed and self._damaged(s, i, step.record):
            yield self._to(s, i, over(step, "damaged"), "sees a contradiction: no answer")
            return
        approval: Approval = self.rules.records[step.record]
        yes = self.rules.says_yes(step.record)
        if yes and self.rules.moments[s.now] >= approval.answer_until:
            yield self._to(s, i, over(step, "too late"), "may not say yes so late: no answer")
            return
        if yes and not step.fresh and "derive_again" not in self.removed:
            yield self._to(s, i, step._replace(next="look"), "is about to see what is frozen")
        else:
            yield from self._puts_on_record(s, i, actor, step)

    def _puts_on_record(self, s: State, i: int, actor: Actor, step: Step) -> Iterator[Move]:
        """The last look at what is known, then the evidence, in one go: nobody acts in between."""
        if "audit_first" in self.removed:
            yield self._to(s, i, step._replace(next="speak"), "skips the audit")
            return
        again = step.next == "evidence"  # and nothing is looked at again
        yes = self.rules.says_yes(step.record) and not again
        if yes and is_frozen(s.gateways[actor.at]) and "derive_again" not in self.removed:
            yield self._to(s, i, over(step, "frozen"), "sees that it is frozen: no answer")
            return
        last = not self.removed & {"derive_again", "last_look"}
        if last and not again and self._damaged(s, i, step.record):
            yield self._to(s, i, over(step, "damaged"), "sees a contradiction: no answer")
            return
        if "spoken_is_known" not in self.removed:
            known = s.gateways[actor.at].memory
            known = self.rules.learned(known, step.record, refusals=False, answered=True)
            s = with_gateway(s, actor.at, memory=known)
        breach = watch.evidence(s, actor, step, self.rules)
        for move in self._audits(s, i, step._replace(next="speak"), breach=breach):
            mine = move.state.steps[i]
            if self.dying or move.breach or mine.next != "speak":
                yield move
            else:  # nobody can tell whether it is spoken at once
                spoken = self._speaks(move.state, i, actor, mine)
                yield Move(f"{move.told}, and answers", spoken.state, spoken.breach)

    def _speaks(self, s: State, i: int, actor: Actor, step: Step) -> Move:
        outcome = self.rules.outcome(step.record)
        breach = watch.speech(s, actor, step, self.rules, self.scene)
        spoken = tuple(sorted({*s.spoken, (actor.at, outcome)}))
        s = s._replace(spoken=spoken)
        return self._to(s, i, over(step, outcome), f"answers {outcome}", breach)
