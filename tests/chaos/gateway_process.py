"""A gateway as `countersign serve` runs it, but for its clock, its disk and Slack's patience.

Started through a fork server that has imported everything: a gateway that was killed is back in a
tenth of a second, so that thousands can be killed in minutes.
"""

import asyncio
import errno
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any, Final

import gateway.telling
from gateway.beginning import StartError
from gateway.clock import SYSTEM
from gateway.config.file import load
from gateway.observe.log import make_log, take_library_logs
from gateway.observe.observer import Observer
from gateway.serve import listen_to_signals, serve
from notifiers.slack.pace import Pace
from tests.chaos.levers import Disk, Levers
from tests.chaos.sabotage import break_guard

REFUSED: Final = 3
"""How a gateway ends that would not start, as while its disk is broken: it is no fall."""

_CONTEXT: Final = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload([__name__])


@dataclass(frozen=True, slots=True)
class Spec:
    """What a gateway process is started with. `guard` names a guard to break on purpose."""

    config: Path
    levers: Path
    log: Path
    guard: str | None = None
    env: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LeverClock:
    """The machine's clock, as far ahead as the lever says."""

    levers: Levers

    def now_ms(self) -> int:
        return SYSTEM.now_ms() + self.levers.ahead_ms


def launch(spec: Spec) -> ForkServerProcess:
    """A gateway in a process of its own; it ends when it is told to, or dies with its parent."""
    process = _CONTEXT.Process(target=run, args=(spec,), daemon=True)
    process.start()
    return process


def run(spec: Spec) -> None:
    """In the child: serve until a signal."""
    log = os.open(spec.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who runs the suite
    os.environ.update(spec.env)
    levers = Levers(spec.levers)
    settings = load(spec.config)
    undermine_disk(levers, settings.data_dir / "audit")
    setattr(gateway.telling, "Pace", _brisk)  # noqa: B010 - what it is called there
    if spec.guard is not None:
        break_guard(spec.guard)
    try:
        asyncio.run(_serve(settings, LeverClock(levers)))
    except StartError as refusal:
        sys.stderr.write(f"{refusal}\n")
        sys.exit(REFUSED)
    finally:
        sys.stdout.flush()


async def _serve(settings: Any, clock: LeverClock) -> None:
    log = make_log(clock.now_ms)
    take_library_logs(log)
    stop, hangups = asyncio.Event(), asyncio.Event()
    listen_to_signals(stop, hangups)
    observer = Observer(log, clock.now_ms)
    await serve(settings, stop=stop, hangups=hangups, observer=observer, clock=clock)


def _brisk(now_ms: Callable[[], int]) -> Pace:
    """The local Slack takes a hundred messages a second, not one."""
    return Pace(now_ms, every_ms=10, burst=50)


def undermine_disk(levers: Levers, folder: Path) -> None:
    """Let writes and fsyncs below `folder` fail as the lever says; all others go through."""
    below = str(folder.resolve())
    write, syncs = os.write, {name: getattr(os, name) for name in ("fsync", "fdatasync")}

    def concerned(descriptor: int) -> bool:
        return str(Path(f"/proc/self/fd/{descriptor}").readlink()).startswith(below)

    def failing_write(descriptor: int, data: Any) -> int:
        if levers.disk is Disk.FULL and concerned(descriptor):
            levers.count_failure()
            write(descriptor, bytes(data)[: len(data) // 2])  # a full disk leaves a torn line
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(descriptor, data)

    def failing(name: str) -> Callable[[int], None]:
        def sync(descriptor: int) -> None:
            if levers.disk is Disk.FSYNC_FAILS and concerned(descriptor):
                levers.count_failure()
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            syncs[name](descriptor)

        return sync

    os.write = failing_write
    for name in syncs:
        setattr(os, name, failing(name))
