"""The key files that the configuration names: each is opened once before the start."""

from gateway.settings import Settings
from keys import rsa
from keys.errors import KeyFileError
from keys.seals import SealKey


def key_mistakes(settings: Settings) -> list[str]:
    """Open every key file once; two nodes with one callback key could not be told apart."""
    mistakes: list[str] = []
    owner_of: dict[str, str] = {}
    for node in settings.nodes:
        for path in node.keys:
            try:
                print_ = rsa.fingerprint(rsa.load_public_key(path))
            except KeyFileError as error:
                mistakes.append(str(error))
                continue
            other = owner_of.setdefault(print_, node.name)
            if other != node.name:
                mistakes.append(
                    f"{path}: {node.name} and {other} share this callback key:"
                    " each node has its own"
                )
    private = [settings.private_key, *(node.private_key for node in settings.nodes)]
    for path in dict.fromkeys(path for path in private if path is not None):
        try:
            rsa.load_private_key(path)
        except KeyFileError as error:
            mistakes.append(str(error))
    try:
        SealKey.load(settings.seal_key)
    except KeyFileError as error:
        mistakes.append(str(error))
    return mistakes
