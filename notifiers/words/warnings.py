"""What people must see before anything else: risk flags, worst first, then our own records' say."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from approvals.acquaintance import Oddity, Remark
from approvals.findings import Findings, Unverified
from approvals.model import Approval
from approvals.risks import Flag, Risk, worst_first
from approvals.wording import counted
from notifiers.words.facts import Fact, Room, exact

RISK_NAMES: Final[Mapping[Risk, str]] = {
    "permission_change": "PERMISSION CHANGE",
    "owner_change": "OWNER CHANGE",
    "delegatecall": "RUNS FOREIGN CODE",
    "unlimited_allowance": "UNLIMITED ALLOWANCE",
    "blind": "BLIND SIGNATURE",
    "unverified": "NOT VERIFIED",
    "calldata_mismatch": "NOT AS DESCRIBED",
    "replacement": "REPLACEMENT",
    "fee_unusual": "UNUSUAL FEE",
    "unknown_initiator": "UNKNOWN INITIATOR",
}
"""What people call each risk."""

ODDITY_NAMES: Final[Mapping[Oddity, str]] = {
    "look_alike_destination": "LOOK-ALIKE ADDRESS",
    "first_time_destination": "FIRST TIME",
}

_TEXT: Final = 300
_UNKNOWN_INITIATOR: Final = Flag(
    "unknown_initiator",
    "The policy names nobody as this initiator: whoever asked for it may also approve it.",
)


def flags_of(approval: Approval, findings: Findings) -> tuple[Flag, ...]:
    """Every flag, the worst first; the last says that nobody knows whose request this is.

    That a request is not verified is the first word of its headline, and stands with its reasons
    below: a third time would only be noise.
    """
    said = isinstance(findings.integrity, Unverified)
    flags = [flag for flag in findings.flags if not (said and flag.risk == "unverified")]
    nobody = () if approval.verdict.initiator_known else (_UNKNOWN_INITIATOR,)
    return worst_first((*flags, *nobody))


def worst_of(flags: Sequence[Flag], remarks: Sequence[Remark]) -> str:
    """The name of the worst flag, for a single line, and of a look-alike; empty without either."""
    names = [RISK_NAMES[flag.risk] for flag in flags][:1]
    if any(each.oddity == "look_alike_destination" for each in remarks):
        names.append(ODDITY_NAMES["look_alike_destination"])
    return " · ".join(names)


def flag_facts(flags: Sequence[Flag], room: Room) -> tuple[Fact, ...]:
    """A line for each flag; those that do not fit are at least named and counted."""
    shown = flags[: room.flags]
    facts = [_loud(exact(RISK_NAMES[flag.risk], _said(flag), _TEXT)) for flag in shown]
    hidden = Counter(RISK_NAMES[flag.risk] for flag in flags[room.flags :])
    if hidden:
        said = ", ".join(f"{count} x {name}" for name, count in hidden.items())
        facts.append(
            Fact(
                f"{counted(hidden.total(), 'MORE FLAG', 'MORE FLAGS')}",
                said,
                exact=True,
                whole=False,
                loud=True,
            )
        )
    return tuple(facts)


def remark_facts(remarks: Sequence[Remark], room: Room) -> tuple[Fact, ...]:
    """A line for each remark; an address that looks like another is a warning."""
    facts = [_remark(each, room) for each in remarks]
    hidden = len(facts) - room.flags
    if hidden > 0:
        more = Fact("Not shown", counted(hidden, "more remark"), exact=True, whole=False)
        facts[room.flags :] = [more]
    return tuple(facts)


def _remark(remark: Remark, room: Room) -> Fact:
    fact = exact(ODDITY_NAMES[remark.oddity], remark.text, room.text)
    return _loud(fact) if remark.oddity == "look_alike_destination" else fact


def _loud(fact: Fact) -> Fact:
    return replace(fact, loud=True)


def _said(flag: Flag) -> str:
    return flag.text if flag.proved else f"{flag.text.removesuffix('.')} (Cobo says)."
