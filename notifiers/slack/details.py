"""Everything about one approval, for whoever wants to look closer: a modal that anybody may open.

What does not even fit there is counted, named by its SHA-256, and left to a terminal.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from approvals.findings import Findings
from approvals.model import Approval, SshSignature, Vote
from approvals.raw_bytes import Raw, raw_of
from approvals.request import Request
from approvals.wording import counted
from notifiers.ports import Story
from notifiers.slack.facts import lines, section, title
from notifiers.slack.limits import SECTION_TEXT, VIEW_BLOCKS, VIEW_SIZE, Json, view_size
from notifiers.slack.modal import modal
from notifiers.slack.overflow import overflow_of
from notifiers.slack.review import LAYOUTS
from notifiers.slack.text import SLACK_INK, date, mrkdwn, plain, standing
from notifiers.words.facts import Fact, exact
from notifiers.words.ink import deadline
from notifiers.words.readable import visible
from notifiers.words.sheet import Sheet
from notifiers.words.status import day_and_clock, status_of
from notifiers.words.text import audited, reading

_FACT_BLOCKS: Final = 50
_FACT_SIZE: Final = 50_000
_HASH_BLOCKS: Final = 10
_HEADLINE: Final = 1_000
_LINE: Final = 500
_CHUNK: Final = 1_024
"""Bytes of one paragraph of hex."""


def details_view(
    story: Story, request: Request | None, findings: Findings | None, now: int
) -> Json:
    """The modal, as of `now` (Unix milliseconds); without its bytes, where they are not kept."""
    known = request is not None and findings is not None
    blocks = [*_standing(story, now), *_facts(story, known=known)]
    if request is None or findings is None:
        gone = f"The bytes of this request are not kept here any more: {audited(story.approval)}"
        blocks.append(section("gone", plain(gone, _LINE)))
    else:
        blocks += [*_exact(request), *_hashes(findings.hashes, story.approval)]
        blocks += _raw(request, story, VIEW_BLOCKS - len(blocks), VIEW_SIZE - view_size(blocks))
    return modal("details", "Details", blocks)


def _standing(story: Story, now: int) -> Iterator[Json]:
    """The first line, where it stands, and since when it does."""
    approval = story.approval
    status = status_of(
        approval,
        story.decision,
        SLACK_INK,
        freezes=story.freezes,
        after=story.after,
        overdue=story.overdue,
    )
    yield section("what", plain(story.sheet.headline, _HEADLINE))
    yield section("status", mrkdwn(standing(status)))
    until = f" Decide before {deadline(approval, SLACK_INK)}." if status.state == "open" else ""
    as_of = f"As of {date(now)}; what comes later is in the message.{until}"
    yield {"type": "context", "block_id": "as-of", "elements": [mrkdwn(as_of)]}
    yield section("seal", plain(story.sheet.badge, SECTION_TEXT))


def _facts(story: Story, *, known: bool) -> list[Json]:
    """Every fact in full; of so many that no modal holds them, the first.

    `known`: the digest follows with the exact request that it is of.
    """
    page = story.page or story.sheet
    blocks: list[Json] = []
    for layout in LAYOUTS:
        blocks = []
        for number, (words, facts) in enumerate(_groups(story, page, known=known)):
            blocks += [title(f"group-{number}", words), *layout(f"facts-{number}", facts)]
        if len(blocks) <= _FACT_BLOCKS and view_size(blocks) <= _FACT_SIZE:
            return blocks
    whole = overflow_of(story.approval, story.sheet, page)
    kept = _within(blocks, _FACT_BLOCKS, _FACT_SIZE)
    rest = (
        f"[cut: {counted(len(blocks) - len(kept), 'more paragraph')}] The whole text has"
        f" {counted(len(whole.text), 'character')} and the SHA-256 {whole.sha256}."
        f" To read it all, run: {whole.run}"
    )
    return [*kept, section("facts-cut", plain(rest, SECTION_TEXT))]


def _groups(story: Story, page: Sheet, *, known: bool) -> Iterator[tuple[str, Sequence[Fact]]]:
    ids = [fact for fact in page.ids if not known or fact.value != story.approval.digest]
    votes = [_vote(vote) for vote in story.approval.votes]
    groups = (
        ("Warnings", (*page.flags, *page.remarks)),
        ("From the bytes", page.proved),
        ("Why it was asked, and who may approve", (*page.asked, *_people(story.approval))),
        ("Votes", votes),
        ("What it is called by", ids),
        ("Cobo says · none of this is proved", page.claimed),
    )
    yield from (group for group in groups if group[1])


def _people(approval: Approval) -> Iterator[Fact]:
    """Who may approve, group by group; how, where a click is not enough; and who may override."""
    verdict = approval.verdict
    for need in verdict.needs:
        who = ", ".join(map(visible, need.people)) or "nobody who may"
        yield exact("May approve", f"{need.count} of {visible(need.group)}: {who}", _LINE)
    if verdict.needs and verdict.strength == "ssh":
        yield Fact("How", "with a signed vote from a terminal; a click does not count")
    if verdict.override is not None:
        people = ", ".join(map(visible, verdict.override.people))
        many = f"{verdict.override.approve} of {visible(verdict.override.group)}"
        yield exact("May override", f"{many}, with signatures: {people}", _LINE)


def _vote(vote: Vote) -> Fact:
    how = "signed" if isinstance(vote.evidence, SshSignature) else "clicked"
    how = "overrides" if vote.override else how
    why = f": {visible(vote.reason, _LINE)}" if vote.reason else ""
    return Fact(visible(vote.person, 80), f"{vote.choice}, {how} {day_and_clock(vote.at)}{why}")


def _exact(request: Request) -> list[Json]:
    """What the digest is over, part by part."""
    parts = [("request_detail", request.detail), ("extra_info", request.extra)]
    parts += [("unknown outer fields", request.surplus)] if request.surplus else []
    said = [f"Digest: {request.digest}", f"request_type: {request.type}"]
    said += [_measured(Raw(name, text.encode())) for name, text in parts]
    return [title("exact-title", "The exact request"), *lines("exact", said)]


def _hashes(hashes: Sequence[str], approval: Approval) -> list[Json]:
    """Each of msg_hash_list."""
    if not hashes:
        return []
    said = [f"{number}. {each}" for number, each in enumerate(hashes, start=1)]
    blocks = lines("hash", said if len(said) > 1 else hashes)
    kept = blocks[:_HASH_BLOCKS]
    if len(blocks) > len(kept):
        rest = f"[cut: of {counted(len(hashes), 'hash', 'hashes')} the first] {_more(approval)}"
        kept.append(section("hash-cut", plain(rest, _LINE)))
    return [title("hash-title", "Hashes to be signed (msg_hash_list)"), *kept]


def _raw(request: Request, story: Story, blocks: int, size: int) -> list[Json]:
    """The bytes themselves, as far as so many blocks of together so many characters hold them."""
    proved = "" if story.sheet.verified else f", as Cobo sent them: {story.sheet.integrity}"
    shown = [title("raw-title", f"Raw bytes{proved}")]
    for number, raw in enumerate(raw_of(request)):
        shown.append(section(f"raw-{number}", plain(_measured(raw), _LINE)))
        shown += _hex(raw, number)
    kept = _within(shown, blocks - 1, size - _LINE)
    if len(kept) < len(shown):
        left = counted(len(shown) - len(kept), "more paragraph")
        rest = f"[cut: {left}] {_more(story.approval)}"
        kept.append(section("raw-cut", plain(rest, _LINE)))
    return kept


def _hex(raw: Raw, number: int) -> Iterator[Json]:
    """In monospace: hex has no character that Slack reads as markup."""
    for start in range(0, len(raw.data), _CHUNK):
        digits = raw.data[start : start + _CHUNK].hex()
        text = {"type": "mrkdwn", "text": f"```{digits}```", "verbatim": True}
        yield section(f"raw-{number}-{start}", text)


def _measured(raw: Raw) -> str:
    return f"{visible(raw.name)}: {counted(len(raw.data), 'byte')}, SHA-256 {raw.sha256}"


def _more(approval: Approval) -> str:
    return f"To print all of it, run: {reading(approval)} --raw"


def _within(blocks: Sequence[Json], most: int, size: int) -> list[Json]:
    """The first blocks, as many as fit."""
    kept = list(blocks[: max(0, most)])
    while kept and view_size(kept) > size:
        kept.pop()
    return kept
