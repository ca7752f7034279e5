"""This machine: how many files a process may open, who can reach the ports, who holds them."""

import errno
import http.client
import json
import resource
import socket
from typing import Any, Final

from gateway.config.settings import Address, Settings
from gateway.doctor.check import Change, Check, ok, warn, wrong
from gateway.doctor.disk import is_held
from gateway.doors.seats import FILES, seats_for_nodes

_EVERYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - names to look for
_LOOPBACK: Final = ("127.", "::1", "localhost")
_WITHIN_S: Final = 1.5
_MOST_BYTES: Final = 65_536
_OK: Final = 200


def check_machine(settings: Settings) -> list[Check]:
    """Files, addresses, ports."""
    running = is_held(settings.data_dir / "gateway.lock")
    return [
        _check_files(),
        _check_listen(settings.listen),
        _check_operator(settings.operator_listen),
        *_check_ports(settings, running=running),
    ]


def _check_files() -> Check:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY or hard >= FILES:
        return ok("machine.files", f"A process may open {FILES:,} files and more.")
    return warn(
        "machine.files",
        f"A process of this user may open {hard:,} files, so at most"
        f" {seats_for_nodes(hard).most:,} connections of nodes are held at once.",
        Change(f"LimitNOFILE={FILES}", "the systemd unit, [Service]"),
    )


def _check_listen(address: Address) -> Check:
    if address.host not in _EVERYWHERE:
        return ok("machine.listen", f"TSS Nodes and Slack reach the gateway at {address}.")
    return warn(
        "machine.listen",
        f"listen = {address}: everybody who reaches any address of this machine reaches the"
        " gateway; name the one that the TSS Node uses, or be sure of the firewall.",
        Change(f'listen = "10.0.0.5:{address.port}"', "countersign.toml, [gateway]"),
    )


def _check_operator(address: Address) -> Check:
    if address.host.startswith(_LOOPBACK):
        return ok("machine.operator_listen", f"Only this machine reaches operators' {address}.")
    return warn(
        "machine.operator_listen",
        f"operator_listen = {address} is open to other machines, unencrypted: keep it on this one.",
        Change(f'operator_listen = "127.0.0.1:{address.port}"', "countersign.toml, [gateway]"),
    )


def _check_ports(settings: Settings, *, running: bool) -> list[Check]:
    """Free, or held by the gateway of this data_dir."""
    listen, operator = settings.listen, settings.operator_listen
    said = _ask(listen, "/ping")
    if said is None:
        checks = [_check_free("listen", listen, running=running)]
    elif said[1].get("server") != "countersign":
        checks = [_taken("listen", listen)]
    elif not running:
        sentence = f"Another gateway answers at {listen}, not that of {settings.data_dir}."
        checks = [wrong("machine.ports", sentence, _elsewhere("listen", listen))]
    else:
        checks = [ok("machine.ports", f"Our gateway answers at {listen}."), _check_ready(listen)]
    there = _ask(operator, "/healthz")
    if there is None:
        return [*checks, _check_free("operator_listen", operator, running=running)]
    if not running or there[1].get("alive") is not True:
        return [*checks, _taken("operator_listen", operator)]
    return [*checks, ok("machine.ports", f"Our gateway answers at {operator}.")]


def _check_ready(listen: Address) -> Check:
    said = _ask(listen, "/readyz")
    if said is not None and said[0] == _OK:
        return ok("machine.ready", "It is ready to decide.")
    parts = {} if said is None else said[1]
    down = [name for name in ("redis", "audit") if parts.get(name) not in {None, "ok"}]
    what = f": look at {' and '.join(down)}" if down else ""
    return wrong("machine.ready", f"Our gateway runs, and cannot decide now{what}.")


def _check_free(key: str, address: Address, *, running: bool) -> Check:
    """Nobody answers: could we listen?"""
    if running and address.port:
        return wrong(
            "machine.ports",
            f"Our gateway runs, and does not answer at {address}: was {key} changed since it"
            " started, or does it hang?",
        )
    error = _bind_error(address)
    if error is None:
        return ok("machine.ports", f"{address} is free for {key}.")
    if error.errno == errno.EADDRINUSE:
        return _taken(key, address)
    return _no_place(key, address, error)


def _bind_error(address: Address) -> OSError | None:
    """What keeps us from listening there, now."""
    try:
        info = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(info[0], socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(info[4])
    except OSError as error:
        return error
    return None


def _is_elsewhere(error: OSError | None) -> bool:
    """Whether it says that the address is none of this machine's."""
    return isinstance(error, socket.gaierror) or (
        error is not None and error.errno == errno.EADDRNOTAVAIL
    )


def _no_place(key: str, address: Address, error: OSError) -> Check:
    """It is not taken, and we could not listen there all the same."""
    host, port = address.host, address.port
    sentence = f"{key} = {address} cannot be listened on: {error.strerror or error}."
    if error.errno == errno.EACCES:
        port += 10_000
    elif _is_elsewhere(error):
        sentence = f"{key} = {address} cannot be listened on: this machine has no such address."
        host = "127.0.0.1"
    change = Change(f'{key} = "{Address(host, port)}"', "countersign.toml, [gateway]")
    return wrong("machine.ports", sentence, change)


def _taken(key: str, address: Address) -> Check:
    return wrong(
        "machine.ports",
        f"Something else than our gateway holds {address}: end it, or choose another port.",
        _elsewhere(key, address),
    )


def _elsewhere(key: str, address: Address) -> Change:
    other = Address(address.host, address.port + 10)
    return Change(f'{key} = "{other}"', "countersign.toml, [gateway]")


def _ask(address: Address, path: str) -> tuple[int, dict[str, Any]] | None:
    """Status and JSON of what answers there; None where nobody listens, or not on this machine."""
    if _is_elsewhere(_bind_error(address)):
        return None
    host = _EVERYWHERE.get(address.host, address.host)
    connection = http.client.HTTPConnection(host, address.port, timeout=_WITHIN_S)
    try:
        connection.connect()
    except OSError:
        return None
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        content = response.read(_MOST_BYTES)
    except (OSError, http.client.HTTPException):
        return 0, {}
    finally:
        connection.close()
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        document = None
    return response.status, document if isinstance(document, dict) else {}
