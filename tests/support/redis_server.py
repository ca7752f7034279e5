"""A real server: one per test process, and one of its own for a test that kills it."""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from approvals.file_lock import lock_file
from gateway import valkey


class RedisServer:
    """The embedded server's binary and flags, in a folder; its data outlives a kill."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / valkey.SOCKET
        self.url = f"unix://{self.socket}"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def client(self) -> redis.Redis:
        return redis.Redis(
            unix_socket_path=str(self.socket),
            decode_responses=True,
            socket_timeout=10.0,  # a server that is stopped must not stop the test
            retry=Retry(NoBackoff(), 0),
        )

    def start(self) -> None:
        """Return when it answers."""
        lock = lock_file(self.folder / "lock")
        assert lock is not None, "already running"
        try:
            self._process = valkey.launch(self.folder, lock)
        finally:
            os.close(lock)
        with self.client() as client:
            for _ in range(2000):
                assert self._process.poll() is None, valkey.last_words(self.folder)
                try:
                    client.ping()
                except redis.ConnectionError:
                    time.sleep(0.005)
                else:
                    return
        raise AssertionError(valkey.last_words(self.folder))

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def pause(self) -> None:
        """Leave its connections open and answer nothing."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def flush(self) -> None:
        with self.client() as client:
            client.flushall()

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.send_signal(signal.SIGCONT)
            self._process.wait(10)
            self._process = None


def _running() -> Iterator[RedisServer]:
    # Not tmp_path: the name of a unix socket must stay under 108 bytes.
    with tempfile.TemporaryDirectory(prefix="countersign-") as folder:
        server = RedisServer(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.kill()


@pytest.fixture(scope="session")
def shared_redis() -> Iterator[RedisServer]:
    """One server for all tests of this process."""
    yield from _running()


@pytest.fixture
def redis_url(shared_redis: RedisServer) -> str:
    """The address of an empty server; the test may fill it, not end or configure it."""
    shared_redis.flush()
    return shared_redis.url


@pytest.fixture
def own_redis() -> Iterator[RedisServer]:
    """A server for this test alone: kill it, pause it, configure it (50 ms to start)."""
    yield from _running()
