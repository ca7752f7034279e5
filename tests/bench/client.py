"""A client that costs as little as it can, since it shares the machine with what it measures."""

import asyncio
import time
from dataclasses import dataclass
from typing import Final, Self

from typing_extensions import override

from gateway.config.settings import Address

_LENGTH: Final = b"\r\ncontent-length: "


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: what was said, how long it took, and when (Unix seconds) it was here."""

    ok: bool
    body: bytes
    took_s: float
    at: float


class Connection(asyncio.Protocol):
    """One keep-alive connection; one request at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._reply: asyncio.Future[Reply] | None = None
        self._began = 0.0

    @classmethod
    async def to(cls, address: Address) -> Self:
        """Connect."""
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(cls, address.host, address.port)
        return connection

    async def exchange(self, request: bytes) -> Reply:
        """Send a whole request; its answer. ConnectionError where there is none."""
        if self._transport is None:
            raise ConnectionError
        self._reply = asyncio.get_running_loop().create_future()
        self._began = time.perf_counter()
        self._transport.write(request)
        return await self._reply

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.abort()

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    @override
    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().partition(_LENGTH)[2].partition(b"\r\n")[0])
        if len(body) >= length and self._reply is not None:
            took = time.perf_counter() - self._began
            reply = Reply(head.startswith(b"HTTP/1.1 200 "), body, took, time.time())
            self._buffer = b""
            self._reply.set_result(reply)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._reply is not None and not self._reply.done():
            self._reply.set_exception(exc or ConnectionResetError("no answer"))


def post(path: str, body: bytes, kind: str, *headers: str) -> bytes:
    """A request as it goes over the wire."""
    lines = [
        f"POST {path} HTTP/1.1",
        "host: 127.0.0.1",
        f"content-type: {kind}",
        f"content-length: {len(body)}",
        *headers,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
