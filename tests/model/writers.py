"""Everything that may happen next: a step of a writer, a fault, or time.

A step is what happens between two awaits: an answer of the store comes in, the process decides,
and the next command is on its way. Between any two steps of one writer, everybody else may act.
"""

from collections.abc import Iterator

from tests.model.attempts import Attempts
from tests.model.others import Others
from tests.model.state import OVER, Gateway, Move, State, Step
from tests.model.writing import over, with_gateway, with_step, without


class Writers(Attempts, Others):
    """Whose turn it may be, and what comes of it."""

    def begin(self) -> State:
        """Nothing was asked yet."""
        return State(
            now=0,
            record=0,
            past=(0,),
            freeze=1,
            gateways=(Gateway(),) * self.scene.gateways,
            steps=(Step(),) * len(self.scene.actors),
            faults=self.scene.faults,
        )

    def moves(self, s: State) -> Iterator[Move]:
        """Everything that may happen next: first the request is asked."""
        asked = s.record != 0 or any(step.stored for step in s.steps)
        for i, actor in enumerate(self.scene.actors):
            comes = asked or s.steps[i].next != "begin" or self._is_first(s, i)
            if comes and s.steps[i].next != "done":
                yield from getattr(self, f"_{actor.kind}")(s, i, actor, s.steps[i])
        yield from self._faults(s)
        for at, gateway in enumerate(s.gateways):
            if gateway.seen != s.freeze:
                yield Move(f"{'ABC'[at]} looks what is frozen", self._look(s, at))
        if asked and s.now + 1 < len(self.scene.moments):
            later = self.scene.moments[s.now + 1]
            yield Move(f"it is {later} ms after the request", s._replace(now=s.now + 1))

    def _is_first(self, s: State, i: int) -> bool:
        return self.scene.actors[i].kind == "attempt" and all(step.next in OVER for step in s.steps)

    def _faults(self, s: State) -> Iterator[Move]:
        for fault in dict.fromkeys(s.faults):
            rest = s._replace(faults=without(s.faults, fault))
            what, _, where = fault.partition(" ")
            match what:
                case "crash":
                    yield self._crash(rest, "ABC".index(where))
                case "policy":
                    told = f"{where} reads another policy, which refuses this"
                    yield Move(told, with_gateway(rest, "ABC".index(where), policy=1))
                case "hang":
                    yield from self._hang_ups(rest)
                case "put":
                    yield from self._put_backs(rest)
                case "unfreeze":
                    yield from self._unfreezes(rest)
                case _:
                    pass  # it strikes where somebody writes

    def _hang_ups(self, s: State) -> Iterator[Move]:
        for i, actor in enumerate(self.scene.actors):
            if actor.kind == "attempt" and s.steps[i].next not in OVER:
                yield self._to(s, i, s.steps[i]._replace(gone=True), "is left by its node")

    def _put_backs(self, s: State) -> Iterator[Move]:
        for record in s.past:
            if record != s.record:
                yield Move(f"the store is back at {self._named(record)}", s._replace(record=record))

    def _unfreezes(self, s: State) -> Iterator[Move]:
        for freeze in range(s.freeze):
            what = f"back at epoch {freeze}" if freeze else "gone"
            yield Move(f"the record of the freeze is {what}", s._replace(freeze=freeze))

    def _crash(self, s: State, at: int) -> Move:
        for i, actor in enumerate(self.scene.actors):
            if actor.at == at and s.steps[i].next not in OVER:
                s = with_step(s, i, over(s.steps[i], "crashed"))
        kept = s.gateways[at].kept
        s = self._look(with_gateway(s, at, memory=kept, evidenced=False, seen=0, held=-1), at)
        return Move(f"{'ABC'[at]} is killed and starts again with what its audit has", s)

    def _named(self, record: int) -> str:
        return f"revision {self.rules.records[record].revision}" if record else "nothing"
