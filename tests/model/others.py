"""People, the sweeper and the freeze: approvals/voting.py, service.py and freezes/freezing.py."""

from collections.abc import Iterator

from approvals.model import Approval
from tests.model import watch
from tests.model.state import Actor, Move, State, Step, is_frozen
from tests.model.writing import Writing, over


class Others(Writing):
    """Who writes without a node that waits."""

    def _voter(self, s: State, i: int, _actor: Actor, step: Step) -> Iterator[Move]:
        match step.next:
            case "begin":
                s, record = self._read(s, i)
                after = self._ballot(s, i, step, record)
                yield self._to(s, i, after, f"clicks{_told(after)}", watch.told(after))
            case "vote":
                yield from self._votes(s, i, step)
            case _:
                yield from self._audits(s, i, over(step, "counted"), learn=True)

    def _votes(self, s: State, i: int, step: Step) -> Iterator[Move]:
        for done, stored, breach, how in self._writes(s, i, step):
            after, mine, what = stored, stored.steps[i], "is stored"
            if done == "ok":
                mine = mine._replace(next="counted")
            elif done == "moved":
                after, record = self._read(after, i)
                mine = self._moved_ballot(after, i, mine, record)
                what = f"finds that the record was written meanwhile{_told(mine)}"
            else:
                mine = over(mine, "unknown")
                what = "is told that it is not known whether the vote is stored"
            yield self._to(after, i, mine, what + how, breach or watch.told(mine))

    def _ballot(self, s: State, i: int, step: Step, record: int) -> Step:
        actor = self.scene.actors[i]
        gateway = s.gateways[actor.at]
        if record == 0:
            return over(step, "not found")
        cause, new = self.rules.voted(
            gateway.policy, s.now, gateway.memory, record, actor, frozen=is_frozen(gateway)
        )
        if new is None:
            return over(step, str(cause))
        return step._replace(next="vote", record=record, new=new, freeze=gateway.seen)

    def _moved_ballot(self, s: State, i: int, step: Step, record: int) -> Step:
        """Another wrote meanwhile; or it was this very vote, by a command that ran unheard."""
        tried = self.rules.records[step.new].votes[-1]
        if tried in self.rules.records[record].votes and "own_vote" not in self.removed:
            return step._replace(next="counted", record=record)
        return self._ballot(s, i, step, record)

    def _sweeper(self, s: State, i: int, actor: Actor, step: Step) -> Iterator[Move]:
        gateway = s.gateways[actor.at]
        match step.next:
            case "begin":
                approval: Approval | None = self.rules.records[s.record]
                if approval is None or approval.final is not None:
                    return
                late = self.rules.moments[s.now] >= approval.deadline
                if late or gateway.policy or is_frozen(gateway):
                    yield self._sweeps(s, i, actor, step)
            case "sweep":
                for done, stored, breach, how in self._writes(s, i, step):
                    after = stored
                    mine, what = over(after.steps[i], done), "leaves it"
                    if done == "ok":
                        mine = after.steps[i]._replace(next="settled")
                        what = f"makes {self.rules.told(mine.record)} final"
                    yield self._to(after, i, mine, what + how, breach)
            case _:
                yield from self._audits(s, i, over(step, "swept"), learn=True)

    def _sweeps(self, s: State, i: int, actor: Actor, step: Step) -> Move:
        s, record = self._read(s, i)
        gateway = s.gateways[actor.at]
        new = self.rules.settled(
            gateway.policy, s.now, gateway.memory, record, handler=False, frozen=is_frozen(gateway)
        )
        after = step._replace(next="sweep", record=record, new=new, freeze=gateway.seen)
        after = over(step, "nothing") if new == record else after
        return self._to(s, i, after, "looks")

    def _freezer(self, s: State, i: int, actor: Actor, step: Step) -> Iterator[Move]:
        s = self._look(s, actor.at)
        if s.freeze % 2:
            after = self._look(s._replace(freeze=s.freeze + 1), actor.at)
            yield self._to(after, i, over(step, "frozen"), "freezes, and it is acknowledged")


def _told(step: Step) -> str:
    return f" and is told {step.said}" if step.next == "done" else ""
