"""The states that approvals are listed by; apart, so that a command line can know them at once."""

from typing import Final, Literal, TypeAlias, get_args

State: TypeAlias = Literal["open", "waiting", "approved", "rejected", "finished", "all"]
"""`open` is everything without a final decision; of that, `waiting` is what people can decide."""

STATES: Final[tuple[str, ...]] = get_args(State)
