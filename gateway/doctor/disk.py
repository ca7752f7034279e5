"""The data directory: who may look into it, how full its disk is, how fast it takes a write."""

import fcntl
import os
import shutil
import stat
import tempfile
import time
from pathlib import Path
from typing import Final

from gateway.desk.cookie import NAME as COOKIE
from gateway.doctor.check import Change, Check, ok, warn, wrong
from gateway.doctor.files import check_private, command, gateway_user, is_there, user_name

LITTLE: Final = 1024**3
"""Bytes: worth a word. An audit of 10,000 requests takes about 300 MB."""

TOO_LITTLE: Final = 100 * 1024**2
SLOW_S: Final = 0.05
"""For one fsync: each decision waits for two or three of them."""

_TRIES: Final = 5
_INSIDE: Final = ("audit", "redis")
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def check_data(data_dir: Path) -> list[Check]:
    """All of it; before the first start, of the folder in which it will be made."""
    there = data_dir
    while not is_there(there) and there != there.parent:
        there = there.parent
    if not there.is_dir():
        sentence = f"{there} is no directory, so data_dir cannot be {data_dir}."
        return [wrong("data.directory", sentence)]
    checks = _check_directories(data_dir) if there == data_dir else [_check_future(data_dir, there)]
    checks += check_private(data_dir / COOKIE, gateway_user(data_dir))
    return [*checks, _check_space(there), _check_fsync(there)]


def is_held(lock: Path) -> bool:
    """Whether somebody holds this lock. Nothing is made, and it is asked for but a moment."""
    try:
        descriptor = os.open(lock, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return False


def _check_directories(data_dir: Path) -> list[Check]:
    """`data_dir`, and of what is in it those that the gateway cannot go on in."""
    inside = [folder for name in _INSIDE if is_there(folder := data_dir / name)]
    closed = [_check_closed(folder) for folder in inside]
    return [_check_directory(data_dir), *(check for check in closed if check is not None)]


def _check_closed(folder: Path) -> Check | None:
    """What keeps us from writing there, and who or what opens it; None if nothing does."""
    if os.access(folder, os.W_OK | os.X_OK):
        return None
    seen = folder.stat()
    owner = user_name(seen.st_uid)
    if os.statvfs(folder).f_flag & os.ST_RDONLY:
        sentence = f"{folder} cannot be written: its file system is mounted read-only."
        return wrong("data.directory", sentence, Change(command("findmnt", "--target", folder)))
    if seen.st_uid == os.geteuid():
        sentence = f"{folder} cannot be written, though it is ours."
        return wrong("data.directory", sentence, Change(command("chmod", "700", folder)))
    sentence = f"{folder} cannot be written: run this as {owner}, who owns it."
    return wrong("data.directory", sentence, Change(command("ls", "-ld", folder)))


def _check_directory(data_dir: Path) -> Check:
    closed = _check_closed(data_dir)
    if closed is not None:
        return closed
    seen = data_dir.stat()
    owner = user_name(seen.st_uid)
    if seen.st_mode & _OTHERS:
        return wrong(
            "data.directory",
            f"{data_dir} is open to others: requests and people's names stand in it.",
            Change(command("chmod", "700", data_dir)),
        )
    return ok("data.directory", f"{data_dir} is private to {owner}.")


def _check_future(data_dir: Path, there: Path) -> Check:
    if os.access(there, os.W_OK | os.X_OK):
        return ok("data.directory", f"{data_dir} will be made at the first start.")
    return wrong(
        "data.directory",
        f"{data_dir} cannot be made: {there} cannot be written.",
        Change(command("install", "-d", "-m", "700", data_dir)),
    )


def _check_space(there: Path) -> Check:
    free = shutil.disk_usage(there).free
    has = f"{there} has {_size(free)} free"
    if free < TOO_LITTLE:
        return wrong("data.space", f"{has}: without a place for evidence no decision is given.")
    if free < LITTLE:
        return warn("data.space", f"{has}: without a place for evidence no decision is given.")
    return ok("data.space", f"{has}.")


def _check_fsync(there: Path) -> Check:
    """Nothing stays behind: the file has no name."""
    took: list[float] = []
    try:
        with tempfile.TemporaryFile(dir=there, buffering=0) as file:
            for _ in range(_TRIES):
                file.write(b"x" * 4096)
                began = time.perf_counter()
                os.fsync(file.fileno())
                took.append(time.perf_counter() - began)
    except OSError as error:
        return wrong("data.fsync", f"{there} cannot be written: {error.strerror}.")
    middle = sorted(took)[_TRIES // 2]
    sentence = f"A write to the disk is there to stay after {middle * 1000:.1f} ms"
    if middle > SLOW_S:
        return warn("data.fsync", f"{sentence}: every decision waits for some of them.")
    return ok("data.fsync", f"{sentence}.")


def _size(count: int) -> str:
    """`12.3 GB`, `96 MB`."""
    if count >= LITTLE:
        return f"{count / 1024**3:,.1f} GB"
    return f"{count / 1024**2:,.0f} MB"
