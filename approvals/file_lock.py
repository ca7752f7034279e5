"""A lock on a file, for as long as it is open: one process at a time."""

import fcntl
import os
from pathlib import Path


def lock_file(path: Path) -> int | None:
    """Lock a file and return its descriptor; None if somebody holds it.

    The lock belongs to the open file: whoever inherits the descriptor keeps it, and closing the
    last copy gives it up.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(path, flags, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
