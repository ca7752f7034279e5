"""One file of the audit: opened once by one process, appended to, synced, never opened again."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self


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
        entry = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(entry)
        finally:
            os.close(entry)
        return cls(path, day, descriptor)

    def append(self, lines: bytes) -> None:
        """Write all of it and wait until it is on disk."""
        view = memoryview(lines)
        while view:
            view = view[os.write(self.descriptor, view) :]
        os.fsync(self.descriptor)

    def is_still_there(self) -> bool:
        """A file that was moved or deleted under us would take lines nobody ever reads."""
        try:
            return os.path.samestat(os.fstat(self.descriptor), self.path.stat())
        except OSError:
            return False

    def close(self) -> None:
        """Give the descriptor back; what was appended is on disk already."""
        os.close(self.descriptor)
