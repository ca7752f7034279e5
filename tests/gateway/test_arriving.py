"""Requests arrive in time and in bounds, and no two are ever read as one."""

import asyncio
import contextlib

import pytest

from gateway.doors import arriving
from gateway.doors.seats import Seats
from tests.support.parking import CALL, OTHER, ParkingWorld, answer, asking, heard
from tests.support.waiting import PATIENCE_S, until

POST = b"POST /call HTTP/1.1\r\nhost: x\r\n"
CHUNKED = POST + b"transfer-encoding: chunked\r\n\r\n"
END = b"0\r\n\r\n"


@pytest.fixture
async def world():
    async with served(ParkingWorld()) as world:
        yield world


@contextlib.asynccontextmanager
async def served(world):
    task = asyncio.create_task(world.server.serve())
    yield world
    world.parked.silence_all()
    world.server.stop()
    await task


@pytest.fixture
def hurried(monkeypatch):
    monkeypatch.setattr(arriving, "HEAD_WITHIN_S", 0.1)
    monkeypatch.setattr(arriving, "BODY_WITHIN_S", 0.1)
    monkeypatch.setattr(arriving, "TAKEN_WITHIN_S", 0.1)


@contextlib.asynccontextmanager
async def dripping(writer, *drops):
    """Send these again and again, fast enough for a timer that waits for quiet."""

    async def drip():
        while True:
            for drop in drops:
                writer.write(drop)
                await asyncio.sleep(0.01)

    task = asyncio.create_task(drip())
    try:
        yield
    finally:
        task.cancel()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"P",
        b"POST /call HT",
        b"POST /call HTTP/1.1\r\nhost: x\r\n",
        b"POST /call HTTP/1.1\r\nhost: x\r\na: b",
        b"\r\n\r\n",
        POST + b"content-length: 9\r\n\r\n",
        POST + b"content-length: 9\r\n\r\nhi",
        CHUNKED + b"2\r\nhi\r\n",
        CHUNKED + b"2\r\nhi\r\n0\r\na: b\r\n",
    ],
)
async def test_a_request_that_does_not_arrive_frees_its_place(world, hurried, data):
    async with asking(world, data) as (reader, _):
        assert await heard(reader) == b""
    await until(lambda: (world.server.connections, len(world.seats)) == (0, 0))
    assert (world.bodies, world.seats.half_sent) == ([], 0)


@pytest.mark.parametrize(
    ("data", "drops"),
    [
        (b"", [b"\r\n"]),
        (b"POST /ca", [b"l"]),
        (b"POST /call HTTP/1.1\r\n", [b"a", b": ", b"b", b"\r\n"]),
        (b"POST /call HTTP/1.1\r\na: b", [b"b"]),
        (POST + b"content-length: 9999\r\n\r\n", [b"x"]),
        (CHUNKED, [b"1", b"\r", b"\n", b"x", b"\r\n"]),
        (CHUNKED + b"0\r\n", [b"a: b\r\n"]),
        (CHUNKED + b"1;", [b"x"]),
    ],
)
async def test_dripping_bytes_does_not_buy_time(world, hurried, data, drops):
    async with asking(world, data) as (reader, writer), dripping(writer, *drops):
        assert await asyncio.wait_for(heard(reader), PATIENCE_S) == b""


async def test_empty_lines_do_not_keep_an_answered_connection(world, hurried):
    async with asking(world, OTHER) as (reader, writer):
        await asyncio.wait_for(reader.readuntil(b"other"), PATIENCE_S)
        async with dripping(writer, b"\r\n"):
            assert await asyncio.wait_for(heard(reader), PATIENCE_S) == b""


async def test_a_body_may_take_longer_than_a_head(world, monkeypatch):
    monkeypatch.setattr(arriving, "HEAD_WITHIN_S", 0.05)
    world.behave = answer
    async with asking(world, CALL[:-1]) as (reader, writer):
        await asyncio.sleep(0.2)
        writer.write(CALL[-1:])
        await asyncio.wait_for(reader.readuntil(b"fine"), PATIENCE_S)


@pytest.mark.parametrize("extra", [b"", OTHER, b"GET /oth", b"\r\n"])
async def test_a_held_request_may_last_longer_than_one_may_take_to_arrive(world, hurried, extra):
    async with asking(world, CALL + extra) as (reader, _):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.4)


