"""What every attack on Redis begins and ends with: a wish that needs people, and the others."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import aiohttp

from approvals.freezes import statement as freeze_statement
from approvals.freezes.model import FreezeRecord
from approvals.model import Approval, SshSignature, member_of
from approvals.window import Window
from gateway.simulate import node
from gateway.simulate.attempts import Answer
from keys import sshsig
from keys.rsa import fingerprint
from tests.support.requests import Sample, sample
from tests.support.waiting import PATIENCE_S
from tests.support.world import (
    APPROVE_SMALL,
    House,
    MovableClock,
    World,
    people,
    rsa_key,
    ssh_key,
)

LONG: Final = Window(retry_times=60, sleep_ms=60_000, timeout_ms=10_000)

WISH: Final = sample("keysign_eth_transfer_eip1559")
"""What no rule approves."""

SMALL: Final = sample("keysign_erc20_usdt")
"""What a rule approves."""

POLICY: Final = people().replace(
    "[people.chen]", '[people.chen]\ninitiates_as = ["treasury-api-key"]'
)

TWO_SIGN: Final = (
    """
[ask]
approvals = [{ group = "treasury", count = 2 }]
within = "30m"
strength = "ssh"
reason = "both"

[override]
group = "on_call"
approve = 2
reject = 1
"""
    + APPROVE_SMALL
)

ONE_ASKED: Final = TWO_SIGN.replace("count = 2", "count = 1")


async def attempt(house: House, what: Sample, *, name: str = "node-1", within: float = 5.0) -> Any:
    """What one attempt of a node comes to."""
    window = Window(0, 1_000, int(within * 1000))
    asking = house.node(name, window=window, clock=house.world.clock)
    async with aiohttp.ClientSession() as session:
        return await node.attempt(session, asking, what.package)


async def asked(house: House, what: Sample, *, name: str = "node-1") -> Approval:
    """The pending record of a request whose node hung up."""
    member = member_of(name, what.request_id)
    known = await house.service.read(member)
    tokens = known.attempts.tokens if known else ()
    asking = asyncio.create_task(attempt(house, what, name=name))
    async with asyncio.timeout(PATIENCE_S):
        found: Approval | None = None
        while found is None or (found.final is None and found.attempts.tokens == tokens):
            await asyncio.sleep(0.005)
            found = await house.service.read(member)
        asking.cancel()
        while found.final is None and found.attempts.ended is None:
            await asyncio.sleep(0.005)
            found = await house.service.read(member) or found
    return found


def alarms(house: House, what: str) -> float:
    """How often it alarmed, by the metric."""
    registry = house.observer.metrics.registry
    return registry.get_sample_value("countersign_alarms_total", {"what": what}) or 0.0


def logged(house: House, what: str) -> bool:
    """Whether the log has such an alarm."""
    return any(line.get("event") == "alarm" and line["what"] == what for line in house.lines)


def hush(house: House) -> None:
    """Forget the log so far, and that it repeats itself: the next line of its kind is written."""
    house.lines.clear()
    house.observer._written.clear()


async def serves_others(house: House, number: int) -> None:
    """A request that a rule approves is approved."""
    happened = await attempt(house, SMALL.fresh(number))
    assert happened == Answer("APPROVE", ""), happened
    assert not house.task.done()


async def thaw(house: House, freeze: str, *people_: str) -> None:
    """Votes to end a freeze, each signed by its person."""
    policy, now = house.service.policy, house.world.clock.now_ms()
    for person in people_:
        said = freeze_statement.FreezeStatement(
            gateway=fingerprint(rsa_key("server").public_key()),
            reason="looked at it",
            at=now,
            thaw=freeze,
        )
        armored = sshsig.sign(
            ssh_key(person), freeze_statement.NAMESPACE, (text := said.text()).encode()
        )
        done = await house.service.freezing.thaw(
            freeze=freeze,
            person=person,
            reason=said.reason,
            evidence=SshSignature(policy.electorate.people[person].ssh_key, armored, text),
            electorate=policy.electorate,
        )
        assert isinstance(done, FreezeRecord), done


@contextlib.asynccontextmanager
async def two_gateways(world: World, folder: Path) -> AsyncIterator[tuple[House, House]]:
    """Two behind one Redis, each with an audit and a clock of its own."""
    (folder / "two").mkdir()
    other = replace(world, folder=folder / "two", clock=MovableClock())
    async with world.running() as one, other.running() as two:
        yield one, two
