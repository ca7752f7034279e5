"""What the lines of an audit say of freezes together: who froze, who thawed, what was answered."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from approvals.audit.form import CONTINUED, OPENED
from approvals.freezes.codec import freeze_from_plain, thaw_from_plain
from approvals.freezes.model import THAW_WITHIN_MS, Freeze, FreezeRecord, ThawVote
from approvals.model import SshSignature
from approvals.proof import freeze_proved, thaw_proved


@dataclass(frozen=True, slots=True)
class _Known:
    """What a chain said last, and where."""

    record: FreezeRecord
    where: str


@dataclass(frozen=True, slots=True)
class _Gone:
    """A freeze that stood in a chain and does not any more. `seen`: no epoch lies between."""

    freeze: str
    where: str
    seen: bool


class FreezeAgreement:
    """Takes the lines of all chains, each chain's in order; then `end` says what is left.

    - The epochs of a chain never fall.
    - Every freeze and every vote to thaw from a terminal bears a signature of that very thing, and
      a freeze is the same one wherever it stands.
    - A freeze that is gone was ended by the votes of two people, cast within an hour, that stand
      in some line of some chain.
    - No line answers APPROVE while its chain knows of a freeze of everything.
    """

    def __init__(
        self, find: Callable[[str], None], note: Callable[[str], None], counts: Counter[str]
    ) -> None:
        """`find` takes a sentence on what does not agree, `note` on what may be; `counts` grows."""
        self._find = find
        self._note = note
        self._counts = counts
        self._known: dict[str, _Known] = {}
        self._stops: dict[str, str] = {}
        self._freezes: dict[str, tuple[Freeze, str]] = {}
        self._thaws: dict[str, set[ThawVote]] = defaultdict(set)
        self._judged: set[Freeze | ThawVote] = set()
        self._gone: list[_Gone] = []

    def take(self, document: dict[str, Any], chain: str, where: str) -> None:
        """One line; what it says of no freeze is passed over."""
        event = document["event"]
        if event == "freeze_changed":
            record = freeze_from_plain(document["record"])
            vote = document["vote"]
            votes = () if vote is None else (thaw_from_plain(vote),)
            self._learn(record, votes, chain, where)
            self._stop(record, chain, where)
        elif event in {OPENED, CONTINUED} and document.get("standing") is not None:
            record = freeze_from_plain(document["standing"])
            self._learn(record, (), chain, where)
            if not record.freezes_everything or document["why"] == "start":
                self._stop(record, chain, where)  # else it may be younger than lines that follow

    def check_approved(self, chain: str, where: str) -> None:
        """A line of this chain answers APPROVE."""
        if chain in self._stops:
            self._find(f"{where} answers APPROVE, and {self._stops[chain]}.")

    def end(self) -> None:
        """All chains were taken: who ended what is gone must be known by now."""
        for gone in self._gone:
            if _two_people(self._thaws[gone.freeze]):
                continue
            if gone.seen:
                self._find(
                    f"{gone.where}: freeze {gone.freeze} is gone, and no two people signed that"
                    " they end it."
                )
            else:
                self._note(
                    f"{gone.where}: freeze {gone.freeze} was ended at another gateway: its audit"
                    " is wanted too, to prove who did."
                )

    def _learn(
        self, record: FreezeRecord, votes: tuple[ThawVote, ...], chain: str, where: str
    ) -> None:
        for freeze in record.freezes:
            self._check_freeze(freeze, where)
        for vote in (*record.thaws, *votes):
            self._check_thaw(vote, where)
        before = self._known.get(chain)
        if before is not None:
            self._compare(before, record, where)
        self._known[chain] = _Known(record, where)

    def _compare(self, before: _Known, record: FreezeRecord, where: str) -> None:
        old, new = before.record.epoch, record.epoch
        if new < old:
            self._find(f"{where} is of freeze epoch {new}, and {before.where} of {old} already.")
        there = {freeze.id for freeze in record.freezes}
        for freeze in before.record.freezes:
            if freeze.id not in there:
                seen = new <= old + 1 or freeze.id not in record.ended
                self._gone.append(_Gone(freeze.id, where, seen))

    def _stop(self, record: FreezeRecord, chain: str, where: str) -> None:
        """Whether nothing may be approved in this chain from here on, and why."""
        self._stops.pop(chain, None)
        for freeze in record.freezes:
            if freeze.of_everything:
                self._stops[chain] = f"freeze {freeze.id} of everything stood ({where})"

    def _check_freeze(self, freeze: Freeze, where: str) -> None:
        first, there = self._freezes.setdefault(freeze.id, (freeze, where))
        if first != freeze:
            self._find(f"{where}: freeze {freeze.id} is not the one that stands in {there}.")
        if freeze in self._judged:
            return
        self._judged.add(freeze)
        self._counts["freezes"] += 1
        if (freeze.person is None) != (freeze.evidence is None):
            self._find(f"{where}: nothing proves who froze (freeze {freeze.id}).")
        if not isinstance(freeze.evidence, SshSignature):
            return
        if freeze_proved(
            freeze.evidence,
            wallet=freeze.wallet,
            source=freeze.source,
            reason=freeze.reason,
            at=freeze.at,
        ):
            self._counts["signatures"] += 1
        else:
            self._find(f"{where}: the signature of {freeze.person} is not of freeze {freeze.id}.")

    def _check_thaw(self, vote: ThawVote, where: str) -> None:
        if vote in self._judged:
            return
        self._judged.add(vote)
        if thaw_proved(
            vote.evidence, line=None, freeze=vote.freeze, reason=vote.reason, at=vote.at
        ):
            self._counts["signatures"] += 1
            self._thaws[vote.freeze].add(vote)
        else:
            self._find(
                f"{where}: the signature of {vote.person} is not of this vote to thaw freeze"
                f" {vote.freeze}."
            )


def _two_people(votes: Iterable[ThawVote]) -> bool:
    """Two names, two keys, and not an hour between them."""
    return any(
        one.person != other.person
        and one.evidence.key != other.evidence.key
        and abs(one.at - other.at) <= THAW_WITHIN_MS
        for one, other in combinations(votes, 2)
    )
