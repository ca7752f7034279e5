"""`countersign demo`: one approval from end to end, on this machine, with throwaway keys."""

import asyncio
import itertools
import signal
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from approvals.model import Choice
from gateway.child import free_addresses, running_gateway
from gateway.clock import SYSTEM
from gateway.config.file import load_for_operator
from gateway.config.settings import Settings
from gateway.demo_screen import Screen
from gateway.oncall import votes
from gateway.oncall.client import DeskClient
from gateway.oncall.terminal import Failure
from gateway.setup.init import APPROVER_KEY, Plan, init
from gateway.simulate.attempts import Conclusion
from gateway.simulate.fresh import freshen
from gateway.simulate.node import NodeSettings, ask
from gateway.simulate.page import told
from gateway.simulate.requests import request_id_of, sample
from gateway.simulate.twin import node_settings
from keys import rsa

APPROVER: Final = "you"
SAMPLE: Final = "keysign_erc20_usdt"
_SHORT: Final = {"retry_times": "1", "sleep_seconds": "1", "request_timeout": "3"}
_LONG: Final = {"retry_times": "30", "sleep_seconds": "1", "request_timeout": "10"}
_PIPED: Final = {"retry_times": "2", "sleep_seconds": "1", "request_timeout": "10"}
"""A program at the other end of a pipe may read before it answers, or say nothing for ever."""

_REASON: Final = "Seen in the demo"
_POLL_S: Final = 0.05
_TRIES: Final = 5
"""For a pipe: it might say the same for ever."""

_NOBODY: Final = """\
Nobody is at the terminal, so nobody will answer, and the deadline refuses it.
To see a yes: countersign demo --answer approve
"""


@dataclass(frozen=True, slots=True)
class _Stage:
    """Where the demo plays. `answer` None: the person at the terminal says."""

    settings: Settings
    node: NodeSettings
    package: bytes
    request_id: str
    key: Path
    answer: str | None
    screen: Screen


def demo(answer: str | None, package: bytes | None) -> None:
    """Play it.

    Raises:
        Failure: the node did not conclude what was asked for.
    """
    screen = Screen()
    if answer is None and screen.is_deserted():
        click.echo(_NOBODY, nl=False)
        answer = "none"
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # and clean up
    with tempfile.TemporaryDirectory(prefix="countersign-demo-") as folder:
        home = Path(folder)
        stage = _set_up(home, answer, package or sample(SAMPLE), screen)
        click.echo(f"A gateway with throwaway keys starts in {home}.")
        with running_gateway(stage.settings.path, stage.settings.listen, home / "gateway.log"):
            wanted, conclusion = asyncio.run(_play(stage))
    _judge(wanted, conclusion)


def _set_up(home: Path, answer: str | None, package: bytes, screen: Screen) -> _Stage:
    listen, operator_listen = free_addresses(2)
    window = _SHORT if answer is not None else _LONG if screen.is_terminal else _PIPED
    addresses = {"listen": str(listen), "operator_listen": str(operator_listen)}
    init(Plan(home, APPROVER, None, with_test_node=True, bits=2048, settings=addresses | window))
    settings = load_for_operator(home / "countersign.toml")
    fresh = freshen(package, SYSTEM.now_ms())
    return _Stage(
        settings=settings,
        node=node_settings(settings, settings.nodes[0], None),
        package=fresh,
        request_id=request_id_of(fresh),
        key=home / APPROVER_KEY,
        answer=answer,
        screen=screen,
    )


async def _play(stage: _Stage) -> tuple[str | None, Conclusion]:
    """The node asks while a person decides; whoever is late is told."""
    stop = asyncio.Event()
    asking = asyncio.create_task(
        ask(stage.node, stage.package, on_event=stage.screen.show, stop=stop), name="node"
    )
    deciding = asyncio.create_task(_decide(stage), name="person")
    try:
        await asyncio.wait({asking, deciding}, return_when=asyncio.FIRST_COMPLETED)
        if deciding.done():
            await deciding
        conclusion = await asking
        wanted = await deciding if deciding.done() else stage.answer
    finally:
        stop.set()
        deciding.cancel()
        await asyncio.gather(asking, deciding, return_exceptions=True)
    click.echo(f"node    | {told(conclusion)}")
    print_ = rsa.fingerprint(stage.node.server_key)
    times = "once" if conclusion.attempts == 1 else f"{conclusion.attempts} times"
    click.echo(f"node    | asked {times}; it believes answers signed by {print_}")
    return wanted, conclusion


async def _decide(stage: _Stage) -> str | None:
    """What the person said, once it is counted; what they were to say where nobody was needed."""
    if not await _arrived(stage):
        return stage.answer
    await asyncio.to_thread(votes.show, stage.settings, stage.request_id, as_json=False)
    click.echo()
    answer, reason = await _said(stage)
    if answer == "none":
        click.echo("person  | says nothing; the deadline will")
        return answer
    choice = Choice(answer)
    click.echo(f"person  | countersign {choice} {stage.request_id} --reason {reason!r}")
    await asyncio.to_thread(
        votes.vote,
        stage.settings,
        stage.request_id,
        votes.Say(choice, reason),
        stage.key,
        quiet=True,
    )
    return answer


async def _arrived(stage: _Stage) -> bool:
    """Wait until the approval is in the store; False if it was decided without people."""
    client = DeskClient.of(stage.settings)
    while True:
        found = await asyncio.to_thread(client.find, stage.request_id)
        if found:
            return found[0]["approval"]["final"] is None
        await asyncio.sleep(_POLL_S)


async def _said(stage: _Stage) -> tuple[str, str]:
    if stage.answer is not None:
        return stage.answer, _REASON
    for _ in itertools.count() if stage.screen.is_terminal else range(_TRIES):
        said = await stage.screen.ask("you     | [a]pprove or [r]eject? ")
        if said is None:
            break
        answer = {"a": "approve", "r": "reject"}.get(said.strip().lower()[:1])
        if answer is not None:
            reason = await stage.screen.ask("you     | because? ") or ""
            return answer, reason.strip() or _REASON
    return "none", ""


def _judge(wanted: str | None, conclusion: Conclusion) -> None:
    """Exit 0 only if the node concluded what was asked for, from a signed answer."""
    expected = "APPROVE" if wanted == "approve" else "REJECT"
    if conclusion.by != "server" or (wanted is not None and conclusion.action != expected):
        raise Failure(f"The node concluded {conclusion.action} ({conclusion.by}).")
