"""Seats and the people who can fill them: one person, one seat, all seats at once."""

from collections.abc import Collection, Iterable

from approvals.model import Need, SeatsLeft


def seats_left(needs: Iterable[Need], approvers: Collection[str]) -> tuple[SeatsLeft, ...]:
    """What is still missing when each approver takes the seat that helps most.

    The needs are filled by a largest matching of distinct people to seats, so that somebody who
    sits in two groups is never counted twice. Empty when nobody is missing.
    """
    needs = tuple(needs)
    taken = _matching(needs, approvers)
    left = []
    for index, need in enumerate(needs):
        filled = sum(1 for seat in taken.values() if seat[0] == index)
        if filled < need.count:
            left.append(
                SeatsLeft(
                    group=need.group,
                    count=need.count,
                    missing=need.count - filled,
                    people=tuple(p for p in need.people if p not in approvers),
                )
            )
    return tuple(left)


def can_be_met(needs: Iterable[Need], people: Collection[str]) -> bool:
    """Whether these people, if all of them approved, would fill every seat."""
    needs = tuple(needs)
    if len(needs) == 1:  # nobody can sit elsewhere, so that they need only be counted
        return len(frozenset(needs[0].people).intersection(people)) >= needs[0].count
    return not seats_left(needs, people)


def _matching(needs: tuple[Need, ...], people: Collection[str]) -> dict[str, tuple[int, int]]:
    """Person -> (need, seat), by augmenting paths (Kuhn); as many seats filled as can be."""
    seats = [(index, seat) for index, need in enumerate(needs) for seat in range(need.count)]
    holder: dict[tuple[int, int], str] = {}

    def place(person: str, tried: set[tuple[int, int]]) -> bool:
        for seat in seats:
            if person not in needs[seat[0]].people or seat in tried:
                continue
            tried.add(seat)
            if seat not in holder or place(holder[seat], tried):
                holder[seat] = person
                return True
        return False

    for person in sorted(people):
        place(person, set())
    return {person: seat for seat, person in holder.items()}
