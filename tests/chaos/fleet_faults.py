"""What goes wrong with a master that sentinels watch, and with a gateway's embedded server."""

import asyncio
import contextlib
import os
import signal
import time
from typing import Final

import redis

from gateway import valkey
from tests.chaos.fault import Fault
from tests.support.sentinels import Fleet, Server

_FAIL_OVER_WITHIN_S: Final = 8.0


class MasterKilled(Fault):
    """The replica becomes the master; the dead one comes back as its replica."""

    name = "Redis master killed (-9)"
    everywhere = True
    part = "redis"
    lasts_s = (0.0, 1.0)

    @property
    def fleet(self) -> Fleet:
        assert self.city.fleet is not None
        return self.city.fleet

    async def inject(self) -> None:
        self._dead = await asyncio.to_thread(self._kill)

    async def mend(self) -> None:
        """Not before the sentinels agree: then two masters would live side by side."""
        await asyncio.to_thread(self._bring_back)

    def _kill(self) -> Server:
        named = self.fleet.named()
        dead = self.fleet.first if self.fleet.first.port in named else self.fleet.second
        dead.kill()
        return dead

    def _bring_back(self) -> None:
        until = time.monotonic() + _FAIL_OVER_WITHIN_S
        other = self.fleet.second if self._dead is self.fleet.first else self.fleet.first
        while time.monotonic() < until:
            if self.fleet.named() == {other.port} and other.role() == "master":
                break
            time.sleep(0.05)
        self._dead.start()
        while time.monotonic() < until and self._dead.role() != "slave":
            time.sleep(0.05)


class EmbeddedKilled(Fault):
    """The gateway starts it again."""

    name = "embedded Redis killed (-9)"
    part = "redis"
    lasts_s = (0.0, 0.3)

    async def inject(self) -> None:
        with contextlib.suppress(redis.RedisError, OSError):
            path = self.gateway.data_dir / "redis" / valkey.SOCKET
            with redis.Redis(unix_socket_path=str(path), socket_timeout=1.0) as client:
                os.kill(int(client.info("server")["process_id"]), signal.SIGKILL)

    async def mend(self) -> None:
        pass
