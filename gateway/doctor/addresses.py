"""Addresses in a TSS Node's configuration: do they lead to us?"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

from gateway.config.settings import Settings
from gateway.doctor.check import Change, Check, ok, warn, wrong
from gateway.setup.node_block import CHECK_PATH, EVENT_PATH
from notifiers.words.readable import visible

_LOOPBACK: Final = ("127.", "localhost", "[::1]", "::1")
_PORTS: Final = {"http": 80, "https": 443}
_UNUSABLE: Final = ("0.0.0.0", "::")  # noqa: S104 - names that are no addresses to call


@dataclass(frozen=True, slots=True)
class Way:
    """What a node sends to us, and how its configuration says where to.

    `check` names what is found; `path` is the one that we answer; `key` is what the address stands
    under, in the list that `table` names.
    """

    check: str
    does: str
    path: str
    key: str
    table: str


CALLBACKS: Final = Way(
    "node_config.address", "calls", CHECK_PATH, "service_address", "callback, cb_server_v2"
)
EVENTS: Final = Way("node_config.events", "sends events to", EVENT_PATH, "url", "event, server")


def address_change(way: Way, path: Path, settings: Settings, host: str = "GATEWAY") -> Change:
    """The line as it should be; the host is left to people where it is not known."""
    line = f'- {way.key}: "http://{host}:{settings.listen.port}{way.path}"'
    return Change(line, f"{path}, {way.table}")


def check_address(way: Way, settings: Settings, address: str, path: Path) -> list[Check]:
    """What can be said from here: the path for sure, host and port as far as they are ours."""
    shown, listen, parts = visible(address, 200), settings.listen, split(address)
    if parts is None or parts.hostname is None or parts.hostname in _UNUSABLE:
        sentence = f'{path}: "{shown}" is no address that a node could call.'
        return [wrong(way.check, sentence, address_change(way, path, settings))]
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    change = address_change(way, path, settings, host)
    goes = f"{path} {way.does} {shown}"
    if parts.path != way.path:
        return [wrong(way.check, f"{goes}: the path that is answered is {way.path}.", change)]
    if parts.scheme == "https":
        sentence = (
            f"{goes}, and the gateway speaks http: a layer-4 balancer or a tunnel must end TLS"
            " before it."
        )
        return [warn(way.check, sentence, change)]
    if port_of(parts) != listen.port:
        sentence = f"{goes}, and we listen at {listen}: right only where something passes it on."
        return [warn(way.check, sentence, change)]
    if listen.host.startswith(_LOOPBACK) and not host.startswith(_LOOPBACK):
        sentence = f"{goes}, and we listen at {listen}, which only this machine reaches."
        fitting = Change(f'listen = "{host}:{listen.port}"', "countersign.toml, [gateway]")
        return [warn(way.check, sentence, fitting)]
    return [ok(way.check, f"{goes}, where we listen.")]


def split(address: str) -> SplitResult | None:
    """The parts of an http or https address; None where it is none."""
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return None
    return parts if parts.scheme in _PORTS else None


def port_of(parts: SplitResult) -> int:
    """As written, or what goes without saying."""
    return parts.port or _PORTS[parts.scheme]
