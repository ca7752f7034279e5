"""One chain of an audit, followed from its first line to its last."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from approvals.audit.agreeing import Agreement
from approvals.audit.files import Layout, Stretch
from approvals.audit.form import (
    HEAD,
    MOST_LINE,
    NO_LINE,
    OPENED,
    AuditUnreadable,
    Link,
    document_of,
    hash_of,
    link_of,
)
from approvals.audit.heads import EVERY, head_of, heads_in
from approvals.audit.report import Report
from approvals.audit.witnesses import Witnesses
from approvals.recent import Recent

MOST_UNSIGNED: Final = 4 * EVERY
"""Entries that may follow each other without a signed head: those of one fsync are never cut."""

_NEAR: Final = 16


@dataclass(slots=True)
class _Place:
    """How far a chain was followed: the last line's number, hash and name for a person."""

    chain: str
    seq: int = -1
    hash: str = NO_LINE
    where: str = ""
    lines: int = 0
    size: int = 0
    known: bool = True
    """False where what comes before is missing: the next line is taken as it is."""


class Following:
    """Checks steps 1 and 2, and the heads in the chain; `witnesses` meet every line."""

    def __init__(self, report: Report, witnesses: Witnesses, agreement: Agreement) -> None:
        """For all chains of one run."""
        self._report = report
        self._witnesses = witnesses
        self._agreement = agreement
        self._near: Recent[int, str] = Recent(_NEAR)
        self._unsigned = 0
        self._unsigned_found = False

    def follow(self, layout: Layout) -> None:
        """One chain, from its first line to its last."""
        self._report.counts["chains"] += 1
        self._say_what_lies_beside(layout)
        self._near.clear()
        self._unsigned, self._unsigned_found = 0, False
        at, gone = _Place(layout.chain), {after: file for file, after in layout.missing}
        for stretch in layout.stretches:
            at.known = at.known and stretch.path.name not in gone
            self._begins(stretch, at, missing=gone.get(stretch.path.name))
            self._follow_file(stretch, at)
        if layout.stretches:
            self._witnesses.miss(layout.chain, at.seq, at.where)
        if self._unsigned:
            self._report.notes.append(
                f"{at.where}: {self._unsigned:,} entries since the newest signed head rest on"
                " the local head alone."
            )

    def _say_what_lies_beside(self, layout: Layout) -> None:
        for path in layout.astray:
            self._report.find(f"{path} is no part of its chain: it was put there.")
        for path in layout.abandoned:
            self._report.notes.append(
                f"{path} was abandoned after a failure: it counts for nothing."
            )
            self._heads_behind(path, 0)
        for path in layout.empty:
            self._report.notes.append(f"{path} holds no whole line.")
        for stretch in layout.stretches:
            if stretch.until is not None:
                self._heads_behind(stretch.path, stretch.until.size)

    def _heads_behind(self, path: Path, size: int) -> None:
        """A head was only signed over what was on disk, wherever it stands itself."""
        with path.open("rb") as file:
            file.seek(size)
            for line in iter(lambda: file.readline(MOST_LINE), b""):
                for head in heads_in(line.decode(errors="replace")):
                    self._witnesses.take_head(head, str(path), f"a signed head in {path}")

    def _begins(self, stretch: Stretch, at: _Place, missing: str | None) -> None:
        """What the first line says of the lines before it."""
        one, path = stretch.beginning, stretch.path
        self._report.counts["files"] += 1
        if missing is not None:
            self._report.find(f"{missing} is missing: {path} goes on from it.")
            at.known = False
        elif one.after is not None:
            stands = (at.lines, at.size, at.hash)
            if stands != (one.after.lines, one.after.size, one.after.hash):
                self._report.find(
                    f"{path}, line 1 goes on from line {one.after.lines} of {one.after.file},"
                    " which does not stand there as it did."
                )
        elif one.link.seq != 0:
            self._report.find(f"{path}, line 1 begins no chain and goes on with none.")
            at.known = False
        at.lines = at.size = 0

    def _follow_file(self, stretch: Stretch, at: _Place) -> None:
        until = stretch.until
        with stretch.path.open("rb") as lines:
            line = lines.readline(MOST_LINE)
            while line:
                after = lines.readline(MOST_LINE)
                size = at.size + len(line)
                if until is not None and size > until.size:
                    break
                if not line.endswith(b"\n"):
                    self._torn(stretch.path, line, last=until is None)
                    break
                at.lines, at.size = at.lines + 1, size
                where = f"{stretch.path}, line {at.lines}"
                self._follow_line(line[:-1], link_of(after), where, at)
                line = after
        if until is not None:
            self._left_behind(stretch, at)

    def _torn(self, path: Path, line: bytes, *, last: bool) -> None:
        if len(line) == MOST_LINE:
            self._report.find(f"{path} has a line that is longer than any of ours.")
        elif last:
            self._report.notes.append(f"{path} ends in {len(line):,} bytes that are no whole line.")

    def _left_behind(self, stretch: Stretch, at: _Place) -> None:
        assert stretch.until is not None  # noqa: S101 - for the type checker: the caller looked
        beyond = stretch.path.stat().st_size - stretch.until.size
        if at.size < stretch.until.size and beyond < 0:
            self._report.find(
                f"{stretch.path} was cut off: it had {stretch.until.lines:,} lines in"
                f" {stretch.until.size:,} bytes."
            )
        elif beyond > 0:
            self._report.notes.append(
                f"{stretch.path} ends in {beyond:,} bytes that are not confirmed: they were torn"
                " or abandoned, and count for nothing."
            )

    def _follow_line(self, line: bytes, after: Link | None, where: str, at: _Place) -> None:
        link, hash_ = link_of(line), hash_of(line)
        if link is None or link.chain != at.chain:
            self._report.find(f"{where} is not as we write it: it was changed, or put there.")
            at.known = False
            return
        if at.known:
            self._compare(link, hash_, after, where, at)
        at.seq, at.hash, at.where, at.known = link.seq, hash_, where, True
        self._report.counts["entries"] += 1
        self._near[link.seq] = hash_
        self._witnesses.meet(link, hash_, where)
        self._read(line, link, where)

    def _compare(self, link: Link, hash_: str, after: Link | None, where: str, at: _Place) -> None:
        expected = at.seq + 1
        if link.seq > expected:
            gone = _entries(expected, link.seq - 1)
            self._report.find(f"{where} is entry {link.seq}; removed before it: {gone}.")
        elif link.seq < expected:
            self._report.find(f"{where} is entry {link.seq}, whose place is before: it was moved.")
        elif link.prev != at.hash:
            if after is not None and after.prev == hash_ and at.where:
                self._report.find(f"{at.where} was changed: the line after it does not fit it.")
            else:
                self._report.find(f"{where} does not fit the line before it: one was changed.")

    def _read(self, line: bytes, link: Link, where: str) -> None:
        try:
            document = document_of(line, where)
        except AuditUnreadable as error:
            self._report.find(str(error))
            return
        self._report.span(document.get("at"))
        if document.get("event") == HEAD:
            self._head_in_chain(document, link, where)
        else:
            self._unsigned += 1
        if self._unsigned > MOST_UNSIGNED and not self._unsigned_found:
            self._unsigned_found = True
            self._report.find(
                f"{where}: the {self._unsigned:,} entries before have no signed head."
            )
        if document.get("event") == OPENED and link.seq != 0:
            self._report.find(f"{where} says that a chain begins, and it is entry {link.seq}.")
        self._agreement.take(document, link.chain, where)

    def _head_in_chain(self, document: dict[str, Any], link: Link, where: str) -> None:
        head = head_of(document)
        if head is None or head.chain != link.chain:
            self._report.find(f"{where} is no head of this chain.")
            return
        if not self._witnesses.is_signed(head, where):
            return
        self._report.counts["heads"] += 1
        if head.seq >= link.seq or self._near.get(head.seq) != head.hash:
            self._report.find(
                f"{where}: the gateway signed another entry {head.seq} than stands there;"
                " lines before it were changed."
            )
        self._unsigned, self._unsigned_found = 0, False


def _entries(first: int, last: int) -> str:
    return f"entry {first}" if first == last else f"entries {first} to {last}"