async def test_an_answer_that_nobody_reads_does_not_keep_its_connection(world, hurried):
    async def at_length(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": bytes(20_000_000)})

    world.behave = at_length
    async with asking(world, CALL):
        await until(lambda: world.server.connections == 0)


async def test_an_answer_that_is_read_slowly_is_not_cut(world, monkeypatch):
    monkeypatch.setattr(arriving, "TAKEN_WITHIN_S", 0.5)
    world.behave = answer
    async with asking(world, CALL) as (reader, writer):
        for _ in range(30):
            await asyncio.wait_for(reader.readuntil(b"fine"), PATIENCE_S)
            await asyncio.sleep(0.02)
            writer.write(CALL)


@pytest.mark.parametrize(
    ("start", "endless"),
    [
        (b"POST /", b"x" * 2_000),
        (b"POST /call HTTP/1.1\r\na: ", b"b" * 2_000),
        (b"POST /call HTTP/1.1\r\n", b"a: " + b"b" * 2_000 + b"\r\n"),
        (b"POST /call HTTP/1.1\r\n", b"a:b\r\n"),
        (CHUNKED + b"0\r\n", b"a: b\r\n" * 300),
        (CHUNKED + b"0\r\na: ", b"b" * 2_000),
        (CHUNKED + b"1;", b"x" * 2_000),
        (CHUNKED, b"1\r\nx\r\n" * 300),
        (b"", b"\r\n" * 1_000),
    ],
    ids=["url", "line", "lines", "count", "trailers", "trailer", "extension", "chunks", "empty"],
)
async def test_what_has_no_end_is_cut_off(world, start, endless):
    async with asking(world, start) as (reader, writer):
        with contextlib.suppress(ConnectionError):
            for _ in range(300):
                writer.write(endless)
                await writer.drain()
        assert await heard(reader) == b""
    assert world.bodies == []


@pytest.mark.parametrize(
    "head",
    [
        b"a: " + b"b" * 65_536 + b"\r\n",
        b"".join(b"a%d: b\r\n" % number for number in range(100)),
        b"".join(b"a: b\r\n" for number in range(100)),
    ],
)
async def test_a_head_out_of_bounds_is_silence_though_it_comes_at_once(world, head):
    world.behave = answer
    async with asking(world, POST + head + b"content-length: 2\r\n\r\nhi" + OTHER) as (reader, _):
        assert await heard(reader) == b""
    assert (world.bodies, world.others) == ([], 0)


async def test_a_head_within_bounds_is_read(world):
    world.behave = answer
    head = b"".join(b"a%d: %s\r\n" % (number, b"b" * 600) for number in range(98))
    async with asking(world, POST + head + b"content-length: 2\r\n\r\nhi") as (reader, _):
        await asyncio.wait_for(reader.readuntil(b"fine"), PATIENCE_S)


async def test_trailers_do_not_become_headers(world):
    scopes = []

    async def remember(scope, receive, send):
        scopes.append(scope)
        await answer(scope, receive, send)

    world.behave = remember
    data = CHUNKED + b"2\r\nhi\r\n0\r\nauthorization: me\r\n\r\n"
    async with asking(world, data) as (reader, _):
        await asyncio.wait_for(reader.readuntil(b"fine"), PATIENCE_S)
    assert b"authorization" not in dict(scopes[0]["headers"])


async def test_no_interim_line_is_written_where_we_may_have_to_be_silent(world):
    data = CALL.replace(b"host: x", b"host: x\r\nexpect: 100-continue")
    async with asking(world, data[:-2]) as (reader, writer):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.1)
        writer.write(data[-2:])
        await until(lambda: len(world.parked) == 1)
        world.parked.silence_all()
        assert await heard(reader) == b""


