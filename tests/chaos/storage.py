"""The city's Redis: a real server that is killed, paused, filled up, or loses its last moments."""

import contextlib
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tests.support.redis_server import RedisServer


@dataclass
class Storage:
    """A server with `appendfsync` as said; `power_cut` is a kill that forgets."""

    server: RedisServer
    fsync: str

    @classmethod
    @contextlib.contextmanager
    def running(cls, fsync: str) -> Iterator[Self]:
        """A server of its own, until the block ends."""
        # Not in the city's folder: the name of a unix socket must stay under 108 bytes.
        with tempfile.TemporaryDirectory(prefix="countersign-chaos-") as short:
            storage = cls(RedisServer(Path(short)), fsync)
            storage.start()
            try:
                yield storage
            finally:
                storage.server.kill()

    def start(self) -> None:
        self.server.start()
        self.config("appendfsync", self.fsync)

    def kill(self) -> None:
        self.server.kill()

    def cut_power(self, forget_s: float) -> int:
        """Kill it, and take away what it wrote last; returns the bytes that were forgotten."""
        log = self._log()
        before = log.stat().st_size
        time.sleep(forget_s)
        self.kill()
        lost = log.stat().st_size - before
        os.truncate(log, before)
        return lost

    def config(self, name: str, value: str) -> None:
        with self.server.client() as client:
            client.config_set(name, value)

    def command(self, *words: str) -> Any:
        with self.server.client() as client:
            return client.execute_command(*words)

    def errors(self, word: str) -> int:
        """How often the server refused a command with this word since it started."""
        with self.server.client() as client:
            found = client.info("errorstats").get(f"errorstat_{word}")
        return int(found["count"]) if isinstance(found, dict) else 0

    def _log(self) -> Path:
        """The append-only file that is being written."""
        return max(
            self.server.folder.glob("appendonlydir/*.incr.aof"), key=lambda p: p.stat().st_mtime
        )
