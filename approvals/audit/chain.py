"""One chain on disk, as the process that appends to it sees it; for the writing thread."""

import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self

from approvals.audit.file import AuditFile, LastLine, LocalHead, read_local_head, sync
from approvals.audit.files import After, layouts
from approvals.audit.form import (
    CONTINUED,
    HEAD,
    NO_LINE,
    OPENED,
    AuditUnreadable,
    FileName,
    Link,
    hash_of,
    link_of,
    linked,
)
from approvals.audit.heads import Head, Notary, signed
from approvals.audit.lines import own_body

MOST_FILE: Final = 256 << 20
"""Bytes after which a new file is begun."""

_CHAIN_BYTES: Final = 4
_BACKWARDS: Final = 1 << 20

Standing = Callable[[], dict[str, Any] | None]
"""What must be known as long as the chain goes on: it stands in the beginning of every file."""


@dataclass(frozen=True, slots=True)
class Durable:
    """How far a chain is on disk: its last line, and where that stands.

    `left` bytes behind it, in the same file, count for nothing.
    """

    seq: int
    hash: str
    file: str
    lines: int
    size: int
    left: int = 0


_NOTHING: Final = Durable(-1, NO_LINE, "", 0, 0)


@dataclass(frozen=True, slots=True)
class _Taken:
    """A chain that this process alone may append to."""

    chain: str
    lock: LocalHead
    durable: Durable
    number: int

    @classmethod
    def in_directory(cls, directory: Path) -> Self:
        """The chain written last of those that nobody holds, else a new one.

        What is there is synced before anything is chained to it.

        Raises:
            AuditUnreadable: it does not end where this gateway ended it.
            OSError: the disk.
        """
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        chains = {path.stem: path.stat().st_mtime for path in directory.glob("*.head")}
        for path in directory.glob("*.jsonl"):
            name = FileName.read(path.name)
            if name is not None:
                written = chains.get(name.chain, 0.0)
                chains[name.chain] = max(written, path.stat().st_mtime)
        for chain in sorted(chains, key=lambda chain: (-chains[chain], chain)):
            lock = LocalHead.hold(directory, chain)
            if lock is not None:
                return cls._held(directory, chain, lock)
        chain = secrets.token_hex(_CHAIN_BYTES)
        lock = LocalHead.hold(directory, chain)
        if lock is None:
            raise AuditUnreadable(f"{directory}: the new chain {chain} is held already.")
        return cls(chain, lock, _NOTHING, 0)

    @classmethod
    def _held(cls, directory: Path, chain: str, lock: LocalHead) -> Self:
        try:
            paths = sorted(directory.glob(f"{chain}-*.jsonl"))
            names = [name for path in paths if (name := FileName.read(path.name)) is not None]
            durable = _end_of([directory / str(name) for name in names])
            _check_head(lock.path, durable)
        except BaseException:
            lock.close()
            raise
        return cls(chain, lock, durable, max((name.number for name in names), default=0))


