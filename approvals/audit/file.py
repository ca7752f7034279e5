"""The audit's files: lines that are appended and synced, and the note of how far they go."""

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from approvals.file_lock import lock_file

_HEAD: Final = re.compile(rb"([0-9a-f]{8}) ([0-9]{20}) ([0-9a-f]{64})\n")
_HEAD_BYTES: Final = 8 + 1 + 20 + 1 + 64 + 1


@dataclass(frozen=True, slots=True)
class AuditFile:
    """An open file of mode 0600 that did not exist before. Every call may raise OSError."""

    path: Path
    day: str
    descriptor: int

    @classmethod
    def new(cls, directory: Path, name: str, day: str) -> Self:
        """Create it, and sync the directory so that the name survives too."""
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = directory / name
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        descriptor = os.open(path, flags, 0o600)
        made = cls(path, day, descriptor)
        try:
            sync(directory)
        except OSError:
            made.discard()
            raise
        return made

    def append(self, lines: bytes) -> None:
        """Write all of it and wait until it is on disk."""
        view = memoryview(lines)
        while view:
            view = view[os.write(self.descriptor, view) :]
        os.fsync(self.descriptor)

    def is_still_there(self) -> bool:
        """A file that was moved or deleted under us would take lines nobody ever reads."""
        return _is(self.path, self.descriptor)

    def size(self) -> int:
        """Its bytes now, on disk or not; 0 where even that cannot be said."""
        with suppress(OSError):
            return os.fstat(self.descriptor).st_size
        return 0

    def close(self) -> None:
        """Give the descriptor back; what was appended is on disk already."""
        with suppress(OSError):
            os.close(self.descriptor)

    def discard(self) -> None:
        """Take away a file in which no line ever was on disk: a full disk would collect them."""
        if self.is_still_there():
            with suppress(OSError):
                self.path.unlink()
        self.close()


@dataclass(frozen=True, slots=True)
class LastLine:
    """The last line of a chain that was on disk when this was noted."""

    chain: str
    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class LocalHead:
    """`<chain>.head`: names a chain's last line, and is locked by the one process that appends."""

    path: Path
    descriptor: int

    @classmethod
    def hold(cls, directory: Path, chain: str) -> Self | None:
        """Lock it until `close` or our end, making it if need be; None if somebody holds it."""
        path = path_of(directory, chain)
        descriptor = lock_file(path)
        return None if descriptor is None else cls(path, descriptor)

    def note(self, last: LastLine) -> None:
        """One write in place, not synced: it may be behind what is on disk, never ahead."""
        os.pwrite(self.descriptor, f"{last.chain} {last.seq:020d} {last.hash}\n".encode(), 0)

    def is_still_there(self) -> bool:
        """Whether a reader of the directory would find what we note."""
        return _is(self.path, self.descriptor)

    def close(self) -> None:
        """Let another process have the chain."""
        with suppress(OSError):
            os.close(self.descriptor)


def path_of(directory: Path, chain: str) -> Path:
    """Where a chain's local head is."""
    return directory / f"{chain}.head"


def read_local_head(path: Path) -> LastLine | None:
    """What was noted; None where nothing was yet.

    Raises:
        OSError: it cannot be read.
        ValueError: it holds something else.
    """
    with path.open("rb") as file:
        content = file.read(_HEAD_BYTES + 1)
    if not content:
        return None
    match = _HEAD.fullmatch(content)
    if match is None:
        raise ValueError(path)
    return LastLine(match[1].decode(), int(match[2]), match[3].decode())


def sync(path: Path) -> None:
    """Wait until a file, or a directory's names, are on disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:
        return False
