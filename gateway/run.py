"""`countersign serve`: the gateway as a process; what keeps it from starting is one sentence."""

import asyncio
from pathlib import Path

from gateway.assembly import StartError
from gateway.clock import SYSTEM
from gateway.config import ConfigError, load
from gateway.data_dir import DataDirError
from gateway.embedded import EmbeddedError
from gateway.http_server import ListenError
from gateway.log import make_log, take_library_logs
from gateway.observe import Observer
from gateway.seats import raise_file_limit
from gateway.serve import listen_to_signals, serve
from gateway.settings import Settings
from gateway.terminal import Failure
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
