"""Every state that can be reached, the nearest first; a breach with the shortest way to it."""

from dataclasses import dataclass

from tests.model import watch
from tests.model.state import Scene, State
from tests.model.writers import Writers


@dataclass(frozen=True, slots=True)
class Searched:
    """How many states there were until the end or the breach, and the story that leads there."""

    states: int
    breach: str | None
    story: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = [f"{number:>3}. {line}" for number, line in enumerate(self.story, 1)]
        return "\n".join([f"After {self.states} states: {self.breach}", *lines])


def search(scene: Scene, *removed: str) -> Searched:
    """Breadth first, so that the first breach has no shorter story."""
    writers = Writers(scene, frozenset(removed))
    begin = writers.begin()
    came: dict[State, tuple[State, str] | None] = {begin: None}
    level = [begin]
    while level:
        deeper: list[State] = []
        for state in level:
            stuck = True
            for move in writers.moves(state):
                stuck = False
                if move.breach is not None:
                    story = (*_story(came, state), move.told)
                    return Searched(len(came), move.breach, story)
                if move.state not in came:
                    came[move.state] = (state, move.told)
                    deeper.append(move.state)
            breach = watch.end(state, scene, writers.rules) if stuck else None
            if breach is not None:
                return Searched(len(came), breach, _story(came, state))
        level = deeper
    return Searched(len(came), None)


def _story(came: dict[State, tuple[State, str] | None], state: State) -> tuple[str, ...]:
    told: list[str] = []
    while (step := came[state]) is not None:
        state = step[0]
        told.append(step[1])
    return tuple(reversed(told))
