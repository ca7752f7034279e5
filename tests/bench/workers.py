"""Processes beside the gateway: they sign requests ahead of time, and then make the load."""

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from keys.rsa import load_private_key, write_private_key
from tests.bench import asking
from tests.support.world import rsa_key

SIGNERS = 2


@contextmanager
def workers(count: int = SIGNERS) -> Iterator[ProcessPoolExecutor]:
    """Fresh processes, so that nothing of ours is in them."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(count, mp_context=context) as pool:
        yield pool


def node_key(folder: Path) -> Path:
    """The node's private key as a file that workers can read."""
    path = folder / "keys" / "node-1.pem"
    if not path.exists():
        write_private_key(path, rsa_key("node-1"))
    return path


def presigned(pool: ProcessPoolExecutor, name: str, numbers: range, folder: Path) -> list[bytes]:
    """Requests by all workers at once, in the order of their numbers."""
    path = str(node_key(folder))
    size = -(-len(numbers) // SIGNERS)
    parts = [numbers[start : start + size] for start in range(0, len(numbers), size)]
    futures = [pool.submit(_sign, name, part, path) for part in parts]
    return [request for future in futures for request in future.result()]


def _sign(name: str, numbers: range, path: str) -> list[bytes]:
    key: RSAPrivateKey = load_private_key(Path(path))
    return asking.signed(name, numbers, key)
