"""A local mail server that takes whatever comes in clear text: enough for a client to send."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass
class Mails:
    port: int = 0
    commands: list[str] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    hangs: bool = False

    @property
    def mail(self) -> EmailMessage:
        (only,) = self.raw
        return message_from_bytes(only, policy=policy.default)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.hangs:
            await reader.read()
            writer.close()
            return
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
        writer.close()


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
        yield mails
