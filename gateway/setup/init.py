"""`countersign init`: a configuration that serves as it is, with fresh keys."""

import getpass
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from approvals.policy.people import SLACK_USER as SLACK_USER_ID
from approvals.window import ADVISED
from approvals.wording import counted, in_seconds
from gateway.config.file import SLACK_CHANNEL, SLACK_WORKSPACE
from gateway.config.settings import Address
from gateway.setup.node_block import callback_block, event_block
from gateway.setup.starter import (
    COUNTERSIGN_TOML,
    POLICY_TOML,
    SLACK_TOML,
    SLACK_USER,
    WITHOUT_SLACK,
)
from keys import files, rsa, ssh, ssh_files
from keys.errors import KeyFileError

APPROVER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", re.ASCII)
SERVER_KEY: Final = Path("keys/callback-server-pri.pem")
SERVER_PUBLIC: Final = Path("keys/callback-server-pub.pem")
SEAL_KEY: Final = Path("keys/seal.key")
NODE_PUBLIC: Final = Path("keys/tss-node-callback-pub.key")
TEST_NODE_KEY: Final = Path("keys/test-node-pri.pem")
EVENT_PUBLIC: Final = Path("keys/tss-node-event-pub.key")
TEST_EVENT_KEY: Final = Path("keys/test-node-event-pri.pem")
APPROVER_KEY: Final = Path("keys/approver_ed25519")
TEST_NODE_BITS: Final = 2048
LISTEN: Final = Address("127.0.0.1", 11020)
OPERATOR_LISTEN: Final = Address("127.0.0.1", 11021)


class InitError(Exception):
    """Nothing was written. The message is plain sentences, a line each."""


