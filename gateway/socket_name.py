"""A name for a unix socket that fits into a socket address, however deep its folder lies."""

import contextlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

LONGEST: Final = 100
"""Bytes; sun_path holds 108 on Linux and 104 on macOS, the closing zero included."""

_DESCRIPTORS: Final = Path("/proc/self/fd")


def short_name(folder: Path, name: str) -> tuple[str, Callable[[], None]]:
    """Name the socket `folder/name` for clients in this process, and how to give the name back.

    A long one is reached through an open descriptor of its folder (Linux: nothing is left behind
    and nothing can be swept away), elsewhere through a symbolic link in a private directory.
    """
    plain = folder / name
    if len(os.fsencode(plain)) <= LONGEST:
        return str(plain), _nothing
    if _DESCRIPTORS.is_dir():
        return by_descriptor(folder, name)
    return by_link(folder, name)


def by_descriptor(folder: Path, name: str) -> tuple[str, Callable[[], None]]:
    """Through /proc: for Linux."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    return str(_DESCRIPTORS / str(descriptor) / name), lambda: os.close(descriptor)


def by_link(folder: Path, name: str) -> tuple[str, Callable[[], None]]:
    """Through a symbolic link, in a directory that only we can enter."""
    private = Path(tempfile.mkdtemp(prefix="countersign-", dir=_shortest_temporary()))
    link = private / "r"
    link.symlink_to(folder.absolute(), target_is_directory=True)

    def forget() -> None:
        with contextlib.suppress(OSError):
            link.unlink()
            private.rmdir()

    return str(link / name), forget


def _shortest_temporary() -> str:
    return min(("/tmp", tempfile.gettempdir()), key=len)  # noqa: S108 - mkdtemp makes it private


def _nothing() -> None:
    return
