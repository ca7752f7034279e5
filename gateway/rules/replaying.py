"""What a draft policy says of requests that the audit kept, line by line.

The recorded verdict, under the policy of its time, stands against the draft's. What a line does
not hold is not made up: it is not replayable, and says why.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

from approvals.audit.files import Stretch
from approvals.audit.form import document_of
from approvals.audit.lines import request_of
from approvals.audit.packed import BadPacked
from approvals.audit.reading import whole_lines
from approvals.codec import DamagedRecord, verdict_from_plain
from approvals.findings import Findings, Passed, Refused
from approvals.inspect import inspect
from approvals.model import Verdict
from approvals.policy.compare import Comparison, Same, compare
from approvals.policy.judge import judge
from approvals.policy.model import Policy
from notifiers.story import names_of
from notifiers.words.headline import headline

CHUNK_BYTES: Final = 1 << 20

_EFFECTS: Final = frozenset({"approve", "ask", "reject"})
_STRENGTHS: Final = frozenset({"any", "ssh"})


@dataclass(frozen=True, slots=True)
class Chunk:
    """Whole lines of one file, from line `first` (1 is a file's first) on."""

    path: Path
    first: int
    lines: tuple[bytes, ...]

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(map(len, self.lines))


@dataclass(frozen=True, slots=True)
class Change:
    """How the draft's verdict differs, without what tells one request from another."""

    comparison: Comparison
    old: str
    new: str
    old_rules: tuple[str, ...]
    new_rules: tuple[str, ...]
    old_checks: str
    new_checks: str


@dataclass(frozen=True, slots=True)
class Replayed:
    """One request. `change` and `headline` are empty where nothing would change.

    `at` is when the line was written, `asked_at` when the node asked first (Unix milliseconds).
    """

    at: int
    asked_at: int
    member: str
    digest: str
    change: Change | None
    headline: str


@dataclass(frozen=True, slots=True)
class NotReplayable:
    """A line that no verdict can be compared for. `digest` is hex, or "" where it names none."""

    why: str
    where: str
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Mention:
    """A line about a request that stands, if we have it, in a line of its own."""

    digest: str
    member: str


Result: TypeAlias = Replayed | NotReplayable | Mention


def chunks_of(stretches: Sequence[Stretch]) -> Iterator[Chunk]:
    """The lines of the audit, about a mebibyte at a time.

    Raises:
        AuditUnreadable: see `whole_lines`.
    """
    for stretch in stretches:
        first, some, size = 1, list[bytes](), 0
        for number, line in whole_lines(stretch):
            some.append(line)
            size += len(line)
            if size >= CHUNK_BYTES:
                yield Chunk(stretch.path, first, tuple(some))
                first, some, size = number + 1, [], 0
        if some:
            yield Chunk(stretch.path, first, tuple(some))


def replay_chunk(chunk: Chunk, draft: Policy, since: int) -> list[Result]:
    """Every line that is about a request asked at or after `since`.

    Raises:
        AuditUnreadable: a whole line is not JSON of ours.
    """
    found: list[Result] = []
    here: set[str] = set()
    for number, line in enumerate(chunk.lines, chunk.first):
        document = document_of(line, f"{chunk.path}, line {number}")
        result = _result(document, f"{chunk.path.name}, line {number}", draft, since)
        if isinstance(result, Mention) and result.digest in here:
            continue  # most stand near the line that asked
        if result is not None:
            here.add(result.digest)
            found.append(result)
    return found


def _result(document: dict[str, Any], where: str, draft: Policy, since: int) -> Result | None:
    event, digest = document.get("event"), ""
    try:
        if event == "malformed":
            late = document["at"] >= since
            return NotReplayable("no request could be read", where) if late else None
        approval = document.get("approval")
        if approval is None or approval["asked_at"] < since:
            return None
        digest, member = approval["digest"], f"{approval['node']}/{approval['request_id']}"
        bytes.fromhex(digest)
        if event != "asked":
            return Mention(digest, member)
        if approval["conflict"]:
            return NotReplayable("another body under a known id: no rule was asked", where, digest)
        if document.get("request") is None:
            return NotReplayable("its line holds no request", where, digest)
        return _replayed(document, draft, member, where)
    except (BadPacked, DamagedRecord):
        return NotReplayable("its request is not the one of its digest", where, digest)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        return NotReplayable(f"not as we write it ({type(error).__name__})", where)


def _replayed(
    document: dict[str, Any], draft: Policy, member: str, where: str
) -> Replayed | NotReplayable:
    approval = document["approval"]
    request = request_of(document)
    if f"{request.node}/{request.request_id}" != member:
        return NotReplayable("its request is not the one of its digest", where, request.digest)
    old = _recorded(approval["verdict"])
    checks = _checks_of(document["findings"]["integrity"])
    findings = inspect(request, draft.tables)
    new = judge(findings, draft)
    comparison = compare(old, new)
    change, said = None, ""
    if not isinstance(comparison, Same):
        rules = [tuple(rule.id for rule in verdict.rules) for verdict in (old, new)]
        change = Change(
            comparison, _said(old), _said(new), rules[0], rules[1], checks, _checks(findings)
        )
        said = headline(findings, names_of(draft))
    return Replayed(document["at"], approval["asked_at"], member, request.digest, change, said)


def _recorded(document: dict[str, Any]) -> Verdict:
    verdict = verdict_from_plain(document)
    if verdict.effect not in _EFFECTS or verdict.strength not in _STRENGTHS:
        raise ValueError("no verdict")
    return verdict


def _said(verdict: Verdict) -> str:
    """`ask 2 of treasury, 1 of on_call, signed`."""
    match verdict.effect:
        case "ask":
            seats = [f"{need.count} of {need.group}" for need in verdict.needs]
            return f"ask {', '.join(seats)}" + (", signed" if verdict.strength == "ssh" else "")
        case "reject":
            return f"reject ({verdict.cause})"
        case _:
            return "approve"


def _checks_of(integrity: dict[str, Any]) -> str:
    """As the audit has it: a Passed has no fields, a Refused has a cause."""
    if not integrity:
        return "passed"
    return "refused" if "cause" in integrity else "not verified"


def _checks(findings: Findings) -> str:
    match findings.integrity:
        case Passed():
            return "passed"
        case Refused():
            return "refused"
        case _:
            return "not verified"
