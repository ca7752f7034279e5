"""Rules laid out by what they ask for, so that those which surely do not match cost nothing.

Most rules of a large policy name destinations or tokens that a request has nothing to do with.
Each is filed under the values of one of its conditions: an effect with another value is surely
not what it means. Which rules match, and how, is still asked of each rule that is found.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Final, Generic, TypeAlias, TypeVar

from approvals.policy.matchers import (
    ChainIs,
    ContractIs,
    EffectMatcher,
    KindIs,
    MethodIs,
    SentFrom,
    SentTo,
    TokenIs,
)
from approvals.policy.rows import Row

T = TypeVar("T")
Value: TypeAlias = str | bytes

_FIELDS: Final = ("to", "contract", "token", "sender", "method", "chain", "kind")
"""Of several conditions, the one that tells most effects apart comes first."""


@dataclass(frozen=True, slots=True)
class Shelf(Generic[T]):
    """Things that ask for effects, `filed` under the values of one field, or under none (`rest`).

    Things are named by their number, so that they are found in their own order.
    """

    things: tuple[T, ...]
    filed: tuple[tuple[Callable[[Row], Value | None], Mapping[Value, Sequence[int]]], ...]
    rest: tuple[int, ...]

    def meeting_all(self, rows: Sequence[Row]) -> Iterable[T]:
        """All that may say yes of every one of these effects: of the first, at least."""
        found = list(self.rest)
        for value_of, numbers in self.filed:
            value = value_of(rows[0])
            if value is not None:
                found += numbers.get(value, ())
        return [self.things[number] for number in sorted(found)]

    def meeting_any(self, rows: Iterable[Row]) -> Iterable[T]:
        """All that may say yes or unknown of any one of these effects."""
        found = set(self.rest)
        for value_of, numbers in self.filed:
            for row in rows:
                value = value_of(row)
                if value is None:
                    return self.things
                found.update(numbers.get(value, ()))
        return [self.things[number] for number in sorted(found)]


def shelved(things: Sequence[T], asking: Callable[[T], Sequence[EffectMatcher]]) -> Shelf[T]:
    """File each thing by the effects that it asks for."""
    rest: list[int] = []
    filed: dict[str, dict[Value, list[int]]] = {}
    for number, thing in enumerate(things):
        wanted = dict(filter(None, map(_wanted, asking(thing))))
        field = next((field for field in _FIELDS if field in wanted), None)
        if field is None:
            rest.append(number)
            continue
        below = filed.setdefault(field, {})
        for value in wanted[field]:
            below.setdefault(value, []).append(number)
    order = [(attrgetter(field), filed[field]) for field in _FIELDS if field in filed]
    return Shelf(tuple(things), tuple(order), tuple(rest))


def _wanted(matcher: EffectMatcher) -> tuple[str, frozenset[Value]] | None:
    """The field it looks at, and the values for which it does not surely say no."""
    match matcher:
        case SentTo(places=places):
            return "to", places.all
        case ContractIs(places=places):
            return "contract", places.all
        case SentFrom(places=places):
            return "sender", places.all
        case TokenIs(tokens=tokens):
            return "token", tokens
        case MethodIs(selectors=selectors):
            return "method", selectors
        case ChainIs(chains=chains):
            return "chain", chains
        case KindIs(kinds=kinds):
            return "kind", kinds
        case _:
            return None
