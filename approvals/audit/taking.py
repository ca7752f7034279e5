"""Which chain a process goes on with, and from where: looked at once, before it writes."""

import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from approvals.audit.file import LocalHead, read_local_head, sync
from approvals.audit.files import layouts
from approvals.audit.form import NO_LINE, AuditUnreadable, FileName, hash_of, link_of

_CHAIN_BYTES: Final = 4
_BACKWARDS: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Durable:
    """How far a chain is on disk: its last line, and where that stands.

    `left` bytes behind it, in the same file, count for nothing.
    """

    seq: int
    hash: str
    file: str
    lines: int
    size: int
    left: int = 0


NOTHING: Final = Durable(-1, NO_LINE, "", 0, 0)


@dataclass(frozen=True, slots=True)
class Taken:
    """A chain that this process alone may append to."""

    chain: str
    lock: LocalHead
    durable: Durable
    number: int

    @classmethod
    def in_directory(cls, directory: Path) -> Self:
        """The chain written last of those that nobody holds, else a new one.

        What is there is synced before anything is chained to it.

        Raises:
            AuditUnreadable: it does not end where this gateway ended it.
            OSError: the disk.
        """
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        chains = {path.stem: path.stat().st_mtime for path in directory.glob("*.head")}
        for path in directory.glob("*.jsonl"):
            name = FileName.read(path.name)
            if name is not None:
                written = chains.get(name.chain, 0.0)
                chains[name.chain] = max(written, path.stat().st_mtime)
        for chain in sorted(chains, key=lambda chain: (-chains[chain], chain)):
            lock = LocalHead.hold(directory, chain)
            if lock is not None:
                return cls._held(directory, chain, lock)
        chain = secrets.token_hex(_CHAIN_BYTES)
        lock = LocalHead.hold(directory, chain)
        if lock is None:
            raise AuditUnreadable(f"{directory}: the new chain {chain} is held already.")
        return cls(chain, lock, NOTHING, 0)

    @classmethod
    def _held(cls, directory: Path, chain: str, lock: LocalHead) -> Self:
        try:
            paths = sorted(directory.glob(f"{chain}-*.jsonl"))
            names = [name for path in paths if (name := FileName.read(path.name)) is not None]
            durable = _end_of([directory / str(name) for name in names])
            _check_head(lock.path, durable)
        except BaseException:
            lock.close()
            raise
        return cls(chain, lock, durable, max((name.number for name in names), default=0))


def _end_of(paths: Sequence[Path]) -> Durable:
    """Where a chain's last whole line stands, once that is on disk."""
    found = layouts(paths)
    if not found or not found[0].stretches:
        return NOTHING
    newest = found[0].stretches[-1].beginning
    sync(newest.path)
    content_end, line = _last_line(newest.path)
    link = link_of(line)
    if link is None or link.chain != newest.name.chain:
        raise AuditUnreadable(f"{newest.path}: its last line is not ours: was it edited?")
    return Durable(
        seq=link.seq,
        hash=hash_of(line),
        file=newest.path.name,
        lines=link.seq - newest.link.seq + 1,
        size=content_end,
        left=newest.path.stat().st_size - content_end,
    )


def _last_line(path: Path) -> tuple[int, bytes]:
    """Where the last whole line ends, its newline included, and the line."""
    with path.open("rb") as file:
        at, tail = file.seek(0, os.SEEK_END), b""
        while at and tail.count(b"\n") < 2:  # noqa: PLR2004 - its own, and that of the one before
            start = max(0, at - _BACKWARDS)
            file.seek(start)
            tail = file.read(at - start) + tail
            at = start
    whole = tail[: tail.rindex(b"\n")]
    return at + len(whole) + 1, whole[whole.rfind(b"\n") + 1 :]


def _check_head(path: Path, durable: Durable) -> None:
    """Lines that were on disk once are there, or the gateway does not start as if they never were.

    Raises:
        AuditUnreadable: with what to do.
    """
    try:
        noted = read_local_head(path)
    except ValueError:
        raise AuditUnreadable(f"{path} is not as we wrote it: was it edited?") from None
    if noted is None or noted.seq < durable.seq:
        return
    if (noted.seq, noted.hash) != (durable.seq, durable.hash):
        raise AuditUnreadable(
            f"{path} names entry {noted.seq} as the last one, which is not there: run"
            " `countersign audit verify`. To go on without it, move that file aside."
        )
