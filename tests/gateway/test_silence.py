"""No answer means not one byte, as a raw socket sees it."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse

from gateway.doors.server import ListenError, Server
from gateway.doors.silence import abort_of
from tests.support.parking import CALL, OTHER, answer, asking, heard
from tests.support.parking import ParkingWorld as World
from tests.support.waiting import PATIENCE_S, until


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    task = asyncio.create_task(world.server.serve())
    yield world
    world.parked.silence_all()
    world.server.stop()
    await task


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
        data = await asyncio.wait_for(reader.readuntil(b"fine"), PATIENCE_S)
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
        await asyncio.wait_for(reader.readuntil(b"other"), PATIENCE_S)
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
        await asyncio.wait_for(reader.readuntil(b"fine"), PATIENCE_S)
        abort_of(scopes[0])()
        writer.write(OTHER)
        await asyncio.wait_for(reader.readuntil(b"other"), PATIENCE_S)


async def test_a_pipelined_request_is_silenced_with_the_one_it_waits_for(world):
    async with asking(world, CALL + OTHER) as (reader, _):
        await until(lambda: len(world.parked) == 1)
        world.parked.silence_all()
        assert await heard(reader) == b""
    await until(lambda: world.finished == 1)


async def test_a_pipelined_request_is_answered_after_the_first(world):
    world.behave = answer
    async with asking(world, CALL + OTHER) as (reader, _):
        await asyncio.wait_for(reader.readuntil(b"fine"), PATIENCE_S)
        await asyncio.wait_for(reader.readuntil(b"other"), PATIENCE_S)


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


async def test_small_answers_are_not_held_back_by_nagle(world):
    async with asking(world, CALL):
        await until(lambda: len(world.parked) == 1)
        connection = next(iter(world.server._server.server_state.connections))
        accepted = connection.transport.get_extra_info("socket")
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


async def test_port_0_becomes_a_real_one_and_a_taken_one_is_refused(world):
    assert world.server.port > 0
    assert world.server.url == f"http://127.0.0.1:{world.server.port}"
    sentence = (
        f"Cannot listen on 127.0.0.1:{world.server.port}: Address already in use; end what listens"
        " there, or name another address in [gateway]."
    )
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
        await asyncio.wait_for(reader.readuntil(b"other"), PATIENCE_S)
    world.server.stop()
    await task


async def test_two_addresses_are_served_and_stopped_together():
    worlds = World(), World()
    servers = [world.server for world in worlds]
    task = asyncio.gather(*(server.serve() for server in servers))
    for world in worlds:
        async with asking(world, OTHER) as (reader, _):
            await asyncio.wait_for(reader.readuntil(b"other"), PATIENCE_S)
    for server in servers:
        server.stop()
    await asyncio.wait_for(task, PATIENCE_S)


def test_a_server_that_cannot_be_silent_is_not_mistaken_for_ours():
    with pytest.raises(TypeError):
        abort_of({"type": "http"})
