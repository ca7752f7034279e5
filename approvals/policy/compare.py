"""Two verdicts on one request: what would be looser, what tighter, what merely different."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

from approvals.model import Escalation, Need, Override, Verdict
from approvals.policy.spoken import spoken_escalation

Direction: TypeAlias = Literal["loosens", "tightens", "differs"]
Aspect: TypeAlias = Literal[
    "effect",
    "group",
    "count",
    "people",
    "strength",
    "asks_reason",
    "override",
    "within",
    "escalation",
    "initiator",
    "rules",
    "reason",
]

_ASKING: Final[Mapping[str, frozenset[str]]] = {
    "none": frozenset(),
    "approve": frozenset(("approve",)),
    "reject": frozenset(("reject",)),
    "both": frozenset(("approve", "reject")),
}
_RESTRICTIVE: Final = {"approve": 0, "ask": 1, "reject": 2}


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that the new verdict does differently. `old` and `new` are for people to read.

    `subject` is the group that it is about, or "". A `within` is in milliseconds. `asks_reason` is
    whether people must say why; `reason` why a request is refused.
    """

    aspect: Aspect
    direction: Direction
    old: str
    new: str
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Loosened:
    """Something can be approved now that could not; `differences` names all there are."""

    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Tightened:
    """Nothing is looser, something is tighter."""

    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Other:
    """Neither looser nor tighter, and still not the same."""

    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Same:
    """No difference."""

    differences: tuple[Difference, ...] = ()


Comparison: TypeAlias = Loosened | Tightened | Other | Same


def compare(old: Verdict, new: Verdict) -> Comparison:
    """What a change of verdicts amounts to. One loosening makes a Loosened, whatever else tightens.

    Where nothing is looser, whoever could get a request approved under `new` could have done so
    under `old`: every group that was asked is asked for as many of the same people or of fewer,
    in a way at least as strong, and whoever may override could have.
    """
    differences = tuple(_differences(old, new))
    directions = {difference.direction for difference in differences}
    if "loosens" in directions:
        return Loosened(differences)
    if "tightens" in directions:
        return Tightened(differences)
    return Other(differences) if differences else Same()


def _differences(old: Verdict, new: Verdict) -> Iterable[Difference]:
    if old.effect != new.effect:
        yield _directed("effect", old.effect, new.effect, _RESTRICTIVE)
    elif old.effect == "ask":
        yield from _seats(old, new)
        strengths = {"any": 0, "ssh": 1}
        if old.strength != new.strength:
            yield _directed("strength", old.strength, new.strength, strengths)
        yield from _asks_reason(old, new)
        yield from _override(old.override, new.override)
        if old.within_ms != new.within_ms:
            # More time lets nobody approve who could not, and asks for no fewer: it is named, and
            # whether people get long enough is the business of who writes the policy.
            yield Difference("within", "differs", str(old.within_ms), str(new.within_ms))
        if old.escalations != new.escalations:
            # To be called lets nobody approve who could not.
            was, now = _calls(old.escalations), _calls(new.escalations)
            yield Difference("escalation", "differs", was, now)
        if (old.barred, old.initiator_known) != (new.barred, new.initiator_known):
            # Whom the rule keeps from approving is missing among the people of the seats: that is
            # compared there.
            yield Difference("initiator", "differs", _initiators(old), _initiators(new))
    rules = [", ".join(rule.id for rule in verdict.rules) or "none" for verdict in (old, new)]
    if rules[0] != rules[1]:
        yield Difference("rules", "differs", rules[0], rules[1])
    elif old.effect == new.effect == "reject" and _reason(old) != _reason(new):
        yield Difference("reason", "differs", _reason(old), _reason(new))


def _seats(old: Verdict, new: Verdict) -> Iterable[Difference]:
    """Group by group: one that is asked no more, for fewer, or for others than before, is looser.

    A group under a new name counts as another group: names are what people agree on.
    """
    before, after = _by_group(old.needs), _by_group(new.needs)
    for group in sorted(before.keys() | after.keys()):
        was, now = before.get(group), after.get(group)
        if was is None or now is None:
            direction: Direction = "loosens" if now is None else "tightens"
            yield Difference("group", direction, _asked(was), _asked(now), group)
            continue
        if was.count != now.count:
            direction = "loosens" if now.count < was.count else "tightens"
            yield Difference("count", direction, str(was.count), str(now.count), group)
        yield from _people(group, frozenset(was.people), frozenset(now.people))


def _people(group: str, was: frozenset[str], now: frozenset[str]) -> Iterable[Difference]:
    if now - was:
        yield Difference("people", "loosens", "", f"+ {', '.join(sorted(now - was))}", group)
    if was - now:
        yield Difference("people", "tightens", f"- {', '.join(sorted(was - now))}", "", group)


def _asks_reason(old: Verdict, new: Verdict) -> Iterable[Difference]:
    """A choice that needs no reason any more is looser, also where the other now needs one."""
    if old.reason == new.reason:
        return
    gone = _ASKING[old.reason] - _ASKING[new.reason]
    direction: Direction = "loosens" if gone else "tightens"
    yield Difference("asks_reason", direction, old.reason, new.reason)


def _override(old: Override | None, new: Override | None) -> Iterable[Difference]:
    """Who may decide in place of the seats: anybody new, or fewer of them, is looser.

    Another name of the group alone changes nobody's powers.
    """
    if old is None or new is None:
        if old is not new:
            direction: Direction = "loosens" if old is None else "tightens"
            yield Difference("override", direction, _instead(old), _instead(new))
        return
    if old.approve != new.approve:
        direction = "loosens" if new.approve < old.approve else "tightens"
        was, now = f"{old.approve} approve", f"{new.approve} approve"
        yield Difference("override", direction, was, now, new.group)
    if old.reject != new.reject:  # the more it takes to refuse, the more can be approved
        direction = "loosens" if new.reject > old.reject else "tightens"
        was, now = f"{old.reject} to reject", f"{new.reject} to reject"
        yield Difference("override", direction, was, now, new.group)
    for change in _people(new.group, frozenset(old.people), frozenset(new.people)):
        yield replace(change, aspect="override")


def _by_group(needs: Iterable[Need]) -> Mapping[str, Need]:
    """One need a group: a verdict names each once, and of a record that says otherwise, the most.

    A need for nobody is none.
    """
    groups: dict[str, Need] = {}
    for need in needs:
        if need.count > 0 and (need.group not in groups or groups[need.group].count < need.count):
            groups[need.group] = need
    return groups


def _directed(aspect: Aspect, old: str, new: str, restrictive: Mapping[str, int]) -> Difference:
    looser = restrictive[new] < restrictive[old]
    return Difference(aspect, "loosens" if looser else "tightens", old, new)


def _asked(need: Need | None) -> str:
    return "not asked" if need is None else f"{need.count} of {', '.join(need.people) or 'nobody'}"


def _instead(override: Override | None) -> str:
    if override is None:
        return "nobody"
    people = ", ".join(override.people) or "nobody"
    return f"{override.approve} of {override.group} ({people}), {override.reject} to reject"


def _calls(escalations: Iterable[Escalation]) -> str:
    return "; ".join(spoken_escalation(each) for each in escalations) or "none"


def _initiators(verdict: Verdict) -> str:
    return ", ".join(verdict.barred) or ("none" if verdict.initiator_known else "unknown")


def _reason(verdict: Verdict) -> str:
    return f"{verdict.cause}: {verdict.sentence}"
