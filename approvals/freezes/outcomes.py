"""Why a freeze, or a vote to thaw, changed nothing."""

from enum import StrEnum


class NotFrozen(StrEnum):
    """Why a freeze changed nothing."""

    NOT_ON_CALL = "not_on_call"


class NotThawed(StrEnum):
    """Why a vote to thaw changed nothing."""

    NOT_ON_CALL = "not_on_call"
    NO_SUCH_FREEZE = "no_such_freeze"
    ALREADY_VOTED = "already_voted"


class ThawedSince(Exception):  # noqa: N818 - a state of the world, not a mistake of ours
    """Whoever wanted to freeze was asked before the last thaw, and did not know of it."""
