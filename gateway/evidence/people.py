"""What the audit's lines say of people: votes, overrides, freezes, thaws."""

from collections.abc import Iterator
from typing import Any, TypeAlias

from approvals.ballots import SENTENCES, NotCountedCause
from approvals.codec import vote_from_plain
from approvals.freezes.codec import freeze_from_plain, thaw_from_plain
from approvals.freezes.model import Freeze, FreezeRecord, ThawVote
from approvals.model import Evidence, SshSignature
from notifiers.words.freezes import scope_of
from notifiers.words.readable import listed

Line: TypeAlias = dict[str, Any]


def voted(line: Line) -> list[str]:
    """Who said what, how, and why."""
    vote = vote_from_plain(dict(line["vote"]))
    why = [f"because: {vote.reason}"] if vote.reason else []
    return [f"{vote.person}: {vote.choice}", _how(vote.evidence), *why]


def overridden(line: Line) -> list[str]:
    """The same of somebody who decides in place of the people that the rules name."""
    vote = vote_from_plain(dict(line["vote"]))
    said = f"OVERRIDE by {vote.person}, to {vote.choice}: {vote.reason}"
    return [said, _how(vote.evidence)]


def ballot_refused(line: Line) -> list[str]:
    """Who wanted to vote, freeze or thaw, and why that did not count."""
    cause = line["cause"]
    why = SENTENCES[NotCountedCause(cause)] if cause in set(NotCountedCause) else cause
    return [f"{line['person'] or 'somebody unknown'}, by {line['via']}: {why}"]


def freeze_changed(line: Line) -> list[str]:
    """Who froze or wants to thaw what, and why."""
    record = freeze_from_plain(line["record"])
    match line["what"]:
        case "begun":
            return ["Nothing is frozen: this is the first record of freezes."]
        case "frozen" | "lost":
            return list(_frozen(record.freezes[-1]))
        case "thawing":
            return list(_thawing(thaw_from_plain(line["vote"])))
        case "thaw_voted":
            freeze = record.thaws[-1].freeze
            return [f"The vote of {line['person']} is stored; freeze {freeze} still holds."]
        case "thawed":
            return [*_thawed(record), *_still(record)]
        case _:
            return ["Another gateway changed what is frozen.", *_thawed(record), *standing(record)]


def standing(record: FreezeRecord) -> Iterator[str]:
    """All that is frozen, and who wants to thaw it."""
    if not record.freezes:
        yield "Nothing is frozen."
    for freeze in record.freezes:
        yield from _frozen(freeze)
        for vote in record.thaws:
            if vote.freeze == freeze.id:
                yield from _thawing(vote)


def _frozen(freeze: Freeze) -> Iterator[str]:
    who = "Countersign itself" if freeze.person is None else freeze.person
    yield f"FROZEN by {who}: {scope_of(freeze)} (freeze {freeze.id})"
    yield f"because: {freeze.reason}"
    if freeze.evidence is not None:
        yield _how(freeze.evidence)


def _thawing(vote: ThawVote) -> Iterator[str]:
    yield f"{vote.person} wants to end freeze {vote.freeze}"
    yield f"because: {vote.reason}"
    yield _how(vote.evidence)


def _thawed(record: FreezeRecord) -> Iterator[str]:
    """The freeze that was ended last, where the votes that did so are still in the record."""
    people = [vote.person for vote in record.thaws if vote.freeze in record.ended[-1:]]
    if people:
        yield f"THAWED by {listed(tuple(people))}: freeze {record.ended[-1]}"


def _still(record: FreezeRecord) -> Iterator[str]:
    for freeze in record.freezes:
        yield f"still frozen: {scope_of(freeze)} (freeze {freeze.id})"


def _how(evidence: Evidence) -> str:
    if isinstance(evidence, SshSignature):
        return f"signed with {evidence.key}"
    return f"a click of {evidence.user} in {evidence.channel}, Slack {evidence.workspace}"
