"""`countersign init`: a configuration that serves as it is, with fresh keys."""

import getpass
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gateway.starter import COUNTERSIGN_TOML, POLICY_TOML
from keys import files, rsa, ssh, ssh_files
from keys.errors import KeyFileError

APPROVER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", re.ASCII)
SERVER_KEY: Final = Path("keys/callback-server-pri.pem")
SERVER_PUBLIC: Final = Path("keys/callback-server-pub.pem")
SEAL_KEY: Final = Path("keys/seal.key")
NODE_PUBLIC: Final = Path("keys/tss-node-callback-pub.key")
TEST_NODE_KEY: Final = Path("keys/test-node-pri.pem")
APPROVER_KEY: Final = Path("keys/approver_ed25519")


class InitError(Exception):
    """Nothing was written. The message is plain sentences, a line each."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to make. `ssh_line` None: a new key for the first approver; `bits` of the RSA keys."""

    folder: Path
    approver: str
    ssh_line: str | None = None
    with_test_node: bool = False
    bits: int = 4096
    settings: dict[str, str] = field(default_factory=dict)


def default_approver() -> str:
    """The login name, where it may stand as a person's name."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = ""
    return name if APPROVER.fullmatch(name) else "approver"


def read_ssh_line(path: Path) -> str:
    """The approver's public key.

    Raises:
        InitError: the file holds none.
    """
    try:
        return ssh_files.read_public_key(path).line
    except KeyFileError as error:
        raise InitError(str(error)) from None


def init(plan: Plan) -> None:
    """Write everything, or nothing.

    Raises:
        InitError: a name is no name, a file is there already, or one cannot be written.
    """
    if not APPROVER.fullmatch(plan.approver):
        raise InitError(f"{plan.approver!r} cannot name a person: use letters, digits, - and _")
    there = [name for name in _targets(plan) if (plan.folder / name).exists()]
    if there:
        raise InitError(
            "\n".join(f"{plan.folder / name} exists: nothing written" for name in there)
        )
    try:
        (plan.folder / "keys").mkdir(mode=0o700, parents=True, exist_ok=True)
        (plan.folder / "keys").chmod(0o700)
        _write(plan)
    except KeyFileError as error:
        raise InitError(str(error)) from None
    except OSError as error:
        raise InitError(f"{plan.folder} cannot be written: {error.strerror}") from None


def _targets(plan: Plan) -> list[Path]:
    names = [Path("countersign.toml"), Path("policy.toml"), SERVER_KEY, SERVER_PUBLIC, SEAL_KEY]
    if plan.ssh_line is None:
        names += [APPROVER_KEY, APPROVER_KEY.with_suffix(".pub")]
    return [*names, TEST_NODE_KEY, NODE_PUBLIC] if plan.with_test_node else names


def _write(plan: Plan) -> None:
    folder = plan.folder
    server = rsa.generate_private_key(plan.bits)
    rsa.write_private_key(folder / SERVER_KEY, server)
    files.write_new(folder / SERVER_PUBLIC, rsa.public_pem(server.public_key()), mode=0o644)
    files.write_new(folder / SEAL_KEY, f"{secrets.token_hex(32)}\n".encode(), mode=0o600)
    if plan.with_test_node:
        node = rsa.generate_private_key(plan.bits)
        rsa.write_private_key(folder / TEST_NODE_KEY, node)
        files.write_new(folder / NODE_PUBLIC, rsa.public_pem(node.public_key()), mode=0o644)
    line = _approver_key(plan) if plan.ssh_line is None else plan.ssh_line
    settings = {
        "listen": "127.0.0.1:11020",
        "operator_listen": "127.0.0.1:11021",
        "retry_times": "60",
        "sleep_seconds": "2",
        "request_timeout": "55",
        **plan.settings,
    }
    files.write_new(
        folder / "countersign.toml", COUNTERSIGN_TOML.format(**settings).encode(), mode=0o644
    )
    policy = POLICY_TOML.format(approver=plan.approver, ssh_key=f"{line} {plan.approver}")
    files.write_new(folder / "policy.toml", policy.encode(), mode=0o644)


def _approver_key(plan: Plan) -> str:
    key = ssh.generate_private_key()
    line = ssh.public_key(key).line
    ssh_files.write_private_key(plan.folder / APPROVER_KEY, key)
    public = plan.folder / APPROVER_KEY.with_suffix(".pub")
    files.write_new(public, f"{line} {plan.approver}\n".encode(), mode=0o644)
    return line


def what_next(plan: Plan) -> str:
    """What was made, and what is left to do."""
    folder = plan.folder
    node = (
        f"A test node's key pair is in {folder / TEST_NODE_KEY} and {folder / NODE_PUBLIC}.\n"
        f"  Try it, once the gateway runs: countersign simulate --sample keysign_erc20_usdt"
        f" --config {folder / 'countersign.toml'}\n"
        "  Before real use, put your TSS Node's callback public key in the second one's place."
        if plan.with_test_node
        else f"Put your TSS Node's callback public key at {folder / NODE_PUBLIC};\n"
        "  until it is there, `countersign serve` does not start."
    )
    voter = (
        f"{plan.approver} votes with {folder / APPROVER_KEY}, which is not encrypted:\n"
        f"  add a passphrase (ssh-keygen -p -f FILE), or put another key into policy.toml."
        if plan.ssh_line is None
        else f"{plan.approver} votes with the private half of the key you named."
    )
    return _NEXT.format(folder=folder, public=folder / SERVER_PUBLIC, node=node, voter=voter)


_NEXT: Final = """\
Wrote countersign.toml, policy.toml and keys/ into {folder}.

1. {node}
2. Copy {public} to the TSS Node,
   and write this into the node's configuration (the address is this machine's, seen from there):

   callback:
     cb_server_v2:
       - service_address: "http://127.0.0.1:11020/v2/check"
         pubkey_path: "callback-server-pub.pem"
     token_expire_minutes: 2
     retry_times: 60
     sleep_seconds: 2
     request_timeout: 55

3. {voter}
4. Start: countersign serve --config {folder}/countersign.toml
"""
