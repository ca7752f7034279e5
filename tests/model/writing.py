"""What all writers of a record do: read, write by compare-and-swap, look at the freeze, audit."""

from collections.abc import Iterator
from typing import Any

from approvals.model import Choice
from tests.model import watch
from tests.model.rules import Rules
from tests.model.state import Move, Scene, State, Step


class Writing:
    """One scene, with some guards taken out: `removed` names them."""

    def __init__(self, scene: Scene, removed: frozenset[str] = frozenset()) -> None:
        self.scene = scene
        self.removed = removed
        self.rules = Rules(scene.seats, scene.moments, removed)
        self.dying = any(fault.startswith("crash") for fault in scene.faults)
        self.remembering = any(fault.startswith("put back") for fault in scene.faults)

    def _read(self, s: State, i: int, instead: int = 0) -> tuple[State, int]:
        """What is stored, or `instead` where nothing is, as this actor's process takes it."""
        at = self.scene.actors[i].at
        if s.record == 0:
            return s, instead
        record, known = self.rules.read(s.gateways[at].memory, s.record)
        return with_gateway(s, at, memory=known), record

    def _writes(self, s: State, i: int, step: Step) -> Iterator[tuple[str, State, str | None, str]]:
        """approvals/lua/swap.lua: what it answers, the state afterwards, what that breaks."""
        create = step.next == "create"
        base = 0 if create else step.record
        free = "compare_and_swap" in self.removed and not create
        final = self.rules.final(step.new)
        yes = final is not None and final.outcome == "APPROVE" and step.next != "end"
        if s.record == 0 and not create:
            yield "gone", s, None, ""
        elif self._stamp(s.record) != self._stamp(base) and not free:
            yield "moved", s, None, ""
        elif yes and step.freeze != s.freeze and "freeze_in_script" not in self.removed:
            yield "frozen", s, None, ""
        else:
            nonce = f"{self.scene.actors[i].title}{step.writes}"
            new = self.rules.stamped(step.new, base, nonce)
            breach = watch.write(s, self.scene.actors[i], new, self.rules)
            shown, known = self.rules.read(s.gateways[self.scene.actors[i].at].memory, new)
            past = tuple(sorted({*s.past, new})) if self.remembering else s.past
            wrote = s.wrote if final is None else tuple(sorted({*s.wrote, str(final.outcome)}))
            wider = s._replace(record=new, past=past, wrote=wrote)
            unheard = with_step(wider, i, step._replace(writes=step.writes + 1, stored=True))
            mine = step._replace(record=shown, new=0, writes=step.writes + 1, stored=True)
            heard = with_gateway(wider, self.scene.actors[i].at, memory=known)
            after = with_step(heard, i, mine)
            yield "ok", after, breach, ""
            if "lost answer" in s.faults:
                faulty = unheard._replace(faults=without(s.faults, "lost answer"))
                yield "unknown", faulty, breach, "; the answer is lost"
            if "sent twice" in s.faults:
                faults = without(s.faults, "sent twice")
                known = "own_nonce" not in self.removed
                yield (
                    "ok" if known else "moved",
                    (after if known else unheard)._replace(faults=faults),
                    breach,
                    "; the command is sent twice",
                )

    def _audits(
        self, s: State, i: int, after: Step, *, learn: bool = False, breach: str | None = None
    ) -> Iterator[Move]:
        """Learn what was stored, and put it on disk; the disk may fail."""
        actor, step = self.scene.actors[i], s.steps[i]
        gateway = s.gateways[actor.at]
        if learn:
            no = actor.kind == "voter" and actor.choice is Choice.REJECT
            known = self.rules.learned(gateway.memory, step.record, refusals=no)
            gateway = gateway._replace(memory=known)
            s = with_gateway(s, actor.at, memory=known)
        kept = gateway._replace(
            kept=self.rules.learned(
                gateway.kept, step.record, refusals=True, answered=after.next == "speak"
            ),
            evidenced=gateway.evidenced or step.next == "asked" or after.next == "speak",
        )
        if after.next == "speak":
            outcome = self.rules.outcome(step.record)
            kept = kept._replace(answered=tuple(sorted({*kept.answered, outcome})))
        gateways = (*s.gateways[: actor.at], kept, *s.gateways[actor.at + 1 :])
        yield self._to(s._replace(gateways=gateways), i, after, "is on disk", breach)
        fails = f"audit fails {'ABC'[actor.at]}"
        if fails in s.faults:
            s = s._replace(faults=without(s.faults, fails))
            again = after
            if after.next == "speak":
                retry = "evidence" if "check_each_try" in self.removed else "check"
                again = step._replace(next=retry, fresh=False)
            yield self._to(s, i, again, "is not on disk: the audit fails")

    def _look(self, s: State, at: int) -> State:
        """Read what is frozen; what was lost is replaced by a freeze of everything."""
        known = s.gateways[at].epoch
        if "lost_freeze_holds" in self.removed:
            s = s._replace(freeze=s.freeze or 1)
        elif s.freeze < known:
            s = s._replace(freeze=known + 2 - known % 2)
        return with_gateway(s, at, seen=s.freeze, epoch=max(s.freeze, known))

    def _stamp(self, record: int) -> str:
        return "" if record == 0 else str(self.rules.records[record].stamp)

    def _damaged(self, s: State, i: int, record: int) -> bool:
        gateway = s.gateways[self.scene.actors[i].at]
        return self.rules.damaged(gateway.policy, s.now, gateway.memory, record)

    def _to(self, s: State, i: int, after: Step, what: str, breach: str | None = None) -> Move:
        told = f"{self.scene.actors[i].title} {what}"
        if after.next == "done":
            at = self.scene.actors[i].at
            if s.gateways[at].held == i:
                s = with_gateway(s, at, held=-1)
        return Move(told, with_step(s, i, after), breach)


def over(step: Step, said: str) -> Step:
    """Nothing is left of it but what it said, and whether what it wrote was stored."""
    return Step(next="done", said=said, stored=step.stored)


def with_step(s: State, i: int, after: Step) -> State:
    return s._replace(steps=(*s.steps[:i], after, *s.steps[i + 1 :]))


def with_gateway(s: State, at: int, **changes: Any) -> State:
    changed = s.gateways[at]._replace(**changes)
    return s._replace(gateways=(*s.gateways[:at], changed, *s.gateways[at + 1 :]))


def without(faults: tuple[str, ...], fault: str) -> tuple[str, ...]:
    at = faults.index(fault)
    return faults[:at] + faults[at + 1 :]
