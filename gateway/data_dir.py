"""The data directory: private, and held by one gateway at a time."""

import contextlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from approvals.file_lock import lock_file


class DataDirError(Exception):
    """One plain sentence saying why the data directory cannot be used."""

    @classmethod
    def of(cls, path: Path, error: OSError) -> Self:
        """What the system says of it: no room, no permission, read-only."""
        return cls(f"{path} cannot be used as data_dir: {error.strerror}.")


@dataclass(frozen=True, slots=True)
class DataDir:
    """Proof that this process alone may use `path`. Made by `hold`, ended by `release`."""

    path: Path
    _lock: int = field(repr=False)

    @classmethod
    def hold(cls, path: Path) -> Self:
        """Make `path` (mode 0700) and lock `path/gateway.lock` until `release` or our end.

        Raises:
            DataDirError: if it cannot be made private, or another gateway holds it.
        """
        try:
            make_private(path)
            lock = lock_file(path / "gateway.lock")
            if lock is not None:
                _write_pid(lock)
        except OSError as error:
            raise DataDirError.of(path, error) from error
        if lock is None:
            held = f"{path} is in use by another gateway{_pid(path)}"
            raise DataDirError(f"{held}: end it, or name another data_dir.")
        return cls(path, lock)

    def release(self) -> None:
        """Let another gateway have it."""
        with contextlib.suppress(OSError):
            os.close(self._lock)


def make_private(path: Path) -> None:
    """Make a directory, mode 0700 whether or not it was there."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.chmod(0o700)


def _write_pid(lock: int) -> None:
    """Say whose the lock is; where that cannot be written, nobody holds it."""
    try:
        os.ftruncate(lock, 0)
        os.write(lock, f"{os.getpid()}\n".encode())
    except OSError:
        os.close(lock)
        raise


def _pid(path: Path) -> str:
    """The holder's process id for a sentence; what a damaged file says is left out."""
    text = (path / "gateway.lock").read_bytes()[:20].strip()
    return f" (process {text.decode()})" if text.isdigit() else ""
