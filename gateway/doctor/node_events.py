"""The `event:` block of a TSS Node beside ours: does it report to us, and would we believe it?"""

from pathlib import Path
from typing import Final

from gateway.config.settings import Node, Settings
from gateway.doctor.addresses import EVENTS, check_address, port_of, split
from gateway.doctor.check import Change, Check, ok, warn, wrong
from gateway.doctor.node_config import EventServer
from gateway.setup.init import EVENT_PUBLIC
from gateway.setup.node_block import REPORTED, event_block
from keys.envelope import MOST_AHEAD_S

ENOUGH_S: Final = 900
"""For so long a node should try to report: as an upgrade of the gateway may take."""


def check_events(
    settings: Settings, node: Node, servers: tuple[EventServer, ...], path: Path
) -> list[Check]:
    """Only those servers that are meant for us: by the port, or by the path."""
    ours = [server for server in servers if _is_ours(settings, server)]
    if not ours:
        return _without(settings, node, path)
    checks = [] if node.event_keys else [_unbelieved(node, path)]
    for server in ours:
        checks += check_address(EVENTS, settings, server.url, path)
        checks += _check_types(server, path)
        checks += _check_numbers(server, path)
    return checks


def _is_ours(settings: Settings, server: EventServer) -> bool:
    parts = split(server.url)
    return parts is not None and (
        port_of(parts) == settings.listen.port or parts.path == EVENTS.path
    )


def _without(settings: Settings, node: Node, path: Path) -> list[Check]:
    if not node.event_keys:
        sentence = f"{path} sends no events to us, and {node.name} has no event_public_key."
        return [ok("node_config.events", sentence)]
    sentence = (
        f"{path} sends no events to us: nobody would hear what becomes of an approved request,"
        " nor of a signature that had no approval."
    )
    lines = event_block(settings.listen).splitlines()
    return [warn("node_config.events", sentence, *(Change(line, str(path)) for line in lines))]


def _unbelieved(node: Node, path: Path) -> Check:
    return wrong(
        "node_config.event_key",
        f"{path} sends events to us, and {node.name} has no event_public_key: they are refused."
        " `tss-node event key info` shows the key.",
        Change(
            f'event_public_key = "{EVENT_PUBLIC}"', f'countersign.toml, [[tss_node]] "{node.name}"'
        ),
    )


def _check_types(server: EventServer, path: Path) -> list[Check]:
    """A node sends only what it is told to send."""
    missing = [name for name in REPORTED if name not in server.types]
    if not missing:
        return []
    lines = [*server.types, *missing]
    what = f"does not name {', '.join(missing)}" if server.types else "names no event_types"
    return [
        warn(
            "node_config.event_types",
            f"{path}, event: it {what}, so nobody hears of that.",
            Change(f"event_types: [{', '.join(lines)}]", f"{path}, event"),
        )
    ]


def _check_numbers(server: EventServer, path: Path) -> list[Check]:
    """How long a report is tried, and its token is good."""
    where = f"{path}, event"
    checks: list[Check] = []
    minutes = server.number("token_expire_minutes")
    if not 0 < minutes * 60 <= MOST_AHEAD_S:
        sentence = f"{where}: tokens that are good for {minutes} min are refused."
        change = Change("token_expire_minutes: 2", where)
        checks.append(wrong("node_config.event_tokens", sentence, change))
    times, sleep = server.number("retry_times"), server.number("sleep_seconds")
    if times and times * sleep < ENOUGH_S:
        sentence = (
            f"{where}: a report that we do not take is given up after {times * sleep} s, less than"
            " an upgrade of the gateway may take."
        )
        changes = (Change("retry_times: 60", where), Change("sleep_seconds: 60", where))
        checks.append(warn("node_config.event_patience", sentence, *changes))
    return checks
