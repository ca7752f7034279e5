"""The two ways a click reaches us, with the real clients and servers."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route

from gateway.doors.slack import PATH, slack_endpoint
from notifiers.slack.line import Line
from notifiers.slack.socket import Sockets
from tests.notifiers.world import World
from tests.support.slack_server import Via
from tests.support.waiting import until


@contextlib.asynccontextmanager
async def hearing_by(via: Via, world: World) -> AsyncIterator[None]:
    """Clicks of `world.slack` reach `world.clicks` this way."""
    opened = by_socket(world) if via == "socket" else by_http(world)
    async with opened:
        yield


@contextlib.asynccontextmanager
async def by_socket(world: World, **settings: Any) -> AsyncIterator[Sockets]:
    sockets = Sockets(
        world.slack.settings,
        world.clicks,
        journal=world.notes,
        now_ms=world.clock.now_ms,
        make_line=lambda *args: Line(*args, **{"ping_s": 0.2, **settings}),
        look_s=0.1,
    )
    task = asyncio.create_task(sockets.run())
    try:
        await until(lambda: world.slack.sockets == 2)
        yield sockets
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@contextlib.asynccontextmanager
async def by_http(world: World) -> AsyncIterator[str]:
    secret = world.slack.settings.signing_secret
    assert secret is not None
    endpoint = slack_endpoint(secret, world.clicks, world.clock.now_ms)
    app = Starlette(routes=[Route(PATH, endpoint, methods=["POST"])])
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, log_config=None, lifespan="off", timeout_graceful_shutdown=5)
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve(sockets=[listening]))
        world.slack.interactions_url = f"http://127.0.0.1:{listening.getsockname()[1]}{PATH}"
        await until(lambda: server.started)
        try:
            yield world.slack.interactions_url
        finally:
            server.should_exit = True
            await task
