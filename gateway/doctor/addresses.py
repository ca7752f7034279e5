"""Addresses in a TSS Node's configuration: do they lead to us?"""

from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

from gateway.doctor.check import Change, Check, ok, warn, wrong
from gateway.node_block import CHECK_PATH
from gateway.settings import Settings
from notifiers.readable import visible

_LOOPBACK: Final = ("127.", "localhost", "[::1]", "::1")
_PORTS: Final = {"http": 80, "https": 443}
_UNUSABLE: Final = ("0.0.0.0", "::")  # noqa: S104 - names that are no addresses to call


def address_change(path: Path, settings: Settings, host: str = "GATEWAY") -> Change:
    """The line as it should be; the host is left to people where it is not known."""
    line = f'- service_address: "http://{host}:{settings.listen.port}{CHECK_PATH}"'
    return Change(line, f"{path}, callback, cb_server_v2")


def check_address(settings: Settings, address: str, path: Path) -> list[Check]:
    """What can be said from here: the path for sure, host and port as far as they are ours."""
    shown, listen, parts = visible(address, 200), settings.listen, split(address)
    if parts is None or parts.hostname is None or parts.hostname in _UNUSABLE:
        sentence = f'{path}: "{shown}" is no address that a node could call.'
        return [wrong("node_config.address", sentence, address_change(path, settings))]
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    change = address_change(path, settings, host)
    if parts.path != CHECK_PATH:
        sentence = f"{path} calls {shown}: the path that is answered is {CHECK_PATH}."
        return [wrong("node_config.address", sentence, change)]
    if parts.scheme == "https":
        sentence = (
            f"{path} calls {shown}, and the gateway speaks http: a layer-4 balancer or a tunnel"
            " must end TLS before it."
        )
        return [warn("node_config.address", sentence, change)]
    if port_of(parts) != listen.port:
        sentence = (
            f"{path} calls {shown}, and we listen at {listen}: right only where something passes it"
            " on."
        )
        return [warn("node_config.address", sentence, change)]
    if listen.host.startswith(_LOOPBACK) and not host.startswith(_LOOPBACK):
        sentence = (
            f"{path} calls {shown}, and we listen at {listen}, which only this machine reaches."
        )
        fitting = Change(f'listen = "{host}:{listen.port}"', "countersign.toml, [gateway]")
        return [warn("node_config.address", sentence, fitting)]
    return [ok("node_config.address", f"{path} calls {shown}, where we listen.")]


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
