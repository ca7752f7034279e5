"""A local mail server that takes whatever comes in clear text: enough for a client to send."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from tests.support.waiting import until


@dataclass
class Mails:
    port: int = 0
    commands: list[str] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    hangs: bool = False
    open: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def mail(self) -> EmailMessage:
        (only,) = self.raw
        return message_from_bytes(only, policy=policy.default)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open.add(writer)
        try:
            await (reader.read() if self.hangs else self._talk(reader, writer))
        finally:
            self.open.discard(writer)
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 sink\r\n")
        while line := await reader.readline():
            word = line.decode("latin-1").strip()
            self.commands.append(word)
            verb = word.upper().partition(" ")[0]
            if verb == "DATA":
                writer.write(b"354 go on\r\n")
                self.raw.append(await _until_dot(reader))
            if verb == "QUIT":
                break
            writer.write(b"250 sink\r\n")
        writer.write(b"221 bye\r\n")

    async def hang_up(self) -> None:
        """Close what is open; return when nobody is served any more."""
        for writer in self.open:
            writer.transport.abort()
        await until(lambda: not self.open)


async def _until_dot(reader: asyncio.StreamReader) -> bytes:
    lines = []
    while (line := await reader.readline()) not in {b".\r\n", b""}:
        lines.append(line.removeprefix(b"."))
    return b"".join(lines)


@contextlib.asynccontextmanager
async def mail_sink() -> AsyncIterator[Mails]:
    mails = Mails()
    server = await asyncio.start_server(mails.serve, "127.0.0.1", 0)
    mails.port = server.sockets[0].getsockname()[1]
    async with server:
        try:
            yield mails
        finally:
            await mails.hang_up()
