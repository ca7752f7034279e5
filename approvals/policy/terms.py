"""What an ask demands of people, how several asks stack, and whether anybody can meet it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from approvals.electorate import Person
from approvals.model import Escalation, Need, ReasonFor, Strength
from approvals.quorum import can_be_met


@dataclass(frozen=True, slots=True)
class Terms:
    """Seats, how long people have (milliseconds), and how a vote must be cast to count.

    `reason` are the choices that need one. `escalations` call more people, each before the time
    is over.
    """

    seats: tuple[Need, ...]
    within_ms: int
    strength: Strength
    reason: ReasonFor = "none"
    escalations: tuple[Escalation, ...] = ()


def can_be_filled(seats: Sequence[Need], strength: Strength, people: Mapping[str, Person]) -> bool:
    """Whether distinct people, with keys where keys are demanded, can fill all seats at once."""
    voters = {
        name
        for need in seats
        for name in need.people
        if strength == "any" or (name in people and people[name].ssh_key is not None)
    }
    if any(need.count > len(need.people) for need in seats):
        return False  # and no time is lost in matching a count of a million
    return can_be_met(seats, voters)


def stacked(all_terms: Iterable[Terms]) -> Terms | None:
    """Several asks as one: per group the largest count, the shortest time, the strongest way.

    Whatever one of them wants a reason for wants one. Whoever one of them calls is called, a group
    once and as early as any calls it; what would come after the shortest time never comes.
    """
    needs: dict[str, Need] = {}
    within: int | None = None
    strength: Strength = "any"
    reasons: set[ReasonFor] = set()
    calls: dict[str, Escalation] = {}
    for terms in all_terms:
        for need in terms.seats:
            if need.group not in needs or needs[need.group].count < need.count:
                needs[need.group] = need
        within = terms.within_ms if within is None else min(within, terms.within_ms)
        strength = "ssh" if "ssh" in (strength, terms.strength) else "any"
        reasons.add(terms.reason)
        for call in terms.escalations:
            if call.group not in calls or call.after_ms < calls[call.group].after_ms:
                calls[call.group] = call
    if within is None:
        return None
    seats = tuple(needs[group] for group in sorted(needs))
    in_time = (call for call in calls.values() if call.after_ms < within)
    return Terms(seats, within, strength, _both(reasons - {"none"}), in_order(in_time))


def in_order(escalations: Iterable[Escalation]) -> tuple[Escalation, ...]:
    """The earliest first, so that the order in a file never matters."""
    return tuple(sorted(escalations, key=lambda each: (each.after_ms, each.group)))


def _both(reasons: set[ReasonFor]) -> ReasonFor:
    """What wants all that these want."""
    if len(reasons) > 1:
        return "both"
    return next(iter(reasons), "none")
