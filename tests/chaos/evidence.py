"""What the gateways' audits hold, read from their files; and what is stored and shown at last."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from approvals.audit.packed import unpack
from approvals.audit.reading import read_lines
from approvals.audit.verifying import verify_audits
from approvals.model import Approval
from keys.rsa import fingerprint
from tests.chaos.history import content_of
from tests.chaos.rules import Scope
from tests.support.world import rsa_key


@dataclass(frozen=True, slots=True)
class VoteLine:
    """A vote in a record or in a line about it. `at` is by the clock of whoever stored it."""

    person: str
    choice: str
    reason: str
    at: int
    override: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """One freeze in a gateway's audit; `person` is None where Countersign froze itself."""

    id: str
    scope: Scope
    person: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class FreezeLine:
    """What a gateway learned of freezes: all that stands, and the votes to thaw.

    `thaws` are freeze, person, reason. `opens`: it is the first line of a file, which says what
    stands, for the line of the change may have been in a file that could not be written any more.
    """

    gateway: str
    chain: str
    place: int
    at: int
    standing: tuple[Standing, ...]
    thaws: tuple[tuple[str, str, str], ...]
    opens: bool = False

    @property
    def own(self) -> bool:
        """Whether Countersign froze itself, for its record was lost."""
        return any(freeze.person is None for freeze in self.standing)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of one gateway's audit about one digest.

    `content` names the request where the line holds it; `token` the attempt that was answered.
    `final` is everything that a final fact says.
    """

    gateway: str
    event: str
    digest: str
    content: str | None
    token: str | None
    deadline: int
    votes: tuple[VoteLine, ...]
    final: tuple[Any, ...] | None
    chain: str = ""
    place: int = 0

    @property
    def final_at(self) -> int | None:
        """By the clock of whoever made it final."""
        return None if self.final is None else int(dict(self.final[1:])["at"])

    @property
    def outcome(self) -> str | None:
        return None if self.final is None else str(self.final[0])


@dataclass(frozen=True, slots=True)
class Shown:
    """A record as it is stored at the end, and the messages about it."""

    member: str
    digest: str
    outcome: str | None
    people_hear: bool
    votes: tuple[VoteLine, ...]
    messages: tuple[tuple[str, tuple[str, ...]], ...]
    """Of each message what it says, and the words on its buttons."""


def entries_of(gateway: str, data_dir: Path) -> Iterator[Entry | FreezeLine]:
    """The one place that reads an audit."""
    for place, document in enumerate(read_lines(data_dir / "audit")):
        if document["event"] == "freeze_changed":
            thaw = document["vote"]
            yield _freezes(gateway, place, document, document["record"], thaw)
            continue
        if document.get("standing") is not None:
            yield _freezes(gateway, place, document, document["standing"], None)
            continue
        approval = document.get("approval")
        if approval is None:
            if document["event"] == "malformed":
                yield Entry(gateway, "malformed", "", None, document["token"], 0, (), None)
            continue
        votes = approval["votes"]
        if document["event"] in {"voted", "overridden"}:
            votes = [*votes, document["vote"]]
        final = approval["final"]
        yield Entry(
            gateway=gateway,
            event=document["event"],
            digest=approval["digest"],
            content=_content(document),
            token=document.get("token"),
            deadline=approval["deadline"],
            votes=tuple(_vote(vote) for vote in votes),
            final=None if final is None else (final["outcome"], *sorted(final.items())),
            chain=document["chain"],
            place=place,
        )


def verified(data_dirs: Iterable[Path]) -> list[str]:
    """What `audit verify` finds in all gateways' audits together."""
    key = rsa_key("server").public_key()
    places = [data_dir / "audit" for data_dir in data_dirs]
    return verify_audits(places, {fingerprint(key): key}, []).findings


def shown_of(approval: Approval, messages: list[tuple[str, tuple[str, ...]]]) -> Shown:
    """A stored record beside the messages about it."""
    return Shown(
        member=approval.member,
        digest=approval.digest,
        outcome=None if approval.final is None else str(approval.final.outcome),
        people_hear=approval.verdict.effect == "ask" or approval.notice,
        votes=tuple(
            VoteLine(v.person, str(v.choice), v.reason, v.at, v.override) for v in approval.votes
        ),
        messages=tuple(messages),
    )


def _content(document: dict[str, Any]) -> str | None:
    if document["event"] != "asked":
        return None
    request = json.loads(unpack(document["request"]))
    names = ("node", "request_id", "type", "detail", "extra")
    node, request_id, type_, detail, extra = (request[name] for name in names)
    return content_of(node, request_id, type_, detail, extra)


def _vote(vote: dict[str, Any]) -> VoteLine:
    names = ("person", "choice", "reason", "at", "override")
    return VoteLine(*(vote[name] for name in names))


def _freezes(
    gateway: str, place: int, document: dict[str, Any], record: dict[str, Any], vote: Any
) -> FreezeLine:
    thaws = [*record["thaws"], *([] if vote is None else [vote])]
    return FreezeLine(
        gateway,
        document["chain"],
        place,
        document["at"],
        tuple(_standing(freeze) for freeze in record["freezes"]),
        tuple((thaw["freeze"], thaw["person"], thaw["reason"]) for thaw in thaws),
        document["event"] != "freeze_changed",
    )


def _standing(freeze: dict[str, Any]) -> Standing:
    scope = Scope()
    if freeze["wallet"] is not None:
        scope = Scope("wallet", freeze["wallet"])
    elif freeze["source"] is not None:
        scope = Scope("source", freeze["source"])
    return Standing(freeze["id"], scope, freeze["person"], freeze["reason"])
