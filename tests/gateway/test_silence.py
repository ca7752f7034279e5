"""No answer means not one byte, as a raw socket sees it."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from gateway import silence
from gateway.http_server import ListenError, Server
from gateway.silence import Parked, SilentOnError, abort_of
from tests.support.waiting import until

CALL = b"POST /call HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\nhi"
OTHER = b"GET /other HTTP/1.1\r\nhost: x\r\n\r\n"


class World:
    """A server, an app whose behavior a test chooses, and what it saw."""

    def __init__(self) -> None:
        self.parked = Parked()
        self.reports: list[Exception] = []
        self.disconnects = 0
        self.finished = 0
        self.applies = True
        self.behave: Callable[..., Awaitable[None]] = self.park
        guarded = SilentOnError(
            self.call, report=self.reports.append, applies=lambda _scope: self.applies
        )
        routes = [Route("/call", guarded, methods=["POST"]), Route("/other", self.other)]
        self.server = Server.bind(Starlette(routes=routes), host="127.0.0.1", port=0)

    async def call(self, scope, receive, send):
        try:
            while (await receive())["more_body"]:
                pass
            await self.behave(scope, receive, send)
        finally:
            self.finished += 1

    async def park(self, scope, receive, send):
        with self.parked.park(abort_of(scope)):
            assert (await receive())["type"] == "http.disconnect"
            self.disconnects += 1

    async def other(self, request):
        return PlainTextResponse("other")


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    task = asyncio.create_task(world.server.serve())
    yield world
    world.parked.silence_all()
    world.server.stop()
    await task


@contextlib.asynccontextmanager
async def asking(world: World, data: bytes):
    reader, writer = await asyncio.open_connection(world.server.host, world.server.port)
    writer.write(data)
    try:
        yield reader, writer
    finally:
        writer.close()


async def heard(reader: asyncio.StreamReader) -> bytes:
    """Everything until the connection ends."""
    data = b""
    async with asyncio.timeout(3):
        with contextlib.suppress(ConnectionResetError):
            while chunk := await reader.read(65536):
                data += chunk
    return data


async def answer(scope, receive, send):
    await PlainTextResponse("fine")(scope, receive, send)


async def fail(scope, receive, send):
    raise ValueError("a bug")


async def say_nothing(scope, receive, send):
    return


async def be_silent(scope, receive, send):
    abort_of(scope)()


async def be_silent_and_go_on(scope, receive, send):
    abort_of(scope)()
    await PlainTextResponse("too late")(scope, receive, send)


async def be_silent_and_fail(scope, receive, send):
    abort_of(scope)()
    raise ValueError("a bug")


@pytest.mark.parametrize(
    "behave", [fail, say_nothing, be_silent, be_silent_and_go_on, be_silent_and_fail]
)
async def test_not_one_byte_is_written(world, behave):
    world.behave = behave
    async with asking(world, CALL) as (reader, _):
        assert await heard(reader) == b""
    assert world.finished == 1


async def test_an_answer_is_written_otherwise(world):
    world.behave = answer
    async with asking(world, CALL) as (reader, _):
        data = await asyncio.wait_for(reader.readuntil(b"fine"), 3)
    assert data.startswith(b"HTTP/1.1 200 OK\r\n")


async def test_an_error_is_reported_once_and_a_silence_is_none(world):
    for behave, count in ((fail, 1), (say_nothing, 1), (be_silent, 1)):
        world.behave = behave
        async with asking(world, CALL) as (reader, _):
            await heard(reader)
        assert len(world.reports) == count


async def test_where_silence_does_not_apply_an_error_is_an_http_500(world):
    world.behave, world.applies = fail, False
    async with asking(world, CALL) as (reader, _):
        assert (await heard(reader)).startswith(b"HTTP/1.1 500 ")
    assert world.reports == []


async def test_an_error_after_the_first_byte_cuts_the_answer_short(world):
    async def half(scope, receive, send):
        headers = [(b"content-length", b"9")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise ValueError("a bug")

    world.behave = half
    async with asking(world, CALL) as (reader, _):
        assert (await heard(reader)).endswith(b"\r\n\r\nhalf")


@pytest.mark.parametrize("applies", [True, False])
async def test_a_cancelled_request_is_met_with_silence(world, applies):
    world.applies = applies

    async def cancelled(scope, receive, send):
        raise asyncio.CancelledError

    world.behave = cancelled
    async with asking(world, CALL) as (reader, _):
        assert await heard(reader) == b""


async def test_a_kept_connection_can_be_silenced_at_its_second_request(world):
    async with asking(world, OTHER) as (reader, writer):
        await asyncio.wait_for(reader.readuntil(b"other"), 3)
        writer.write(CALL)
        await until(lambda: len(world.parked) == 1)
        world.parked.silence_all()
        assert await heard(reader) == b""


async def test_a_late_abort_does_not_hurt_the_next_request_on_the_connection(world):
    scopes = []

    async def remember(scope, receive, send):
        scopes.append(scope)
        await answer(scope, receive, send)

    world.behave = remember
    async with asking(world, CALL) as (reader, writer):
        await asyncio.wait_for(reader.readuntil(b"fine"), 3)
        abort_of(scopes[0])()
        writer.write(OTHER)
        await asyncio.wait_for(reader.readuntil(b"other"), 3)


async def test_a_pipelined_request_is_silenced_with_the_one_it_waits_for(world):
    async with asking(world, CALL + OTHER) as (reader, _):
        await until(lambda: len(world.parked) == 1)
        world.parked.silence_all()
        assert await heard(reader) == b""
    await until(lambda: world.finished == 1)


async def test_a_pipelined_request_is_answered_after_the_first(world):
    world.behave = answer
    async with asking(world, CALL + OTHER) as (reader, _):
        await asyncio.wait_for(reader.readuntil(b"fine"), 3)
        await asyncio.wait_for(reader.readuntil(b"other"), 3)


@pytest.mark.parametrize("data", [CALL, CALL + OTHER, CALL + b"GET /oth"])
async def test_a_parked_request_is_told_when_its_node_hangs_up(world, data):
    async with asking(world, data):
        await until(lambda: len(world.parked) == 1)
    await until(lambda: world.finished == 1)
    assert (world.disconnects, len(world.parked)) == (1, 0)


async def test_silencing_all_frees_every_task_at_once(world):
    async with contextlib.AsyncExitStack() as stack:
        readers = [(await stack.enter_async_context(asking(world, CALL)))[0] for _ in range(50)]
        await until(lambda: len(world.parked) == 50)
        world.parked.silence_all()
        assert set(await asyncio.gather(*map(heard, readers))) == {b""}
        await until(lambda: world.disconnects == 50 and len(world.parked) == 0)


async def test_a_stop_gives_parked_requests_no_byte_and_ends_soon():
    world = World()
    async with asyncio.TaskGroup() as group:
        group.create_task(world.server.serve())
        async with asking(world, CALL) as (reader, _):
            await until(lambda: len(world.parked) == 1)
            began = asyncio.get_running_loop().time()
            world.parked.silence_all()
            world.server.stop()
            assert await heard(reader) == b""
    assert asyncio.get_running_loop().time() - began < 2
    assert world.server.connections == 0


async def test_a_request_that_would_park_after_the_stop_began_is_silenced(world):
    world.parked.silence_all()
    async with asking(world, CALL) as (reader, _):
        assert await heard(reader) == b""


async def test_a_stop_lets_an_answer_finish():
    world = World()
    going = asyncio.Event()

    async def slowly(scope, receive, send):
        await going.wait()
        await answer(scope, receive, send)

    world.behave = slowly
    async with asyncio.TaskGroup() as group:
        group.create_task(world.server.serve())
        async with asking(world, CALL) as (reader, _):
            await asyncio.sleep(0.05)
            world.parked.silence_all()
            world.server.stop()
            await asyncio.sleep(0.2)
            going.set()
            assert (await heard(reader)).endswith(b"fine")


async def test_a_crash_elsewhere_in_the_gateway_writes_no_byte_to_a_parked_request():
    world = World()
    world.applies = False  # the last line of defense must hold alone

    async def crash():
        await until(lambda: len(world.parked) == 1)
        raise ValueError("elsewhere")

    async def gateway():
        async with asyncio.TaskGroup() as group:
            group.create_task(world.server.serve())
            group.create_task(crash())

    async with asking(world, CALL) as (reader, _):
        with pytest.raises(ExceptionGroup):
            await gateway()
        assert await heard(reader) == b""
    await until(lambda: world.disconnects == 1)


def test_the_end_of_the_loop_writes_no_byte_to_a_parked_request():
    client = socket.socket()

    async def main():
        world = World()
        world.applies = False
        serving = asyncio.create_task(world.server.serve())
        client.connect((world.server.host, world.server.port))
        client.sendall(CALL)
        await until(lambda: len(world.parked) == 1)
        assert not serving.done()

    asyncio.run(main())
    client.settimeout(3)
    with contextlib.closing(client), contextlib.suppress(ConnectionResetError):
        assert client.recv(100) == b""


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"POST /call HT",
        b"POST /call HTTP/1.1\r\nhost: x\r\n",
        b"POST /call HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nhi",
        b"POST /call HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n",
    ],
)
async def test_a_request_that_does_not_arrive_frees_its_place(world, monkeypatch, data):
    monkeypatch.setattr(silence, "READ_LIMIT_S", 0.1)
    async with asking(world, data) as (reader, _):
        assert await heard(reader) == b""
    assert world.server.connections == 0


async def test_dripping_bytes_does_not_buy_time(world, monkeypatch):
    monkeypatch.setattr(silence, "READ_LIMIT_S", 0.2)
    async with asking(world, b"POST /call HTTP/1.1\r\n") as (reader, writer):

        async def drip():
            while True:
                writer.write(b"a: b\r\n")
                await asyncio.sleep(0.02)

        dripping = asyncio.create_task(drip())
        assert await asyncio.wait_for(heard(reader), 1) == b""
        dripping.cancel()


async def test_a_parked_request_may_last_longer_than_one_may_take_to_arrive(world, monkeypatch):
    monkeypatch.setattr(silence, "READ_LIMIT_S", 0.1)
    for extra in (b"", OTHER, b"GET /oth"):
        async with asking(world, CALL + extra) as (reader, _):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(reader.read(1), 0.4)


async def test_an_endless_head_is_cut_off(world):
    async with asking(world, b"POST /call HTTP/1.1\r\n") as (reader, writer):
        with contextlib.suppress(ConnectionError):
            for _ in range(300):
                writer.write(b"a: " + b"b" * 2000 + b"\r\n")
                await writer.drain()
        assert await heard(reader) == b""


async def test_an_idle_kept_connection_is_closed(world):
    async with asking(world, OTHER) as (reader, _):
        await asyncio.wait_for(reader.readuntil(b"other"), 3)
        connection = next(iter(world.server._server.server_state.connections))
        connection.timeout_keep_alive_handler()
        assert await heard(reader) == b""


async def test_garbage_gets_a_400_and_no_more(world):
    async with asking(world, b"\x16\x03\x01garbage\r\n\r\n") as (reader, _):
        assert (await heard(reader)).startswith(b"HTTP/1.1 400 ")


async def test_small_answers_are_not_held_back_by_nagle(world):
    async with asking(world, CALL):
        await until(lambda: len(world.parked) == 1)
        connection = next(iter(world.server._server.server_state.connections))
        accepted = connection.transport.get_extra_info("socket")
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


async def test_port_0_becomes_a_real_one_and_a_taken_one_is_refused(world):
    assert world.server.port > 0
    assert world.server.url == f"http://127.0.0.1:{world.server.port}"
    sentence = f"Cannot listen on 127.0.0.1:{world.server.port}: Address already in use."
    with pytest.raises(ListenError) as refused:
        Server.bind(Starlette(), host="127.0.0.1", port=world.server.port)
    assert str(refused.value) == sentence
    with pytest.raises(ListenError, match="Cannot listen on no such host:0"):
        Server.bind(Starlette(), host="no such host", port=0)


async def test_who_connects_before_we_serve_waits_for_an_answer():
    world = World()
    async with asking(world, OTHER) as (reader, _):
        await asyncio.sleep(0.05)
        task = asyncio.create_task(world.server.serve())
        await asyncio.wait_for(reader.readuntil(b"other"), 3)
    world.server.stop()
    await task


async def test_two_addresses_are_served_and_stopped_together():
    worlds = World(), World()
    servers = [world.server for world in worlds]
    task = asyncio.gather(*(server.serve() for server in servers))
    for world in worlds:
        async with asking(world, OTHER) as (reader, _):
            await asyncio.wait_for(reader.readuntil(b"other"), 3)
    for server in servers:
        server.stop()
    await asyncio.wait_for(task, 3)


def test_a_server_that_cannot_be_silent_is_not_mistaken_for_ours():
    with pytest.raises(TypeError):
        abort_of({"type": "http"})
