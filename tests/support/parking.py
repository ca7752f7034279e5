"""A server whose app a test chooses, and a raw socket to it."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from gateway.doors.seats import Seats
from gateway.doors.server import Server
from gateway.doors.silence import Parked, SilentOnError, abort_of
from tests.support.waiting import PATIENCE_S

CALL = b"POST /call HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\nhi"
OTHER = b"GET /other HTTP/1.1\r\nhost: x\r\n\r\n"


class ParkingWorld:
    """A server, an app whose behavior a test chooses, and what it saw."""

    def __init__(self, seats: Seats | None = None) -> None:
        self.parked = Parked()
        self.reports: list[Exception] = []
        self.disconnects = 0
        self.finished = 0
        self.others = 0
        self.bodies: list[bytes] = []
        self.applies = True
        self.behave: Callable[..., Awaitable[None]] = self.park
        guarded = SilentOnError(
            self.call, report=self.reports.append, applies=lambda _scope: self.applies
        )
        routes = [Route("/call", guarded, methods=["POST"]), Route("/other", self.other)]
        self.seats = Seats() if seats is None else seats
        app = Starlette(routes=routes)
        self.server = Server.bind(app, host="127.0.0.1", port=0, seats=self.seats)

    async def call(self, scope, receive, send):
        body = b""
        try:
            more = True
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return
                body, more = body + message.get("body", b""), message.get("more_body", False)
            self.bodies.append(body)
            await self.behave(scope, receive, send)
        finally:
            self.finished += 1

    async def park(self, scope, receive, send):
        with self.parked.park(abort_of(scope)):
            assert (await receive())["type"] == "http.disconnect"
            self.disconnects += 1

    async def other(self, request):
        self.others += 1
        return PlainTextResponse("other")


@contextlib.asynccontextmanager
async def asking(world: ParkingWorld, data: bytes):
    reader, writer = await asyncio.open_connection(world.server.host, world.server.port)
    writer.write(data)
    try:
        yield reader, writer
    finally:
        writer.close()


async def heard(reader: asyncio.StreamReader) -> bytes:
    """Everything until the connection ends."""
    data = b""
    async with asyncio.timeout(PATIENCE_S):
        with contextlib.suppress(ConnectionResetError):
            while chunk := await reader.read(65536):
                data += chunk
    return data


async def answer(scope, receive, send):
    """A behavior: say "fine"."""
    await PlainTextResponse("fine")(scope, receive, send)
