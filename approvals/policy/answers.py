"""Three-valued answers: what a rule may say about a fact that may be missing."""

from enum import IntEnum


class Answer(IntEnum):
    """Kleene's logic in the order of its numbers: `min` is and, `max` is or."""

    NO = 0
    UNKNOWN = 1
    YES = 2

    @property
    def word(self) -> str:
        """`yes`, `no` or `unknown`."""
        return self.name.lower()


NO = Answer.NO
UNKNOWN = Answer.UNKNOWN
YES = Answer.YES


def known(condition: bool) -> Answer:  # noqa: FBT001 - it turns a truth into an answer
    """The answer where nothing is missing."""
    return YES if condition else NO
