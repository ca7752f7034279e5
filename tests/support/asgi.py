"""A GET on an ASGI app, without a socket between."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Message


@dataclass(frozen=True, slots=True)
class Got:
    """What came back."""

    status_code: int
    text: str

    def json(self) -> Any:
        return json.loads(self.text)


def get(app: ASGIApp, path: str) -> Got:
    """Ask in an event loop of its own."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "path": path,
        "root_path": "",
        "query_string": b"",
        "headers": [],
    }
    asyncio.run(app(scope, receive, send))  # type: ignore[arg-type]
    return Got(sent[0]["status"], b"".join(part.get("body", b"") for part in sent).decode())
