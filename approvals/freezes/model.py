"""Freezes: what stops approvals at once, whom it stops, and how it ends.

One record holds all that stand. Its epoch grows with each change, so that an older one put back is
known for what it is, and every write of a final APPROVE names the very record that it was decided
under.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from approvals.chains.addresses import claimed_address
from approvals.electorate import Electorate
from approvals.findings import Address, Findings
from approvals.model import Brief, Evidence, Frozen, SshSignature
from approvals.proof import thaw_proved

THAW_VOTES: Final = 2
ENDED_KEPT: Final = 256
THAW_WITHIN_MS: Final = 3_600_000
"""Votes to thaw that are further apart were not meant together."""


@dataclass(frozen=True, slots=True)
class Freeze:
    """One freeze: of one wallet, of one source address, or of everything where both are None.

    `id` is the epoch that it began and four random hex digits. `person` and `evidence` are None
    where Countersign froze itself. `at` is Unix milliseconds.
    """

    id: str
    wallet: str | None
    source: str | None
    person: str | None
    reason: str
    at: int
    evidence: Evidence | None

    @property
    def of_everything(self) -> bool:
        """Whether it stops every request."""
        return self.wallet is None and self.source is None


@dataclass(frozen=True, slots=True)
class ThawVote:
    """One person's signed wish to end one freeze. `at` is Unix milliseconds."""

    freeze: str
    person: str
    reason: str
    at: int
    evidence: SshSignature


@dataclass(frozen=True, slots=True)
class FreezeRecord:
    """Everything that is frozen, and who wants to thaw it. `stamp` names the stored value.

    `thaws` are the votes on what stands, and those that ended the latest freeze that was ended.
    `ended` are the ids of the latest freezes that people thawed: one that was known and is neither
    here nor there was lost.
    """

    epoch: int
    freezes: tuple[Freeze, ...] = ()
    thaws: tuple[ThawVote, ...] = ()
    ended: tuple[str, ...] = ()
    stamp: str = field(default="", compare=False)

    @property
    def freezes_everything(self) -> bool:
        """Whether no request need be looked at to know that it is stopped."""
        return any(freeze.of_everything for freeze in self.freezes)

    @property
    def last_ended(self) -> str:
        """The id of the latest freeze that people thawed; empty before the first."""
        return self.ended[-1] if self.ended else ""


FIRST: Final = FreezeRecord(epoch=1)


@dataclass(frozen=True, slots=True)
class Reach:
    """What a request is about: the wallet that is claimed, the source that is proved.

    `also` are the wallet's other names: what people call it, and the id in its transaction.
    """

    wallet: str | None
    source: Address | None
    also: tuple[str, ...] = ()


ANYTHING: Final = Reach(None, None)
"""What a request is about that cannot be looked at."""


def reach_of(findings: Findings) -> Reach:
    """What the findings say; nothing is known of a key that is made or moved."""
    claims = findings.claims
    also = (claims.wallet_name, claims.transaction_wallet_id)
    wallet = claims.wallet_id if _folded(claims.wallet_id or "") else None
    return Reach(wallet, findings.source, tuple(name for name in also if name))


def reach_of_brief(brief: Brief) -> Reach:
    """The wallet's names, where nothing else is kept: for lists, which decide nothing."""
    also = (brief.wallet_name, brief.transaction_wallet_id)
    return Reach(brief.wallet_id or None, None, tuple(name for name in also if name))


def frozen_by(record: FreezeRecord, reach: Reach) -> Frozen | None:
    """The first freeze that holds for a request; what is unknown is frozen too."""
    for freeze in record.freezes:
        if holds(freeze, reach):
            return Frozen(freeze.id, f"signing is frozen (freeze {freeze.id})")
    return None


def holds(freeze: Freeze, reach: Reach) -> bool:
    """A freeze of one wallet or source is passed by only where both are known and others."""
    if freeze.of_everything or reach.wallet is None or reach.source is None:
        return True
    if freeze.wallet is not None:
        return is_of_wallet(reach, freeze.wallet)
    return freeze.source is not None and claimed_address(freeze.source) == reach.source


