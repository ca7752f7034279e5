"""`countersign keys show`: what a TSS Node needs to know about us, and whom we believe."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from gateway.key_check import public_half
from gateway.node_block import callback_block
from gateway.settings import Node, Settings
from gateway.terminal import Failure, print_json
from keys import rsa
from keys.errors import KeyFileError


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


def _believed(node: Node) -> dict[str, Path]:
    return {rsa.fingerprint(rsa.load_public_key(path)): path for path in node.keys}


def _show_pem(ours: list[_Ours]) -> None:
    if len(ours) > 1:
        names = ", ".join(node.name for one in ours for node in one.nodes)
        raise Failure(f"Several keys sign answers: say for which node, --node, one of: {names}.")
    click.echo(rsa.public_pem(ours[0].key).decode(), nl=False)


def _show_one(settings: Settings, one: _Ours, believed: dict[str, dict[str, Path]]) -> None:
    click.echo(f"Our callback key for {', '.join(node.name for node in one.nodes)}")
    click.echo(f"  RSA {one.key.key_size}, {one.fingerprint}")
    click.echo(f"  public half: {one.public}{'' if one.public.exists() else ' (not there: --pem)'}")
    for node in one.nodes:
        click.echo(f"\nCopy that file to {node.name}, and into its cobo-tss-node-config.yaml:\n")
        for line in _block(settings, one, node).splitlines():
            click.echo(f"  {line}")
        click.echo(f"\nTokens of {node.name} are accepted from")
        for print_, path in believed[node.name].items():
            click.echo(f"  {print_}\n    {path}")


def _block(settings: Settings, one: _Ours, node: Node) -> str:
    return callback_block(settings.listen, one.public.name, node.window)


def _document(
    settings: Settings, one: _Ours, believed: dict[str, dict[str, Path]]
) -> dict[str, Any]:
    nodes = [
        {
            "name": node.name,
            "configuration": _block(settings, one, node),
            "accepted": [
                {"fingerprint": print_, "path": str(path)}
                for print_, path in believed[node.name].items()
            ],
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
