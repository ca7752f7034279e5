"""A local receiver of webhooks: keeps what is posted, and fails on demand."""

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

HANGS = 0


@dataclass
class Posted:
    path: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def document(self) -> dict[str, Any]:
        return dict(json.loads(self.body))


@dataclass
class Receiver:
    """`answers` are statuses for the next posts; HANGS for none. Refused posts are kept too."""

    base: str = ""
    posted: list[Posted] = field(default_factory=list)
    answers: deque[int] = field(default_factory=deque)
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"{self.base}/hook"

    @property
    def events(self) -> list[str]:
        return [post.document["event"] for post in self.posted]

    async def take(self, request: web.Request) -> web.StreamResponse:
        status = self.answers.popleft() if self.answers else 204
        now = asyncio.get_running_loop().time()
        body = await request.read()
        self.posted.append(Posted(request.path_qs, dict(request.headers), body, now))
        if status == HANGS:
            await asyncio.sleep(60)
        return web.Response(status=status, headers=self.headers)


@contextlib.asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/{path:.*}", receiver.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    receiver.base = f"http://{host}:{port}"
    try:
        yield receiver
    finally:
        await runner.cleanup()
