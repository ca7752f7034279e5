"""Whether an audit is whole: every line, file and chain, and every head that was signed over them.

Of each chain:

1. Every file is named as ours are, and begins with an entry that says what it goes on from; the
   way back from the newest file leads over all of them to the chain's first entry.
2. Every line is of this version and chain, numbered one higher than the line before, and names it
   by its hash. What the next file says of a file's lines, bytes and last hash is so.
3. The local head, `<chain>.head`, names a line that is there.
4. Every head that was signed, in the chain or outside, verifies, and names a line that is there.
   No more entries follow each other without one than can.

What the lines say together is checked beside (`Agreement`).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from approvals.audit.agreeing import Agreement
from approvals.audit.file import LastLine, read_local_head
from approvals.audit.files import Beginning, Layout, Stretch, layout_of, read_beginning
from approvals.audit.form import (
    HEAD,
    MOST_LINE,
    NO_LINE,
    OPENED,
    AuditUnreadable,
    FileName,
    Link,
    document_of,
    hash_of,
    link_of,
)
from approvals.audit.heads import EVERY, Head, head_of, heads_in
from approvals.recent import Recent
from keys.signed_text import verify

MOST_UNSIGNED: Final = 4 * EVERY
"""Entries that may follow each other without a signed head: those of one fsync are never cut."""

MOST_FINDINGS: Final = 100
_NEAR: Final = 16


@dataclass(slots=True)
class Report:
    """What was found, in sentences; `findings` are what must not be, `notes` what may be.

    `more` is how many findings are left out. Times are Unix milliseconds.
    """

    findings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    more: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    began: int | None = None
    ended: int | None = None

    def find(self, sentence: str) -> None:
        """Something is not as it was written."""
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(sentence)
        else:
            self.more += 1

    def span(self, at: Any) -> None:
        """An entry was written then."""
        if type(at) is int:
            self.began = at if self.began is None else min(self.began, at)
            self.ended = at if self.ended is None else max(self.ended, at)


@dataclass(frozen=True, slots=True)
class OutsideHead:
    """A head that was found in a text outside, and where."""

    head: Head
    where: str


@dataclass(slots=True)
class _Named:
    """A line that something outside the chain's order names: it must be there, with this hash."""

    hash: str
    who: str


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


def outside_heads(text: str, where: str) -> list[OutsideHead]:
    """Every head in a text such as a log or an export, each once."""
    return [OutsideHead(head, where) for head in dict.fromkeys(heads_in(text))]


def verify_audits(
    places: Sequence[Path], keys: Mapping[str, RSAPublicKey], outside: Sequence[OutsideHead]
) -> Report:
    """Check all chains of some directories and files together.

    `keys` are the public keys that heads may be signed with, by fingerprint.

    Raises:
        OSError: something cannot be read.
    """
    verifying = _Verifying(keys)
    verifying.take_outside(outside)
    verifying.take_local_heads(places)  # before the lines, which may grow meanwhile
    for layout in verifying.layouts(places):
        verifying.follow(layout)
    verifying.finish()
    return verifying.report


