"""A gateway as a process of its own: started, waited for, stopped by its process id."""

import contextlib
import http.client
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from gateway.config.settings import Address
from gateway.oncall.terminal import Failure

_START_S: Final = 30.0
_STOP_S: Final = 12.0
_POLL_S: Final = 0.05
_OK: Final = 200
_TAIL: Final = 2_000


@contextlib.contextmanager
def running_gateway(config: Path, listen: Address, log: Path) -> Iterator[None]:
    """`countersign serve` until the block ends.

    Raises:
        Failure: it ended, or did not get ready in time; with what it said.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and package
            [sys.executable, "-P", "-m", "gateway", "serve", "--config", str(config)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_ready(process, listen, log)
        yield
    finally:
        _stop(process)


def free_addresses(count: int) -> list[Address]:
    """Ports of this machine that nobody listens on."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [Address("127.0.0.1", each.getsockname()[1]) for each in sockets]


def _wait_ready(process: subprocess.Popen[bytes], listen: Address, log: Path) -> None:
    until = time.monotonic() + _START_S
    while process.poll() is None and time.monotonic() < until:
        if _is_ready(listen):
            return
        time.sleep(_POLL_S)
    said = log.read_text(errors="replace")[-_TAIL:].strip()
    why = "did not get ready" if process.poll() is None else "ended"
    raise Failure(f"The gateway {why}. It said:\n{said}")


def _is_ready(listen: Address) -> bool:
    connection = http.client.HTTPConnection(listen.host, listen.port, timeout=1)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == _OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
