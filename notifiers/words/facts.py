"""One line that people read, and how much of them a place has room for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from approvals.findings import Address
from approvals.wording import counted
from notifiers.words.readable import fits, visible
from notifiers.words.text import ADDRESS_CHARS, Names, full_address

_LABEL: Final = 40


@dataclass(frozen=True, slots=True)
class Fact:
    """A label and a value, both safe to show as they are.

    An `exact` value (an address, an amount, an id) is never shortened to make room. `whole` is
    False where something is missing from what is shown, which it says itself. `loud`: a warning.
    `begins`: a paragraph of its own begins here.
    """

    label: str
    value: str
    exact: bool = False
    whole: bool = True
    loud: bool = False
    begins: bool = False


@dataclass(frozen=True, slots=True)
class Room:
    """How much a place shows: effects, flags, rows of one sort, characters of a text, of a claim.

    A text follows from the bytes, so that without all of it nobody can approve; a claim does not.
    `repeats`: claims are listed that say what the bytes say too.
    """

    effects: int
    flags: int
    rows: int
    text: int
    claim: int
    repeats: bool = True


MESSAGE: Final = Room(effects=6, flags=10, rows=8, text=1_000, claim=400, repeats=False)
"""More than this does not fit a message; then it says so, and nobody can approve it by a click."""

PAGE: Final = Room(effects=5_000, flags=5_000, rows=5_000, text=100_000, claim=100_000)
"""A terminal scrolls."""


def exact(label: str, text: str, limit: int = 500, *, whole: bool = True) -> Fact:
    """A fact in full, or one that says how much of it was cut, here or (not `whole`) before."""
    whole = whole and fits(text, limit)
    return Fact(visible(label, _LABEL), visible(text, limit), exact=True, whole=whole)


def exact_address(label: str, address: Address, chain: str, names: Names) -> Fact:
    """The whole address and what it is called."""
    value = full_address(address, chain, names)
    return Fact(label, value, exact=True, whole=fits(address.text, ADDRESS_CHARS))


def pairs(label: str, said: Iterable[tuple[str, str]], room: Room) -> list[Fact]:
    """Each pair of a name and a text below `label`; what there is no room for is counted."""
    listed = list(said)
    facts = [
        exact(f"{label}{visible(name, _LABEL)}", text, room.text)
        for name, text in listed[: room.rows]
    ]
    return facts + not_shown(len(listed) - room.rows, "more line")


def numbered(texts: Sequence[str]) -> list[tuple[str, str]]:
    """Each text below its number; a single one has none."""
    alone = len(texts) == 1
    return [("" if alone else str(number), text) for number, text in enumerate(texts, start=1)]


def paragraph(facts: Sequence[Fact]) -> list[Fact]:
    """These facts, apart from what stands before them."""
    return [replace(fact, begins=place == 0) for place, fact in enumerate(facts)]


def not_shown(count: int, what: str) -> list[Fact]:
    """What is missing, counted; nothing if nothing is."""
    if count <= 0:
        return []
    said = f"{counted(count, what)}; `countersign show` lists what is missing here"
    return [Fact("Not shown", said, exact=True, whole=False)]
