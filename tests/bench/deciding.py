"""Requests that the rules approve: how many a second, and whether history slows them down.

One run serves both: a few requests one after the other on a fresh gateway, then 20,000 over 32
connections, then a few one after the other again.
"""

import asyncio
import statistics
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.config.settings import Address
from tests.bench import rsa_limit
from tests.bench.asking import action
from tests.bench.client import Connection, Reply
from tests.bench.house import House, running
from tests.bench.rows import Row, percentiles
from tests.bench.workers import presigned, workers
from tests.support.world import APPROVE_SMALL, RULES, rsa_key

SAMPLE: Final = "keysign_erc20_usdt"
CONNECTIONS: Final = 32
ROUNDS: Final = 4
A_ROUND: Final = 5_000
ALONE: Final = 300
WARM_UP: Final = 200


@dataclass(frozen=True, slots=True)
class Load:
    """What one series of requests came to."""

    seconds: float
    took_s: tuple[float, ...]
    cpu_s: float

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.took_s) / self.seconds


def measure(folder: Path) -> list[Row]:
    """The rows of this measurement."""
    key = rsa_key("server")
    with running(folder, RULES + APPROVE_SMALL) as house, workers() as pool:
        _load(house, pool, range(WARM_UP), CONNECTIONS)
        before = _load(house, pool, range(10_000, 10_000 + ALONE), 1)
        loads, shares = [], []
        for number in range(1, ROUNDS + 1):
            first = number * 100_000
            limit = rsa_limit.per_second(key)
            load = _load(house, pool, range(first, first + A_ROUND), CONNECTIONS)
            loads.append(load)
            shares.append(load.rate / limit)
        after = _load(house, pool, range(20_000, 20_000 + ALONE), 1)
    rates = [load.rate for load in loads]
    took = [took for load in loads for took in load.took_s]
    cpu_ms = statistics.median(load.cpu_s / A_ROUND for load in loads) * 1000
    spread = f"{ROUNDS} rounds of {A_ROUND:,}: {min(rates):.0f} to {max(rates):.0f}"
    subject, history = "Auto-approve", "One decision"
    return [
        Row(subject, "answers a second", f"{statistics.median(rates):.0f}", spread),
        Row(
            subject,
            "share of one core's RSA-2048 limit",
            f"{statistics.median(shares):.2f}",
            "a signature and a verification, measured before each round",
        ),
        Row(subject, "latency", percentiles(took), f"{CONNECTIONS} keep-alive connections"),
        Row(subject, "processor time each", f"{cpu_ms:.2f} ms", "the gateway's process, RSA in it"),
        Row(history, "with 200 finished approvals", percentiles(before.took_s), "one at a time"),
        Row(
            history,
            f"with {ROUNDS * A_ROUND:,} more",
            percentiles(after.took_s),
            "in Redis, in the audit and in memory",
        ),
    ]


def _load(house: House, pool: ProcessPoolExecutor, numbers: range, connections: int) -> Load:
    requests = presigned(pool, SAMPLE, numbers, house.folder)
    _, before = asyncio.run(house.resident_and_cpu())
    seconds, replies = pool.submit(_run, house.listen, requests, connections).result()
    _, after = asyncio.run(house.resident_and_cpu())
    wrong = [reply for reply in replies if action(reply) != "APPROVE"]
    if wrong:
        raise RuntimeError(f"{len(wrong)} of {len(replies)} were not approved: {wrong[0]}")
    return Load(seconds, tuple(reply.took_s for reply in replies), after - before)


def _run(listen: Address, requests: list[bytes], connections: int) -> tuple[float, list[Reply]]:
    """In a worker: every request once, over so many connections."""
    return asyncio.run(_all(listen, requests, connections))


async def _all(
    listen: Address, requests: list[bytes], connections: int
) -> tuple[float, list[Reply]]:
    waiting, replies = iter(requests), list[Reply]()

    async def work(connection: Connection) -> None:
        for request in waiting:
            replies.append(await connection.exchange(request))
        connection.close()

    opened = [await Connection.to(listen) for _ in range(connections)]
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with asyncio.TaskGroup() as group:
        for connection in opened:
            group.create_task(work(connection))
    return loop.time() - began, replies
