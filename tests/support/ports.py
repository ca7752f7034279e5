"""Ports for servers that a test starts later: nobody is given one meanwhile.

A port that the system hands out is free again as soon as it is let go, and the next who asks, or
who connects to somewhere, may get it. These lie below what it hands out, apart for each worker.
"""

import itertools
import os
import socket
from typing import Final

_FIRST: Final = 20_000
_EACH: Final = 1_500
_WORKERS: Final = 8

_worker: Final = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _WORKERS
_numbers: Final = itertools.count(os.getpid() * 7)


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody listens on, and that we hand out once."""
    ports: list[int] = []
    while len(ports) < count:
        port = _FIRST + _EACH * _worker + next(_numbers) % _EACH
        with socket.socket() as tried:
            try:
                tried.bind(("127.0.0.1", port))
            except OSError:
                continue
        ports.append(port)
    return ports