REFUSED = {
    "two lengths": POST + b"content-length: 2\r\ncontent-length: 3\r\n\r\nhi",
    "one length twice": POST + b"content-length: 2\r\ncontent-length: 2\r\n\r\nhi",
    "a list of lengths": POST + b"content-length: 2, 2\r\n\r\nhi",
    "length, then chunks": POST + b"content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n" + END,
    "chunks, then length": POST + b"transfer-encoding: chunked\r\ncontent-length: 2\r\n\r\n" + END,
    "length +2": POST + b"content-length: +2\r\n\r\nhi",
    "length -1": POST + b"content-length: -1\r\n\r\nhi",
    "length 0x2": POST + b"content-length: 0x2\r\n\r\nhi",
    "length 2 2": POST + b"content-length: 2 2\r\n\r\nhi",
    "no length in its header": POST + b"content-length: \r\n\r\nhi",
    "length 2^64 + 2": POST + b"content-length: 18446744073709551618\r\n\r\nhi",
    "length on a folded line": POST + b"content-length:\r\n 2\r\n\r\nhi",
    "length after a vertical tab": POST + b"content-length: \x0b2\r\n\r\nhi",
    "xchunked": POST + b"transfer-encoding: xchunked\r\n\r\n" + END,
    "identity": POST + b"transfer-encoding: identity\r\n\r\n" + END,
    "chunked, identity": POST + b"transfer-encoding: chunked, identity\r\n\r\n" + END,
    "gzip, chunked": POST + b"transfer-encoding: gzip, chunked\r\n\r\n" + END,
    "chunked twice": POST + b"transfer-encoding: chunked\r\n" * 2 + b"\r\n" + END,
    "identity and chunked": POST
    + b"transfer-encoding: identity\r\ntransfer-encoding: chunked\r\n\r\n"
    + END,
    "encoding, space, colon": POST + b"transfer-encoding : chunked\r\n\r\n" + END,
    "encoding after a vertical tab": POST + b"transfer-encoding:\x0bchunked\r\n\r\n" + END,
    "encoding on a folded line": POST + b"transfer-encoding:\r\n chunked\r\n\r\n" + END,
    "lines without CR": POST.replace(b"\r", b"") + b"content-length: 2\n\nhi",
    "CR without LF": POST + b"a: b\rcontent-length: 9\r\n\r\n",
    "NUL in a header": POST + b"a: b\0c\r\n\r\n",
    "no colon": POST + b"abc\r\n\r\n",
    "space in a name": POST + b"a b: c\r\n\r\n",
    "no name": POST + b": c\r\n\r\n",
    "folded header": POST + b"a: b\r\n c\r\n\r\n",
    "space before the first header": POST.replace(b"host", b" host") + b"\r\n",
    "space in the target": b"POST /call /x HTTP/1.1\r\nhost: x\r\n\r\n",
    "other than ASCII in the target": b"POST /c\xff HTTP/1.1\r\nhost: x\r\n\r\n",
    "HTTP/1.2": b"POST /call HTTP/1.2\r\nhost: x\r\n\r\n",
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a method in lower case": b"post /call HTTP/1.1\r\nhost: x\r\n\r\n",
    "CONNECT": b"CONNECT x:80 HTTP/1.1\r\nhost: x\r\n\r\n",
    "TLS": b"\x16\x03\x01garbage\r\n\r\n",
    "chunk 0x2": CHUNKED + b"0x2\r\nhi\r\n" + END,
    "chunk 2 and a space": CHUNKED + b"2 \r\nhi\r\n" + END,
    "chunk -2": CHUNKED + b"-2\r\nhi\r\n" + END,
    "chunk of 17 digits": CHUNKED + b"fffffffffffffffff\r\nhi\r\n" + END,
    "chunk extension with LF": CHUNKED + b"2;\nhi\r\n" + END,
    "chunk longer than it says": CHUNKED + b"2\r\nhiho\r\n" + END,
    "length in a trailer": CHUNKED + b"2\r\nhi\r\n0\r\ncontent-length: 50\r\n\r\n",
}
LAST = {
    "HTTP/1.0": CALL.replace(b"1.1", b"1.0"),
    "HTTP/1.0, keep-alive": CALL.replace(b"1.1\r\n", b"1.0\r\nconnection: keep-alive\r\n"),
    "connection: close": CALL.replace(b"x\r\n", b"x\r\nconnection: close\r\n"),
    "WebSocket": POST + b"connection: upgrade\r\nupgrade: websocket\r\n\r\n",
    "h2c": POST + b"connection: upgrade\r\nupgrade: h2c\r\n\r\n",
    "h2c with a body": CALL.replace(b"x\r\n", b"x\r\nconnection: upgrade\r\nupgrade: h2c\r\n"),
}
KEPT = {
    "plain": CALL,
    "chunked": CHUNKED + b"2\r\nhi\r\n" + END,
    "CHUNKED, in two": CHUNKED.replace(b"chunked", b"CHUNKED") + b"1\r\nh\r\n1\r\ni\r\n" + END,
    "chunk extension": CHUNKED + b"2;a=b\r\nhi\r\n" + END,
    "leading zeros": CALL.replace(b": 2", b": 002"),
    "absolute target": CALL.replace(b" /call", b" http://x/call"),
    "other expectations": CALL.replace(b"x\r\n", b"x\r\nexpect: 200-ok\r\n"),
}


@pytest.mark.parametrize("after", [b"", OTHER], ids=["", "another after it"])
@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED)
async def test_what_others_might_read_otherwise_is_not_read_at_all(world, data, after):
    world.behave = answer
    async with asking(world, data + after) as (reader, _):
        said = await heard(reader)
    assert said == b"" or said.startswith(b"HTTP/1.1 400 ")
    assert said.count(b"HTTP/1.1 ") <= 1
    assert (world.bodies, world.others) == ([], 0)


