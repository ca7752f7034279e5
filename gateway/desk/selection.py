"""Which approvals a list is about: the query of `GET /approvals`, read strictly."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol, cast

from gateway.desk.door import Refused
from gateway.desk.states import STATES, State

MOST_LISTED: Final = 500

_TIME: Final = re.compile(r"0|[1-9][0-9]{0,14}", re.ASCII)
_LIMIT: Final = re.compile(r"[1-9][0-9]{0,2}", re.ASCII)
_LONGEST_WALLET: Final = 200
_KNOWN: Final = ("state", "since", "until", "wallet", "limit")


class Query(Protocol):
    """What stands behind the question mark."""

    def multi_items(self) -> Iterable[tuple[str, str]]:
        """Each name with its value, in order."""
        ...


@dataclass(frozen=True, slots=True)
class Selection:
    """What is wanted.

    Times are Unix milliseconds: of what is open when it was asked, of what is finished when that
    was decided. `wallet` is an id or a name, as Cobo claims it.
    """

    state: State = "open"
    since: int = 0
    until: int | None = None
    wallet: str | None = None
    limit: int = MOST_LISTED

    @property
    def wants_open(self) -> bool:
        """Whether what is not decided finally belongs to it."""
        return self.state in {"open", "waiting", "all"}

    @property
    def wants_finished(self) -> bool:
        """Whether what is decided finally belongs to it."""
        return self.state not in {"open", "waiting"}

    def covers(self, at: int) -> bool:
        """Whether a time lies in it."""
        return self.since <= at and (self.until is None or at <= self.until)


def selection_of(query: Query) -> Selection:
    """The selection that a query asks for.

    Raises:
        Refused: it asks for something that is none; the sentence says what is expected.
    """
    given: dict[str, str] = {}
    for name, value in query.multi_items():
        if name not in _KNOWN or name in given:
            raise Refused(400, f"A list is asked for by {', '.join(_KNOWN)}, each once at most.")
        given[name] = value
    state = given.get("state", "open")
    if state not in STATES:
        raise Refused(400, f"A state is one of {', '.join(STATES)}.")
    wallet = given.get("wallet")
    if wallet is not None and not (wallet.strip() and len(wallet) <= _LONGEST_WALLET):
        raise Refused(400, f"A wallet is an id or a name of at most {_LONGEST_WALLET} characters.")
    limit = given.get("limit", str(MOST_LISTED))
    if _LIMIT.fullmatch(limit) is None or int(limit) > MOST_LISTED:
        raise Refused(400, f"A limit is a whole number from 1 to {MOST_LISTED}.")
    until = _time(given["until"]) if "until" in given else None
    return Selection(
        cast("State", state), _time(given.get("since", "0")), until, wallet, int(limit)
    )


def _time(text: str) -> int:
    if _TIME.fullmatch(text) is None:
        raise Refused(400, "A time is a whole number of milliseconds since 1970.")
    return int(text)
