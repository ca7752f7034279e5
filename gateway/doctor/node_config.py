"""A TSS Node's own `cobo-tss-node-config.yaml`: what it says about us. Hostile YAML is bounded.

The keys are those of Cobo's guides: `callback` with `cb_server_v2` (of protocol v1: `cb_server`),
and `event` with `server`. What else stands in the file is the node's affair.
"""

import re
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from gateway.policy_file import read_bounded
from notifiers.words.readable import visible

MOST_BYTES: Final = 65_536
MOST_ALIASES: Final = 16
"""Merged into each other, each of them may multiply what is read."""

DEEPEST: Final = 32
_MOST_SERVERS: Final = 100
_DIGITS: Final = re.compile(r"[0-9]{1,9}", re.ASCII)

DEFAULTS: Final[Mapping[str, int]] = {
    "retry_times": 2,
    "sleep_seconds": 15,
    "request_timeout": 10,
    "token_expire_minutes": 2,
}
"""What a node does where `callback` does not say it (Cobo's product manual)."""


EVENT_DEFAULTS: Final[Mapping[str, int]] = {
    "retry_times": 60,
    "sleep_seconds": 60,
    "token_expire_minutes": 2,
}
"""What it does where `event` does not say it (Cobo's guide to TSS Node events)."""


class NodeConfigError(Exception):
    """One plain sentence saying why the file cannot be read."""


@dataclass(frozen=True, slots=True)
class Server:
    """A callback server as the node knows it. `key` is the path of its public key, as written."""

    address: str
    key: str


@dataclass(frozen=True, slots=True)
class EventServer:
    """Who hears of events, of which, and how patiently. `numbers`: those of EVENT_DEFAULTS."""

    url: str
    types: tuple[str, ...]
    numbers: Mapping[str, int]

    def number(self, key: str) -> int:
        """As written, for this server or for all, or the node's default."""
        return self.numbers.get(key, EVENT_DEFAULTS[key])


@dataclass(frozen=True, slots=True)
class NodeConfig:
    """What the node says. `numbers` holds those of DEFAULTS that are written, in their units.

    `older` are callback servers of protocol v1. `mistakes` are sentences about values of a type
    that the node cannot mean, by their places (`callback, retry_times`): what it does there is
    not known, least of all that it goes by its default.
    """

    servers: tuple[Server, ...]
    older: tuple[Server, ...]
    numbers: Mapping[str, int]
    monitor_interval: str
    events: tuple[EventServer, ...]
    mistakes: Mapping[str, str]

    def number(self, key: str) -> int:
        """As written, or the node's default."""
        return self.numbers.get(key, DEFAULTS[key])

    def knows(self, *keys: str) -> bool:
        """Whether what the node does about these keys of `callback` can be told from the file."""
        return not {"callback", *(f"callback, {key}" for key in keys)} & self.mistakes.keys()


def read_node_config(path: Path) -> NodeConfig:
    """Read the file.

    Raises:
        NodeConfigError: it cannot be read, or is no YAML that we take.
    """
    try:
        content = read_bounded(path, MOST_BYTES)
    except OSError as error:
        raise NodeConfigError(f"{path} cannot be read: {error.strerror}.") from None
    if len(content) > MOST_BYTES:
        raise NodeConfigError(f"{path} is larger than any node's configuration.")
    document = _parsed(path, content)
    if not isinstance(document, dict):
        raise NodeConfigError(f"{path} holds no settings: name the cobo-tss-node-config.yaml.")
    return _understood(document)


def _parsed(path: Path, content: bytes) -> Any:
    try:
        return yaml.load(content, Loader=_Bounded)  # noqa: S506 - it is a SafeLoader
    except yaml.MarkedYAMLError as error:
        line = "" if error.problem_mark is None else f" in line {error.problem_mark.line + 1}"
        why = f" ({visible(error.problem, 100)})" if error.problem else ""
        raise NodeConfigError(f"{path} is no YAML that can be read{line}{why}.") from None
    except (yaml.YAMLError, ValueError, TypeError, OverflowError, RecursionError):
        raise NodeConfigError(f"{path} is no YAML that can be read.") from None


class _Bounded(yaml.SafeLoader):
    """A safe loader that does not follow everything it is told."""

    def __init__(self, stream: bytes) -> None:
        super().__init__(stream)
        self._depth = 0
        self._aliases = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """One node, not too deep, and few that are others again."""
        self._aliases += self.check_event(yaml.AliasEvent)
        if self._aliases > MOST_ALIASES or self._depth >= DEEPEST:
            raise yaml.YAMLError("out of bounds")
        self._depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        """A mapping in which nothing is said twice: which of them a node takes is not known."""
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if key.value in seen:
                twice = f"{visible(key.value, 40)} stands twice"
                raise yaml.MarkedYAMLError(problem=twice, problem_mark=key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


class _Reading:
    """Takes values out of what was parsed; what is of another type than its own is a mistake."""

    def __init__(self) -> None:
        self.mistakes: dict[str, str] = {}

    def table(self, value: Any, place: str) -> Mapping[str, Any]:
        if isinstance(value, dict):
            return value
        if value is not None:
            self.mistakes[place] = f"{place} is no table of settings."
        return {}

    def tables(self, value: Any, place: str) -> list[Mapping[str, Any]]:
        if value is None:
            return []
        if not isinstance(value, list):
            self.mistakes[place] = f"{place} is no list."
            return []
        return [self.table(each, f"an entry of {place}") for each in value[:_MOST_SERVERS]]

    def numbers(self, table: Mapping[str, Any], keys: Iterable[str], place: str) -> dict[str, int]:
        found: dict[str, int] = {}
        for key in keys:
            number = _number(table.get(key))
            if number is not None:
                found[key] = number
            elif table.get(key) is not None:
                self.mistakes[f"{place}, {key}"] = f"{place}, {key} is no whole number."
        return found


def _understood(document: Mapping[str, Any]) -> NodeConfig:
    read = _Reading()
    callback = read.table(document.get("callback"), "callback")
    event = read.table(document.get("event"), "event")
    servers, older = (
        tuple(
            Server(_text(each.get("service_address")), _text(each.get("pubkey_path")))
            for each in read.tables(callback.get(key), f"callback, {key}")
        )
        for key in ("cb_server_v2", "cb_server")
    )
    events = tuple(
        EventServer(
            _text(each.get("url")),
            _texts(each.get("event_types", event.get("event_types"))),
            read.numbers({**event, **each}, EVENT_DEFAULTS, "event"),
        )
        for each in read.tables(event.get("server"), "event, server")
    )
    return NodeConfig(
        servers,
        older,
        read.numbers(callback, DEFAULTS, "callback"),
        _text(callback.get("monitor_interval")),
        events,
        read.mistakes,
    )


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) and "\0" not in value else ""


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(_text(each) for each in value) if isinstance(value, list) else ()


def _number(value: Any) -> int | None:
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        return int(value)
    return value if type(value) is int and 0 <= value < 10**9 else None
