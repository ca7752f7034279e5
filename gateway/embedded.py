"""The embedded Redis: a Valkey server that is started, adopted, supervised and stopped."""

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Callable
from typing import Final, NoReturn, Self
from urllib.parse import quote

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from approvals.file_lock import lock_file
from gateway import valkey
from gateway.data_dir import DataDir, make_private
from gateway.socket_name import short_name

_START_LIMIT_S: Final = 60.0  # it answers "loading" while it reads its file
_STOP_LIMIT_S: Final = 5.0
_LOOK_AGAIN_S: Final = 0.005
_LONGEST_PAUSE_S: Final = 10.0
_STABLE_S: Final = 10.0


class EmbeddedError(Exception):
    """One plain sentence saying why there is no embedded Redis."""


class EmbeddedServer:
    """A Redis of our own in `data_dir/redis`, reached through `url`.

    The server inherits a lock on `data_dir/redis/lock`, so the lock is held exactly while it
    lives. A gateway that finds the lock held adopts the server instead of starting a second one
    on the same file. Only who holds the data directory can get here, so there is no third.
    """

    def __init__(self, data_dir: DataDir, *, alarm: Callable[[str], None]) -> None:
        self._folder = (data_dir.path / "redis").resolve()
        self._lock_path = self._folder / "lock"
        self._alarm = alarm
        self._process: subprocess.Popen[bytes] | None = None
        self._turn = asyncio.Lock()
        self._stopping = False
        make_private(self._folder)
        self._name, self._forget_name = short_name(self._folder, valkey.SOCKET)
        self.pid = 0
        self.adopted = False
        self.url = f"unix://{quote(self._name)}"

    @classmethod
    async def start(cls, data_dir: DataDir, *, alarm: Callable[[str], None]) -> Self:
        """Return when the server answers. `alarm` is told, in a sentence, what goes wrong later.

        Raises:
            EmbeddedError: if it does not start, or one that is running does not answer.
        """
        try:
            server = cls(data_dir, alarm=alarm)
        except OSError as error:
            folder = data_dir.path / "redis"
            raise EmbeddedError(f"{folder} cannot be used: {error.strerror}.") from error
        try:
            await server._begin()
        except BaseException:
            server._forget_name()
            raise
        return server

    async def supervise(self) -> NoReturn:
        """Start the server again whenever it dies, with a growing pause; runs until cancelled."""
        loop = asyncio.get_running_loop()
        pause = 0.0
        while True:
            born = loop.time()
            await self._death()
            if loop.time() - born > _STABLE_S:
                pause = 0.0
            self._alarm(f"The embedded Redis ended ({self._why()}); it is started again.")
            while True:
                await asyncio.sleep(pause)
                pause = min(max(0.1, pause * 2), _LONGEST_PAUSE_S)
                try:
                    await self._begin()
                except EmbeddedError as error:
                    self._alarm(str(error))
                else:
                    break

    async def stop(self) -> None:
        """End the server, ours or adopted, in a bounded time. Every stored write is on disk."""
        self._stopping = True
        async with self._turn:
            await self._end()
        self._forget_name()

    async def _begin(self) -> None:
        """Start a server, or adopt the one that holds the lock, whichever becomes possible."""
        async with self._turn:
            try:
                async with asyncio.timeout(_START_LIMIT_S):
                    while not await self._start_or_adopt():  # noqa: ASYNC110 - no event tells
                        await asyncio.sleep(_LOOK_AGAIN_S)
            except TimeoutError as error:
                await self._end_own()
                raise EmbeddedError(
                    f"The Redis that holds {self._lock_path} does not answer; end it, then start "
                    f"again ({self._why()})."
                ) from error
            except BaseException:
                await self._end_own()
                raise

    async def _start_or_adopt(self) -> bool:
        """One step towards a server that answers; True when there is one."""
        if self._process is not None and self._process.poll() is not None:
            why = self._why()
            self._process = None
            raise EmbeddedError(f"The embedded Redis did not start ({why}).")
        if self._process is None:
            try:
                self._process = self._launch()
            except OSError as error:
                raise EmbeddedError(f"The embedded Redis did not start ({error}).") from error
        self.adopted = self._process is None
        return await self._greet()

    def _launch(self) -> subprocess.Popen[bytes] | None:
        """Start a server, or return None because one is alive."""
        lock = lock_file(self._lock_path)
        if lock is None:
            return None
        try:
            return valkey.launch(self._folder, lock)
        finally:
            os.close(lock)  # from here on only the server holds it

    async def _greet(self) -> bool:
        """Ask the server who it is; False while nobody answers."""
        async with self._client() as client:
            try:
                folder = (await client.config_get("dir"))["dir"]
                pid = (await client.info("server"))["process_id"]
            except (RedisError, OSError):
                return False
        if folder != str(self._folder):
            raise EmbeddedError(f"The Redis behind {self._name} is not ours: it keeps {folder}.")
        self.pid = int(pid)
        return True

    async def _death(self) -> None:
        """Wait for the server's end: it closes every connection, and gives up the lock."""
        while self._stopping or not self._ended():
            try:
                reader, writer = await asyncio.open_unix_connection(self._name)
            except OSError:
                await asyncio.sleep(0.05)
                continue
            try:
                await reader.read()
            except OSError:
                await asyncio.sleep(0.05)
            finally:
                writer.close()

    def _ended(self) -> bool:
        if self._process is not None:
            if self._process.poll() is None:
                return False
            self._process = None
        try:
            lock = lock_file(self._lock_path)
        except OSError:
            return False  # cannot tell: out of descriptors, perhaps
        if lock is None:
            return False
        os.close(lock)
        return True

    async def _end(self) -> None:
        if self._process is None and not self._ended():
            async with self._client() as client:
                with contextlib.suppress(RedisError, OSError):
                    await client.shutdown(nosave=True, now=True)
            if not await self._gone(_STOP_LIMIT_S):
                # Whoever holds the lock is the server that told us its process id.
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.pid, signal.SIGKILL)
                await self._gone(1.0)
        await self._end_own()

    async def _end_own(self) -> None:
        """End the process that we started, if there is one; it is reaped when this returns."""
        process = self._process
        if process is None:
            return
        process.terminate()
        if not await self._gone(_STOP_LIMIT_S):
            process.kill()
        self._process = None
        await asyncio.to_thread(process.wait)

    async def _gone(self, within_s: float) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while not self._ended():  # noqa: ASYNC110 - another process sends no event
                    await asyncio.sleep(_LOOK_AGAIN_S)
                return True
        return False

    def _client(self) -> Redis:
        return Redis(
            unix_socket_path=self._name,
            socket_timeout=2.0,
            socket_connect_timeout=2.0,
            retry=Retry(NoBackoff(), 0),
            decode_responses=True,
        )

    def _why(self) -> str:
        return f"{valkey.last_words(self._folder)}; see {self._folder / valkey.LOG}"
