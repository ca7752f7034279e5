"""What an ask demands of people, who may decide instead, and whether people can give it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, cast

from approvals.electorate import Person
from approvals.model import Need, Override, ReasonFor, Strength
from approvals.policy.escalating import check_in_time, read_escalations
from approvals.policy.mistakes import shown
from approvals.policy.people import NAME
from approvals.policy.reading import Table, an_array_of_tables, one_of, text, whole_number
from approvals.policy.terms import Terms, can_be_filled
from approvals.policy.values import duration

_MOST_SEATS: Final = 100
WITHIN_IF_ABSENT_MS: Final = 24 * 3_600_000
"""How long people have where no `within` says it: as a rule the node's window ends sooner."""

_FORM: Final = 'such as [{ group = "treasury", count = 1 }]'


@dataclass(frozen=True, slots=True)
class Voters:
    """The people and groups of the file, as far as they could be read.

    `called` are the groups as they are called: `on_call` with those who may override.
    """

    people: Mapping[str, Person]
    groups: Mapping[str, tuple[str, ...]]
    called: Mapping[str, tuple[str, ...]]


def read_terms(
    table: Table, voters: Voters, fallback: Terms | None, *, whole: bool
) -> Terms | None:
    """The terms of an ask: its own where it has them, else those of `[ask]`.

    `whole` is for `[ask]` itself, which has nothing to fall back on. Only seats must be named.
    """
    seats = _read_seats(table, voters, required=_FORM if whole else "")
    within = table.read("within", duration)
    strength = table.read("strength", one_of("any", "ssh"))
    reason = table.read("reason", one_of("none", "approve", "reject", "both"))
    calls = read_escalations(table, voters.called)
    if fallback is not None:
        seats = seats if "approvals" in table.values else fallback.seats
        within = within if "within" in table.values else fallback.within_ms
        strength = strength if "strength" in table.values else fallback.strength
        reason = reason if "reason" in table.values else fallback.reason
        calls = calls if "escalate" in table.values else fallback.escalations
    within = within or WITHIN_IF_ABSENT_MS
    check_in_time(table, calls, within)
    if seats is None:
        return None
    terms = Terms(
        seats,
        within,
        cast("Strength", strength or "any"),
        cast("ReasonFor", reason or "none"),
        calls,
    )
    if not can_be_filled(terms.seats, terms.strength, voters.people):
        keys = " with an ssh_key" if terms.strength == "ssh" else ""
        table.wrong(
            "approvals" if "approvals" in table.values else "strength",
            "more seats than people can fill at once",
            f"a quorum that distinct people of its groups{keys} can meet",
        )
    return terms


def read_override(
    table: Table, everybody: Mapping[str, Person], groups: Mapping[str, tuple[str, ...]]
) -> Override | None:
    """`[override]`: a group, and how many of it decide in place of the people who were asked.

    They sign, so that people without a key do not count.
    """
    form = "the name of a group"
    group = table.read("group", text(NAME, form), required=form)
    approve = table.read("approve", whole_number(1, _MOST_SEATS), required="how many people")
    reject = table.read("reject", whole_number(1, _MOST_SEATS), required="how many people")
    table.done()
    if group is None or approve is None or reject is None:
        return None
    if group not in groups:
        table.wrong("group", shown(group), "a group of [groups]")
        return None
    people = (everybody.get(name) for name in groups[group])
    keyed = [person for person in people if person is not None and person.ssh_key is not None]
    for key, count in (("approve", approve), ("reject", reject)):
        if count > len(keyed):
            expected = f"at most {len(keyed)}, the people of {shown(group)} who have an ssh_key"
            table.wrong(key, str(count), expected)
    return Override(group, groups[group], approve, reject)


def _read_seats(table: Table, voters: Voters, *, required: str) -> tuple[Need, ...] | None:
    rows = table.read("approvals", an_array_of_tables, required=required)
    if rows is None:
        return None
    if not rows:
        table.wrong("approvals", "an empty array", f"at least one group and count, {_FORM}")
        return None
    seats = [
        _read_seat(Table(table.notes, (*table.path, "approvals"), row), voters) for row in rows
    ]
    named = [seat.group for seat in seats if seat is not None]
    for group in sorted({name for name in named if named.count(name) > 1}):
        table.wrong("approvals", f"the group {shown(group)} twice", "each group once")
    found = tuple(seat for seat in seats if seat is not None)
    return found if len(found) == len(rows) else None


def _read_seat(table: Table, voters: Voters) -> Need | None:
    group = table.read("group", text(NAME, "the name of a group"), required="the name of a group")
    count = table.read("count", whole_number(1, _MOST_SEATS), required="how many people")
    table.done()
    if group is None or count is None:
        return None
    if group not in voters.groups:
        table.wrong("group", shown(group), "a group of [groups]")
        return None
    return Need(group, count, voters.groups[group])
