"""The simulated twin of a configured node: its key, its window, and how it differs."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from approvals.window import Window
from gateway.clock import SYSTEM, Clock
from gateway.config.file import Node, Settings
from gateway.oncall.terminal import Failure
from gateway.setup.init import TEST_NODE_KEY
from gateway.setup.node_block import CHECK_PATH
from gateway.simulate.attempts import USUAL, Knobs
from gateway.simulate.node import NodeSettings
from keys import rsa
from keys.errors import KeyFileError

_OWN: Final = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - names to replace


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long the node asks, in seconds; None: as the configuration says."""

    retry_times: int | None = None
    sleep: float | None = None
    timeout: float | None = None

    def applied(self, window: Window) -> Window:
        """The window that is played."""
        return Window(
            window.retry_times if self.retry_times is None else self.retry_times,
            window.sleep_ms if self.sleep is None else max(1, round(self.sleep * 1000)),
            window.timeout_ms if self.timeout is None else max(1, round(self.timeout * 1000)),
        )


@dataclass(frozen=True, slots=True)
class Skewed:
    """A clock that is off by so many milliseconds; above 0: fast."""

    by_ms: int
    clock: Clock = SYSTEM

    def now_ms(self) -> int:
        """Unix time in milliseconds, as this clock has it."""
        return self.clock.now_ms() + self.by_ms


@dataclass(frozen=True, slots=True)
class Twin:
    """Which node is played, and in what it differs from the configured one."""

    name: str | None = None
    key: Path | None = None
    patience: Patience = Patience()
    knobs: Knobs = USUAL
    skew_ms: int = 0


def twin_of(settings: Settings, twin: Twin) -> NodeSettings:
    """The node to play.

    Raises:
        Failure: there is no such node, or its key is not the private half of the configured one.
    """
    node = node_settings(settings, chosen(settings, twin.name), twin.key)
    return replace(
        node,
        window=twin.patience.applied(node.window),
        knobs=twin.knobs,
        clock=Skewed(twin.skew_ms) if twin.skew_ms else node.clock,
    )


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
    url = f"http://{host}:{settings.listen.port}{CHECK_PATH}"
    return NodeSettings(url, signing, answers.public_key(), node.window)


def chosen(settings: Settings, name: str | None) -> Node:
    """The node of this name; without a name the first one.

    Raises:
        Failure: none is called so.
    """
    if name is None:
        return settings.nodes[0]
    for node in settings.nodes:
        if node.name == name:
            return node
    known = ", ".join(node.name for node in settings.nodes)
    raise Failure(f"No [[tss_node]] is called {name}. Configured: {known}.")


def difference(configured: Window, played: Window) -> str | None:
    """What to warn of where the gateway reckons with another window than the one that is played."""
    if configured == played:
        return None
    return (
        f"The gateway reckons with {_numbers(configured)} (retry_times / sleep_seconds /"
        f" request_timeout); this node plays {_numbers(played)}, so deadlines come at other times."
    )


def _numbers(window: Window) -> str:
    return f"{window.retry_times} / {window.sleep_ms / 1000:g} / {window.timeout_ms / 1000:g}"


def _check_pair(signing: RSAPrivateKey, node: Node, path: Path) -> None:
    mine = rsa.fingerprint(signing.public_key())
    if mine not in {rsa.fingerprint(rsa.load_public_key(public)) for public in node.keys}:
        raise KeyFileError(f"{path} is not the private half of a callback key of {node.name}")
