"""The embedded Redis: one server a data directory, whoever dies."""

# ruff: noqa: ASYNC240 - a test may wait for the disk

import asyncio
import contextlib
import os
import signal
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from approvals.file_lock import lock_file
from gateway import valkey
from gateway.data_dir import DataDir, DataDirError
from gateway.embedded import EmbeddedError, EmbeddedServer
from gateway.socket_name import by_descriptor, by_link
from tests.support.waiting import until

OWNER = """
import asyncio, sys
from pathlib import Path
from gateway.data_dir import DataDir
from gateway.embedded import EmbeddedServer

async def main():
    server = await EmbeddedServer.start(DataDir.hold(Path(sys.argv[1])), alarm=print)
    print(server.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


class Alarms(list[str]):
    def __call__(self, sentence: str) -> None:
        self.append(sentence)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def held(data: Path) -> Iterator[DataDir]:
    held = DataDir.hold(data)
    yield held
    held.release()


@contextlib.asynccontextmanager
async def running(held: DataDir, alarms: Alarms | None = None) -> AsyncIterator[EmbeddedServer]:
    server = await EmbeddedServer.start(held, alarm=alarms if alarms is not None else Alarms())
    try:
        yield server
    finally:
        await server.stop()


def connect(server: EmbeddedServer) -> Redis:
    return Redis.from_url(server.url, decode_responses=True)


async def read(server: EmbeddedServer, key: str) -> object:
    async with connect(server) as client:
        return await client.get(key)


async def write(server: EmbeddedServer, key: str, value: str) -> None:
    async with connect(server) as client:
        await client.set(key, value)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with contextlib.suppress(OSError):
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    return True


async def until_dead(pid: int) -> None:
    await until(lambda: not alive(pid))


async def replaced_after_kill(server: EmbeddedServer) -> None:
    dead = server.pid
    os.kill(dead, signal.SIGKILL)
    await until(lambda: server.pid != dead)


@pytest.fixture
def killed_owner(data: Path) -> Iterator[Callable[..., Awaitable[int]]]:
    """A gateway starts a server and is killed; gives the server's process id."""
    orphans = []

    async def start(data: Path = data) -> int:
        owner = await asyncio.create_subprocess_exec(
            sys.executable, "-c", OWNER, str(data), stdout=subprocess.PIPE
        )
        assert owner.stdout is not None
        orphans.append(int(await owner.stdout.readline()))
        owner.kill()
        await owner.wait()
        return orphans[-1]

    yield start
    for orphan in filter(alive, orphans):
        os.kill(orphan, signal.SIGKILL)


async def test_it_keeps_what_was_written_over_a_stop(held):
    async with running(held) as first:
        await write(first, "a", "1")
    await until_dead(first.pid)
    async with running(held) as second:
        assert await read(second, "a") == "1"
        assert second.pid != first.pid


async def test_it_starts_with_the_settings_the_store_asks_for(held):
    async with running(held) as server, connect(server) as client:
        assert (await client.config_get("appendonly"))["appendonly"] == "yes"
        assert (await client.config_get("appendfsync"))["appendfsync"] == "always"
        assert (await client.config_get("maxmemory-policy"))["maxmemory-policy"] == "noeviction"
        assert (await client.config_get("save"))["save"] == ""
        assert (await client.config_get("port"))["port"] == "0"


async def test_nobody_else_may_read_or_connect(held, data):
    async with running(held) as server:
        await write(server, "a", "1")
        for folder in (data, data / "redis"):
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert stat.S_IMODE((data / "redis" / valkey.SOCKET).stat().st_mode) == 0o600
        for path in (data / "redis").rglob("*"):
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_it_does_not_inherit_our_environment(tmp_path, monkeypatch):
    # The real server paints its title over what /proc shows of its environment.
    teller = tmp_path / "teller"
    teller.write_text("#!/bin/sh\nexport -p\n")
    teller.chmod(0o700)
    monkeypatch.setattr(valkey, "binary", lambda: teller)
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-secret")
    with teller.open() as lock:
        assert valkey.launch(tmp_path, lock.fileno()).wait(5) == 0
    told = (tmp_path / valkey.LOG).read_text()
    assert "PWD" in told
    assert "xoxb" not in told


async def test_a_server_that_keeps_another_folder_is_not_adopted(held, data, own_redis):
    (data / "redis").mkdir()
    (data / "redis" / valkey.SOCKET).symlink_to(own_redis.socket)
    lock = lock_file(data / "redis" / "lock")
    assert lock is not None
    with pytest.raises(EmbeddedError, match="is not ours"):
        await EmbeddedServer.start(held, alarm=Alarms())
    os.close(lock)
    assert alive(own_redis.pid)


async def test_after_kill_9_of_the_gateway_the_server_is_adopted_and_not_doubled(
    data, killed_owner
):
    pid = await killed_owner()
    assert alive(pid)
    held = DataDir.hold(data)
    async with running(held) as server:
        assert server.adopted
        assert server.pid == pid
        await write(server, "a", "1")
    await until_dead(pid)
    async with running(held) as server:
        assert not server.adopted
        assert await read(server, "a") == "1"
    held.release()


