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

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from approvals.audit.agreeing import Agreement
from approvals.audit.file import read_local_head
from approvals.audit.files import Beginning, Layout, files_in, layout_of, read_beginning
from approvals.audit.following import Following
from approvals.audit.form import AuditUnreadable, FileName
from approvals.audit.heads import Head, heads_in
from approvals.audit.report import Report
from approvals.audit.witnesses import Witnesses


@dataclass(frozen=True, slots=True)
class OutsideHead:
    """A head that was found in a text outside, and where."""

    head: Head
    where: str


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
    report = Report()
    witnesses = Witnesses(keys, report)
    for one in outside:
        if witnesses.take_head(one.head, one.where, f"the head in {one.where}"):
            report.counts["heads_outside"] += 1
    noted = _take_local_heads(places, witnesses, report)  # the lines may grow meanwhile
    agreement = Agreement(report.find, report.notes.append, report.counts)
    following = Following(report, witnesses, agreement)
    for layout in _layouts(places, report):
        following.follow(layout)
        _look_for_local_head(layout, places, noted, report)
    agreement.end()
    witnesses.miss_chains()
    if not report.counts["entries"] and not report.findings:
        report.find("There is no entry to check.")
    return report


def _take_local_heads(
    places: Sequence[Path], witnesses: Witnesses, report: Report
) -> set[tuple[Path, str]]:
    """What each chain was noted to end with; where there is such a note, and of which chain."""
    noted = set()
    for folder in (place for place in places if place.is_dir()):
        for path in sorted(folder.glob("*.head")):
            noted.add((folder, path.stem))
            try:
                last = read_local_head(path)
            except ValueError:
                report.find(f"{path} is not as we wrote it.")
                continue
            if last is None:
                continue  # its process ended before the first line was on disk
            if last.chain == path.stem:
                witnesses.take_local_head(last, str(path))
            else:
                report.find(f"{path} is of another chain, {last.chain}: it was renamed.")
    return noted


def _look_for_local_head(
    layout: Layout, places: Sequence[Path], noted: set[tuple[Path, str]], report: Report
) -> None:
    """Beside the newest file of a chain, unless that was given by itself."""
    if not layout.stretches:
        return
    folder = layout.stretches[-1].path.parent
    if folder in places and (folder, layout.chain) not in noted:
        report.find(f"{folder / layout.chain}.head is missing.")


def _layouts(places: Sequence[Path], report: Report) -> Iterator[Layout]:
    """The chains of all files; one that is given twice counts once."""
    beginnings: dict[str, dict[str, Beginning]] = defaultdict(dict)
    empty: dict[str, list[Path]] = defaultdict(list)
    for path in files_in(places):
        name = FileName.read(path.name)
        if name is None:
            report.find(f"{path} is not named as a file of the audit.")
            continue
        try:
            beginning = read_beginning(path, name)
        except AuditUnreadable as error:
            report.find(str(error))
            continue
        if beginning is None:
            empty[name.chain].append(path)
            continue
        known = beginnings[name.chain].get(path.name, beginning)
        beginnings[name.chain][path.name] = _fuller(known, beginning, report)
    for chain in sorted({*beginnings, *empty}):
        yield layout_of(chain, beginnings[chain], empty[chain])


def _fuller(known: Beginning, other: Beginning, report: Report) -> Beginning:
    """Of a file that is there twice, the longer one; the other must be how it begins."""
    if known.path == other.path:
        return other
    short, long = sorted((known, other), key=lambda one: one.path.stat().st_size)
    with short.path.open("rb") as some, long.path.open("rb") as all_:
        while part := some.read(1 << 20):
            if all_.read(len(part)) != part:
                report.find(f"{short.path} and {long.path} are not the same.")
                break
    return long