@dataclass(frozen=True, slots=True)
class Slack:
    """Ids, as Slack shows them: of the workspace, of the channel, of the approver ("": later)."""

    workspace: str
    channel: str
    user: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to make. `ssh_line` None: a new key for the first approver; `bits` of our RSA key.

    `slack` None: its settings stand there as comments.
    """

    folder: Path
    approver: str
    ssh_line: str | None = None
    with_test_node: bool = False
    bits: int = 4096
    slack: Slack | None = None
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
    if plan.slack is not None:
        _check_slack(plan.slack)
    there = [name for name in _targets(plan) if (plan.folder / name).exists()]
    if there:
        more = f" and {counted(len(there) - 1, 'more file')}" if there[1:] else ""
        raise InitError(
            f"{plan.folder / there[0]}{more} {'exist' if more else 'exists'} already: nothing"
            " written; name another folder, or move them away"
        )
    try:
        (plan.folder / "keys").mkdir(mode=0o700, parents=True, exist_ok=True)
        (plan.folder / "keys").chmod(0o700)
        _write(plan)
    except KeyFileError as error:
        raise InitError(str(error)) from None
    except OSError as error:
        raise InitError(f"{plan.folder} cannot be written: {error.strerror}") from None


def _check_slack(slack: Slack) -> None:
    for what, name, form, example in (
        ("workspace", slack.workspace, SLACK_WORKSPACE, "T0ACME"),
        ("channel", slack.channel, SLACK_CHANNEL, "C0APPROVALS"),
        ("person", slack.user or "U0", SLACK_USER_ID, "U024BE7LH"),
    ):
        if not re.fullmatch(form, name):
            raise InitError(f"{name!r} is no id of a Slack {what}: it looks like {example}")


def _targets(plan: Plan) -> list[Path]:
    names = [Path("countersign.toml"), Path("policy.toml"), SERVER_KEY, SERVER_PUBLIC, SEAL_KEY]
    if plan.ssh_line is None:
        names += [APPROVER_KEY, APPROVER_KEY.with_suffix(".pub")]
    node = [TEST_NODE_KEY, NODE_PUBLIC, TEST_EVENT_KEY, EVENT_PUBLIC]
    return [*names, *node] if plan.with_test_node else names


def _write(plan: Plan) -> None:
    folder = plan.folder
    server = rsa.generate_private_key(plan.bits)
    rsa.write_private_key(folder / SERVER_KEY, server)
    files.write_new(folder / SERVER_PUBLIC, rsa.public_pem(server.public_key()), mode=0o644)
    files.write_new(folder / SEAL_KEY, f"{secrets.token_hex(32)}\n".encode(), mode=0o600)
    if plan.with_test_node:
        node = rsa.generate_private_key(TEST_NODE_BITS)
        rsa.write_private_key(folder / TEST_NODE_KEY, node)
        files.write_new(folder / NODE_PUBLIC, rsa.public_pem(node.public_key()), mode=0o644)
        events = rsa.generate_private_key(TEST_NODE_BITS)  # as `tss-node event key create` does
        rsa.write_private_key(folder / TEST_EVENT_KEY, events)
        files.write_new(folder / EVENT_PUBLIC, rsa.public_pem(events.public_key()), mode=0o644)
    line = _approver_key(plan) if plan.ssh_line is None else plan.ssh_line
    settings = {
        "listen": str(LISTEN),
        "operator_listen": str(OPERATOR_LISTEN),
        "retry_times": str(ADVISED.retry_times),
        "sleep_seconds": in_seconds(ADVISED.sleep_ms),
        "request_timeout": in_seconds(ADVISED.timeout_ms),
        "slack": _slack_settings(plan.slack),
        "events": "" if plan.with_test_node else "# ",
        **plan.settings,
    }
    config = COUNTERSIGN_TOML.format(**settings)
    files.write_new(folder / "countersign.toml", config.encode(), mode=0o644)
    policy = POLICY_TOML.format(
        approver=plan.approver, ssh_key=f"{line} {plan.approver}", slack=_slack_user(plan.slack)
    )
    files.write_new(folder / "policy.toml", policy.encode(), mode=0o644)


def _slack_settings(slack: Slack | None) -> str:
    if slack is not None:
        return SLACK_TOML.format(workspace=slack.workspace, channel=slack.channel)
    example = SLACK_TOML.format(workspace="T0ACME", channel="C0APPROVALS")
    lines = (f"# {line.removeprefix('# ')}" for line in example.splitlines())
    return WITHOUT_SLACK + "\n".join(lines) + "\n"


def _slack_user(slack: Slack | None) -> str:
    if slack is None or not slack.user:
        return "# " + SLACK_USER.format(user="U024BE7LH")
    return SLACK_USER.format(user=slack.user)


def _approver_key(plan: Plan) -> str:
    key = ssh.generate_private_key()
    line = ssh.public_key(key).line
    ssh_files.write_private_key(plan.folder / APPROVER_KEY, key)
    public = plan.folder / APPROVER_KEY.with_suffix(".pub")
    files.write_new(public, f"{line} {plan.approver}\n".encode(), mode=0o644)
    return line


def what_next(plan: Plan) -> str:
    """What was made, and what is left to do, in the order in which it works."""
    config = plan.folder / "countersign.toml"
    doctor = f"Look everything over:\ncountersign doctor --config {config}"
    start = f"Start:\ncountersign serve --config {config}"
    simulate = (
        "Try it, in another terminal, with a test node whose key was made here:\n"
        f"countersign simulate --sample keysign_erc20_usdt --config {config}"
    )
    first = [_slack_step(plan), _voter_step(plan)]
    node = _node_step(plan)
    then = [doctor, start, simulate, node] if plan.with_test_node else [node, start]
    steps = "\n".join(f"{number}. {step}" for number, step in enumerate([*first, *then], 1))
    body = re.sub(r"\n(?![0-9]\. |\n)", "\n   ", steps)
    return f"Wrote countersign.toml, policy.toml and keys/ into {plan.folder}.\n\n{body}\n"


def _slack_step(plan: Plan) -> str:
    if plan.slack is None:
        return (
            "Slack, now or later: uncomment [slack] in countersign.toml and `slack` in\n"
            "policy.toml. Until then you decide with `countersign approve`."
        )
    user = "" if plan.slack.user else f"\nSay in policy.toml who {plan.approver} is in Slack."
    return (
        "Make the Slack app from docs/slack-app-manifest.yaml, and in the channel type\n"
        "/invite @Countersign. Then, for the gateway and the doctor:\n"
        "export SLACK_BOT_TOKEN=xoxb-...   # OAuth & Permissions\n"
        f"export SLACK_APP_TOKEN=xapp-...   # Basic Information, App-Level Tokens{user}"
    )


def _voter_step(plan: Plan) -> str:
    if plan.ssh_line is not None:
        return f"{plan.approver} votes with the private half of the key you named."
    key = plan.folder / APPROVER_KEY
    return f"{plan.approver} votes with a key that has no passphrase yet:\nssh-keygen -p -f {key}"


def _node_step(plan: Plan) -> str:
    there = plan.folder / NODE_PUBLIC
    place = (
        f"Then your own TSS Node: put its callback public key in the place of\n{there},\n"
        f"delete {plan.folder / TEST_NODE_KEY}, start again."
        if plan.with_test_node
        else f"Put your TSS Node's callback public key at\n{there}."
    )
    events = (
        f"delete\n{plan.folder / TEST_EVENT_KEY}, "
        if plan.with_test_node
        else "uncomment event_public_key,\n"
    )
    block = callback_block(LISTEN, SERVER_PUBLIC.name, ADVISED)
    config = plan.folder / "countersign.toml"
    return (
        f"{place}\nCopy {plan.folder / SERVER_PUBLIC}\n"
        "to the node, and write into its configuration (the address is this machine's,\n"
        f"as the node sees it):\n\n{block}\n"
        "To hear what becomes of each request: `tss-node event key create` before the\n"
        "node's first start; put what `tss-node event key info` shows at\n"
        f"{plan.folder / EVENT_PUBLIC}, {events}and add there:\n\n"
        f"{event_block(LISTEN)}\n"
        "Look everything over, both configurations side by side:\n"
        f"countersign doctor --config {config} \\\n"
        "    --node-config cobo-tss-node-config.yaml"
    )
