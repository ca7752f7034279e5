"""`countersign simulate`: a TSS Node against a running gateway, attempts and answer printed."""

import asyncio
import json
import signal
from pathlib import Path
from typing import Any, assert_never

import click
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from approvals.plain import plain
from gateway.attempts import (
    Answer,
    BadAnswer,
    Began,
    Conclusion,
    Ended,
    ErrorStatus,
    Event,
    Happened,
    HttpError,
    NoResponse,
)
from gateway.clock import SYSTEM
from gateway.config import Node, Settings
from gateway.fresh import freshen
from gateway.init import TEST_NODE_KEY
from gateway.node import NodeSettings, ask
from gateway.terminal import UNREACHABLE, Failure, print_json
from keys import rsa
from keys.errors import KeyFileError

_OWN = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - names to replace


def simulate(
    settings: Settings,
    package: bytes,
    *,
    node_name: str | None,
    key: Path | None,
    fresh: bool,
    as_json: bool,
) -> None:
    """Ask as this node would, and exit by what it went by.

    Raises:
        Failure: the node concluded REJECT, or heard nothing it could believe.
    """
    if fresh:
        package = freshen(package, SYSTEM.now_ms())
    node = node_settings(settings, _chosen(settings, node_name), key)
    if not as_json:
        click.echo(f"{request_id_of(package)} -> {node.url}")
    conclusion = asyncio.run(_asked(node, package, quiet=as_json))
    if as_json:
        print_json({"request_id": request_id_of(package), **plain(conclusion)})
    else:
        click.echo(told(conclusion))
    if conclusion.by == "gave up" and conclusion.error == "connection refused":
        raise Failure("The gateway is not there: is `countersign serve` running?", UNREACHABLE)
    if conclusion.action == "REJECT":
        raise click.exceptions.Exit(1)


def node_settings(settings: Settings, node: Node, key: Path | None) -> NodeSettings:
    """The simulated twin of a configured node: it needs the private half of its callback key."""
    path = key or settings.path.absolute().parent / TEST_NODE_KEY
    try:
        signing = rsa.load_private_key(path)
        answers = rsa.load_private_key(node.private_key or settings.private_key)
        _check_pair(signing, node, path)
    except KeyFileError as error:
        raise Failure(f"{error}.") from None
    host = _OWN.get(settings.listen.host, str(settings.listen).rpartition(":")[0])
    url = f"http://{host}:{settings.listen.port}/v2/check"
    return NodeSettings(url, signing, answers.public_key(), node.window)


def describe(event: Event) -> str:
    """One line for each thing that happens."""
    match event:
        case Began(number=number, of=of):
            return f"attempt {number} of {of}: waiting"
        case Ended(number=number, of=of, took_ms=took, what=what, retry_in_ms=pause):
            then = "" if pause is None else f"; again in {pause / 1000:g} s"
            return f"attempt {number} of {of}: {_happened(what)} after {took / 1000:.1f} s{then}"
        case _:
            assert_never(event)


def told(conclusion: Conclusion) -> str:
    """What the node goes by, in one line."""
    elapsed = f"after {conclusion.elapsed_ms / 1000:.1f} s"
    error = f": {conclusion.error}" if conclusion.error else ""
    match conclusion.by:
        case "server":
            action = conclusion.action or "the answer to a ping"
            return f"{action}, verified and signed by the gateway, {elapsed}{error}"
        case "gave up" | "stopped":
            return f"REJECT, because the node {conclusion.by}, {elapsed}{error}"
        case _:
            assert_never(conclusion.by)


async def _asked(node: NodeSettings, package: bytes, *, quiet: bool) -> Conclusion:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stop.set)
    return await ask(
        node,
        package,
        on_event=(lambda _: None) if quiet else (lambda event: click.echo(describe(event))),
        stop=stop,
    )


def _chosen(settings: Settings, name: str | None) -> Node:
    if name is None:
        return settings.nodes[0]
    for node in settings.nodes:
        if node.name == name:
            return node
    known = ", ".join(node.name for node in settings.nodes)
    raise Failure(f"No [[tss_node]] is called {name}. Configured: {known}.")


def _check_pair(signing: RSAPrivateKey, node: Node, path: Path) -> None:
    mine = rsa.fingerprint(signing.public_key())
    if mine not in {rsa.fingerprint(rsa.load_public_key(public)) for public in node.keys}:
        raise KeyFileError(f"{path} is not the private half of a callback key of {node.name}")


def _happened(what: Happened) -> str:
    match what:
        case NoResponse(why=why) | BadAnswer(why=why):
            return why
        case HttpError(status=status):
            return f"HTTP {status}"
        case ErrorStatus(status=status):
            return f"status {status}"
        case Answer(action=action):
            return action or "pong"
        case _:
            assert_never(what)


def request_id_of(package: bytes) -> str:
    """The request_id of a CallbackRequest, for people."""
    document: Any = json.loads(package)
    return str(document.get("request_id") or "ping")
