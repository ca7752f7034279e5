"""Examples for the end of each command's help, and what the exit status means."""

from typing import Final

import click

EXIT_STATUS: Final = """\b
Exit status:
  0  done
  1  refused, not found, or not as it should be; a sentence says what to do
  2  wrong usage
  3  the gateway cannot be reached, or nobody knows what it did"""

EXAMPLES: Final = {
    "approve": (
        'approve 20261122155831 --reason "known payee"',
        "approve a78ea5fd --reason payroll --key ~/.ssh/id_ed25519",
        'approve 20261122155831 --override --reason "payroll is due"',
    ),
    "audit export": (
        "audit export --since 90d",
        "audit export --since 2026-11-01 --until 2026-12-01",
        "audit export archive data/audit --since 2026-01-01",
    ),
    "audit show": ("audit show 20261122155831", "audit show freeze --json"),
    "audit verify": (
        "audit verify",
        "audit verify --heads gateway.log",
        "audit verify gateway-1/audit archive --public-key server.pem",
    ),
    "completion": (
        "completion bash >> ~/.bashrc",
        "completion zsh >> ~/.zshrc",
        "completion fish > ~/.config/fish/completions/countersign.fish",
    ),
    "demo": ("demo", "demo --answer approve"),
    "doctor": (
        "doctor",
        "doctor --node-config cobo-tss-node-config.yaml",
        "doctor --strict --json",
    ),
    "freeze": (
        'freeze --reason "a key may be stolen"',
        'freeze --wallet Treasury --reason "an alarm at the bank"',
    ),
    "init": (
        "init ~/countersign",
        "init acme --approver ana --ssh-key ~/.ssh/id_ed25519.pub",
        "init acme --slack-workspace T0ACME --slack-channel C0APPROVALS",
    ),
    "keys check": (
        "keys check",
        "keys check keys/callback-server-pri.pem callback-server-pub.pem",
    ),
    "keys new": ("keys new keys/callback-server-2-pri.pem",),
    "keys show": ("keys show", "keys show --pem > callback-server-pub.pem"),
    "list": (
        "list",
        "list --since 12h",
        "list --state rejected --since 7d --wallet Treasury --json",
        "list --freezes",
    ),
    "notify test": ("notify test", "notify test pager"),
    "policy check": ("policy check", "policy check --json"),
    "policy explain": (
        "policy explain request.json",
        "policy explain request.json --node node-2 --json",
    ),
    "policy reload": ("policy reload",),
    "policy replay": (
        "policy replay draft.toml",
        "policy replay draft.toml --since 30d --allow sweep-home",
    ),
    "reject": ('reject 20261122155831 --reason "not ours"',),
    "serve": ("serve", "serve --config /etc/countersign/countersign.toml"),
    "show": ("show 20261122155831", "show node-1/20261122155831484687845192455625:1 --json"),
    "simulate": (
        "simulate --sample keysign_erc20_usdt",
        "simulate request.json --fresh --expect approve",
        "simulate --all --rate 5 --for 60",
        "simulate --misbehave all",
    ),
    "thaw": ('thaw --reason "it was a drill"', 'thaw 7-3fa1 --reason "it was a drill"'),
    "watch": ("watch", "watch --key ~/.ssh/id_ed25519 --quiet"),
}
"""What is typed after `countersign`, by command; each is short enough for 80 columns."""


def give(group: click.Group, within: str = "") -> None:
    """Put its examples at the end of the help of each command of a group."""
    for name, command in group.commands.items():
        whole = f"{within}{name}"
        if isinstance(command, click.Group):
            give(command, f"{whole} ")
        elif whole in EXAMPLES:
            lines = (f"  countersign {example}" for example in EXAMPLES[whole])
            command.epilog = "\n".join(("\b", "Examples:", *lines))