class _Verifying:
    """One run."""

    def __init__(self, keys: Mapping[str, RSAPublicKey]) -> None:
        self.report = Report()
        self._keys = keys
        self._agreement = Agreement(self.report.find, self.report.counts)
        self._named: dict[str, dict[int, list[_Named]]] = defaultdict(lambda: defaultdict(list))
        self._local: dict[str, Path] = {}
        self._whole: set[Path] = set()
        self._near: Recent[int, str] = Recent(_NEAR)
        self._unsigned = 0
        self._unsigned_found = False

    def take_outside(self, outside: Iterable[OutsideHead]) -> None:
        """Heads that were kept elsewhere."""
        for one in outside:
            if self._is_signed(one.head, one.where):
                self.report.counts["heads_outside"] += 1
                self._must_be(one.head, f"the head in {one.where}")

    def take_local_heads(self, places: Sequence[Path]) -> None:
        """What each chain was noted to end with."""
        for folder in (place for place in places if place.is_dir()):
            self._whole.add(folder)
            for path in sorted(folder.glob("*.head")):
                try:
                    last = read_local_head(path)
                except ValueError:
                    self.report.find(f"{path} is not as we wrote it.")
                    continue
                self._local[path.stem] = path
                if last is not None:
                    self._take_local_head(path, last)

    def _take_local_head(self, path: Path, last: LastLine) -> None:
        if last.chain != path.stem:
            self.report.find(f"{path} is of another chain, {last.chain}: it was renamed.")
            return
        self._named[last.chain][last.seq].append(_Named(last.hash, str(path)))

    def layouts(self, places: Sequence[Path]) -> Iterator[Layout]:
        """The chains of all files; one that is given twice counts once."""
        beginnings: dict[str, dict[str, Beginning]] = defaultdict(dict)
        empty: dict[str, list[Path]] = defaultdict(list)
        for path in _files(places):
            name = FileName.read(path.name)
            if name is None:
                self.report.find(f"{path} is not named as a file of the audit.")
                continue
            try:
                beginning = read_beginning(path, name)
            except AuditUnreadable as error:
                self.report.find(str(error))
                continue
            if beginning is None:
                empty[name.chain].append(path)
                continue
            known = beginnings[name.chain].get(path.name)
            beginnings[name.chain][path.name] = self._fuller(known, beginning)
        for chain in sorted({*beginnings, *empty}):
            yield layout_of(chain, beginnings[chain], empty[chain])

    def _fuller(self, known: Beginning | None, other: Beginning) -> Beginning:
        """Of a file that is there twice, the longer one; the other must be how it begins."""
        if known is None:
            return other
        short, long = sorted((known, other), key=lambda one: one.path.stat().st_size)
        with short.path.open("rb") as some, long.path.open("rb") as all_:
            while part := some.read(1 << 20):
                if all_.read(len(part)) != part:
                    self.report.find(f"{short.path} and {long.path} are not the same.")
                    break
        return long

    def follow(self, layout: Layout) -> None:
        """One chain, from its first line to its last."""
        self.report.counts["chains"] += 1
        self._say_what_lies_beside(layout)
        self._near.clear()
        self._unsigned, self._unsigned_found = 0, False
        at, gone = _Place(layout.chain), {after: file for file, after in layout.missing}
        for stretch in layout.stretches:
            at.known = at.known and stretch.path.name not in gone
            self._begins(stretch, at, missing=gone.get(stretch.path.name))
            self._follow_file(stretch, at)
        self._chain_ended(layout, at)

    def _say_what_lies_beside(self, layout: Layout) -> None:
        for path in layout.astray:
            self.report.find(f"{path} is no part of its chain: it was put there.")
        for path in layout.abandoned:
            self.report.notes.append(
                f"{path} was abandoned after a failure: it counts for nothing."
            )
            self._heads_behind(path, 0)
        for path in layout.empty:
            self.report.notes.append(f"{path} holds no whole line.")
        for stretch in layout.stretches:
            if stretch.until is not None:
                self._heads_behind(stretch.path, stretch.until.size)

    def _heads_behind(self, path: Path, size: int) -> None:
        """A head was only signed over what was on disk, wherever it stands itself."""
        with path.open("rb") as file:
            file.seek(size)
            for line in iter(lambda: file.readline(MOST_LINE), b""):
                for head in heads_in(line.decode(errors="replace")):
                    if self._is_signed(head, str(path)):
                        self._must_be(head, f"a head that was signed, in {path}")

    def _begins(self, stretch: Stretch, at: _Place, missing: str | None) -> None:
        """What the first line says of the lines before it."""
        one, path = stretch.beginning, stretch.path
        self.report.counts["files"] += 1
        if missing is not None:
            self.report.find(f"{missing} is missing: {path} goes on from it.")
            at.known = False
        elif one.after is not None:
            stands = (at.lines, at.size, at.hash)
            if stands != (one.after.lines, one.after.size, one.after.hash):
                self.report.find(
                    f"{path}, line 1 goes on from line {one.after.lines} of {one.after.file},"
                    " which does not stand there as it did."
                )
        elif one.link.seq != 0:
            self.report.find(f"{path}, line 1 begins no chain and goes on with none.")
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
            self.report.find(f"{path} has a line that is longer than any of ours.")
        elif last:
            self.report.notes.append(f"{path} ends in {len(line):,} bytes that are no whole line.")

    def _left_behind(self, stretch: Stretch, at: _Place) -> None:
        assert stretch.until is not None  # noqa: S101 - for the type checker: the caller looked
        beyond = stretch.path.stat().st_size - stretch.until.size
        if at.size < stretch.until.size and beyond < 0:
            self.report.find(
                f"{stretch.path} was cut off: it had {stretch.until.lines:,} lines in"
                f" {stretch.until.size:,} bytes."
            )
        elif beyond > 0:
            self.report.notes.append(
                f"{stretch.path} ends in {beyond:,} bytes that are not confirmed: they were torn"
                " or abandoned, and count for nothing."
            )

    def _follow_line(self, line: bytes, after: Link | None, where: str, at: _Place) -> None:
        link, hash_ = link_of(line), hash_of(line)
        if link is None or link.chain != at.chain:
            self.report.find(f"{where} is not as we write it: it was changed, or put there.")
            at.known = False
            return
        if at.known:
            self._compare(link, hash_, after, where, at)
        at.seq, at.hash, at.where, at.known = link.seq, hash_, where, True
        self.report.counts["entries"] += 1
        self._near[link.seq] = hash_
        self._is_named(link, hash_, where)
        self._read(line, link, where)

    def _compare(self, link: Link, hash_: str, after: Link | None, where: str, at: _Place) -> None:
        expected = at.seq + 1
        if link.seq > expected:
            gone = _entries(expected, link.seq - 1)
            self.report.find(f"{where} is entry {link.seq}: {gone} before it were removed.")
        elif link.seq < expected:
            self.report.find(f"{where} is entry {link.seq}, whose place is before: it was moved.")
        elif link.prev != at.hash:
            intact = after is not None and after.prev == hash_
            changed = at.where if intact and at.where else where
            self.report.find(f"{changed} was changed: the line after it does not fit it.")
            if not intact:
                at.known = False

    def _read(self, line: bytes, link: Link, where: str) -> None:
        try:
            document = document_of(line, where)
        except AuditUnreadable as error:
            self.report.find(str(error))
            return
        self.report.span(document.get("at"))
        if document.get("event") == HEAD:
            self._head_in_chain(document, link, where)
        else:
            self._unsigned += 1
        if self._unsigned > MOST_UNSIGNED and not self._unsigned_found:
            self._unsigned_found = True
            self.report.find(f"{where}: the {self._unsigned:,} entries before have no signed head.")
        if document.get("event") == OPENED and link.seq != 0:
            self.report.find(f"{where} says that a chain begins, and it is entry {link.seq}.")
        self._agreement.take(document, link.chain, where)

    def _head_in_chain(self, document: dict[str, Any], link: Link, where: str) -> None:
        head = head_of(document)
        if head is None or head.chain != link.chain:
            self.report.find(f"{where} is no head of this chain.")
            return
        if not self._is_signed(head, where):
            return
        self.report.counts["heads"] += 1
        if head.seq >= link.seq or self._near.get(head.seq) != head.hash:
            self.report.find(
                f"{where}: the gateway signed another entry {head.seq} than stands there;"
                " lines before it were changed."
            )
        self._unsigned, self._unsigned_found = 0, False

    def _is_signed(self, head: Head, where: str) -> bool:
        key = self._keys.get(head.key)
        if key is None:
            self.report.find(
                f"{where}: a head is signed with the key {head.key}, which is not known here:"
                " give that public key."
            )
            return False
        if not verify(key, head.text, head.signature):
            self.report.find(f"{where}: the signature of a head does not verify.")
            return False
        return True

    def _must_be(self, head: Head, who: str) -> None:
        self._named[head.chain][head.seq].append(_Named(head.hash, who))

    def _is_named(self, link: Link, hash_: str, where: str) -> None:
        for named in self._named[link.chain].pop(link.seq, ()):
            if named.hash != hash_:
                self.report.find(f"{where} is not the entry {link.seq} that {named.who} names.")

    def _chain_ended(self, layout: Layout, at: _Place) -> None:
        if not layout.stretches:
            return
        folder = layout.stretches[-1].path.parent
        if folder in self._whole and layout.chain not in self._local:
            self.report.find(f"{folder / layout.chain}.head is missing.")
        for seq, names in sorted(self._named.pop(layout.chain, {}).items()):
            for named in names:
                last = f"the last one here is {at.seq}, {at.where}"
                what = "was cut off" if seq > at.seq else "is not there"
                self.report.find(f"Entry {seq}, which {named.who} names, {what}: {last}.")
        if self._unsigned:
            self.report.notes.append(
                f"{at.where}: {self._unsigned:,} entries since the newest signed head rest on"
                " the local head alone."
            )

    def finish(self) -> None:
        """What was named, and of whose chain nothing is here."""
        for chain, seqs in sorted(self._named.items()):
            for seq, names in sorted(seqs.items()):
                for named in names:
                    self.report.find(
                        f"Entry {seq} of chain {chain}, which {named.who} names, is not here:"
                        " nothing of that chain is."
                    )


def _files(places: Sequence[Path]) -> Iterator[Path]:
    for place in places:
        if place.is_dir():
            yield from sorted(place.glob("*.jsonl"))
        else:
            yield place


def _entries(first: int, last: int) -> str:
    return f"entry {first}" if first == last else f"entries {first} to {last}"
