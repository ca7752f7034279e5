"""What the gateways' audits hold, read from their files; and what is stored and shown at last."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from approvals.audit.packed import unpack
from approvals.audit.reading import read_lines
from approvals.model import Approval
from tests.chaos.history import content_of


@dataclass(frozen=True, slots=True)
class VoteLine:
    """A vote in a record or in a line about it. `at` is by the clock of whoever stored it."""

    person: str
    choice: str
    reason: str
    at: int


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


def entries_of(gateway: str, data_dir: Path) -> Iterator[Entry]:
    """The one place that reads an audit."""
    for document in read_lines(data_dir / "audit"):
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
        )


def shown_of(approval: Approval, messages: list[tuple[str, tuple[str, ...]]]) -> Shown:
    """A stored record beside the messages about it."""
    return Shown(
        member=approval.member,
        digest=approval.digest,
        outcome=None if approval.final is None else str(approval.final.outcome),
        people_hear=approval.verdict.effect == "ask" or approval.notice,
        votes=tuple(VoteLine(v.person, str(v.choice), v.reason, v.at) for v in approval.votes),
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
    return VoteLine(vote["person"], vote["choice"], vote["reason"], vote["at"])
