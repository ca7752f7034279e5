"""`countersign serve`: the gateway as a process; what keeps it from starting is one sentence."""

import asyncio
from pathlib import Path

from gateway.beginning import StartError
from gateway.clock import SYSTEM
from gateway.config.file import ConfigError, load
from gateway.config.settings import Settings
from gateway.data_dir import DataDirError
from gateway.doors.seats import raise_file_limit
from gateway.doors.server import ListenError
from gateway.embedded import EmbeddedError
from gateway.observe.log import make_log, take_library_logs
from gateway.observe.observer import Observer
from gateway.oncall.terminal import Failure
from gateway.serve import listen_to_signals, serve
from keys.errors import KeyFileError


def run(config: Path) -> None:
    """Serve until SIGTERM or SIGINT; SIGHUP reads the policy again.

    Raises:
        Failure: it cannot start.
    """
    raise_file_limit()
    try:
        asyncio.run(_serve(load(config)))
    except (
        ConfigError,
        DataDirError,
        EmbeddedError,
        KeyFileError,
        ListenError,
        StartError,
    ) as error:
        raise Failure(str(error)) from None


async def _serve(settings: Settings) -> None:
    log = make_log(SYSTEM.now_ms)
    end = take_library_logs(log)
    stop, hangups = asyncio.Event(), asyncio.Event()
    listen_to_signals(stop, hangups)
    try:
        observer = Observer(log, SYSTEM.now_ms)
        await serve(settings, stop=stop, hangups=hangups, observer=observer)
    finally:
        end()
