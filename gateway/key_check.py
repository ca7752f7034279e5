"""The key files that the configuration names: each is opened once before the start."""

from pathlib import Path
from typing import Final

from gateway.settings import Settings
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


def shared(path: Path, one: str, other: str, what: str = "callback") -> str:
    """What to say of a callback or event key that two nodes have."""
    return f"{path}: {one} and {other} share this {what} key: each node has its own"


def signing_keys(settings: Settings) -> list[Path]:
    """The private keys that answers are signed with, each once; that of `[keys]` first."""
    named = [settings.private_key, *(node.private_key for node in settings.nodes)]
    return list(dict.fromkeys(path for path in named if path is not None))


def public_half(private: Path) -> Path:
    """Where the public half of a key that we made lies: `x-pri.pem` -> `x-pub.pem`, beside it."""
    stem = private.stem.removesuffix(_PRIVATE) + _PUBLIC
    return private.with_name(f"{stem}.pem")


def _public_mistakes(settings: Settings) -> list[str]:
    """A node has a pair for callbacks and another for events: neither opens the other's door."""
    mistakes: list[str] = []
    owner_of: dict[str, tuple[str, str]] = {}
    pairs = [(node.name, "callback", node.keys) for node in settings.nodes]
    pairs += [(node.name, "event", node.event_keys) for node in settings.nodes]
    for name, what, paths in pairs:
        for path in paths:
            try:
                print_ = rsa.fingerprint(rsa.load_public_key(path))
            except KeyFileError as error:
                mistakes.append(str(error))
                continue
            other, other_what = owner_of.setdefault(print_, (name, what))
            if other_what != what:
                mistakes.append(
                    f"{path}: {name} has this key for events, and {other} for callbacks:"
                    " name the key that `tss-node event key info` shows"
                )
            elif other != name:
                mistakes.append(shared(path, name, other, what))
    return mistakes
