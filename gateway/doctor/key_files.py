"""Key files: who may read them, their size, whether they are what they should be."""

from pathlib import Path
from typing import Final

from gateway.config.key_check import node_keys, public_half, signing_keys, taken
from gateway.config.settings import Node, Settings
from gateway.doctor.check import Change, Check, ok, warn, wrong
from gateway.doctor.files import (
    check_private,
    check_unwritable,
    command,
    gateway_user,
    is_there,
)
from gateway.setup.init import APPROVER_KEY, TEST_EVENT_KEY, TEST_NODE_KEY
from keys import rsa, ssh_files
from keys.errors import KeyFileError
from keys.seals import SealKey
from notifiers.words.readable import listed

LARGE_BITS: Final = 4096

_NODE_KEY: Final = {"callback": "keys.node", "event": "keys.event"}


def check_keys(settings: Settings) -> list[Check]:
    """Every key file that the configuration names, and what `init` left beside them."""
    user = gateway_user(settings.data_dir)
    checks: list[Check] = []
    own: set[str] = set()
    for path in signing_keys(settings):
        checks += check_private(path, user)
        checks += _check_signing(settings, path, own)
    checks += _check_seal(settings.seal_key, user)
    checks += _check_nodes(settings, own)
    named = {*signing_keys(settings), settings.seal_key}
    named.update(path for _, _, path in node_keys(settings))
    for folder in sorted({path.parent for path in named}):
        checks += check_unwritable(folder)
    for node in settings.nodes:
        checks += left_by_init(node)
    return [*checks, *_check_approver(settings.path.absolute().parent / APPROVER_KEY)]


def _check_signing(settings: Settings, path: Path, own: set[str]) -> list[Check]:
    """Our key that signs answers, and the public half that was made with it."""
    try:
        key = rsa.load_private_key(path)
    except KeyFileError as error:
        return [] if _open_to_others(path) else [wrong("keys.private", f"{error}.")]
    print_ = rsa.fingerprint(key.public_key())
    own.add(print_)
    costs = "; signing costs seven times as much as with 2048" if key.key_size >= LARGE_BITS else ""
    checks = [ok("keys.private", f"{path} signs answers: RSA {key.key_size}{costs}; {print_}.")]
    beside = public_half(path)
    if not is_there(beside):
        return checks
    try:
        public = rsa.load_public_key(beside)
    except KeyFileError as error:
        return [*checks, wrong("keys.public", f"{error}.")]
    if rsa.is_pair(key, public):
        checks += check_unwritable(beside)
        return [*checks, ok("keys.public", f"{beside} is its public half, for the TSS Node.")]
    sentence = f"{beside} is not the public half of {path}."
    return [*checks, wrong("keys.public", sentence, _show(settings, path))]


def _show(settings: Settings, path: Path) -> Change:
    """How to write the public half of a key of ours anew."""
    words = ["countersign", "keys", "show", "--pem", "--config", settings.path]
    if path != settings.private_key:
        words += ["--node", next(node.name for node in settings.nodes if node.private_key == path)]
    return Change(f"{command(*words)} > {command(public_half(path))}")


def _open_to_others(path: Path) -> bool:
    """Said already, with what to run."""
    return any(check.name == "files.private" for check in check_private(path, 0))


def _check_seal(path: Path, user: int) -> list[Check]:
    checks = check_private(path, user)
    try:
        SealKey.load(path)
    except KeyFileError as error:
        return checks if _open_to_others(path) else [*checks, wrong("keys.seal", f"{error}.")]
    return [*checks, ok("keys.seal", f"{path} seals what Redis keeps.")]


def _check_nodes(settings: Settings, own: set[str]) -> list[Check]:
    """The keys of the nodes: public ones, each of one node and for one thing alone."""
    checks: list[Check] = []
    owner_of: dict[str, tuple[str, str]] = {}
    for name, what, path in node_keys(settings):
        checks += check_unwritable(path)
        try:
            key = rsa.load_public_key(path)
        except KeyFileError as error:
            checks.append(wrong(_NODE_KEY[what], f"{error}."))
            continue
        print_ = rsa.fingerprint(key)
        mistake = taken(path, (name, what), owner_of.setdefault(print_, (name, what)))
        if mistake:
            checks.append(wrong(_NODE_KEY[what], f"{mistake}."))
        elif print_ in own:
            sentence = f"{path} is our own public key: put that of {name} there."
            checks.append(wrong(_NODE_KEY[what], sentence))
        else:
            of = f"the key of {name}" if what == "callback" else f"the key of {name}'s events"
            checks.append(ok(_NODE_KEY[what], f"{path} is {of}: RSA {key.key_size}; {print_}."))
    return checks


def left_by_init(node: Node) -> list[Check]:
    """Whether private halves of a node's keys may lie on this machine, as `init` left them."""
    named = [(path, TEST_NODE_KEY, "CALLBACK") for path in node.keys]
    named += [(path, TEST_EVENT_KEY, "EVENT") for path in node.event_keys]
    found = {path.parent / key.name: (path, what) for path, key, what in reversed(named)}
    there = {key: found[key] for key in sorted(found) if is_there(key)}
    if not there:
        return []
    several = len(there) > 1
    key, lies, place = ("keys", "lie", "their") if several else ("key", "lies", "its")
    return [
        warn(
            "keys.test_node",
            f"Node {node.name} may be the test node that `init` made, whose private {key} {lies}"
            f" here: before real use, put your TSS Node's public {key} in {place} place and delete"
            f" {listed(tuple(path.name for path in there))}.",
            *(
                Change(command("cp", f"YOUR-NODES-{what}-KEY", public))
                for public, what in there.values()
            ),
            *(Change(command("rm", path)) for path in there),
        )
    ]


def _check_approver(path: Path) -> list[Check]:
    """The key that `init` made for the first approver, if it is still without a passphrase."""
    try:
        ssh_files.load_private_key(path)
    except KeyFileError:
        return []
    return [
        warn(
            "keys.approver",
            f"{path} votes for whoever can read it: it has no passphrase.",
            Change(command("ssh-keygen", "-p", "-f", path)),
        )
    ]
