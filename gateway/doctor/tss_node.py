"""A TSS Node's configuration beside ours: address, path, key, patience, events."""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from approvals.wording import in_seconds
from gateway.config.key_check import public_half
from gateway.config.settings import Node, Settings
from gateway.doctor.addresses import CALLBACKS, address_change, check_address, port_of, split
from gateway.doctor.check import Change, Check, ok, warn, wrong
from gateway.doctor.files import command, is_there
from gateway.doctor.node_config import (
    NodeConfig,
    NodeConfigError,
    Server,
    read_node_config,
)
from gateway.doctor.node_events import check_events
from keys import rsa
from keys.envelope import LEEWAY_S, MOST_AHEAD_S
from keys.errors import KeyFileError
from notifiers.words.readable import visible


def check_node_config(settings: Settings, path: Path, name: str | None) -> list[Check]:
    """Compare the file of one node with its `[[tss_node]]`; `name` None: the only one."""
    node = _chosen(settings, name)
    if isinstance(node, Check):
        return [node]
    try:
        config = read_node_config(path)
    except NodeConfigError as error:
        return [wrong("node_config.reads", str(error))]
    checks = _check_types(node, config, path)
    checks += _check_patience(node, config, path)
    checks += _check_tokens(config, path)
    checks += _check_heartbeat(config, path)
    if not config.servers:
        return [*checks, *_without_server(config, path, settings)]
    key = _own_key(settings, node)
    if isinstance(key, Check):
        return [*checks, key]
    server = _ours(settings, config.servers, path, key)
    if server is None:
        sentence = f"None of the callback servers of {path} is this gateway."
        return [
            *checks,
            wrong("node_config.address", sentence, address_change(CALLBACKS, path, settings)),
        ]
    checks += check_address(CALLBACKS, settings, server.address, path)
    checks += _check_key(settings, node, server, path, key)
    return [*checks, *check_events(settings, node, config.events, path)]


def _chosen(settings: Settings, name: str | None) -> Node | Check:
    names = ", ".join(node.name for node in settings.nodes)
    if name is None and len(settings.nodes) > 1:
        return wrong("node_config.node", f"Which node is it? Say --node, one of: {names}.")
    for node in settings.nodes:
        if name in {None, node.name}:
            return node
    return wrong("node_config.node", f"No [[tss_node]] is called {name}. Configured: {names}.")


def _numbers(node: Node) -> dict[str, str]:
    """The three numbers that we compute deadlines from, by the node's names for them."""
    window = node.window
    return {
        "retry_times": str(window.retry_times),
        "sleep_seconds": in_seconds(window.sleep_ms),
        "request_timeout": in_seconds(window.timeout_ms),
    }


def _check_types(node: Node, config: NodeConfig, path: Path) -> list[Check]:
    """What stands there and cannot be meant; a number of ours is the line to put there."""
    lines = {
        f"callback, {key}": f"{key}: {number}"
        for key, number in {**_numbers(node), "token_expire_minutes": "2"}.items()
    }
    return [
        wrong(
            "node_config.reads",
            f"{path}: {sentence}",
            *([Change(lines[place], f"{path}, callback")] if place in lines else []),
        )
        for place, sentence in config.mistakes.items()
    ]


def _check_patience(node: Node, config: NodeConfig, path: Path) -> list[Check]:
    """The three numbers, as far as they can be read."""
    ours = _numbers(node)
    checks: list[Check] = []
    for key, number in ours.items():
        theirs = config.number(key)
        if number == str(theirs) or not config.knows(key):
            continue
        says = "says" if key in config.numbers else "leaves to the node's default"
        change = Change(f"{key} = {theirs}", f'countersign.toml, [[tss_node]] "{node.name}"')
        tried_once = key == "retry_times" and theirs == 0  # which is nothing to follow it in
        # A node takes whole numbers, and its defaults suit nobody.
        if tried_once or (key not in config.numbers and number.isdecimal()):
            change = Change(f"{key}: {number}", f"{path}, callback")
        checks.append(
            wrong(
                "node_config.patience",
                f"{path} {says} {key}: {theirs}, and we have {number}: deadlines are computed"
                " from ours, so answers may come too late.",
                change,
            )
        )
    if checks or not config.knows(*ours):
        return checks
    said = ", ".join(f"{key} {number}" for key, number in ours.items())
    return [ok("node_config.patience", f"{path} and we agree: {said}.")]


