"""`countersign keys show`: what a TSS Node needs to know about us, and whom we believe."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from gateway.config.key_check import public_half
from gateway.config.settings import Node, Settings
from gateway.oncall.terminal import Failure, print_json
from gateway.setup.node_block import callback_block, event_block
from keys import rsa
from keys.errors import KeyFileError


@dataclass(frozen=True, slots=True)
class _Believed:
    """The fingerprints of a node's keys, and where they lie: of its callbacks, of its events."""

    callbacks: dict[str, Path]
    events: dict[str, Path]


@dataclass(frozen=True, slots=True)
class _Ours:
    """The key that answers to some nodes are signed with. `public` may not be there."""

    private: Path
    public: Path
    key: RSAPublicKey
    nodes: tuple[Node, ...]

    @property
    def fingerprint(self) -> str:
        return rsa.fingerprint(self.key)


def show(settings: Settings, name: str | None, *, pem: bool, as_json: bool) -> None:
    """Print it; with `pem` the key alone, to be written into a file.

    Raises:
        Failure: there is no such node, or a key cannot be used.
    """
    try:
        ours = _ours(settings, _nodes(settings, name))
        believed = {node.name: _believed(node) for one in ours for node in one.nodes}
    except KeyFileError as error:
        raise Failure(f"{error}.") from None
    if pem:
        _show_pem(ours)
    elif as_json:
        print_json({"keys": [_document(settings, one, believed) for one in ours]})
    else:
        for number, one in enumerate(ours):
            if number:
                click.echo()
            _show_one(settings, one, believed)


def _nodes(settings: Settings, name: str | None) -> tuple[Node, ...]:
    nodes = tuple(node for node in settings.nodes if name in {None, node.name})
    if not nodes:
        names = ", ".join(node.name for node in settings.nodes)
        raise Failure(f"No [[tss_node]] is called {name}. Configured: {names}.")
    return nodes


def _ours(settings: Settings, nodes: tuple[Node, ...]) -> list[_Ours]:
    by_path: dict[Path, list[Node]] = {}
    for node in nodes:
        by_path.setdefault(node.private_key or settings.private_key, []).append(node)
    return [
        _Ours(path, public_half(path), rsa.load_private_key(path).public_key(), tuple(group))
        for path, group in by_path.items()
    ]


def _believed(node: Node) -> _Believed:
    return _Believed(_prints(node.keys), _prints(node.event_keys))


def _prints(paths: tuple[Path, ...]) -> dict[str, Path]:
    return {rsa.fingerprint(rsa.load_public_key(path)): path for path in paths}


def _show_pem(ours: list[_Ours]) -> None:
    if len(ours) > 1:
        names = ", ".join(node.name for one in ours for node in one.nodes)
        raise Failure(f"Several keys sign answers: say for which node, --node, one of: {names}.")
    click.echo(rsa.public_pem(ours[0].key).decode(), nl=False)


def _show_one(settings: Settings, one: _Ours, believed: dict[str, _Believed]) -> None:
    click.echo(f"Our callback key for {', '.join(node.name for node in one.nodes)}")
    click.echo(f"  RSA {one.key.key_size}, {one.fingerprint}")
    absent = "" if one.public.exists() else " (not there: write it with --pem)"
    click.echo(f"  public half: {one.public}{absent}\n")
    click.echo(rsa.public_pem(one.key).decode(), nl=False)
    for node in one.nodes:
        click.echo(f"\nCopy that file to {node.name}, and into its cobo-tss-node-config.yaml:\n")
        _show_lines(_block(settings, one, node))
        if node.event_keys:
            click.echo("\nBeside it, so that the node reports what became of each request:\n")
            _show_lines(event_block(settings.listen))
        known = believed[node.name]
        _show_accepted(f"Tokens of {node.name}", known.callbacks)
        if known.events:
            _show_accepted(f"Events of {node.name}", known.events)


def _show_lines(block: str) -> None:
    for line in block.splitlines():
        click.echo(f"  {line}")


def _show_accepted(what: str, prints: dict[str, Path]) -> None:
    click.echo(f"\n{what} are accepted from")
    for print_, path in prints.items():
        click.echo(f"  {print_}\n    {path}")


def _block(settings: Settings, one: _Ours, node: Node) -> str:
    return callback_block(settings.listen, one.public.name, node.window)


def _document(settings: Settings, one: _Ours, believed: dict[str, _Believed]) -> dict[str, Any]:
    nodes = [
        {
            "name": node.name,
            "configuration": _block(settings, one, node),
            "event_configuration": event_block(settings.listen) if node.event_keys else None,
            "accepted": _listed(believed[node.name].callbacks),
            "accepted_events": _listed(believed[node.name].events),
        }
        for node in one.nodes
    ]
    return {
        "private_key": str(one.private),
        "public_key": str(one.public),
        "fingerprint": one.fingerprint,
        "bits": one.key.key_size,
        "pem": rsa.public_pem(one.key).decode(),
        "nodes": nodes,
    }


def _listed(prints: dict[str, Path]) -> list[dict[str, str]]:
    return [{"fingerprint": print_, "path": str(path)} for print_, path in prints.items()]
