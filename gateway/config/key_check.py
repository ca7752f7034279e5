"""The key files that the configuration names: each is opened once before the start."""

from pathlib import Path
from typing import Final

from gateway.config.settings import Settings
from keys import rsa
from keys.errors import KeyFileError
from keys.seals import SealKey

_PRIVATE: Final = "-pri"
_PUBLIC: Final = "-pub"


def key_mistakes(settings: Settings) -> list[str]:
    """Open every key file once; two nodes with one callback key could not be told apart."""
    mistakes = _public_mistakes(settings)
    for path in signing_keys(settings):
        try:
            rsa.load_private_key(path)
        except KeyFileError as error:
            mistakes.append(str(error))
    try:
        SealKey.load(settings.seal_key)
    except KeyFileError as error:
        mistakes.append(str(error))
    return mistakes


def node_keys(settings: Settings) -> list[tuple[str, str, Path]]:
    """Each public key of a node: whose, for what (`callback` or `event`), where; callbacks first.

    A node has a pair for callbacks and another for events: neither opens the other's door.
    """
    named = [(node.name, "callback", path) for node in settings.nodes for path in node.keys]
    return named + [
        (node.name, "event", path) for node in settings.nodes for path in node.event_keys
    ]


def taken(path: Path, ours: tuple[str, str], other: tuple[str, str]) -> str | None:
    """What is wrong where the key of one is that of the other: a node's name, and what for."""
    (name, what), (whose, theirs) = ours, other
    if what != theirs:
        return (
            f"{path}: {name} has this key for events, and {whose} for callbacks:"
            " name the key that `tss-node event key info` shows"
        )
    if name != whose:
        return f"{path}: {name} and {whose} share this {what} key: each node has its own"
    return None


def signing_keys(settings: Settings) -> list[Path]:
    """The private keys that answers are signed with, each once; that of `[keys]` first."""
    named = [settings.private_key, *(node.private_key for node in settings.nodes)]
    return list(dict.fromkeys(path for path in named if path is not None))


def public_half(private: Path) -> Path:
    """Where the public half of a key that we made lies: `x-pri.pem` -> `x-pub.pem`, beside it."""
    stem = private.stem.removesuffix(_PRIVATE) + _PUBLIC
    return private.with_name(f"{stem}.pem")


def _public_mistakes(settings: Settings) -> list[str]:
    mistakes: list[str] = []
    owner_of: dict[str, tuple[str, str]] = {}
    for name, what, path in node_keys(settings):
        try:
            print_ = rsa.fingerprint(rsa.load_public_key(path))
        except KeyFileError as error:
            mistakes.append(str(error))
            continue
        mistake = taken(path, (name, what), owner_of.setdefault(print_, (name, what)))
        mistakes += [] if mistake is None else [mistake]
    return mistakes
