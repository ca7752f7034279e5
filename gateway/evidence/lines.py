"""What a line of the audit says to a person: one teller for each event, in 80 columns.

A teller takes the line and gives sentences; an event without one is told by its name alone.
"""

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Final

from approvals.audit.form import CONTINUED, OPENED
from approvals.audit.lines import request_of
from approvals.audit.packed import BadPacked
from approvals.chains.tables import SHIPPED
from approvals.codec import DamagedRecord
from approvals.freezes.codec import freeze_from_plain
from approvals.inspect import inspect
from approvals.policy import PolicyError
from gateway.evidence import people
from gateway.evidence.people import Line
from gateway.policy_file import PolicyUnreadable, load_policy
from notifiers.story import names_of
from notifiers.words.headline import headline
from notifiers.words.readable import visible
from notifiers.words.status import day_and_clock

COLUMNS: Final = 80
_INDENT: Final = "    "
_MOST: Final = 1_000


def told(line: Line, policy: Path) -> list[str]:
    """When, what, and below it what else there is to say.

    `policy` is the policy file in use: it says what addresses and tokens are called.
    """
    what = str(line.get("event"))
    teller = TELLERS.get(what)
    try:
        said = [] if teller is None else teller(line)
        if what == "asked":
            said.insert(0, _headline(line, policy))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        said = [f"This line is not as we write it ({type(error).__name__})."]
    head = f"{day_and_clock(int(line['at']))}  {visible(what.replace('_', ' '), 40)}"
    place = f"{line.get('chain')} {line.get('seq')}"
    return [
        f"{head:<{COLUMNS - len(place) - 1}} {place}",
        *(each for s in said for each in _cut(s)),
    ]


def _cut(sentence: str) -> list[str]:
    text = visible(sentence, _MOST)
    width = COLUMNS - len(_INDENT)
    return [f"{_INDENT}{row}" for row in textwrap.wrap(text, width, break_on_hyphens=False)]


def _headline(line: Line, path: Path) -> str:
    try:
        request = request_of(line)
    except (BadPacked, DamagedRecord):
        return "The request in this line is damaged: `countersign audit verify`."
    try:
        policy = load_policy(path)
    except (PolicyUnreadable, PolicyError):
        return headline(inspect(request, SHIPPED))
    return headline(inspect(request, policy.tables), names_of(policy))


def _asked(line: Line) -> list[str]:
    approval = line["approval"]
    verdict = approval["verdict"]
    said = [
        f"{approval['node']}/{approval['request_id']}",
        f"digest {approval['digest']}",
        f"checks: {_checks(line['findings']['integrity'])}",
    ]
    said += [f"rule {rule['id']} ({rule['answer']}): {rule['why']}" for rule in verdict["rules"]]
    if approval["conflict"]:
        said.append("Another body under a known request id: no rule was asked.")
    elif verdict["effect"] == "ask":
        signed = ", signed in a terminal" if verdict["strength"] == "ssh" else ""
        said += [
            f"{need['count']} of {need['group']} ({', '.join(need['people'])}){signed}"
            for need in verdict["needs"]
        ]
        override = verdict["override"]
        if override is not None:
            who = ", ".join(override["people"])
            said.append(f"or {override['approve']} of {override['group']} by override ({who})")
        said.append(f"until {day_and_clock(approval['deadline'])}")
    else:
        said.append(f"the rules {verdict['effect']} {verdict['sentence']}")
    if verdict["barred"]:
        said.append(f"initiated by {', '.join(verdict['barred'])}, who may not approve it")
    if approval["final"] is not None:
        said.append(_said(approval["final"]))
    return [*said, f"policy {approval['policy'][:16]}"]


def _checks(integrity: Line) -> str:
    """As the audit has it: a Passed has no fields, a Refused has a cause."""
    if not integrity:
        return "passed"
    reasons = "; ".join(reason["text"] for reason in integrity["reasons"])
    return f"{integrity.get('cause', 'not verified')}: {reasons}"


def _deadline_moved(line: Line) -> list[str]:
    return [
        f"from {day_and_clock(line['old'])}",
        f"to   {day_and_clock(line['new'])}: the node will not ask again later",
    ]


def _finalized(line: Line) -> list[str]:
    final = line["approval"]["final"]
    return [_said(final), f"policy {final['policy'][:16]}"]


def _learned(line: Line) -> list[str]:
    """A refusal, or the end, that another gateway put on record."""
    approval = line["approval"]
    votes = [vote for vote in approval["votes"] if vote["choice"] == "reject"]
    said = [f"{vote['person']}: reject" for vote in votes]
    said += [] if approval["final"] is None else [_said(approval["final"])]
    return [f"At another gateway, {each}" for each in said]


def _said(final: Line) -> str:
    cause = f"{final['cause']}: " if final["cause"] else ""
    return f"{final['outcome']} {cause}{final['sentence']}"


def _answered(line: Line) -> list[str]:
    """Which attempt: the record has the number of the one that began when this one did."""
    approval, token = line["approval"], line["token"]
    attempts = approval["attempts"]
    number = attempts["number"] + 1
    counted = token in attempts["tokens"] and line["at"] - line["took_ms"] == attempts["began"]
    which = f"attempt {number}" if counted else f"one that came after attempt {number}"
    return [f"{approval['final']['outcome']}, signed for {which} (token {token})"]


def _taken(line: Line) -> list[str]:
    """What came of the answer: so far, that it reached the node."""
    return [f"{line['node']} took the answer"]


def _reported(line: Line) -> list[str]:
    """What a node says that it did, and whether that is what was asked."""
    report = line["report"]
    what = f"{line['node']} reports {report['kind'].replace('_', ' ')} {report['stage']}"
    said = [f"{what}, {day_and_clock(report['at'])} by its clock (event {report['event_id']})"]
    if report["why"]:
        said.append(f"because: {report['why']}")
    if not line["digest"]:
        said.append("It matches no approval of ours.")
    elif line["agrees"] is False:
        said.append("It is NOT what was asked of us.")
    if line.get("suspected"):
        said.append(f"When it was heard it had no yes of ours ({line['suspected']}).")
    if report["hashes"]:
        said.append(f"hashes, of which these are the first: {', '.join(report['hashes'])}")
    return said


def _unreadable(line: Line) -> list[str]:
    return [f"{line['node']}, {line['what'] or 'of no known type'}: {line['sentence']}"]


def _begun(line: Line) -> list[str]:
    """The first line of a file: what is frozen is carried along."""
    return ["Known from before:", *people.standing(freeze_from_plain(line["standing"]))]


TELLERS: Final[dict[str, Callable[[Line], list[str]]]] = {
    "asked": _asked,
    "voted": people.voted,
    "overridden": people.overridden,
    "ballot_refused": people.ballot_refused,
    "deadline_moved": _deadline_moved,
    "finalized": _finalized,
    "learned": _learned,
    "answered": _answered,
    "answer_taken": _taken,
    "node_reported": _reported,
    "event_unreadable": _unreadable,
    "freeze_changed": people.freeze_changed,
    OPENED: _begun,
    CONTINUED: _begun,
}
