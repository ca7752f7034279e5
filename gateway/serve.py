"""The gateway's life: put the parts together, say what they are connected to, run, stop in order.

Stopping is ordered so that nobody is told anything wrong: first every held connection is ended
without a byte, then the listeners stop, then the background tasks, then the store, and the
embedded server last.
"""

import asyncio
import secrets
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Final

from gateway.assembly import Assembly, assemble
from gateway.clock import SYSTEM, Clock
from gateway.config.settings import Settings
from gateway.data_dir import DataDir
from gateway.doors.seats import Seats, file_limit, limit_lines, seats_for_nodes, seats_for_operators
from gateway.doors.server import Server
from gateway.embedded import EmbeddedServer
from gateway.observe.observer import Observer
from gateway.tasks import Task, end

END_ATTEMPTS_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Running:
    """A gateway that answers: where, and what it is made of."""

    public: Server
    operator: Server
    assembly: Assembly


async def serve(
    settings: Settings,
    *,
    stop: asyncio.Event,
    hangups: asyncio.Event,
    observer: Observer,
    on_ready: Callable[[Running], None] = lambda _running: None,
    clock: Clock = SYSTEM,
) -> None:
    """Run until `stop` is set; read the policy again whenever `hangups` is.

    Raises:
        DataDirError, EmbeddedError, ListenError, KeyFileError, StartError: one plain
            sentence saying what keeps the gateway from starting.
    """
    process = secrets.token_hex(4)
    async with AsyncExitStack() as stack:
        data_dir = DataDir.hold(settings.data_dir)
        stack.callback(data_dir.release)
        url, supervise = await _redis(settings, data_dir, stack, observer)
        assembly = assemble(
            settings, url, process=process, observer=observer, clock=clock, stack=stack
        )
        files = file_limit()
        public = _bind(assembly.public_app, settings.listen, seats_for_nodes(files), stack)
        operator = _bind(
            assembly.operator_app, settings.operator_listen, seats_for_operators(files), stack
        )
        lines = await assembly.start_up_lines(public.url, operator.url)
        for line in [*lines, *limit_lines(files)]:
            observer.say(line)
        on_ready(Running(public, operator, assembly))
        tasks = [*assembly.tasks, *supervise, lambda: assembly.reloading.reload_on(hangups)]
        await _run(tasks, public, operator, assembly, stop)


async def _redis(
    settings: Settings, data_dir: DataDir, stack: AsyncExitStack, observer: Observer
) -> tuple[str, list[Task]]:
    """The store's address, and what keeps it alive if it is our own."""
    if settings.redis.url is not None:
        return settings.redis.url.reveal(), []
    server = await EmbeddedServer.start(data_dir, alarm=observer.embedded_alarm)
    stack.push_async_callback(server.stop)
    return server.url, [server.supervise]


def _bind(app: Any, address: Any, seats: Seats, stack: AsyncExitStack) -> Server:
    server = Server.bind(app, host=address.host, port=address.port, seats=seats)
    stack.callback(server.close)
    return server


async def _run(
    tasks: list[Task],
    public: Server,
    operator: Server,
    assembly: Assembly,
    stop: asyncio.Event,
) -> None:
    """Everything at once, until told to stop or until a part fails; then an end in order."""
    background = [asyncio.create_task(task()) for task in tasks]
    listeners = [asyncio.create_task(server.serve()) for server in (public, operator)]
    stopping = asyncio.create_task(_until_stopped(stop))
    everything = {*background, *listeners, stopping}
    try:
        done, _ = await asyncio.wait(everything, return_when=asyncio.FIRST_EXCEPTION)
        assembly.parked.silence_all()  # their handlers note that the attempts ended
        await assembly.parked.left(within_s=END_ATTEMPTS_S)
        for server in (public, operator):
            server.stop()
        await asyncio.wait(listeners)
    finally:
        await end(everything)
    for task in done - {stopping}:
        task.result()  # what failed ends the gateway, loudly


class _Stopped(Exception):  # noqa: N818 - it is how the waiting ends, not what went wrong
    """Somebody asked us to stop."""


async def _until_stopped(stop: asyncio.Event) -> None:
    await stop.wait()
    raise _Stopped


def listen_to_signals(stop: asyncio.Event, hangups: asyncio.Event) -> None:
    """SIGTERM and SIGINT end the gateway in order; SIGHUP, even while it starts, never does."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, hangups.set)
