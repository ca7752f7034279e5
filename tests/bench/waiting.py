"""Thousands of approvals that wait in one process, and how soon a vote becomes an answer.

That time is counted from the moment that the record names for the vote, just before it is stored,
until the whole answer is with the node.
"""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from approvals.model import Choice
from approvals.statement import NAMESPACE, Statement
from gateway.clock import SYSTEM
from keys import sshsig
from keys.rsa import fingerprint
from tests.bench.asking import request_of
from tests.bench.client import Connection, Reply, post
from tests.bench.house import NODE_NAME, House, running
from tests.bench.rows import Row, percentiles
from tests.bench.workers import presigned, workers
from tests.support.world import RULES, rsa_key, ssh_key

SAMPLE: Final = "keysign_eth_transfer_eip1559"
MANY: Final = 5_000
ALONE: Final = 200
TOGETHER: Final = 1_000
VOTERS: Final = 32
ASKING: Final = 64
SETTLE_S: Final = 3.0
IDLE_S: Final = 5.0
KIB: Final = 1024


@dataclass(frozen=True, slots=True)
class Waited:
    """What came of it: bytes each, a share of one core, and seconds from votes to answers."""

    memory: float
    idle: float
    alone_s: list[float]
    together_s: list[float]


def measure(folder: Path) -> list[Row]:
    """The rows of this measurement."""
    with running(folder, RULES) as house:
        with workers() as pool:
            requests = presigned(pool, SAMPLE, range(MANY), folder)
        waited = asyncio.run(_wait_and_vote(house, requests))
    subject = f"{MANY:,} waiting"
    return [
        Row(subject, "memory each", f"{waited.memory / KIB:.0f} KiB", "the process's growth"),
        Row(subject, "processor while they wait", f"{waited.idle:.1%}", f"over {IDLE_S:.0f} s"),
        Row(subject, "vote to answer", percentiles(waited.alone_s), f"{ALONE} one at a time"),
        Row(
            subject,
            "vote to answer, all at once",
            percentiles(waited.together_s),
            f"{TOGETHER:,} votes by {VOTERS} connections",
        ),
    ]


async def _wait_and_vote(house: House, requests: list[bytes]) -> Waited:
    before, _ = await house.resident_and_cpu()
    replies = await _ask(house, requests)
    await _told(house)
    memory, cpu = await house.resident_and_cpu()
    await asyncio.sleep(IDLE_S)
    _, later = await house.resident_and_cpu()
    alone = []
    async with asyncio.TaskGroup() as group:
        connection = await Connection.to(house.operators)
        for number in range(ALONE):
            stored = await _approve(house, connection, number)
            alone.append((await replies[number]).at - stored)
        waiting = iter(range(ALONE, ALONE + TOGETHER))
        voters = [group.create_task(_vote(house, waiting, replies)) for _ in range(VOTERS)]
    together = [took for voter in voters for took in voter.result()]
    for waiting_still in replies:
        waiting_still.cancel()
    await asyncio.gather(*replies, return_exceptions=True)
    return Waited((memory - before) / MANY, (later - cpu) / IDLE_S, alone, together)


async def _ask(house: House, requests: list[bytes]) -> list["asyncio.Task[Reply]"]:
    """A connection for each; return when all of them wait, a few arriving at a time."""
    replies: list[asyncio.Task[Reply]] = []
    for request in requests:
        connection = await Connection.to(house.listen)
        replies.append(asyncio.create_task(connection.exchange(request)))
        if len(replies) % ASKING == 0:
            await _until(house, "countersign_held_attempts", len(replies))
    await _until(house, "countersign_open_approvals", len(requests))
    return replies


async def _told(house: House) -> None:
    """Return when nobody was told anything for a while."""
    size = -1
    while (now := (house.folder / "log").stat().st_size) != size:
        size = now
        await asyncio.sleep(SETTLE_S)


async def _until(house: House, name: str, count: int) -> None:
    while (await asyncio.to_thread(house.metrics))[name] < count:  # noqa: ASYNC110 - it only tells
        await asyncio.sleep(0.02)


async def _vote(
    house: House, waiting: Iterator[int], replies: list["asyncio.Task[Reply]"]
) -> list[float]:
    """Vote on what nobody voted on yet; then see when each answer came."""
    connection = await Connection.to(house.operators)
    stored = [(number, await _approve(house, connection, number)) for number in waiting]
    connection.close()
    return [(await replies[number]).at - at for number, at in stored]


async def _approve(house: House, connection: Connection, number: int) -> float:
    """Approve as `countersign approve` does; when the vote was stored (Unix seconds)."""
    request = request_of(SAMPLE, number, NODE_NAME)
    text = Statement(
        gateway=fingerprint(rsa_key("server").public_key()),
        node=NODE_NAME,
        request_id=request.request_id,
        digest=request.digest,
        choice=Choice.APPROVE,
        reason="measured",
        at=SYSTEM.now_ms(),
    ).text()
    armored = sshsig.sign(ssh_key("ana"), NAMESPACE, text.encode())
    body = json.dumps({"statement": text, "signature": armored}).encode()
    authorization = f"authorization: {house.cookie.header}"
    reply = await connection.exchange(post("/votes", body, "application/json", authorization))
    if not reply.ok:
        raise RuntimeError(f"A vote did not count: {reply.body!r}")
    at: int = json.loads(reply.body)["approval"]["votes"][0]["at"]
    return at / 1000