async def test_an_adopted_server_that_dies_is_started_again(data, killed_owner):
    await killed_owner()
    held, alarms = DataDir.hold(data), Alarms()
    async with running(held, alarms) as server:
        await write(server, "a", "1")
        supervisor = asyncio.create_task(server.supervise())
        await replaced_after_kill(server)
        assert await read(server, "a") == "1"
        assert not server.adopted
        supervisor.cancel()
    held.release()


async def test_a_killed_server_is_started_again_with_its_data_and_an_alarm(held):
    alarms = Alarms()
    async with running(held, alarms) as server:
        await write(server, "a", "1")
        supervisor = asyncio.create_task(server.supervise())
        for _ in range(2):
            await replaced_after_kill(server)
            assert await read(server, "a") == "1"
        supervisor.cancel()
    assert len(alarms) == 2
    assert "ended" in alarms[0]


async def test_a_dropped_connection_is_not_taken_for_the_servers_death(held):
    alarms = Alarms()
    async with running(held, alarms) as server, connect(server) as client:
        supervisor = asyncio.create_task(server.supervise())
        pid = server.pid
        await asyncio.sleep(0.05)
        await client.client_kill_filter(_type="normal", skipme=True)
        await asyncio.sleep(0.1)
        assert await client.info("server")
        assert (server.pid, alarms) == (pid, [])
        supervisor.cancel()


async def test_a_stopped_server_is_not_started_again(held):
    alarms = Alarms()
    async with running(held, alarms) as server:
        supervisor = asyncio.create_task(server.supervise())
        await asyncio.sleep(0.02)
        await server.stop()
        await asyncio.sleep(0.3)
        assert not alive(server.pid)
        assert alarms == []
        supervisor.cancel()


async def test_a_second_gateway_on_the_same_directory_is_refused(held, data):
    async with running(held) as server:
        with pytest.raises(DataDirError, match=f"in use by another gateway .process {os.getpid()}"):
            DataDir.hold(data)
        assert await read(server, "a") is None


def test_a_released_directory_can_be_held_again(data):
    DataDir.hold(data).release()
    DataDir.hold(data).release()


def test_garbage_in_the_gateways_lock_does_not_hide_the_sentence(held, data):
    (data / "gateway.lock").write_bytes(b"\xff\x00nonsense")
    with pytest.raises(DataDirError, match=r"in use by another gateway: end it"):
        DataDir.hold(data)


async def test_leftovers_of_a_dead_server_do_not_keep_a_new_one_from_starting(held, data):
    async with running(held) as first:
        await write(first, "a", "1")
        os.kill(first.pid, signal.SIGKILL)
        await until_dead(first.pid)
    (data / "redis" / "lock").write_bytes(b"\xff99999999\n")
    (data / "redis" / "valkey.pid").write_text("1\n")
    assert (data / "redis" / valkey.SOCKET).exists()
    async with running(held) as second:
        assert not second.adopted
        assert await read(second, "a") == "1"


async def test_a_file_where_the_socket_belongs_is_replaced(held, data):
    (data / "redis").mkdir()
    (data / "redis" / valkey.SOCKET).write_text("not a socket")
    async with running(held) as server:
        assert await read(server, "a") is None


async def test_a_held_lock_without_an_answer_is_refused_and_nothing_is_ended(
    held, data, monkeypatch
):
    monkeypatch.setattr("gateway.embedded._START_LIMIT_S", 0.3)
    async with running(held) as server:
        os.kill(server.pid, signal.SIGSTOP)
        try:
            with pytest.raises(EmbeddedError, match="does not answer"):
                await EmbeddedServer.start(held, alarm=Alarms())
            assert alive(server.pid)
        finally:
            os.kill(server.pid, signal.SIGCONT)


async def test_a_server_that_cannot_read_its_file_says_why(held, data):
    folder = data / "redis" / "appendonlydir"
    folder.mkdir(parents=True)
    (folder / "appendonly.aof.manifest").write_text("nonsense\n")
    with pytest.raises(EmbeddedError, match=r"did not start \(.*see .*valkey\.log"):
        await EmbeddedServer.start(held, alarm=Alarms())


async def test_a_path_too_long_for_a_socket_works_and_can_be_adopted(tmp_path, killed_owner):
    data = tmp_path / ("deep " * 20).strip() / "data"
    pid = await killed_owner(data)
    held = DataDir.hold(data)
    async with running(held) as server:
        assert server.pid == pid
        assert len(server.url) < 100
        await write(server, "a", "1")
        assert await read(server, "a") == "1"
    await until_dead(pid)
    held.release()


@pytest.mark.parametrize("way", [by_descriptor, by_link])
async def test_either_short_name_reaches_the_socket_and_is_given_back(tmp_path, way):
    folder = tmp_path / "x"
    folder.mkdir()
    name, forget = way(folder, "s")
    (folder / "s").write_text("here")
    assert Path(name).read_text() == "here"
    forget()
    assert not Path(name).exists()


async def test_a_path_with_a_space_and_a_percent_sign_works(tmp_path):
    held = DataDir.hold(tmp_path / "a b%20c")
    async with running(held) as server:
        await write(server, "a", "1")
    held.release()