@pytest.mark.parametrize(("name", "data"), LAST.items(), ids=LAST)
async def test_what_ends_a_connection_is_answered_and_nothing_behind_it_is_read(world, name, data):
    world.behave = answer
    async with asking(world, data + OTHER) as (reader, _):
        said = await heard(reader)
    assert said.startswith(b"HTTP/1.1 200 ")
    assert said.count(b"HTTP/1.1 ") == 1
    upgraded = name.startswith(("WebSocket", "h2c"))  # the parser leaves a body to the new protocol
    assert (world.bodies, world.others) == ([b"" if upgraded else b"hi"], 0)


@pytest.mark.parametrize("data", KEPT.values(), ids=KEPT)
async def test_what_is_behind_a_request_is_the_next_one(world, data):
    world.behave = answer
    async with asking(world, data + OTHER) as (reader, _):
        await asyncio.wait_for(reader.readuntil(b"fine"), PATIENCE_S)
        await asyncio.wait_for(reader.readuntil(b"other"), PATIENCE_S)
    assert (world.bodies, world.others) == ([b"hi"], 1)


@pytest.mark.parametrize("garbage", [b"garbage\r\n\r\n", b"\0", POST + b"a b: c\r\n\r\n"])
async def test_garbage_behind_a_held_request_is_no_answer_to_it(world, garbage):
    async with asking(world, CALL) as (reader, writer):
        await until(lambda: len(world.parked) == 1)
        writer.write(garbage)
        assert await heard(reader) == b""
    await until(lambda: world.finished == 1)


async def test_an_idle_kept_connection_is_closed(world):
    async with asking(world, OTHER) as (reader, _):
        await asyncio.wait_for(reader.readuntil(b"other"), PATIENCE_S)
        connection = next(iter(world.server._server.server_state.connections))
        connection.timeout_keep_alive_handler()
        assert await heard(reader) == b""


async def connected(stack, world, data, count):
    return [(await stack.enter_async_context(asking(world, data)))[0] for _ in range(count)]


@pytest.mark.parametrize("data", [b"", b"POST /ca", CALL[:-1], OTHER])
async def test_who_keeps_us_waiting_longest_gives_way_to_a_newcomer(data):
    async with served(ParkingWorld(Seats(4))) as world, contextlib.AsyncExitStack() as stack:
        readers = await connected(stack, world, data, 4)
        if data == OTHER:
            await asyncio.gather(*(reader.readuntil(b"other") for reader in readers))
        await until(lambda: len(world.seats) == 4)
        world.behave = answer
        (newcomer,) = await connected(stack, world, CALL, 1)
        await asyncio.wait_for(newcomer.readuntil(b"fine"), PATIENCE_S)
        assert await heard(readers[0]) == b""
        assert len(world.seats) == 4
        assert not any(reader.at_eof() for reader in readers[1:])


async def test_a_held_request_gives_way_to_nobody():
    async with served(ParkingWorld(Seats(3))) as world, contextlib.AsyncExitStack() as stack:
        held = await connected(stack, world, CALL, 3)
        await until(lambda: len(world.parked) == 3)
        (newcomer,) = await connected(stack, world, CALL, 1)
        assert await heard(newcomer) == b""
        assert len(world.parked) == 3
        assert not any(reader.at_eof() for reader in held)


async def test_the_largest_body_gives_way_when_there_is_too_much_of_all():
    start = POST + b"content-length: 100000\r\n\r\n"
    seats = Seats(most_bytes=50_000)
    async with served(ParkingWorld(seats)) as world, contextlib.AsyncExitStack() as stack:
        (small,) = await connected(stack, world, start + b"x" * 20_000, 1)
        await until(lambda: seats.half_sent == 20_000)
        (large,) = await connected(stack, world, start + b"x" * 30_001, 1)
        assert await heard(large) == b""
        await until(lambda: seats.half_sent == 20_000)
        assert not small.at_eof()
        world.behave = answer
        (whole,) = await connected(stack, world, CALL, 1)
        await asyncio.wait_for(whole.readuntil(b"fine"), PATIENCE_S)


@pytest.mark.parametrize("data", [b"", b"POST /call HTTP/1.1\r\na: b\r\n", CALL[:-1]])
async def test_a_thousand_who_do_not_ask_keep_nobody_waiting_and_leave_nothing(world, data):
    world.behave = answer
    async with contextlib.AsyncExitStack() as stack:
        await connected(stack, world, data, 1_000)
        await until(lambda: len(world.seats) == 1_000)
        began = asyncio.get_running_loop().time()
        async with asking(world, CALL) as (reader, _):
            await asyncio.wait_for(reader.readuntil(b"fine"), PATIENCE_S)
        assert asyncio.get_running_loop().time() - began < 1
    await until(lambda: (world.server.connections, len(world.seats)) == (0, 0))
    assert (world.seats.half_sent, len(world.seats._waiting)) == (0, 0)