def is_of_wallet(reach: Reach, wallet: str) -> bool:
    """Whether a request says that it is of this wallet, by any of its names."""
    names = (reach.wallet or "", *reach.also)
    return bool(_folded(wallet)) and _folded(wallet) in map(_folded, names)


def _folded(wallet: str) -> str:
    """Without regard to case and blanks: who mistypes those must not freeze nothing."""
    return wallet.strip().casefold()


def already(record: FreezeRecord, made: Freeze) -> Freeze | None:
    """The freeze that this very click or signature made before, while it stands."""
    wanted = (made.wallet, made.source, made.person, made.evidence)
    for freeze in record.freezes:
        if (freeze.wallet, freeze.source, freeze.person, freeze.evidence) == wanted:
            return freeze
    return None


def with_freeze(record: FreezeRecord, freeze: Freeze) -> FreezeRecord:
    """The next record, with one more freeze."""
    return replace(record, epoch=record.epoch + 1, freezes=(*record.freezes, freeze), stamp="")


def with_thaw(record: FreezeRecord, vote: ThawVote, electorate: Electorate) -> FreezeRecord:
    """The next record: with the vote, or without the freeze where the vote was the last needed."""
    same = (vote.freeze, vote.person)
    thaws = (*(kept for kept in record.thaws if (kept.freeze, kept.person) != same), vote)
    epoch = record.epoch + 1
    if len(thawing(thaws, vote.freeze, vote.at, electorate)) < THAW_VOTES:
        return replace(record, epoch=epoch, thaws=thaws, stamp="")
    return FreezeRecord(
        epoch,
        tuple(freeze for freeze in record.freezes if freeze.id != vote.freeze),
        tuple(kept for kept in thaws if kept.freeze not in record.ended),
        (*record.ended, vote.freeze)[-ENDED_KEPT:],
    )


def thawing(
    thaws: Iterable[ThawVote], freeze: str, now: int, electorate: Electorate
) -> tuple[str, ...]:
    """Distinct people of today's on-call whose votes for this freeze are of the last hour.

    Each vote is proved again by its signature, whatever stands beside it.
    """
    people = {
        vote.person
        for vote in thaws
        if vote.freeze == freeze
        and abs(now - vote.at) <= THAW_WITHIN_MS
        and vote.person in electorate.on_call
        and _is_theirs(vote, electorate)
    }
    return tuple(sorted(people))


def lacking(record: FreezeRecord, known: FreezeRecord) -> tuple[str, ...]:
    """The freezes that we know of and that are gone from the record, though nobody ended them."""
    there = {freeze.id for freeze in record.freezes} | {*record.ended}
    return tuple(freeze.id for freeze in known.freezes if freeze.id not in there)


def mended(known: FreezeRecord, stored: FreezeRecord | None, freeze: Freeze) -> FreezeRecord:
    """What replaces a record that was lost: all that either of both holds, and one more freeze."""
    if stored is None:
        return _with_own(known, freeze)
    settled = {*known.ended, *(kept.id for kept in known.freezes)}
    others = tuple(kept for kept in stored.freezes if kept.id not in settled)
    freezes = (*known.freezes, *others)
    stands = {kept.id for kept in freezes}  # what we put back has not ended, whatever was stored
    ended = dict.fromkeys(id_ for id_ in (*stored.ended, *known.ended) if id_ not in stands)
    epoch = max(known.epoch, stored.epoch)
    return _with_own(FreezeRecord(epoch, freezes, ended=tuple(ended)[-ENDED_KEPT:]), freeze)


def _with_own(record: FreezeRecord, freeze: Freeze) -> FreezeRecord:
    """One freeze of our own is enough: a record lost a thousand times is thawed by two votes."""
    if any(kept.of_everything and kept.person is None for kept in record.freezes):
        return replace(record, epoch=record.epoch + 1, stamp="")
    return with_freeze(record, freeze)


def _is_theirs(vote: ThawVote, electorate: Electorate) -> bool:
    person = electorate.people.get(vote.person)
    if person is None or person.ssh_line is None or person.ssh_key != vote.evidence.key:
        return False
    return thaw_proved(
        vote.evidence,
        line=person.ssh_line,
        freeze=vote.freeze,
        reason=vote.reason,
        at=vote.at,
    )
