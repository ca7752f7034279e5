"""Who may read and write a file: the checks that several subjects share."""

import os
import pwd
import shlex
import stat
from pathlib import Path
from typing import Final

from gateway.doctor.check import Change, Check, warn, wrong

_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_ROOT: Final = 0


def check_private(path: Path, user: int) -> list[Check]:
    """What is wrong with a file that only `user` may read; nothing where none is."""
    try:
        seen = path.stat()
    except OSError:
        return []
    if not stat.S_ISREG(seen.st_mode):
        return []
    checks: list[Check] = []
    if seen.st_mode & _OTHERS:
        checks.append(
            wrong(
                "files.private",
                f"{path} can be read by others than its owner.",
                Change(command("chmod", "600", path)),
            )
        )
    if seen.st_uid not in {user, _ROOT}:
        checks.append(
            warn(
                "files.owner",
                f"{path} belongs to {user_name(seen.st_uid)}, and the gateway's files to"
                f" {user_name(user)}.",
                Change(command("chown", user_name(user), path)),
            )
        )
    return checks


def check_unwritable(path: Path) -> list[Check]:
    """What is wrong with a file or folder that decides, if everybody on this machine may write it.

    A folder in which everybody owns what they made (the sticky bit) is well.
    """
    try:
        mode = path.stat().st_mode
    except OSError:
        return []
    if not mode & stat.S_IWOTH or mode & stat.S_ISVTX:
        return []
    return [
        wrong(
            "files.writable",
            f"{path} can be changed by everybody on this machine.",
            Change(command("chmod", "o-w", path)),
        )
    ]


def is_there(path: Path) -> bool:
    """Whether something is there that we can see; a name that cannot be looked up is not."""
    try:
        path.stat()
    except (OSError, ValueError):
        return False
    return True


def gateway_user(data_dir: Path) -> int:
    """Whose files the gateway's are: the owner of `data_dir`; before the first start, ours."""
    try:
        return data_dir.stat().st_uid
    except OSError:
        return os.geteuid()


def user_name(user: int) -> str:
    """The login name, or the number where it has none."""
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)


def command(*words: object) -> str:
    """A command line as a shell takes it."""
    return shlex.join(str(word) for word in words)