class Chain:
    """Appends lines, each naming the one before. After an OSError, only in a new file."""

    def __init__(
        self,
        directory: Path,
        *,
        process: str,
        clock: Callable[[], int],
        notary: Notary,
        standing: Standing,
    ) -> None:
        """Take the chain of the directory; nothing is written yet.

        Raises:
            AuditUnreadable, OSError: it cannot be gone on with.
        """
        self._directory = directory
        self._process = process
        self._clock = clock
        self._notary = notary
        self._standing = standing
        taken = _Taken.in_directory(directory)
        self.name = taken.chain
        self._lock = taken.lock
        self._number = taken.number
        self._durable = taken.durable
        self._file: AuditFile | None = None
        self._why = "start"
        self._signed = -1
        self.head_due: str | None = None

    @property
    def unsigned(self) -> int:
        """Entries on disk that no head was signed over."""
        return self._durable.seq - self._signed

    def append(self, bodies: Sequence[bytes]) -> None:
        """Write the lines and wait until they are on disk; a new file first, where one is due."""
        file, begun = self._file_for_now()
        bodies = bodies if begun is None else (begun, *bodies)
        seq, prev = self._durable.seq, self._durable.hash
        lines: list[bytes] = []
        for body in bodies:
            seq += 1
            line = linked(Link(self.name, seq, prev), body)
            prev = hash_of(line)
            lines += (line, b"\n")
        written = b"".join(lines)
        try:
            file.append(written)
        except OSError:
            self._abandon(file, new=begun is not None)
            raise
        before = self._durable
        if begun is not None:
            self._file, before, self._number = file, _NOTHING, self._number + 1
            self.head_due = "start" if self._why == "start" else "rotation"
        self._durable = Durable(
            seq, prev, file.path.name, before.lines + len(bodies), before.size + len(written)
        )
        self._lock.note(LastLine(self.name, seq, prev))

    def sign_head(self) -> Head:
        """A head over all that is on disk, itself an entry of the chain."""
        head = signed(self._notary, self.name, self._durable.seq, self._durable.hash, self._clock())
        self.head_due = None
        self.append([own_body(HEAD, self._process, head.at, {"head": head.token})])
        self._signed = self._durable.seq
        return head

    def close(self) -> None:
        """Let another process go on with the chain."""
        if self._file is not None:
            self._file.close()
            self._file = None
        self._lock.close()

    def _file_for_now(self) -> tuple[AuditFile, bytes | None]:
        """The file to write to, and what it must begin with if it is new."""
        now = self._clock()
        day = datetime.fromtimestamp(now / 1000, UTC).strftime("%Y%m%d")
        file = self._file
        if file is not None:
            why = self._why_not(file, day)
            if why is None:
                return file, None
            file.close()
            self._file, self._why = None, why
        self._hold_the_lock_again()
        name = FileName(self.name, self._number + 1, day)
        try:
            file = AuditFile.new(self._directory, str(name), day)
        except FileExistsError:
            self._number += 1  # left by a failure: the next try goes past it
            raise
        return file, self._beginning(now)

    def _why_not(self, file: AuditFile, day: str) -> str | None:
        if file.day != day:
            return "day"
        if not file.is_still_there():
            return "moved"
        return "size" if self._durable.size >= MOST_FILE else None

    def _hold_the_lock_again(self) -> None:
        """Whoever moved our files may have moved what says how far they go."""
        if self._lock.is_still_there():
            return
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = LocalHead.hold(self._directory, self.name)
        if lock is None:
            raise OSError(None, f"another process goes on with chain {self.name}")
        self._lock.close()
        self._lock = lock

    def _beginning(self, now: int) -> bytes:
        """Every file says why it begins, what it goes on from, and what must stay known."""
        end = self._durable
        facts: dict[str, Any] = {"why": self._why, "standing": self._standing()}
        if end.seq < 0:
            return own_body(OPENED, self._process, now, facts)
        after = After(end.file, end.lines, end.size, end.hash, end.left)
        return own_body(CONTINUED, self._process, now, {"after": after, **facts})

    def _abandon(self, file: AuditFile, *, new: bool) -> None:
        """Never write to it again: what a failed fsync left of it is not known."""
        self._file, self._why = None, "trouble"
        if new:
            file.discard()
            return
        self._durable = replace(self._durable, left=max(0, file.size() - self._durable.size))
        file.close()


def _end_of(paths: Sequence[Path]) -> Durable:
    """Where a chain's last whole line stands, once that is on disk."""
    found = layouts(paths)
    if not found or not found[0].stretches:
        return _NOTHING
    newest = found[0].stretches[-1].beginning
    sync(newest.path)
    content_end, line = _last_line(newest.path)
    link = link_of(line)
    if link is None or link.chain != newest.name.chain:
        raise AuditUnreadable(f"{newest.path}: its last line is not ours: was it edited?")
    return Durable(
        seq=link.seq,
        hash=hash_of(line),
        file=newest.path.name,
        lines=link.seq - newest.link.seq + 1,
        size=content_end,
        left=newest.path.stat().st_size - content_end,
    )


def _last_line(path: Path) -> tuple[int, bytes]:
    """Where the last whole line ends, its newline included, and the line."""
    with path.open("rb") as file:
        at, tail = file.seek(0, os.SEEK_END), b""
        while at and tail.count(b"\n") < 2:  # noqa: PLR2004 - its own, and that of the one before
            start = max(0, at - _BACKWARDS)
            file.seek(start)
            tail = file.read(at - start) + tail
            at = start
    whole = tail[: tail.rindex(b"\n")]
    return at + len(whole) + 1, whole[whole.rfind(b"\n") + 1 :]


def _check_head(path: Path, durable: Durable) -> None:
    """Lines that were on disk once are there, or the gateway does not start as if they never were.

    Raises:
        AuditUnreadable: with what to do.
    """
    try:
        noted = read_local_head(path)
    except ValueError:
        raise AuditUnreadable(f"{path} is not as we wrote it: was it edited?") from None
    if noted is None or noted.seq < durable.seq:
        return
    if (noted.seq, noted.hash) != (durable.seq, durable.hash):
        raise AuditUnreadable(
            f"{path} names entry {noted.seq} as the last one, which is not there: run"
            " `countersign audit verify`. To go on without it, move that file aside."
        )
