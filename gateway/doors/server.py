"""HTTP servers inside our own event loop: bound, served, stopped and silenced by us."""

import contextlib
import errno
import socket
from collections.abc import Iterator
from functools import partial
from typing import Any, Final, Self, cast

import uvicorn
from starlette.types import ASGIApp
from typing_extensions import override

from gateway.doors.arriving import SilentProtocol
from gateway.doors.seats import Seats

BACKLOG: Final = 2048
ACCEPTED_AT_ONCE: Final = 16
"""Before anybody is made to give way; also what asyncio logs each second if no file is left."""

KEEP_ALIVE_S: Final = 75  # longer than a node's usual pause, so that it finds its connection open
GRACE_S: Final = 5  # for requests that are being answered when we stop


class ListenError(Exception):
    """One plain sentence saying why an address cannot be listened on."""


class Server:
    """One address that answers HTTP. Several of them run side by side.

    `host` and `port` are what was bound: port 0 has become a real one. `seats` bounds who may
    stay connected.
    """

    def __init__(self, bound: socket.socket, app: ASGIApp, seats: Seats) -> None:
        self._bound = bound
        self.host, self.port = bound.getsockname()[:2]
        self._server = _Uvicorn(
            uvicorn.Config(
                app,
                http=cast("Any", partial(SilentProtocol, seats=seats)),
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                backlog=ACCEPTED_AT_ONCE,
                timeout_keep_alive=KEEP_ALIVE_S,
                timeout_graceful_shutdown=GRACE_S,
            )
        )

    @classmethod
    def bind(cls, app: ASGIApp, *, host: str, port: int, seats: Seats | None = None) -> Self:
        """Take the address now, so that a second gateway is refused before it does anything.

        Raises:
            ListenError: if it is taken, or not ours.
        """
        return cls(_bind(host, port), app, Seats() if seats is None else seats)

    @property
    def url(self) -> str:
        """`http://host:port`, for people and for clients on this machine."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._server.server_state.connections)

    async def serve(self) -> None:
        """Answer until `stop`. Cancelled, it ends every connection without another byte."""
        try:
            await self._server.serve(sockets=[self._bound])
        finally:
            for server in getattr(self._server, "servers", ()):
                server.close()
            self._bound.close()
            for connection in tuple(self._server.server_state.connections):
                if isinstance(connection, SilentProtocol):
                    connection.silence()

    def stop(self) -> None:
        """Refuse new connections; let what is being answered finish within GRACE_S."""
        self._server.should_exit = True

    def close(self) -> None:
        """Give the address back without having served."""
        self._bound.close()


class _Uvicorn(uvicorn.Server):
    """uvicorn without its signal handlers: a signal is for the whole gateway to act on."""

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listener in sockets or ():
            listener.listen(BACKLOG)  # how many may queue is not how many to accept at once

    @override
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _bind(host: str, port: int) -> socket.socket:
    listener: socket.socket | None = None
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        # Naming TCP matters: asyncio sets TCP_NODELAY only on sockets that say they are TCP.
        listener = socket.socket(family, kind, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind(address)
        listener.listen(BACKLOG)  # who comes before we serve waits, and is not refused
    except OSError as error:
        if listener is not None:
            listener.close()
        why = (error.strerror or str(error)).rstrip(".")
        do = "end what listens there, or name" if error.errno == errno.EADDRINUSE else "name"
        raise ListenError(
            f"Cannot listen on {host}:{port}: {why}; {do} another address in [gateway]."
        ) from error
    listener.setblocking(False)  # noqa: FBT003 - the standard library's signature
    return listener
