"""What the lines of an audit say together: nothing was answered twice, or without its evidence."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, Final

from approvals.audit.freezes import FreezeAgreement
from approvals.audit.lines import request_of
from approvals.audit.packed import BadPacked
from approvals.codec import DamagedRecord, approval_from_plain, vote_from_plain
from approvals.decide import decide
from approvals.electorate import Electorate
from approvals.eligible import proves
from approvals.model import (
    NOTHING_NEW,
    NOTHING_REMEMBERED,
    Approval,
    Choice,
    Damaged,
    Outcome,
    SshSignature,
    Vote,
)

_REMEMBERED: Final = 100_000
"""Signatures found good; the same vote stands in several lines."""

_NOBODY: Final = Electorate(policy="", people={}, groups={})
"""Who may vote today is not asked of what was final then."""

_CAST: Final = {"voted": False, "overridden": True}
"""Lines that say that a vote was stored: whether it was an override."""


class Agreement:
    """Takes the lines of all chains, each chain's in order; then `end` says what is left.

    - No digest has two outcomes, whichever lines say so: decided, answered or learned.
    - Every line that answered has, before it in its chain, one that asked.
    - The request in a line that asked has the digest that the line names.
    - Every vote from a terminal bears a signature of that very vote, overrides as overrides.
    - One key or one Slack user did not approve as two people.
    - Every final approval is what its verdict and its votes amount to.
    - What was frozen, by whom, and what was answered meanwhile: see `FreezeAgreement`.
    """

    def __init__(
        self, find: Callable[[str], None], note: Callable[[str], None], counts: Counter[str]
    ) -> None:
        """`find` takes a sentence on what does not agree, `note` on what may be; `counts` grows."""
        self._find = find
        self._counts = counts
        self._freezes = FreezeAgreement(find, note, counts)
        self._outcomes: dict[str, tuple[Outcome, str]] = {}
        self._asked: set[tuple[str, str]] = set()
        self._good: set[tuple[Vote, str]] = set()

    def take(self, document: dict[str, Any], chain: str, where: str) -> None:
        """One line, which is taken apart."""
        try:
            self._freezes.take(document, chain, where)
            if document.get("approval") is not None:
                self._take(document, chain, where)
        except (KeyError, TypeError, ValueError, AttributeError, AssertionError) as error:
            self._find(f"{where} is not as we write it ({type(error).__name__}).")

    def end(self) -> None:
        """All chains were taken."""
        self._freezes.end()

    def _take(self, document: dict[str, Any], chain: str, where: str) -> None:
        event, digest = document["event"], document["approval"]["digest"]
        if event == "asked":
            self._counts["requests"] += (chain, digest) not in self._asked
            self._asked.add((chain, digest))
            self._check_request(document, where)
        approval = approval_from_plain(document["approval"])
        if event == "answered":
            self._counts["answers"] += 1
            if (chain, digest) not in self._asked:
                self._find(f"{where} answers a request that its chain has no evidence of.")
            if approval.final is not None and approval.final.outcome is Outcome.APPROVE:
                self._freezes.check_approved(chain, where)
        self._check_final(approval, where)
        self._check_votes(approval.votes, approval, where)
        if event in _CAST:
            self._check_cast(event, vote_from_plain(document["vote"]), approval, where)

    def _check_request(self, document: dict[str, Any], where: str) -> None:
        approval = document["approval"]
        try:
            request = request_of(document)
        except (BadPacked, DamagedRecord):
            self._find(f"{where}: the request is not the one of its digest.")
            return
        names = (approval["node"], approval["request_id"], document["content"])
        if (request.node, request.request_id, request.content) != names:
            self._find(f"{where}: the request is not the one that is named.")

    def _check_final(self, approval: Approval, where: str) -> None:
        """The one outcome; and a yes is derived again from what the line itself holds."""
        final = approval.final
        if final is None:
            return
        first, there = self._outcomes.setdefault(approval.digest, (final.outcome, where))
        if first is not final.outcome:
            said = f"digest {approval.digest} is {final.outcome}, and {first} in {there}"
            self._find(f"{where}: {said}.")
        derived = decide(
            approval,
            now=final.at,
            electorate=_NOBODY,
            remembered=NOTHING_REMEMBERED,
            today=NOTHING_NEW,
        )
        if isinstance(derived, Damaged):
            self._find(f"{where} has {derived.why}.")

    def _check_cast(self, event: str, vote: Vote, approval: Approval, where: str) -> None:
        self._counts["votes"] += 1
        if vote.override:
            self._counts["overrides"] += 1
        if vote.override is not _CAST[event]:
            what = "an override" if vote.override else "no override"
            self._find(f"{where} is called {event}, and the vote of {vote.person} is {what}.")
        if vote not in approval.votes and self._is_good(vote, approval, where):
            self._find(f"{where}: the record does not hold the vote of {vote.person}.")

    def _check_votes(self, votes: Iterable[Vote], approval: Approval, where: str) -> None:
        approved: dict[tuple[str, ...], str] = {}
        for vote in votes:
            self._is_good(vote, approval, where)
            if vote.choice is Choice.APPROVE:
                first = approved.setdefault(_cast_with(vote), vote.person)
                if first != vote.person:
                    people = f"{first} and {vote.person}"
                    self._find(f"{where}: the approvals of {people} were cast with one key.")

    def _is_good(self, vote: Vote, approval: Approval, where: str) -> bool:
        """Whether it is about these bytes and signed, if it must be; if not, that is found."""
        evidence, member = vote.evidence, f"{approval.node}/{approval.request_id}"
        wrong = None
        if vote.digest != approval.digest:
            wrong = f"a vote of {vote.person} is about other bytes"
        elif not isinstance(evidence, SshSignature):
            wrong = f"nobody signed the override of {vote.person}" if vote.override else None
        elif (vote, member) not in self._good:
            if proves(evidence, vote, approval, None):
                self._keep(vote, member)
            else:
                wrong = f"the signature of {vote.person} is not of this vote"
        if wrong is not None:
            self._find(f"{where}: {wrong}.")
        return wrong is None

    def _keep(self, vote: Vote, member: str) -> None:
        self._counts["signatures"] += 1
        if len(self._good) >= _REMEMBERED:
            self._good.clear()
        self._good.add((vote, member))


def _cast_with(vote: Vote) -> tuple[str, ...]:
    """What tells one person from another."""
    evidence = vote.evidence
    if isinstance(evidence, SshSignature):
        return (evidence.key,)
    return (evidence.workspace, evidence.user)
