"""What the lines of an audit say together: nothing was answered twice, or without its evidence."""

from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from approvals.audit.lines import request_of
from approvals.audit.packed import BadPacked
from approvals.codec import DamagedRecord, vote_from_plain
from approvals.model import SshSignature, Vote
from approvals.statement import NAMESPACE, BadStatement
from approvals.statement import read as read_statement
from keys import ssh, sshsig

_REMEMBERED: Final = 100_000
"""Signatures found good; the same vote stands in several lines."""


class Agreement:
    """Takes the lines of all chains, each chain's in order.

    - No digest has two outcomes.
    - Every line that answered has, before it in its chain, one that asked.
    - The request in a line that asked has the digest that the line names.
    - Every vote from a terminal bears a signature of that very vote.
    """

    def __init__(self, find: Callable[[str], None], counts: Counter[str]) -> None:
        """`find` takes a sentence for what does not agree; `counts` grows."""
        self._find = find
        self._counts = counts
        self._outcomes: dict[str, tuple[str, str]] = {}
        self._asked: set[tuple[str, str]] = set()
        self._good: set[tuple[Vote, str]] = set()

    def take(self, document: dict[str, Any], chain: str, where: str) -> None:
        """One line."""
        try:
            self._take(document, chain, where)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            self._find(f"{where} is not as we write it ({type(error).__name__}).")

    def _take(self, document: dict[str, Any], chain: str, where: str) -> None:
        event, approval = document["event"], document.get("approval")
        if approval is None:
            return
        digest = approval["digest"]
        if event == "asked":
            self._counts["requests"] += (chain, digest) not in self._asked
            self._asked.add((chain, digest))
            self._check_request(document, where)
        if event == "answered":
            self._counts["answers"] += 1
            if (chain, digest) not in self._asked:
                self._find(f"{where} answers a request that its chain has no evidence of.")
        if approval["final"] is not None:
            self._check_outcome(digest, approval["final"]["outcome"], where)
        votes = list(approval["votes"])
        if event == "voted":
            self._counts["votes"] += 1
            votes.append(document["vote"])
        for vote in votes:
            self._check_vote(vote_from_plain(dict(vote)), approval, where)

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

    def _check_outcome(self, digest: str, outcome: str, where: str) -> None:
        first, there = self._outcomes.setdefault(digest, (outcome, where))
        if first != outcome:
            self._find(f"{where}: digest {digest} is {outcome}, and {first} in {there}.")

    def _check_vote(self, vote: Vote, approval: dict[str, Any], where: str) -> None:
        if vote.digest != approval["digest"]:
            self._find(f"{where}: a vote of {vote.person} is about other bytes.")
            return
        evidence = vote.evidence
        if not isinstance(evidence, SshSignature):
            return
        member = f"{approval['node']}/{approval['request_id']}"
        if (vote, member) in self._good:
            return
        if not _is_of(evidence, vote, member):
            self._find(f"{where}: the signature of {vote.person} is not of this vote.")
            return
        self._counts["signatures"] += 1
        if len(self._good) >= _REMEMBERED:
            self._good.clear()
        self._good.add((vote, member))


def _is_of(evidence: SshSignature, vote: Vote, member: str) -> bool:
    """Whether the key that is named signed the statement, and that says what the vote says."""
    key = sshsig.key_of(evidence.signature)
    if key is None or ssh.fingerprint(key) != evidence.key:
        return False
    if not sshsig.verify(key, NAMESPACE, evidence.statement.encode(), evidence.signature):
        return False
    try:
        said = read_statement(evidence.statement)
    except BadStatement:
        return False
    told = (f"{said.node}/{said.request_id}", said.digest, said.choice, said.reason)
    return told == (member, vote.digest, vote.choice, vote.reason)
