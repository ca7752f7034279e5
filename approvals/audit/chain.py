"""One chain on disk, as the process that appends to it sees it; for the writing thread."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from approvals.audit.file import AuditFile, LastLine, LocalHead
from approvals.audit.files import After
from approvals.audit.form import (
    CONTINUED,
    HEAD,
    OPENED,
    FileName,
    Link,
    hash_of,
    linked,
)
from approvals.audit.heads import Head, Notary, signed
from approvals.audit.lines import own_body
from approvals.audit.taking import NOTHING, Durable, Taken

MOST_FILE: Final = 256 << 20
"""Bytes after which a new file is begun."""

Standing = Callable[[], dict[str, Any] | None]
"""What must be known as long as the chain goes on: it stands in the beginning of every file."""


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
        taken = Taken.in_directory(directory)
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
            self._file, before, self._number = file, NOTHING, self._number + 1
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
