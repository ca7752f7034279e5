"""Where the chains of a directory lie: which files, in which order, and how much of each counts.

Every file begins with an entry that says after which line of which file it goes on. So the way back
from a chain's newest file is the chain. What lies beside it was abandoned after a failed write or
fsync: it is no evidence, since nothing was ever answered on the strength of it.
"""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from approvals.audit.form import (
    CONTINUED,
    MOST_LINE,
    AuditUnreadable,
    FileName,
    Link,
    document_of,
    link_of,
)


@dataclass(frozen=True, slots=True)
class After:
    """What a file goes on from: `lines` lines of `file`, `size` bytes, the last of this hash.

    `left` bytes follow them there that count for nothing: a torn line, or an abandoned end.
    """

    file: str
    lines: int
    size: int
    hash: str
    left: int


@dataclass(frozen=True, slots=True)
class Beginning:
    """A file's first line: its link, and what it goes on from, if it does."""

    path: Path
    name: FileName
    link: Link
    after: After | None


@dataclass(frozen=True, slots=True)
class Stretch:
    """A file's part of a chain. `until` is what the next file says of it; None: all whole lines."""

    beginning: Beginning
    until: After | None

    @property
    def path(self) -> Path:
        """The file."""
        return self.beginning.path


@dataclass(frozen=True, slots=True)
class Layout:
    """One chain's files: the way from the first to the newest, and what lies beside it.

    `missing` are files that are gone on, by the name of the file that does; `astray` belong
    nowhere; `abandoned` began where another file of the chain begins; `empty` hold no whole line.
    """

    chain: str
    stretches: tuple[Stretch, ...]
    missing: tuple[tuple[str, str], ...]
    astray: tuple[Path, ...]
    abandoned: tuple[Path, ...]
    empty: tuple[Path, ...]


def files_in(places: Iterable[Path]) -> Iterator[Path]:
    """The audit's files in directories, and what is no directory as it is."""
    for place in places:
        if place.is_dir():
            yield from sorted(place.glob("*.jsonl"))
        else:
            yield place


def layouts(paths: Iterable[Path]) -> list[Layout]:
    """The chains that these files are of; of two that are named alike, the longer one counts.

    Raises:
        AuditUnreadable: a file is not named or does not begin as ours do.
        OSError: one cannot be read.
    """
    beginnings: dict[str, dict[str, Beginning]] = defaultdict(dict)
    empty: dict[str, list[Path]] = defaultdict(list)
    for path in paths:
        name = FileName.read(path.name)
        if name is None:
            raise AuditUnreadable(f"{path} is not of this version of the audit: move it aside.")
        beginning = read_beginning(path, name)
        if beginning is None:
            empty[name.chain].append(path)
            continue
        known = beginnings[name.chain].setdefault(path.name, beginning)
        if path.stat().st_size > known.path.stat().st_size:
            beginnings[name.chain][path.name] = beginning
    return [
        layout_of(chain, beginnings[chain], empty[chain]) for chain in sorted({*beginnings, *empty})
    ]


def stretches(*places: Path, since: int = 0) -> list[Stretch]:
    """What counts as evidence, of files last written at or after `since` (Unix ms), in order.

    `places` are directories, which need not be there, and files: an archive and what is in use.

    Of each chain the newest file is never too old: it begins with what must stay known.

    Raises:
        AuditUnreadable: a file is none of ours, or none that the chain can be followed through.
        OSError: one cannot be read.
    """
    found: list[Stretch] = []
    for layout in layouts(files_in(place for place in places if place.exists())):
        if layout.astray:
            raise AuditUnreadable(f"{layout.astray[0]} is no part of its chain: was it put there?")
        found += layout.stretches
    return [one for one in found if _is_whole(one).st_mtime * 1000 >= since or one.until is None]


def _is_whole(stretch: Stretch) -> os.stat_result:
    facts = stretch.path.stat()
    if stretch.until is not None and facts.st_size < stretch.until.size:
        raise AuditUnreadable(f"{stretch.path} is shorter than it was: was it cut off?")
    return facts


def read_beginning(path: Path, name: FileName) -> Beginning | None:
    """A file's first line; None where it has no whole line."""
    with path.open("rb") as lines:
        line = lines.readline(MOST_LINE)
    if not line.endswith(b"\n"):
        return None
    where = f"{path}, line 1"
    document, link = document_of(line, where), link_of(line)
    if link is None or link.chain != name.chain:
        raise AuditUnreadable(f"{where} is not of this version of the audit: move the file aside.")
    return Beginning(path, name, link, _after(document, where))


def _after(document: dict[str, Any], where: str) -> After | None:
    if document.get("event") != CONTINUED:
        return None
    try:
        after = After(**document["after"])
    except (KeyError, TypeError):
        raise AuditUnreadable(f"{where} does not say what it goes on from.") from None
    kinds = tuple(map(type, (after.file, after.lines, after.size, after.hash, after.left)))
    if kinds != (str, int, int, str, int):
        raise AuditUnreadable(f"{where} does not say what it goes on from.")
    return after


def layout_of(chain: str, found: dict[str, Beginning], empty: Sequence[Path]) -> Layout:
    """Walk back from the newest file of a chain; where one is missing, from the one before."""
    way: list[Stretch] = []
    missing: list[tuple[str, str]] = []
    left = sorted(found.values(), key=lambda one: one.name)
    while left:
        way += _way_back(left[-1], found)
        oldest = way[-1].beginning
        gone = None if oldest.after is None else FileName.read(oldest.after.file)
        if oldest.after is not None:
            missing.append((oldest.after.file, oldest.path.name))
        left = [] if gone is None else [one for one in left if one.name < gone]
    on_the_way = {stretch.path for stretch in way}
    begun = {_goes_on_from(stretch.beginning) for stretch in way}
    beside = [one for one in found.values() if one.path not in on_the_way]
    return Layout(
        chain=chain,
        stretches=tuple(reversed(way)),
        missing=tuple(missing),
        astray=tuple(one.path for one in beside if _goes_on_from(one) not in begun),
        abandoned=tuple(one.path for one in beside if _goes_on_from(one) in begun),
        empty=tuple(empty),
    )


def _way_back(newest: Beginning, found: dict[str, Beginning]) -> list[Stretch]:
    """The files that lead up to one, newest first, as far as they are there."""
    way = [Stretch(newest, None)]
    while (after := way[-1].beginning.after) is not None:
        older = found.get(after.file)
        if older is None or older.name >= way[-1].beginning.name:
            break
        way.append(Stretch(older, after))
    return way


def _goes_on_from(one: Beginning) -> tuple[int, str]:
    """The place in the chain that a file begins at."""
    return one.link.seq, one.link.prev
