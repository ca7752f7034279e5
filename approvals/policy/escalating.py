"""`escalate`: who is called where an ask still waits, and when."""

from collections.abc import Mapping, Sequence
from typing import Final

from approvals.model import Escalation
from approvals.policy.mistakes import shown
from approvals.policy.people import NAME
from approvals.policy.reading import Table, an_array_of_tables, text
from approvals.policy.terms import in_order
from approvals.policy.values import duration

MOST_ESCALATIONS: Final = 10
"""Of one ask: more would be a storm, and not a ladder."""

_KEY: Final = "escalate"
_FORM: Final = 'such as [{ after = "5m", notify = "on_call" }]'
_GROUP_FORM: Final = "the name of a group"


def read_escalations(table: Table, called: Mapping[str, Sequence[str]]) -> tuple[Escalation, ...]:
    """The `escalate` of an ask, the earliest first; none where it has none, or none that is right.

    `called` are the groups of the file, as they are called.
    """
    rows = table.read(_KEY, an_array_of_tables)
    if rows is None:
        return ()
    if not 0 < len(rows) <= MOST_ESCALATIONS:
        found = f"an array of {len(rows)}" if rows else "an empty array"
        table.wrong(_KEY, found, f"from 1 to {MOST_ESCALATIONS} tables, {_FORM}")
        return ()
    found_so_far: dict[str, Escalation] = {}
    for number, row in enumerate(rows):
        below = Table(table.notes, (*table.path, _KEY, number), row)
        call = _read_one(below, called)
        if call is not None and call.group in found_so_far:
            below.wrong("notify", f"the group {shown(call.group)} twice", "each group once")
        elif call is not None:
            found_so_far[call.group] = call
    return in_order(found_so_far.values())


def check_in_time(table: Table, escalations: Sequence[Escalation], within_ms: int) -> None:
    """Nobody is called after the end: one that could never come is a mistake, not a comfort.

    Where the ask has the time of its own and the escalation from `[ask]`, the time is wrong.
    """
    for call in escalations:
        if call.after_ms < within_ms:
            continue
        rows = table.values.get(_KEY)
        if rows is None:
            late = f"{call.group} is called after {call.after_ms // 1000} s"
            expected = f"a time in which [ask] calls people ({late}), or an {_KEY} of its own"
            table.wrong("within", shown(table.values.get("within")), expected)
        for number, row in enumerate(rows or ()):
            if row.get("notify") == call.group:
                below = Table(table.notes, (*table.path, _KEY, number), row)
                expected = f"a time below within, which is {within_ms // 1000} s"
                below.wrong("after", shown(row.get("after")), expected)


def _read_one(table: Table, called: Mapping[str, Sequence[str]]) -> Escalation | None:
    after = table.read("after", duration, required='how long after it was asked, such as "5m"')
    group = table.read("notify", text(NAME, _GROUP_FORM), required=_GROUP_FORM)
    table.done()
    if after is None or group is None:
        return None
    if group not in called:
        table.wrong("notify", shown(group), "a group of [groups]")
        return None
    return Escalation(group, tuple(called[group]), after)
