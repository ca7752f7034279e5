"""Reading and writing key files: private ones only their owner may read, none is overwritten."""

import os
import stat
from pathlib import Path
from typing import Final

from keys.errors import KeyFileError

_MOST_BYTES: Final = 65_536
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_MISSING: Final = "put the key there, or correct the path"


def read(path: Path, *, private: bool, missing: str = _MISSING) -> bytes:
    """The bytes of a key file. `missing` says what to do where there is none.

    Raises:
        KeyFileError: it is missing, unreadable, too large, or private and open to others.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        raise KeyFileError(f"{path} does not exist: {missing}") from None
    except OSError as error:
        raise KeyFileError(f"{path} cannot be read: {error.strerror}") from None
    if private and mode & _OTHERS:
        raise KeyFileError(f"{path} can be read by others than its owner: chmod 600 {path}")
    if len(content) > _MOST_BYTES:
        raise KeyFileError(f"{path} is too large to be a key: name the key's own file")
    return content


def write_new(path: Path, content: bytes, *, mode: int) -> None:
    """Create a file with exactly this mode.

    Raises:
        KeyFileError: it exists, or cannot be written.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError:
        raise KeyFileError(
            f"{path} exists, and nothing is overwritten: move it away first"
        ) from None
    except OSError as error:
        raise KeyFileError(f"{path} cannot be written: {error.strerror}") from None
    with os.fdopen(handle, "wb") as file:
        os.fchmod(file.fileno(), mode)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
