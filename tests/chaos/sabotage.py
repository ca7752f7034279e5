"""Guards of the product, each with a way to break it: what the judge must see, it is shown here.

Runs inside the gateway process, before it serves. A guard that is broken here and not noticed by
the judge means that the suite proves nothing about it.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import approvals.ballots
import approvals.decide
import approvals.freezes.freezing
import approvals.freezes.model
import approvals.redis.link
from approvals import quorum
from approvals.asking import Asking
from approvals.freezes.freezing import Freezing
from approvals.freezes.model import FreezeRecord
from approvals.ledger import Ledger
from notifiers.slack.clicks import Clicks
from notifiers.slack.hearing import Heard
from notifiers.teller import Done, Teller

_COMPARE: Final = """\
  if string.sub(current, 1, #ARGV[1]) ~= ARGV[1] then
    return {'moved', string.sub(current, 1, ARGV[14] + 1)}
  end
"""
_CONTENT: Final = """\
    if content and content ~= ARGV[9] then
      return {'conflict', string.sub(content, 1, 2 * #ARGV[9])}
    end
"""
_HAND_OUT: Final = "      redis.call('ZADD', KEYS[place], 'LT', score, member)\n"
_STAMP: Final = (
    "if redis.call('GETRANGE', KEYS[7], 0, #ARGV[12] - 1) ~= ARGV[12] then return {'frozen'} end"
)


def break_guard(name: str) -> None:
    """Break one of GUARDS for the rest of this process."""
    GUARDS[name]()


def _without(part: str, script: str = "swap") -> None:
    """Take a line out of a script, by default the one that writes records."""
    read = approvals.redis.link._lua

    def edited(name: str) -> str:
        text = read(name)
        if name != script:
            return text
        assert part in text, "the guard is not where it was"
        return text.replace(part, "")

    approvals.redis.link._lua = edited


def _compare() -> None:
    """The script writes over whatever is there."""
    _without(_COMPARE)


def _content() -> None:
    """A second body under a known id is a request like any other."""
    _without(_CONTENT)


def _evidence() -> None:
    """Answers leave without anything on disk."""

    async def unwritten(self: Asking, approval: Any, request: Any, hearing: Any) -> None:
        del self, approval, request, hearing

    Asking._put_on_record = unwritten  # type: ignore[method-assign]


def _refusals() -> None:
    """A stored refusal is not looked at."""
    setattr(approvals.decide, "_refusal", lambda _approval, _remembered: None)  # noqa: B010


def _final() -> None:
    """The handler speaks from a decision that it never stored."""
    store = Ledger.settle

    async def unstored(self: Ledger, approval: Any, *, heard: bool, today: Any) -> Any:
        if heard:
            return self.with_final(approval, heard=heard, today=today)
        return await store(self, approval, heard=heard, today=today)

    Ledger.settle = unstored  # type: ignore[method-assign]


def _seats() -> None:
    """One approval is enough, whatever was asked for."""
    left = quorum.seats_left

    def fewer(needs: Any, approvers: Any) -> Any:
        return left(tuple(replace(need, count=1) for need in needs)[:1], approvers)

    setattr(approvals.decide, "seats_left", fewer)  # noqa: B010


def _store_first() -> None:
    """Clicks are acknowledged, and forgotten."""

    async def nod(self: Clicks, payload: object) -> Heard:
        del self, payload
        return Heard()

    Clicks.hear = nod  # type: ignore[method-assign]


def _deadline() -> None:
    """The deadline goes before the votes that were in time."""
    by_people = approvals.decide._by_people

    def hasty(approval: Any, now: int, electorate: Any, remembered: Any) -> Any:
        late = approval if now < approval.deadline else replace(approval, votes=())
        return by_people(late, now, electorate, remembered)

    approvals.decide._by_people = hasty


def _telling() -> None:
    """What was once shown is never brought up to date."""
    told = Teller._told

    async def once(self: Teller, approval: Any, tell: Any) -> Done:
        if approval.final is None:
            return await told(self, approval, tell)
        return Done(approval.revision)

    Teller._told = once  # type: ignore[method-assign]


def _hand_out() -> None:
    """What is written is taken out of the common list, and put into no place's."""
    _without(_HAND_OUT, "claim")


def _freezes() -> None:
    """What is frozen is known, and not looked at."""
    setattr(approvals.freezes.freezing, "frozen_by", lambda _record, _reach: None)  # noqa: B010


def _stamp() -> None:
    """A yes is stored whatever is frozen by then; and nobody hears of others' freezes in time."""
    _without(_STAMP)
    look = Freezing.look

    async def once(self: Freezing) -> FreezeRecord:
        return self.record or await look(self)

    Freezing.look = once  # type: ignore[method-assign]


def _thaws() -> None:
    """One person ends a freeze."""
    setattr(approvals.freezes.model, "THAW_VOTES", 1)  # noqa: B010


def _overrides() -> None:
    """One person overrides twice over."""
    overriding = approvals.decide._overriding

    def doubled(ballots: Any, approval: Any, override: Any) -> tuple[str, ...]:
        return overriding(ballots, approval, override) * 2

    approvals.decide._overriding = doubled


def _reasons() -> None:
    """A form without a reason is a vote all the same."""
    setattr(approvals.ballots, "wants_reason", lambda _approval, _choice: False)  # noqa: B010


GUARDS: Final[dict[str, Callable[[], None]]] = {
    "compare": _compare,
    "content": _content,
    "deadline": _deadline,
    "evidence": _evidence,
    "final": _final,
    "freezes": _freezes,
    "hand-out": _hand_out,
    "overrides": _overrides,
    "reasons": _reasons,
    "refusals": _refusals,
    "seats": _seats,
    "stamp": _stamp,
    "store-first": _store_first,
    "telling": _telling,
    "thaws": _thaws,
}