def _check_tokens(config: NodeConfig, path: Path) -> list[Check]:
    if not config.knows("token_expire_minutes"):
        return []
    minutes = config.number("token_expire_minutes")
    change = Change("token_expire_minutes: 2", f"{path}, callback")
    if minutes < 1:
        sentence = (
            f"The node's tokens have expired when they are sent (token_expire_minutes {minutes})."
        )
        return [wrong("node_config.tokens", sentence, change)]
    if minutes * 60 > MOST_AHEAD_S:
        sentence = (
            f"The node's tokens are good for {minutes} min; we refuse what is good for more than"
            f" {MOST_AHEAD_S // 60} min."
        )
        return [wrong("node_config.tokens", sentence, change)]
    sentence = (
        f"The node's tokens are good for {minutes} min: they pass while our clock is less than"
        f" {minutes * 60 + LEEWAY_S} s ahead of the node's."
    )
    return [ok("node_config.tokens", sentence)]


def _check_heartbeat(config: NodeConfig, path: Path) -> list[Check]:
    if config.monitor_interval in {"", "0", "0s"}:
        sentence = f"{path} sets no monitor_interval: the node looks for us when it needs us."
        return [ok("node_config.heartbeat", sentence)]
    every = visible(config.monitor_interval, 20)
    return [ok("node_config.heartbeat", f"The node looks for us every {every}.")]


def _without_server(config: NodeConfig, path: Path, settings: Settings) -> list[Check]:
    if not config.knows("cb_server_v2"):
        return []
    if config.older:
        sentence = f"{path} names callback servers of protocol v1 (cb_server) alone; we speak v2."
    else:
        sentence = f"{path} names no callback server: the node signs without asking anybody."
    return [wrong("node_config.address", sentence, address_change(CALLBACKS, path, settings))]


def _ours(
    settings: Settings, servers: tuple[Server, ...], path: Path, key: RSAPublicKey
) -> Server | None:
    """By our key, else by our port, else the only one."""
    for server in servers:
        theirs = _key_of(server, path)
        if theirs is not None and rsa.fingerprint(theirs) == rsa.fingerprint(key):
            return server
    for server in servers:
        parts = split(server.address)
        if parts is not None and port_of(parts) == settings.listen.port:
            return server
    return servers[0] if len(servers) == 1 else None


def _check_key(
    settings: Settings, node: Node, server: Server, path: Path, key: RSAPublicKey
) -> list[Check]:
    """Whether the node verifies our answers with our key."""
    beside = public_half(node.private_key or settings.private_key)
    where = path.parent / server.key
    copy = Change(command("cp", beside, where))
    line = Change(f'pubkey_path: "{beside.name}"', f"{path}, callback, cb_server_v2")
    if not server.key:
        sentence = f"{path} names no pubkey_path for us: the node could not verify an answer."
        return [wrong("node_config.key", sentence, line)]
    try:
        theirs = rsa.load_public_key(where)
    except KeyFileError as error:
        if is_there(where):  # of another name it may be a private key: nothing is put over that
            change = copy if where.name == beside.name else line
            return [wrong("node_config.key", f"{error}.", change)]
        sentence = f"{where} is not here, so it cannot be compared; at the node it must be our key."
        return [warn("node_config.key", sentence, copy)]
    if rsa.fingerprint(theirs) != rsa.fingerprint(key):
        sentence = f"{where} is not our public key: the node would refuse every answer of ours."
        return [wrong("node_config.key", sentence, copy)]
    return [ok("node_config.key", f"{where} is our public key: {rsa.fingerprint(key)}.")]


def _own_key(settings: Settings, node: Node) -> RSAPublicKey | Check:
    try:
        return rsa.load_private_key(node.private_key or settings.private_key).public_key()
    except KeyFileError:
        return wrong("node_config.key", "Our own key cannot be read, so nothing is compared.")


def _key_of(server: Server, path: Path) -> RSAPublicKey | None:
    if not server.key:
        return None
    try:
        return rsa.load_public_key(path.parent / server.key)
    except KeyFileError:
        return None
