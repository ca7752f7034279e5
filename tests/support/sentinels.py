"""A master, a replica and three sentinels of their own: real servers on free ports."""

import contextlib
import secrets
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from gateway import valkey
from tests.support.ports import free_ports

NAME = "countersign"
QUICK = ("info-period", "ping-period", "ask-period", "publish-period")

SENTINEL = """
port {port}
bind 127.0.0.1
dir {folder}
sentinel myid {runid}
sentinel monitor {name} 127.0.0.1 {master} 2
sentinel down-after-milliseconds {name} 300
sentinel failover-timeout {name} 2000
"""


class Server:
    """One process of the embedded server's binary, on a port of 127.0.0.1."""

    def __init__(self, folder: Path, port: int, *arguments: str) -> None:
        self.folder, self.port = folder, port
        self._arguments = arguments
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> tuple[str, int]:
        return ("127.0.0.1", self.port)

    def client(self) -> Any:
        return redis.Redis(port=self.port, decode_responses=True, retry=Retry(NoBackoff(), 0))

    def start(self) -> None:
        self.folder.mkdir(exist_ok=True)
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [valkey.binary(), *self._arguments], cwd=self.folder, stdout=log, stderr=log
            )

    def ask(self, *words: Any) -> Any:
        with self.client() as client:
            return client.execute_command(*words)

    def answers(self) -> bool:
        with contextlib.suppress(redis.RedisError):
            return bool(self.ask("PING"))
        return False

    def role(self) -> str:
        with contextlib.suppress(redis.RedisError):
            return str(self.ask("ROLE")[0])
        return ""

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.send_signal(signal.SIGCONT)
            self._process.wait(10)
            self._process = None


class Fleet:
    """Two servers that copy each other, and the three sentinels that watch over them."""

    def __init__(self, folder: Path, *more: str) -> None:
        """`more` are further settings of both servers."""
        ports = free_ports(5)
        self.first = a_server(folder / "first", ports[0], *more)
        self.second = a_server(
            folder / "second", ports[1], "--replicaof", f"127.0.0.1 {ports[0]}", *more
        )
        self.sentinels = [a_sentinel(folder / str(port), port, ports[0]) for port in ports[2:]]

    @property
    def url(self) -> str:
        hosts = ",".join(f"127.0.0.1:{sentinel.port}" for sentinel in self.sentinels)
        return f"redis+sentinel://{hosts}/{NAME}/0"

    def start(self) -> None:
        """Return when the replica has its copy and the sentinels know everybody."""
        everybody = [self.first, self.second, *self.sentinels]
        for server in everybody:
            server.start()
        come_to(lambda: all(server.answers() for server in everybody))
        for sentinel in self.sentinels:
            sentinel.ask("SENTINEL", "DEBUG", *(word for name in QUICK for word in (name, 100)))
        come_to(lambda: self.second.ask("ROLE")[3] == "connected")
        come_to(lambda: all(self._knows_all(sentinel) for sentinel in self.sentinels))

    def end(self) -> None:
        for server in (*self.sentinels, self.second, self.first):
            server.kill()

    def named(self) -> set[int]:
        """The ports of the masters that the sentinels name."""
        words = ("SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME)
        return {int(sentinel.ask(*words)[1]) for sentinel in self.sentinels}

    def _knows_all(self, sentinel: Server) -> bool:
        with sentinel.client() as client:
            state = client.sentinel_master(NAME)
            replicas = client.sentinel_slaves(NAME)
        usable = [one for one in replicas if one["master-link-status"] == "ok"]
        return bool(state["num-other-sentinels"] == 2 and usable)


def a_server(folder: Path, port: int, *more: str) -> Server:
    """A master of its own, until `more` says otherwise."""
    flags = dict(valkey.FLAGS) | {"port": str(port), "bind": "127.0.0.1"}
    flags |= {"repl-diskless-sync-delay": "0", "repl-ping-replica-period": "1"}
    del flags["unixsocket"], flags["unixsocketperm"]
    words = [word for name, value in flags.items() for word in (f"--{name}", value)]
    return Server(folder, port, *words, *more)


def a_sentinel(folder: Path, port: int, master: int) -> Server:
    """Watches over the server on port `master`."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "sentinel.conf"
    runid = secrets.token_hex(20)
    path.write_text(
        SENTINEL.format(port=port, folder=folder, runid=runid, name=NAME, master=master)
    )
    return Server(folder, port, str(path), "--sentinel")


def come_to(condition: Callable[[], object]) -> None:
    """Return when `condition()` is true; the servers have ten seconds."""
    for _ in range(1_000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("the servers do not come together")


@contextlib.contextmanager
def running_fleet() -> Iterator[Fleet]:
    """Started and in agreement, in a short-lived folder of its own."""
    with tempfile.TemporaryDirectory(prefix="countersign-") as folder:
        fleet = Fleet(Path(folder))
        try:
            fleet.start()
            yield fleet
        finally:
            fleet.end()


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    """Started and in agreement."""
    with running_fleet() as fleet:
        yield fleet
